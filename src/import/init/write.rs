//! The text of a first mapping.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::entity::{Entity, columns, entities};
use super::{Seen, list, quote};
use crate::output::count;

/// A mapping of these files.
#[must_use]
pub fn draft(files: &[Seen]) -> String {
    let mut text = "\
# A first mapping, made by looking at the files. What was guessed has a `# doubt:` above it; what has to be said by somebody
# who knows the other system, a `# fill in:`. See to each of them, then run `caredb import check` on this file.

# doubt: ids are made of this name, so it must not change once rows are imported
system = \"legacy\"
# doubt: moments that name no zone are taken for UTC
time_zone = \"UTC\"
"
    .to_owned();
    for seen in files {
        source(&mut text, seen);
    }
    let all = entities(files);
    let mut made: Vec<BTreeSet<usize>> = Vec::new();
    for entity in &all {
        let (lines, mut of) = columns(entity, &all);
        of.extend(entity.key.column);
        table(&mut text, entity, &lines);
        made.push(of);
    }
    for seen in files {
        let entities = all.iter().zip(&made).filter(|(entity, _)| std::ptr::eq(entity.seen, seen));
        let of: BTreeSet<usize> = entities.flat_map(|(_, of)| of).copied().collect();
        let left = (0..seen.header.len()).filter(|at| !of.contains(at)).map(|at| seen.header[at].as_str());
        let left = list(left);
        if !left.is_empty() {
            let _ = write!(text, "\n# doubt: of `{}`, nothing is made of {left}\n", seen.name);
        }
    }
    text
}

fn source(text: &mut String, seen: &Seen) {
    let rows = if seen.more {
        format!("the first {}", count(seen.looked, "row"))
    } else {
        format!("all of {}", count(seen.looked, "row"))
    };
    let _ = write!(text, "\n[source.{}]\n# looked at {rows}\n", seen.name);
    for doubt in &seen.doubts {
        let _ = writeln!(text, "# doubt: {doubt}");
    }
    let _ = writeln!(text, "file = {}", quote(&seen.file));
    for (key, value) in &seen.options {
        let _ = writeln!(text, "{key} = {value}");
    }
}

fn table(text: &mut String, entity: &Entity<'_>, lines: &[String]) {
    text.push_str("\n[[table]]\n");
    for doubt in &entity.doubts {
        let _ = writeln!(text, "# doubt: {doubt}");
    }
    if entity.into.is_none() {
        text.push_str("# fill in: the table that these are rows of\n");
    }
    let _ = writeln!(text, "into = {}\nfrom = {}", quote(entity.into.unwrap_or("?")), quote(&entity.seen.name));
    if let Some(name) = &entity.name {
        let _ = writeln!(text, "name = {}", quote(name));
    }
    for doubt in &entity.key.doubts {
        let _ = writeln!(text, "# doubt: {doubt}");
    }
    let key = entity.key.column.map(|column| quote(&entity.seen.header[column]));
    if key.is_none() {
        text.push_str("# fill in: the columns that the other system knows a row by\n");
    }
    let _ = writeln!(text, "legacy_id = [{}]\n\n[table.columns]", key.unwrap_or_default());
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
}
