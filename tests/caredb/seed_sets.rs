//! `seed SET…`, `--only`, `--reset`: sets by name, what is passed over, what is loaded anew.

use insta::assert_snapshot;

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Killed, Test, pty, read_some};

/// What CHECKs keep from the limit of its type: column, lowest, highest.
const CHECKED: [(&str, &str, &str); 5] = [
    ("reviews.rating", "1", "5"),
    ("appointments.start_time", "-838:59:59", "838:59:58"),
    ("appointments.end_time", "-838:59:58", "838:59:59"),
    ("time_slots.start_time", "-838:59:59", "838:59:58"),
    ("time_slots.end_time", "-838:59:58", "838:59:59"),
];

/// The conditions that hold for some row each, where a column's values reach the limits of its type.
fn limits(table: &str, column: &str, kind: &str, length: u64) -> Vec<String> {
    let name = format!("{table}.{column}");
    let from_to = |low: &str, high: &str| {
        let (low, high) = CHECKED
            .iter()
            .find_map(|(checked, low, high)| (*checked == name).then_some((*low, *high)))
            .unwrap_or((low, high));
        vec![format!("`{column}` = '{low}'"), format!("`{column}` = '{high}'")]
    };
    let lengths = |longest: &str| {
        vec![
            format!("LENGTH(`{column}`) = 0"),
            format!("{longest}(`{column}`) = {length}"),
            // the longest text of characters beyond the BMP
            format!(
                "CHAR_LENGTH(`{column}`) = {} AND LENGTH(`{column}`) = 4 * CHAR_LENGTH(`{column}`)",
                match longest {
                    "LENGTH" => length / 4,
                    _ => length,
                }
            ),
        ]
    };
    if let Some(values) = kind.strip_prefix("enum(") {
        return values.trim_end_matches(')').split(',').map(|value| format!("`{column}` = {value}")).collect();
    }
    if let Some(digits) = kind.strip_prefix("decimal(") {
        let (precision, scale) = digits.trim_end_matches(')').split_once(',').unwrap();
        let scale: usize = scale.parse().unwrap();
        let most = format!("{}.{}", "9".repeat(precision.parse::<usize>().unwrap() - scale), "9".repeat(scale));
        return [from_to(&format!("-{most}"), &most), vec![format!("`{column}` = 0")]].concat();
    }
    match kind.split('(').next().unwrap() {
        "varchar" => lengths("CHAR_LENGTH"),
        "text" => lengths("LENGTH"),
        "json" => vec![
            format!("JSON_DEPTH(`{column}`) = 100"),
            format!("JSON_DEPTH(`{column}`) = 1"),
            format!("LENGTH(`{column}`) > 65532"),
        ],
        "tinyint" => from_to("0", "1"),
        "int" => from_to("-2147483648", "2147483647"),
        "bigint" => from_to("-9223372036854775808", "9223372036854775807"),
        "date" => from_to("1000-01-01", "9999-12-31"),
        "timestamp" => from_to("1970-01-01 00:00:01", "2038-01-19 03:14:07"),
        "time" => from_to("-838:59:59", "838:59:59"),
        other => vec![format!("'{other}' IS NULL")],
    }
}

/// The limits that no row reaches: `column: condition`.
fn unreached(test: &Test) -> Vec<String> {
    let references = test.rows(
        "SELECT CONCAT(IF(table_name = 'appointment_keys', 'appointments', table_name), '.', column_name)
         FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_column_name = 'id'",
    );
    let columns = test.rows(
        "SELECT table_name, column_name, column_type, COALESCE(character_maximum_length, 0), is_nullable
         FROM information_schema.columns
         WHERE table_schema = DATABASE() AND column_name <> 'id'
           AND table_name NOT LIKE '%\\_archive' AND table_name NOT LIKE '%\\_all'
           AND table_name NOT IN ('appointments_moving', 'appointments_staying', 'medical_records_compressed', 'appointment_keys', 'flyway_schema_history', 'caredb_journal', 'caredb_seed')
         ORDER BY table_name, ordinal_position",
    );
    let mut conditions = Vec::new();
    for line in &columns {
        let [table, column, kind, length, nullable] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let name = format!("{table}.{column}");
        if !references.contains(&name) {
            let limits = limits(table, column, kind, length.parse().unwrap());
            conditions.extend(limits.into_iter().map(|condition| (table, name.clone(), condition)));
        }
        if nullable == "YES" {
            conditions.push((table, name, format!("`{column}` IS NULL")));
        }
    }
    let query = |(table, _, condition): &(&str, String, String)| {
        format!("SELECT EXISTS (SELECT 1 FROM `{table}` WHERE {condition})")
    };
    let sql: Vec<String> = conditions.iter().map(query).collect();
    let reached = test.rows(&format!("SET time_zone = '+00:00'; {}", sql.join(" UNION ALL ")));
    assert_eq!(reached.len(), conditions.len());
    let missing = conditions.iter().zip(reached).filter(|(_, reached)| reached != "1");
    missing.map(|((_, name, condition), _)| format!("{name}: {condition}")).collect()
}

#[test]
fn the_edge_set_reaches_every_limit_of_every_column() {
    let test = Test::new("seed_edge");
    test.ok("migrate");
    test.ok("seed edge");
    assert_eq!(unreached(&test), Vec::<String>::new());
    // the check does not pass by itself: a column that a later migration adds is found
    test.sql("ALTER TABLE reviews ADD extra VARCHAR(10), ADD mood ENUM('GOOD', 'BAD') NOT NULL, ADD place POINT");
    assert_snapshot!(unreached(&test).join("\n"), @"
    reviews.extra: LENGTH(`extra`) = 0
    reviews.extra: CHAR_LENGTH(`extra`) = 10
    reviews.extra: CHAR_LENGTH(`extra`) = 10 AND LENGTH(`extra`) = 4 * CHAR_LENGTH(`extra`)
    reviews.mood: `mood` = 'BAD'
    reviews.place: 'point' IS NULL
    ");
    test.sql("CREATE TABLE later (id VARCHAR(36) PRIMARY KEY, happy BOOLEAN NOT NULL)");
    assert_snapshot!(unreached(&test).iter().filter(|line| line.starts_with("later")).cloned().collect::<Vec<_>>().join("\n"), @"
    later.happy: `happy` = '0'
    later.happy: `happy` = '1'
    ");
}

#[test]
fn sets_have_names() {
    let test = Test::new("seed_names");
    test.ok("migrate");
    let user = |email: &str| format!("[a]\nemail = '{email}'\npassword_hash = 'x'\nrole = 'STAFF'\n");
    test.file("sets/one/users.toml", user("one@example.com"));
    test.file("sets/.hidden/users.toml", "").file("sets/README.md", "").file("sets/empty/README.md", "");
    let mut answers = String::new();
    let mut run = |arguments: &str| {
        answers.push_str(&format!("$ caredb {arguments}\n{}\n\n", test.run(arguments)));
    };
    // the only one is meant
    run("seed --fixtures sets");
    test.file("sets/two/doctor_profiles.toml", "").file("sets/two/users.toml", "[b]\nemail = '@users.c'\n");
    run("seed --fixtures sets");
    run("seed tow --fixtures sets");
    // several sets: the file's name says which
    run("seed one two --fixtures sets");
    run("seed two --fixtures sets/two");
    run("seed one --fixtures sets/two");
    run("seed edges");
    run("seed --quiet check");
    test.file("caredb.toml", "fixtures = \"sets\"\n");
    run("seed one --quiet");
    test.file("caredb.toml", "fixtures = \"sets/one\"\n");
    run("seed --quiet");
    assert_snapshot!(answers, @"
    $ caredb seed --fixtures sets
    exit 0
    --- stdout
    users  1 new  0 there already
    seeded `<db>`: 1 row into 1 table, 0 there already

    $ caredb seed --fixtures sets
    exit 2
    --- stderr
    error: `sets` holds the fixture sets `one`, `two`; name those to load

    $ caredb seed tow --fixtures sets
    exit 2
    --- stderr
    error: there is no fixture set `tow` in `sets`, did you mean `two`?; there is `one`, `two`

    $ caredb seed one two --fixtures sets
    exit 2
    --- stderr
    error: `two/users.toml` row `b` column `email`: there is no row `@users.c`, did you mean `@users.b`?; a text that is no reference is written `=@users.c`

    $ caredb seed two --fixtures sets/two
    exit 2
    --- stderr
    error: `users.toml` row `b` column `email`: there is no row `@users.c`, did you mean `@users.b`?; a text that is no reference is written `=@users.c`

    $ caredb seed one --fixtures sets/two
    exit 2
    --- stderr
    error: there is no fixture set `one` in `sets/two`; there is `two`

    $ caredb seed edges
    exit 2
    --- stderr
    error: there is no fixture set `edges` in the binary, did you mean `edge`?; there is `demo`, `edge`

    $ caredb seed --quiet check
    exit 2
    --- stderr
    error: `check` is no fixture set; as an action it stands before all options: `caredb seed check …`

    $ caredb seed one --quiet
    exit 0
    --- stdout
    nothing to do: all 1 row of 1 table are in `<db>`

    $ caredb seed --quiet
    exit 0
    --- stdout
    nothing to do: all 1 row of 1 table are in `<db>`
    ");
}

#[test]
fn an_unchanged_set_is_passed_over() {
    let test = Test::new("seed_unchanged");
    test.ok("migrate");
    test.ok("seed --today 2026-11-23");
    assert_eq!(
        test.rows("SELECT set_name, LENGTH(sha256), today, row_count, loaded_at IS NOT NULL FROM caredb_seed"),
        ["demo|64|2026-11-23|664|1"]
    );
    // a reader's privileges do: nothing is written
    let reader = test.url_as("reader", &["SELECT"]);
    let again = |arguments: &str| test.run_at(&reader, arguments);
    assert_snapshot!(again("seed --today 2026-11-23"), @"
    exit 0
    --- stdout
    nothing to do: all 664 rows of 13 tables are in `<db>`
    ");
    // dates that are not today's are said
    assert_snapshot!(again("seed --today 2026-11-24"), @"
    exit 0
    --- stdout
    nothing to do: all 664 rows of 13 tables are in `<db>`
    --- stderr
    the dates of `demo` count from 2026-11-23; `--reset` loads it anew, from 2026-11-24
    ");
    // what is gone is not taken for there
    test.sql("DELETE FROM notifications ORDER BY id LIMIT 3");
    assert_snapshot!(test.run("seed --today 2026-11-23 --quiet"), @"
    exit 0
    --- stdout
    seeded `<db>`: 3 rows into 13 tables, 661 there already
    ");
    assert_snapshot!(test.run("seed --today 2026-11-23 --quiet"), @"
    exit 0
    --- stdout
    nothing to do: all 664 rows of 13 tables are in `<db>`
    ");
    // all tables gone, the record stays: it is not believed
    test.ok("rollback --to 0 --yes");
    assert_snapshot!(test.run("seed --today 2026-11-23 --quiet"), @"
    exit 2
    --- stderr
    error: `demo/users.toml`: there is no table `users` in the database; run `caredb migrate`, or correct the file's name
    ");
    test.ok("migrate");
    assert_snapshot!(test.run("seed --today 2026-11-23 --quiet"), @"
    exit 0
    --- stdout
    seeded `<db>`: 664 rows into 13 tables, 0 there already
    ");
}

#[test]
fn a_set_that_changed_is_looked_at_again() {
    let test = Test::new("seed_changed");
    test.ok("migrate");
    let user = |label: &str| format!("[{label}]\nemail = '{label}@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\n");
    test.file("f/users.toml", user("a"));
    test.ok("seed --fixtures f");
    test.file("f/users.toml", format!("{}{}", user("a").replace("STAFF", "ADMIN"), user("b")));
    assert_snapshot!(test.run("seed --fixtures f"), @"
    exit 0
    --- stdout
    users  1 new  1 there already
    seeded `<db>`: 1 row into 1 table, 1 there already
    --- stderr
    `f` has changed since it was loaded: rows that are there stay as they are, `--reset` loads them anew
    ");
    // the row of before is not what the file says, and that stays so until a reset
    assert_snapshot!(test.run("seed --fixtures f"), @"
    exit 0
    --- stdout
    users  0 new  2 there already
    nothing to do: all 2 rows of 1 table are in `<db>`
    --- stderr
    `f` has changed since it was loaded: rows that are there stay as they are, `--reset` loads them anew
    ");
    assert_eq!(test.rows("SELECT email, role FROM users ORDER BY 1"), ["a@example.com|STAFF", "b@example.com|STAFF"]);
    assert_snapshot!(test.run("seed --fixtures f --reset"), @"
    exit 0
    --- stdout
    users  2 new  0 there already
    reset `<db>`: 2 rows deleted, 2 rows of 1 table loaded anew
    --- stderr
    the reset of `f` deletes 2 rows: 2 of `users`
    ");
    assert_eq!(test.rows("SELECT email, role FROM users ORDER BY 1"), ["a@example.com|ADMIN", "b@example.com|STAFF"]);
    assert_snapshot!(test.run("seed --fixtures f"), @"
    exit 0
    --- stdout
    nothing to do: all 2 rows of 1 table are in `<db>`
    ");
}

#[test]
fn only_some_tables() {
    let test = Test::new("seed_only");
    test.ok("migrate");
    assert_snapshot!(test.run("seed --only doctor_profiles"), @"
    exit 2
    --- stderr
    error: nothing was loaded: `demo/doctor_profiles.toml` row `ingrid_solheim` column `user_id`: `@users.ingrid_solheim` is not in the database; load its table, too
    ");
    assert_snapshot!(test.run("seed --only users --only doctor_profiles"), @"
    exit 0
    --- stdout
    users  33 new  0 there already
    doctor_profiles  6 new  0 there already
    seeded `<db>`: 39 rows into 2 tables, 0 there already
    ");
    assert_snapshot!(test.run("seed --only doctor_profile"), @"
    exit 2
    --- stderr
    error: the fixtures have no table `doctor_profile`, did you mean `doctor_profiles`?; correct `--only`
    ");
    // appointments refer to people by their keys, which a trigger writes
    assert_snapshot!(test.run("seed --only appointments"), @"
    exit 2
    --- stderr
    error: nothing was loaded: `demo/appointments.toml` row `james_cardio_01` column `patient_id`: `@patient_profiles.james_whitfield` is not in the database; load its table, too
    ");
    // a part is not the set
    assert_eq!(test.rows("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'caredb_seed' AND table_schema = DATABASE()"), ["0"]);
    assert_snapshot!(test.run("seed --quiet"), @"
    exit 0
    --- stdout
    seeded `<db>`: 625 rows into 13 tables, 39 there already
    ");
}

#[test]
fn reset_loads_anew_what_is_the_sets_own() {
    let test = Test::new("seed_reset");
    test.ok("migrate");
    test.ok("seed --today 2026-01-05");
    test.ok("seed edge");
    test.sql("UPDATE users SET email = 'changed@example.com' WHERE email = 'front.desk@example.org'");
    test.sql("DELETE FROM notifications ORDER BY id LIMIT 3");
    let edge = || {
        test.rows("SELECT COUNT(*), SUM(helpful_count) FROM reviews WHERE review_text IS NULL OR LENGTH(review_text) > 60000 OR review_text = ''")
    };
    let before = edge();
    assert_snapshot!(test.run("seed --reset --today 2026-11-23"), @"
    exit 0
    --- stdout
    users  33 new  0 there already
    doctor_profiles  6 new  0 there already
    patient_profiles  24 new  0 there already
    appointments  132 new  0 there already
    doctor_unavailability  5 new  0 there already
    medical_records  27 new  0 there already
    time_slots  31 new  0 there already
    consultations  94 new  0 there already
    payments  116 new  0 there already
    reviews  36 new  0 there already
    prescriptions  44 new  0 there already
    audit_logs  53 new  0 there already
    notifications  63 new  0 there already
    reset `<db>`: 661 rows deleted, 664 rows of 13 tables loaded anew
    --- stderr
    the reset of `demo` deletes 661 rows: 60 of `notifications`, 53 of `audit_logs`, 44 of `prescriptions`, 36 of `reviews`, 116 of `payments`, 94 of `consultations`, 31 of `time_slots`, 27 of `medical_records`, 5 of `doctor_unavailability`, 132 of `appointments`, 24 of `patient_profiles`, 6 of `doctor_profiles`, 33 of `users`
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM users WHERE email = 'changed@example.com'"), ["0"]);
    assert_eq!(test.rows("SELECT today FROM caredb_seed WHERE set_name = 'demo'"), ["2026-11-23"]);
    assert_eq!(
        test.rows("SELECT MAX(created_at) > '2026-11-01' FROM notifications WHERE created_at < '2030-01-01'"),
        ["1"]
    );
    assert_eq!(edge(), before);
    assert_eq!(
        test.rows(
            "SELECT COUNT(*) FROM appointments LEFT JOIN appointment_keys USING (id) WHERE appointment_keys.id IS NULL"
        ),
        ["0"]
    );
    // nothing there yet is no reason to ask
    let fresh = Test::new("seed_reset_fresh");
    fresh.ok("migrate");
    assert_snapshot!(fresh.run("seed --reset --quiet"), @"
    exit 0
    --- stdout
    reset `<db>`: 0 rows deleted, 664 rows of 13 tables loaded anew
    ");
}

#[test]
fn reset_touches_nothing_that_others_refer_to() {
    let test = Test::new("seed_reset_foreign");
    test.ok("migrate");
    test.ok("seed --today 2026-11-23");
    // a notification would vanish with its user, an audit row would lose its user, both without a word of the server
    let mut answers = String::new();
    for (statement, undo) in [
        (
            "INSERT INTO notifications (id, user_id, type, title, message) SELECT 'n', id, 'GENERAL', 't', 'm' FROM users WHERE email = 'front.desk@example.org'",
            "DELETE FROM notifications WHERE id = 'n'",
        ),
        (
            "INSERT INTO audit_logs (id, user_id, action, entity_type) SELECT 'a', id, 'x', 'y' FROM users WHERE email = 'front.desk@example.org'",
            "DELETE FROM audit_logs WHERE id = 'a'",
        ),
        (
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             SELECT 'x', 'X', (SELECT MIN(id) FROM patient_profiles), (SELECT MIN(id) FROM doctor_profiles), '2027-05-05', '10:00', '10:30', 'VIDEO', 1",
            "DELETE FROM appointments WHERE id = 'x'",
        ),
        (
            "INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating)
             SELECT 'r', id, patient_id, doctor_id, 5 FROM appointments WHERE id NOT IN (SELECT appointment_id FROM reviews) ORDER BY id LIMIT 1",
            "DELETE FROM reviews WHERE id = 'r'",
        ),
    ] {
        test.sql(statement);
        answers.push_str(&test.run("seed --reset --yes --quiet --today 2026-11-23"));
        answers.push('\n');
        test.sql(undo);
    }
    assert_snapshot!(answers, @"
    exit 3
    --- stderr
    error: nothing was deleted: table `notifications` has 1 row of other origin whose `user_id` refers to rows of `users` that would go; delete them first, or where `--only` left them out, name `notifications`, too
    exit 3
    --- stderr
    error: nothing was deleted: table `audit_logs` has 1 row of other origin whose `user_id` refers to rows of `users` that would go; delete them first, or where `--only` left them out, name `audit_logs`, too
    exit 3
    --- stderr
    error: nothing was deleted: table `appointments` has 1 row of other origin whose `doctor_id` refers to rows of `doctor_profiles` that would go; delete them first, or where `--only` left them out, name `appointments`, too
    exit 3
    --- stderr
    error: nothing was deleted: table `reviews` has 1 row of other origin whose `appointment_id` refers to rows of `appointments` that would go; delete them first, or where `--only` left them out, name `reviews`, too
    ");
    assert_snapshot!(test.run("seed --reset --only doctor_profiles"), @"
    exit 3
    --- stderr
    error: nothing was deleted: table `appointments` has 132 rows of other origin whose `doctor_id` refers to rows of `doctor_profiles` that would go; delete them first, or where `--only` left them out, name `appointments`, too
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), ["33"]);
    test.ok("seed --reset");
}

#[test]
fn the_servers_refusals_name_the_column() {
    let test = Test::new("seed_refusals");
    test.sql(
        "CREATE TABLE p (id CHAR(36) PRIMARY KEY, k INT UNIQUE);
         CREATE TABLE t (id CHAR(36) PRIMARY KEY, a INT, b VARCHAR(3), c ENUM('X', 'Y'), d DATE, e JSON, f DECIMAL(3,1), g CHAR(36) NOT NULL DEFAULT '',
             h INT GENERATED ALWAYS AS (a + 1), i INT, j INT, k INT, l VARCHAR(9) CHARACTER SET latin1,
             UNIQUE KEY uk_t (b, i), CONSTRAINT chk_t CHECK (j < k), CONSTRAINT fk_t FOREIGN KEY (k) REFERENCES p (k));",
    );
    let mut answers = String::new();
    for row in [
        "a = 'x'",
        "a = 4000000000",
        "b = 'long'",
        "c = 'Z'",
        "d = '2023-02-30'",
        "e = '{'",
        &format!("e = '{}{}'", "[".repeat(101), "]".repeat(101)),
        "f = '100'",
        "g = '@null'",
        "h = 1",
        "b = 'x'\ni = 1\n[two]\nb = 'X'\ni = 1",
        "b = 'y'\ni = 1",
        "j = 2\nk = 1",
        "k = 7",
        "l = '🦀'",
        "l = '@repeat x'",
        "l = '@repeat 99999999 x'",
    ] {
        test.sql("DELETE FROM t; INSERT INTO t (id, b, i) VALUES ('other', 'y', 1)");
        test.file("f/t.toml", format!("[one]\n{row}\n"));
        answers.push_str(test.run("seed --fixtures f").trim_start_matches("exit 2\n--- stderr\nerror: "));
        answers.push('\n');
    }
    assert_snapshot!(answers, @r#"
    nothing was loaded: `t.toml` row `one` column `a`: MySQL error 1366: Incorrect integer value: '…' for column 'a' at row 1
    nothing was loaded: `t.toml` row `one` column `a`: MySQL error 1264: Out of range value for column 'a' at row 1
    nothing was loaded: `t.toml` row `one` column `b`: MySQL error 1406: Data too long for column 'b' at row 1
    nothing was loaded: `t.toml` row `one` column `c`: MySQL error 1265: Data truncated for column 'c' at row 1
    nothing was loaded: `t.toml` row `one` column `d`: MySQL error 1292: Incorrect date value: '…' for column 'd' at row 1
    nothing was loaded: `t.toml` row `one` column `e`: MySQL error 3140: Invalid JSON text: "Missing a name for object member." at position 1 in value for column 't.e'.
    nothing was loaded: `t.toml` row `one` column `e`: MySQL error 3157: The JSON document exceeds the maximum depth.
    nothing was loaded: `t.toml` row `one` column `f`: MySQL error 1264: Out of range value for column 'f' at row 1
    nothing was loaded: `t.toml` row `one` column `g`: MySQL error 1048: Column 'g' cannot be null
    nothing was loaded: `t.toml` row `one` column `h`: MySQL error 3105: The value specified for generated column 'h' in table 't' is not allowed.
    nothing was loaded: `t.toml` row `two` columns `b`, `i`: MySQL error 1062: Duplicate entry '…' for key 't.uk_t'; row `one` has the same
    nothing was loaded: `t.toml` row `one` columns `b`, `i`: MySQL error 1062: Duplicate entry '…' for key 't.uk_t'; the row with id `other`, which is no fixture, has the same
    nothing was loaded: `t.toml` row `one` columns `j`, `k`: MySQL error 3819: Check constraint 'chk_t' is violated.
    nothing was loaded: `t.toml` row `one` column `k`: MySQL error 1452: Cannot add or update a child row: a foreign key constraint fails (`<db>`.`t`, CONSTRAINT `fk_t` FOREIGN KEY (`k`) REFERENCES `p` (`k`))
    nothing was loaded: `t.toml` row `one`: MySQL error 3988: Conversion from collation utf8mb4_0900_ai_ci into latin1_swedish_ci impossible for parameter
    `t.toml` row `one` column `l`: `@repeat x` is no repetition of at most 16 MiB; write `@repeat 255 x`, or for a text `=@repeat x`
    `t.toml` row `one` column `l`: `@repeat 99999999 x` is no repetition of at most 16 MiB; write `@repeat 255 x`, or for a text `=@repeat 99999999 x`
    "#);
}

#[test]
fn a_person_is_asked_before_a_reset() {
    let test = Test::new("seed_reset_asked");
    test.ok("migrate");
    test.ok("seed --today 2026-11-23");
    test.sql("UPDATE reviews SET helpful_count = 77 LIMIT 1");
    let mut answers = String::new();
    for answer in ["n", "y"] {
        let (terminal, child) = pty();
        let mut command = test.command("seed --reset --only reviews --today 2026-11-23");
        command.stdin(child.try_clone().unwrap()).stdout(Stdio::piped()).stderr(child);
        let mut caredb = Killed(command.spawn().unwrap());
        drop(command);
        let mut seen = String::new();
        while !seen.contains("[y/N]") {
            seen.push_str(&read_some(&terminal));
        }
        writeln!(&terminal, "{answer}").unwrap();
        let exit = caredb.0.wait().unwrap().code();
        answers.push_str(&format!("{}{answer}: {exit:?}\n", seen.replace(&test.database, "<db>")));
    }
    assert_snapshot!(answers, @"
    the reset of `demo` deletes 36 rows: 36 of `reviews`
    delete them from `<db>` and load them anew? [y/N] n: Some(3)
    the reset of `demo` deletes 36 rows: 36 of `reviews`
    delete them from `<db>` and load them anew? [y/N] y: Some(0)
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM reviews WHERE helpful_count = 77"), ["0"]);
}
