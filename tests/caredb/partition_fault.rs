//! `partition ensure` under fire: caredb killed at each of its points, the server at random moments, and the application at
//! work all the while. `dev/test` runs a share of it, `dev/test --full` all.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use crate::fault::{Moments, Victim, is_full};
use crate::support::{Server, Test, block_on, people, show, wait_for};

const ENSURE: &str = "partition ensure --ahead 6 --allow-copy --today 2026-11-24";
const CHECK: &str = "partition check --ahead 6 --today 2026-11-24";

/// `rows` cancelled appointments on the 300 days from 2026-01-01 on.
fn appointments(rows: u32) -> String {
    format!(
        "SET SESSION cte_max_recursion_depth = 1000000;
         INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {rows} - 1)
         SELECT CONCAT('b', n), 'p1', 'd1', DATE('2026-01-01') + INTERVAL n MOD 300 DAY, '09:00', '09:30', 'VIDEO', 'CANCELLED', 10
         FROM n"
    )
}

fn names(victim: &Victim, database: &str) -> Vec<String> {
    victim.rows(&format!(
        "SELECT partition_name FROM information_schema.partitions WHERE table_schema = '{database}' AND table_name = 'appointments'
         ORDER BY partition_ordinal_position"
    ))
}

/// A database with rows in `p_future` alone.
fn prepare(victim: &Victim, database: &str, rows: u32) {
    victim.fresh(database);
    victim.ok(database, "migrate", "prepare");
    victim.rows(&format!("USE {database}; {}", crate::support::PEOPLE));
    if rows > 0 {
        victim.rows(&format!("USE {database}; {}", appointments(rows)));
    }
}

/// What must hold after any kill: the months are all there or none of those of a statement, and no row is lost.
fn check_whole(victim: &Victim, database: &str, rows: u32, case: &str) {
    let output = victim.caredb(database, CHECK).output().unwrap();
    let text = show(&output);
    for check in ["keys", "triggers", "names", "row_versions"] {
        assert!(!text.contains(&format!("problem {check}")), "{case}: {text}");
    }
    assert_eq!(victim.rows(&format!("SELECT COUNT(*) FROM {database}.appointments")), [rows.to_string()], "{case}");
}

#[test]
fn caredb_is_killed_at_every_point_of_ensure() {
    const ROWS: u32 = 4000;
    let victim = Victim::new("fault_ensure");
    prepare(&victim, "undisturbed", ROWS);
    victim.ok("undisturbed", ENSURE, "undisturbed");
    let months = names(&victim, "undisturbed");
    assert_eq!((months.len(), months[0].as_str()), (18, "p_2026_01"));
    // with rows all at once, without rows a few months at a time
    for (rows, arguments, expected) in [(ROWS, ENSURE.to_owned(), 18), (0, format!("{ENSURE} --behind 20"), 28)] {
        for number in 1.. {
            let database = format!("killed_{number}");
            prepare(&victim, &database, rows);
            let output =
                victim.caredb(&database, &arguments).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
            let case = format!("`{arguments}` killed at point {number}");
            check_whole(&victim, &database, rows, &case);
            victim.ok(&database, &arguments, &case);
            victim.ok(&database, CHECK, &case);
            assert_eq!(names(&victim, &database).len(), expected, "{case}");
            victim.rows(&format!("DROP DATABASE {database}"));
            if output.status.success() {
                assert!(number > 2, "{case}: there are no points");
                break;
            }
            assert_eq!(output.status.code(), None, "{case}: {}", show(&output));
        }
    }
}

#[test]
fn the_server_is_killed_while_it_splits() {
    const SEED: u64 = 20_261_124;
    let rows = if is_full() { 40_000 } else { 5000 };
    let mut victim = Victim::new("fault_split");
    prepare(&victim, "whole", rows);
    let mut moments = Moments(SEED);
    for round in 0..if is_full() { 20 } else { 2 } {
        victim.rows("ALTER TABLE whole.appointments REORGANIZE PARTITION p_future INTO (PARTITION p_future VALUES LESS THAN (MAXVALUE))");
        let mut run = victim.caredb("whole", ENSURE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = Duration::from_millis(moments.next(if is_full() { 1500 } else { 300 }));
        std::thread::sleep(moment); // the moment is the case, not a wait for something
        victim.kill();
        victim.restart();
        run.wait().unwrap();
        let case = format!("seed {SEED}, round {round}: server killed after {moment:?}");
        check_whole(&victim, "whole", rows, &case);
        victim.ok("whole", ENSURE, &case);
        victim.ok("whole", CHECK, &case);
        // back to where it began
        let months = names(&victim, "whole").join(", ");
        victim.rows(&format!("ALTER TABLE whole.appointments REORGANIZE PARTITION {months} INTO (PARTITION p_future VALUES LESS THAN (MAXVALUE))"));
    }
}

/// What a client has seen: its statements, and the longest of them.
struct Seen {
    statements: u32,
    longest: Duration,
}

/// Runs statements one after the other until `done`; none may fail. `count` counts them for others.
fn client(test: &Test, done: &AtomicBool, count: &AtomicU32, statement: impl Fn(u32) -> String) -> Seen {
    let mut conn = block_on(test.connect());
    let mut seen = Seen { statements: 0, longest: Duration::ZERO };
    while !done.load(Ordering::Relaxed) {
        let sql = statement(seen.statements);
        let begun = Instant::now();
        block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut conn).await.unwrap() });
        seen.longest = seen.longest.max(begun.elapsed());
        seen.statements += 1;
        count.store(seen.statements, Ordering::Relaxed);
    }
    seen
}

/// A writer and a reader at work while `run` runs, which can ask how many statements each of them has run; what they have
/// seen, and how long it took.
fn at_work(test: &Test, run: impl FnOnce(&[AtomicU32; 2])) -> ([Seen; 2], Duration) {
    let done = AtomicBool::new(false);
    let counts = [AtomicU32::new(0), AtomicU32::new(0)];
    let begun = Instant::now();
    let seen = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            client(test, &done, &counts[0], |number| match number % 3 {
                0 => format!(
                    "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee)
                     VALUES ('w{number}', 'w{number}', 'p1', 'd1', DATE('2026-06-01') + INTERVAL {number} MOD 400 DAY, '09:00', '09:30', 'VIDEO', 'CANCELLED', 10)"
                ),
                1 => format!("UPDATE appointments SET appointment_date = appointment_date + INTERVAL 40 DAY WHERE id = 'w{}'", number - 1),
                _ => format!("DELETE FROM appointments WHERE id = 'w{}' AND {number} MOD 2 = 0", number - 2),
            })
        });
        let reader = scope.spawn(|| {
            client(test, &done, &counts[1], |number| {
                format!("SELECT COUNT(*), SUM(fee) FROM appointments WHERE appointment_date = DATE('2026-06-01') + INTERVAL {number} MOD 400 DAY")
            })
        });
        // a panic here would leave the clients at work for ever
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&counts)));
        done.store(true, Ordering::Relaxed);
        let seen = [writer.join().unwrap(), reader.join().unwrap()];
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        seen
    });
    (seen, begun.elapsed())
}

/// Whether the machine is quiet: `dev/test --full` runs the tests of waits and rates one at a time, behind all others, and only
/// then asserts them.
fn is_timed() -> bool {
    std::env::var_os("CAREDB_TEST_TIMES").is_some()
}

/// Asserts what only a quiet machine can promise.
fn assert_quick(clients: &[Seen; 2], took: Duration, timeout_s: u64) {
    let limit = Duration::from_millis(timeout_s * 1000 + 500);
    for (name, seen) in ["writer", "reader"].iter().zip(clients) {
        let rate = f64::from(seen.statements) / took.as_secs_f64();
        eprintln!("{name}: {rate:.0} statements/s, the longest {:?}, in {took:?}", seen.longest);
        if is_timed() {
            assert!(rate >= 200.0, "{name}: {rate} statements/s");
            assert!(seen.longest <= limit, "{name}: {:?} of {limit:?}", seen.longest);
        }
    }
}

#[test]
fn the_application_goes_on_while_months_are_made() {
    let test = Test::new("partition_at_work");
    test.ok("migrate");
    people(&test);
    let months = if is_timed() { 60 } else { 6 };
    let (seen, took) = at_work(&test, |counts| {
        test.ok("partition ensure --ahead 12 --behind 6 --allow-copy --today 2026-11-24");
        for ahead in 13..12 + months {
            // not one right after the other, as no cron job does
            let before = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
            wait_for("both to have gone on", || {
                counts.iter().zip(before).all(|(count, before)| count.load(Ordering::Relaxed) >= before + 100)
            });
            test.ok(&format!("partition ensure --ahead {ahead} --behind 6 --today 2026-11-24"));
        }
    });
    assert_quick(&seen, took, 1);
    test.ok(&format!("partition check --ahead {} --today 2026-11-24", 11 + months));
}

#[test]
fn the_application_does_not_stall_behind_a_run_that_gives_up() {
    let test = Test::new("partition_stall");
    test.ok("migrate");
    people(&test);
    test.ok("partition ensure --ahead 14 --behind 6 --today 2026-11-24");
    let statements = [
        "SELECT COUNT(*) FROM appointments",
        "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee) VALUES ('held', 'p1', 'd1', '2026-11-24', '08:00', '08:30', 'VIDEO', 10)",
    ];
    for statement in statements {
        let mut holder = block_on(test.connect());
        block_on(async {
            sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {statement}"))).execute(&mut holder).await.unwrap()
        });
        let (seen, took) = at_work(&test, |_| {
            let retries = if is_timed() { 3 } else { 0 };
            let output = test
                .command(&format!("partition ensure --ahead 15 --today 2026-11-24 --ddl-retries {retries}"))
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(4), "{}", show(&output));
        });
        assert_quick(&seen, took, 1);
        drop(holder);
        // the writer's rows are its own, and gone before the next turn
        wait_for("the transaction to end", || {
            test.rows("SELECT COUNT(*) FROM appointments WHERE booking_reference = 'held'") == ["0"]
        });
        test.sql("DELETE FROM appointments");
    }
    test.ok("partition ensure --ahead 15 --today 2026-11-24");
}

/// An ALTER waits twice, behind writers and then behind readers; the application must not wait for both.
#[test]
fn two_waits_in_a_row_are_no_longer_than_one() {
    let test = Test::new("partition_two_waits");
    test.ok("migrate");
    people(&test);
    test.ok("partition ensure --ahead 2 --behind 0 --today 2026-11-24");
    let hold = |statement: &str| {
        let mut conn = block_on(test.connect());
        block_on(async {
            sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {statement}"))).execute(&mut conn).await.unwrap()
        });
        conn
    };
    let reader = hold("SELECT COUNT(*) FROM appointments");
    let writer = hold(
        "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee) VALUES ('w', 'p1', 'd1', '2026-11-24', '08:00', '08:30', 'VIDEO', 10)",
    );
    let mut command =
        test.command("partition ensure --ahead 3 --today 2026-11-24 --ddl-retries 0 --lock-wait-timeout 4");
    let begun = Instant::now();
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the ALTER to wait for the writer", || {
        !test.rows(&format!("SELECT id FROM performance_schema.processlist WHERE db = '{}' AND state LIKE 'Waiting for%metadata lock' AND time >= 3", test.database)).is_empty()
    });
    drop(writer);
    let output = run.wait_with_output().unwrap();
    let took = begun.elapsed();
    let text = show(&output);
    assert!(
        text.starts_with("exit 4\n") && text.contains("gave up after 1 attempt: table `appointments` is held by"),
        "{text}"
    );
    eprintln!("gave up after {took:?}");
    if is_timed() {
        assert!(took < Duration::from_millis(5500), "{took:?}");
    }
    drop(reader);
}

/// Books, moves, reschedules and cancels until `done`, as an application that tries again after a deadlock. No other error may
/// come. Answers how many bookings it has confirmed and not deleted.
fn book_until(test: &Test, done: &AtomicBool) -> u32 {
    let mut conn = block_on(test.connect());
    let mut run = |sql: String| {
        let mut tries = 0;
        loop {
            match block_on(async { sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut conn).await }) {
                Ok(_) => return,
                Err(error) => {
                    let number = caredb::db::error::server_error(&error).map(|(number, _)| number);
                    tries += 1;
                    assert!(matches!(number, Some(1205 | 1213)) && tries < 100, "`{sql}`: {error}");
                }
            }
        }
    };
    let mut booked = 0;
    for number in 0.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        // an old appointment of the table is moved and rescheduled, a new one booked, every fourth deleted again
        let old = number * 7 % 4000;
        run(format!(
            "UPDATE appointments SET appointment_date = appointment_date + INTERVAL 700 DAY WHERE booking_reference = 'b{old}' AND appointment_date < '2027-01-01'"
        ));
        run(format!(
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee, rescheduled_from)
             SELECT 'n{number}', 'n{number}', 'p1', 'd1', '2026-05-01', '09:00', '09:30', 'VIDEO', 'CANCELLED', 10, id FROM appointments WHERE booking_reference = 'b{old}'"
        ));
        booked += 1;
        if number % 4 == 3 {
            run(format!("DELETE FROM appointments WHERE id = 'n{number}'"));
            booked -= 1;
        }
    }
    booked
}

#[test]
fn bookings_go_on_while_the_table_becomes_partitioned_and_back() {
    bookings_go_on(&Test::new("partition_busy"), if is_full() { 300_000 } else { 4000 });
}

/// There, reads take no locks of their own, so that V13 must ask for them.
#[test]
fn bookings_go_on_where_reads_see_what_was_committed_last() {
    let server = Box::leak(Box::new(Server::start("committed", &["--transaction-isolation=READ-COMMITTED"])));
    bookings_go_on(&Test::on(server, "partition_committed"), 4000);
}

fn bookings_go_on(test: &Test, rows: u32) {
    test.ok("migrate --to 12");
    people(test);
    test.sql(&appointments(rows));
    let done = AtomicBool::new(false);
    let booked = std::thread::scope(|scope| {
        let writer = scope.spawn(|| book_until(test, &done));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..2 {
                test.ok("migrate --skip-doctor --ddl-retries 20");
                test.ok("partition ensure --ahead 40 --allow-copy --ddl-retries 20 --today 2026-11-24");
                test.ok("partition check --ahead 40 --today 2026-11-24");
                test.ok("rollback --skip-doctor --ddl-retries 20");
            }
            test.ok("migrate --skip-doctor --ddl-retries 20");
        }));
        done.store(true, Ordering::Relaxed);
        let booked = writer.join().unwrap();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        booked
    });
    assert!(booked > 10, "the application stood still");
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments"), [(rows + booked).to_string()]);
    test.ok("partition ensure --ahead 40 --allow-copy --today 2026-11-24");
    test.ok("partition check --ahead 40 --today 2026-11-24");
}
