//! `purge archive`: the end of the archive's own term.

use insta::assert_snapshot;

use crate::retention_archive::{TODAY, assert_keys, clinic, run, shown};
use crate::support::Test;

/// The cut-off is 2023-03-15, as that of `archive appointments` in `TODAY`.
const PURGE: &str = "purge archive --older-than 1y";

/// A clinic all of whose old appointments are archived, but for those that must stay.
fn archived(name: &str) -> Test {
    let test = clinic(name, 120);
    test.ok(&format!("archive appointments {TODAY}"));
    test
}

#[test]
fn nothing_is_destroyed_before_a_term_is_said() {
    let test = archived("destroy_unsaid");
    test.ok(&format!("archive appointments --with-dependents {TODAY}"));
    assert_snapshot!(run(&test, &format!("purge archive {TODAY}")), @"
    exit 2
    --- stderr
    error: archived appointments have no term, so none is deleted; set `delete_after` under `[retention.appointments_archive]` in `caredb.toml`, or say `--older-than`
    ");
    test.file("caredb.toml", "protected = true\n[retention.appointments_archive]\ndelete_after = \"1y\"\n");
    assert_snapshot!(run(&test, &format!("purge archive {TODAY}")), @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; if you mean it, say `--confirm <db>`
    ");
    assert_snapshot!(run(&test, &format!("purge archive {TODAY} --confirm other")), @"
    exit 3
    --- stderr
    error: `--confirm other` names another database than `<db>`
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["75"]);
}

#[test]
fn what_is_held_or_referred_to_stays_and_the_rest_goes_with_its_keys() {
    let test = archived("destroy");
    // what belongs to them is still live
    assert_snapshot!(run(&test, &format!("{PURGE} {TODAY}")), @"
    exit 0
    --- stdout
    nothing to do: no archived appointment from before 2023-03-15 can go; stay: 75 live dependents
    ");
    test.ok(&format!("archive appointments --with-dependents {TODAY}"));
    test.ok("hold add --appointment a7 --reason lawsuit");
    test.sql("UPDATE appointments SET rescheduled_from = 'a8' WHERE id = 'a10'");
    assert_snapshot!(run(&test, &format!("{PURGE} {TODAY} --dry-run")), @"
    exit 0
    --- stdout
    partition  goes  stays
    p_2023_01  37  1 hold, 1 rescheduled
    p_2023_02  29
    p_2023_03  7

    dry run, nothing was changed: 73 archived appointments from before 2023-03-15 would be destroyed; no run of 1000 rows yet that tells how long it takes
    ");
    let live = test.rows("SELECT COUNT(*), SUM(CRC32(id)) FROM appointments");
    assert_snapshot!(run(&test, &format!("{PURGE} {TODAY}")), @"
    exit 0
    --- stdout
    appointments_archive p_2023_01  37 rows deleted
    appointments_archive p_2023_02  29 rows deleted
    appointments_archive p_2023_03  7 rows deleted
    destroyed 73 archived appointments from before 2023-03-15, and 149 rows that belonged to them; stay: 1 hold, 1 rescheduled; `caredb runs certificate 3` proves it
    ");
    assert_eq!(test.rows("SELECT id FROM appointments_archive ORDER BY id"), ["a7", "a8"]);
    assert_eq!(test.rows("SELECT COUNT(*), SUM(CRC32(id)) FROM appointments"), live);
    for table in ["consultations", "prescriptions", "payments", "reviews"] {
        let of = if table == "prescriptions" {
            "consultation_id IN (SELECT id FROM consultations_archive)"
        } else {
            "appointment_id IN ('a7', 'a8')"
        };
        assert_eq!(test.rows(&format!("SELECT COUNT(*) FROM {table}_archive WHERE NOT ({of})")), ["0"], "{table}");
    }
    assert_keys(&test);
    test.ok("archive verify");
    test.ok("partition check --ahead 0");
    test.ok("runs verify");
    assert_snapshot!(shown(&test.run("runs certificate 3")).split("by  ").next().unwrap(), @r#"
    exit 0
    --- stdout
    CERTIFICATE OF DESTRUCTION

    The records described below were destroyed in the normal course of
    business, under the retention policy stated here, and none of them was
    under legal hold.

    run  3 of database <db>
    date  <time> to <time> UTC
    records  archived appointments, 73 rows of 2023-01 to 2023-03;
      consultations, 33 rows of 2023-01 to 2023-03; payments,
      73 rows of 2023-01 to 2023-03; prescriptions, 16 rows
      of 2023-01 to 2023-03; reviews, 27 rows of 2023-01 to
      2023-03
    inclusive dates  2023-01 to 2023-03, before 2023-03-15
    policy  {"delete_after":"1y"}
    method  deleted from the database; backups and logs of the
      server hold copies until their own terms end
    "#);
}

#[test]
fn a_killed_run_destroys_no_half_of_an_appointment() {
    for number in (1..).step_by(3) {
        let test = archived(&format!("destroy_killed_{number}"));
        test.ok(&format!("archive appointments --with-dependents {TODAY}"));
        let purge = format!("{PURGE} {TODAY}");
        let killed = test.command(&purge).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
        // a consultation each of the even ones, and payments of all
        let halves = "SELECT COUNT(*) FROM appointment_keys k WHERE archived
            AND ((SELECT COUNT(*) FROM appointments_archive a WHERE a.id = k.id) <> 1
              OR (SELECT COUNT(*) FROM payments_archive p WHERE p.appointment_id = k.id) <> 1)";
        assert_eq!(test.rows(halves), ["0"], "point {number}");
        if killed.status.success() {
            assert!(number > 10, "there are next to no points");
            break;
        }
        test.ok(&purge);
        assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"], "point {number}");
        // also where all had gone, and nothing was left to do
        assert_eq!(test.rows("SELECT COUNT(*) FROM caredb_runs WHERE outcome IS NULL"), ["0"], "point {number}");
        for check in ["archive verify", "runs verify"] {
            test.ok(check);
        }
    }
}
