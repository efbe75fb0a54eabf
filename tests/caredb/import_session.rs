//! `import run` and its main session, which has nothing to do while others load.

use std::process::Stdio;

use crate::import_run::clinic;
use crate::support::{block_on, rows, wait_for};

const WAITING: &str = "
    SELECT 1 FROM performance_schema.data_lock_waits JOIN performance_schema.threads ON thread_id = requesting_thread_id
    WHERE processlist_db = DATABASE()";

#[test]
fn the_server_does_not_close_it_and_its_end_costs_no_rejected_row() {
    let test = clinic("import_session");
    // the address that the server takes for that of row 3, held back so that the load waits for it
    let mut other = block_on(test.connect());
    let mut say = |sql: &str| drop(block_on(rows(&mut other, sql)).unwrap());
    say("START TRANSACTION");
    say("INSERT INTO users (id, email, password_hash, role) VALUES ('x', 'j\u{ed}m@mail.example', '!', 'ADMIN')");
    let mut command = test.command("import run old.toml --max-errors 12");
    let import = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the load to wait", || !test.rows(WAITING).is_empty());
    let main = test.rows(&format!("SELECT IS_USED_LOCK('caredb import {}')", test.database)).remove(0);
    let timeout = format!(
        "SELECT variable_value FROM performance_schema.variables_by_thread JOIN performance_schema.threads USING (thread_id)
         WHERE variable_name = 'wait_timeout' AND processlist_id = {main}"
    );
    assert_eq!(test.rows(&timeout), ["31536000"]);
    // and where it is closed all the same, what the server refused is in the file by then
    test.sql(&format!("KILL {main}"));
    say("COMMIT");
    let text = test.show(&import.wait_with_output().unwrap());
    assert!(text.starts_with("exit 2\n") && text.contains("could not write to table `caredb_import_runs`"), "{text}");
    let rejects = std::fs::read_to_string(test.folder.join("rejects/patients.csv")).unwrap();
    assert!(rejects.contains(",3,4,refused\n"), "{rejects}");
    let text = test.run("import resume old.toml --max-errors 12");
    assert!(text.contains("run 1 did not reach its end; this one loads the rest"), "{text}");
}
