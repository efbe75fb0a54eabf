//! The one place where text becomes SQL. Bulk inserts are sent as text, since a prepared statement has 65,535 values at most.

/// Appends a text as a literal, in quotes. The session's `sql_mode` has no `NO_BACKSLASH_ESCAPES`.
pub fn push_text(sql: &mut String, text: &str) {
    sql.push('\'');
    let mut rest = text;
    while let Some(place) = rest.find(['\'', '\\', '\0']) {
        sql.push_str(&rest[..place]);
        sql.push_str(match rest.as_bytes()[place] {
            b'\'' => "''",
            b'\\' => "\\\\",
            _ => "\\0",
        });
        rest = &rest[place + 1..];
    }
    sql.push_str(rest);
    sql.push('\'');
}
