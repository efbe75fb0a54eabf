//! Checks all rows of all files, in the order of the mapping: which can be imported, and what is wrong with the others. A row that
//! refers to a rejected one is rejected, too.

use std::collections::BTreeMap;
use std::{io, mem};

use serde::Serialize;

use super::accepted::Without;
use super::compare::{self, Against};
use super::finding::{self, Findings};
use super::load::Refused;
use super::mapping::{Entity, Mapping};
use super::pass::{self, Place, Wrong};
use super::read::{ReadError, Reader, Record};
use super::rejects::Codes;
use super::sorter::{Ids, Sorted};
use super::taken::Taken;
use super::transform::{Transform, TransformError};

/// Why a check ends early.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The mapping.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The temporary file that keys are sorted in, where they are many.
    #[error(
        "could not sort keys in a temporary file: {0}; see that there is room for it, or name another folder by `TMPDIR`"
    )]
    Spill(io::Error),
}

/// What there is of a `[[table]]`.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// The table.
    pub into: String,
    /// Rows of the source.
    pub rows: u64,
    /// Those that can be imported.
    pub accepted: u64,
    /// Those that the mapping passes over.
    pub skipped: u64,
    /// The rows that are rejected, in order.
    #[serde(skip)]
    pub rejected: Vec<u64>,
    /// The rows that are passed over since another one has the legacy id, in order.
    #[serde(skip)]
    pub repeated: Vec<u64>,
}

/// What a check has found.
#[derive(Debug, Default)]
pub struct Report {
    /// Each `[[table]]`.
    pub tables: Vec<Checked>,
    /// What is wrong.
    pub findings: Findings,
    /// The codes of each rejected row, by source and row.
    pub rejects: BTreeMap<String, Codes>,
}

impl Checked {
    /// Which rows are not to be loaded.
    #[must_use]
    pub fn without(&self) -> Without {
        Without { rejected: self.rejected.clone(), repeated: self.repeated.clone() }
    }
}

impl Report {
    /// Adds a row that the server has refused. `number`: of the `[[table]]`.
    pub fn refuse(&mut self, source: &str, number: usize, refused: &Refused) {
        let Checked { name, rejected, accepted, .. } = &mut self.tables[number];
        if let Err(place) = rejected.binary_search(&refused.row) {
            rejected.insert(place, refused.row);
            *accepted -= 1;
        }
        let name = name.clone();
        let text = format!("MySQL error {}", refused.number);
        let at = At { source, table: &name };
        self.reject(&at, "refused", "", (refused.row, refused.line), None);
        let place = finding::Place { source: source.to_owned(), table: name.clone(), column: String::new() };
        if let Some(found) = self.findings.found.get_mut(&("refused", place))
            && let Some(example) = found.examples.iter_mut().find(|example| example.row == refused.row)
        {
            example.value = Some(text);
        }
    }

    /// How many rows of the sources are rejected, for some table.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejects.values().map(|rows| rows.len() as u64).sum()
    }

    /// How many rows the sources have.
    #[must_use]
    pub fn rows(&self, mapping: &Mapping) -> u64 {
        let of = |source: &String| {
            let tables = mapping.tables.iter().zip(&self.tables);
            tables.filter(|(entity, _)| entity.from == *source).map(|(_, checked)| checked.rows).max().unwrap_or(0)
        };
        mapping.sources.keys().map(of).sum()
    }

    fn reject(&mut self, at: &At<'_>, code: &'static str, column: &str, row: (u64, u64), value: Option<&str>) {
        let place =
            finding::Place { source: at.source.to_owned(), table: at.table.to_owned(), column: column.to_owned() };
        // what can't be read can't be read for each table: it counts once
        let is_new = self.rejects.entry(at.source.to_owned()).or_default().add(row.0, code);
        if is_new || !at.table.is_empty() {
            self.findings.add(code, place, row, value);
        }
    }
}

/// Where one is.
struct At<'a> {
    source: &'a str,
    table: &'a str,
}

/// What a database has of a `[[table]]`.
#[derive(Debug, Default)]
pub struct Known {
    /// The ids of rows that are imported already.
    pub ids: Sorted,
    /// Keys of rows that this import has not made.
    pub taken: Taken,
}

/// Checks all files. `known`: what a database has, by `[[table]]`. `on_rows` hears of every so many rows.
pub fn check(
    mapping: &Mapping,
    mut known: BTreeMap<String, Known>,
    findings: Findings,
    on_rows: &mut impl FnMut(&str, u64),
) -> Result<Report, CheckError> {
    let mut report = Report { findings, ..Report::default() };
    let mut ids: BTreeMap<&str, Ids> = BTreeMap::new();
    for entity in &mapping.tables {
        let known = known.remove(entity.name()).unwrap_or_default();
        let (checked, own) = if mapping.left_out.contains(&entity.from) {
            (Checked::default(), Ids { imported: known.ids, ..Ids::default() })
        } else {
            table(mapping, entity, known, &ids, &mut report, on_rows)?
        };
        ids.insert(entity.name(), own);
        report.tables.push(Checked { name: entity.name().to_owned(), into: entity.into.clone(), ..checked });
    }
    Ok(report)
}

/// Checks the rows of a `[[table]]`. Returns the ids of those that are accepted, too.
fn table(
    mapping: &Mapping,
    entity: &Entity,
    Known { ids: imported, taken }: Known,
    others: &BTreeMap<&str, Ids>,
    report: &mut Report,
    on_rows: &mut impl FnMut(&str, u64),
) -> Result<(Checked, Ids), CheckError> {
    let (source, table) = (entity.from.as_str(), entity.name());
    let on_wrong = |transform: &Transform, header: &[String], wrong: Wrong| {
        let (table, column) = match wrong.place {
            Place::Source(column) => ("", column.and_then(|column| header.get(column)).map(String::as_str)),
            Place::Table(column) => (table, column.map(|column| transform.columns[column].name.as_str())),
        };
        report.reject(&At { source, table }, wrong.code, column.unwrap_or(""), wrong.row, wrong.value.as_deref());
    };
    let (mut seen, transform) = pass::read(mapping, entity, others, on_wrong, |rows| on_rows(table, rows))?;
    let mut own = Ids { own: mem::take(&mut seen.ids), rejected: mem::take(&mut seen.rejected), imported };
    let against = compare::compare(&seen, &transform, entity, others, &mut own, &taken).map_err(CheckError::Spill)?;
    explain(mapping, entity, &transform, against, report)?;
    let checked = Checked {
        rows: seen.rows,
        accepted: seen.rows - seen.skipped - own.rejected.len() as u64,
        skipped: seen.skipped,
        rejected: own.rejected.clone(),
        repeated: seen.repeated,
        ..Checked::default()
    };
    Ok((checked, own))
}

/// Reports what rows have against others. Only now is it known which rows are shown, and they are read again for it.
fn explain(
    mapping: &Mapping,
    entity: &Entity,
    transform: &Transform,
    mut against: Vec<Against>,
    report: &mut Report,
) -> Result<(), CheckError> {
    against.sort_unstable_by_key(|against| against.row);
    let mut shown: BTreeMap<(&str, Option<usize>), usize> = BTreeMap::new();
    let is_shown = |against: &Against| {
        let shown = shown.entry((against.code, against.column)).or_default();
        *shown += 1;
        *shown <= report.findings.examples
    };
    let is_shown: Vec<bool> = against.iter().map(is_shown).collect();
    let source = &mapping.sources[&entity.from];
    let (mut reader, mut record) = (None, Record::new());
    let at = At { source: &entity.from, table: entity.name() };
    for (Against { row, code, column }, is_shown) in against.iter().zip(is_shown) {
        let name = column.map_or("", |column| transform.columns[column].name.as_str());
        if !is_shown {
            report.reject(&at, code, name, (*row, 0), None);
            continue;
        }
        let reader = match &mut reader {
            Some(reader) => reader,
            none => none.insert(Reader::open(&mapping.path(source), source)?),
        };
        while record.row() < *row && reader.read(&mut record)? {}
        let value = column.and_then(|column| transform.source_of(column)).and_then(|column| record.field(column));
        report.reject(&at, code, name, (*row, record.line()), value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the rows that are rejected, with their codes.
    fn rejected(table: &str, csv: &str) -> Vec<String> {
        let text =
            format!("system = 'o'\n[source.s]\nfile = 's.csv'\n[[table]]\nfrom = 's'\nlegacy_id = ['nr']\n{table}");
        let mut mapping = Mapping::parse(&text, "m").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.csv"), csv).unwrap();
        mapping.folder = folder.path().to_owned();
        let report = check(&mapping, BTreeMap::new(), Findings::default(), &mut |_, _| ()).unwrap();
        let codes = report.rejects.get("s").cloned().unwrap_or_default();
        let Checked { rows, accepted, rejected, .. } = &report.tables[0];
        assert_eq!(accepted + rejected.len() as u64, *rows);
        assert_eq!(*rejected, codes.rows().collect::<Vec<_>>());
        let shown = codes.rows().map(|row| format!("{row} {}", codes.of(row).unwrap().join(" ")));
        shown.collect()
    }

    #[test]
    fn a_row_falls_with_the_one_that_it_refers_to() {
        let table =
            "into = 'appointments'\n[table.columns]\nbooking_reference = { from = 'nr' }\npatient_id = { value = 'p' }
            doctor_id = { value = 'd' }\nappointment_date = { from = 'day' }\nstart_time = { value = '09:00' }
            end_time = { value = '10:00' }\nconsultation_type = { value = 'VIDEO' }\nfee = { value = '1' }
            rescheduled_from = { reference = 'appointments', by = ['moved'] }";
        // 4 refers to none; 3, 2 and 1 each to the next; 5 to itself; 6 is wrong, and so is 7 that refers to it;
        // 8 has the hour of 5, and is not counted twice for what it refers to
        let csv = "nr,day,moved\n1,2026-01-01,2\n2,2026-01-02,3\n3,2026-01-03,4\n4,2026-01-04,9\n5,2026-01-05,5\n6,x,\n7,2026-01-07,6\n8,2026-01-05,9\n";
        assert_eq!(
            rejected(table, csv),
            [
                "1 unknown-reference",
                "2 unknown-reference",
                "3 unknown-reference",
                "4 unknown-reference",
                "6 bad-date",
                "7 unknown-reference",
                "8 double-booking"
            ]
        );
    }

    #[test]
    fn an_end_is_later_than_its_beginning_or_the_same_day() {
        let slots =
            "into = 'time_slots'\n[table.columns]\ndoctor_id = { value = 'd' }\nday_of_week = { value = 'MONDAY' }
            start_time = { from = 'begin' }\nend_time = { from = 'end' }";
        let csv = "nr,begin,end\n1,09:00,09:00\n2,09:00,08:59\n3,09:00,09:01\n";
        assert_eq!(rejected(slots, csv), ["1 not-after", "2 not-after"]);
        let away = "into = 'doctor_unavailability'\n[table.columns]\ndoctor_id = { value = 'd' }
            start_date = { from = 'begin' }\nend_date = { from = 'end' }";
        let csv = "nr,begin,end\n1,2026-01-02,2026-01-02\n2,2026-01-02,2026-01-01\n";
        assert_eq!(rejected(away, csv), ["2 not-after"]);
    }

    #[test]
    fn a_row_that_is_rejected_takes_no_key() {
        let table = "into = 'doctor_profiles'\n[table.columns]\nuser_id = { from = 'user' }\nlicense_number = { from = 'license' }
            first_name = { value = 'A' }\nlast_name = { value = 'B' }\nspecialization = { value = 'GP' }
            qualification = { value = 'MD' }\nexperience_years = { from = 'years' }\nlicense_expiry = { value = '2035-01-01' }
            consultation_fee = { value = '1' }\nlanguages = { value = '[]' }\neducation = { value = '[]' }";
        // 2 has the user of 1, 4 is no number: 3 and 5 may have their licences
        let csv = "nr,user,license,years\n1,u1,L1,1\n2,u1,L2,1\n3,u3,L2,1\n4,u4,L4,x\n5,u5,L4,1\n6,u6,l4,1\n";
        assert_eq!(rejected(table, csv), ["2 duplicate-value", "4 bad-number", "6 duplicate-value"]);
    }
}
