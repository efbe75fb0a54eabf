//! Turns a source's rows into rows of a table, by the rules of one `[[table]]` of the mapping.

use super::id::{Hasher, legacy_id};
use super::lookup::{self, LookupError};
use super::map::MOST_LEGACY_BYTES;
use super::mapping::{Entity, Mapping, When};
use super::read::Record;
use super::row::{Problem, Row};
use super::rule::{Compiled, From, Piece};
use super::target::{self, After, Column, Table};
use super::value::{self, Form};
use crate::output::count;

/// A mapping that does not fit the file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TransformError {
    /// The file lacks a column.
    #[error("`[[table]]` `{entity}`: source `{source_name}` has no column `{column}`; it has {known}")]
    NoColumn {
        /// The name of the `[[table]]`.
        entity: String,
        /// The source.
        source_name: String,
        /// The column.
        column: String,
        /// Those that it has.
        known: String,
    },
    /// A format of dates that can't be read, and why.
    #[error("`[[table]]` `{0}`: column `{1}`: `{2}` {3}")]
    Format(String, String, String, &'static str),
    /// A source that a rule looks rows up in.
    #[error("`[[table]]` `{0}`: column `{1}`: {2}")]
    Lookup(String, String, Box<LookupError>),
}

/// Makes the rows of an entity.
#[derive(Debug)]
pub struct Transform {
    /// The table.
    pub into: String,
    /// The mapped columns, in the order of the mapping.
    pub columns: Vec<&'static Column>,
    /// The table's unique keys whose columns are all mapped, as places among them.
    pub unique: Vec<Key>,
    ids: Hasher,
    legacy_id: Vec<usize>,
    skip: Vec<(usize, When)>,
    rules: Vec<Compiled>,
    /// Places of a later and of an earlier value.
    after: Vec<(usize, usize, &'static After)>,
}

/// A unique key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What a second row with its values is called.
    pub code: &'static str,
    /// The places of its columns.
    pub columns: Vec<usize>,
    /// Rows with one of these words in a column are not in it.
    pub unless: Option<(usize, &'static [String])>,
}

impl Transform {
    /// The rules of `entity` for a file with this header.
    pub fn new(mapping: &Mapping, entity: &Entity, header: &[String]) -> Result<Self, TransformError> {
        let place = |column: &str| {
            header.iter().position(|name| name == column).ok_or_else(|| TransformError::NoColumn {
                entity: entity.name().to_owned(),
                source_name: entity.from.clone(),
                column: column.to_owned(),
                known: known(entity, header),
            })
        };
        let places = |columns: &[String]| columns.iter().map(|column| place(column)).collect::<Result<Vec<_>, _>>();
        let table: &'static Table = &target::tables()[&entity.into];
        let mut rules = Vec::new();
        for (name, rule) in &entity.columns {
            let Some(column) = table.columns.iter().find(|column| column.name == *name) else { continue };
            let mut formats = Vec::new();
            for text in &rule.format {
                let wrong = |why| TransformError::Format(entity.name().to_owned(), name.clone(), text.clone(), why);
                formats.push(value::format(text, &column.kind).map_err(wrong)?);
            }
            let from = if let Some(other) = &rule.reference {
                let lookup = rule.through.as_ref().map(|through| lookup::read(mapping, through)).transpose();
                let wrong = |error| TransformError::Lookup(entity.name().to_owned(), name.clone(), Box::new(error));
                From::Reference(Hasher::new(&mapping.system, other), places(&rule.by)?, lookup.map_err(wrong)?)
            } else if rule.own_id {
                From::OwnId
            } else if let Some(column) = &rule.from {
                From::Column(place(column)?)
            } else if let Some(template) = &rule.template {
                From::Template(pieces(template, place)?)
            } else if !rule.join.is_empty() {
                From::Join(places(&rule.join)?)
            } else if rule.json.is_empty() {
                From::Value(rule.value.clone().unwrap_or_default())
            } else {
                let piece = |text: &String| match text.strip_prefix('=') {
                    Some(constant) => Ok(Piece::Text(constant.to_owned())),
                    None => place(text).map(Piece::Column),
                };
                let fields = rule.json.iter().map(|(key, text)| Ok((key.clone(), piece(text)?)));
                From::Json(fields.collect::<Result<_, _>>()?)
            };
            let decimal = rule.decimal.and_then(|point| u8::try_from(point).ok()).unwrap_or(b'.');
            let form = Form { formats, decimal, zone: mapping.zone(), today: mapping.today };
            rules.push(Compiled { from, rule: rule.clone(), form, column });
        }
        let mapped = |name: &str| entity.columns.get_index_of(name);
        let key = |unique: &'static target::Unique| {
            let columns = unique.columns.iter().map(|column| mapped(column)).collect::<Option<Vec<_>>>()?;
            let unless =
                unique.unless.as_ref().and_then(|unless| Some((mapped(&unless.column)?, unless.is.as_slice())));
            let code = if unique.unless.is_some() { "double-booking" } else { "duplicate-value" };
            Some(Key { name: &unique.name, code, columns, unless })
        };
        let skip = entity.skip.iter().map(|when| Ok((place(&when.column)?, when.clone())));
        Ok(Self {
            into: entity.into.clone(),
            columns: rules.iter().map(|rule| rule.column).collect(),
            unique: table.unique.iter().filter_map(key).collect(),
            ids: Hasher::new(&mapping.system, entity.name()),
            legacy_id: places(&entity.legacy_id)?,
            skip: skip.collect::<Result<_, _>>()?,
            after: table
                .after
                .iter()
                .filter_map(|after| Some((mapped(&after.later)?, mapped(&after.earlier)?, after)))
                .collect(),
            rules,
        })
    }

    /// The source's column that a column is made of, where it is one alone.
    #[must_use]
    pub fn source_of(&self, column: usize) -> Option<usize> {
        match &self.rules[column].from {
            From::Column(place) => Some(*place),
            From::Reference(_, by, _) if by.len() == 1 => by.first().copied(),
            _ => None,
        }
    }

    /// Makes a row. False: the source's row is to be passed over.
    pub fn apply(&self, record: &Record, row: &mut Row) -> bool {
        row.clear();
        if self.skip.iter().any(|(column, when)| holds(when, record.field(*column))) {
            return false;
        }
        if let Some(legacy_id) = legacy_id(record, &self.legacy_id) {
            row.legacy_id.push_str(&legacy_id);
            row.id = self.ids.id(&row.legacy_id);
            if row.legacy_id.len() > MOST_LEGACY_BYTES {
                row.problems.push(Problem { code: "too-long", column: None });
            }
        } else {
            row.problems.push(Problem { code: "no-legacy-id", column: None });
        }
        for (place, rule) in self.rules.iter().enumerate() {
            rule.apply(place, record, row);
        }
        for (later, earlier, after) in &self.after {
            // both are in the form of MySQL, which sorts like the time
            if let (Some(late), Some(early)) = (row.value(*later), row.value(*earlier))
                && (late < early || late == early && !after.or_equal)
            {
                let rule = &self.rules[*later];
                // so that what stands instead is later
                if let Some(text) = rule.rule.if_not_after.as_deref().filter(|text| *text > early) {
                    let form = Form { formats: Vec::new(), ..rule.form.clone() };
                    row.replace(*later, |out| value::write(out, text, rule.column, &form));
                    continue;
                }
                row.problems.push(Problem { code: "not-after", column: Some(*later) });
            }
        }
        true
    }
}

/// The columns that a file has; where the mapping names none of them, how many: without a header they are somebody's values.
fn known(entity: &Entity, header: &[String]) -> String {
    let named = entity.columns.values().filter_map(|rule| rule.from.as_ref()).chain(&entity.legacy_id);
    if named.into_iter().any(|column| header.contains(column)) {
        return header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    }
    format!("{} that this mapping does not name; look at its header and its delimiter", count(header.len(), "column"))
}

fn holds(when: &When, field: Option<&str>) -> bool {
    let is = |words: &[String]| field.is_some_and(|field| words.iter().any(|word| word == field));
    (when.is.is_empty() || is(&when.is))
        && (when.is_not.is_empty() || !is(&when.is_not))
        && (!when.null || field.is_none())
}

/// The pieces of a template.
fn pieces(template: &str, place: impl Fn(&str) -> Result<usize, TransformError>) -> Result<Vec<Piece>, TransformError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('{') {
        let Some((column, behind)) = behind.split_once('}') else { break };
        pieces.push(Piece::Text(text.to_owned()));
        pieces.push(Piece::Column(place(column)?));
        rest = behind;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::read::Reader;
    use crate::import::source::Source;

    /// The values of the mapped columns, and the problems, of each row.
    fn rows(rules: &str, csv: &str) -> Vec<String> {
        rows_of("users", rules, csv)
    }

    fn rows_of(table: &str, rules: &str, csv: &str) -> Vec<String> {
        let mapping = format!(
            "system = 'old'\n[source.s]\nfile = 's.csv'\n[[table]]\ninto = '{table}'\nfrom = 's'\nlegacy_id = ['nr']\n{rules}"
        );
        let mapping = Mapping::parse(&mapping, "m").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.csv");
        std::fs::write(&path, csv).unwrap();
        let mut reader = Reader::open(&path, &Source::new("s.csv")).unwrap();
        let transform = Transform::new(&mapping, &mapping.tables[0], reader.header()).unwrap();
        let (mut record, mut row, mut rows) = (Record::new(), Row::default(), Vec::new());
        while reader.read(&mut record).unwrap() {
            if !transform.apply(&record, &mut row) {
                rows.push("skipped".to_owned());
                continue;
            }
            let values = (0..transform.columns.len()).map(|column| row.value(column).unwrap_or("-").to_owned());
            let problems = row.problems.iter().map(|problem| {
                format!("!{}:{}", problem.code, problem.column.map_or("", |column| &transform.columns[column].name))
            });
            rows.push(values.chain(problems).collect::<Vec<_>>().join("|"));
        }
        rows
    }

    #[test]
    fn each_rule_does_what_it_says() {
        let rules = "
            skip = [{ column = 'kind', is = ['test'] }]
            [table.columns]
            email = { from = 'mail', trim = true, case = 'lower', pattern = 'email' }
            password_hash = { template = '{nr}/{kind}' }
            role = { from = 'kind', words = { d = 'DOCTOR', p = 'PATIENT' } }
            is_active = { from = 'active', words = { J = '1', N = '0' }, default = 'J' }
            last_login_at = { from = 'seen' }";
        let csv = "nr,mail,kind,active,seen\n\
                   1, A@B.example ,d,N,2026-11-24T09:30:00Z\n\
                   2,b@b,p,,\n\
                   3,c@c.example,x,J,2026-02-30\n\
                   4,,test,,\n\
                   ,e@e.example,p,J,\n";
        assert_eq!(
            rows(rules, csv),
            [
                "a@b.example|1/d|DOCTOR|0|2026-11-24 09:30:00",
                "-|2/p|PATIENT|1|-|!bad-email:email",
                "c@c.example|3/x|-|1|-|!unknown-word:role|!no-such-date:last_login_at",
                "skipped",
                "e@e.example|-|PATIENT|1|-|!no-legacy-id:|!required:password_hash",
            ]
        );
    }

    #[test]
    fn texts_are_split_and_joined() {
        let rules = "
            [table.columns]
            email = { join = ['first', 'last'], with = '.' }
            password_hash = { from = 'name', split = ', ', part = 2, cut = 3 }
            role = { value = 'STAFF' }";
        let csv = "nr,first,last,name\n1,a,b,\"Roe, Jonathan\"\n2,,b,Roe\n";
        assert_eq!(rows(rules, csv), ["a.b|Jon|STAFF", "b|-|STAFF|!required:password_hash"]);
    }

    #[test]
    fn what_the_source_lacks_is_made() {
        let rules = "
            [table.columns]
            doctor_id = { own_id = true, cut = 6 }
            day_of_week = { value = 'MONDAY' }
            start_time = { from = 'a' }
            end_time = { from = 'b', format = ['%H.%M'], if_not_after = '23:59:59' }";
        let csv = "nr,a,b\n1,09:00,09.30\n2,23:50,00.10\n3,23:59:59,00.10\n4,09:00,\n";
        assert_eq!(
            rows_of("time_slots", rules, csv),
            [
                "c593a7|MONDAY|09:00:00|09:30:00",
                "e2e1cc|MONDAY|23:50:00|23:59:59",
                "0c0f24|MONDAY|23:59:59|00:10:00|!not-after:end_time",
                "7d93a6|MONDAY|09:00:00|-|!required:end_time",
            ]
        );
    }

    #[test]
    fn an_object_of_nothing_is_null() {
        let rules = "
            [table.columns]
            email = { json = { a = 'x', b = '=c' } }
            password_hash = { json = { b = '=c' }, array = true }
            role = { value = 'STAFF' }";
        let rows = rows(rules, "nr,x\n1,y\n2,\n");
        let expected = [r#"{"a":"y","b":"c"}|[{"b":"c"}]|STAFF"#, r#"-|[{"b":"c"}]|STAFF|!required:email"#];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_legacy_id_has_room() {
        let rules = "
            [table.columns]
            email = { value = 'e' }
            password_hash = { value = '!' }
            role = { value = 'STAFF' }";
        let csv = format!("nr\n{}\n{}\n", "é".repeat(127), "é".repeat(128));
        assert_eq!(rows(rules, &csv), ["e|!|STAFF", "e|!|STAFF|!too-long:"]);
    }
}
