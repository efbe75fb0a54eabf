//! Each attribute of each kind of object, changed by itself on a live schema: it is found, named rightly, and undone by the
//! statements of `drift --sql`. And schemas that are the same, however they were written.

use caredb::db::ident::Ident;
use caredb::db::split::split;
use caredb::schema::allow::Allowed;
use caredb::schema::compare::{Drift, State, compare};
use caredb::schema::introspect;
use caredb::schema::mend::{mend, script};
use caredb::schema::model::Model;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::support::{Test, block_on};

mod cases;

/// Every kind of object, with every attribute said somewhere.
const BASE: &str = include_str!("drift_mutations/base.sql");

async fn run(conn: &mut MySqlConnection, sql: &str) -> Result<(), String> {
    let statements = split(sql).unwrap();
    for statement in statements {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.text.to_owned())).execute(&mut *conn).await;
        done.map_err(|error| format!("{error} in\n{}", statement.text))?;
    }
    Ok(())
}

/// Reads the schema on a connection of its own, as `drift` does.
async fn model(test: &Test) -> Model {
    let mut conn = test.connect().await;
    introspect::prepare(&mut conn).await.unwrap();
    let schema = introspect::schema(&mut conn, &Ident::new(&test.database).unwrap()).await.unwrap();
    Model::of(&schema).unwrap()
}

/// One line a thing that differs, without the marks.
fn lines(drifts: &[Drift]) -> Vec<String> {
    let mut lines = Vec::new();
    for drift in drifts {
        match drift.state {
            State::Missing => lines.push(format!("{}: missing", drift.object())),
            State::Extra => lines.push(format!("{}: extra", drift.object())),
            State::Changed => {
                for change in &drift.changes {
                    let long: String = change.lines().iter().map(|line| format!(" | {line}")).collect();
                    lines.push(format!("{}: {change}{long}", drift.object()));
                }
            }
        }
    }
    lines
}

/// The script with what it comments out put in.
pub fn with_destructive(script: &str) -> String {
    let mut text = String::new();
    let mut within = false;
    for line in script.lines() {
        if line.starts_with("-- DESTRUCTIVE") {
            within = true;
            continue;
        }
        let uncommented = line.strip_prefix("-- ").filter(|_| within);
        within = uncommented.is_some();
        text.push_str(uncommented.unwrap_or(line));
        text.push('\n');
    }
    text
}

/// Makes each change, looks, undoes it, looks again. A case: the statements, then what drift must say.
fn all_are_found_and_undone(name: &str, cases: &[(&str, &[&str])]) {
    let test = Test::new(name);
    let failures = block_on(async {
        let mut conn = test.connect().await;
        run(&mut conn, BASE).await.unwrap();
        let expected = model(&test).await;
        let mut failures = Vec::new();
        for (sql, said) in cases {
            if let Err(error) = run(&mut test.connect().await, sql).await {
                failures.push(format!("{sql}\n  can't be made: {error}"));
                renew(&test).await;
                continue;
            }
            let (mut should, mut live) = (expected.clone(), model(&test).await);
            Allowed::default().settle(&mut should, &mut live);
            let found = lines(&compare(&should, &live));
            if found != *said {
                failures.push(format!("{sql}\n  said {said:#?}\n  found {found:#?}"));
            }
            let script = with_destructive(&script(&mend(&should, &live)));
            let undone = run(&mut test.connect().await, &script).await;
            let (mut should, mut live) = (expected.clone(), model(&test).await);
            Allowed::default().settle(&mut should, &mut live);
            let left = lines(&compare(&should, &live));
            if undone.is_err() || !left.is_empty() {
                failures.push(format!("{sql}\n  is not undone: {undone:?}, left {left:#?}\n{script}"));
                renew(&test).await;
            }
        }
        failures
    });
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n\n"));
}

/// The next case deserves the base.
async fn renew(test: &Test) {
    drop_all(test).await;
    run(&mut test.connect().await, BASE).await.unwrap();
}

async fn drop_all(test: &Test) {
    let sql = format!("DROP DATABASE `{0}`; CREATE DATABASE `{0}` CHARACTER SET utf8mb4", test.database);
    run(&mut test.connect().await, &sql).await.unwrap();
}

#[test]
fn there_are_enough_cases() {
    let cases = cases::COLUMNS.len() + cases::KEYS.len() + cases::TABLES.len() + cases::PROGRAMS.len();
    assert!(cases >= 150, "{cases}");
    assert!(cases::EQUAL.len() >= 30, "{}", cases::EQUAL.len());
}

#[test]
fn changes_of_columns_are_found_and_undone() {
    all_are_found_and_undone("mutated_columns", cases::COLUMNS);
}

#[test]
fn changes_of_keys_are_found_and_undone() {
    all_are_found_and_undone("mutated_keys", cases::KEYS);
}

#[test]
fn changes_of_tables_are_found_and_undone() {
    all_are_found_and_undone("mutated_tables", cases::TABLES);
}

#[test]
fn changes_of_programs_are_found_and_undone() {
    all_are_found_and_undone("mutated_programs", cases::PROGRAMS);
}

#[test]
fn the_same_written_differently_is_no_drift() {
    let test = Test::new("written_differently");
    let failures = block_on(async {
        let mut failures = Vec::new();
        for (one, other) in cases::EQUAL {
            let mut models = Vec::new();
            for sql in [one, other] {
                drop_all(&test).await;
                run(&mut test.connect().await, sql).await.unwrap();
                models.push(model(&test).await);
            }
            let (mut live, mut should) = (models.pop().unwrap(), models.pop().unwrap());
            Allowed::default().settle(&mut should, &mut live);
            let found = lines(&compare(&should, &live));
            if !found.is_empty() {
                failures.push(format!("{one}\n{other}\n  {found:#?}"));
            }
        }
        failures
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
