//! The application: it books, pays and cancels throughout, in the months ahead. What it makes is `w…`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};

use super::DATABASE;
use crate::retention_at_work::{Seen, at_work, timed};
use crate::support::{block_on, wait_for};

/// A doctor and a patient of its own, so that its bookings meet no other, and an account, so that its sessions are known.
pub const PEOPLE: &str = "
    CREATE USER writer@localhost; GRANT ALL ON clinic.* TO writer@localhost;
    INSERT INTO users (id, email, password_hash, role) VALUES ('wp', 'wp@example.com', 'x', 'PATIENT'), ('wd', 'wd@example.com', 'x', 'DOCTOR');
    INSERT INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number, emergency_contact, address)
        VALUES ('wp', 'wp', 'P', 'W', '1990-01-01', 'OTHER', '1', '{}', '{}');
    INSERT INTO doctor_profiles (id, user_id, first_name, last_name, specialization, qualification, experience_years, license_number,
        license_expiry, consultation_fee, languages, education)
        VALUES ('wd', 'wd', 'D', 'W', 'x', 'x', 1, 'WD', '2030-01-01', 10, '[]', '[]')";

/// Between two statements, so that it leaves the processor to others.
const PACE: Duration = Duration::from_millis(8);

/// What it shares with the rounds.
#[derive(Default)]
pub struct Shared {
    pub done: AtomicBool,
    /// Raised before the server is killed, and when it is back: odd in between.
    pub kills: AtomicU32,
    /// What is going on.
    pub case: Mutex<String>,
}

const STATEMENTS: u32 = 7;

/// The statements of the application, one after the other, over and over.
fn statement(number: u32) -> String {
    let (round, part) = (number / STATEMENTS, number % STATEMENTS);
    let book = |id: &str, hour: u32| {
        format!(
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             VALUES ('{id}', '{id}', 'wp', 'wd', DATE('2024-07-01') + INTERVAL {round} MOD 60 DAY, SEC_TO_TIME({hour} * 3600 + {round} DIV 60),
                 SEC_TO_TIME({hour} * 3600 + {round} DIV 60 + 1), 'VIDEO', 10)"
        )
    };
    match part {
        0 => book(&format!("w{round}"), 8),
        1 => format!(
            "INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status)
             VALUES ('w{round}', 'w{round}', 'w{round}', 'wp', 10, 'CARD', 'STRIPE', 'SUCCESS')"
        ),
        2 => format!("UPDATE appointments SET payment_status = 'PAID' WHERE id = 'w{round}'"),
        3 if is_cancelled(round) => {
            format!("UPDATE appointments SET status = 'CANCELLED', cancelled_by = 'wp', cancelled_at = NOW() WHERE id = 'w{round}'")
        }
        4 => book(&format!("wx{round}"), 18),
        5 => format!("DELETE FROM appointments WHERE id = 'wx{round}'"),
        _ => format!(
            "SELECT a.* FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
             WHERE k.id = 'w{}'",
            round / 2
        ),
    }
}

fn is_cancelled(round: u32) -> bool {
    round.is_multiple_of(3)
}

/// What must be there after so many statements: a row an appointment, and whether it is paid for.
pub fn believes(statements: u32) -> Vec<String> {
    let done = |round: u32, part: u32| statements > round * STATEMENTS + part;
    let row = |round: u32| {
        let status = if is_cancelled(round) && done(round, 3) { "CANCELLED" } else { "SCHEDULED" };
        let paid = if done(round, 2) { "PAID" } else { "PENDING" };
        format!("w{round}|{status}|{paid}|{}", u32::from(done(round, 1)))
    };
    let mut rows: Vec<String> = (0..statements.div_ceil(STATEMENTS)).map(row).collect();
    // booked, and not yet cancelled by its deletion
    let last = statements / STATEMENTS;
    if done(last, 4) && !done(last, 5) {
        rows.push(format!("wx{last}|SCHEDULED|PENDING|0"));
    }
    rows.sort();
    rows
}

/// What [`believes`] says, as it is.
pub const FOUND: &str = "
    SELECT a.id, a.status, a.payment_status, (SELECT COUNT(*) FROM payments p WHERE p.appointment_id = a.id) FROM appointments a
    WHERE a.id LIKE 'w%' AND EXISTS (SELECT 1 FROM appointment_keys k WHERE k.id = a.id AND NOT k.archived)";

/// Works until it is told to end. A statement that the server's death cut off is sent again, as an application would.
pub fn work(options: &MySqlConnectOptions, shared: &Shared) -> Seen {
    let options = options.clone().username("writer").database(DATABASE);
    let mut conn = None;
    let statement = |number| format!("/* {} */ {}", shared.case.lock().unwrap(), statement(number));
    let run = |sql: &str| {
        std::thread::sleep(PACE); // its pace, not a wait for something
        let mut is_again = false;
        loop {
            let kills = shared.kills.load(Ordering::SeqCst);
            let mut there = conn.take().unwrap_or_else(|| come_back(&options));
            let took = timed(&mut there, sql);
            let was_killed = !kills.is_multiple_of(2) || shared.kills.load(Ordering::SeqCst) != kills;
            match took {
                Err(error) if error.as_database_error().is_none() => {
                    if !was_killed {
                        return Err(error);
                    }
                    is_again = true;
                }
                took => {
                    conn = Some(there);
                    return match took {
                        // it was done when the server died
                        Err(error) if is_again && is_double(&error) => Ok(Duration::ZERO),
                        Ok(_) if was_killed || is_again => Ok(Duration::ZERO),
                        took => took,
                    };
                }
            }
        }
    };
    at_work(statement, run, &shared.done)
}

fn come_back(options: &MySqlConnectOptions) -> MySqlConnection {
    let mut conn = None;
    wait_for("the writer to connect", || {
        conn = block_on(options.connect()).ok();
        conn.is_some()
    });
    conn.unwrap()
}

fn is_double(error: &sqlx::Error) -> bool {
    let number = |error: &MySqlDatabaseError| error.number() == 1062;
    error.as_database_error().and_then(|error| error.try_downcast_ref()).is_some_and(number)
}
