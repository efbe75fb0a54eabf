//! What this binary was built of, as `build.rs` found it.

use chrono::DateTime;

/// Name and value of each fact, for `caredb --version --verbose`. What the build did not know is `unknown`; only a release asks git.
#[must_use]
pub fn facts() -> [(&'static str, String); 5] {
    [
        ("commit", env!("CAREDB_COMMIT").to_owned()),
        ("date", date(env!("CAREDB_DATE"))),
        ("target", env!("CAREDB_TARGET").to_owned()),
        ("rustc", env!("CAREDB_RUSTC").to_owned()),
        ("profile", env!("CAREDB_PROFILE").to_owned()),
    ]
}

/// Seconds since 1970 as a date in UTC.
fn date(seconds: &str) -> String {
    let date = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    date.map_or_else(|| "unknown".to_owned(), |date| date.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn a_date_is_shown_where_there_is_one() {
        let cases = [
            ("1795742537", "2026-11-27 01:22:17 UTC"),
            ("0", "1970-01-01 00:00:00 UTC"),
            ("unknown", "unknown"),
            ("", "unknown"),
            ("99999999999999999", "unknown"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(date(seconds), shown);
        }
    }
}
