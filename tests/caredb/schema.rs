//! The migrations against the owner's specification.

use crate::support::{Test, people};

/// One table's `SHOW CREATE`, as lines that can be compared: names that the server or we chose are left out,
/// and lines that are the same on both sides in another order are sorted.
fn comparable(create: &str) -> Vec<String> {
    let (_, create) = create.split_once('|').unwrap();
    let unnamed = |line: &str| {
        let line = line.trim().trim_end_matches(',').to_owned();
        // the specification names no foreign key, no CHECK and no single-column unique key
        if let Some(rest) = line.strip_prefix("CONSTRAINT ") {
            return rest.split_once("` ").unwrap().1.to_owned();
        }
        if line.starts_with("UNIQUE KEY") && !line.contains(',') {
            return format!("UNIQUE {}", &line[line.find('(').unwrap()..]);
        }
        line
    };
    let mut lines: Vec<String> = create.lines().map(unnamed).collect();
    lines.sort();
    lines
}

/// The indexes that foreign keys made by themselves in the specification, and that have a name of ours.
const FOREIGN_KEY_INDEXES: [(&str, &str, &str); 5] = [
    ("appointments", "KEY `cancelled_by` (`cancelled_by`)", "KEY `idx_appointment_cancelled_by` (`cancelled_by`)"),
    (
        "appointments",
        "KEY `rescheduled_from` (`rescheduled_from`)",
        "KEY `idx_appointment_rescheduled_from` (`rescheduled_from`)",
    ),
    (
        "prescriptions",
        "KEY `consultation_id` (`consultation_id`)",
        "KEY `idx_prescription_consultation` (`consultation_id`)",
    ),
    ("medical_records", "KEY `uploaded_by` (`uploaded_by`)", "KEY `idx_record_uploaded_by` (`uploaded_by`)"),
    ("reviews", "KEY `patient_id` (`patient_id`)", "KEY `idx_review_patient` (`patient_id`)"),
];

#[test]
fn thirteen_tables_are_the_specification() {
    let specified = Test::new("schema_specified");
    specified.sql(include_str!("specification.sql"));
    let migrated = Test::new("schema_migrated");
    migrated.ok("migrate --to 11");
    let (specified, migrated) = (specified.schema(), migrated.schema());
    assert_eq!(migrated.len(), 13);
    for (specified, migrated) in specified.iter().zip(&migrated) {
        let mut expected = comparable(specified);
        for (table, auto, named) in FOREIGN_KEY_INDEXES {
            if specified.starts_with(&format!("{table}|")) {
                let line = expected.iter_mut().find(|line| line.as_str() == auto).unwrap();
                *line = named.to_owned();
            }
        }
        expected.sort();
        assert_eq!(comparable(migrated), expected);
    }
}

#[test]
fn columns_keep_their_order() {
    let columns = "SELECT table_name, column_name, column_type, is_nullable, column_default, extra FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name NOT IN ('flyway_schema_history', 'caredb_journal', 'caredb_seed')
        ORDER BY table_name, ordinal_position";
    let specified = Test::new("columns_specified");
    specified.sql(include_str!("specification.sql"));
    let migrated = Test::new("columns_migrated");
    // V13 adds a table beside those of the specification
    migrated.ok("migrate --to 12");
    let before = migrated.rows(columns);
    assert_eq!(before, specified.rows(columns));
    migrated.ok("migrate --to 13");
    let after: Vec<_> =
        migrated.rows(columns).into_iter().filter(|column| !column.starts_with("appointment_keys|")).collect();
    assert_eq!(after, before);
}

#[test]
fn every_constraint_has_a_name_of_ours() {
    let test = Test::new("schema_names");
    test.ok("migrate");
    let names = test.rows(
        "SELECT constraint_name FROM information_schema.table_constraints
         WHERE table_schema = DATABASE() AND constraint_name NOT LIKE 'fk\\_%' AND constraint_name NOT LIKE 'chk\\_%'
           AND constraint_name NOT LIKE 'uk\\_%' AND constraint_name <> 'PRIMARY' AND table_name <> 'flyway_schema_history'
         UNION
         SELECT index_name FROM information_schema.statistics
         WHERE table_schema = DATABASE() AND index_name NOT LIKE 'idx\\_%' AND index_name NOT LIKE 'uk\\_%'
           AND index_name <> 'PRIMARY' AND table_name <> 'flyway_schema_history'",
    );
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn every_rollback_restores_the_schema_before() {
    let test = Test::new("schema_undo");
    for version in 1..=13 {
        let before = test.schema();
        test.ok(&format!("migrate --to {version}"));
        let after = test.schema();
        assert_ne!(before, after, "V{version} changes nothing");
        test.ok("rollback");
        assert_eq!(test.schema(), before, "U{version}");
        test.ok(&format!("migrate --to {version}"));
        assert_eq!(test.schema(), after, "V{version} the second time");
    }
}

fn book(reference: &str, start: &str, end: &str, status: &str) -> String {
    format!(
        "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee)
         VALUES ('{reference}', 'p1', 'd1', '2026-03-02', '{start}', '{end}', 'VIDEO', '{status}', 10)"
    )
}

#[test]
fn two_live_appointments_never_share_a_slot() {
    let test = Test::new("slots");
    test.ok("migrate");
    people(&test);
    for (number, status) in ["SCHEDULED", "CONFIRMED", "IN_PROGRESS", "COMPLETED"].iter().enumerate() {
        let start = format!("{:02}:00", 8 + number);
        let end = format!("{:02}:30", 8 + number);
        test.sql(&book(&format!("a{number}"), &start, &end, status));
        for live in ["SCHEDULED", "CONFIRMED", "IN_PROGRESS", "COMPLETED"] {
            assert_eq!(test.error(&book("other", &start, &end, live)), 1062, "{live} on {status}");
        }
        for free in ["CANCELLED", "NO_SHOW"] {
            test.sql(&book(&format!("{number}{free}1"), &start, &end, free));
            test.sql(&book(&format!("{number}{free}2"), &start, &end, free));
        }
    }
    // a cancellation frees the slot, and the way back is closed once another has it
    test.sql("UPDATE appointments SET status = 'CANCELLED' WHERE booking_reference = 'a0'");
    test.sql(&book("new", "08:00", "08:30", "SCHEDULED"));
    assert_eq!(test.error("UPDATE appointments SET status = 'SCHEDULED' WHERE booking_reference = 'a0'"), 1062);
}

#[test]
fn times_and_dates_run_forwards() {
    let test = Test::new("times");
    test.ok("migrate");
    people(&test);
    assert_eq!(test.error(&book("x", "09:00", "09:00", "SCHEDULED")), 3819);
    assert_eq!(test.error(&book("x", "09:00", "08:59:59", "SCHEDULED")), 3819);
    assert_eq!(test.error("INSERT INTO time_slots (doctor_id, day_of_week, start_time, end_time) VALUES ('d1', 'MONDAY', '09:00', '08:00')"), 3819);
    assert_eq!(test.error("INSERT INTO doctor_unavailability (doctor_id, start_date, end_date) VALUES ('d1', '2026-01-02', '2026-01-01')"), 3819);
    test.sql(
        "INSERT INTO doctor_unavailability (doctor_id, start_date, end_date) VALUES ('d1', '2026-01-02', '2026-01-02')",
    );
}
