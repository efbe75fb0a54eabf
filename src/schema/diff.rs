//! What differs between two schemas, line by line. Pure.

use std::collections::BTreeSet;
use std::fmt;

use similar::{ChangeTag, TextDiff};

use super::introspect::{Kind, Schema};

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The lines of its definition that differ, with `-` for the first schema and `+` for the second.
    pub lines: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// The objects that differ, by kind and name; empty where the schemas are equal.
#[must_use]
pub fn diff(before: &Schema, after: &Schema) -> Vec<Difference> {
    let keys: BTreeSet<_> = before.definitions.keys().chain(after.definitions.keys()).collect();
    let difference = |key| {
        let (before, after) = (before.definitions.get(key), after.definitions.get(key));
        let (kind, name) = key;
        (before != after).then(|| Difference {
            kind: *kind,
            name: name.as_str().to_owned(),
            lines: lines(*kind, before.map_or("", String::as_str), after.map_or("", String::as_str)),
        })
    };
    keys.into_iter().filter_map(difference).collect()
}

fn lines(kind: Kind, before: &str, after: &str) -> Vec<String> {
    let changed = |before: &str, after: &str| -> Vec<String> {
        TextDiff::from_lines(before, after)
            .iter_all_changes()
            .filter(|change| change.tag() != ChangeTag::Equal)
            .map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n')))
            .collect()
    };
    if kind == Kind::Table {
        // the comma behind a column or key says only that it is not the last
        let without_commas = |text: &str| text.replace(",\n", "\n");
        let lines = changed(&without_commas(before), &without_commas(after));
        if !lines.is_empty() {
            return lines;
        }
    }
    changed(before, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ident::Ident;

    fn schema(objects: &[(Kind, &str, &str)]) -> Schema {
        let definition =
            |&(kind, name, text): &(Kind, &str, &str)| ((kind, Ident::new(name).unwrap()), text.to_owned());
        Schema { definitions: objects.iter().map(definition).collect() }
    }

    fn shown(before: &[(Kind, &str, &str)], after: &[(Kind, &str, &str)]) -> String {
        let differences = diff(&schema(before), &schema(after));
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    const TABLE: &str = "CREATE TABLE `a` (\n  `x` int,\n  KEY `one` (`x`),\n  KEY `two` (`x`)\n) ENGINE=InnoDB";

    #[test]
    fn equal_schemas_have_no_difference() {
        let both = [(Kind::Table, "a", TABLE), (Kind::View, "v", "CREATE VIEW")];
        assert_eq!(shown(&both, &both), "");
    }

    #[test]
    fn only_the_lines_that_differ_are_shown() {
        let cases = [
            ("  KEY `one` (`x`),\n  KEY `two` (`x`)\n", "  KEY `one` (`x`)\n", "-  KEY `two` (`x`)"),
            (
                "  KEY `one` (`x`),\n  KEY `two` (`x`)\n",
                "  KEY `two` (`x`),\n  KEY `one` (`x`)\n",
                "+  KEY `two` (`x`)\n-  KEY `two` (`x`)",
            ),
            (") ENGINE=InnoDB", ") ENGINE=InnoDB COMMENT='b'", "-) ENGINE=InnoDB\n+) ENGINE=InnoDB COMMENT='b'"),
            // nothing but a comma: not what a server would say, but never passed over
            ("  `x` int,\n", "  `x` int\n", "-  `x` int,\n+  `x` int"),
        ];
        for (old, new, expected) in cases {
            let after = TABLE.replace(old, new);
            let shown = shown(&[(Kind::Table, "a", TABLE)], &[(Kind::Table, "a", &after)]);
            assert_eq!(shown, format!("table `a`\n{expected}"));
        }
    }

    #[test]
    fn what_is_on_one_side_only_is_shown_whole() {
        let table = (Kind::Table, "a", "CREATE TABLE `a` (\n  `x` int\n)");
        let view = (Kind::View, "a", "CREATE VIEW `a` AS SELECT 1");
        assert_eq!(
            shown(&[table], &[view]),
            "table `a`\n-CREATE TABLE `a` (\n-  `x` int\n-)\nview `a`\n+CREATE VIEW `a` AS SELECT 1"
        );
    }
}
