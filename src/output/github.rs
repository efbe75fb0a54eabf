//! Annotations, which GitHub shows beside a change (GitHub Docs, "Workflow commands for GitHub Actions").

/// An annotation on one line. `level`: `error` or `warning`; `place`: file and line, where it has one.
#[must_use]
pub fn annotation(level: &str, place: Option<(&str, usize)>, title: &str, message: &str) -> String {
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let place = place.map(|(file, line)| format!("file={},line={line},", property(file))).unwrap_or_default();
    format!("::{level} {place}title={}::{}", property(title), escape(message))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_property_or_a_line_is_escaped() {
        assert_eq!(
            annotation("warning", Some(("a,b/V1__x.sql", 7)), "lint: x", "50%\nof it: all"),
            "::warning file=a%2Cb/V1__x.sql,line=7,title=lint%3A x::50%25%0Aof it: all"
        );
        assert_eq!(annotation("error", None, "t", "m"), "::error title=t::m");
    }
}
