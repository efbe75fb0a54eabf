//! `compress medical-records` and back: every record is in one place, before, between and after, whatever is killed.

use insta::assert_snapshot;

use crate::support::{Test, people, show};

/// The cut-off is 2024-07-01.
const COMPRESS: &str = "compress medical-records --today 2026-07-01";
const BACK: &str = "compress medical-records --decompress";

/// `rows` records, twenty a day from 2023-01-01 on.
fn prepared(name: &str, rows: u32) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    people(&test);
    test.sql(&format!(
        "SET SESSION cte_max_recursion_depth = 1000000, time_zone = '+00:00';
         INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, description, file_url, file_size, mime_type,
             record_date, metadata, tags, created_at, updated_at)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {rows} - 1)
         SELECT CONCAT('r', n), 'p1', 'u2', 'XRAY', CONCAT('title ', n), IF(n MOD 5, REPEAT('text ', 20), NULL), 'f', n, 'm',
             DATE('2023-01-01') + INTERVAL n DIV 20 DAY, JSON_OBJECT('n', n), IF(n MOD 7, '[]', NULL), '2023-01-01', '2023-02-01'
         FROM n"
    ));
    test
}

/// How many records there are in each table, and a checksum over all of them.
fn places(test: &Test) -> (String, String) {
    let counts =
        test.rows("SELECT (SELECT COUNT(*) FROM medical_records), (SELECT COUNT(*) FROM medical_records_compressed)");
    let sum = test.rows(
        "SELECT COUNT(*), COUNT(DISTINCT id), SUM(CRC32(CONCAT_WS('#', id, patient_id, uploaded_by, record_type, title,
             COALESCE(description, 'NULL'), file_url, file_size, mime_type, record_date, COALESCE(metadata, 'NULL'),
             COALESCE(tags, 'NULL'), is_archived, COALESCE(shared_with, 'NULL'), created_at, updated_at))) FROM medical_records_all",
    );
    (counts[0].clone(), sum[0].clone())
}

fn run(test: &Test, arguments: &str) -> String {
    [
        (r"\d+ rows/s", "<n> rows/s"),
        (r"\d+(\.\d+)? [KM]iB", "<bytes>"),
        (r#""(plain|compressed)":\d+"#, r#""$1":<bytes>"#),
        (r#""seconds":[0-9.e-]+,"rows_per_s":\d+"#, r#""seconds":<s>,"rows_per_s":<n>"#),
    ]
    .iter()
    .fold(test.run(arguments), |text, (pattern, by)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned()
    })
}

#[test]
fn old_records_move_and_come_back() {
    let test = prepared("compress", 12_000);
    let (_, sum) = places(&test);
    assert_snapshot!(run(&test, &format!("{COMPRESS} --older-than 40mo --dry-run")), @"
    exit 0
    --- stdout
    month  move
    2023-01  620
    2023-02  560
    dry run, nothing was changed: 1180 medical records from before 2023-03-01 would move; no run of 1000 rows yet that tells how long it takes
    ");
    assert_snapshot!(run(&test, COMPRESS), @"
    exit 0
    --- stdout
    compressed 10940 medical records from before 2024-07-01 in <s> s, <n> rows/s
    medical_records <bytes> -> <bytes>, medical_records_compressed <bytes> -> <bytes>
    ");
    assert_eq!(places(&test), ("1060|10940".to_owned(), sum.clone()));
    assert_eq!(test.rows("SELECT MIN(record_date) FROM medical_records"), ["2024-07-01"]);
    assert_eq!(
        test.rows("SELECT DISTINCT compressed, record_date < '2024-07-01' FROM medical_records_all ORDER BY 1"),
        ["0|0", "1|1"]
    );
    assert_snapshot!(run(&test, COMPRESS), @"
    exit 0
    --- stdout
    no medical records from before 2024-07-01 to compress
    ");
    // what was compressed must be back before its table goes
    assert_snapshot!(run(&test, "rollback --yes"), @"
    exit 3
    --- stderr
    error: `U15__drop_compressed_medical_records.sql` line 3, statement 1 of 2 (`SELECT CONCAT('…', id) FROM medical_records_compressed`): expects no compressed medical records; move them back by `caredb compress medical-records --decompress`, and found medical_records_compressed r0, medical_records_compressed r1, medical_records_compressed r10, medical_records_compressed r11, medical_records_compressed r12 and 10935 more; settle them and run again; nothing was rolled back
    ");
    // and the views are still there
    assert_eq!(test.rows("SELECT COUNT(*) > 0 FROM medical_records_all"), ["1"]);
    assert_snapshot!(run(&test, BACK), @"
    exit 0
    --- stdout
    decompressed 10940 medical records in <s> s, <n> rows/s
    medical_records <bytes> -> <bytes>, medical_records_compressed <bytes> -> <bytes>
    ");
    assert_eq!(places(&test), ("12000|0".to_owned(), sum));
    assert_snapshot!(run(&test, &format!("{BACK} --format json")), @r#"
    exit 0
    --- stdout
    {"command":"compress medical-records","outcome":"done","run":4,"moved":0,"checksum":"0","bytes_before":{"plain":<bytes>,"compressed":<bytes>},"bytes_after":{"plain":<bytes>,"compressed":<bytes>},"seconds":<s>,"rows_per_s":<n>,"complete":true}
    "#);
    assert_snapshot!(
        test.rows("SELECT r.id, r.cut_off, r.policy, r.outcome, p.part, p.action, p.row_count, p.state
                   FROM caredb_runs r JOIN caredb_run_parts p ON p.run_id = r.id").join("\n"),
        @r#"
    1|2024-07-01|{"older_than":"2y"}|done|medical_records|compress|10940|done
    2|2024-07-01|{"older_than":"2y"}|done|medical_records|compress|0|done
    3|NULL|{"decompress":true}|done|medical_records_compressed|decompress|10940|done
    4|NULL|{"decompress":true}|done|medical_records_compressed|decompress|0|done
    "#
    );
    test.ok("rollback --yes");
}

#[test]
fn it_takes_less_room() {
    let test = prepared("compress_bytes", 12_000);
    test.ok(COMPRESS);
    let output = test.command(&format!("{COMPRESS} --format json")).output().unwrap();
    let last: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let before = test.rows("SELECT JSON_VALUE(summary, '$.bytes_before.plain') FROM caredb_runs WHERE id = 1")[0]
        .parse::<u64>()
        .unwrap();
    assert!(last["bytes_after"]["compressed"].as_u64().unwrap() < before / 2, "{before}: {last}");
}

#[test]
fn a_hold_keeps_nothing_from_being_compressed() {
    let test = prepared("compress_hold", 100);
    test.ok("compress medical-records --today 2020-01-01");
    test.sql(
        "INSERT INTO caredb_holds (patient_id, reason, placed_by, placed_at) VALUES ('p1', 'a lawsuit', 'x', NOW())",
    );
    test.ok(COMPRESS);
    assert_eq!(places(&test).0, "0|100");
}

#[test]
fn what_can_t_be_is_refused_and_loses_nothing() {
    let test = prepared("compress_wrong", 1000);
    let before = places(&test);
    let mut answers = String::new();
    let mut answer = |text: String| {
        answers.push_str(&text);
        answers.push('\n');
    };
    answer(run(&test, "compress medical-records --older-than 0y"));
    answer(run(&test, "compress medical-records --older-than 1y --decompress"));
    answer(test.run_at(&test.url_as("reader", &["SELECT, INSERT, UPDATE, CREATE"]), COMPRESS));
    test.sql("ALTER TABLE medical_records_compressed ADD COLUMN note VARCHAR(10)");
    answer(run(&test, COMPRESS));
    test.sql("ALTER TABLE medical_records_compressed DROP COLUMN note");
    // half-way, and an altered row; the batches are of 500 rows each, however busy the machine is
    let slowly = format!("{COMPRESS} --batch-ms 60000");
    test.sql(
        "CREATE TRIGGER full BEFORE INSERT ON medical_records_compressed FOR EACH ROW
         IF NEW.id = 'r990' THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'; END IF",
    );
    answer(run(&test, &slowly));
    assert_eq!((places(&test).0.as_str(), places(&test).1), ("500|500", before.1.clone()));
    test.sql("DROP TRIGGER full; CREATE TRIGGER alters BEFORE INSERT ON medical_records_compressed FOR EACH ROW SET NEW.title = 'x'");
    answer(run(&test, &slowly));
    assert_eq!((places(&test).0.as_str(), places(&test).1), ("500|500", before.1));
    assert_snapshot!(answers, @"
    exit 2
    --- stderr
    error: invalid value '0y' for '--older-than <AGE>': an age of `0y` would take rows that were made today; the least is `1d`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: the argument '--older-than <AGE>' cannot be used with '--decompress'

    Usage: caredb compress medical-records --older-than <AGE> --url <URL>

    For more information, try '--help'.
    exit 2
    --- stderr
    error: could not move rows from table `medical_records` to `medical_records_compressed`: MySQL error 1142: DELETE command denied to user 'reader_<db>'@'localhost' for table 'medical_records'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exit 2
    --- stderr
    error: could not compress medical records: tables `medical_records` and `medical_records_compressed` have not the same columns; alter one of them so that it has those of the other, in their order
    exit 2
    --- stderr
    error: could not move rows from table `medical_records` to `medical_records_compressed`: MySQL error 1114: The table is full
    exit 2
    --- stderr
    error: could not move rows from table `medical_records` to `medical_records_compressed`: what arrived is not what was there; nothing of the batch was moved; compare the definitions of both tables, and look for triggers
    ");
}

#[test]
fn killed_at_every_point_every_record_is_in_one_place() {
    let test = prepared("compress_killed", 1600);
    let (_, sum) = places(&test);
    for (arguments, action, all) in [(COMPRESS, "compress", "0|1600"), (BACK, "decompress", "1600|0")] {
        let recorded = |test: &Test| {
            let there = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'caredb_run_parts'";
            if test.rows(there) == ["0"] {
                return 0;
            }
            let rows = format!(
                "SELECT CAST(COALESCE(SUM(row_count), 0) AS UNSIGNED) FROM caredb_run_parts WHERE action = '{action}'"
            );
            test.rows(&rows)[0].parse::<u64>().unwrap()
        };
        let mut moved = 0;
        for number in 1.. {
            let output = test.command(arguments).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
            let case = format!("`{arguments}` killed at point {number}: {}", show(&output));
            let (counts, now) = places(&test);
            assert_eq!(now, sum, "{case}");
            let there: u64 = counts.split('|').nth(usize::from(action == "compress")).unwrap().parse().unwrap();
            assert_eq!(recorded(&test) - moved, there, "{case}");
            let killed = !output.status.success();
            assert!(killed || number > 10, "{case}: there are no points");
            if killed {
                assert_eq!(output.status.code(), None, "{case}");
                test.ok(arguments);
            }
            moved += 1600;
            assert_eq!((places(&test), recorded(&test)), ((all.to_owned(), sum.clone()), moved), "{case}");
            if !killed {
                break;
            }
            // back to where it began, past the ledger
            let (from, to) = if action == "compress" {
                ("medical_records_compressed", "medical_records")
            } else {
                ("medical_records", "medical_records_compressed")
            };
            test.sql(&format!("INSERT INTO {to} SELECT * FROM {from}; DELETE FROM {from}"));
        }
    }
}

#[test]
fn dates_that_a_lax_session_wrote_go_along() {
    let test = prepared("compress_zero", 40);
    test.sql("SET SESSION sql_mode = ''; UPDATE medical_records SET record_date = '0000-00-00', updated_at = updated_at WHERE id = 'r1'");
    let (_, sum) = places(&test);
    test.ok(COMPRESS);
    assert_eq!(places(&test), ("0|40".to_owned(), sum.clone()));
    test.ok(BACK);
    assert_eq!(places(&test), ("40|0".to_owned(), sum));
}
