//! The rules, one a file: code, reason, better way, and what to look for.

use super::{Level, Rule, allow, since};

mod add_check;
mod add_foreign_key;
mod add_unique;
mod cannot_migrate;
mod charset_change;
mod column_order;
mod definer;
mod drop_column;
mod drop_table;
mod engine_change;
mod float_money;
mod foreign_key_index;
mod inline_references;
mod long_lock;
mod missing_primary_key;
mod missing_undo;
mod mixed_ddl_dml;
mod not_null_without_default;
mod not_tried;
mod partitioning;
mod primary_key_change;
mod redundant_index;
mod rename_column;
mod rename_table;
mod several_alters;
mod statement_fails;
mod stored_generated;
mod type_change;
mod undo_not_inverse;
mod varchar_255;
mod zero_date;

#[cfg(test)]
mod case;

/// All rules about statements.
pub const RULES: [&Rule; 31] = [
    &add_check::RULE,
    &add_foreign_key::RULE,
    &add_unique::RULE,
    &cannot_migrate::RULE,
    &charset_change::RULE,
    &column_order::RULE,
    &definer::RULE,
    &drop_column::RULE,
    &drop_table::RULE,
    &engine_change::RULE,
    &float_money::RULE,
    &foreign_key_index::RULE,
    &inline_references::RULE,
    &long_lock::RULE,
    &missing_primary_key::RULE,
    &missing_undo::RULE,
    &mixed_ddl_dml::RULE,
    &not_null_without_default::RULE,
    &not_tried::RULE,
    &partitioning::RULE,
    &primary_key_change::RULE,
    &redundant_index::RULE,
    &rename_column::RULE,
    &rename_table::RULE,
    &several_alters::RULE,
    &statement_fails::RULE,
    &stored_generated::RULE,
    &type_change::RULE,
    &undo_not_inverse::RULE,
    &varchar_255::RULE,
    &zero_date::RULE,
];

/// A file that can't be read.
pub const UNREADABLE: Rule = Rule::of_files(
    "unreadable-file",
    Level::Error,
    "nothing of it could be looked at, and `migrate` would stop before it",
    "mend the file where the message says",
);

/// The codes of all rules, those about files as well.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let of_files = [
        UNREADABLE.code,
        allow::WITHOUT_REASON.code,
        allow::UNKNOWN.code,
        allow::UNUSED.code,
        since::COLLIDES.code,
        since::BELOW.code,
    ];
    RULES.iter().map(|rule| rule.code).chain(of_files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
    }
}
