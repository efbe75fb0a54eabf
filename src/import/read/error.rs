//! What can be wrong with a file, or with one row of it. [`CODES`] is the table of both.

/// Every code of a [`ReadError`] and of a [`Fault`](super::Fault), and what it means. The codes stay as they are: rejects
/// files and scripts hold them.
pub const CODES: &[(&str, &str)] = &[
    // the file can't be read, or not further
    ("bad-compression", "the file is compressed in another way than its name says, or its compressed data is damaged"),
    ("bad-header", "the header row itself is malformed: see the faults of rows"),
    ("bad-manifest", "the manifest beside the file can't be read, or names another file"),
    ("bad-option", "an option of the source means nothing for this format, or contradicts another"),
    ("bad-xlsx", "the file is no XLSX workbook, or a part of it is missing or malformed"),
    ("blank-header", "a column has no name"),
    ("duplicate-header", "two columns have one name"),
    ("empty-file", "there is nothing in the file"),
    ("file-changed", "somebody wrote to the file while it was read"),
    ("manifest-differs", "the file is not the one that was exported, by the length or the SHA-256 of its manifest"),
    ("manifest-rows", "another number of rows was read than was exported, by its manifest"),
    ("merged-cells", "the sheet has merged cells, so it is not known which rows a value is of"),
    ("no-access", "the file may not be read"),
    ("no-header", "there is no header row, or in NDJSON no object in the first 1,000 lines"),
    ("no-such-sheet", "the workbook has no such sheet, or several and none was named"),
    ("not-a-file", "the path is a directory, a device or a pipe"),
    ("not-found", "there is no such file"),
    ("read-failed", "the system could not read the file"),
    ("too-large", "an XLSX file of more than 256 MiB, unpacked"),
    ("too-many-columns", "more than 4,096 columns"),
    ("truncated-gzip", "the gzip file ends too early"),
    ("truncated-zstd", "the Zstandard file ends too early"),
    ("unclosed-quote", "a quoted field has no end"),
    ("unknown-encoding", "there is no such encoding, or none that can be read"),
    ("unknown-format", "neither the name nor `format` says what kind of file it is"),
    ("wrong-encoding", "the file is written in another encoding than the one declared"),
    // a row is rejected, and the rows after it are read
    (
        "bad-cell",
        "an XLSX cell with an error, without its formula's value, or with a value that Excel has not kept whole",
    ),
    ("bad-encoding", "bytes that are no text in the file's encoding"),
    ("bad-escape", "the escape character before something else than a quote or itself, or outside quotes"),
    ("bad-json", "the line is no JSON object"),
    ("duplicate-key", "a JSON object has a key twice, or two keys that make one column's name"),
    ("field-too-long", "a field of more than 1 MiB, or a row of more than 16 MiB"),
    ("nested-too-deep", "JSON in more than 64 levels"),
    ("nul-byte", "a NUL character"),
    ("ragged-row", "another number of fields than the header's"),
    ("stray-quote", "a quote inside an unquoted field, or text behind a closing quote"),
    ("stray-return", "a row that ends by another kind of line end than the first: a field may have been cut in two"),
    ("unknown-key", "a key that is not among the columns"),
];

/// Why a file can't be read, or not further. Displays as one line: the file, the line, what is wrong and the cure, and
/// no value of the file; sheets are named, and the columns by number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`{}: {detail}", .line.map(|line| format!(" line {line}")).unwrap_or_default())]
pub struct ReadError {
    code: &'static str,
    /// The file's path.
    pub file: String,
    /// The line that it is about, the first being 1; where there is one.
    pub line: Option<u64>,
    /// What is wrong, and the cure.
    pub detail: String,
}

impl ReadError {
    pub(in crate::import) fn new(code: &'static str, file: &str, detail: impl Into<String>) -> Self {
        Self { code, file: file.to_owned(), line: None, detail: detail.into() }
    }

    pub(super) fn at(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    /// What the system says when a file is opened or read.
    pub(in crate::import) fn io(file: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::new("not-found", file, "there is no such file; correct `file` of the source"),
            ErrorKind::PermissionDenied => {
                Self::new("no-access", file, "you may not read the file; ask its owner, or copy it")
            }
            _ => Self::new(
                "read-failed",
                file,
                format!("{}; look at the file, then run again", error.to_string().to_lowercase()),
            ),
        }
    }

    /// The stable code, one of [`CODES`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A code that is used and not in the table, or the other way round, is a mistake.
    #[test]
    fn the_table_of_codes_is_complete() {
        let sources = [
            include_str!("mod.rs"),
            include_str!("error.rs"),
            include_str!("input.rs"),
            include_str!("text.rs"),
            include_str!("csv.rs"),
            include_str!("dialect.rs"),
            include_str!("ndjson.rs"),
            include_str!("json.rs"),
            include_str!("record.rs"),
            include_str!("xlsx.rs"),
            include_str!("workbook.rs"),
            include_str!("cell.rs"),
            include_str!("../manifest.rs"),
        ];
        let code = regex::Regex::new(r#"(?:fault|fail|new|error|xml|Bad)\(\s*"([a-z]+(?:-[a-z]+)+)""#).unwrap();
        let mut used = BTreeSet::new();
        for source in sources {
            let (source, _) = source.split_once("#[cfg(test)]\nmod tests {").unwrap_or((source, ""));
            used.extend(code.captures_iter(source).map(|captures| captures.extract::<1>().1[0]));
        }
        let documented: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(used, documented);
        assert_eq!(documented.len(), CODES.len());
    }

    #[test]
    fn a_message_says_file_line_and_cure() {
        let error = ReadError::new("unclosed-quote", "visits.csv", "the quote has no end; close it").at(3);
        assert_eq!(error.to_string(), "`visits.csv` line 3: the quote has no end; close it");
    }
}
