//! How a file of another system is written: one `[source.NAME]` of the mapping file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

/// What to import, and how it is to be read: a file, or a query or table of a live MySQL. Everything else has a default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, relative to the mapping file. Of a live MySQL, that with its rows, once they are read.
    #[serde(default)]
    pub file: PathBuf,
    /// The URL of a live MySQL.
    #[serde(default)]
    pub url: Option<Secret>,
    /// The variable of the environment that has its URL.
    #[serde(default)]
    pub url_env: Option<String>,
    /// The query whose rows are read. ORDER BY makes them the same each time.
    #[serde(default)]
    pub query: Option<String>,
    /// The table whose rows are read, in the order of its primary key.
    #[serde(default)]
    pub table: Option<String>,
    /// The format; by default the name's extension says it.
    #[serde(default)]
    pub format: Option<Format>,
    /// A label of the WHATWG's Encoding Standard, such as `windows-1252` or `utf-16le`; UTF-8 by default.
    #[serde(default)]
    pub encoding: Option<String>,
    /// What stands between two fields, one ASCII character; a comma, or a tab in TSV, by default.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// What stands around a field, one ASCII character; `"` by default. None, in the mapping file `""`: quotes mean nothing.
    #[serde(default = "double_quote", deserialize_with = "char_or_none")]
    pub quote: Option<char>,
    /// What stands before a quote inside a quoted field, such as `\`; by default the quote is doubled.
    #[serde(default)]
    pub escape: Option<char>,
    /// The first row holds the columns' names.
    #[serde(default = "yes")]
    pub header: bool,
    /// The columns' names where there is no header; in NDJSON, keys and paths that the first 1,000 lines do not have.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Lines before the header, or before the first row.
    #[serde(default)]
    pub skip_lines: u64,
    /// The sheet of an XLSX file; needed where it has several.
    #[serde(default)]
    pub sheet: Option<String>,
    /// The texts that mean NULL, quoted or not; by default the empty one.
    #[serde(default = "empty_text")]
    pub null: Vec<String>,
    /// White space around a field goes, before it is compared with the texts that mean NULL.
    #[serde(default)]
    pub trim: bool,
    /// Fields that a spreadsheet would take for formulas have a `'` before them: rejected rows, as caredb writes them.
    #[serde(skip)]
    pub guarded: bool,
}

/// A text that does not print.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Fields between commas (RFC 4180).
    Csv,
    /// Fields between tabs.
    Tsv,
    /// A JSON object a line.
    Ndjson,
    /// A workbook of Excel since 2007.
    Xlsx,
}

impl Source {
    /// A file with nothing said but its name.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// Whether it is a live MySQL.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.query.is_some() || self.table.is_some()
    }

    /// Whether it says one thing.
    pub(super) fn check(&self) -> Result<(), String> {
        let places = [!self.file.as_os_str().is_empty(), self.query.is_some(), self.table.is_some()];
        let is_one = places.iter().filter(|said| **said).count() == 1;
        let server = Self {
            url: self.url.clone(),
            url_env: self.url_env.clone(),
            query: self.query.clone(),
            table: self.table.clone(),
            null: self.null.clone(),
            trim: self.trim,
            ..Self::default()
        };
        let wrong = match (self.is_live(), &self.url, &self.url_env) {
            _ if !is_one => "say one of `file`, `query` and `table`",
            (false, None, None) => return Ok(()),
            (false, ..) => "`url` and `url_env` belong to `query` and `table`",
            (true, None, None) | (true, Some(_), Some(_)) => {
                "`url_env` must name the variable of the environment that has the server's URL, or `url` be it"
            }
            _ if *self != server => {
                "a server says itself how its rows are written; but for `null` and `trim`, say no more"
            }
            _ => return Ok(()),
        };
        Err(wrong.to_owned())
    }

    /// What `format` says or else the extension of `path`, before a `.gz` or `.zst`. None where neither does.
    #[must_use]
    pub fn format_of(&self, path: &Path) -> Option<Format> {
        if self.format.is_some() {
            return self.format;
        }
        let inner = if compression(path).is_some() { path.file_stem().map(Path::new)? } else { path };
        match extension(inner).as_str() {
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "xlsx" => Some(Format::Xlsx),
            _ => None,
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            url: None,
            url_env: None,
            query: None,
            table: None,
            format: None,
            encoding: None,
            delimiter: None,
            quote: double_quote(),
            escape: None,
            header: true,
            columns: Vec::new(),
            skip_lines: 0,
            sheet: None,
            null: empty_text(),
            trim: false,
            guarded: false,
        }
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// How the file's name says it is compressed, if it does.
#[must_use]
pub fn compression(path: &Path) -> Option<Compression> {
    match extension(path).as_str() {
        "gz" => Some(Compression::Gzip),
        "zst" => Some(Compression::Zstd),
        _ => None,
    }
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn double_quote() -> Option<char> {
    Some('"')
}

fn yes() -> bool {
    true
}

fn empty_text() -> Vec<String> {
    vec![String::new()]
}

fn char_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (first, None) => Ok(first),
        _ => Err(serde::de::Error::custom("`quote` is one character, or `\"\"` where quotes mean nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_all_that_must_be_said() {
        let source: Source = toml::from_str("file = 'a.csv'").unwrap();
        assert_eq!(source, Source::new("a.csv"));
        assert_eq!((source.quote, source.header, source.null), (Some('"'), true, vec![String::new()]));
        let source: Source = toml::from_str("file = 'a'\nformat = 'xlsx'\nquote = ''\ndelimiter = ';'").unwrap();
        assert_eq!((source.format, source.quote, source.delimiter), (Some(Format::Xlsx), None, Some(';')));
        assert!(toml::from_str::<Source>("file = 'a'\nquote = 'ab'").is_err());
        assert!(toml::from_str::<Source>("file = 'a'\ndelimeter = ';'").is_err());
    }

    #[test]
    fn the_extension_says_the_format() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("a.CSV.gz", Some(Format::Csv)),
            ("a.tsv.zst", Some(Format::Tsv)),
            ("a.ndjson", Some(Format::Ndjson)),
            ("a.jsonl.gz", Some(Format::Ndjson)),
            ("b.xlsx", Some(Format::Xlsx)),
            ("a.txt", None),
            ("a.gz", None),
            ("csv", None),
        ] {
            assert_eq!(Source::new(name).format_of(Path::new(name)), format, "{name}");
        }
        let said = Source { format: Some(Format::Tsv), ..Source::new("a.txt") };
        assert_eq!(said.format_of(Path::new("a.txt")), Some(Format::Tsv));
    }
}
