//! Passwords in what is printed: whoever types a URL in the wrong place would find it in the message about that.

use std::borrow::Cow;

/// The text with `…` for the passwords of URLs in it.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("://") {
        // a password that is not percent-encoded may hold any of `/?#@:`
        let url = behind.split(|letter: char| letter.is_whitespace() || matches!(letter, '`' | '\'' | '"')).next();
        let password = url.and_then(|url| {
            let (login, _) = url.rsplit_once('@')?;
            let colon = login.find(':')?;
            // the word that stands for one where caredb says how to write a URL
            (&login[colon + 1..] != "password").then_some((colon + 1, login.len()))
        });
        shown.push_str(before);
        shown.push_str("://");
        rest = behind;
        if let Some((from, to)) = password {
            shown.push_str(&behind[..from]);
            shown.push('…');
            rest = &behind[to..];
        }
    }
    if shown.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(shown + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_all_but_its_password() {
        for (text, shown) in [
            ("no url: a@b", "no url: a@b"),
            ("see `mysql://u:secret@h/d?a=b`, or so", "see `mysql://u:…@h/d?a=b`, or so"),
            ("mysql://u:s/e?c#r@e:t@h/d", "mysql://u:…@h/d"),
            ("mysql://u@h:3306/d", "mysql://u@h:3306/d"),
            ("mysql://h:3306/d at x@y", "mysql://h:3306/d at x@y"),
            ("'a://u:x@h' \"b://v:y@i\" c://", "'a://u:…@h' \"b://v:…@i\" c://"),
            ("mysql://u:@h", "mysql://u:…@h"),
            ("write `mysql://user:password@host/d`", "write `mysql://user:password@host/d`"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
