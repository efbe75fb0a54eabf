//! `import check` of dates that could be taken for others.

use insta::assert_snapshot;

use crate::support::{Test, command};

const MAPPING: &str = r#"
system = "old"
time_zone = "America/New_York"
[source.patients]
file = "patients.csv"

[[table]]
into = "patient_profiles"
from = "patients"
legacy_id = ["nr"]
[table.columns]
user_id = { from = "nr" }
first_name = { value = "Jane" }
last_name = { value = "Roe" }
date_of_birth = { from = "born", format = ["%d.%m.%y"] }
gender = { value = "OTHER" }
phone_number = { value = "0000000" }
emergency_contact = { value = "{}" }
address = { value = "{}" }
created_at = { from = "since", format = ["%m/%d/%Y %H:%M"] }
"#;

const PATIENTS: &str = "nr,born,since\n1,12.05.69,11/24/2020 10:00\n2,12.05.70,11/24/2020 10:00\n";

/// A check of the mapping with another format of `created_at`.
fn check(test: &Test, format: &str, patients: &str) -> String {
    test.file("old.toml", MAPPING.replace("%m/%d/%Y %H:%M", format)).file("patients.csv", patients);
    test.show(&command(&test.folder).args(["import", "check", "old.toml"]).output().unwrap())
}

#[test]
fn nobody_is_born_in_the_future() {
    let test = Test::without_database("import_born");
    assert_snapshot!(check(&test, "%m/%d/%Y %H:%M", PATIENTS), @"
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    patient_profiles  2  1  0  1

    code  where  rows  first
    in-future  patient_profiles.date_of_birth  1  line 2 `99.99.99`

    checked 2 rows of 1 file: 1 rejected, in `rejects/patients.csv`
    ");
}

#[test]
fn no_moment_loses_its_time_or_its_zone() {
    let test = Test::without_database("import_moments");
    let all = [
        check(&test, "%m/%d/%Y %I:%M", PATIENTS),
        check(&test, "%m/%d/%Y %H", &PATIENTS.replace(":00", "")),
        check(&test, "%m/%d/%Y %H:%M %Z", &PATIENTS.replace(":00", ":00 EST")),
    ];
    assert_snapshot!(all.join("\n"), @"
    exit 2
    --- stderr
    error: `[[table]]` `patient_profiles`: column `created_at`: `%m/%d/%Y %I:%M` has a part of a time only; write `%H` or both `%I` and `%p`, and `%M`
    exit 2
    --- stderr
    error: `[[table]]` `patient_profiles`: column `created_at`: `%m/%d/%Y %H` has a part of a time only; write `%H` or both `%I` and `%p`, and `%M`
    exit 2
    --- stderr
    error: `[[table]]` `patient_profiles`: column `created_at`: `%m/%d/%Y %H:%M %Z` has a zone's name (`%Z`), which can't be read; read an offset by `%z`, or cut the name off by `split`
    ");
}
