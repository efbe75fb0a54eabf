//! `import` of rows that retention has moved since: they are neither written to nor missed.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::retention_archive::{MONTHS, TODAY};
use crate::support::{PEOPLE, Test};

const MAPPING: &str = r#"
system = "old"
[source.visits]
file = "visits.csv"
[source.bills]
file = "bills.csv"

[[table]]
into = "appointments"
from = "visits"
legacy_id = ["nr"]
[table.columns]
booking_reference = { template = "OLD-{nr}" }
patient_id = { value = "p1" }
doctor_id = { value = "d1" }
appointment_date = { from = "day" }
start_time = { value = "09:00" }
end_time = { value = "09:30" }
consultation_type = { value = "VIDEO" }
status = { from = "status" }
payment_status = { value = "PAID" }
fee = { from = "fee" }

[[table]]
into = "payments"
from = "bills"
legacy_id = ["nr"]
[table.columns]
transaction_id = { template = "T-{nr}" }
appointment_id = { reference = "appointments", by = ["visit"] }
patient_id = { value = "p1" }
amount = { from = "amount" }
payment_method = { value = "CARD" }
payment_gateway = { value = "STRIPE" }
status = { value = "SUCCESS" }
"#;

const VISITS: &str =
    "nr,day,status,fee\n1,2023-01-02,COMPLETED,80\n2,2023-01-03,COMPLETED,90\n3,2023-01-04,CONFIRMED,100\n";
const BILLS: &str = "nr,visit,amount\n1,1,80\n2,3,100\n";

/// A patient, a doctor, and the old system's files; the schema up to a version.
fn old(name: &str, migrate: &str) -> Test {
    let test = Test::new(name);
    test.ok(migrate);
    test.sql(PEOPLE);
    test.file("old.toml", MAPPING).file("visits.csv", VISITS).file("bills.csv", BILLS);
    test
}

/// What is noted of each row.
fn noted(test: &Test) -> Vec<String> {
    test.rows("SELECT origin, legacy_id, hash FROM caredb_import_map ORDER BY origin, legacy_id")
}

#[test]
fn archived_rows_keep_their_change_for_the_day_they_come_back() {
    let test = old("import_archived", "migrate");
    test.ok(MONTHS);
    test.ok("import run old.toml");
    test.ok(&format!("archive appointments --with-dependents {TODAY}"));
    assert_eq!(test.rows("SELECT booking_reference FROM appointments"), ["OLD-3"]);
    assert_eq!(test.rows("SELECT transaction_id FROM payments"), ["T-2"]);
    assert_snapshot!(test.run("import verify old.toml"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    appointments  1  0  -
    payments  1  0  -

    money  month  files  database
    appointments.fee  all  100.00  100.00
    payments.amount  all  100.00  100.00

    2 rows of `appointments`: archived or compressed since, and not compared

    1 row of `payments`: archived or compressed since, and not compared

    the database has all 2 rows as the files have them
    ");
    let before = noted(&test);
    let changed = |text: &str| text.replace(",80\n", ",85\n").replace(",100\n", ",105\n");
    test.file("visits.csv", changed(VISITS)).file("bills.csv", changed(BILLS).replace(",105\n", ",100\n"));
    assert_snapshot!(test.run("import run old.toml --on-conflict update"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    appointments  0  0  1  1  0
    payments  0  1  0  0  0

    2 rows of `appointments` that an earlier import wrote: deleted or archived since, and left alone

    1 row of `payments` that an earlier import wrote: deleted or archived since, and left alone

    imported 0 rows from 5 rows of `old` in <s> s; none is rejected; run 2
    ");
    let left = noted(&test).iter().zip(&before).fold(String::new(), |mut left, (after, before)| {
        let _ = writeln!(left, "{} {}", before.rsplit_once('|').unwrap().0, after == before);
        left
    });
    assert_snapshot!(left, @"
    old/appointments|1 true
    old/appointments|2 true
    old/appointments|3 false
    old/payments|1 true
    old/payments|2 true
    ");
    // so that the change is not lost, but made once the rows are back
    test.ok("archive restore --all");
    assert_snapshot!(test.run("import run old.toml --on-conflict update"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    appointments  0  2  1  1  0
    payments  0  1  1  1  0

    imported 0 rows from 5 rows of `old` in <s> s; none is rejected; run 3
    ");
    assert_eq!(
        test.rows("SELECT booking_reference, fee FROM appointments ORDER BY 1"),
        ["OLD-1|85.00", "OLD-2|90.00", "OLD-3|105.00"]
    );
    test.ok("import verify old.toml");
}

#[test]
fn a_row_that_no_update_finds_is_not_noted_as_updated() {
    let test = old("import_vanished", "migrate");
    test.ok("import run old.toml");
    let before = noted(&test);
    // no trigger fires, so its key says that it is there: as for a row that is archived between the look and the update
    test.sql("SET SESSION foreign_key_checks = 0; TRUNCATE TABLE appointments");
    test.file("visits.csv", VISITS.replace(",80\n", ",85\n"));
    assert_snapshot!(test.run("import run old.toml --on-conflict update"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    appointments  0  2  0  0  0
    payments  0  2  0  0  0

    1 row of `appointments` that an earlier import wrote: deleted or archived since, and left alone

    imported 0 rows from 5 rows of `old` in <s> s; none is rejected; run 2
    ");
    assert_eq!(noted(&test), before);
}

#[test]
fn a_database_that_knows_no_archive_yet_is_imported_into_again() {
    for version in ["12", "13"] {
        let test = old(&format!("import_before_{version}"), &format!("migrate --to {version}"));
        test.ok("import run old.toml");
        test.file("visits.csv", VISITS.replace(",80\n", ",85\n"));
        let text = test.run("import run old.toml --on-conflict update");
        assert!(text.contains("appointments  0  2  1  1  0\npayments  0  2  0  0  0"), "V{version}: {text}");
        assert_eq!(test.rows("SELECT fee FROM appointments WHERE booking_reference = 'OLD-1'"), ["85.00"]);
    }
}
