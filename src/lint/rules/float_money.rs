//! `float-money`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::Column;

/// Money in a binary fraction.
pub const RULE: Rule = Rule {
    code: "float-money",
    level: Level::Error,
    why: "FLOAT and DOUBLE hold no 0.10: sums are off by cents, and `=` finds nothing",
    better: "DECIMAL(10,2), or whole cents in a BIGINT",
    in_undo: false,
    find,
};

/// Words in the names of columns that hold money.
const MONEY: [&str; 21] = [
    "amount", "balance", "bill", "bills", "charge", "cost", "credit", "debit", "deposit", "discount", "fee", "fees",
    "paid", "payment", "price", "refund", "salary", "tax", "total", "turnover", "wage",
];

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for touched in scene.touched() {
        let Some(after) = &touched.after else { continue };
        // a table that gets another name is named twice
        let was = |column: &Column| {
            let mut before = scene.touched().filter_map(|table| table.before.as_ref());
            before.any(|table| table.column(column.name.as_str()).is_some_and(is_float))
        };
        let money = after.columns.iter().filter(|column| is_float(column) && is_money(column) && !was(column));
        hits.extend(
            money.map(|column| {
                Hit::on(&touched.name, format!("keeps money in {}, a `{}`", column.name, column.data_type))
            }),
        );
    }
    hits
}

fn is_float(column: &Column) -> bool {
    column.data_type.starts_with("float") || column.data_type.starts_with("double")
}

fn is_money(column: &Column) -> bool {
    let name = column.name.as_str().to_lowercase();
    name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| MONEY.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn money_is_decimal() {
        let make = |columns: &str| alter("CREATE TABLE t (…)", "", columns).finds(&RULE);
        assert_eq!(make("`unit_price` double"), ["t: keeps money in `unit_price`, a `double`"]);
        assert_eq!(make("`BLL_AMOUNT` float DEFAULT NULL").len(), 1);
        for columns in ["`price` decimal(10,2)", "`weight` float", "`feeling` double", "`price_cents` bigint"] {
            assert!(make(columns).is_empty(), "{columns}");
        }
        let old = "`fee` double";
        assert!(alter("ALTER TABLE t ADD x INT", old, "`fee` double,\n`x` int").finds(&RULE).is_empty());
        assert!(alter("RENAME TABLE t TO u", old, "").touches(0, "u", "", old).finds(&RULE).is_empty());
        assert_eq!(alter("ALTER TABLE t MODIFY fee DOUBLE", "`fee` int", old).finds(&RULE).len(), 1);
    }
}
