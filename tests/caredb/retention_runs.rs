//! The run ledger: what a run leaves, and what is found when another hand changed it.

use caredb::retention::ledger::{self, Ending, Job, Run};
use chrono::NaiveDate;
use serde_json::json;
use sqlx::mysql::MySqlConnection;

use crate::support::{Test, block_on};

fn job() -> Job {
    Job {
        command: "archive appointments",
        policy: json!({ "older_than": "1y", "status": ["COMPLETED"] }),
        cut_off: NaiveDate::from_ymd_opt(2025, 1, 1),
    }
}

/// A run that archives two months, the second in two batches.
async fn archive(conn: &mut MySqlConnection) -> Run {
    let run = ledger::begin(conn, &job()).await.unwrap();
    for (part, rows, checksum) in [("p_2024_01", 3, 9_000_000_000), ("p_2024_02", 1, 7), ("p_2024_02", 2, 8)] {
        run.record(conn, "archive", part, rows, checksum, 100).await.unwrap();
        run.set_state(conn, part, "archive", "done").await.unwrap();
    }
    run
}

/// `runs` sealed runs on a fresh schema.
fn sealed(name: &str, runs: usize) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    block_on(async {
        let mut conn = test.connect().await;
        ledger::create(&mut conn).await.unwrap();
        for _ in 0..runs {
            let run = archive(&mut conn).await;
            run.end(&mut conn, Ending::Done, &json!({ "rows": 6 })).await.unwrap();
        }
    });
    test
}

fn findings(test: &Test) -> Vec<String> {
    block_on(async {
        let findings = ledger::verify(&mut test.connect().await).await.unwrap();
        findings.into_iter().map(|finding| finding.what).collect()
    })
}

#[test]
fn what_another_hand_changed_is_found() {
    let altered = "run 2 was altered after it was sealed: it does not fit its hash";
    for (index, (tampering, found)) in
        [("SELECT 1", vec![]), ("UPDATE caredb_runs SET command = 'archive' WHERE id = 2", vec![altered])]
            .into_iter()
            .enumerate()
    {
        let test = sealed(&format!("tampering_{index}"), 4);
        test.sql(tampering);
        assert_eq!(findings(&test), found, "{tampering}");
    }
}
