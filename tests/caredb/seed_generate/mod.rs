//! `seed generate`: rows that fit together, the same every time, whatever comes in between.

mod rules;

use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use self::rules::{UNTIL, broken, checksums, wrong_ids};
use crate::fault::is_full;
use crate::support::{Test, pty, read_some, wait_for};

/// A database with the schema and nothing in it.
fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test
}

/// The last line of a run with `--format json`, which must succeed.
fn outcome(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", crate::support::show(output));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn generate(test: &Test, arguments: &str) -> serde_json::Value {
    outcome(&test.command(&format!("seed generate {arguments} --format json")).output().unwrap())
}

const SMALL: &str = "--patients 60 --doctors 4 --months 2 --until 2026-11-01";

/// Changes with the generator, as its version must.
const SMALL_CHECKSUM: &str = "b69f4941143271341cea70b6ced32b3b";

#[test]
fn rows_fit_together() {
    let test = clinic("generate_rules");
    let done = generate(&test, &format!("--patients 300 --doctors 9 --months 6 --until {UNTIL} --seed 7"));
    assert_eq!(done["parameters"]["appointments"], 720);
    assert_eq!(broken(&test), Vec::<String>::new());
    assert_eq!(wrong_ids(&test, '7'), Vec::<String>::new());
    let counts = test.rows(
        "SELECT (SELECT COUNT(*) FROM patient_profiles), (SELECT COUNT(*) FROM doctor_profiles), COUNT(*), COUNT(DISTINCT status),
                MIN(appointment_date) >= '2026-05-01', MAX(appointment_date) BETWEEN '2026-11-20' AND '2026-12-30',
                SUM(rescheduled_from IS NOT NULL) > 3, SUM(status = 'COMPLETED') / SUM(appointment_date < '2026-11-01') BETWEEN 0.7 AND 0.9
         FROM appointments",
    );
    assert_eq!(counts, ["300|9|720|5|1|1|1|1"]);
    // what is rare is there, too
    assert_eq!(
        test.rows(
            "SELECT COUNT(DISTINCT status) FROM payments UNION ALL SELECT COUNT(DISTINCT payment_method) FROM payments
             UNION ALL SELECT COUNT(DISTINCT type) FROM notifications UNION ALL SELECT COUNT(DISTINCT specialization) FROM doctor_profiles
             UNION ALL SELECT COUNT(DISTINCT uploaded_by IN (SELECT user_id FROM patient_profiles)) FROM medical_records
             UNION ALL SELECT COUNT(DISTINCT rating) FROM reviews UNION ALL SELECT COUNT(DISTINCT (SELECT role FROM users u WHERE u.id = cancelled_by)) > 2 FROM appointments"
        ),
        ["5", "5", "8", "9", "2", "5", "1"]
    );
    let checked = test.run("partition check");
    assert!(checked.starts_with("exit 0"), "{checked}");
    // months are there beforehand, so no row had to be copied later
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments PARTITION (p_future)"), ["0"]);
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let (one, two) = (clinic("generate_same_one"), clinic("generate_same_two"));
    let first = generate(&one, SMALL);
    assert_eq!(first["checksum"], SMALL_CHECKSUM, "the rows have changed: raise seed::generate::VERSION");
    // another time zone, session by session, and months that are there already
    two.ok("partition ensure --behind 5");
    let second = generate(&two, &format!("{SMALL} --seed 1 --ids v7"));
    assert_eq!((&second["checksum"], &second["rows"]), (&first["checksum"], &first["rows"]));
    assert_eq!(checksums(&one), checksums(&two));
    assert_eq!(
        one.rows("SELECT * FROM consultations ORDER BY id"),
        two.rows("SELECT * FROM consultations ORDER BY id")
    );
    // another seed gives others, and so do random ids
    two.ok(&format!("seed generate {SMALL} --seed 2 --reset --yes"));
    assert_eq!(broken(&two), Vec::<String>::new());
    assert_eq!(two.rows("SELECT COUNT(*) FROM caredb_generate_runs"), ["1"]);
    let other = two.rows("SELECT checksum FROM caredb_generate_runs");
    assert_ne!(first["checksum"], other[0].as_str());
    let random = generate(&two, &format!("{SMALL} --ids v4 --reset --yes"));
    assert_ne!(first["checksum"], random["checksum"]);
    assert_eq!(wrong_ids(&two, '4'), Vec::<String>::new());
    assert_eq!(broken(&two), Vec::<String>::new());
}

#[test]
fn it_says_what_it_does() {
    let test = clinic("generate_says");
    let text = test.run(&format!("seed generate {SMALL}"));
    let text = regex::Regex::new(r"\d+ rows/s").unwrap().replace_all(&text, "<n> rows/s");
    let text = regex::Regex::new(r"\n.*`p_future`.*").unwrap().replace_all(&text, "");
    assert_snapshot!(text, @"
    exit 0
    --- stdout
    users  67 rows <ms> ms  <n> rows/s
    patient_profiles  60 rows <ms> ms  <n> rows/s
    doctor_profiles  4 rows <ms> ms  <n> rows/s
    time_slots  32 rows <ms> ms  <n> rows/s
    doctor_unavailability  5 rows <ms> ms  <n> rows/s
    appointments  48 rows <ms> ms  <n> rows/s
    consultations  31 rows <ms> ms  <n> rows/s
    prescriptions  21 rows <ms> ms  <n> rows/s
    medical_records  2 rows <ms> ms  <n> rows/s
    payments  45 rows <ms> ms  <n> rows/s
    reviews  7 rows <ms> ms  <n> rows/s
    notifications  149 rows <ms> ms  <n> rows/s
    audit_logs  68 rows <ms> ms  <n> rows/s
    generated `<db>`: 539 rows in 13 tables in <s> s; seed 1, until 2026-11-01, checksum b69f4941143271341cea70b6ced32b3b
    --- stderr
    generating 60 patients, 4 doctors, 48 appointments from 2026-09-01 on; seed 1, until 2026-11-01
    ");
    // without --until the first of the server's month
    let plain = test.run("seed generate --patients 1 --doctors 1 --months 1 --reset --yes --quiet");
    let until = test.rows("SELECT DATE_FORMAT(UTC_DATE(), '%Y-%m-01')").remove(0);
    assert!(plain.contains(&format!("seed 1, until {until}, checksum ")), "{plain}");
    assert_eq!(broken(&test), Vec::<String>::new());
}

#[test]
fn rows_that_are_there_need_a_word() {
    let test = clinic("generate_room");
    test.ok("seed --today 2026-11-23");
    let before = checksums(&test);
    let refused = test.run(&format!("seed generate {SMALL}"));
    assert_snapshot!(refused, @"
    exit 3
    --- stderr
    error: `<db>` has rows in `users`, `patient_profiles`, `doctor_profiles`, `time_slots`, `doctor_unavailability`, `appointments`, `consultations`, `prescriptions`, `medical_records`, `payments`, `reviews`, `notifications`, `audit_logs`; say `--append` to add to them, or `--reset` to delete them first
    ");
    assert_eq!(checksums(&test), before);
    // the demo data lie in p_future, which a split would copy
    let refused = test.run(&format!("seed generate {SMALL} --append --quiet"));
    assert!(refused.contains("run `caredb partition ensure --ahead "), "{refused}");
    test.ok("partition ensure --allow-copy");
    test.ok(&format!("seed generate {SMALL} --append"));
    assert_snapshot!(test.run(&format!("seed generate {SMALL} --append")), @"
    exit 3
    --- stderr
    error: rows of seed 1 are in `<db>`, and would have the same keys; name another `--seed`
    ");
    test.ok(&format!("seed generate {SMALL} --append --seed 2"));
    assert_eq!(test.rows("SELECT COUNT(*) FROM patient_profiles"), ["144"]);
    let checked = test.run("partition check");
    assert!(checked.starts_with("exit 0"), "{checked}");
    // keys that are there under another record
    test.sql("DELETE FROM caredb_generate_runs");
    assert_snapshot!(test.run(&format!("seed generate {SMALL} --append")), @"
    exit 2
    --- stderr
    generating 60 patients, 4 doctors, 48 appointments from 2026-09-01 on; seed 1, until 2026-11-01
    error: could not load table `users`: MySQL error 1062: Duplicate entry '…' for key 'users.PRIMARY'; rows of this seed, or of one with the same letters in its keys, are there already: name another `--seed`, or begin anew by `--reset`
    ");
    // which left nothing, so nothing is in the way of another
    test.ok(&format!("seed generate {SMALL} --append --seed 3"));
    let checksum = generate(&test, &format!("{SMALL} --reset --yes"))["checksum"].clone();
    assert_eq!(checksum, SMALL_CHECKSUM);
    assert_eq!(broken(&test), Vec::<String>::new());
}

#[test]
fn a_reset_names_what_it_deletes_and_asks() {
    let test = clinic("generate_reset");
    test.ok(&format!("seed generate {SMALL}"));
    let before = checksums(&test);
    let (terminal, child) = pty();
    let mut command = test.command("seed generate --patients 1 --doctors 1 --months 1 --reset");
    command.stdin(child.try_clone().unwrap()).stdout(Stdio::null()).stderr(child);
    let mut running = command.spawn().unwrap();
    drop(command);
    let mut said = String::new();
    while !said.contains("[y/N]") {
        said.push_str(&read_some(&terminal));
    }
    std::io::Write::write_all(&mut &terminal, b"n\n").unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(3));
    assert_snapshot!(said.replace('\r', "").replace(&test.database, "<db>"), @"
    `--reset` deletes from `<db>`: 68 rows of audit_logs, 149 rows of notifications, 7 rows of reviews, 45 rows of payments, 2 rows of medical_records, 21 rows of prescriptions, 31 rows of consultations, 48 rows of appointments, 48 rows of appointment_keys, 5 rows of doctor_unavailability, 32 rows of time_slots, 4 rows of doctor_profiles, 60 rows of patient_profiles, 67 rows of users
    delete these 587 rows from `<db>`? [y/N]
    ");
    assert_eq!(checksums(&test), before);
}

#[test]
fn a_reset_leaves_nothing_behind_in_archives() {
    let test = clinic("generate_archived");
    test.ok(&format!("seed generate {SMALL}"));
    test.ok("archive appointments --older-than 2w --with-dependents --yes --quiet");
    test.ok("compress medical-records --older-than 1d --yes --quiet");
    let before = checksums(&test);
    let again = format!("seed generate {SMALL} --reset --yes --quiet");
    assert_snapshot!(test.run(&again), @"
    exit 3
    --- stderr
    error: `appointments_archive` has rows that came from what a reset would delete; bring them back by `caredb archive restore --all` first
    ");
    assert_eq!(checksums(&test), before);
    test.ok("archive restore --all --yes --quiet");
    assert_snapshot!(test.run(&again), @"
    exit 3
    --- stderr
    error: `medical_records_compressed` has rows that came from what a reset would delete; bring them back by `caredb compress medical-records --decompress` first
    ");
    test.ok("compress medical-records --decompress --yes --quiet");
    assert_eq!(generate(&test, &format!("{SMALL} --reset --yes"))["checksum"], SMALL_CHECKSUM);
}

#[test]
fn a_protected_database_is_refused() {
    let test = clinic("generate_protected");
    test.file("caredb.toml", "protected = [\"t_generate_*\"]\n");
    let refused = test.run(&format!("seed generate {SMALL}"));
    assert_snapshot!(refused, @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; synthetic data have no place there, so nothing was generated
    ");
    for flags in [&format!("{SMALL} --append"), &format!("{SMALL} --reset --yes"), "--resume"] {
        assert_eq!(test.run(&format!("seed generate {flags}")), refused);
    }
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), ["0"]);
}

#[test]
fn what_can_not_be_is_said() {
    let test = Test::new("generate_wrong");
    let mut answers = test.run(&format!("seed generate {SMALL}"));
    test.ok("migrate --to 12");
    for arguments in [
        "--patients 10 --doctors 1 --months 1 --appointments 5000 --until 2026-11-01",
        "--patients 10 --doctors 1 --months 1 --until 1970-01-01",
        "--patients 10 --doctors 1",
        "--patients 10 --doctors 0 --months 1",
        "--resume",
        "--patients 10 --doctors 1 --months 1 --append --reset",
    ] {
        answers.push('\n');
        answers.push_str(&test.run(&format!("seed generate {arguments}")));
    }
    assert_snapshot!(answers, @"
    exit 2
    --- stderr
    error: there is no table `users` in `<db>`; run `caredb migrate` first
    exit 2
    --- stderr
    error: 5000 appointments do not fit: 1 doctor in 1 month have 265 slots; say more `--doctors` or `--months`, or fewer `--appointments`
    exit 2
    --- stderr
    error: `--until 1970-01-01` with `--months 1` reaches beyond what a TIMESTAMP can hold; take days from 1985-01-01 to 2036-06-30
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      --months <N>

    Usage: caredb seed generate --patients <N> --doctors <N> --url <URL> --months <N>

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value '0' for '--doctors <N>': 0 is not in 1..=100000

    For more information, try '--help'.
    exit 2
    --- stderr
    error: there is no run in `<db>` to go on with; begin one by `caredb seed generate --patients N --doctors N --months N`
    exit 2
    --- stderr
    error: the argument '--append' cannot be used with '--reset'

    Usage: caredb seed generate --patients <N> --doctors <N> --months <N> --append --url <URL>

    For more information, try '--help'.
    ");
    // a table that is not partitioned yet
    let done = generate(&test, SMALL);
    assert_eq!(done["checksum"], SMALL_CHECKSUM);
    test.ok("migrate");
    test.ok("partition ensure --allow-copy");
    assert_eq!(broken(&test), Vec::<String>::new());
    // a resume after the end, and one that asks for something else
    let again = test.run("seed generate --resume");
    assert!(
        again.contains("nothing to do: the last run in `<db>` is over; seed 1, until 2026-11-01, checksum "),
        "{again}"
    );
}

/// What is committed is what is on record, and all references hold: the server sees to those, but for the keys' own.
fn is_a_prefix(test: &Test, case: &str) {
    let recorded =
        test.rows("SELECT table_name, CAST(SUM(row_count) AS SIGNED) FROM caredb_generate_parts GROUP BY 1 ORDER BY 1");
    let tables = recorded.iter().map(|row| row.split_once('|').unwrap().0);
    let there: Vec<String> = tables
        .map(|table| format!("{table}|{}", test.rows(&format!("SELECT COUNT(*) FROM {table}")).remove(0)))
        .collect();
    assert_eq!(recorded, there, "{case}");
    let lost = "SELECT COUNT(*) FROM appointments a LEFT JOIN appointment_keys k ON k.id = a.id WHERE k.id IS NULL";
    assert_eq!(test.rows(lost), ["0"], "{case}");
}

#[test]
fn a_run_that_was_killed_goes_on() {
    let test = clinic("generate_killed");
    let undisturbed = clinic("generate_undisturbed");
    generate(&undisturbed, SMALL);
    let expected = checksums(&undisturbed);
    let points: Vec<u32> =
        if is_full() { (1..1000).collect() } else { vec![1, 2, 3, 8, 9, 10, 16, 23, 38, 49, 66, 76] };
    let mut killed = 0;
    for point in points {
        let case = format!("CAREDB_CRASH_AT={point}");
        let run = |arguments: &str, point: Option<u32>| {
            let mut command = test.command(&format!("seed generate {arguments} --quiet"));
            command.env("CAREDB_CRASH_AT", point.map_or(String::new(), |point| point.to_string()));
            command.output().unwrap()
        };
        if run(&format!("{SMALL} --reset --yes"), Some(point)).status.success() {
            break;
        }
        killed += 1;
        let is_begun = test.rows("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'caredb_generate_runs'");
        if is_begun == ["0"] {
            continue;
        }
        is_a_prefix(&test, &case);
        // and once more on the way
        let _ = run("--resume", Some(5));
        is_a_prefix(&test, &case);
        let resumed = outcome(&test.command("seed generate --resume --format json").output().unwrap());
        assert_eq!(resumed["checksum"], SMALL_CHECKSUM, "{case}");
        assert_eq!(checksums(&test), expected, "{case}");
    }
    assert!(killed >= 10, "{killed} points");
    assert!(!is_full() || killed > 60, "{killed} points");
}

#[test]
fn a_run_that_was_stopped_goes_on() {
    let test = clinic("generate_stopped");
    let arguments = format!("--patients 500 --doctors 5 --months 12 --until {UNTIL} --seed 4");
    let mut command = test.command(&format!("seed generate {arguments}"));
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("some appointments", || test.rows("SELECT COUNT(*) > 0 FROM appointments") == ["1"]);
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(130));
    is_a_prefix(&test, "Ctrl-C");
    assert_eq!(test.rows("SELECT COUNT(*) FROM audit_logs"), ["0"]);
    let mut answers = String::new();
    for arguments in [
        "--resume --seed 5",
        "--resume --patients 501",
        "--resume --until 2026-10-01",
        &arguments,
        &format!("{arguments} --append"),
    ] {
        answers.push_str(&test.run(&format!("seed generate {arguments}")));
        answers.push('\n');
    }
    assert_snapshot!(answers, @"
    exit 3
    --- stderr
    error: the run was begun with `--seed 4`, not 5; say `--resume` alone, or begin anew by `--reset`
    exit 3
    --- stderr
    error: the run was begun with `--patients 500`, not 501; say `--resume` alone, or begin anew by `--reset`
    exit 3
    --- stderr
    error: the run was begun with `--until 2026-11-01`, not 2026-10-01; say `--resume` alone, or begin anew by `--reset`
    exit 3
    --- stderr
    error: a run in `<db>` was interrupted; go on with it by `--resume`, or begin anew by `--reset`
    exit 3
    --- stderr
    error: a run in `<db>` was interrupted; go on with it by `--resume`, or begin anew by `--reset`
    ");
    let resumed = generate(&test, "--resume --seed 4 --months 12");
    assert_eq!(broken(&test), Vec::<String>::new());
    let whole = generate(&test, &format!("{arguments} --reset --yes"));
    assert_eq!((&resumed["checksum"], &resumed["rows"]), (&whole["checksum"], &whole["rows"]));
}

#[test]
fn one_run_at_a_time() {
    let test = clinic("generate_locked");
    let holder = crate::support::block_on(async {
        let mut conn = test.connect().await;
        let sql = format!("SELECT GET_LOCK('caredb seed worker 1 {}', 0)", test.database);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn
    });
    let refused = test.run(&format!("seed generate {SMALL} --lock-timeout 1 --quiet"));
    assert_snapshot!(crate::support::stable(&refused), @"
    exit 4
    --- stderr
    error: another run holds lock `caredb seed worker 1 <db>`: connection <id> (root@localhost, Sleep, for <n> s); waited 1 s; run again when it has ended
    ");
    drop(holder);
    wait_for("the lock to be free", || {
        test.rows(&format!("SELECT IS_FREE_LOCK('caredb seed worker 1 {}')", test.database)) == ["1"]
    });
    test.ok("seed generate --resume");
}

#[test]
fn a_larger_clinic_looks_like_one() {
    if !is_full() {
        return;
    }
    let test = clinic("generate_large");
    let mut command: Command = test.command(&format!(
        "seed generate --patients 20000 --doctors 60 --months 18 --appointments 80000 --until {UNTIL}"
    ));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", test.show(&output));
    assert_eq!(broken(&test), Vec::<String>::new());
    // the longer before, the likelier it falls through; Mondays are missed most; nobody misses what was booked today
    let share = |status: &str, condition: &str| -> f64 {
        let sql = format!(
            "SELECT AVG(status = '{status}') FROM appointments WHERE appointment_date < '{UNTIL}' AND {condition}"
        );
        test.rows(&sql)[0].parse().unwrap()
    };
    let lead = "DATEDIFF(appointment_date, created_at)";
    for status in ["CANCELLED", "NO_SHOW"] {
        let same_day = share(status, &format!("{lead} = 0"));
        let week = share(status, &format!("{lead} BETWEEN 3 AND 7"));
        let month = share(status, &format!("{lead} > 28"));
        assert!(
            same_day < week && week < month && same_day < 0.05 && month < 0.3,
            "{status}: {same_day} {week} {month}"
        );
    }
    let (monday, wednesday) =
        (share("NO_SHOW", "WEEKDAY(appointment_date) = 0"), share("NO_SHOW", "WEEKDAY(appointment_date) = 2"));
    assert!(monday > wednesday, "{monday} {wednesday}");
    // most come back
    let visits: f64 =
        test.rows("SELECT COUNT(*) / COUNT(DISTINCT patient_id, doctor_id) FROM appointments")[0].parse().unwrap();
    assert!(visits > 1.5, "{visits}");
}
