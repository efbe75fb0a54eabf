//! `seed`

use insta::assert_snapshot;

use crate::support::Test;

#[test]
fn demo_data_load_once() {
    let test = Test::new("seed_demo");
    test.ok("migrate");
    assert_snapshot!(test.run("seed --today 2026-11-23"), @"
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
    seeded `<db>`: 664 rows into 13 tables, 0 there already
    ");
    let checksums = || {
        let tables =
            test.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1");
        tables.iter().flat_map(|table| test.rows(&format!("CHECKSUM TABLE `{table}`"))).collect::<Vec<_>>()
    };
    let before = checksums();
    // a day later, nothing moves
    assert_snapshot!(test.run("seed --today 2026-11-24 --quiet"), @"
    exit 0
    --- stdout
    nothing to do: all 664 rows of 13 tables are in `<db>`
    ");
    assert_eq!(checksums(), before);
}

#[test]
fn demo_data_look_like_a_clinic_on_every_day_of_the_week() {
    for day in [
        "2026-11-23",
        "2026-11-24",
        "2026-11-25",
        "2026-11-26",
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
        "2028-02-29",
        "2027-01-01",
    ] {
        let test = Test::new(&format!("seed_{}", day.replace('-', "_")));
        test.ok("migrate");
        test.ok(&format!("seed --today {day}"));
        assert_eq!(
            test.rows("SELECT (SELECT COUNT(*) FROM patient_profiles) >= 20, (SELECT COUNT(*) FROM doctor_profiles) >= 6, COUNT(*) >= 120, COUNT(DISTINCT status) FROM appointments"),
            ["1|1|1|6"]
        );
        assert_eq!(test.rows(&format!("SELECT MIN(appointment_date) < '{day}' - INTERVAL 15 MONTH, MAX(appointment_date) > '{day}' + INTERVAL 1 MONTH FROM appointments")), ["1|1"]);
        // nobody is treated in the future, and every appointment is in one of its doctor's time slots
        assert_eq!(test.rows(&format!("SELECT COUNT(*) FROM appointments WHERE status IN ('COMPLETED', 'NO_SHOW') AND appointment_date > '{day}'")), ["0"]);
        assert_eq!(
            test.rows(
                "SELECT COUNT(*) FROM appointments a WHERE NOT EXISTS (SELECT 1 FROM time_slots s WHERE s.doctor_id = a.doctor_id
                   AND s.day_of_week = UPPER(DAYNAME(a.appointment_date)) AND a.start_time >= s.start_time AND a.end_time <= s.end_time)"
            ),
            ["0"]
        );
        assert_eq!(
            test.rows(
                "SELECT COUNT(*) FROM appointments a JOIN doctor_unavailability u ON u.doctor_id = a.doctor_id
                   AND a.appointment_date BETWEEN u.start_date AND u.end_date"
            ),
            ["0"]
        );
    }
}

#[test]
fn a_protected_database_is_refused() {
    let test = Test::new("seed_protected");
    test.ok("migrate");
    test.file("caredb.toml", "protected = true\n");
    let refused = test.run("seed --yes");
    assert_snapshot!(refused, @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; demo data have no place there, so nothing was loaded
    ");
    test.file("caredb.toml", "protected = [\"prod\", \"t_seed_*\"]\n");
    assert_eq!(test.run("seed --yes"), refused);
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), ["0"]);
    test.file("caredb.toml", "protected = [\"prod_*\"]\n");
    test.ok("seed");
}

const USER: &str = "[a]\nemail = 'a@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\n";

#[test]
fn wrong_fixtures_are_named() {
    let test = Test::new("seed_wrong");
    test.ok("migrate");
    let mut answers = String::new();
    for (file, text) in [
        ("users.toml", "[a]\nemail = \n"),
        ("users.toml", "a = 1\n"),
        ("user.toml", USER),
        ("users.toml", "[a]\nid = 'x'\n"),
        ("users.toml", "[a]\ne_mail = 'x'\n"),
        ("users.toml", "[a]\nemail = 'a@example.com'\nrole = 'STAFF'\n"),
        ("users.toml", "[a]\nemail = 'a@example.com'\npassword_hash = 'x'\nrole = 'KING'\n"),
        ("users.toml", &format!("{USER}[b]\nemail = 'a@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\n")),
        (
            "users.toml",
            "[a]\nemail = 'a@example.com'\npassword_hash = 'x'\nrole = 'STAFF'\nlast_login_at = 'today-3x'\n",
        ),
        ("notifications.toml", "[n]\ndata = { a = nan }\n"),
        ("notifications.toml", "[n]\nuser_id = '@users.marta'\n"),
        (
            "appointments.toml",
            "[one]\nrescheduled_from = '@appointments.two'\n[two]\nrescheduled_from = '@appointments.one'\n",
        ),
        ("appointments.toml", "[one]\nrescheduled_from = '@appointments.tow'\n[two]\nfee = 1\n"),
    ] {
        let fixtures = test.folder.join("fixtures");
        let _ = std::fs::remove_dir_all(&fixtures);
        test.file(&format!("fixtures/{file}"), text);
        answers.push_str(&test.run("seed --fixtures fixtures"));
        answers.push('\n');
    }
    assert_snapshot!(answers, @"
    exit 2
    --- stderr
    error: `users.toml` line 2: string values must be quoted, expected literal string
    exit 2
    --- stderr
    error: `users.toml` row `a`: not a row; write `[a]` and its columns below
    exit 2
    --- stderr
    error: `user.toml`: there is no table `user` in the database, did you mean `users`?; run `caredb migrate`, or correct the file's name
    exit 2
    --- stderr
    error: `users.toml` row `a`: `id` comes from the label; leave it out
    exit 2
    --- stderr
    error: `users.toml` row `a`: table `users` has no column `e_mail`, did you mean `email`?
    exit 2
    --- stderr
    error: nothing was loaded: `users.toml` row `a` column `password_hash`: MySQL error 1364: Field 'password_hash' doesn't have a default value
    exit 2
    --- stderr
    error: nothing was loaded: `users.toml` row `a` column `role`: MySQL error 1265: Data truncated for column 'role' at row 1
    exit 2
    --- stderr
    error: nothing was loaded: `users.toml` row `b` column `email`: MySQL error 1062: Duplicate entry '…' for key 'users.uk_users_email'; row `a` has the same
    exit 2
    --- stderr
    error: `users.toml` row `a` column `last_login_at`: `today-3x` is not a relative date; write `today-400d`, `today+2mo`, `monday-57w 09:30` (units d, w, mo, y), or for a text `=today-3x`
    exit 2
    --- stderr
    error: `notifications.toml` row `n` column `data`: JSON has no number `NaN`; leave it out, or write it as a text
    exit 2
    --- stderr
    error: `notifications.toml` row `n` column `user_id`: there is no row `@users.marta`; a text that is no reference is written `=@users.marta`
    exit 2
    --- stderr
    error: `appointments.toml`: `one`, `two` refer to each other in a circle, so none can be loaded first; leave one reference out
    exit 2
    --- stderr
    error: `appointments.toml` row `one` column `rescheduled_from`: there is no row `@appointments.tow`, did you mean `@appointments.two`?; a text that is no reference is written `=@appointments.tow`
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), ["0"]);
    std::fs::remove_dir_all(test.folder.join("fixtures")).unwrap();
    assert_snapshot!(test.run("seed --fixtures fixtures"), @"
    exit 2
    --- stderr
    error: could not read `fixtures`: no such file or directory (os error 2); correct `--fixtures` or `caredb.toml`
    ");
}

#[test]
fn values_arrive_as_they_are_written() {
    let test = Test::new("seed_values");
    test.sql("CREATE TABLE t (id CHAR(36) PRIMARY KEY, a TEXT, b INT, c BOOL, d DECIMAL(10,2), e DATE, f DATETIME, g JSON, h DOUBLE, other CHAR(36), n INT)");
    test.file(
        "fixtures/t.toml",
        "[second]\nother = '@t.first'\na = '=@home'\n[first]\na = \"it's \\\"🦀\\\"\"\nb = -5\nc = true\nd = '12.50'\ne = 'today-1y'\nf = 'today+1d 09:30'\ng = { who = '@t.second', when = 'today', list = [1, 2.5, false] }\nh = 0.25\n",
    );
    // first and second refer to each other: through JSON counts, too
    assert_snapshot!(test.run("seed --fixtures fixtures --today 2024-02-29"), @"
    exit 2
    --- stderr
    error: `t.toml`: `second`, `first` refer to each other in a circle, so none can be loaded first; leave one reference out
    ");
    test.file(
        "fixtures/t.toml",
        std::fs::read_to_string(test.folder.join("fixtures/t.toml")).unwrap().replace("@t.second", "=@t.second"),
    );
    test.ok("seed --fixtures fixtures --today 2024-02-29");
    assert_snapshot!(test.rows("SELECT a, b, c, d, e, f, g, h, other IS NULL, n FROM t ORDER BY a").join("\n"), @r#"
    @home|NULL|NULL|NULL|NULL|NULL|NULL|NULL|0|NULL
    it's "🦀"|-5|1|12.50|2023-02-28|2024-03-01 09:30:00|{"who": "@t.second", "list": [1, 2.5, false], "when": "2024-02-29"}|0.25|1|NULL
    "#);
    assert_eq!(test.rows("SELECT COUNT(*) FROM t x JOIN t y ON x.other = y.id"), ["1"]);
}
