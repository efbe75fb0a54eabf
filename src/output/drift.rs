//! Drift as people read it: marked lines, coloured on a terminal, or annotations of GitHub.

use std::fmt::Write as _;

use super::github::annotation;
use crate::schema::compare::{Drift, State};

/// Marked lines; `summary` comes last.
#[must_use]
pub fn show(drifts: &[Drift], summary: &str) -> String {
    let mut text = String::new();
    for drift in drifts {
        let mut line = |state: State, indent: &str, line: &str| {
            // writing into a String can't fail
            let _ = writeln!(text, "{indent}{} {line}", mark(state));
        };
        line(drift.state, "", &drift.object());
        for change in &drift.changes {
            line(change.state(), "    ", &change.to_string());
            for changed in change.lines() {
                let state = if changed.starts_with('-') { State::Missing } else { State::Extra };
                line(state, "        ", changed.get(2..).unwrap_or_default());
            }
        }
    }
    text + summary
}

/// Red for what is missing, green for what is extra, yellow for what is changed.
#[must_use]
pub fn colours(line: &str, _before: Option<u8>) -> Option<u8> {
    match line.trim_start().split_once(' ')?.0 {
        "-" => Some(31),
        "+" => Some(32),
        "~" => Some(33),
        _ => None,
    }
}

/// `::error title=…::…`, which GitHub shows beside a change (GitHub Docs, "Workflow commands for GitHub Actions").
#[must_use]
pub fn annotations(drifts: &[Drift], summary: &str) -> String {
    let mut text = String::new();
    for drift in drifts {
        annotate(&mut text, drift);
    }
    text + summary
}

fn mark(state: State) -> char {
    match state {
        State::Missing => '-',
        State::Extra => '+',
        State::Changed => '~',
    }
}

fn annotate(text: &mut String, drift: &Drift) {
    let title = format!("drift: {}", drift.object());
    let mut say = |message: &str| {
        let _ = writeln!(text, "{}", annotation("error", None, &title, message));
    };
    match drift.state {
        State::Missing => say("missing from the live schema"),
        State::Extra => say("in the live schema alone"),
        State::Changed => {
            for change in &drift.changes {
                let lines: String = change.lines().iter().map(|line| format!("\n{line}")).collect();
                say(&format!("{change}{lines}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plain::in_colours;
    use crate::schema::compare::{Change, Part};
    use crate::schema::introspect::Kind;

    fn drifts() -> Vec<Drift> {
        let change = |part: Option<(&'static str, &str)>,
                      attribute: Option<&str>,
                      expected: Option<&str>,
                      live: Option<&str>| Change {
            part: part.map(|(part, name)| Part { part, name: name.to_owned() }),
            attribute: attribute.map(str::to_owned),
            expected: expected.map(str::to_owned),
            live: live.map(str::to_owned),
        };
        let drift = |kind, name: &str, state, changes| Drift { kind, name: name.to_owned(), state, changes };
        vec![
            drift(
                Kind::Table,
                "t",
                State::Changed,
                vec![
                    change(Some(("column", "x")), Some("type"), Some("int"), Some("bigint")),
                    change(Some(("column", "y")), None, Some("int NULL"), None),
                    change(Some(("index", "k")), None, None, Some("KEY `k` (`x`)")),
                    change(None, Some("comment"), None, Some("'100 %'")),
                ],
            ),
            drift(Kind::View, "v", State::Missing, vec![]),
            drift(Kind::Event, "a,b", State::Extra, vec![]),
            drift(
                Kind::Procedure,
                "p",
                State::Changed,
                vec![change(None, Some("body"), Some("BEGIN\n  DO 1;\nEND"), Some("BEGIN\n  DO 2;\nEND"))],
            ),
        ]
    }

    #[test]
    fn old_and_new_stand_side_by_side() {
        assert_eq!(
            show(&drifts(), "drift: 4"),
            "~ table `t`\n    ~ column `x`: type `int` → `bigint`\n    - column `y`: missing, int NULL\n    + index `k`: extra, KEY `k` (`x`)\n    ~ comment none → `'100 %'`\n- view `v`\n+ event `a,b`\n~ procedure `p`\n    ~ body\n        -   DO 1;\n        +   DO 2;\ndrift: 4"
        );
        let coloured = in_colours(&show(&drifts()[1..3], "drift"), colours);
        assert_eq!(coloured, "\u{1b}[31m- view `v`\u{1b}[0m\n\u{1b}[32m+ event `a,b`\u{1b}[0m\ndrift");
    }

    #[test]
    fn annotations_are_one_line_each() {
        assert_eq!(
            annotations(&drifts(), "drift: 4"),
            "::error title=drift%3A table `t`::column `x`: type `int` → `bigint`\n::error title=drift%3A table `t`::column `y`: missing, int NULL\n::error title=drift%3A table `t`::index `k`: extra, KEY `k` (`x`)\n::error title=drift%3A table `t`::comment none → `'100 %25'`\n::error title=drift%3A view `v`::missing from the live schema\n::error title=drift%3A event `a%2Cb`::in the live schema alone\n::error title=drift%3A procedure `p`::body%0A-   DO 1;%0A+   DO 2;\ndrift: 4"
        );
    }
}
