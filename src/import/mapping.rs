//! The mapping file: which files there are, and which of their columns become which columns of which tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use chrono_tz::Tz;
use indexmap::IndexMap;
use serde::Deserialize;

use super::live::Folder;
use super::manifest::Said;
use super::source::Source;
use super::target;
use crate::output::toml::wrong;
use crate::text;

/// A mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The name of the system that the files come from. Ids are made from it, so it must not change.
    pub system: String,
    /// The time zone of moments that do not name one: of the IANA's list (`Europe/Berlin`). UTC by default.
    #[serde(default)]
    pub time_zone: Option<Tz>,
    /// The files, by name.
    #[serde(rename = "source")]
    pub sources: IndexMap<String, Source>,
    /// What becomes of their rows, each after those that it refers to.
    #[serde(rename = "table")]
    pub tables: Vec<Entity>,
    /// The folder that the files' names are relative to.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The files as they were, where mended rows are read in their place.
    #[serde(skip)]
    pub originals: IndexMap<String, Source>,
    /// What day it is in the mapping's zone; none: no day is of the future.
    #[serde(skip)]
    pub today: Option<NaiveDate>,
    /// Sources that are not read this time.
    #[serde(skip)]
    pub left_out: Vec<String>,
    /// Where the rows of live sources are, once they are read.
    #[serde(skip)]
    pub live: Option<Folder>,
    /// What manifests say of the files, by source.
    #[serde(skip)]
    pub said: BTreeMap<String, Said>,
}

/// `[[table]]`: the rows of a source become rows of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The table.
    pub into: String,
    /// The source.
    pub from: String,
    /// The name that references use; the table's by default. Ids are made from it, so it must not change.
    #[serde(default)]
    pub name: Option<String>,
    /// The columns that tell the source's rows apart: what the other system knows a row by.
    pub legacy_id: Vec<String>,
    /// Rows that are passed over.
    #[serde(default)]
    pub skip: Vec<When>,
    /// Of the rows with the same values here, which may come again and again, the first one counts.
    #[serde(default)]
    pub first_of: bool,
    /// What its columns are made of; `id` is always made from the legacy id.
    pub columns: IndexMap<String, Rule>,
}

/// A condition on a source's row. Each part that is there must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The source's column.
    pub column: String,
    /// It has one of these texts.
    #[serde(default)]
    pub is: Vec<String>,
    /// It has none of these texts.
    #[serde(default)]
    pub is_not: Vec<String>,
    /// It is NULL.
    #[serde(default)]
    pub null: bool,
}

/// What a column is made of. Exactly one of `from`, `value`, `template`, `join`, `json`, `own_id` and `reference` says where the text comes
/// from, the others what is done with it, in this order: split, trim, case, cut, words, pattern.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A column of the source.
    #[serde(default)]
    pub from: Option<String>,
    /// The same text for all rows.
    #[serde(default)]
    pub value: Option<String>,
    /// A text with `{column}` in it; NULL where one of them is.
    #[serde(default)]
    pub template: Option<String>,
    /// Columns of the source, those that are not NULL with `with` between them; NULL where all are.
    #[serde(default)]
    pub join: Vec<String>,
    /// What stands between them; a space by default.
    #[serde(default)]
    pub with: Option<String>,
    /// The 32 hexadecimal digits of the row's own id, such as for numbers that the source does not have; `cut` keeps the first.
    #[serde(default)]
    pub own_id: bool,
    /// A JSON object of columns of the source, or constants as `=text`, by key. Those that are NULL are left out; NULL where all
    /// columns are.
    #[serde(default)]
    pub json: IndexMap<String, String>,
    /// In a JSON object that is to be an array of one.
    #[serde(default)]
    pub array: bool,
    /// The id of the row of this `[[table]]`, by its name, that the columns `by` know.
    #[serde(default)]
    pub reference: Option<String>,
    /// The source's columns with the other row's legacy id.
    #[serde(default)]
    pub by: Vec<String>,
    /// Another source, where the columns `by` are looked up first: its column has the other row's legacy id.
    #[serde(default)]
    pub through: Option<Through>,
    /// The text is split here; `part` counts from 1.
    #[serde(default)]
    pub split: Option<String>,
    /// Which part of it.
    #[serde(default)]
    pub part: Option<usize>,
    /// White space at both ends goes.
    #[serde(default)]
    pub trim: bool,
    /// Letters become small or capital ones.
    #[serde(default)]
    pub case: Option<Case>,
    /// So many characters are kept of a text that is longer; else it is `too-long`.
    #[serde(default)]
    pub cut: Option<usize>,
    /// What words become; a word that is not here is `unknown-word`.
    #[serde(default)]
    pub words: IndexMap<String, String>,
    /// What all other words become.
    #[serde(default)]
    pub otherwise: Option<String>,
    /// What stands for NULL.
    #[serde(default)]
    pub default: Option<String>,
    /// What stands for a value that is not later than the one that it must be later than, in the form of ISO 8601.
    #[serde(default)]
    pub if_not_after: Option<String>,
    /// How dates and times are written, as chrono says it (`%d.%m.%Y`); the first one that fits. ISO 8601 by default.
    #[serde(default)]
    pub format: Vec<String>,
    /// What stands before the decimals: `.` by default.
    #[serde(default)]
    pub decimal: Option<char>,
    /// What must hold for the text.
    #[serde(default)]
    pub pattern: Option<Pattern>,
}

/// A column of another source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Through {
    /// The source.
    pub source: String,
    /// Its column that has what is looked up.
    pub key: String,
    /// Its column that has what is found.
    pub column: String,
}

/// Letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Small ones.
    Lower,
    /// Capital ones.
    Upper,
}

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// An address of e-mail: something, `@`, a name with a dot; no white space.
    Email,
    /// A telephone number: digits, 5 to 15 of them, and ` +-/().`.
    Phone,
}

/// A mapping file that can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MappingError {
    /// Not there, or not readable.
    #[error("could not read the mapping file `{0}`: {1}")]
    Read(String, String),
    /// No TOML, or unknown keys.
    #[error("the mapping file `{0}` is not right: line {1}: {2}")]
    Syntax(String, usize, String),
    /// A name that is kept in the database.
    #[error("the name `{0}` must have 1 to 64 characters, since the database keeps it with each row")]
    Name(String),
    /// Something in a source.
    #[error("`[source.{0}]`: {1}")]
    Source(String, String),
    /// Something in it.
    #[error("`[[table]]` `{0}`: {1}")]
    Entity(String, String),
}

impl Entity {
    /// The name that references use.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.into)
    }
}

impl Mapping {
    /// Reads a mapping file.
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let name = path.display().to_string();
        let text =
            text::read(path).map_err(|error| MappingError::Read(name.clone(), error.to_string().to_lowercase()))?;
        let mut mapping = Self::parse(&text, &name)?;
        path.parent().unwrap_or(Path::new("")).clone_into(&mut mapping.folder);
        Ok(mapping)
    }

    /// A mapping from its text. `name` is the file's.
    pub fn parse(text: &str, name: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text).map_err(|error| {
            let (line, what) = wrong(text, &error);
            MappingError::Syntax(name.to_owned(), line, without_url(&what))
        })?;
        mapping.check()?;
        Ok(mapping)
    }

    /// The time zone of moments that do not name one.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.time_zone.unwrap_or(Tz::UTC)
    }

    /// The file of a source.
    #[must_use]
    pub fn path(&self, source: &Source) -> PathBuf {
        self.folder.join(&source.file)
    }

    /// The sources that others are looked up in.
    pub fn looked_up(&self) -> impl Iterator<Item = &str> {
        let rules = self.tables.iter().flat_map(|entity| entity.columns.values());
        rules.filter_map(|rule| rule.through.as_ref()).map(|through| through.source.as_str())
    }

    /// Whether all that is named is there, and each rule says one thing.
    fn check(&self) -> Result<(), MappingError> {
        let names = self.tables.iter().map(Entity::name).chain([self.system.as_str()]);
        for name in names {
            if !(1..=64).contains(&name.chars().count()) {
                return Err(MappingError::Name(name.to_owned()));
            }
        }
        for (name, source) in &self.sources {
            source.check().map_err(|what| MappingError::Source(name.clone(), what))?;
        }
        let mut before: BTreeMap<&str, &Entity> = BTreeMap::new();
        for entity in &self.tables {
            let wrong = |what: String| MappingError::Entity(entity.name().to_owned(), what);
            let Some(table) = target::tables().get(&entity.into) else {
                let known: Vec<&str> = target::tables().keys().map(String::as_str).collect();
                return Err(wrong(format!("there is no table `{}`; there are {}", entity.into, known.join(", "))));
            };
            if !self.sources.contains_key(&entity.from) {
                return Err(wrong(format!("there is no `[source.{}]`", entity.from)));
            }
            if entity.legacy_id.is_empty() {
                return Err(wrong("`legacy_id` names no column".to_owned()));
            }
            if before.insert(entity.name(), entity).is_some() {
                return Err(wrong("there are two of this name; give one a `name` of its own".to_owned()));
            }
            for (column, rule) in &entity.columns {
                if column == "id" {
                    return Err(wrong("`id` is made from the legacy id, and can't be mapped".to_owned()));
                }
                if table.column(column).is_none() {
                    return Err(wrong(format!("table `{}` has no column `{column}`", entity.into)));
                }
                if let Some(through) =
                    rule.through.as_ref().filter(|through| !self.sources.contains_key(&through.source))
                {
                    return Err(wrong(format!("column `{column}`: there is no `[source.{}]`", through.source)));
                }
                let later =
                    |after: &target::After| after.later == *column && entity.columns.contains_key(&after.earlier);
                if rule.if_not_after.is_some() && !table.after.iter().any(later) {
                    return Err(wrong(format!(
                        "column `{column}`: it must be later than no other, so `if_not_after` means nothing here"
                    )));
                }
                let referred = table.references.get(column).map(String::as_str);
                rule.check(referred, &before).map_err(|what| wrong(format!("column `{column}`: {what}")))?;
            }
            let left_out = |column: &&target::Column| {
                !column.null && !column.default && !entity.columns.contains_key(&column.name)
            };
            if let Some(column) = table.columns.iter().find(left_out) {
                return Err(wrong(format!("column `{}` must have a value, and has no rule", column.name)));
            }
        }
        Ok(())
    }
}

impl Rule {
    /// `referred`: the table that the column refers to. `before`: the entities so far, this one with them.
    fn check(&self, referred: Option<&str>, before: &BTreeMap<&str, &Entity>) -> Result<(), String> {
        let from = [
            self.from.is_some(),
            self.value.is_some(),
            self.template.is_some(),
            !self.join.is_empty(),
            !self.json.is_empty(),
            self.own_id,
            self.reference.is_some(),
        ];
        if from.iter().filter(|said| **said).count() != 1 {
            return Err("say one of `from`, `value`, `template`, `join`, `json`, `own_id` and `reference`".to_owned());
        }
        if self.split.is_some() != self.part.is_some() || self.part == Some(0) {
            return Err("`split` and `part` belong together, and parts count from 1".to_owned());
        }
        if self.otherwise.is_some() && self.words.is_empty() {
            return Err("`otherwise` belongs to `words`".to_owned());
        }
        if self.through.is_some() && self.reference.is_none() {
            return Err("`through` belongs to `reference`".to_owned());
        }
        match (&self.reference, referred) {
            (None, _) if !self.by.is_empty() => Err("`by` belongs to `reference`".to_owned()),
            (None, _) => Ok(()),
            (Some(_), _) if self.by.is_empty() => {
                Err("`by` must name the columns with the other's legacy id".to_owned())
            }
            (Some(_), None) => Err("it refers to no table, so `reference` means nothing here".to_owned()),
            (Some(name), Some(table)) => match before.get(name.as_str()) {
                None => Err(format!("there is no `[[table]]` `{name}` before this one")),
                Some(entity) if entity.into != table => {
                    Err(format!("it refers to table `{table}`, but `{name}` goes into `{}`", entity.into))
                }
                Some(_) => Ok(()),
            },
        }
    }
}

/// The text of an error, which may repeat a value, without passwords.
fn without_url(text: &str) -> String {
    match text.split_once("mysql://") {
        Some((before, _)) => format!("{before}mysql://…"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "
        system = 'old'
        [source.people]
        file = 'people.csv'
        [[table]]
        into = 'users'
        from = 'people'
        legacy_id = ['nr']
        [table.columns]
        email = { from = 'mail', trim = true, case = 'lower', pattern = 'email' }
        password_hash = { value = '!' }
        role = { from = 'kind', words = { P = 'PATIENT' }, otherwise = 'STAFF' }
    ";

    fn error(text: &str) -> String {
        Mapping::parse(text, "m.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_mapping_is_read() {
        let mapping = Mapping::parse(USERS, "m.toml").unwrap();
        assert_eq!((mapping.tables.len(), mapping.tables[0].name()), (1, "users"));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (from, to, expected) in [
            (
                "into = 'users'",
                "into = 'user'",
                "`[[table]]` `user`: there is no table `user`; there are appointments, audit_logs, consultations, doctor_profiles, doctor_unavailability, medical_records, notifications, patient_profiles, payments, prescriptions, reviews, time_slots, users",
            ),
            ("from = 'people'", "from = 'persons'", "`[[table]]` `users`: there is no `[source.persons]`"),
            ("legacy_id = ['nr']", "legacy_id = []", "`[[table]]` `users`: `legacy_id` names no column"),
            ("email =", "mail =", "`[[table]]` `users`: table `users` has no column `mail`"),
            (
                "password_hash = { value = '!' }",
                "",
                "`[[table]]` `users`: column `password_hash` must have a value, and has no rule",
            ),
            (
                "{ value = '!' }",
                "{ }",
                "`[[table]]` `users`: column `password_hash`: say one of `from`, `value`, `template`, `join`, `json`, `own_id` and `reference`",
            ),
            (
                "{ value = '!' }",
                "{ value = '!', part = 2 }",
                "`[[table]]` `users`: column `password_hash`: `split` and `part` belong together, and parts count from 1",
            ),
            (
                "{ value = '!' }",
                "{ reference = 'users', by = ['nr'] }",
                "`[[table]]` `users`: column `password_hash`: it refers to no table, so `reference` means nothing here",
            ),
            (
                "{ value = '!' }",
                "{ value = '!', through = { source = 'people', key = 'a', column = 'b' } }",
                "`[[table]]` `users`: column `password_hash`: `through` belongs to `reference`",
            ),
            (
                "{ value = '!' }",
                "{ value = '!', through = { source = 'more', key = 'a', column = 'b' } }",
                "`[[table]]` `users`: column `password_hash`: there is no `[source.more]`",
            ),
            (
                "{ value = '!' }",
                "{ value = '!', if_not_after = 'x' }",
                "`[[table]]` `users`: column `password_hash`: it must be later than no other, so `if_not_after` means nothing here",
            ),
        ] {
            assert_eq!(error(&USERS.replace(from, to)), expected);
        }
        for (to, expected) in [
            ("", "say one of `file`, `query` and `table`"),
            ("file = 'a.csv'\ntable = 'a'", "say one of `file`, `query` and `table`"),
            ("file = 'a.csv'\nurl_env = 'OLD'", "`url` and `url_env` belong to `query` and `table`"),
            (
                "query = 'SELECT 1'",
                "`url_env` must name the variable of the environment that has the server's URL, or `url` be it",
            ),
            (
                "table = 'a'\nurl = 'mysql://h/d'\nurl_env = 'OLD'",
                "`url_env` must name the variable of the environment that has the server's URL, or `url` be it",
            ),
            (
                "table = 'a'\nurl_env = 'OLD'\ndelimiter = ';'",
                "a server says itself how its rows are written; but for `null` and `trim`, say no more",
            ),
        ] {
            let text = USERS.replace("file = 'people.csv'", to);
            assert_eq!(error(&text), format!("`[source.people]`: {expected}"));
        }
        let secret = error(&USERS.replace("file =", "trim = 'mysql://u:secret@h/d'\nfile ="));
        assert!(secret.ends_with("line 4: invalid type: string \"mysql://…") && !secret.contains("secret"), "{secret}");
        assert!(error(&USERS.replace("trim", "trimm")).contains("unknown field `trimm`"));
        assert!(error(&USERS.replace("'old'", "''")).starts_with("the name `` must have 1 to 64 characters"));
    }
}
