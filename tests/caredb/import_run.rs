//! `import`: what is checked, loaded, set aside, loaded again, and found afterwards. `import.rs` has the sample clinic.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::fault::is_full;
use crate::support::{Test, show};

const MAPPING: &str = r#"
system = "old"
time_zone = "Europe/Berlin"

[source.patients]
file = "patients.csv"
delimiter = ";"
encoding = "windows-1252"
trim = true

[source.visits]
file = "visits.ndjson"

[[table]]
into = "users"
from = "patients"
legacy_id = ["Nr"]
[table.columns]
email = { from = "Mail", case = "lower", pattern = "email" }
password_hash = { value = "!" }
role = { value = "PATIENT" }

[[table]]
into = "patient_profiles"
from = "patients"
legacy_id = ["Nr"]
[table.columns]
user_id = { reference = "users", by = ["Nr"] }
first_name = { from = "Name", split = ", ", part = 2 }
last_name = { from = "Name", split = ", ", part = 1 }
date_of_birth = { from = "Geboren", format = ["%d.%m.%Y"] }
gender = { from = "Sex", words = { m = "MALE", w = "FEMALE" }, otherwise = "OTHER" }
phone_number = { from = "Tel", pattern = "phone", default = "0000000" }
weight = { from = "Kilo", decimal = "," }
emergency_contact = { json = { name = "Name" } }
address = { json = { city = "Ort", country = "=DE" } }
created_at = { from = "Seit", format = ["%d.%m.%Y %H:%M"] }

[[table]]
into = "appointments"
from = "visits"
legacy_id = ["id"]
[table.columns]
booking_reference = { template = "OLD-{id}" }
patient_id = { reference = "patient_profiles", by = ["patient"] }
doctor_id = { value = "d1" }
appointment_date = { from = "day" }
start_time = { from = "from" }
end_time = { from = "to" }
consultation_type = { value = "VIDEO" }
status = { from = "status" }
symptoms = { from = "symptoms" }
fee = { from = "fee" }
rescheduled_from = { reference = "appointments", by = ["moved"] }
"#;

const PATIENTS: &str = "Nr;Mail;Name;Geboren;Sex;Tel;Kilo;Ort;Seit\r\n\
    1;Jane.Roe@mail.example;Roe, Jane;01.02.1980;w;030 123456;61,5;K\u{f6}ln;01.07.2020 12:00\r\n\
    2;john@mail.example;Roe, John;31.02.1980;m;030 123457;;Bonn;\r\n\
    3;jim@mail.example;\"Roe; Jr., Jim\";03.02.1980;x;;80;Bonn;01.01.2020 12:00\r\n\
    4;jane.roe@mail.example;Poe, Jane;04.02.1980;w;030 123458;;Bonn;\r\n\
    5;jack@mail;Poe, Jack;05.02.1980;m;12;;Bonn;\r\n";

const VISITS: &str = r#"{"id": 1, "patient": 1, "day": "2026-01-05", "from": "09:00", "to": "09:30", "status": "COMPLETED", "fee": 80, "symptoms": ["cough", {"since": 3, "at": "night"}], "moved": 3}
{"id": 2, "patient": 2, "day": "2026-01-05", "from": "10:00", "to": "10:30", "status": "COMPLETED", "fee": 80.5, "symptoms": null}
{"id": 3, "patient": 3, "day": "2026-01-04", "from": "09:00", "to": "09:30", "status": "CANCELLED", "fee": 100}
{"id": 4, "patient": 3, "day": "2026-01-05", "from": "09:00", "to": "09:30", "status": "SCHEDULED", "fee": 80}
{"id": 5, "patient": 3, "day": "2026-01-06", "from": "09:00", "to": "08:30", "status": "SCHEDULED", "fee": 80, "moved": 9}
{"id": 6, "patient": 3, "day": "2026-01-07", "from": "09:00", "to": "09:30", "status": "SCHEDULED", "fee": 80, "moved": 1}
{"id": 7, "patient": 3, "day": "2026-01-08", "from": "09:00", "to": "09:30", "status": "SCHEDULED", "fee": 1e2}
"#;

/// The files alone.
pub fn files(test: &Test) {
    let latin: Vec<u8> = PATIENTS.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    test.file("old.toml", MAPPING).file("patients.csv", latin).file("visits.ndjson", VISITS);
}

/// A database with a doctor, and the files.
pub fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test.sql(
        "INSERT INTO users (id, email, password_hash, role) VALUES ('du', 'doctor@clinic.example', '!', 'DOCTOR');
         INSERT INTO doctor_profiles (id, user_id, first_name, last_name, specialization, qualification, experience_years,
            license_number, license_expiry, consultation_fee, languages, education)
         VALUES ('d1', 'du', 'A', 'B', 'GP', 'MD', 5, 'L1', '2035-01-01', 100, '[]', '[]')",
    );
    files(&test);
    test
}

/// How many rows there are, and a checksum over all.
fn state(test: &Test) -> Vec<String> {
    ["users", "patient_profiles", "appointments", "appointment_keys", "caredb_import_map"]
        .iter()
        .flat_map(|table| {
            let columns = match *table {
                "appointments" => "id, booking_reference, patient_id, rescheduled_from, symptoms, fee",
                "appointment_keys" => "id, rescheduled_from",
                "caredb_import_map" => "origin, legacy_id, id, hash",
                "users" => "id, email",
                _ => "id, last_name, address, created_at",
            };
            test.rows(&format!("SELECT '{table}', {columns} FROM {table} ORDER BY 1, 2, 3"))
        })
        .collect()
}

/// Without what differs from run to run.
fn stable(text: &str) -> String {
    let times = regex::Regex::new(r"in \d+\.\d\d s").unwrap();
    times.replace_all(text, "in <s> s").into_owned()
}

#[test]
fn a_check_needs_no_database_and_tells_no_value() {
    let test = Test::without_database("import_check");
    files(&test);
    let output = crate::support::command(&test.folder).args(["import", "check", "old.toml"]).output().unwrap();
    assert_snapshot!(test.show(&output), @"
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    users  5  3  0  2
    patient_profiles  5  2  0  3
    appointments  7  3  0  4

    code  where  rows  first
    bad-email  users.email  1  line 6 `xxxx@xxxx`
    bad-number  appointments.fee  1  line 7 `9x9`
    bad-phone  patient_profiles.phone_number  1  line 6 `99`
    double-booking  appointments.doctor_id  1  line 4
    duplicate-value  users.email  1  line 5 `xxxx.xxx@xxxx.xxxxxxx`
    no-such-date  patient_profiles.date_of_birth  1  line 3 `99.99.9999`
    not-after  appointments.end_time  1  line 5 `99:99`
    unknown-reference  patient_profiles.user_id  2  line 5 `9`, line 6 `9`
    unknown-reference  appointments.patient_id  1  line 2 `9`

    checked 12 rows of 2 files: 7 rejected, in `rejects/patients.csv`, `rejects/visits.csv`
    ");
    let mode = |file: &str| fs::metadata(test.folder.join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("rejects/patients.csv"), mode("rejects/visits.csv")), (0o600, 0o600));
    assert_snapshot!(fs::read_to_string(test.folder.join("rejects/patients.csv")).unwrap(), @r#"
    Nr,Mail,Name,Geboren,Sex,Tel,Kilo,Ort,Seit,caredb_row,caredb_line,caredb_codes
    2,john@mail.example,"Roe, John",31.02.1980,m,030 123457,,Bonn,,2,3,no-such-date
    4,jane.roe@mail.example,"Poe, Jane",04.02.1980,w,030 123458,,Bonn,,4,5,duplicate-value unknown-reference
    5,jack@mail,"Poe, Jack",05.02.1980,m,12,,Bonn,,5,6,bad-email bad-phone unknown-reference
    "#);
    assert_snapshot!(fs::read_to_string(test.folder.join("rejects/visits.csv")).unwrap(), @"
    id,patient,day,from,to,status,fee,symptoms,moved,caredb_row,caredb_line,caredb_codes
    2,2,2026-01-05,10:00,10:30,COMPLETED,80.5,,,2,2,unknown-reference
    4,3,2026-01-05,09:00,09:30,SCHEDULED,80,,,4,4,double-booking
    5,3,2026-01-06,09:00,08:30,SCHEDULED,80,,9,5,5,not-after
    7,3,2026-01-08,09:00,09:30,SCHEDULED,1e2,,,7,7,bad-number
    ");
}

#[test]
fn nothing_is_loaded_where_too_much_is_rejected() {
    let test = clinic("import_refused");
    let before = test.rows("SELECT COUNT(*) FROM users");
    let text = test.run("import run old.toml --max-errors 6");
    assert_eq!(text.lines().next(), Some("exit 1"), "{text}");
    assert!(text.contains("nothing was loaded: of 12 rows, 7 rejected"), "{text}");
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), before);
}

#[test]
fn what_is_right_is_loaded_once() {
    let test = clinic("import_run");
    assert_snapshot!(stable(&test.run("import run old.toml --max-errors 60%")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  3  0  0  0  0
    patient_profiles  2  0  0  0  0
    appointments  3  0  0  0  0

    code  where  rows  first
    bad-email  users.email  1  line 6 `xxxx@xxxx`
    bad-number  appointments.fee  1  line 7 `9x9`
    bad-phone  patient_profiles.phone_number  1  line 6 `99`
    double-booking  appointments.doctor_id  1  line 4
    duplicate-value  users.email  1  line 5 `xxxx.xxx@xxxx.xxxxxxx`
    no-such-date  patient_profiles.date_of_birth  1  line 3 `99.99.9999`
    not-after  appointments.end_time  1  line 5 `99:99`
    unknown-reference  patient_profiles.user_id  2  line 5 `9`, line 6 `9`
    unknown-reference  appointments.patient_id  1  line 2 `9`

    imported 8 rows from 12 rows of `old` in <s> s; 7 rejected, in `rejects/patients.csv`, `rejects/visits.csv`; run 1
    ");
    assert_snapshot!(state(&test).join("\n"), @r#"
    users|9903f7b8-b2aa-58a7-95de-0c8d9e3b60fd|jim@mail.example
    users|du|doctor@clinic.example
    users|fb8db8e9-af7e-5ff5-b16c-b3f1931bb3bf|jane.roe@mail.example
    users|ffd52d97-f951-583d-9991-62b386980f68|john@mail.example
    patient_profiles|6dbfa175-40d0-5c3c-9b04-d49fd2664cac|Roe|{"city": "Köln", "country": "DE"}|2020-07-01 10:00:00
    patient_profiles|7c3ae0a6-25f6-5be4-96c3-9f03c253087e|Roe; Jr.|{"city": "Bonn", "country": "DE"}|2020-01-01 11:00:00
    appointments|1e0ab17b-3a7a-57b6-9ebe-8a8f14d81222|OLD-1|6dbfa175-40d0-5c3c-9b04-d49fd2664cac|bd991ce9-adde-574b-bbd4-449ab6bb36c2|["cough", {"at": "night", "since": 3}]|80.00
    appointments|b0a146c5-c5ed-5b6f-ae7c-d369ff6dc906|OLD-6|7c3ae0a6-25f6-5be4-96c3-9f03c253087e|1e0ab17b-3a7a-57b6-9ebe-8a8f14d81222|NULL|80.00
    appointments|bd991ce9-adde-574b-bbd4-449ab6bb36c2|OLD-3|7c3ae0a6-25f6-5be4-96c3-9f03c253087e|NULL|NULL|100.00
    appointment_keys|1e0ab17b-3a7a-57b6-9ebe-8a8f14d81222|bd991ce9-adde-574b-bbd4-449ab6bb36c2
    appointment_keys|b0a146c5-c5ed-5b6f-ae7c-d369ff6dc906|1e0ab17b-3a7a-57b6-9ebe-8a8f14d81222
    appointment_keys|bd991ce9-adde-574b-bbd4-449ab6bb36c2|NULL
    caredb_import_map|old/appointments|1|1e0ab17b-3a7a-57b6-9ebe-8a8f14d81222|4961552052334799194
    caredb_import_map|old/appointments|3|bd991ce9-adde-574b-bbd4-449ab6bb36c2|18325514435583294383
    caredb_import_map|old/appointments|6|b0a146c5-c5ed-5b6f-ae7c-d369ff6dc906|4109870254464909066
    caredb_import_map|old/patient_profiles|1|6dbfa175-40d0-5c3c-9b04-d49fd2664cac|2189513046259557293
    caredb_import_map|old/patient_profiles|3|7c3ae0a6-25f6-5be4-96c3-9f03c253087e|18232927177025107369
    caredb_import_map|old/users|1|fb8db8e9-af7e-5ff5-b16c-b3f1931bb3bf|9798243988829626344
    caredb_import_map|old/users|2|ffd52d97-f951-583d-9991-62b386980f68|2379561371366832047
    caredb_import_map|old/users|3|9903f7b8-b2aa-58a7-95de-0c8d9e3b60fd|7465279765528509376
    "#);
    assert_snapshot!(test.run("import verify old.toml"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    users  3  0  -
    patient_profiles  2  0  -
    appointments  3  0  -

    money  month  files  database
    appointments.fee  all  260.00  260.00

    the database has all 8 rows as the files have them; 7 rows of the files are rejected, and not looked for
    ");
    let first = state(&test);
    assert_snapshot!(stable(&test.run("import run old.toml --max-errors 7")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  0  3  0  0  0
    patient_profiles  0  2  0  0  0
    appointments  0  3  0  0  0

    code  where  rows  first
    bad-email  users.email  1  line 6 `xxxx@xxxx`
    bad-number  appointments.fee  1  line 7 `9x9`
    bad-phone  patient_profiles.phone_number  1  line 6 `99`
    double-booking  appointments.doctor_id  1  line 4
    duplicate-value  users.email  1  line 5 `xxxx.xxx@xxxx.xxxxxxx`
    no-such-date  patient_profiles.date_of_birth  1  line 3 `99.99.9999`
    not-after  appointments.end_time  1  line 5 `99:99`
    unknown-reference  patient_profiles.user_id  2  line 5 `9`, line 6 `9`
    unknown-reference  appointments.patient_id  1  line 2 `9`

    imported 0 rows from 12 rows of `old` in <s> s; 7 rejected, in `rejects/patients.csv`, `rejects/visits.csv`; run 2
    ");
    assert_eq!(state(&test), first);
    // what a person has mended is loaded alone
    let mended = |file: &str, from: &str, to: &str| {
        let path = test.folder.join("rejects").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    mended("patients.csv", "31.02.1980", "28.02.1980");
    mended("patients.csv", "jane.roe@", "j.poe@");
    mended("patients.csv", "jack@mail,", "jack@mail.example,");
    mended("patients.csv", ",12,", ",12345,");
    mended("visits.csv", "1e2", "100");
    mended("visits.csv", "2026-01-05,09:00,09:30,SCHEDULED", "2026-01-05,11:00,11:30,SCHEDULED");
    mended("visits.csv", "08:30", "10:30");
    mended("visits.csv", ",9,", ",,");
    assert_snapshot!(stable(&test.run("import run old.toml --mended rejects")), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    users  2  1  0  0  0
    patient_profiles  3  0  0  0  0
    appointments  4  0  0  0  0

    imported 9 rows from 7 rows of `old` in <s> s; none is rejected; run 3
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments"), ["7"]);
    assert!(!test.folder.join("rejects/patients.csv").exists());
}

#[test]
fn rows_that_differ_are_counted_written_or_refused() {
    let test = clinic("import_conflict");
    test.run("import run old.toml --max-errors 7");
    let before = state(&test);
    files(&test);
    let patients = fs::read(test.folder.join("patients.csv")).unwrap();
    let changed = String::from_utf8_lossy(&patients).replace("Roe, Jane", "Doe, Jane").replace('\u{fffd}', "o");
    test.file("patients.csv", &changed);
    assert_snapshot!(test.run("import run old.toml --max-errors 7 --on-conflict fail"), @"
    exit 2
    --- stderr
    error: row 1 (line 2) of source `patients` was imported with other values before; look at both, then say `--on-conflict skip` or `--on-conflict update`
    ");
    assert_eq!(state(&test), before);
    let text = test.run("import run old.toml --max-errors 7");
    assert!(text.contains("patient_profiles  0  1  1  0  0"), "{text}");
    assert_eq!(state(&test), before);
    let text = test.run("import run old.toml --max-errors 7 --on-conflict update");
    assert!(text.contains("patient_profiles  0  1  1  1  0"), "{text}");
    assert_eq!(test.rows("SELECT COUNT(*) FROM patient_profiles WHERE last_name = 'Doe'"), ["1"]);
    let text = test.run("import run old.toml --max-errors 7 --on-conflict fail");
    assert!(text.contains("patient_profiles  0  2  0  0  0"), "{text}");
}

#[test]
fn a_row_that_is_left_as_it_is_gets_no_reference_either() {
    let test = clinic("import_skip");
    test.run("import run old.toml --max-errors 7");
    let before = state(&test);
    let changed =
        VISITS.replace(r#""status": "CANCELLED", "fee": 100}"#, r#""status": "CANCELLED", "fee": 100, "moved": 6}"#);
    assert_ne!(changed, VISITS);
    test.file("visits.ndjson", changed);
    let text = test.run("import run old.toml --max-errors 7 --on-conflict skip");
    assert!(text.contains("appointments  0  2  1  0  0"), "{text}");
    assert_eq!(state(&test), before);
}

#[test]
fn what_others_have_is_found_by_the_check() {
    let test = clinic("import_taken");
    test.sql("INSERT INTO users (id, email, password_hash, role) VALUES ('x', 'JIM@mail.example', '!', 'ADMIN')");
    let found = |command: &str| {
        let text = test.run(&format!("{command} --examples 1"));
        text.lines().filter(|line| line.starts_with("taken")).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(found("import check old.toml"), @"taken  users.email  1  line 4 `xxx@xxxx.xxxxxxx`");
    test.sql("DELETE FROM users WHERE id = 'x'");
    test.run("import run old.toml --max-errors 7");
    // what an import has made is its own
    assert_eq!(found("import check old.toml"), "");
    test.sql(
        "UPDATE appointments SET status = 'CANCELLED' WHERE booking_reference = 'OLD-6';
         INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time,
             consultation_type, fee)
         SELECT 'y', 'other', patient_id, doctor_id, appointment_date, start_time, end_time, 'VIDEO', 1
         FROM appointments WHERE booking_reference = 'OLD-6'",
    );
    assert_snapshot!(found("import check old.toml"), @"taken  appointments.doctor_id  1  line 6");
}

#[test]
fn what_only_the_server_knows_is_found_by_halves() {
    let test = clinic("import_halves");
    test.sql("INSERT INTO users (id, email, password_hash, role) VALUES ('x', 'p37@máil.example', '!', 'ADMIN')");
    let row =
        |number: u32| format!("{number};p{number}@mail.example;Roe, P{number};01.02.1980;w;030 123456;;Bonn;\r\n");
    test.file(
        "patients.csv",
        format!("{}\r\n{}", PATIENTS.lines().next().unwrap(), (1..=100).map(row).collect::<String>()),
    );
    test.file("visits.ndjson", "{\"id\": 1, \"patient\": 2, \"day\": \"2026-01-05\", \"from\": \"09:00\", \"to\": \"09:30\", \"status\": \"COMPLETED\", \"fee\": 80, \"symptoms\": null, \"moved\": null}\n");
    assert_snapshot!(stable(&test.run("import run old.toml --max-errors 1")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  99  0  0  0  1
    patient_profiles  99  0  0  0  1
    appointments  1  0  0  0  0

    code  where  rows  first
    refused  patient_profiles  1  line 38 `MySQL error 1452`
    refused  users  1  line 38 `MySQL error 1062`

    imported 199 rows from 101 rows of `old` in <s> s; 1 rejected, in `rejects/patients.csv`; run 1
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM patient_profiles"), ["99"]);
    let rejects = fs::read_to_string(test.folder.join("rejects/patients.csv")).unwrap();
    assert!(rejects.ends_with(",37,38,refused\n"), "{rejects}");
}

#[test]
fn more_refused_rows_than_allowed_stop_the_run_and_it_is_resumed() {
    let test = clinic("import_too_many_refused");
    test.sql("INSERT INTO users (id, email, password_hash, role) VALUES ('x', 'jím@mail.example', '!', 'ADMIN')");
    assert_snapshot!(stable(&test.run("import run old.toml --max-errors 7 --examples 0")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  2  0  0  0  1

    code  where  rows  first
    bad-email  users.email  1
    bad-number  appointments.fee  1
    bad-phone  patient_profiles.phone_number  1
    double-booking  appointments.doctor_id  1
    duplicate-value  users.email  1
    no-such-date  patient_profiles.date_of_birth  1
    not-after  appointments.end_time  1
    refused  users  1
    unknown-reference  patient_profiles.user_id  2
    unknown-reference  appointments.patient_id  1

    stopped behind `users`, since the server refused more rows than `--max-errors` allows; what is loaded stays: see why, then load the rest by `caredb import resume`

    imported 2 rows from 12 rows of `old` in <s> s; 8 rejected, in `rejects/patients.csv`, `rejects/visits.csv`; run 1
    ");
    // whoever had the address is gone
    test.sql("DELETE FROM users WHERE id = 'x'");
    assert_snapshot!(stable(&test.run("import resume old.toml --max-errors 7 --examples 0")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  1  2  0  0  0
    patient_profiles  2  0  0  0  0
    appointments  3  0  0  0  0

    code  where  rows  first
    bad-email  users.email  1
    bad-number  appointments.fee  1
    bad-phone  patient_profiles.phone_number  1
    double-booking  appointments.doctor_id  1
    duplicate-value  users.email  1
    no-such-date  patient_profiles.date_of_birth  1
    not-after  appointments.end_time  1
    unknown-reference  patient_profiles.user_id  2
    unknown-reference  appointments.patient_id  1

    imported 6 rows from 12 rows of `old` in <s> s; 7 rejected, in `rejects/patients.csv`, `rejects/visits.csv`; run 1
    --- stderr
    run 1 did not reach its end; this one loads the rest
    ");
}

#[test]
fn rows_without_their_parent_are_found() {
    let test = clinic("import_astray");
    test.run("import run old.toml --max-errors 7");
    test.sql(
        "SET SESSION foreign_key_checks = 0; DELETE FROM users WHERE email LIKE 'jim%'; UPDATE appointments SET fee = fee + 1",
    );
    assert_snapshot!(test.run("import verify old.toml"), @"
    exit 1
    --- stdout
    table  rows  missing  different
    users  3  1 (row 3)  -
    patient_profiles  2  0  -
    appointments  3  0  fee: 3 (row 1, 6, 3)

    money  month  files  database
    appointments.fee  2026-01  260.00  263.00
    appointments.fee  all  260.00  263.00

    astray  rows  why
    patient_profiles.user_id  1  no row in users

    the database has rows that it should not have; 7 rows of the files are rejected, and not looked for
    ");
}

#[test]
fn rows_that_somebody_has_deleted_are_left_alone_and_said() {
    let test = clinic("import_gone");
    test.run("import run old.toml --max-errors 7");
    test.sql(
        "UPDATE appointments SET rescheduled_from = NULL; DELETE FROM appointments WHERE booking_reference = 'OLD-3'",
    );
    assert_snapshot!(stable(&test.run("import run old.toml --max-errors 7 --examples 0")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    users  0  3  0  0  0
    patient_profiles  0  2  0  0  0
    appointments  0  2  0  0  0

    code  where  rows  first
    bad-email  users.email  1
    bad-number  appointments.fee  1
    bad-phone  patient_profiles.phone_number  1
    double-booking  appointments.doctor_id  1
    duplicate-value  users.email  1
    no-such-date  patient_profiles.date_of_birth  1
    not-after  appointments.end_time  1
    refused  appointments  1
    unknown-reference  patient_profiles.user_id  2
    unknown-reference  appointments.patient_id  1

    1 row of `appointments` that an earlier import wrote: deleted or archived since, and left alone

    stopped behind `appointments`, since the server refused more rows than `--max-errors` allows; what is loaded stays: see why, then load the rest by `caredb import resume`

    imported 0 rows from 12 rows of `old` in <s> s; 8 rejected, in `rejects/patients.csv`, `rejects/visits.csv`; run 2
    ");
}

#[test]
fn what_the_server_would_change_with_a_warning_is_refused() {
    let test = clinic("import_warning");
    // of 61.5 it would make 62, with a note and no error
    test.sql("ALTER TABLE patient_profiles MODIFY weight DECIMAL(5,0)");
    let text = test.run("import run old.toml --max-errors 7");
    assert!(text.contains("refused  patient_profiles  1  line 2 `MySQL error 1265`"), "{text}");
    assert_eq!(test.rows("SELECT last_name, weight FROM patient_profiles"), ["Roe; Jr.|80"]);
}

#[test]
fn a_difference_is_found_in_its_row_and_column() {
    let test = clinic("import_verify");
    test.run("import run old.toml --max-errors 7");
    test.sql(
        "UPDATE patient_profiles SET weight = 62.5 WHERE first_name = 'Jane';
         UPDATE patient_profiles SET alternate_phone = '1' WHERE first_name = 'Jane';
         DELETE FROM appointments WHERE booking_reference = 'OLD-6'",
    );
    assert_snapshot!(test.run("import verify old.toml"), @"
    exit 1
    --- stdout
    table  rows  missing  different
    users  3  0  -
    patient_profiles  2  0  weight: 1 (row 1)
    appointments  3  1 (row 6)  -

    money  month  files  database
    appointments.fee  2026-01  260.00  180.00
    appointments.fee  all  260.00  180.00

    the database differs from the files, rows as the files count them; 7 rows of the files are rejected, and not looked for
    ");
}

#[test]
fn killed_at_every_point_it_goes_on_where_it_was() {
    let undisturbed = {
        let test = clinic("import_undisturbed");
        test.run("import run old.toml --max-errors 7");
        state(&test)
    };
    for (killed, number) in (1..).step_by(if is_full() { 1 } else { 2 }).enumerate() {
        let test = clinic("import_killed");
        let mut command = test.command("import run old.toml --max-errors 7");
        let output = command.env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
        let case = format!("killed at point {number}: {}", show(&output));
        if output.status.code() == Some(1) {
            assert!(killed > 3, "{case}: there are next to no points");
            break;
        }
        assert_eq!(output.status.code(), None, "{case}");
        if number == 1 {
            // a changed file is noticed
            test.file("visits.ndjson", format!("{VISITS}\n"));
            assert_snapshot!(test.run("import resume old.toml"), @"
            exit 2
            --- stderr
            error: run 1 had other files, or another mapping, than there are now; put them back, or load what there is by `caredb import run`
            ");
            test.file("visits.ndjson", VISITS);
        }
        assert_eq!(
            test.command("import resume old.toml --max-errors 7").output().unwrap().status.code(),
            Some(1),
            "{case}"
        );
        assert_eq!(state(&test), undisturbed, "{case}");
        assert_eq!(test.command("import verify old.toml").output().unwrap().status.code(), Some(0), "{case}");
    }
    let test = clinic("import_whole");
    test.run("import run old.toml --max-errors 7");
    assert_snapshot!(test.run("import resume old.toml"), @"
    exit 2
    --- stderr
    error: no import of `old` is half-way; begin one by `caredb import run`
    ");
}

#[test]
fn the_tables_in_the_binary_are_those_of_the_migrations() {
    let test = Test::new("import_tables");
    test.ok("migrate");
    let file: serde_json::Value = serde_json::from_str(include_str!("../../src/import/tables.json")).unwrap();
    let tables: Vec<&String> = file.as_object().unwrap().keys().collect();
    let names = tables.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
    let mut columns = Vec::new();
    let (mut keys, mut references) = (Vec::new(), Vec::new());
    for (name, table) in file.as_object().unwrap() {
        for column in table["columns"].as_array().unwrap() {
            let of = |key: &str| column[key].as_str().map_or_else(|| column[key].to_string(), str::to_owned);
            columns.push(format!("{name}|{}|{}|{}|{}", of("name"), of("type"), of("null"), of("default")));
        }
        for unique in table["unique"].as_array().unwrap() {
            let of: Vec<&str> =
                unique["columns"].as_array().unwrap().iter().map(|column| column.as_str().unwrap()).collect();
            keys.push(format!("{}|{}", unique["name"].as_str().unwrap(), of.join(",")));
        }
        for (column, other) in table["references"].as_object().unwrap() {
            references.push(format!("{name}|{column}|{}", other.as_str().unwrap()));
        }
    }
    let live = test.rows(&format!(
        "SELECT table_name, column_name, column_type, IF(is_nullable = 'YES', 'true', 'false'),
            IF(column_default IS NOT NULL OR extra LIKE '%DEFAULT_GENERATED%', 'true', 'false')
         FROM information_schema.columns WHERE table_schema = DATABASE() AND generation_expression = '' AND table_name IN ({names})
         ORDER BY FIELD(table_name, {names}), ordinal_position"
    ));
    assert_eq!(columns, live);
    // the keys of appointments are in `appointment_keys`; that of live bookings has an expression behind its columns
    keys.sort();
    let live = test.rows(&format!(
        "SELECT index_name, GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics
         WHERE table_schema = DATABASE() AND non_unique = 0 AND index_name NOT IN ('PRIMARY', 'uk_appointments_booking_reference')
         AND table_name IN ({names}, 'appointment_keys') GROUP BY 1 ORDER BY 1"
    ));
    assert_eq!(keys, live);
    references.sort();
    let live = test.rows(&format!(
        "SELECT REPLACE(table_name, 'appointment_keys', 'appointments') AS t, column_name,
            REPLACE(referenced_table_name, 'appointment_keys', 'appointments') FROM information_schema.key_column_usage
         WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL AND table_name IN ({names}, 'appointment_keys')
         ORDER BY 1, 2"
    ));
    assert_eq!(references, live);
}
