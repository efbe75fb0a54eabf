//! What `import` knows of the tables beside what a migrated database says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::import::migrated;

/// The table that has a table's unique keys and references beside itself.
fn beside(table: &str) -> String {
    if table == "appointments" { "'appointments', 'appointment_keys'".to_owned() } else { format!("'{table}'") }
}

#[test]
fn the_tables_are_those_of_a_migrated_database() {
    let test = migrated("import_tables");
    let tables: BTreeMap<String, Value> = serde_json::from_str(include_str!("../../src/import/tables.json")).unwrap();
    for (name, table) in &tables {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let flag = |value: &Value| u8::from(value.as_bool().unwrap());
        let columns: Vec<String> = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                format!(
                    "{}|{}|{}|{}",
                    text(&column["name"]),
                    text(&column["type"]),
                    flag(&column["null"]),
                    flag(&column["default"])
                )
            })
            .collect();
        let live = test.rows(&format!(
            "SELECT column_name, column_type, is_nullable = 'YES', column_default IS NOT NULL FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = '{name}' AND generation_expression = '' ORDER BY ordinal_position"
        ));
        assert_eq!(columns, live, "{name}");

        let references: Vec<String> = table["references"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(column, other)| format!("{column}|{}", text(other)))
            .collect();
        let live = test.rows(&format!(
            "SELECT DISTINCT column_name, IF(referenced_table_name = 'appointment_keys', 'appointments', referenced_table_name)
             FROM information_schema.key_column_usage
             WHERE table_schema = DATABASE() AND table_name IN ({}) AND referenced_table_name IS NOT NULL ORDER BY 1", beside(name)
        ));
        assert_eq!(references, live, "{name}");

        // the key of the booking reference with the day is none that `appointment_keys` does not hold
        let unique: BTreeSet<String> = table["unique"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unique| {
                let columns: Vec<String> = unique["columns"].as_array().unwrap().iter().map(text).collect();
                let unless = unique.get("unless").map(|unless| {
                    let words: Vec<String> = unless["is"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|word| format!(r"_utf8mb4\'{}\'", text(word)))
                        .collect();
                    format!(",if((`{}` in ({})),NULL,1)", text(&unless["column"]), words.join(","))
                });
                format!("{}|{}{}", text(&unique["name"]), columns.join(","), unless.unwrap_or_default())
            })
            .collect();
        let live: BTreeSet<String> = test.rows(&format!(
            "SELECT index_name, GROUP_CONCAT(COALESCE(column_name, expression) ORDER BY seq_in_index) FROM information_schema.statistics
             WHERE table_schema = DATABASE() AND table_name IN ({}) AND non_unique = 0 AND index_name NOT IN ('PRIMARY', 'uk_appointments_booking_reference')
             GROUP BY table_name, index_name", beside(name)
        )).into_iter().collect();
        assert_eq!(unique, live, "{name}");
    }
}
