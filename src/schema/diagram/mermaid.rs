//! The diagram as Mermaid's `erDiagram` (its manual, "Entity Relationship Diagrams", and its grammar, `erDiagram.jison`). Pure.

use std::fmt::Write as _;

use crate::output::count;
use crate::output::plain::is_hidden;
use crate::schema::dictionary::{Column, Dictionary, Mark, Table};

/// The text, without the fence that Markdown wants around it.
#[must_use]
pub fn write(dictionary: &Dictionary) -> String {
    let names = names(&dictionary.tables);
    let name = |table: &str| {
        let at = dictionary.tables.iter().position(|other| other.name == table)?;
        names.get(at)
    };
    let mut text = "erDiagram\n".to_owned();
    let mut references = String::new();
    let mut number = 0;
    for table in &dictionary.tables {
        for reference in table.references.iter().filter(|reference| reference.database.is_none()) {
            let (Some(parent), Some(child)) = (name(&reference.to), name(&table.name)) else { continue };
            let one = if reference.is_optional { "|o" } else { "||" };
            let many = if reference.is_unique { "o|" } else { "o{" };
            let is_key =
                |name: &String| table.columns.iter().any(|column| column.name == *name && column.is(Mark::Primary));
            let line = if reference.columns.iter().all(is_key) { "--" } else { ".." };
            let columns: Vec<String> = reference.columns.iter().map(|name| quotable(name)).collect();
            // writing into a String can't fail
            let _ = writeln!(references, "    \"{parent}\" {one}{line}{many} \"{child}\" : \"{}\"", columns.join(", "));
            number += 1;
        }
    }
    let _ = writeln!(text, "    accTitle: {} and {}", count(names.len(), "table"), count(number, "reference"));
    for (table, name) in dictionary.tables.iter().zip(&names) {
        let _ = writeln!(text, "    \"{name}\" {{");
        table.columns.iter().for_each(|column| attribute(&mut text, column));
        text.push_str("    }\n");
    }
    text + &references
}

/// What each table is called: always in quotes, since `one`, `to`, `style` and others are words of the language. No two
/// tables are one.
fn names(tables: &[Table]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for table in tables {
        let mut name = quotable(&table.name);
        while names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names
}

/// A name as quotes may hold it. A space could make `direction TB` of it, which the language finds even there.
fn quotable(name: &str) -> String {
    let breaks = |letter: char| is_hidden(letter) || letter.is_whitespace() || matches!(letter, '"' | '%' | '\\' | '`');
    name.replace(breaks, "_")
}

fn attribute(text: &mut String, column: &Column) {
    let kind = kind(&column.data_type);
    let name = word(&column.name);
    let marks = column.marks.iter().map(|mark| mark.sign()).collect::<Vec<_>>().join(", ");
    let told = [(&column.name, &name), (&column.data_type, &kind)];
    let mut told: Vec<&str> =
        told.iter().filter(|(true_one, shown)| true_one != shown).map(|(is, _)| is.as_str()).collect();
    told.extend(Some(column.comment.as_str()).filter(|comment| !comment.is_empty()));
    let _ = write!(text, "        {kind} {name}");
    if !marks.is_empty() {
        let _ = write!(text, " {marks}");
    }
    if !told.is_empty() {
        // `%%{` would set how it is drawn, wherever it stands; `~` twice in a line is a generic type
        let breaks = |letter: char| is_hidden(letter) || matches!(letter, '`');
        let mut told = told.join("; ").replace('"', "'").replace(breaks, " ").replace('~', "-");
        // of three in a row, two would be left
        while told.contains("%%") {
            told = told.replace("%%", "% %");
        }
        let _ = write!(text, " \"{told}\"");
    }
    text.push('\n');
}

/// A type as one word: `decimal(10,2)` and `enum('a','b')` without their brackets.
fn kind(data_type: &str) -> String {
    let (name, length) = data_type.split_once('(').unwrap_or((data_type, ""));
    match length.split_once(')') {
        Some((digits, rest)) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{}({digits}){}", word(name), rest.replace(' ', "_"))
        }
        _ => word(name),
    }
}

/// A text as a word that stands without quotes, and is no kind of key.
fn word(text: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '\u{c0}'..='\u{ffff}');
    let word: String =
        text.chars().map(|letter| if fits(letter) && !is_hidden(letter) { letter } else { '_' }).collect();
    let first =
        word.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).next().unwrap_or_default();
    let is_key = ["pk", "fk", "uk"].iter().any(|key| first.eq_ignore_ascii_case(key));
    let begins = word.starts_with(|letter: char| !letter.is_ascii_digit() && letter != '-');
    if begins && !is_key { word } else { format!("_{word}") }
}
