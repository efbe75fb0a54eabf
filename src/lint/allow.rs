//! What a file says that it means: `-- caredb: allow CODE reason` in the comments before a statement, or, before the first one, for
//! the whole file. A reason is required, and an allowance that nothing needs is a finding itself.

use super::file::File;
use super::{Finding, Level, Rule, rules};
use crate::db::ident::nearest;

/// One allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The rule's code.
    pub code: String,
    /// Why the rule does not matter here; empty where nothing is said.
    pub reason: String,
    /// The line of the file on which it stands.
    pub line: usize,
}

/// Reads the allowances in the text before a statement that begins on line `line`.
#[must_use]
pub fn allowances(comments: &str, line: usize) -> Vec<Allowance> {
    let first = line - comments.matches('\n').count();
    let read = |(number, text): (usize, &str)| {
        let said = text.trim().strip_prefix("-- caredb: allow ")?.trim();
        let (code, reason) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
        Some(Allowance {
            code: code.trim_end_matches([':', ',']).to_owned(),
            reason: reason.trim().to_owned(),
            line: first + number,
        })
    };
    comments.split('\n').enumerate().filter_map(read).collect()
}

/// An allowance that says no reason.
pub const WITHOUT_REASON: Rule = Rule::of_files(
    "allowance-without-reason",
    Level::Error,
    "whoever reads the file later can't tell why the rule does not matter here",
    "write the reason behind the code: `-- caredb: allow drop-column the application has not read it since 4.2`",
);

/// An allowance of a rule that there is not.
pub const UNKNOWN: Rule =
    Rule::of_files("unknown-code", Level::Error, "it allows nothing", "write the code as the finding shows it");

/// An allowance that nothing needs.
pub const UNUSED: Rule = Rule::of_files(
    "unused-allowance",
    Level::Warning,
    "it would hide the next finding of that code, which nobody has looked at",
    "remove it",
);

/// Takes from a file's findings those that it allows, and adds those about its allowances.
#[must_use]
pub fn apply(file: &File, findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept = Vec::new();
    let mut used: Vec<&Allowance> = Vec::new();
    for finding in findings {
        match allowance(file, &finding) {
            Some(allowance) => used.push(allowance),
            None => kept.push(finding),
        }
    }
    for allowance in file.notes.iter().flat_map(|note| &note.allowances) {
        let Allowance { code, reason, line } = allowance;
        let (rule, what) = if !rules::codes().any(|known| known == code) {
            let near =
                nearest(code, rules::codes()).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            (&UNKNOWN, format!("there is no rule `{code}`{near}"))
        } else if reason.is_empty() {
            (&WITHOUT_REASON, format!("`{code}` is allowed without a reason"))
        } else if !used.contains(&allowance) {
            (&UNUSED, format!("`{code}` is allowed, and nothing here needs it"))
        } else {
            continue;
        };
        kept.push(rule.finding(&file.path, *line, String::new(), what));
    }
    kept.sort_by_key(|finding| finding.line);
    kept
}

/// The allowance that covers a finding: one before its statement, or the file's own.
fn allowance<'a>(file: &'a File, finding: &Finding) -> Option<&'a Allowance> {
    let before = |(index, _): &(usize, _)| {
        *index == 0 || file.script.statements.get(*index).is_some_and(|statement| statement.line == finding.line)
    };
    let covering = file.notes.iter().enumerate().filter(before).flat_map(|(_, note)| &note.allowances);
    covering.into_iter().find(|allowance| allowance.code == finding.code && !allowance.reason.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::file::Kind;
    use crate::migrate::placeholder::Placeholders;

    #[test]
    fn a_finding_is_allowed_where_a_reason_is_said() {
        let text = "-- of the file\n-- caredb: allow drop-table it is a copy\nDROP TABLE a;\n\n\
                    -- caredb: allow drop-column nobody reads it\nALTER TABLE b DROP x;\nALTER TABLE c DROP x;\n\
                    -- caredb: allow rename-column\n-- caredb: allow drop-colum why\n-- caredb: allow definer: it is us\n\
                    ALTER TABLE d RENAME COLUMN x TO y";
        let file =
            File::read(Kind::Up(1), "V1__a.sql".to_owned(), String::new(), text.as_bytes(), &Placeholders::default());
        let rule = |code| *rules::RULES.iter().find(|rule| rule.code == code).unwrap();
        let finding = |code, line: usize| rule(code).finding("V1__a.sql", line, String::new(), "found".to_owned());
        let findings = vec![
            finding("drop-table", 3),
            finding("drop-table", 6),
            finding("drop-column", 6),
            finding("drop-column", 7),
            finding("rename-column", 11),
        ];
        let left: Vec<String> = apply(&file, findings)
            .iter()
            .map(|finding| format!("{} {} {}", finding.line, finding.code, finding.what))
            .collect();
        assert_eq!(
            left,
            [
                "7 drop-column found",
                "8 allowance-without-reason `rename-column` is allowed without a reason",
                "9 unknown-code there is no rule `drop-colum`, did you mean `drop-column`?",
                "10 unused-allowance `definer` is allowed, and nothing here needs it",
                "11 rename-column found",
            ]
        );
    }
}
