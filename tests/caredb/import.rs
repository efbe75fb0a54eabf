//! `import`: the sample of `examples/legacy` from the check to the comparison, by way of every code, kills, conflicts and refusals.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::fault::is_full;
use crate::support::{Test, command, people, show};

const SAMPLE: [&str; 4] = ["mapping.toml", "doctors.csv", "patients.csv", "visits.csv"];

/// All that the sample makes rows of.
pub const ROWS: &str = "
    SELECT 'users', COUNT(*) FROM users UNION ALL SELECT 'patients', COUNT(*) FROM patient_profiles
    UNION ALL SELECT 'doctors', COUNT(*) FROM doctor_profiles UNION ALL SELECT 'appointments', COUNT(*) FROM appointments
    UNION ALL SELECT 'keys', COUNT(*) FROM appointment_keys UNION ALL SELECT 'payments', COUNT(*) FROM payments
    UNION ALL SELECT 'moved', COUNT(rescheduled_from) FROM appointments
    UNION ALL SELECT 'map', COUNT(*) FROM caredb_import_map";

pub fn migrated(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test
}

/// The sample beside the test's `caredb.toml`.
pub fn sample(folder: &Path) {
    for name in SAMPLE {
        std::fs::copy(Path::new("examples/legacy").join(name), folder.join(name)).unwrap();
    }
}

pub fn with_sample(name: &str) -> Test {
    let test = migrated(name);
    sample(&test.folder);
    test
}

/// Changes a text of a file of windows-1252 or UTF-8, which must be there once.
fn change(path: &Path, from: &str, to: &str) {
    let latin =
        |text: &str| -> Vec<u8> { text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect() };
    let bytes = std::fs::read(path).unwrap();
    let (from, to) =
        if std::str::from_utf8(&bytes).is_ok() { (from.into(), to.into()) } else { (latin(from), latin(to)) };
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&from)).collect();
    let [at] = places[..] else { panic!("{} times in {}", places.len(), path.display()) };
    std::fs::write(path, [&bytes[..at], &to, &bytes[at + from.len()..]].concat()).unwrap();
}

#[test]
fn the_sample_is_checked_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    sample(folder.path());
    let check = |more: &[&str]| {
        show(&command(folder.path()).args(["import", "check", "mapping.toml"]).args(more).output().unwrap())
    };
    assert_snapshot!(check(&[]), @"
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    doctor_users  24  19  3  2
    doctor_profiles  24  14  3  7
    patient_users  441  428  0  13
    patient_profiles  441  420  0  21
    appointments  1811  1801  0  10
    payments  1811  772  1034  5

    code  where  rows  first
    ambiguous-date  doctor_profiles.license_expiry  1  line 20 `99/99/9999`
    ambiguous-time  patient_profiles.created_at  1  line 432 `99.99.9999 99:99`
    ambiguous-time  patient_users.created_at  1  line 432 `99.99.9999 99:99`
    bad-boolean  patient_users.is_active  1  line 435 `9`
    bad-boolean  appointments.is_first_visit  1  line 1829 `xx`
    bad-date  patient_profiles.date_of_birth  1  line 423 `9999-99-99`
    bad-email  patient_users.email  1  line 424 `xxx9999(xx)xxxx.xxxxxxx`
    bad-encoding  doctors Standort  1  line 25
    bad-escape  doctors Standort  1  line 24
    bad-json-value  patient_profiles.allergies  1  line 427 `xxxxx`
    bad-moment  patient_profiles.created_at  1  line 434 `xxxxxxx`
    bad-moment  patient_users.created_at  1  line 434 `xxxxxxx`
    bad-number  doctor_profiles.experience_years  1  line 23 `xxxxx`
    bad-number  appointments.fee  1  line 1823 `9.999,99`
    bad-phone  patient_profiles.phone_number  1  line 426 `xxx xxxxxxx`
    bad-time  appointments.start_time  1  line 1820 `9x99`
    double-booking  appointments.doctor_id  1  line 1828 `x99`
    duplicate-id  patient_profiles  1  line 436
    duplicate-id  patient_users  1  line 436
    duplicate-value  doctor_profiles.license_number  1  line 21 `xxx-9999`
    duplicate-value  patient_users.email  1  line 425 `xxx9@xxxx.xxxxxxx`
    no-legacy-id  patient_profiles  1  line 437
    no-legacy-id  patient_users  1  line 437
    no-such-date  patient_profiles.date_of_birth  1  line 422 `99.99.9999`
    no-such-time  patient_profiles.created_at  1  line 433 `99.99.9999 99:99`
    no-such-time  patient_users.created_at  1  line 433 `99.99.9999 99:99`
    no-such-time  appointments.end_time  1  line 1821 `99.99`
    not-after  appointments.end_time  1  line 1822 `9.99`
    nul-byte  patients Straße  1  line 440
    out-of-range  doctor_profiles.experience_years  1  line 22 `99999999999`
    out-of-range  appointments.fee  1  line 1824 `9999999999,99`
    out-of-range  payments.amount  1  line 1824 `9999999999,99`
    ragged-row  patients  1  line 438
    required  doctor_profiles.first_name  1  line 26 `xxxxxxxxx`
    required  patient_profiles.first_name  1  line 431
    required  patient_profiles.user_id  1  line 437
    stray-quote  patients Straße  1  line 439
    stray-return  patients  2  line 441, line 442
    too-long  patient_profiles.last_name  1  line 429 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`
    too-precise  patient_profiles.height  1  line 430 `9,999`
    unknown-reference  patient_profiles.user_id  6  line 424 `99999`, line 425 `99999`, line 432 `99999`
    unknown-reference  appointments.patient_id  2  line 1825 `99999`, line 1826 `99999`
    unknown-reference  appointments.rescheduled_from  1  line 1827 `x-99999`
    unknown-reference  payments.appointment_id  4  line 1822 `x-9999`, line 1824 `x-9999`, line 1825 `x-9999`
    unknown-reference  payments.patient_id  1  line 1825 `99999`
    unknown-word  patient_profiles.gender  1  line 428 `x`
    unknown-word  payments.payment_method  1  line 1830 `xxxxxxxx`

    checked 2276 rows of 3 files: 39 rejected, in `rejects/doctors.csv`, `rejects/patients.csv`, `rejects/visits.csv`
    ");
    let names = ["doctors", "patients", "visits"].map(|name| folder.path().join(format!("rejects/{name}.csv")));
    for name in &names {
        assert_eq!(std::fs::metadata(name).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // the same rows again, of which nothing is shown but where it is asked for
    let quiet = check(&["--examples", "100"]);
    for value in ["pat9003", "nirgend", "Ohnekomma", "09001"] {
        assert!(!quiet.to_lowercase().contains(&value.to_lowercase()), "{value}");
    }
    assert!(check(&["--show-values"]).contains("`pat9003(at)post.example`"));
}

#[test]
fn a_field_of_more_than_a_mebibyte_is_rejected_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    sample(folder.path());
    let long = format!("B-1;{}", "x".repeat((1 << 20) + 1));
    change(&folder.path().join("visits.csv"), "B-1;00014", &long);
    let output = command(folder.path()).args(["import", "check", "mapping.toml"]).output().unwrap();
    let text = show(&output);
    let line = text.lines().find(|line| line.starts_with("field-too-long")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["field-too-long", "visits", "PatNr", "1", "line", "2"]);
}

/// References that lead nowhere, as no foreign key of a partitioned table says.
pub const STRAY: &str = "
    SELECT id FROM appointments a WHERE rescheduled_from IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM appointments b WHERE b.id = a.rescheduled_from)";

/// The first table of an output.
pub fn tables(text: &str) -> String {
    text.split("\n\n").next().unwrap().to_owned()
}

#[test]
fn what_the_server_alone_refuses_is_found_by_halves() {
    let test = with_sample("import_refused");
    test.sql("INSERT INTO users (id, email, password_hash, role) VALUES ('u', 'PÁT7@post.example', 'x', 'STAFF')");
    let text = test.run("import run mapping.toml --max-errors 60 --examples 1");
    assert_snapshot!(tables(&text), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  19  0  0  0  0
    doctor_profiles  14  0  0  0  0
    patient_users  427  0  0  0  1
    patient_profiles  419  0  0  0  1
    appointments  1797  0  0  0  4
    payments  768  0  0  0  4
    ");
    let refused: Vec<&str> = text.lines().filter(|line| line.starts_with("refused")).collect();
    assert_snapshot!(refused.join("\n"), @"
    refused  patient_profiles  1  line 8 `MySQL error 1452`
    refused  patient_users  1  line 8 `MySQL error 1062`
    refused  appointments  4  line 164 `MySQL error 1452`
    refused  payments  4  line 164 `MySQL error 1452`
    ");
    let rejects = std::fs::read_to_string(test.folder.join("rejects/patients.csv")).unwrap();
    let rows: Vec<&str> = rejects.lines().filter(|line| line.contains("refused")).collect();
    assert_snapshot!(rows.join("\n"), @r#"00007,Roswitha,Platzhölter,20.12.1970,m,030 23125 007,, Pat7@Post.Example ,Erfundener Weg 8,00002,Nirgendwö,BKK Muster,unbek.,"1,67","62,7",,Benno Scheinfeld,030 23125 021,13.01.2025 08:07,J,7,8,refused"#);
    assert_eq!(test.rows("SELECT COUNT(*) FROM users WHERE email LIKE 'pat%'"), ["428"]);
    // and once it may, it is loaded with all that refers to it
    test.sql("DELETE FROM users WHERE id = 'u'");
    assert_snapshot!(tables(&test.run("import run mapping.toml --max-errors 39")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  0  19  0  0  0
    doctor_profiles  0  14  0  0  0
    patient_users  1  427  0  0  0
    patient_profiles  1  419  0  0  0
    appointments  4  1797  0  0  0
    payments  4  768  0  0  0
    ");
    assert!(test.run("import verify mapping.toml").starts_with("exit 0"));
}

#[test]
fn what_refers_to_a_refused_row_of_its_own_table_is_said() {
    let test = with_sample("import_refused_late");
    people(&test);
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time,
             consultation_type, fee)
         VALUES ('a', 'Ḃ-6', 'p1', 'd1', '2025-01-06', '08:00', '09:00', 'VIDEO', 1)",
    );
    let text = test.run("import run mapping.toml --max-errors 39 --examples 5");
    let refused: Vec<&str> = text.lines().filter(|line| line.starts_with("refused")).collect();
    assert_snapshot!(refused.join("\n"), @"refused  appointments  2  line 7 `MySQL error 1062`, line 21 `MySQL error 1452`");
    assert_eq!(test.rows("SELECT rescheduled_from FROM appointments WHERE booking_reference = 'B-20'"), ["NULL"]);
    test.sql("DELETE FROM appointments WHERE id = 'a'");
    test.run("import run mapping.toml --max-errors 39");
    assert!(test.run("import verify mapping.toml").starts_with("exit 0"));
    assert_eq!(test.rows(STRAY), [] as [&str; 0]);
}

#[test]
fn a_row_that_changed_in_the_source() {
    let test = with_sample("import_conflict");
    test.run("import run mapping.toml --max-errors 39");
    change(&test.folder.join("visits.csv"), "\r\nB-1;00014;", "\r\nB-1;00015;");
    let patient = "SELECT p.address->>'$.street' FROM appointments a JOIN patient_profiles p ON p.id = a.patient_id WHERE booking_reference = 'B-1'";
    let before = test.rows(patient);
    assert_snapshot!(test.run("import run mapping.toml --max-errors 39 --on-conflict fail"), @"
    exit 2
    --- stderr
    error: row 1 (line 2) of source `visits` was imported with other values before; look at both, then say `--on-conflict skip` or `--on-conflict update`
    ");
    assert_eq!(test.rows(patient), before);
    assert_snapshot!(tables(&test.run("import run mapping.toml --max-errors 39 --on-conflict skip")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  0  19  0  0  0
    doctor_profiles  0  14  0  0  0
    patient_users  0  428  0  0  0
    patient_profiles  0  420  0  0  0
    appointments  0  1800  1  0  0
    payments  0  771  1  0  0
    ");
    assert_eq!(test.rows(patient), before);
    assert_snapshot!(tables(&test.run("import verify mapping.toml")), @"
    exit 1
    --- stdout
    table  rows  missing  different
    doctor_users  19  0  -
    doctor_profiles  14  0  -
    patient_users  428  0  -
    patient_profiles  420  0  -
    appointments  1801  0  patient_id: 1 (row 1)
    payments  772  0  patient_id: 1 (row 1)
    ");
    assert_snapshot!(tables(&test.run("import run mapping.toml --max-errors 39 --on-conflict update")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  0  19  0  0  0
    doctor_profiles  0  14  0  0  0
    patient_users  0  428  0  0  0
    patient_profiles  0  420  0  0  0
    appointments  0  1800  1  1  0
    payments  0  771  1  1  0
    ");
    assert_ne!(test.rows(patient), before);
    assert!(test.run("import verify mapping.toml").starts_with("exit 0"));
}

#[test]
fn a_reference_to_its_own_table_that_changed_is_updated_too() {
    let test = with_sample("import_moved");
    test.run("import run mapping.toml --max-errors 39");
    let of = "SELECT b.booking_reference FROM appointments a LEFT JOIN appointments b ON b.id = a.rescheduled_from WHERE a.booking_reference = 'B-20'";
    assert_eq!(test.rows(of), ["B-6"]);
    for (from, to) in [(";B-6;", ";B-7;"), (";B-7;", ";;")] {
        change(&test.folder.join("visits.csv"), from, to);
        test.run("import run mapping.toml --max-errors 39 --on-conflict update");
        let expected = if to == ";;" { "NULL" } else { "B-7" };
        assert_eq!(test.rows(of), [expected]);
        assert!(test.run("import verify mapping.toml").starts_with("exit 0"));
    }
}

#[test]
fn what_changed_in_the_database_is_found() {
    let test = with_sample("import_verify");
    test.run("import run mapping.toml --max-errors 39");
    test.sql("UPDATE appointments SET fee = fee + 1, notes = NULL WHERE booking_reference = 'B-97'");
    test.sql("UPDATE patient_profiles SET address = JSON_SET(address, '$.city', 'x') LIMIT 2");
    test.sql("UPDATE appointments SET appointment_date = '2026-12-24' WHERE booking_reference = 'B-5'");
    test.sql("DELETE FROM payments WHERE transaction_id = 'praxis/R000001'");
    assert_snapshot!(test.run("import verify mapping.toml"), @"
    exit 1
    --- stdout
    table  rows  missing  different
    doctor_users  19  0  -
    doctor_profiles  14  0  -
    patient_users  428  0  -
    patient_profiles  420  0  address: 2 (row 76, 329)
    appointments  1801  0  appointment_date: 1 (row 5); fee: 1 (row 97); notes: 1 (row 97)
    payments  772  1 (row 1)  -

    money  month  files  database
    appointments.fee  2025-01  116775.00  116730.75
    appointments.fee  2026-12  0.00  45.25
    appointments.fee  all  116826.75  116827.75
    payments.amount  -  50076.25  50035.00
    payments.amount  all  50076.25  50035.00

    the database differs from the files, rows as the files count them; 39 rows of the files are rejected, and not looked for
    ");
}

#[test]
fn killed_at_each_point_it_goes_on() {
    let whole = with_sample("import_whole");
    whole.run("import run mapping.toml --max-errors 39");
    let expected = whole.rows(ROWS);
    let stride = if is_full() { 1 } else { 4 };
    let points = (1..).step_by(stride).find(|point| {
        let test = with_sample(&format!("import_killed_{point}"));
        let case = format!("killed at point {point}");
        let mut run = test.command("import run mapping.toml --max-errors 39");
        let output = run.env("CAREDB_CRASH_AT", point.to_string()).output().unwrap();
        if output.status.code().is_some() {
            return true;
        }
        let text = test.run("import resume mapping.toml --max-errors 39");
        assert!(text.starts_with("exit 1") && text.contains("39 rejected"), "{case}: {text}");
        let text = test.run("import verify mapping.toml");
        assert!(text.starts_with("exit 0"), "{case}: {text}");
        assert_eq!(test.rows(ROWS), expected, "{case}");
        assert_eq!(test.rows(STRAY), [] as [&str; 0], "{case}");
        false
    });
    assert!(points.unwrap() > 12, "there are next to no points");
}

#[test]
fn killed_between_batches_that_two_connections_load() {
    // three batches
    let rows = 17_000;
    let mapping = "system = 'many'\n[source.people]\nfile = 'people.csv'\n[[table]]\ninto = 'users'\nfrom = 'people'
        legacy_id = ['nr']\n[table.columns]\nemail = { template = '{nr}@people.example' }\npassword_hash = { value = '!' }
        role = { value = 'STAFF' }";
    let people: String = (0..rows).map(|number| format!("{number}\n")).collect();
    let test = migrated("import_batches");
    test.file("many.toml", mapping).file("people.csv", format!("nr\n{people}"));
    for point in (1..=9).step_by(if is_full() { 1 } else { 3 }) {
        test.sql("DELETE FROM users; DROP TABLE IF EXISTS caredb_import_map, caredb_import_runs");
        let mut run = test.command("import run many.toml");
        let output = run.env("CAREDB_CRASH_AT", point.to_string()).output().unwrap();
        assert_eq!(output.status.code(), None, "point {point}: {}", test.show(&output));
        let whole = "SELECT COUNT(*) FROM users WHERE EXISTS (SELECT 1 FROM caredb_import_map m WHERE m.id = users.id)";
        assert_eq!(test.rows(whole), test.rows("SELECT COUNT(*) FROM users"), "point {point}");
        test.ok("import resume many.toml");
        test.ok("import verify many.toml");
        let counts = "SELECT COUNT(*), (SELECT COUNT(*) FROM caredb_import_map) FROM users";
        assert_eq!(test.rows(counts), [format!("{rows}|{rows}")], "point {point}");
    }
}

#[test]
fn other_files_are_no_way_to_go_on() {
    let test = with_sample("import_other");
    assert_snapshot!(test.run("import resume mapping.toml"), @"
    exit 2
    --- stderr
    error: no import of `praxis-muster` is half-way; begin one by `caredb import run`
    ");
    let mut run = test.command("import run mapping.toml --max-errors 39");
    assert_eq!(run.env("CAREDB_CRASH_AT", "8").output().unwrap().status.code(), None);
    change(&test.folder.join("visits.csv"), "\r\nB-1;00014;", "\r\nB-1;00015;");
    assert_snapshot!(test.run("import resume mapping.toml --max-errors 39"), @"
    exit 2
    --- stderr
    error: run 1 had other files, or another mapping, than there are now; put them back, or load what there is by `caredb import run`
    ");
    assert_snapshot!(tables(&test.run("import run mapping.toml --max-errors 39")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  0  19  0  0  0
    doctor_profiles  0  14  0  0  0
    patient_users  428  0  0  0  0
    patient_profiles  420  0  0  0  0
    appointments  1801  0  0  0  0
    payments  772  0  0  0  0
    ");
    assert!(test.run("import verify mapping.toml").starts_with("exit 0"));
}

/// Where the Synthea export is, if it is on this machine.
pub fn synthea() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/legacy/synthea");
    let said = std::env::var_os("CAREDB_SYNTHEA").map(PathBuf::from);
    [Some(beside), said].into_iter().flatten().find(|folder| folder.join("encounters.csv").exists())
}
