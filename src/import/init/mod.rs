//! A first mapping from a look at files: what is certain is written, what is guessed is marked `# doubt:`, and what nobody can guess
//! `# fill in:`, without which the mapping is none. [`look`] reads; the rest is a function of what it saw. Of values, only the words of
//! columns with few of them come into the mapping.

mod column;
mod entity;
pub mod look;
mod names;
mod refer;
mod write;

#[cfg(test)]
mod tests;

pub use write::draft;

/// What was seen of a file.
#[derive(Debug, Default)]
pub struct Seen {
    /// The name of its source.
    pub name: String,
    /// Its path, from the mapping file on.
    pub file: String,
    /// How it is read, beside `file`: a key and its value in TOML.
    pub options: Vec<(&'static str, String)>,
    /// The names of its columns.
    pub header: Vec<String>,
    /// The rows that could be read, as many as were looked at; NULL is none.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows were looked at, those that could not be read with them.
    pub looked: usize,
    /// The file has more of them.
    pub more: bool,
    /// What is not certain.
    pub doubts: Vec<String>,
}

impl Seen {
    /// The values of a column that are not NULL.
    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(column)?.as_deref())
    }
}

/// A text in TOML.
fn quote(text: &str) -> String {
    // JSON's escapes are TOML's, which wants one more
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Texts, with commas between them.
fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}
