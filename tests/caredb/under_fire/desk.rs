//! A desk of the clinic: what it writes, what it was told, and how it finds out what came of a transaction whose answer it did
//! not get. All that it makes is `v…`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::{DATABASE, Shared};
use crate::fault::Moments;
use crate::support::{block_on, rows, wait_for};

/// So many statements a second, if the server can: people come at their pace, and wait while it can't.
const PACE: f64 = 75.0;
/// Of each desk; one of them books at a time.
const PATIENTS: u64 = 3;

/// A doctor and some patients for each desk, so that no two meet in a slot. `desk.done` is beside the clinic's tables: it says
/// which transaction of a desk was the last, and is written in each.
pub fn people(desks: usize) -> String {
    let mut sql = format!(
        "CREATE USER desk@localhost; CREATE DATABASE desk; CREATE TABLE desk.done (desk INT PRIMARY KEY, number INT NOT NULL);
         GRANT SELECT, INSERT, UPDATE, DELETE ON desk.* TO desk@localhost;
         GRANT SELECT, INSERT, UPDATE, DELETE ON {DATABASE}.* TO desk@localhost; USE {DATABASE}"
    );
    for desk in 0..desks {
        let user = |id: &str, role: &str| {
            format!(
                "; INSERT INTO users (id, email, password_hash, role) VALUES ('{id}', '{id}@example.com', 'x', '{role}')"
            )
        };
        sql.push_str(&format!("; INSERT INTO desk.done VALUES ({desk}, 0)"));
        let doctor = format!("v{desk}d");
        sql.push_str(&user(&doctor, "DOCTOR"));
        sql.push_str(&format!(
            "; INSERT INTO doctor_profiles (id, user_id, first_name, last_name, specialization, qualification, experience_years,
                 license_number, license_expiry, consultation_fee, languages, education)
             VALUES ('{doctor}', '{doctor}', 'D', 'V', 'x', 'x', 1, '{doctor}', '2030-01-01', 10, '[]', '[]')"
        ));
        for patient in (0..PATIENTS).map(|number| format!("v{desk}p{number}")) {
            sql.push_str(&user(&patient, "PATIENT"));
            sql.push_str(&format!(
                "; INSERT INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number,
                     emergency_contact, address)
                 VALUES ('{patient}', '{patient}', 'P', 'V', '1990-01-01', 'OTHER', '1', '{{}}', '{{}}')"
            ));
        }
    }
    sql
}

/// What the desk was told of a booking.
#[derive(Debug)]
pub struct Booking {
    pub date: NaiveDate,
    pub made: NaiveDate,
    pub cents: u64,
    pub status: &'static str,
    pub payment_status: &'static str,
    pub has_prescription: bool,
    pub rating: Option<u64>,
    pub is_noted: bool,
    pub moved_from: Option<usize>,
    /// An old record that the patient brought along.
    pub record: Option<NaiveDate>,
}

/// What is done with a booking later.
#[derive(Debug, Clone, Copy)]
enum Act {
    Pay,
    Cancel,
    Move,
    See,
    Review,
    /// About when it is archived: a note, where it is still to be had.
    Note,
}

/// What an application must expect of a server, and try again: lock waits, deadlocks, a month that was exchanged under a
/// transaction, ends of connection, statement and server.
const MAY_BE_MET: [u16; 7] = [1205, 1213, 1412, 1317, 1053, 3169, 4031];

pub struct Desk {
    pub number: usize,
    pub bookings: Vec<Booking>,
    pub statements: u64,
    /// Errors that were met, and how often.
    pub met: BTreeMap<String, u32>,
    /// What must not be.
    pub wrong: Vec<String>,
    /// Transactions that were told to be done, or found done.
    done: u32,
    due: BTreeMap<NaiveDate, Vec<(usize, Act)>>,
    moments: Moments,
    session: Option<Session>,
}

impl Desk {
    pub fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            bookings: Vec::new(),
            statements: 0,
            met: BTreeMap::new(),
            wrong: Vec::new(),
            done: 0,
            due: BTreeMap::new(),
            moments: Moments(seed.wrapping_mul(1000) + number as u64),
            session: None,
        }
    }

    /// Of a booking, and of all that belongs to it.
    pub fn id(&self, booking: usize) -> String {
        format!("v{}-{booking}", self.number)
    }

    pub fn work(mut self, shared: &Shared) -> Self {
        let begun = Instant::now();
        while !shared.done.load(Ordering::Relaxed) {
            let today = shared.clock.today();
            let due = self.due.first_key_value().map(|(day, _)| *day).filter(|day| *day <= today);
            if let Some(due) = due.and_then(|day| self.due.remove(&day)) {
                for (booking, act) in due {
                    self.act(shared, today, booking, act);
                    self.rest(begun);
                }
            } else {
                self.book(shared, today, None);
                self.rest(begun);
            }
        }
        self
    }

    /// Its pace, not a wait for something.
    fn rest(&self, begun: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "a pace")]
        let until = Duration::from_secs_f64(self.statements as f64 / PACE);
        std::thread::sleep(until.saturating_sub(begun.elapsed()));
    }

    fn later(&mut self, day: NaiveDate, booking: usize, act: Act) {
        self.due.entry(day).or_default().push((booking, act));
    }

    fn book(&mut self, shared: &Shared, today: NaiveDate, moved_from: Option<usize>) {
        let (number, id) = (self.bookings.len(), self.id(self.bookings.len()));
        let desk = self.number;
        let date = today + Days::new(1 + self.moments.next(45));
        let patient = format!("v{desk}p{}", self.moments.next(PATIENTS));
        let cents = 1000 + self.moments.next(20_000);
        let second = 28_800 + number % 50_000;
        let from = moved_from.map_or("NULL".to_owned(), |from| format!("'{}'", self.id(from)));
        let mut statements = vec![
            format!(
                "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time,
                     consultation_type, fee, rescheduled_from)
                 VALUES ('{id}', '{id}', '{patient}', 'v{desk}d', '{date}', SEC_TO_TIME({second}), SEC_TO_TIME({second} + 1),
                     'VIDEO', {cents} / 100, {from})"
            ),
            format!("INSERT INTO notifications (id, user_id, type, title, message) VALUES ('{id}', '{patient}', 'APPOINTMENT_CONFIRMED', 't', 'm')"),
        ];
        if let Some(from) = moved_from {
            statements.push(format!(
                "UPDATE appointments SET status = 'CANCELLED', cancelled_by = '{patient}', cancelled_at = NOW() WHERE id = '{}'",
                self.id(from)
            ));
        }
        // between twenty and thirty months ago
        let record = (self.moments.next(6) == 0).then(|| today - Days::new(600 + self.moments.next(300)));
        if let Some(day) = record {
            statements.push(format!(
                "INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, file_url, file_size, mime_type, record_date)
                 VALUES ('{id}', '{patient}', 'v{desk}d', 'XRAY', 't', 'f', 1, 'm', '{day}')"
            ));
        }
        let made = self.transact(shared, &statements);
        self.bookings.push(Booking {
            date,
            made,
            cents,
            status: "SCHEDULED",
            payment_status: "PENDING",
            has_prescription: false,
            rating: None,
            is_noted: false,
            moved_from,
            record,
        });
        let until = u64::try_from((date - today).num_days()).unwrap();
        let on_the_way = today + Days::new(self.moments.next(until));
        match self.moments.next(12) {
            0 => {} // forgotten
            1 => self.later(on_the_way, number, Act::Move),
            kind => {
                self.later(on_the_way, number, Act::Pay);
                let (day, act) = if kind == 2 { (on_the_way + Days::new(1), Act::Cancel) } else { (date, Act::See) };
                self.later(day, number, act);
            }
        }
    }

    fn act(&mut self, shared: &Shared, today: NaiveDate, number: usize, act: Act) {
        let id = self.id(number);
        let &Booking { date, cents, .. } = &self.bookings[number];
        let look = format!(
            "SELECT a.* FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
             WHERE k.id = '{id}'"
        );
        let set =
            |what: &str| format!("UPDATE appointments SET {what} WHERE id = '{id}' AND appointment_date = '{date}'");
        match act {
            Act::Pay => {
                let pay = format!(
                    "INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status)
                     SELECT '{id}', '{id}', '{id}', patient_id, {cents} / 100, 'CARD', 'STRIPE', 'SUCCESS' FROM appointment_keys WHERE id = '{id}'"
                );
                self.transact(shared, &[look, pay, set("payment_status = 'PAID', status = 'CONFIRMED'")]);
                let booking = &mut self.bookings[number];
                (booking.status, booking.payment_status) = ("CONFIRMED", "PAID");
            }
            Act::Cancel => {
                let refund = format!(
                    "UPDATE payments SET status = 'REFUNDED', refund_amount = amount, refunded_at = NOW() WHERE appointment_id = '{id}'"
                );
                // by another way than most
                let cancel = format!(
                    "UPDATE appointments SET status = 'CANCELLED', payment_status = 'REFUNDED', cancelled_at = NOW() WHERE id = '{id}'"
                );
                self.transact(shared, &[refund, cancel]);
                let booking = &mut self.bookings[number];
                (booking.status, booking.payment_status) = ("CANCELLED", "REFUNDED");
            }
            Act::Move => {
                self.book(shared, today, Some(number));
                self.bookings[number].status = "CANCELLED";
            }
            Act::See => {
                let mut statements = vec![
                    look,
                    set("status = 'COMPLETED'"),
                    format!(
                        "INSERT INTO consultations (id, appointment_id, start_time) VALUES ('{id}', '{id}', NOW())"
                    ),
                ];
                let has_prescription = self.moments.next(4) == 0;
                if has_prescription {
                    // few are valid for so long that the appointment stays
                    let days = if self.moments.next(20) == 0 { 600 } else { 30 };
                    statements.push(format!(
                        "INSERT INTO prescriptions (id, prescription_number, consultation_id, patient_id, doctor_id, diagnosis_summary, medications, valid_until)
                         SELECT '{id}', '{id}', '{id}', patient_id, doctor_id, 'x', '[]', '{date}' + INTERVAL {days} DAY FROM appointment_keys WHERE id = '{id}'"
                    ));
                }
                self.transact(shared, &statements);
                let booking = &mut self.bookings[number];
                (booking.status, booking.has_prescription) = ("COMPLETED", has_prescription);
                let (review, note) =
                    (today + Days::new(self.moments.next(20)), date + Days::new(350 + self.moments.next(40)));
                if self.moments.next(2) == 0 {
                    self.later(review, number, Act::Review);
                }
                if self.moments.next(4) == 0 {
                    self.later(note, number, Act::Note);
                }
            }
            Act::Review => {
                let rating = 1 + self.moments.next(5);
                let review = format!(
                    "INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating)
                     SELECT '{id}', '{id}', patient_id, doctor_id, {rating} FROM appointment_keys WHERE id = '{id}'"
                );
                self.transact(shared, &[look, review]);
                self.bookings[number].rating = Some(rating);
            }
            Act::Note => {
                let note = format!("{} /* may be archived */", set("notes = 'late'"));
                let (_, changed) = self.transact_changed(shared, &[look, note]);
                self.bookings[number].is_noted = changed[1] == 1;
            }
        }
    }

    /// The day on which it was done, by the session's clock.
    fn transact(&mut self, shared: &Shared, statements: &[String]) -> NaiveDate {
        let (day, changed) = self.transact_changed(shared, statements);
        for (statement, changed) in statements.iter().zip(changed) {
            if !statement.starts_with("SELECT") && changed != 1 {
                self.wrong.push(format!("{changed} rows changed by {statement}"));
            }
        }
        day
    }

    /// Does a transaction, however often it must be tried, and says how many rows each statement changed.
    fn transact_changed(&mut self, shared: &Shared, statements: &[String]) -> (NaiveDate, Vec<u64>) {
        let number = self.done + 1;
        let last = format!("UPDATE desk.done SET number = {number} WHERE desk = {}; COMMIT", self.number);
        loop {
            let mut session = self.session.take().unwrap_or_else(|| Session::open(shared));
            let day = shared.clock.now();
            let begin = format!("SET timestamp = {}; START TRANSACTION", day.and_utc().timestamp());
            let mut changed = Vec::new();
            let ended = block_on(async {
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut session.conn).await?;
                for statement in statements {
                    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut session.conn).await?;
                    changed.push(done.rows_affected());
                }
                sqlx::raw_sql(AssertSqlSafe(last.clone())).execute(&mut session.conn).await.map(|_| ())
            });
            self.statements += changed.len() as u64;
            let is_done = match ended {
                Ok(()) => {
                    self.session = Some(session);
                    true
                }
                Err(error) => {
                    self.meet(&error, statements);
                    session.wait_for_its_end(shared);
                    self.is_done(shared, number)
                }
            };
            if is_done {
                self.done = number;
                return (day.date(), changed);
            }
        }
    }

    fn meet(&mut self, error: &sqlx::Error, statements: &[String]) {
        let known =
            error.as_database_error().and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>());
        match known {
            Some(error) if !MAY_BE_MET.contains(&error.number()) => self.wrong.push(format!("{error}: {statements:?}")),
            Some(error) => *self.met.entry(format!("error {}", error.number())).or_default() += 1,
            None => *self.met.entry("connection lost".to_owned()).or_default() += 1,
        }
    }

    /// Whether the transaction of this number was done although nobody said so.
    fn is_done(&mut self, shared: &Shared, number: u32) -> bool {
        let sql = format!("SELECT number FROM desk.done WHERE desk = {}", self.number);
        loop {
            let mut session = Session::open(shared);
            // this connection may be killed as well
            if let Ok(found) = block_on(rows(&mut session.conn, &sql)) {
                let is_done = found == [number.to_string()];
                assert!(
                    is_done || found == [(number - 1).to_string()],
                    "desk {}: {number} comes after {found:?}",
                    self.number
                );
                if is_done {
                    *self.met.entry("done, but not told".to_owned()).or_default() += 1;
                }
                self.session = Some(session);
                return is_done;
            }
        }
    }
}

/// A connection, and which server it is to.
struct Session {
    conn: MySqlConnection,
    id: String,
    server: u32,
}

impl Session {
    fn open(shared: &Shared) -> Self {
        let options = MySqlConnectOptions::new()
            .socket(&shared.socket)
            .username("desk")
            .database(DATABASE)
            .pipes_as_concat(false);
        let mut session = None;
        wait_for("a desk to connect", || {
            let server = shared.server.load(Ordering::SeqCst);
            if server % 2 == 1 {
                return false;
            }
            session = block_on(async {
                let mut conn = options.connect().await.ok()?;
                let id = rows(&mut conn, "SELECT CONNECTION_ID()").await.ok()?.remove(0);
                Some(Self { conn, id, server })
            });
            session.is_some()
        });
        session.unwrap()
    }

    /// Waits until the server has ended it, so that what it did is known.
    fn wait_for_its_end(self, shared: &Shared) {
        let Self { conn, id, server } = self;
        drop(conn);
        let sql = format!("SELECT COUNT(*) FROM performance_schema.processlist WHERE id = {id}");
        wait_for("a lost session to end", || {
            let mut other = Self::open(shared);
            other.server != server || block_on(rows(&mut other.conn, &sql)).is_ok_and(|found| found == ["0"])
        });
    }
}
