//! Pages: one HTML file with all that it needs. Nothing is loaded from anywhere, and nothing runs but the page's own script.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, HtmlEscape, Output, State, UndefinedBehavior, context};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::plain::plain;
use super::{count, table};

/// A sort of page.
#[derive(Debug, Clone, Copy)]
pub struct Html {
    /// The template of its body: extends `base`.
    pub body: &'static str,
    /// Its style, behind that of all pages.
    pub style: &'static str,
    /// What runs in it; may be empty.
    pub script: &'static str,
}

const BASE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

impl Html {
    /// The page's text. `content`: what the template names. All values are texts of strangers: they are escaped, and what a reader
    /// would not see in them shows as `?`. Errors: the template is wrong.
    pub fn render(&self, title: &str, content: impl Serialize) -> Result<String, Error> {
        let mut environment = Environment::new();
        let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(escaped);
        environment.add_filter("marked", |text: String| Value::from_safe_string(marked(&text)));
        environment.add_filter("bytes", table::bytes);
        environment.add_filter("number", number);
        environment.add_filter("seconds", seconds);
        environment.add_filter("count", |number: u64, noun: String| count(number, &noun));
        environment.add_filter("anchor", |name: String| anchor(&name));
        environment.add_template("base", BASE)?;
        environment.add_template("body", self.body)?;
        let hash = BASE64_STANDARD.encode(Sha256::digest(self.script));
        environment.get_template("body")?.render(context! {
            title,
            style => Value::from_safe_string(format!("{STYLE}{}", self.style)),
            script => Value::from_safe_string(self.script.to_owned()),
            script_hash => Value::from_safe_string(format!("sha256-{hash}")),
            page => Value::from(Serde(content)),
        })
    }
}

fn escaped(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    // what a template names and is not there was refused before; undefined is an `if` that has no `else`
    if value.is_none() || value.is_undefined() {
        return Ok(());
    }
    let written = match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text),
        Some(text) => out.write_str(&escape(text)),
        None => out.write_str(&escape(&value.to_string())),
    };
    written.map_err(Error::from)
}

/// A text that is no HTML, in an element or between quotes.
fn escape(text: &str) -> String {
    // the library is careful with a `/` as well, which needs no care there, and paths are to be read
    HtmlEscape(&plain(text)).to_string().replace("&#x2f;", "/")
}

/// What stands between backticks becomes code.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}

/// `1,234,567`
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds as seconds: `2.50 s`.
fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

/// A name as a place in the page, of each name another one: letters, digits and `_` stay, what else there is becomes its number, `-2d-`.
#[must_use]
pub fn anchor(name: &str) -> String {
    let place = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '_' => letter.to_string(),
        letter => format!("-{:x}-", u32::from(letter)),
    };
    name.chars().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PAGE: Html = Html {
        body: "{% extends 'base' %}{% block body %}{{ page.text }}|{{ page.none }}|{{ page.text|marked }}|{{ page.n|number }}|{{ page.n|bytes }}{% endblock %}",
        style: "p{}",
        script: "",
    };

    #[test]
    fn what_strangers_wrote_is_text() {
        let html =
            PAGE.render("<t>", json!({ "text": "a/ `<b>'\"&\u{202e}` c", "none": null, "n": 1_234_567 })).unwrap();
        assert!(
            html.contains(
                "a/ `&lt;b&gt;&#x27;&quot;&amp;?` c||a/ <code>&lt;b&gt;&#x27;&quot;&amp;?</code> c|1,234,567|1.1 MiB"
            ),
            "{html}"
        );
        assert!(html.contains("<title>&lt;t&gt;</title>") && !html.contains("script"), "{html}");
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(PAGE.render("t", json!({ "text": "a" })).is_err());
    }

    #[test]
    fn numbers_and_places() {
        let numbers = [0, 12, 123, 1234, 123_456, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
        assert_eq!([0, 9, 70, 2500, 61_239].map(seconds), ["0.00 s", "0.00 s", "0.07 s", "2.50 s", "61.23 s"]);
        assert_eq!(["users", "my table", "a-b", "é"].map(anchor), ["users", "my-20-table", "a-2d-b", "-e9-"]);
        assert_ne!(anchor("é0"), anchor("\u{e90}"));
    }
}
