//! Legal holds: what a patient's or an appointment's hold covers is neither archived nor deleted, until it is released.
//!
//! Who places a hold has the gate for himself until the hold is committed; who moves or deletes rows shares it from before
//! he selects them until he commits. So a batch honours every hold that was confirmed before it, and a hold that is
//! being placed waits for the batches under way.

use chrono::NaiveDate;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::table;
use crate::db::error::DbError;

/// What a hold is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All of a patient: an id of `patient_profiles`.
    Patient(String),
    /// One appointment, by its id.
    Appointment(String),
}

// Ids are compared with those of the other tables, so they have their collation: an index serves only where both are the
// same. Times are the server's, in UTC.
const HOLDS: &str = "
    CREATE TABLE IF NOT EXISTS caredb_holds (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        patient_id VARCHAR(36) COLLATE utf8mb4_unicode_ci NULL,
        appointment_id VARCHAR(36) COLLATE utf8mb4_unicode_ci NULL,
        reason VARCHAR(1000) NOT NULL,
        placed_by VARCHAR(288) NOT NULL,
        placed_at DATETIME NOT NULL,
        until DATE NULL,
        released_at DATETIME NULL,
        released_by VARCHAR(288) NULL,
        release_reason VARCHAR(1000) NULL,
        PRIMARY KEY (id),
        INDEX idx_caredb_holds_patient (patient_id),
        INDEX idx_caredb_holds_appointment (appointment_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
const GATE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_hold_gate (
        id TINYINT UNSIGNED NOT NULL,
        PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
const GATE_ROW: &str = "SELECT COUNT(*) FROM caredb_hold_gate WHERE id = 1";
const MAKE_GATE_ROW: &str = "INSERT IGNORE INTO caredb_hold_gate (id) VALUES (1)";

/// Makes the tables where they are missing; belongs before a transaction, which it would commit.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    table::make(conn, "caredb_holds", HOLDS).await?;
    table::make(conn, "caredb_hold_gate", GATE).await?;
    let failed = |error: sqlx::Error| DbError::new("could not fill table `caredb_hold_gate`", &error);
    let rows: i64 = sqlx::query_scalar(GATE_ROW).fetch_one(&mut *conn).await.map_err(failed)?;
    if rows == 0 {
        sqlx::query(MAKE_GATE_ROW).execute(conn).await.map_err(failed)?;
    }
    Ok(())
}

const SHARE_GATE: &str = "SELECT id FROM caredb_hold_gate WHERE id = 1 FOR SHARE";
const TAKE_GATE: &str = "SELECT id FROM caredb_hold_gate WHERE id = 1 FOR UPDATE";

/// Shares the gate until the transaction ends. The transaction runs under READ COMMITTED, and selects its rows afterwards:
/// then it sees every hold that is confirmed.
pub async fn gate(conn: &mut MySqlConnection) -> Result<(), DbError> {
    pass(conn, SHARE_GATE).await
}

async fn pass(conn: &mut MySqlConnection, sql: &'static str) -> Result<(), DbError> {
    let what = "could not take the gate of the legal holds, the row of table `caredb_hold_gate`";
    let row: Option<u8> =
        sqlx::query_scalar(sql).fetch_optional(conn).await.map_err(|error| DbError::new(what, &error))?;
    let gone = || DbError::because(what, "the row is gone").with_cure("run again: it is made anew");
    row.map(|_| ()).ok_or_else(gone)
}

/// The condition that a row `h` of `caredb_holds` is in force.
pub(super) const IN_FORCE: &str = "h.released_at IS NULL AND (h.until IS NULL OR h.until >= UTC_DATE())";

/// Whether any hold is in force.
pub async fn any(conn: &mut MySqlConnection) -> Result<bool, DbError> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM caredb_holds h WHERE {IN_FORCE})");
    let found: Result<i64, _> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await;
    Ok(found.map_err(|error| DbError::new("could not read table `caredb_holds`", &error))? != 0)
}

/// The condition in SQL that a hold is in force on a patient or an appointment, both given as columns: `a.patient_id`,
/// `a.id`. Two conditions, each with an index of its own.
#[must_use]
pub fn covers(patient: &str, appointment: &str) -> String {
    format!(
        "({} OR EXISTS (SELECT 1 FROM caredb_holds h WHERE h.appointment_id = {appointment} AND {IN_FORCE}))",
        covers_patient(patient)
    )
}

/// The same for rows that belong to a patient and to no appointment.
#[must_use]
pub fn covers_patient(patient: &str) -> String {
    format!("EXISTS (SELECT 1 FROM caredb_holds h WHERE h.patient_id = {patient} AND {IN_FORCE})")
}

/// The same for rows that belong to a user, who may be a patient under hold.
#[must_use]
pub fn covers_user(user: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM patient_profiles hp JOIN caredb_holds h ON h.patient_id = hp.id WHERE hp.user_id = {user} AND {IN_FORCE})"
    )
}

const FIND_PATIENT: &str = "SELECT id FROM patient_profiles WHERE id = ?";
const FIND_KEY: &str = "SELECT id FROM appointment_keys WHERE id = ?";
const FIND_APPOINTMENT: &str = "SELECT id FROM appointments WHERE id = ?";

/// The subject with its id as the database writes it; none where there is no such patient or appointment. Archived
/// appointments count: their keys stay.
pub async fn find_subject(conn: &mut MySqlConnection, subject: &Subject) -> Result<Option<Subject>, DbError> {
    let (id, queries, table) = match subject {
        Subject::Patient(id) => (id, [FIND_PATIENT].as_slice(), "patient_profiles"),
        Subject::Appointment(id) => (id, [FIND_KEY, FIND_APPOINTMENT].as_slice(), "appointments"),
    };
    for (index, query) in queries.iter().enumerate() {
        match sqlx::query_scalar::<_, String>(*query).bind(id).fetch_optional(&mut *conn).await {
            Err(error) if table::is_missing(&error) && index + 1 < queries.len() => {}
            Err(error) => return Err(DbError::new(format!("could not look the id up in table `{table}`"), &error)),
            Ok(found) => {
                return Ok(found.map(|id| match subject {
                    Subject::Patient(_) => Subject::Patient(id),
                    Subject::Appointment(_) => Subject::Appointment(id),
                }));
            }
        }
    }
    Ok(None)
}

const ADD: &str = "
    INSERT INTO caredb_holds (patient_id, appointment_id, reason, until, placed_by, placed_at)
    VALUES (?, ?, ?, ?, CURRENT_USER(), UTC_TIMESTAMP())";

/// Places a hold, in force through `until`; waits for the batches under way. Gives its number.
pub async fn add(
    conn: &mut MySqlConnection,
    subject: &Subject,
    reason: &str,
    until: Option<NaiveDate>,
) -> Result<u64, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not place the hold", &error);
    let (patient, appointment) = match subject {
        Subject::Patient(id) => (Some(id), None),
        Subject::Appointment(id) => (None, Some(id)),
    };
    let mut transaction = conn.begin().await.map_err(failed)?;
    pass(&mut transaction, TAKE_GATE).await?;
    let added = sqlx::query(ADD)
        .bind(patient)
        .bind(appointment)
        .bind(reason)
        .bind(until.map(|day| day.to_string()))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(added.last_insert_id())
}

/// A hold as it is on record. Days and times are the server's, in UTC, as it prints them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Hold {
    /// Its number.
    pub id: u64,
    /// The patient that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The appointment that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<String>,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: String,
    /// The last day on which it is in force.
    pub until: Option<String>,
    /// Whether it is in force today.
    pub in_force: bool,
    /// Who released it.
    pub released_by: Option<String>,
    /// When.
    pub released_at: Option<String>,
    /// Why.
    pub release_reason: Option<String>,
}

const LIST: &str = "
    SELECT h.id, h.patient_id, h.appointment_id, h.reason, h.placed_by, CAST(h.placed_at AS CHAR), CAST(h.until AS CHAR),
           CAST(h.released_at IS NULL AND (h.until IS NULL OR h.until >= UTC_DATE()) AS UNSIGNED),
           h.released_by, CAST(h.released_at AS CHAR), h.release_reason
    FROM caredb_holds h ORDER BY h.id";

/// All holds on record, oldest first. Where there is no table, there are none.
pub async fn list(conn: &mut MySqlConnection) -> Result<Vec<Hold>, DbError> {
    let failed = |error: &sqlx::Error| DbError::new("could not read table `caredb_holds`", error);
    match sqlx::query(LIST).fetch_all(conn).await {
        Err(error) if table::is_missing(&error) => Ok(Vec::new()),
        rows => rows
            .map_err(|error| failed(&error))?
            .iter()
            .map(hold)
            .collect::<Result<_, _>>()
            .map_err(|error| failed(&error)),
    }
}

fn hold(row: &MySqlRow) -> Result<Hold, sqlx::Error> {
    Ok(Hold {
        id: row.try_get(0)?,
        patient: row.try_get(1)?,
        appointment: row.try_get(2)?,
        reason: row.try_get(3)?,
        placed_by: row.try_get(4)?,
        placed_at: row.try_get(5)?,
        until: row.try_get(6)?,
        in_force: row.try_get::<u64, _>(7)? == 1,
        released_by: row.try_get(8)?,
        released_at: row.try_get(9)?,
        release_reason: row.try_get(10)?,
    })
}

const RELEASE: &str = "
    UPDATE caredb_holds SET released_at = UTC_TIMESTAMP(), released_by = CURRENT_USER(), release_reason = ?
    WHERE id = ? AND released_at IS NULL";

/// Releases a hold, which stays on record. False: no hold of this number waits for it.
pub async fn release(conn: &mut MySqlConnection, id: u64, reason: &str) -> Result<bool, DbError> {
    let released = sqlx::query(RELEASE).bind(reason).bind(id).execute(conn).await;
    let released = released.map_err(|error| DbError::new(format!("could not release hold {id}"), &error))?;
    Ok(released.rows_affected() == 1)
}
