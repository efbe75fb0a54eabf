//! Whether the ledger is as it was written.

use sqlx::mysql::MySqlConnection;

use super::super::table::{is_missing, is_there};
use super::{ENTITY, Entry, Which, each};
use crate::db::error::DbError;
use crate::output::finding::{Finding, Level};

/// What was changed in the ledger by another hand: runs that were altered, taken out, put in, and a chain that lost its end.
/// Reads all of it, run by run.
pub async fn verify(conn: &mut MySqlConnection) -> Result<Vec<Finding>, DbError> {
    if !is_there(conn, "caredb_runs").await? {
        let gone = ids(conn, AUDITED).await?;
        return Ok(gone.iter().map(|id| problem(TAKEN_OUT.replace("{}", id), RESTORE)).collect());
    }
    // it is made first, so it was there
    if !is_there(conn, "caredb_run_parts").await? {
        return Ok(vec![problem("table `caredb_run_parts` is gone".to_owned(), RESTORE)]);
    }
    let mut chain = Chain::default();
    each(conn, Which::Sealed, |entry| chain.follow(entry)).await?;
    let mut findings = chain.findings;
    for (sql, what, cure) in QUERIES {
        for id in ids(conn, sql).await? {
            findings.push(problem(what.replace("{}", &id), cure));
        }
    }
    Ok(findings)
}

const RESTORE: &str = "compare with a backup of table `caredb_runs`, and find out who could write it";

fn problem(what: String, cure: &str) -> Finding {
    Finding::new("ledger", Level::Problem, what, cure)
}

/// The chain as far as it was followed.
#[derive(Default)]
struct Chain {
    /// Number, place and hash of the last run.
    last: Option<(u64, u64, Option<String>)>,
    findings: Vec<Finding>,
}

impl Chain {
    fn follow(&mut self, entry: Entry) {
        let id = entry.id;
        let seal = entry.seal.unwrap_or_default();
        let expected = self.last.as_ref().map_or(1, |(_, seal, _)| seal + 1);
        let before = self.last.as_ref().map(|(id, ..)| format!("between run {id} and run {}", entry.id));
        let before = before.unwrap_or_else(|| format!("before run {id}"));
        let mut found = |what| self.findings.push(problem(what, RESTORE));
        if seal > expected {
            let missing = crate::output::count(seal - expected, "run");
            found(format!("{missing} missing from the chain {before}"));
        } else if seal < expected {
            found(format!("run {id} has place {seal} in the chain, which begins with 1"));
        } else if entry.previous != self.last.as_ref().and_then(|(.., hash)| hash.clone()) {
            match &self.last {
                Some((last, ..)) => {
                    found(format!("run {id} does not follow run {last}: it was sealed behind another hash"));
                }
                None => found(format!("run {id} is the first of the chain and follows another")),
            }
        }
        if entry.hash.as_ref() != Some(&entry.seal_hash()) {
            found(format!("run {id} was altered after it was sealed: it does not fit its hash"));
        }
        self.last = Some((id, seal, entry.hash));
    }
}

// `audit_logs` has another collation than the ledger: hashes are compared by their bytes, numbers so that its index serves
const ID: &str = "CAST(r.id AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_unicode_ci";
const UNSEALED: &str = "
    SELECT CAST(id AS CHAR) FROM caredb_runs
    WHERE seal IS NULL AND (hash IS NOT NULL OR previous IS NOT NULL OR ended_at IS NOT NULL OR outcome IS NOT NULL) ORDER BY id";
const ORPHANS: &str = "
    SELECT DISTINCT CAST(p.run_id AS CHAR) FROM caredb_run_parts p LEFT JOIN caredb_runs r ON r.id = p.run_id
    WHERE r.id IS NULL ORDER BY 1";
const TAKEN_OUT: &str = "run {} is in `audit_logs` and not in the chain: it was taken out";
const AUDITED: &str = "SELECT entity_id FROM audit_logs WHERE entity_type = '{ENTITY}' ORDER BY created_at, entity_id";
const GONE: &str = "
    SELECT a.entity_id FROM audit_logs a LEFT JOIN caredb_runs r ON a.entity_id = {ID}
    WHERE a.entity_type = '{ENTITY}' AND r.seal IS NULL ORDER BY a.created_at, a.entity_id";
const OTHER: &str = "
    SELECT CAST(r.id AS CHAR) FROM caredb_runs r JOIN audit_logs a ON a.entity_type = '{ENTITY}' AND a.entity_id = {ID}
    WHERE r.seal IS NOT NULL AND NOT (CAST(r.hash AS BINARY) <=> CAST(JSON_UNQUOTE(JSON_EXTRACT(a.metadata, '$.hash')) AS BINARY))
    ORDER BY r.id";
const UNHEARD: &str = "
    SELECT CAST(r.id AS CHAR) FROM caredb_runs r
    WHERE r.seal IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM audit_logs a WHERE a.entity_type = '{ENTITY}' AND a.entity_id = {ID})
    ORDER BY r.id";

const QUERIES: [(&str, &str, &str); 5] = [
    (UNSEALED, "run {} has ended and has no place in the chain", RESTORE),
    (ORPHANS, "run {} is gone; what is left of it is in table `caredb_run_parts`", RESTORE),
    (GONE, TAKEN_OUT, RESTORE),
    (OTHER, "run {} has another hash in `audit_logs`", RESTORE),
    (
        UNHEARD,
        "run {} is not in `audit_logs`: it was put in by hand, or its audit row was deleted",
        "compare with a backup of both tables",
    ),
];

/// The runs that a query finds; none where there is no `audit_logs`.
async fn ids(conn: &mut MySqlConnection, sql: &str) -> Result<Vec<String>, DbError> {
    let sql = sqlx::AssertSqlSafe(sql.replace("{ENTITY}", ENTITY).replace("{ID}", ID));
    match sqlx::query_scalar(sql).fetch_all(conn).await {
        Err(error) if is_missing(&error) => Ok(Vec::new()),
        ids => ids.map_err(|error| DbError::new("could not compare the ledger with table `audit_logs`", &error)),
    }
}
