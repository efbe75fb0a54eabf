//! Texts of strangers, such as the names of a file's columns, as a terminal may have them.

use std::borrow::Cow;

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
    if text.contains(harms) { Cow::Owned(text.replace(harms, "?")) } else { Cow::Borrowed(text) }
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
        ] {
            assert_eq!(plain(text), shown);
        }
    }
}
