//! A row of a table, made of a source's row: each column's value in the form in which MySQL shows it, so that one text serves for
//! the check, for the INSERT and for the comparison afterwards.

use uuid::Uuid;

use super::target::Column;
use crate::db::bulk::push_text;

/// A row. It is filled again and again, so that no row costs an allocation.
#[derive(Debug, Default)]
pub struct Row {
    text: String,
    /// The end of each column's text; none for NULL.
    ends: Vec<(usize, State)>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Its id.
    pub id: Uuid,
    /// What the other system knows it by: the texts of its columns with U+001F between them.
    pub legacy_id: String,
    /// Rows that it refers to: the place among the mapped columns, and the id.
    pub references: Vec<(usize, Uuid)>,
    /// Ids that rows before this one have referred to.
    pub recent: Recent,
}

/// Ids by legacy id, as many as there is room for: most rows refer to what others refer to, too, and a look costs less than a hash.
/// The ids stand close together, since what is strewn over many pages takes longer to fetch than a hash to make.
#[derive(Debug, Default)]
pub struct Recent {
    /// The number of a hash's slot, from 1; 0 for none.
    numbers: Vec<u16>,
    slots: Vec<Slot>,
}

/// An id with the text that it is made of, in one cache line.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Slot {
    id: Uuid,
    place: usize,
    bytes: u8,
    text: [u8; Self::MOST_BYTES],
}

impl Slot {
    /// Longer legacy ids are few, and made anew each time.
    const MOST_BYTES: usize = 39;
    const EMPTY: Self = Self { id: Uuid::nil(), place: usize::MAX, bytes: 0, text: [0; Self::MOST_BYTES] };

    fn is_of(&self, place: usize, legacy_id: &str) -> bool {
        self.place == place && self.text.get(..usize::from(self.bytes)) == Some(legacy_id.as_bytes())
    }
}

impl Recent {
    const ROOM: usize = 1 << 15;

    /// The id of a row that the column at `place` refers to, or what `make` makes of its legacy id.
    pub fn id(&mut self, place: usize, legacy_id: &str, make: impl FnOnce(&str) -> Uuid) -> Uuid {
        self.numbers.resize(Self::ROOM, 0);
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(legacy_id.as_bytes(), place as u64);
        #[expect(clippy::cast_possible_truncation, reason = "any part of a hash is one")]
        let number = &mut self.numbers[hash as usize % Self::ROOM];
        if *number == 0 {
            self.slots.push(Slot::EMPTY);
            *number = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        }
        let slot = &mut self.slots[usize::from(*number) - 1];
        if slot.is_of(place, legacy_id) {
            return slot.id;
        }
        let id = make(legacy_id);
        if let (Ok(bytes), Some(text)) = (u8::try_from(legacy_id.len()), slot.text.get_mut(..legacy_id.len())) {
            text.copy_from_slice(legacy_id.as_bytes());
            (slot.id, slot.place, slot.bytes) = (id, place, bytes);
        }
        id
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    Null,
    /// There is none, and the column has a default that is not NULL.
    Default,
}

/// What is wrong with a value, or with the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A code of `codes`.
    pub code: &'static str,
    /// The place among the mapped columns.
    pub column: Option<usize>,
}

impl Row {
    /// Empties it.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.problems.clear();
        self.legacy_id.clear();
        self.references.clear();
        self.id = Uuid::nil();
    }

    /// The next column's value, as `write` appends it; what it says is wrong is noted, and the column is NULL.
    pub fn push(&mut self, write: impl FnOnce(&mut String) -> Result<(), &'static str>) {
        let begin = self.text.len();
        match write(&mut self.text) {
            Ok(()) => self.ends.push((self.text.len(), State::Value)),
            Err(code) => {
                self.text.truncate(begin);
                self.problem(code);
                self.push_null();
            }
        }
    }

    /// The next column is NULL.
    pub fn push_null(&mut self) {
        self.ends.push((self.text.len(), State::Null));
    }

    /// The next column has its default.
    pub fn push_default(&mut self) {
        self.ends.push((self.text.len(), State::Default));
    }

    /// Something is wrong with the next column.
    pub fn problem(&mut self, code: &'static str) {
        self.problems.push(Problem { code, column: Some(self.ends.len()) });
    }

    /// Gives a column another value. What it says is wrong is noted, and the column keeps its value.
    pub fn replace(&mut self, column: usize, write: impl FnOnce(&mut String) -> Result<(), &'static str>) {
        let mut text = String::new();
        if let Err(code) = write(&mut text) {
            self.problems.push(Problem { code, column: Some(column) });
            return;
        }
        let (begin, end) = (column.checked_sub(1).map_or(0, |before| self.ends[before].0), self.ends[column].0);
        self.text.replace_range(begin..end, &text);
        self.ends[column].1 = State::Value;
        self.ends[column..].iter_mut().for_each(|(place, _)| *place = *place + text.len() - (end - begin));
    }

    /// The value of a column; none where it is NULL or the default.
    #[must_use]
    pub fn value(&self, column: usize) -> Option<&str> {
        let begin = column.checked_sub(1).map_or(0, |before| self.ends[before].0);
        let (end, state) = self.ends[column];
        (state == State::Value).then(|| &self.text[begin..end])
    }

    /// The column has its default, which is not known here.
    #[must_use]
    pub fn is_default(&self, column: usize) -> bool {
        self.ends[column].1 == State::Default
    }

    /// Appends `('id',value,…)`; the columns in `null` are left NULL.
    pub fn write(&self, sql: &mut String, null: &[usize]) {
        sql.push_str("('");
        let mut buffer = Uuid::encode_buffer();
        sql.push_str(self.id.hyphenated().encode_lower(&mut buffer));
        sql.push('\'');
        for column in 0..self.ends.len() {
            sql.push(',');
            if null.contains(&column) { sql.push_str("NULL") } else { self.write_value(sql, column) }
        }
        sql.push(')');
    }

    fn write_value(&self, sql: &mut String, column: usize) {
        match self.value(column) {
            Some(value) => push_text(sql, value),
            None if self.is_default(column) => sql.push_str("DEFAULT"),
            None => sql.push_str("NULL"),
        }
    }

    /// `column = value, …`; the columns in `null` become NULL.
    #[must_use]
    pub fn sets(&self, columns: &[&Column], null: &[usize]) -> String {
        let mut sql = String::new();
        for (place, column) in columns.iter().enumerate() {
            sql.push_str(if sql.is_empty() { "`" } else { ", `" });
            sql.push_str(&column.name);
            sql.push_str("` = ");
            if null.contains(&place) { sql.push_str("NULL") } else { self.write_value(&mut sql, place) }
        }
        sql
    }

    /// A hash of all values: where it is the same, an earlier import wrote the same row.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        hash.update(self.text.as_bytes());
        for (end, state) in &self.ends {
            hash.update(&(*end as u64).to_le_bytes());
            hash.update(&[*state as u8]);
        }
        hash.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_once_and_is_that_of_its_column() {
        let mut recent = Recent::default();
        let of = |number| move |_: &str| Uuid::from_u128(number);
        assert_eq!(recent.id(0, "a", of(1)), Uuid::from_u128(1));
        assert_eq!(recent.id(0, "a", of(2)), Uuid::from_u128(1));
        assert_eq!(recent.id(1, "a", of(3)), Uuid::from_u128(3));
        // as long as there is room for in a slot, and longer: each is another's beginning
        for bytes in [38, 39, 40, 300] {
            let text = "x".repeat(bytes);
            assert_eq!(recent.id(0, &text, of(bytes as u128)), Uuid::from_u128(bytes as u128));
            assert_eq!(recent.id(0, &text, of(0)), Uuid::from_u128(if bytes > 39 { 0 } else { bytes as u128 }));
        }
        // more than there is room for: what was pushed out is made again, and never another's
        for round in 0..2 {
            for number in 0..100_000_u128 {
                // another column's, too, where both have one slot
                for (place, number_there) in [(0, number), (1, number + 100_000)] {
                    let id = recent.id(place, &number.to_string(), of(number_there));
                    assert_eq!(id, Uuid::from_u128(number_there), "{round} {place}");
                }
            }
        }
    }

    #[test]
    fn values_stand_side_by_side() {
        let mut row = Row::default();
        let write = |text: &'static str| {
            move |out: &mut String| {
                out.push_str(text);
                Ok(())
            }
        };
        row.push(write("a'b"));
        row.push_null();
        row.push(write(""));
        row.push(|out| {
            out.push_str("half");
            Err("bad-date")
        });
        row.push_default();
        assert_eq!((row.value(0), row.value(1), row.value(2), row.value(3)), (Some("a'b"), None, Some(""), None));
        assert_eq!(row.problems, [Problem { code: "bad-date", column: Some(3) }]);
        let mut sql = String::new();
        row.write(&mut sql, &[0]);
        assert_eq!(sql, "('00000000-0000-0000-0000-000000000000',NULL,NULL,'',NULL,DEFAULT)");
        row.replace(0, write("longer"));
        row.replace(2, write("c"));
        row.replace(2, |_| Err("bad-date"));
        assert_eq!((row.value(0), row.value(1), row.value(2), row.value(3)), (Some("longer"), None, Some("c"), None));
        assert_eq!(row.problems.last(), Some(&Problem { code: "bad-date", column: Some(2) }));
        let hash = row.hash();
        row.clear();
        assert!(row.problems.is_empty());
        assert_ne!(hash, row.hash());
    }
}
