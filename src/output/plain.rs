//! Texts of strangers, such as the names of a file's columns, as a terminal may have them.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::Colours;

/// Whether a terminal takes the character for a command, or shows nothing for it: control characters, and those of Unicode that have
/// no width, turn the direction of what follows, or are no characters (XML has no U+FFFE and U+FFFF, and a name may).
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with `?` for what is hidden; line ends and tabs stay.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let harms = |letter: char| is_hidden(letter) && letter != '\n' && letter != '\t';
    if text.contains(harms) { Cow::Owned(text.replace("\r\n", "\n").replace(harms, "?")) } else { Cow::Borrowed(text) }
}

/// JSON on one line, which a person may look at: what is hidden is escaped.
#[must_use]
pub fn json(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(is_hidden) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}"); // writing into a String can't fail
            }
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// A text with the colours of its lines.
#[must_use]
pub fn in_colours(text: &str, colours: Colours) -> String {
    let mut before = None;
    let mut line = |line: &str| {
        before = colours(line, before);
        let start = line.len() - line.trim_start().len();
        let (indent, words) = line.split_at(start);
        before.map_or_else(|| line.to_owned(), |colour| format!("{indent}\x1b[{colour}m{words}\x1b[0m"))
    };
    text.split('\n').map(&mut line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_hidden() {
        for (text, shown) in [
            ("Müller\n\té€漢", "Müller\n\té€漢"),
            ("\u{1b}[31mred\u{9b}0m\u{7f}\r", "?[31mred?0m??"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "a?b?c?d?"),
            ("\u{fffd}\u{fffe}\u{ffff}", "\u{fffd}??"),
            ("a\r\nb\u{7f}\rc", "a\nb??c"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn json_hides_nothing_and_says_the_same() {
        let text = "é\u{1b}[31m\u{9b}0m\u{7f}\u{202e}\u{e0001}\r\n";
        let escaped = json(&Value::from(text));
        assert_eq!(escaped, r#""é\u001b[31m\u009b0m\u007f\u202e\udb40\udc01\r\n""#);
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
