//! What another file says of a row: one column of it, by another one.

use std::collections::HashMap;

use super::mapping::{Mapping, Through};
use super::read::{ReadError, Reader, Record};
use super::source::Source;

/// A column by another one; both are held in memory.
pub type Lookup = HashMap<String, String>;

/// A lookup that can't be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LookupError {
    /// The file.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// It lacks this column.
    #[error("source `{0}` has no column `{1}`")]
    NoColumn(String, String),
}

/// Reads a lookup. Of the rows with one key the last one counts; rows with faults are passed over. Mended rows count beside those of
/// the source as it was.
pub fn read(mapping: &Mapping, through: &Through) -> Result<Lookup, LookupError> {
    let mut lookup = Lookup::new();
    let is_there = !mapping.left_out.contains(&through.source);
    let mended = mapping.sources.get(&through.source).filter(|_| is_there);
    for source in mapping.originals.get(&through.source).into_iter().chain(mended) {
        add(mapping, source, through, &mut lookup)?;
    }
    Ok(lookup)
}

fn add(mapping: &Mapping, source: &Source, through: &Through, lookup: &mut Lookup) -> Result<(), LookupError> {
    let mut reader = Reader::open(&mapping.path(source), source)?;
    let place = |column: &String| {
        let place = reader.header().iter().position(|name| name == column);
        place.ok_or_else(|| LookupError::NoColumn(through.source.clone(), column.clone()))
    };
    let (key, column) = (place(&through.key)?, place(&through.column)?);
    let mut record = Record::new();
    while reader.read(&mut record)? {
        if let (Some(key), Some(value), []) = (record.field(key), record.field(column), record.faults()) {
            lookup.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_knows_the_mended_rows_too() {
        let folder = tempfile::tempdir().unwrap();
        let mended = folder.path().join("mended");
        std::fs::create_dir(&mended).unwrap();
        std::fs::write(folder.path().join("s.csv"), "nr;by\n1;a\n2;\n3;c\n3;d\n4\n").unwrap();
        let text = "system = 'o'\ntable = []\n[source.s]\nfile = 's.csv'\ndelimiter = ';'";
        let mut mapping = Mapping::parse(text, "m").unwrap();
        mapping.folder = folder.path().to_owned();
        let through = Through { source: "s".to_owned(), key: "nr".to_owned(), column: "by".to_owned() };
        let of = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Lookup>()
        };
        assert_eq!(read(&mapping, &through), Ok(of(&[("1", "a"), ("3", "d")])));
        super::super::rejects::read_from(&mut mapping, &mended);
        assert_eq!(read(&mapping, &through), Ok(of(&[("1", "a"), ("3", "d")])));
        std::fs::write(mended.join("s.csv"), "nr,by,caredb_row\n2,b,2\n").unwrap();
        mapping = Mapping::parse(text, "m").unwrap();
        mapping.folder = folder.path().to_owned();
        super::super::rejects::read_from(&mut mapping, &mended);
        assert_eq!(read(&mapping, &through), Ok(of(&[("1", "a"), ("2", "b"), ("3", "d")])));
        let wrong = read(&mapping, &Through { column: "of".to_owned(), ..through }).unwrap_err();
        assert_eq!(wrong.to_string(), "source `s` has no column `of`");
    }
}
