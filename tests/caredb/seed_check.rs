//! `seed check`: all that is wrong with fixtures, and nothing written.

use insta::assert_snapshot;

use crate::support::Test;

/// What is in every table of the database, counters of `AUTO_INCREMENT` left out.
fn contents(test: &Test) -> Vec<String> {
    let tables = test.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1",
    );
    tables.iter().flat_map(|table| test.rows(&format!("CHECKSUM TABLE `{table}`"))).collect()
}

#[test]
fn the_sets_of_the_binary_pass() {
    let test = Test::new("check_sets");
    test.ok("migrate");
    let before = contents(&test);
    assert_snapshot!(test.run("seed check demo edge"), @"
    exit 0
    --- stdout
    `demo`, `edge` against `<db>`: 0 findings
    --- stderr
    740 rows of 26 files: compared and tried, all of it rolled back
    ");
    // before and after they are loaded, on another day, with rows of other origin that refer to them
    test.ok("seed demo edge --today 2026-11-16");
    test.sql("INSERT INTO notifications (id, user_id, type, title, message) SELECT 'n', id, 'GENERAL', 't', 'm' FROM users WHERE email = 'front.desk@example.org'");
    let loaded = contents(&test);
    assert_snapshot!(test.run("seed check demo edge --quiet --today 2026-11-23"), @"
    exit 0
    --- stdout
    `demo`, `edge` against `<db>`: 0 findings
    ");
    assert_eq!(contents(&test), loaded);
    assert_ne!(before, loaded);
    assert_eq!(test.rows("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'caredb_seed'"), ["1"]);
}

#[test]
fn all_findings_are_named() {
    let test = Test::new("check_findings");
    test.ok("migrate");
    test.file("f/user.toml", "")
        .file("f/flyway_schema_history.toml", "[a]\n")
        .file(
            "f/users.toml",
            "[whole]\nemail = 'whole@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\n
             [second]\nemail = 'whole@example.com'\npassword_hash = 'x'\nrole = 'PATIENTS'\n
             [third]\nemail = 'third@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\nlast_login_at = 'today-3x'\ne_mail = 'x'\n
             [fourth]\nemail = '@repeat 256 x'\nrole = 'STAFF'\ncreated_at = '2040-01-01 00:00:00'\n
             [fifth]\nemail = 'WHOLE@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\n
             [sixth]\nemail = 'sixth@example.com'\npassword_hash = '@null'\nrole = '@users.seventh'\n
             [patient]\nemail = 'p@example.com'\npassword_hash = 'x'\nrole = 'PATIENT'\n",
        )
        .file("f/time_slots.toml", "[a]\ndoctor_id = '=nobody'\nday_of_week = 'MONDAY'\nstart_time = '10:00'\nend_time = '09:00'\n")
        .file(
            "f/doctor_unavailability.toml",
            "[a]\ndoctor_id = '=nobody'\nstart_date = '2026-02-30'\nend_date = '2026-03-01 12:00:00'\nreason = true\n",
        )
        .file(
            "f/patient_profiles.toml",
            "[a]\nuser_id = '@users.patient'\nfirst_name = 1\nlast_name = 'x'\ndate_of_birth = 1990-01-01\ngender = 'OTHER'\nphone_number = '1'\nheight = '180.123'\nemergency_contact = '{'\naddress = {}\n",
        )
        .file(
            "f/notifications.toml",
            "# refers to a row that is refused, and has a finding of its own\n[a]\nuser_id = '@users.second'\ntype = 'GENERAL'\ntitle = 't'\nmessage = 'm'\nis_read = 200\n
             [b]\nuser_id = '@users.second'\ntype = 'GENERAL'\ntitle = 't'\nmessage = 'm'\n[c]\ndata = { n = nan }\n",
        );
    let before = contents(&test);
    assert_snapshot!(test.run("seed check --fixtures f --today 2026-11-23"), @"
    exit 1
    --- stdout
    `doctor_unavailability.toml` row `a` column `start_date`: `2026-02-30` is no day of the calendar
    `doctor_unavailability.toml` row `a` column `end_date`: `<time>` has a time, which a DATE would lose
    `doctor_unavailability.toml` row `a` column `reason`: `true` would become the text `1`
    `flyway_schema_history.toml`: table `flyway_schema_history` has no column `id`, which the labels become; fixtures can't be loaded into it
    `notifications.toml` row `a` column `is_read`: `200` is not between -128 and 127
    `notifications.toml` row `c` column `data`: JSON has no number `NaN`; leave it out, or write it as a text
    `patient_profiles.toml` row `a` column `height`: `180.123` would be rounded to 2 digits behind the point
    `patient_profiles.toml` row `a` column `emergency_contact`: it is no JSON: EOF while parsing an object at line 1 column 1
    `time_slots.toml` row `a` columns `end_time`, `start_time`: MySQL error 3819: Check constraint 'chk_time_slots_times' is violated.
    `user.toml`: there is no table `user` in the database, did you mean `users`?; run `caredb migrate`, or correct the file's name
    `users.toml` row `second` column `role`: `PATIENTS` is none of `PATIENT`, `DOCTOR`, `ADMIN`, `STAFF`, did you mean `PATIENT`?
    `users.toml` row `third` column `last_login_at`: `today-3x` is not a relative date; write `today-400d`, `today+2mo`, `monday-57w 09:30` (units d, w, mo, y), or for a text `=today-3x`
    `users.toml` row `third`: table `users` has no column `e_mail`, did you mean `email`?
    `users.toml` row `fourth` column `password_hash`: it is missing, and has no default that could stand in
    `users.toml` row `fourth` column `email`: it is 256 characters long, 255 are the most
    `users.toml` row `fourth` column `created_at`: `<time>` is not between <time> and <time>, the range of a TIMESTAMP
    `users.toml` row `fifth` column `email`: MySQL error 1062: Duplicate entry '…' for key 'users.uk_users_email'; row `whole` has the same
    `users.toml` row `sixth` column `role`: there is no row `@users.seventh`, did you mean `@users.second`?; a text that is no reference is written `=@users.seventh`
    `users.toml` row `sixth` column `password_hash`: it may not be NULL
    `f` against `<db>`: 19 findings
    --- stderr
    14 rows of 7 files: compared and tried, all of it rolled back
    ");
    assert_eq!(contents(&test), before);
    assert_snapshot!(test.run("seed check --fixtures f --today 2026-11-23 --format json").replace("},{", "},\n{"), @r#"
    exit 1
    --- stdout
    {"event":"note","text":"14 rows of 7 files: compared and tried, all of it rolled back"}
    {"command":"seed check","outcome":"found","database":"<db>","sets":["f"],"today":"2026-11-23","rows":14,"tried":true,"findings":[{"file":"doctor_unavailability.toml","row":"a","columns":["start_date"],"what":"`2026-02-30` is no day of the calendar"},
    {"file":"doctor_unavailability.toml","row":"a","columns":["end_date"],"what":"`<time>` has a time, which a DATE would lose"},
    {"file":"doctor_unavailability.toml","row":"a","columns":["reason"],"what":"`true` would become the text `1`"},
    {"file":"flyway_schema_history.toml","what":"table `flyway_schema_history` has no column `id`, which the labels become; fixtures can't be loaded into it"},
    {"file":"notifications.toml","row":"a","columns":["is_read"],"what":"`200` is not between -128 and 127"},
    {"file":"notifications.toml","row":"c","columns":["data"],"what":"JSON has no number `NaN`; leave it out, or write it as a text"},
    {"file":"patient_profiles.toml","row":"a","columns":["height"],"what":"`180.123` would be rounded to 2 digits behind the point"},
    {"file":"patient_profiles.toml","row":"a","columns":["emergency_contact"],"what":"it is no JSON: EOF while parsing an object at line 1 column 1"},
    {"file":"time_slots.toml","row":"a","columns":["end_time","start_time"],"what":"MySQL error 3819: Check constraint 'chk_time_slots_times' is violated."},
    {"file":"user.toml","what":"there is no table `user` in the database, did you mean `users`?; run `caredb migrate`, or correct the file's name"},
    {"file":"users.toml","row":"second","columns":["role"],"what":"`PATIENTS` is none of `PATIENT`, `DOCTOR`, `ADMIN`, `STAFF`, did you mean `PATIENT`?"},
    {"file":"users.toml","row":"third","columns":["last_login_at"],"what":"`today-3x` is not a relative date; write `today-400d`, `today+2mo`, `monday-57w 09:30` (units d, w, mo, y), or for a text `=today-3x`"},
    {"file":"users.toml","row":"third","what":"table `users` has no column `e_mail`, did you mean `email`?"},
    {"file":"users.toml","row":"fourth","columns":["password_hash"],"what":"it is missing, and has no default that could stand in"},
    {"file":"users.toml","row":"fourth","columns":["email"],"what":"it is 256 characters long, 255 are the most"},
    {"file":"users.toml","row":"fourth","columns":["created_at"],"what":"`<time>` is not between <time> and <time>, the range of a TIMESTAMP"},
    {"file":"users.toml","row":"fifth","columns":["email"],"what":"MySQL error 1062: Duplicate entry '…' for key 'users.uk_users_email'; row `whole` has the same"},
    {"file":"users.toml","row":"sixth","columns":["role"],"what":"there is no row `@users.seventh`, did you mean `@users.second`?; a text that is no reference is written `=@users.seventh`"},
    {"file":"users.toml","row":"sixth","columns":["password_hash"],"what":"it may not be NULL"}]}
    "#);
    // a file that is no TOML keeps none of the others from being looked at
    test.file("f/users.toml", "[a]\nemail = \n");
    assert_snapshot!(test.run("seed check --fixtures f --today 2026-11-23 --quiet"), @"
    exit 1
    --- stdout
    `doctor_unavailability.toml` row `a` column `start_date`: `2026-02-30` is no day of the calendar
    `doctor_unavailability.toml` row `a` column `end_date`: `<time>` has a time, which a DATE would lose
    `doctor_unavailability.toml` row `a` column `reason`: `true` would become the text `1`
    `flyway_schema_history.toml`: table `flyway_schema_history` has no column `id`, which the labels become; fixtures can't be loaded into it
    `notifications.toml` row `a` column `user_id`: there is no row `@users.second`; a text that is no reference is written `=@users.second`
    `notifications.toml` row `a` column `is_read`: `200` is not between -128 and 127
    `notifications.toml` row `b` column `user_id`: there is no row `@users.second`; a text that is no reference is written `=@users.second`
    `notifications.toml` row `c` column `data`: JSON has no number `NaN`; leave it out, or write it as a text
    `patient_profiles.toml` row `a` column `user_id`: there is no row `@users.patient`; a text that is no reference is written `=@users.patient`
    `patient_profiles.toml` row `a` column `height`: `180.123` would be rounded to 2 digits behind the point
    `patient_profiles.toml` row `a` column `emergency_contact`: it is no JSON: EOF while parsing an object at line 1 column 1
    `time_slots.toml` row `a` columns `end_time`, `start_time`: MySQL error 3819: Check constraint 'chk_time_slots_times' is violated.
    `user.toml`: there is no table `user` in the database, did you mean `users`?; run `caredb migrate`, or correct the file's name
    `users.toml` line 2: string values must be quoted, expected literal string
    `f` against `<db>`: 14 findings
    ");
}

#[test]
fn a_protected_database_is_only_compared_with() {
    let test = Test::new("check_protected");
    test.ok("migrate");
    test.sql("CREATE TABLE fired (n INT AUTO_INCREMENT PRIMARY KEY); CREATE TRIGGER seen AFTER INSERT ON users FOR EACH ROW INSERT INTO fired VALUES (NULL)");
    // of a table whose engine takes nothing back, nothing is tried
    test.sql("CREATE TABLE lasting (id CHAR(36) PRIMARY KEY) ENGINE=MyISAM");
    test.file("caredb.toml", "protected = true\n").file("f/lasting.toml", "[a]\n");
    test.file("f/users.toml", "[a]\nemail = 'a'\npassword_hash = 'x'\nrole = 'KING'\n[b]\nemail = 'a'\npassword_hash = 'x'\nrole = 'STAFF'\n[c]\nemail = 'a'\npassword_hash = 'x'\nrole = 'STAFF'\n");
    assert_snapshot!(test.run("seed check --fixtures f"), @"
    exit 1
    --- stdout
    `users.toml` row `a` column `role`: `KING` is none of `PATIENT`, `DOCTOR`, `ADMIN`, `STAFF`
    `f` against `<db>`: 1 finding
    --- stderr
    4 rows of 2 files: compared only, since the database is protected
    ");
    let fired = || {
        test.sql("ANALYZE TABLE fired");
        test.rows("SELECT (SELECT COUNT(*) FROM fired), auto_increment > 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'fired'")
    };
    assert_eq!(fired(), ["0|0"]);
    // elsewhere triggers do fire, and are rolled back
    test.file("caredb.toml", "");
    assert_snapshot!(test.run("seed check --fixtures f"), @"
    exit 1
    --- stdout
    `users.toml` row `a` column `role`: `KING` is none of `PATIENT`, `DOCTOR`, `ADMIN`, `STAFF`
    `users.toml` row `c` column `email`: MySQL error 1062: Duplicate entry '…' for key 'users.uk_users_email'; row `b` has the same
    `f` against `<db>`: 2 findings
    --- stderr
    table `lasting` was not tried: its engine takes nothing back
    4 rows of 2 files: compared and tried, all of it rolled back
    ");
    assert_eq!(fired(), ["0|1"]);
    assert_eq!(test.rows("SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM lasting)"), ["0|0"]);
}
