//! Keeps spreadsheets from taking the values of strangers for formulas (OWASP, "CSV Injection"): a `'` before them, which caredb takes
//! away again when it reads the file.

/// Whether a field has to have a `'` before it: a formula, or what would be taken for one that has its guard. A number is none.
#[must_use]
pub fn is_formula(field: &[u8]) -> bool {
    match begins(field) {
        Some(0) => !field[1..].iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b' ')),
        begins => begins.is_some(),
    }
}

/// Whether the first `'` of a field is its guard.
#[must_use]
pub fn is_guarded(field: &[u8]) -> bool {
    begins(field).is_some_and(|guards| guards > 0)
}

/// How many `'` stand before a letter by which a formula begins; none where it is another letter.
fn begins(field: &[u8]) -> Option<usize> {
    let guards = field.iter().take_while(|byte| **byte == b'\'').count();
    matches!(field.get(guards)?, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n').then_some(guards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_names_stay_as_they_are() {
        for (field, guarded) in [
            ("=1+1", true),
            ("@SUM(A1)", true),
            ("+cmd|' /C calc'!A0", true),
            ("-1-2", true),
            ("\t=1", true),
            ("'=1", true),
            ("=", false),
            ("-5", false),
            ("-1.250,50", false),
            ("+49 30 123456", false),
            ("-", false),
            ("'t Hooft", false),
            ("a=b", false),
            ("", false),
        ] {
            assert_eq!(is_formula(field.as_bytes()), guarded, "{field}");
        }
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(field in "['=+@\t\r\n\\-1a ]{0,6}") {
            let mut written = field.clone().into_bytes();
            if is_formula(&written) {
                written.insert(0, b'\'');
            }
            let read = &written[usize::from(is_guarded(&written))..];
            prop_assert_eq!(read, field.as_bytes());
        }
    }
}
