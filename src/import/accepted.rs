//! Reads again the rows that a check has accepted: to load them, to fill their late references, to compare them.

use super::load::LoadError;
use super::mapping::{Entity, Mapping};
use super::read::{Reader, Record};
use super::row::Row;
use super::transform::Transform;

/// Which rows of a source were not accepted, in order.
#[derive(Debug, Default)]
pub struct Without {
    /// Rejected.
    pub rejected: Vec<u64>,
    /// Repeated.
    pub repeated: Vec<u64>,
}

impl Without {
    fn has(&self, row: u64) -> bool {
        self.rejected.binary_search(&row).is_ok() || self.repeated.binary_search(&row).is_ok()
    }
}

/// The accepted rows of a `[[table]]`.
pub struct Accepted<'a> {
    /// The `[[table]]`.
    pub entity: &'a Entity,
    /// Its rules.
    pub transform: Transform,
    /// The source's row.
    pub record: Record,
    /// What has become of it.
    pub row: Row,
    reader: Reader,
    without: &'a Without,
}

impl<'a> Accepted<'a> {
    /// Those of the `[[table]]` of this number.
    pub fn open(mapping: &'a Mapping, number: usize, without: &'a Without) -> Result<Self, LoadError> {
        let entity = &mapping.tables[number];
        let source = &mapping.sources[&entity.from];
        let reader = Reader::open(&mapping.path(source), source)?;
        let transform = Transform::new(mapping, entity, reader.header())?;
        Ok(Self { entity, transform, record: Record::new(), row: Row::default(), reader, without })
    }

    /// Goes to the next row; false at the end. Errors: a row that the check would not have accepted.
    pub fn advance(&mut self) -> Result<bool, LoadError> {
        while self.reader.read(&mut self.record)? {
            if self.without.has(self.record.row()) || !self.transform.apply(&self.record, &mut self.row) {
                continue;
            }
            if !self.record.faults().is_empty() || !self.row.problems.is_empty() {
                let (row, line) = (self.record.row(), self.record.line());
                return Err(LoadError::Changed { from: self.entity.from.clone(), row, line });
            }
            return Ok(true);
        }
        Ok(false)
    }
}
