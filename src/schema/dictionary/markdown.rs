//! The dictionary as Markdown: a file a table and an index, made to be committed. Whatever names and comments hold, it is text
//! (`CommonMark`, and GitHub's tables). Pure.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::{Column, Dictionary, Key, Mark, Reference, Table};
use crate::output::plain::{is_hidden, plain};

/// The first line of each file, by which caredb knows it for its own.
pub const MARKER: &str = "<!-- written by `caredb report`; what is changed here is lost -->";
/// The file of the index, which GitHub shows with its folder.
pub const INDEX: &str = "README.md";

/// What an address does not take as it is.
const ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The files by name: the index, then the tables in the dictionary's order.
#[must_use]
pub fn files(dictionary: &Dictionary) -> Vec<(String, String)> {
    let tables = dictionary.tables.iter().map(|table| (file_name(&table.name), self::table(table)));
    std::iter::once((INDEX.to_owned(), index(dictionary))).chain(tables).collect()
}

/// So many bytes of a name are sure to be taken with an ending and with what a long one has for its end; 255 is where systems end.
const NAME_BYTES: usize = 200;

/// The file of a table: its name, with the number of what is no letter, digit, `_`, `-` or `$`. One that no folder would take begins so
/// and ends with a hash.
fn file_name(table: &str) -> String {
    let mut name = String::new();
    for (place, letter) in table.chars().enumerate() {
        let is_index = place == 0 && table.eq_ignore_ascii_case("readme");
        if !is_index && (letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$')) {
            name.push(letter);
        } else {
            let _ = write!(name, "%{:02X}", u32::from(letter)); // writing into a String can't fail
        }
    }
    if name.len() > NAME_BYTES {
        let hash: String = Sha256::digest(table).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // 40 letters are 160 bytes at the most, and `~` is in no other name
        name = name.chars().take(40).chain("~".chars()).chain(hash.chars()).collect();
    }
    name + ".md"
}

fn index(dictionary: &Dictionary) -> String {
    let mut text = format!(
        "{MARKER}\n# Data dictionary\n\nFrom the definitions in the database, without its rows. `caredb report --format markdown --check` with this folder says whether \
         it still holds.\n"
    );
    let others = |references: &[Reference], other: fn(&Reference) -> (Option<&String>, &String, String)| {
        let mut names: Vec<_> = references.iter().map(other).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|(.., link)| link).collect::<Vec<_>>().join(", ")
    };
    let tables = dictionary.tables.iter().map(|table| {
        vec![
            link(&table.name),
            others(&table.references, |reference| (reference.database.as_ref(), &reference.to, parent(reference))),
            others(&table.referred_by, |reference| (None, &reference.from, link(&reference.from))),
            words(&table.comment),
        ]
    });
    section(&mut text, "Tables", &["table", "refers to", "referred to by", "comment"], &tables.collect::<Vec<_>>());
    let programs = dictionary.programs.iter();
    let programs = programs.map(|program| vec![code(&program.name), program.kind.to_string(), words(&program.comment)]);
    section(&mut text, "Views, routines and events", &["name", "kind", "comment"], &programs.collect::<Vec<_>>());
    text
}

fn table(table: &Table) -> String {
    let mut text = format!("{MARKER}\n# {}\n\n", code(&table.name));
    if !table.comment.is_empty() {
        let _ = writeln!(text, "- Comment: {}", words(&table.comment));
    }
    let options: Vec<String> = table.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(text, "- Storage: {}", code(&options.join(" ")));
    if let Some(by) = &table.partitioned_by {
        let _ = writeln!(text, "- Partitions: by {}; `caredb partition list` says which there are", code(by));
    }
    let _ = writeln!(text, "- [All tables]({INDEX})");
    let columns = table.columns.iter().map(|column| self::column(table, column));
    section(
        &mut text,
        "Columns",
        &["column", "type", "null", "default", "key", "comment"],
        &columns.collect::<Vec<_>>(),
    );
    section(&mut text, "Keys", &["key", "kind", "over", "comment"], &table.keys.iter().map(key).collect::<Vec<_>>());
    let references = table.references.iter().map(|reference| {
        let to = format!("{} ({})", parent(reference), codes(&reference.parent_columns));
        vec![
            code(&reference.name),
            codes(&reference.columns),
            to,
            reference.on_delete.to_owned(),
            reference.on_update.to_owned(),
        ]
    });
    section(
        &mut text,
        "Refers to",
        &["foreign key", "columns", "refers to", "on delete", "on update"],
        &references.collect::<Vec<_>>(),
    );
    let referred = table.referred_by.iter().map(|reference| {
        let from = format!("{} ({})", link(&reference.from), codes(&reference.columns));
        vec![
            from,
            code(&reference.name),
            codes(&reference.parent_columns),
            reference.on_delete.to_owned(),
            reference.on_update.to_owned(),
        ]
    });
    section(
        &mut text,
        "Referred to by",
        &["table", "foreign key", "refers to", "on delete", "on update"],
        &referred.collect::<Vec<_>>(),
    );
    let checks = table.checks.iter().map(|check| {
        let enforced = if check.enforced { "yes" } else { "no" };
        vec![code(&check.name), code(&check.expression), enforced.to_owned()]
    });
    section(&mut text, "Checks", &["check", "condition", "enforced"], &checks.collect::<Vec<_>>());
    let triggers = table.triggers.iter().map(|trigger| {
        let writes = trigger.writes.iter().map(|name| link(name)).collect::<Vec<_>>().join(", ");
        vec![code(&trigger.name), trigger.fires.clone(), writes]
    });
    section(&mut text, "Triggers", &["trigger", "fires", "writes"], &triggers.collect::<Vec<_>>());
    let writers = table.written_by.iter();
    let writers = writers.map(|one| vec![link(&one.table), code(&one.trigger), one.fires.clone()]);
    section(&mut text, "Written by triggers of", &["table", "trigger", "fires"], &writers.collect::<Vec<_>>());
    text
}

fn column(table: &Table, column: &Column) -> Vec<String> {
    let mut default: Vec<String> = column.default.iter().map(|value| code(value)).collect();
    default.extend(column.extra.iter().map(|extra| code(extra)));
    let refers = table.references.iter().filter(|reference| reference.columns.contains(&column.name));
    let names = [(Mark::Primary, "primary"), (Mark::Unique, "unique")];
    let mut keys: Vec<String> =
        names.iter().filter(|(mark, _)| column.is(*mark)).map(|(_, name)| (*name).to_owned()).collect();
    keys.extend(refers.map(|reference| format!("→ {}", parent(reference))));
    vec![
        code(&column.name),
        code(&column.full_type()),
        if column.nullable { "yes" } else { "no" }.to_owned(),
        default.join(" "),
        keys.join(", "),
        words(&column.comment),
    ]
}

fn key(key: &Key) -> Vec<String> {
    let invisible = if key.invisible { ", INVISIBLE" } else { "" };
    vec![code(&key.name), format!("{}{invisible}", key.kind), codes(&key.parts), words(&key.comment)]
}

/// A heading and a table; nothing where it has no rows. A column in which nothing stands is left out.
fn section(text: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let stands: Vec<bool> = (0..head.len()).map(|at| rows.iter().any(|row| !row[at].is_empty())).collect();
    let line = |cells: Vec<&str>| {
        let cells: Vec<_> =
            cells.into_iter().zip(&stands).filter(|(_, stands)| **stands).map(|(cell, _)| cell).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut table = line(head.to_vec());
    table.push_str(&line(vec!["---"; head.len()]));
    for row in rows {
        table.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    let _ = write!(text, "\n## {title}\n\n{table}");
}

/// The name of the table that is referred to; it leads to its file where it has one.
fn parent(reference: &Reference) -> String {
    match &reference.database {
        _ if reference.is_known => link(&reference.to),
        Some(database) => format!("{}.{}", code(database), code(&reference.to)),
        None => code(&reference.to),
    }
}

/// A table's name that leads to its file.
fn link(table: &str) -> String {
    format!("[{}]({})", code(table), utf8_percent_encode(&file_name(table), ADDRESS))
}

fn codes(texts: &[String]) -> String {
    texts.iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")
}

/// A text as code, in a table or out of it.
fn code(text: &str) -> String {
    let text = plain(text).replace(['\n', '\t'], " ");
    // a backslash before a bar can't be written in a cell but by its number
    if text.contains("\\|") {
        let by_number = |letter: char| {
            if letter.is_ascii_punctuation() { format!("&#{};", u32::from(letter)) } else { letter.to_string() }
        };
        return format!("<code>{}</code>", text.chars().map(by_number).collect::<String>());
    }
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{room}{}{room}{fence}", text.replace('|', "\\|"))
}

/// A text of people as text: nothing in it is Markdown or HTML.
fn words(text: &str) -> String {
    let mut words = String::new();
    for letter in text.trim().chars() {
        match letter {
            '\n' => words.push_str("<br>"),
            '\t' => words.push(' '),
            letter if is_hidden(letter) => words.push('?'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '#' => {
                words.extend(['\\', letter]);
            }
            letter => words.push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_code_whatever_it_holds() {
        for (text, code_) in [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`a`", "`` `a` ``"),
            ("``", "``` `` ```"),
            ("a|b", "`a\\|b`"),
            ("'\\|'", "<code>&#39;&#92;&#124;&#39;</code>"),
            ("a\nb\u{202e}c", "`a b?c`"),
            ("<b>", "`<b>`"),
            ("a\\", "`a\\`"),
        ] {
            assert_eq!(code(text), code_);
        }
    }

    #[test]
    fn words_are_words_whatever_they_hold() {
        for (text, words_) in [
            ("a plain one, 10.5 %", "a plain one, 10.5 %"),
            (" # *a* _b_ `c` ~d~ ", "\\# \\*a\\* \\_b\\_ \\`c\\` \\~d\\~"),
            ("<a href=x>&lt;|\\", "\\<a href=x\\>\\&lt;\\|\\\\"),
            ("[a](b) $x$\nb\tc\u{7}", "\\[a\\](b) \\$x\\$<br>b c?"),
        ] {
            assert_eq!(words(text), words_);
        }
    }

    #[test]
    fn every_table_has_a_file_of_its_own() {
        for (table, file, address) in [
            ("users", "users.md", "users.md"),
            ("a/b c", "a%2Fb%20c.md", "a%252Fb%2520c.md"),
            ("..", "%2E%2E.md", "%252E%252E.md"),
            ("ReadMe", "%52eadMe.md", "%2552eadMe.md"),
            ("名$1", "名$1.md", "%E5%90%8D%241.md"),
        ] {
            assert_eq!(file_name(table), file);
            assert_eq!(link(table), format!("[`{table}`]({address})"));
        }
        // the longest names that MySQL takes
        assert_eq!(file_name(&"名".repeat(64)).len(), 195);
        let (one, other) = ("☃".repeat(64), "☃".repeat(63) + "☂");
        assert_eq!(file_name(&one), format!("{}~68d9d26ab0650aea.md", "%2603".repeat(8)));
        assert_ne!(file_name(&one), file_name(&other));
    }
}
