//! `import init`: a first mapping of the sample, and what is left to say.

use std::path::Path;

use insta::assert_snapshot;

use crate::support::{command, show};

fn run(folder: &Path, arguments: &str) -> String {
    show(&command(folder).args(arguments.split_whitespace()).output().unwrap())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a mapping")]
fn the_sample_gets_a_first_mapping() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    let files = ["doctors.csv", "patients.csv", "visits.csv"];
    for file in files {
        std::fs::copy(Path::new("examples/legacy").join(file), folder.path().join(file)).unwrap();
    }
    assert_snapshot!(run(folder.path(), &format!("import init {} --to first.toml", files.join(" "))), @"
    exit 0
    --- stdout
    wrote `first.toml` for 3 files: 42 doubts and 5 lines to fill in to see to, each marked in it; then `caredb import check first.toml`
    ");
    let path = folder.path().join("first.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_snapshot!(text, @r#"
    # A first mapping, made by looking at the files. What was guessed has a `# doubt:` above it; what has to be said by somebody
    # who knows the other system, a `# fill in:`. See to each of them, then run `caredb import check` on this file.

    # doubt: ids are made of this name, so it must not change once rows are imported
    system = "legacy"
    # doubt: moments that name no zone are taken for UTC
    time_zone = "UTC"

    [source.doctors]
    # looked at all of 24 rows
    # doubt: most of the text is UTF-8, but not that of 1 row
    # doubt: what stands before the header is passed over
    # doubt: 1 row can't be read that way; `import check` says why
    file = "doctors.csv"
    delimiter = ";"
    skip_lines = 1

    [source.patients]
    # looked at all of 441 rows
    # doubt: the text is no UTF-8; windows-1252 reads any, so see whether its letters are right
    # doubt: 5 rows can't be read that way; `import check` says why
    # doubt: white space around fields goes
    file = "patients.csv"
    encoding = "windows-1252"
    delimiter = ";"
    trim = true

    [source.visits]
    # looked at all of 1811 rows
    # doubt: the text is no UTF-8; windows-1252 reads any, so see whether its letters are right
    file = "visits.csv"
    encoding = "windows-1252"
    delimiter = ";"

    [[table]]
    into = "users"
    from = "doctors"
    name = "doctors_users"
    # doubt: 3 rows of 23 with a value that was there before; where they are the same, say `first_of = true`
    legacy_id = ["ArztNr"]

    [table.columns]
    email = { from = "EMail", pattern = "email" }
    password_hash = { value = "!" }
    role = { value = "DOCTOR" }

    [[table]]
    into = "users"
    from = "patients"
    name = "patients_users"
    # doubt: 1 row of 436 without a value here
    # doubt: 1 row of 436 with a value that was there before; where they are the same, say `first_of = true`
    legacy_id = ["PatNr"]

    [table.columns]
    email = { from = "EMail", pattern = "email" }
    password_hash = { value = "!" }
    role = { value = "PATIENT" }
    # fill in: what `?` is, of 1, 0
    is_active = { from = "Aktiv", words = { "2" = "?", "J" = "1", "N" = "0" } }
    # doubt: 1 row of 436 would be rejected
    created_at = { from = "Angelegt", format = ["%d.%m.%Y %H:%M"] }

    [[table]]
    into = "patient_profiles"
    from = "patients"
    # doubt: 1 row of 436 without a value here
    # doubt: 1 row of 436 with a value that was there before; where they are the same, say `first_of = true`
    legacy_id = ["PatNr"]

    [table.columns]
    user_id = { reference = "patients_users", by = ["PatNr"] }
    # doubt: 1 row without a value, and there must be one
    first_name = { from = "Vorname" }
    # doubt: 1 row of 436 would be rejected
    last_name = { from = "Nachname" }
    # doubt: 2 rows of 436 would be rejected
    date_of_birth = { from = "Geboren", format = ["%d.%m.%Y"] }
    # fill in: what `?` is, of MALE, FEMALE, OTHER
    gender = { from = "Geschlecht", words = { "d" = "OTHER", "m" = "MALE", "w" = "FEMALE", "x" = "?" } }
    phone_number = { from = "Telefon" }
    alternate_phone = { from = "Mobil" }
    # doubt: 109 rows of 327 would be rejected; is this the right column?
    blood_type = { from = "Blut" }
    # doubt: 1 row of 436 would be rejected
    height = { from = "Größe", decimal = "," }
    weight = { from = "Gewicht", decimal = "," }
    # doubt: the text is no JSON, so an object is made of it
    allergies = { json = { text = "Allergien" } }
    # doubt: the keys of the object are guessed
    emergency_contact = { json = { name = "Notfall", phone = "Notfall_Telefon" } }
    # doubt: the keys of the object are guessed
    address = { json = { street = "Straße", zip = "PLZ", city = "Ort" } }
    # doubt: the keys of the object are guessed
    insurance_info = { json = { provider = "Kasse" } }
    # doubt: 1 row of 436 would be rejected
    created_at = { from = "Angelegt", format = ["%d.%m.%Y %H:%M"] }

    [[table]]
    into = "doctor_profiles"
    from = "doctors"
    # doubt: 3 rows of 23 with a value that was there before; where they are the same, say `first_of = true`
    legacy_id = ["ArztNr"]

    [table.columns]
    user_id = { reference = "doctors_users", by = ["ArztNr"] }
    # fill in: first_name = { from = "…" }
    # fill in: last_name = { from = "…" }
    specialization = { from = "Fach" }
    qualification = { from = "Abschluss" }
    # doubt: 2 rows of 23 would be rejected
    experience_years = { from = "Jahre" }
    license_number = { from = "Lizenz" }
    # doubt: 1 row of 23 would be rejected
    license_expiry = { from = "Lizenz_bis", format = ["%d.%m.%Y"] }
    consultation_fee = { from = "Honorar", decimal = "," }
    # doubt: the keys of the object are guessed
    languages = { json = { name = "Sprachen" }, array = true }
    # doubt: the keys of the object are guessed
    education = { json = { school = "Universität" }, array = true }
    # doubt: what the words mean is guessed
    availability_status = { from = "Status", words = { "da" = "AVAILABLE", "weg" = "OFFLINE" } }

    [[table]]
    into = "appointments"
    from = "visits"
    legacy_id = ["BesuchNr"]

    [table.columns]
    booking_reference = { from = "BesuchNr" }
    # doubt: of 422 different values, 1 not in "PatNr"
    patient_id = { reference = "patient_profiles", by = ["PatNr"] }
    doctor_id = { reference = "doctor_profiles", by = ["ArztNr"] }
    appointment_date = { from = "Datum", format = ["%d.%m.%Y"] }
    # doubt: 1 row of 1811 would be rejected
    start_time = { from = "Von", format = ["%H.%M"] }
    # doubt: 1 row of 1811 would be rejected
    end_time = { from = "Bis", format = ["%H.%M"] }
    # doubt: what the words mean is guessed
    consultation_type = { from = "Art", words = { "P" = "IN_PERSON", "V" = "VIDEO" } }
    # doubt: what the words mean is guessed
    status = { from = "Status", words = { "abgesagt" = "CANCELLED", "bestätigt" = "CONFIRMED", "erledigt" = "COMPLETED", "geplant" = "SCHEDULED", "nicht da" = "NO_SHOW" } }
    reason_for_visit = { from = "Grund" }
    # doubt: the keys of the object are guessed
    symptoms = { json = { description = "Beschwerden" }, array = true }
    # doubt: what the words mean is guessed
    is_first_visit = { from = "Erstbesuch", words = { "0" = "0", "1" = "1", "ja" = "1" } }
    # fill in: what `?` is, of REGULAR, URGENT, EMERGENCY
    priority = { from = "Eilig", words = { "!" = "?" } }
    # doubt: 2 rows of 1811 would be rejected
    fee = { from = "Honorar", decimal = "," }
    cancelled_at = { from = "Abgesagt_am", format = ["%d.%m.%Y %H:%M"] }
    # doubt: of 73 different values, 1 not in "BesuchNr"
    rescheduled_from = { reference = "appointments", by = ["Verlegt_von"] }
    notes = { from = "Bemerkung" }

    # doubt: of `doctors`, nothing is made of "Name", "Standort"

    # doubt: of `visits`, nothing is made of "BelegNr", "Zahlart"
    "#);
    // printed, it is the same; written, it stays
    let printed = run(folder.path(), &format!("import init {}", files.join(" ")));
    assert_eq!(printed, format!("exit 0\n--- stdout\n{}", text.trim_end()));
    assert_snapshot!(run(folder.path(), "import init doctors.csv --to first.toml"), @"
    exit 2
    --- stderr
    error: `first.toml` is there already; name another file, or say `--force` to write over it
    ");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    // half-way it can't be used
    assert_snapshot!(run(folder.path(), "import check first.toml"), @"
    exit 2
    --- stderr
    error: `[[table]]` `doctor_profiles`: column `first_name` must have a value, and has no rule
    ");
    let filled = text
        .replace(
            "# fill in: first_name = { from = \"…\" }",
            "first_name = { from = \"Name\", split = \", \", part = 2 }",
        )
        .replace(
            "# fill in: last_name = { from = \"…\" }",
            "last_name = { from = \"Name\", split = \", \", part = 1 }",
        );
    std::fs::write(&path, filled).unwrap();
    let checked = run(folder.path(), "import check first.toml");
    assert_snapshot!(checked.split("\n\n").next().unwrap(), @"
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    doctors_users  24  20  0  4
    patients_users  441  430  0  11
    patient_profiles  441  318  0  123
    doctor_profiles  24  15  0  9
    appointments  1811  1290  0  521
    ");
}

#[test]
fn a_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    assert_snapshot!(run(folder.path(), "import init nothing.csv"), @"
    exit 2
    --- stderr
    error: `nothing.csv`: there is no such file; correct `file` of the source
    ");
}

/// How a file is written is found by trying.
#[test]
fn files_of_other_kinds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    let utf16 = "id\tMail\n1\tzoë@a.example\n2\tNULL\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    std::fs::write(folder.path().join("users.txt"), [&b"\xff\xfe"[..], &utf16].concat()).unwrap();
    std::fs::write(folder.path().join("users.ndjson"), "{\"id\":1,\"email\":\"a@b.example\"}\n").unwrap();
    std::fs::write(folder.path().join("accounts.csv"), "1|\"a \\\"b\\\"\"|x@y.example\n2|c|z@y.example\n").unwrap();
    assert_snapshot!(run(folder.path(), "import init users.txt users.ndjson accounts.csv"), @r#"
    exit 0
    --- stdout
    # A first mapping, made by looking at the files. What was guessed has a `# doubt:` above it; what has to be said by somebody
    # who knows the other system, a `# fill in:`. See to each of them, then run `caredb import check` on this file.

    # doubt: ids are made of this name, so it must not change once rows are imported
    system = "legacy"
    # doubt: moments that name no zone are taken for UTC
    time_zone = "UTC"

    [source.users]
    # looked at all of 2 rows
    # doubt: the name does not say what kind of file it is; it is read as CSV
    # doubt: these texts are taken for no value
    file = "users.txt"
    format = "csv"
    encoding = "utf-16le"
    delimiter = "\t"
    null = ["", "NULL"]

    [source.users_2]
    # looked at all of 1 row
    file = "users.ndjson"

    [source.accounts]
    # looked at all of 2 rows
    # doubt: there seems to be no header, since the first row has values; name the columns
    file = "accounts.csv"
    delimiter = "|"
    escape = "\\"
    header = false
    columns = ["column_1", "column_2", "column_3"]

    [[table]]
    into = "users"
    from = "users"
    name = "users_users"
    legacy_id = ["id"]

    [table.columns]
    # doubt: 1 row without a value, and there must be one
    email = { from = "Mail", pattern = "email" }
    password_hash = { value = "!" }
    # fill in: role = { from = "…" }

    [[table]]
    into = "users"
    from = "users_2"
    name = "users_2_users"
    # doubt: each row has its own value also in "email"
    legacy_id = ["id"]

    [table.columns]
    email = { from = "email", pattern = "email" }
    password_hash = { value = "!" }
    # fill in: role = { from = "…" }

    [[table]]
    into = "users"
    from = "accounts"
    name = "accounts_users"
    # doubt: each row has its own value also in "column_2", "column_3"
    legacy_id = ["column_1"]

    [table.columns]
    # fill in: email = { from = "…" }
    password_hash = { value = "!" }
    # fill in: role = { from = "…" }

    # doubt: of `accounts`, nothing is made of "column_2", "column_3"
    "#);
}
