//! The application at work while appointments are archived and come back: no error, and no long wait. `dev/test --full` runs it with
//! more rows, and on a quiet machine asserts the wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;

use crate::retention_archive::{TODAY, assert_keys, clinic};
use crate::support::{block_on, rows, wait_for};

/// The statements of an application, one after the other, over and over. What it makes is `w…`.
fn statement(number: u32, old: u32) -> String {
    let (round, part) = (number / 9, number % 9);
    let book = |id: &str, hour: u32| {
        format!(
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             VALUES ('{id}', '{id}', 'p1', 'd1', DATE('2024-03-16') + INTERVAL {round} MOD 40 DAY, SEC_TO_TIME({hour} * 3600 + {round} DIV 40 * 10),
                 SEC_TO_TIME({hour} * 3600 + {round} DIV 40 * 10 + 5), 'VIDEO', 10)"
        )
    };
    match part {
        0 => book(&format!("w{round}"), 8),
        1 => format!(
            "INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status)
             VALUES ('w{round}', 'w{round}', 'w{round}', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS')"
        ),
        2 => format!("UPDATE appointments SET payment_status = 'PAID' WHERE id = 'w{round}'"),
        3 => format!("UPDATE appointments SET status = 'CANCELLED', cancelled_at = NOW() WHERE id = 'w{round}'"),
        // an old appointment, which may be on its way
        4 => format!("UPDATE appointments SET notes = 'w{round}' WHERE id = 'a{}'", round * 7 % old),
        // those with an odd number have no consultation
        5 if round * 2 + 1 < old => {
            format!("INSERT INTO consultations (id, appointment_id) VALUES ('w{round}', 'a{}')", round * 2 + 1)
        }
        6 => book(&format!("d{round}"), 18),
        7 => format!("DELETE FROM appointments WHERE id = 'd{round}'"),
        _ => format!(
            "SELECT a.* FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
             WHERE k.id = 'a{}'",
            round * 11 % old
        ),
    }
}

/// What the application has seen.
pub struct Seen {
    pub statements: u32,
    pub longest: (Duration, String),
    pub errors: Vec<String>,
}

/// Runs one statement after the other until it is told to end. `run` says how long a statement took.
pub fn at_work(
    statement: impl Fn(u32) -> String,
    mut run: impl FnMut(&str) -> Result<Duration, sqlx::Error>,
    done: &AtomicBool,
) -> Seen {
    let mut seen = Seen { statements: 0, longest: (Duration::ZERO, String::new()), errors: Vec::new() };
    while !done.load(Ordering::Relaxed) {
        let sql = statement(seen.statements);
        match run(&sql) {
            Ok(took) if took > seen.longest.0 => seen.longest = (took, sql),
            Ok(_) => {}
            Err(error) => seen.errors.push(format!("{sql}: {error}")),
        }
        seen.statements += 1;
    }
    seen
}

pub fn timed(conn: &mut MySqlConnection, sql: &str) -> Result<Duration, sqlx::Error> {
    let begun = Instant::now();
    block_on(rows(conn, sql))?;
    Ok(begun.elapsed())
}

#[test]
fn the_application_goes_on_while_months_are_archived() {
    let is_timed = std::env::var_os("CAREDB_TEST_TIMES").is_some();
    let old = if is_timed { 5000 } else { 600 };
    let test = clinic("archive_at_work", old);
    let done = AtomicBool::new(false);
    let runs = ["exchange", "rows"].map(|method| format!("archive appointments --method {method} {TODAY}"));
    let seen = std::thread::scope(|scope| {
        let application = scope.spawn(|| {
            let mut conn = block_on(test.connect());
            at_work(|number| statement(number, old), |sql| timed(&mut conn, sql), &done)
        });
        // a panic here would leave the application at work for ever
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..if is_timed { 5 } else { 2 } {
                for run in runs.iter().map(String::as_str).chain(["archive restore --all"]) {
                    test.ok(run);
                    let booked =
                        || test.rows("SELECT COUNT(*) FROM appointments WHERE id LIKE 'w%'")[0].parse::<u32>().unwrap();
                    let before = booked();
                    wait_for("the application to go on", || booked() >= before + 5);
                }
            }
            for run in &runs {
                test.ok(run);
            }
        }));
        done.store(true, Ordering::Relaxed);
        let seen = application.join().unwrap();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        seen
    });
    let Seen { statements, longest, errors } = seen;
    eprintln!("{statements} statements, the longest {:?}: {}", longest.0, longest.1);
    assert_eq!(errors, [] as [&str; 0]);
    if is_timed {
        assert!(longest.0 <= Duration::from_millis(1500), "{longest:?}");
    }
    // all that was booked and not deleted is there, and all that was there before
    let booked = statements.div_ceil(9);
    let there = "SELECT SUM(id LIKE 'w%'), SUM(id LIKE 'a%') FROM appointments_all WHERE id NOT LIKE 'd%'";
    assert_eq!(test.rows(there), [format!("{booked}|{old}")]);
    assert_keys(&test);
    test.ok("archive verify");
    test.ok("partition check --today 2024-03-15 --ahead 1 --skip-keys");
}
