//! Checks all rows of all files, in the order of the mapping: which can be imported, and what is wrong with the others. A row that
//! refers to a rejected one is rejected, too.

use std::collections::BTreeMap;

use serde::Serialize;

use super::accepted::Without;
use super::finding::{Findings, Place};
use super::keys::{Keys, key};
use super::late;
use super::load::Refused;
use super::mapping::{Entity, Mapping};
use super::read::{ReadError, Reader, Record};
use super::rejects::Codes;
use super::row::{Problem, Row};
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
        let place = Place { source: source.to_owned(), table: name.clone(), column: String::new() };
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
        let place = Place { source: at.source.to_owned(), table: at.table.to_owned(), column: column.to_owned() };
        // what can't be read can't be read for each table: it counts once
        let codes = self.rejects.entry(at.source.to_owned()).or_default().entry(row.0).or_default();
        if codes.insert(code) || !at.table.is_empty() {
            self.findings.add(code, place, row, value);
        }
    }
}

/// Where one is.
struct At<'a> {
    source: &'a str,
    table: &'a str,
}

/// Checks all files. `known` has the ids of rows that are imported already, by `[[table]]`. `on_rows` hears of every so many rows.
pub fn check(
    mapping: &Mapping,
    mut known: BTreeMap<String, Keys>,
    findings: Findings,
    on_rows: &mut impl FnMut(&str, u64),
) -> Result<Report, CheckError> {
    let mut report = Report { findings, ..Report::default() };
    for entity in &mapping.tables {
        let name = entity.name().to_owned();
        let imported = known.remove(&name).unwrap_or_default();
        if mapping.left_out.contains(&entity.from) {
            report.tables.push(Checked { name: name.clone(), into: entity.into.clone(), ..Checked::default() });
            known.insert(name, imported);
            continue;
        }
        let mut pass = Pass::open(mapping, entity, imported)?;
        let own = pass.run(&known, &mut report, on_rows)?;
        known.insert(name, own);
        report.tables.push(pass.checked);
    }
    Ok(report)
}

/// A row that refers to one of its own table: it may come later in the file.
struct Late {
    row: (u64, u64),
    id: u128,
    column: usize,
    target: u128,
}

/// The check of one `[[table]]`.
struct Pass<'a> {
    entity: &'a Entity,
    reader: Reader,
    transform: Transform,
    /// What each column refers to.
    refers: Vec<Option<&'a str>>,
    /// The columns whose targets may come later.
    late: Vec<usize>,
    imported: Keys,
    checked: Checked,
}

impl<'a> Pass<'a> {
    fn open(mapping: &'a Mapping, entity: &'a Entity, imported: Keys) -> Result<Self, CheckError> {
        let source = &mapping.sources[&entity.from];
        let reader = Reader::open(&mapping.path(source), source)?;
        let transform = Transform::new(mapping, entity, reader.header())?;
        let checked = Checked { name: entity.name().to_owned(), into: entity.into.clone(), ..Checked::default() };
        let refers = entity.columns.values().map(|rule| rule.reference.as_deref()).collect();
        Ok(Self { entity, reader, transform, refers, late: late::places(entity), imported, checked })
    }

    /// Checks all rows. Returns the ids of those that are accepted.
    fn run(
        &mut self,
        others: &BTreeMap<String, Keys>,
        report: &mut Report,
        on_rows: &mut impl FnMut(&str, u64),
    ) -> Result<Keys, CheckError> {
        let entity = self.entity;
        let (source, table) = (entity.from.as_str(), entity.name());
        let (mut record, mut row) = (Record::new(), Row::default());
        let mut own = Keys::default();
        let mut unique: Vec<Keys> = self.transform.unique.iter().map(|_| Keys::default()).collect();
        let mut late = Vec::new();
        while self.reader.read(&mut record)? {
            let at = (record.row(), record.line());
            self.checked.rows += 1;
            if self.checked.rows.is_multiple_of(16_384) {
                on_rows(table, self.checked.rows);
            }
            if !record.faults().is_empty() {
                for fault in record.faults() {
                    let column = fault.column.and_then(|column| self.reader.header().get(column));
                    let place = At { source, table: "" };
                    report.reject(&place, fault.code, column.map_or("", String::as_str), at, None);
                }
                self.checked.rejected.push(at.0);
                continue;
            }
            if !self.transform.apply(&record, &mut row) {
                self.checked.skipped += 1;
                continue;
            }
            let id = row.id.as_u128();
            if !row.id.is_nil() && own.contains(id) {
                if entity.first_of {
                    self.checked.skipped += 1;
                    self.checked.repeated.push(at.0);
                    continue;
                }
                row.problems.push(Problem { code: "duplicate-id", column: None });
            }
            self.refer(&mut row, others, at, &mut late);
            self.compare(&mut row, &mut unique);
            if row.problems.is_empty() {
                own.insert(id);
                self.checked.accepted += 1;
                continue;
            }
            self.checked.rejected.push(at.0);
            for problem in &row.problems {
                let column = problem.column.map_or("", |column| self.transform.columns[column].name.as_str());
                let value = problem.column.and_then(|column| self.transform.source_of(column));
                let value = value.and_then(|column| record.field(column));
                report.reject(&At { source, table }, problem.code, column, at, value);
            }
        }
        self.settle(late, &mut own, report);
        own.extend(std::mem::take(&mut self.imported));
        Ok(own)
    }

    /// Looks up what the row refers to.
    fn refer(&self, row: &mut Row, others: &BTreeMap<String, Keys>, at: (u64, u64), late: &mut Vec<Late>) {
        let clean = row.problems.is_empty();
        for number in 0..row.references.len() {
            let (place, target) = row.references[number];
            let Some(name) = self.refers[place] else { continue };
            if name == self.entity.name() {
                if clean && self.late.contains(&place) {
                    late.push(Late { row: at, id: row.id.as_u128(), column: place, target: target.as_u128() });
                }
            } else if !others.get(name).is_some_and(|ids| ids.contains(target.as_u128())) {
                row.problems.push(Problem { code: "unknown-reference", column: Some(place) });
            }
        }
    }

    /// Compares the row with those before it. A row that is rejected anyway takes no key.
    fn compare(&self, row: &mut Row, unique: &mut [Keys]) {
        if !row.problems.is_empty() {
            return;
        }
        let mut taken = Vec::new();
        for (number, known) in self.transform.unique.iter().enumerate() {
            let spared = known.unless.is_some_and(|(column, words)| {
                row.value(column).is_some_and(|value| words.iter().any(|word| word == value))
            });
            // NULLs are all different
            if spared || known.columns.iter().any(|column| row.value(*column).is_none()) {
                continue;
            }
            let key = key(known.columns.iter().filter_map(|column| row.value(*column)));
            if unique[number].insert(key) {
                taken.push((number, key));
            } else {
                row.problems.push(Problem { code: known.code, column: known.columns.first().copied() });
            }
        }
        if !row.problems.is_empty() {
            for (number, key) in taken {
                unique[number].remove(key);
            }
        }
    }

    /// Rejects rows that refer to a row of their own table that is not there, and those that refer to them.
    fn settle(&mut self, mut late: Vec<Late>, own: &mut Keys, report: &mut Report) {
        late.retain(|late| own.contains(late.id));
        loop {
            let (lost, rest): (Vec<Late>, Vec<Late>) =
                late.into_iter().partition(|late| !own.contains(late.target) && !self.imported.contains(late.target));
            if lost.is_empty() {
                break;
            }
            for Late { row, id, column, .. } in lost {
                own.remove(id);
                self.checked.accepted -= 1;
                self.checked.rejected.push(row.0);
                let column = self.transform.columns[column].name.as_str();
                let at = At { source: &self.entity.from, table: self.entity.name() };
                report.reject(&at, "unknown-reference", column, row, None);
            }
            late = rest;
        }
        self.checked.rejected.sort_unstable();
        self.checked.rejected.dedup();
    }
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
        assert_eq!(*rejected, codes.keys().copied().collect::<Vec<_>>());
        let shown =
            codes.iter().map(|(row, codes)| format!("{row} {}", codes.iter().copied().collect::<Vec<_>>().join(" ")));
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
