//! What really differs from run to run: processes and ports, times, the months that it is about, and sizes as InnoDB estimates
//! them. Everything else must be equal.

use std::sync::OnceLock;

use regex::Regex;

/// Pattern and stand-in. A pattern has the words around what varies, so that the same digits elsewhere count.
const VARIES: [(&str, &str); 14] = [
    (r"process \d+, port \d+", "process <pid>, port <port>"),
    (r"127\.0\.0\.1:\d+/", "127.0.0.1:<port>/"),
    // durations
    (r"(?m) +\d+ ms$", " <ms> ms"),
    (r"\bin \d+\.\d\d s\b", "in <s> s"),
    // `info`: when, and how long it took
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+  yes", "<time> <ms>  yes"),
    // months and days from today
    (r"is ready to \d{4}-\d\d,", "is ready to <month>,"),
    (r"for \d{4}-\d\d: copies nothing", "for <month>: copies nothing"),
    (r"`p_\d{4}_\d\d`", "`p_<month>`"),
    (r"LESS THAN \('\d{4}-\d\d-\d\d'\)", "LESS THAN ('<day>')"),
    (r"older than \d{4}-\d\d-\d\d\b", "older than <day>"),
    // the appointments to be archived fall into more or fewer months; their sum stands below them
    (r"(?m)(^\d{4}-\d\d  +\d+  (rows| {4}) +\d+(\.\d)? [KM]?i?B +\d+  \d+( \([^)]*\))?\n)+", "<a line a month>\n"),
    (r"rows of \d months older", "rows of <n> months older"),
    // sizes
    (r"would go, about \d+\.\d KiB;", "would go, about <size>;"),
    (r"copies \d+\.\d [KM]iB and", "copies <size> and"),
];

/// The text with stand-ins for what varies.
pub fn without_what_varies(text: &str) -> String {
    static PATTERNS: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let patterns = PATTERNS
        .get_or_init(|| VARIES.iter().map(|(pattern, by)| (Regex::new(pattern).unwrap(), *by)).collect::<Vec<_>>());
    patterns.iter().fold(text.to_owned(), |text, (pattern, by)| pattern.replace_all(&text, *by).into_owned())
}

#[test]
fn only_what_varies_may_differ() {
    let archived = "month    goes  how        size  too young  stays\n\
        2025-07     1  rows  160.0 KiB          0  0\n\
        2025-09     6  rows  137.1 KiB          0  1 (1 status)\n\
        2026-01     0              0 B          9  0\n\n\
        dry run, nothing was changed: 7 rows of 2 months older than 2025-11-24 would go, about 297.1 KiB; no run";
    let later = "month    goes  how        size  too young  stays\n\
        2025-08     7  rows  160.0 KiB          0  1 (1 status)\n\n\
        dry run, nothing was changed: 7 rows of 1 months older than 2025-11-25 would go, about 160.0 KiB; no run";
    let same = [
        ("the private server started: process 7042, port 45091", "the private server started: process 1, port 33"),
        (
            "V2   create profiles tables     2 statements     45 ms",
            "V2   create profiles tables     2 statements   1045 ms",
        ),
        (
            "16  add clinics  Partial 3/5  2026-11-24 17:01:52   12  yes",
            "16  add clinics  Partial 3/5  2027-01-01 00:00:00  112  yes",
        ),
        (archived, later),
    ];
    for (one, other) in same {
        assert_eq!(without_what_varies(one), without_what_varies(other));
    }
    let different = [
        (
            "V2   create profiles tables     2 statements     45 ms",
            "V2   create profiles tables     3 statements     45 ms",
        ),
        (
            "16  add clinics  Partial 3/5  2026-11-24 17:01:52   12  yes",
            "16  add clinics  Partial 4/5  2026-11-24 17:01:52   12  yes",
        ),
        (archived, &archived.replace("7 rows of", "8 rows of")),
        (archived, &archived.replace("too young", "young")),
        ("seed 1, until 2026-11-01, checksum a7", "seed 1, until 2026-12-01, checksum a7"),
        ("22 partitions made", "21 partitions made"),
    ];
    for (one, other) in different {
        assert_ne!(without_what_varies(one), without_what_varies(other));
    }
}
