//! Moves medical records that are old enough into compressed storage, and back. Nothing is destroyed, so the records of a
//! patient under legal hold move as well: they stay readable by `medical_records_all`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::batch::BatchSize;
use super::job::Pace;
use super::ledger::Run;
use super::rows::{Columns, Move, Sum};
use super::walk::{Path, Walk};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::throttle::Throttle;
use crate::db::transaction::in_transaction;
use crate::output::Event;

/// Where records are written and read.
pub const PLAIN: Path = Path { table: "medical_records", column: "record_date", index: "idx_record_date" };
/// Where they are compressed.
pub const COMPRESSED: Path =
    Path { table: "medical_records_compressed", column: "record_date", index: "idx_record_compressed_date" };

/// Which records move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Those from before a day are compressed.
    Before(NaiveDate),
    /// All move back.
    Back,
}

impl Wish {
    fn from(self) -> Path {
        if self == Self::Back { COMPRESSED } else { PLAIN }
    }

    fn to(self) -> Path {
        if self == Self::Back { PLAIN } else { COMPRESSED }
    }

    /// The word for it in the ledger.
    fn action(self) -> &'static str {
        if self == Self::Back { "decompress" } else { "compress" }
    }

    fn cut_off(self) -> Option<String> {
        match self {
            Self::Before(day) => Some(day.to_string()),
            Self::Back => None,
        }
    }

    /// The condition on them, as SQL.
    fn condition(self) -> String {
        self.cut_off().map_or_else(|| "TRUE".to_owned(), |day| format!("record_date < '{day}'"))
    }
}

/// What a run has moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// The rows.
    pub rows: Sum,
    /// How long it took.
    pub took: Duration,
    /// Whether all of them have moved.
    pub complete: bool,
}

/// Moves them, oldest first, in batches that each take about `batch`. Ends early where the throttle says that it is over.
/// `expected`: how many there are, where that is known. What an error leaves behind is in the ledger.
pub async fn compress(
    conn: &mut MySqlConnection,
    throttle: &mut Throttle,
    run: &Run,
    (wish, batch): (Wish, Duration),
    expected: Option<u64>,
    on_event: &mut impl FnMut(Event),
) -> Result<Moved, DbError> {
    let path = Move {
        from: wish.from().table.to_owned(),
        to: wish.to().table.to_owned(),
        partition: None,
        columns: columns(conn, wish).await?,
    };
    let (mut size, mut walk) = (BatchSize::new(batch), Walk::new(wish.from(), wish.cut_off()));
    let (mut moved, mut pace) = (Moved::default(), Pace::new(wish.from().table, expected));
    loop {
        throttle.wait(on_event).await?;
        if throttle.is_over() {
            break;
        }
        let begun = Instant::now();
        let Some(stretch) = walk.next(conn, "t", size.rows()).await? else {
            run.set_state(conn, wish.from().table, wish.action(), "done").await?;
            moved.complete = true;
            break;
        };
        let rows = move_rows(conn, run, (wish, &path), &stretch).await?;
        size.measured(rows.rows, begun.elapsed());
        moved.rows += rows;
        on_event(pace.add(rows.rows));
    }
    moved.took = pace.elapsed();
    Ok(moved)
}

/// The columns, which both tables must have.
async fn columns(conn: &mut MySqlConnection, wish: Wish) -> Result<Columns, DbError> {
    let mut tables = Vec::new();
    for table in [wish.from().table, wish.to().table] {
        let columns = Columns::read(conn, &Ident::known(table)).await?.ok_or_else(|| {
            let error = DbError::because(
                format!("could not {} medical records", wish.action()),
                format!("there is no table `{table}`"),
            );
            error.with_cure("apply the migrations by `caredb migrate`")
        })?;
        tables.push(columns);
    }
    match tables.as_slice() {
        [from, to] if from == to => Ok(from.clone()),
        _ => {
            let differ = format!("tables `{}` and `{}` have not the same columns", wish.from().table, wish.to().table);
            let error = DbError::because(format!("could not {} medical records", wish.action()), differ);
            Err(error.with_cure("alter one of them so that it has those of the other, in their order"))
        }
    }
}

/// Moves the rows of a stretch in a transaction.
async fn move_rows(
    conn: &mut MySqlConnection,
    run: &Run,
    (wish, path): (Wish, &Move),
    stretch: &str,
) -> Result<Sum, DbError> {
    let what = format!("could not move rows from table `{}` to `{}`", path.from, path.to);
    in_transaction(conn, &what, async |conn: &mut MySqlConnection| {
        let failed = |error: sqlx::Error| DbError::new(&what, &error);
        let picked = path.pick(conn, "t", stretch, None).await.map_err(failed)?;
        if picked.ids.is_empty() {
            return Ok(Some(Sum::default()));
        }
        path.copy(conn, &picked).await.map_err(failed)?;
        let arrived = path.arrived(conn, &picked).await.map_err(failed)?;
        let deleted = path.delete(conn, &picked).await.map_err(failed)?;
        if arrived != picked.sum || deleted != picked.sum.rows {
            let error = DbError::because(&what, "what arrived is not what was there; nothing of the batch was moved");
            return Err(error.with_cure("compare the definitions of both tables, and look for triggers"));
        }
        run.record(conn, wish.action(), &path.from, picked.sum.rows, picked.sum.checksum, 0).await?;
        Ok(Some(picked.sum))
    })
    .await
}

/// How many records there are to move, by month: `2024-01`.
pub async fn preview(conn: &mut MySqlConnection, wish: Wish) -> Result<BTreeMap<String, u64>, DbError> {
    let sql = format!(
        "SELECT DATE_FORMAT(record_date, '%Y-%m') AS month, COUNT(*) FROM {} WHERE {} GROUP BY month",
        wish.from().table,
        wish.condition()
    );
    let failed = |error: sqlx::Error| DbError::new("could not count the medical records to move", &error);
    let mut months = BTreeMap::new();
    for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await.map_err(failed)? {
        let month: String = row.try_get_unchecked(0).map_err(failed)?;
        months.insert(month, row.try_get_unchecked::<i64, _>(1).map_err(failed)?.unsigned_abs());
    }
    Ok(months)
}

/// How large the two tables are, with their indexes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Bytes {
    /// `medical_records`
    pub plain: u64,
    /// `medical_records_compressed`
    pub compressed: u64,
}

// statistics that the server takes anew now and then, else they are a day old
const FRESH: &str = "SET SESSION information_schema_stats_expiry = 0";
const ANALYZE: &str = "ANALYZE NO_WRITE_TO_BINLOG TABLE medical_records, medical_records_compressed";
const BYTES: &str = "
    SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";

/// Measures both tables.
pub async fn bytes(conn: &mut MySqlConnection) -> Result<Bytes, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not measure the tables of medical records", &error);
    sqlx::raw_sql(FRESH).execute(&mut *conn).await.map_err(failed)?;
    sqlx::raw_sql(ANALYZE).fetch_all(&mut *conn).await.map_err(failed)?;
    let plain = sqlx::query_scalar(BYTES).bind(PLAIN.table).fetch_one(&mut *conn).await.map_err(failed)?;
    let compressed = sqlx::query_scalar(BYTES).bind(COMPRESSED.table).fetch_one(conn).await.map_err(failed)?;
    Ok(Bytes { plain, compressed })
}
