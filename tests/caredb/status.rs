//! `status`

use insta::assert_snapshot;

use crate::support::Test;

/// Sizes and the server's version differ from server to server.
fn status(test: &Test) -> String {
    let text = test.run("status");
    let text = regex::Regex::new(r"MySQL [\w.-]+").unwrap().replace_all(&text, "MySQL <version>").into_owned();
    regex::Regex::new(r" +\d+ +\d+\.\d \wiB +\d+(\.\d \wiB| B)").unwrap().replace_all(&text, " <size>").into_owned()
}

#[test]
fn says_how_the_database_is() {
    let test = Test::new("status");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  none of 15: nothing is applied yet, `caredb migrate` does it
    ");
    test.ok("migrate --to 3");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  3 of 15, 12 versions and 2 R files pending, `caredb migrate` applies them
    last change  V3 add appointments, <time> by root

    table  rows ~  data  indexes
    appointments <size>
    caredb_journal <size>
    doctor_profiles <size>
    flyway_schema_history <size>
    patient_profiles <size>
    users <size>
    ");
    test.ok("migrate");
    test.sql("UPDATE flyway_schema_history SET checksum = 1 WHERE version = 3");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  15, nothing pending
    last change  R medical records all, <time> by root
    partitions  `appointments` has no months yet, `caredb partition ensure` makes them
    attention  `V3__add_appointments.sql` was edited after it was applied (checksum 1, file has 1534417636); put the old text back and make the change a new migration

    table  rows ~  data  indexes
    appointment_keys <size>
    appointments <size>
    appointments_archive <size>
    appointments_moving <size>
    appointments_staying <size>
    audit_logs <size>
    caredb_journal <size>
    consultations <size>
    consultations_archive <size>
    doctor_profiles <size>
    doctor_unavailability <size>
    flyway_schema_history <size>
    medical_records <size>
    medical_records_compressed <size>
    notifications <size>
    patient_profiles <size>
    payments <size>
    payments_archive <size>
    prescriptions <size>
    prescriptions_archive <size>
    reviews <size>
    reviews_archive <size>
    time_slots <size>
    users <size>
    ");
}

#[test]
fn writes_nothing() {
    let test = Test::new("status_reads");
    let url = test.url_as("reader", &["SELECT"]);
    assert!(test.run_at(&url, "status").starts_with("exit 0"));
    assert!(test.run_at(&url, "info").starts_with("exit 0"));
    assert!(test.run_at(&url, "validate").starts_with("exit 0"));
    assert!(test.run_at(&url, "migrate --dry-run").starts_with("exit 0"));
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
}
