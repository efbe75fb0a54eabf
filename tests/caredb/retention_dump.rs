//! A database with archives, dumped by mysqldump and restored into an empty one, is the same.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::{Server, Test, program, server};

/// A program of MySQL's on the shared server.
fn mysql(name: &str, server: &Server) -> Command {
    let mut command = Command::new(program(name));
    command.args(["--no-defaults", "--user=root"]).arg(format!("--socket={}", server.socket().display()));
    command
}

const SUMS: &str = "
    SELECT COUNT(*), COUNT(DISTINCT id), SUM(CRC32(CONCAT_WS('#', id, booking_reference, appointment_date, status, created_at, updated_at, archived)))
    FROM appointments_all
    UNION ALL SELECT COUNT(*), SUM(archived), SUM(CRC32(CONCAT_WS('#', id, booking_reference, patient_id, doctor_id))) FROM appointment_keys
    UNION ALL SELECT COUNT(*), SUM(archived), SUM(CRC32(CONCAT_WS('#', id, consultation_id, medications, valid_until))) FROM prescriptions_all
    UNION ALL SELECT COUNT(*), SUM(archived), SUM(CRC32(CONCAT_WS('#', id, appointment_id, amount))) FROM payments_all
    UNION ALL SELECT COUNT(*), COUNT(hash), SUM(CRC32(CONCAT_WS('#', id, command, previous, hash))) FROM caredb_runs";

#[test]
fn archives_survive_a_dump() {
    let (test, copy) = (Test::new("dumped"), Test::new("dump_restored"));
    for step in [
        "migrate",
        "partition ensure --behind 18",
        "seed",
        "archive appointments --with-dependents",
        "compress medical-records",
    ] {
        test.ok(step);
    }
    let sums = test.rows(SUMS);
    assert_ne!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"]);
    let file = test.folder.join("dump.sql");
    let dumped = mysql("dump", server())
        .args(["--single-transaction", "--set-gtid-purged=OFF", &test.database])
        .stdout(File::create(&file).unwrap())
        .stderr(Stdio::inherit())
        .status();
    assert!(dumped.unwrap().success());
    let restored = mysql("client", server()).arg(&copy.database).stdin(File::open(&file).unwrap()).status();
    assert!(restored.unwrap().success());
    assert_eq!(copy.rows(SUMS), sums);
    for check in ["archive verify", "partition check", "runs verify", "validate"] {
        copy.ok(check);
    }
    // and all of it comes back there
    copy.ok("archive restore --all");
    copy.ok("archive verify");
    assert_eq!(copy.rows("SELECT COUNT(*) FROM appointments"), test.rows("SELECT COUNT(*) FROM appointments_all"));
}
