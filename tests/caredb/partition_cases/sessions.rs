//! What takes more than a statement: transactions, locks, settings, prepared ones; at the end, what empties the table.

use super::{Case, apart, same};

const NO_ROW: &[&str] = &[
    "- appointments a0",
    "- appointments a1",
    "- appointments a2",
    "- appointments a3",
    "- appointments a4",
    "- appointments a5",
    "- appointments a6",
    "- appointments a7",
    "- appointments a8",
    "- appointments a9",
];
const KEYS_ALONE: &[&str] = &[
    "+ keys without a row",
    "- appointments a0",
    "- appointments a1",
    "- appointments a2",
    "- appointments a3",
    "- appointments a4",
    "- appointments a5",
    "- appointments a6",
    "- appointments a7",
    "- appointments a8",
    "- appointments a9",
];

pub const CASES: &[Case] = &[
    same(
        "a transaction that is committed",
        "START TRANSACTION => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         INSERT INTO payments (transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway,
             status) VALUES ('T-9', 'n1', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS') => 1
         COMMIT => 0",
    ),
    same(
        "a transaction that is rolled back leaves nothing",
        "START TRANSACTION => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         UPDATE appointments SET appointment_date = '2026-08-01', booking_reference = 'N-6' WHERE id = 'a6' => 1
         DELETE FROM appointments WHERE id = 'a7' => 1
         ROLLBACK => 0",
    ),
    same(
        "a transaction without autocommit that is rolled back",
        "SET autocommit = 0 => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         ROLLBACK => 0",
    ),
    same(
        "a transaction goes on after a statement that failed",
        "START TRANSACTION => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         INSERT INTO appointments (row) VALUES ('n2', 'BK-6', 'p1', 'd1', '2026-05-01', [09:00]) => 1062
         UPDATE appointments SET patient_id = 'none' WHERE id = 'n1' => 1452
         DELETE FROM appointments WHERE id = 'a1' => 1451
         COMMIT => 0",
    ),
    same(
        "savepoints",
        "START TRANSACTION => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         SAVEPOINT s => 0
         UPDATE appointments SET appointment_date = '2026-08-01' WHERE id IN ('n1', 'a6') => 2
         DELETE FROM appointments WHERE id = 'a7' => 1
         ROLLBACK TO SAVEPOINT s => 0
         COMMIT => 0",
    ),
    same(
        "a transaction that may only read",
        "START TRANSACTION READ ONLY => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1792
         DELETE FROM appointments WHERE id = 'a6' => 1792
         COMMIT => 0",
    ),
    same(
        "a row that is locked, looked at and changed",
        "START TRANSACTION => 0
         SELECT id, status FROM appointments WHERE booking_reference = 'BK-6' FOR UPDATE => [a6|SCHEDULED]
         SELECT id FROM appointments WHERE doctor_id = 'd2' AND appointment_date = '2026-04-21'
             ORDER BY id FOR SHARE SKIP LOCKED => [a6, a7]
         UPDATE appointments SET status = 'CONFIRMED' WHERE id = 'a6' => 1
         COMMIT => 0",
    ),
    same(
        "the table locked for writing",
        "LOCK TABLES appointments WRITE => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         UPDATE appointments SET appointment_date = '2026-08-01' WHERE id = 'a6' => 1
         DELETE FROM appointments WHERE id = 'a7' => 1
         INSERT INTO appointments (row) VALUES ('n2', 'N-2', 'none', 'd1', '2026-04-01', [10:00]) => 1452
         UNLOCK TABLES => 0",
    ),
    // a server that has not read the triggers names the lock (1099), one that has names their tables (1100): flushed, since it
    // reads them anew whenever its cache is full
    apart(
        "the table locked for reading",
        "FLUSH TABLES appointments => 0
         LOCK TABLES appointments READ => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1100 | 1099
         UNLOCK TABLES => 0",
        &[],
        &[],
    ),
    same(
        "a child's table locked",
        "LOCK TABLES consultations WRITE => 0
         INSERT INTO consultations (appointment_id) VALUES ('a6') => 1
         INSERT INTO consultations (appointment_id) VALUES ('none') => 1452
         UNLOCK TABLES => 0",
    ),
    same(
        "without foreign keys: people who are not there",
        "SET foreign_key_checks = 0 => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'none', '2026-04-01', [09:00]) => 1
         UPDATE appointments SET rescheduled_from = 'none', cancelled_by = 'none' WHERE id = 'a6' => 1
         INSERT INTO consultations (appointment_id) VALUES ('none') => 1",
    ),
    same(
        "without foreign keys: children that stay behind",
        "SET foreign_key_checks = 0 => 0
         DELETE FROM appointments WHERE id = 'a1' => 1
         UPDATE appointments SET id = 'n2' WHERE id = 'a2' => 1
         DELETE FROM patient_profiles WHERE id = 'p2' => 1",
    ),
    same(
        "without foreign keys: what is taken is taken",
        "SET foreign_key_checks = 0 => 0
         SET unique_checks = 0 => 0
         INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-05-01', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'p1', 'd1', '2026-05-01', [09:00]) => 1062",
    ),
    same(
        "a prepared statement",
        "PREPARE s FROM 'INSERT INTO appointments (row) VALUES
             (?, ?, ?, ''d1'', ?, ''09:00'', ''09:30'', ''VIDEO'', 10)' => 0
         SET @id = 'n1', @reference = 'N-1', @patient = 'p1', @date = '2026-04-01' => 0
         EXECUTE s USING @id, @reference, @patient, @date => 1
         SET @id = 'n2', @date = '2026-05-01' => 0
         EXECUTE s USING @id, @reference, @patient, @date => 1062
         SET @reference = 'N-2', @patient = 'none' => 0
         EXECUTE s USING @id, @reference, @patient, @date => 1452
         SET @patient = 'p2' => 0
         EXECUTE s USING @id, @reference, @patient, @date => 1",
    ),
    same(
        "how many rows it was",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('n2', 'N-2', 'p1', 'd1', '2026-05-01', [09:00]) => 2
         SELECT ROW_COUNT() => [2]
         UPDATE appointments SET appointment_date = '2026-08-01' WHERE id IN ('n1', 'a6', 'none') => 2
         SELECT ROW_COUNT() => [2]
         DELETE FROM appointments WHERE id IN ('a7', 'n2') => 2
         SELECT ROW_COUNT() => [2]
         SELECT FOUND_ROWS() => [1]",
    ),
    same(
        "the last id is not touched",
        "SELECT LAST_INSERT_ID(7) => [7]
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         SELECT LAST_INSERT_ID() => [7]",
    ),
    same(
        "a connection with another character set",
        "SET NAMES latin1 => 0
         INSERT INTO appointments (row) VALUES ('n1', _latin1 x'C9746520', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         UPDATE appointments SET booking_reference = _latin1 x'E9E9' WHERE id = 'n1' => 1",
    ),
    same(
        "a connection with other quotes",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES' => 0
         INSERT INTO \"appointments\" (row) VALUES ('n' || '1', 'N\\', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         UPDATE appointments SET \"booking_reference\" = 'n\\' WHERE id = 'n1' => 1",
    ),
    // the triggers can't write into appointment_keys while the statement reads it, so a statement that
    // changes a key can't look it up
    apart(
        "an appointment looked for through its key",
        "UPDATE appointments a JOIN appointment_keys k ON k.id = a.id AND k.appointment_date = a.appointment_date
             SET a.status = 'CONFIRMED' WHERE k.booking_reference = 'BK-6' => 1146 | 1
         UPDATE appointments a JOIN appointment_keys k ON k.id = a.id AND k.appointment_date = a.appointment_date
             SET a.appointment_date = '2026-08-01' WHERE k.booking_reference = 'BK-7' => 1146 | 1442
         DELETE FROM appointments WHERE id = 'a7'
             AND appointment_date = (SELECT appointment_date FROM appointment_keys WHERE id = 'a7') => 1146 | 1442",
        &[],
        &["~ appointments a6: SCHEDULED > CONFIRMED"],
    ),
    // an error names the keys and foreign keys of the partitioned schema
    apart(
        "what an error says of a key",
        "INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-05-21', [09:00]) => 1062
         GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT => 0
         SELECT REGEXP_SUBSTR(@m, 'uk_[a-z_]+')
             => [uk_appointments_booking_reference] | [uk_appointment_keys_booking_reference]
         INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00]) => 1062
         GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT => 0
         SELECT REGEXP_SUBSTR(@m, 'uk_[a-z_]+') => [uk_appointments_booking_reference]
         SELECT REGEXP_SUBSTR(@m, 'BK[0-9-]+') => [BK-6] | [BK-6-2026-04-21]
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd1', '2026-04-21', [09:00]) => 1452
         GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT => 0
         SELECT REGEXP_SUBSTR(@m, 'fk_[a-z_]+') => [fk_appointments_patient_id] | [fk_appointment_keys_patient_id]",
        &[],
        &[],
    ),
    // without ORDER BY they come month by month
    apart(
        "rows without an order",
        "SELECT id FROM appointments WHERE fee = 10
             => [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9] | [a9, a0, a1, a2, a3, a4, a5, a6, a7, a8]",
        &[],
        &[],
    ),
    same(
        "rows through a table of the session's own",
        "CREATE TEMPORARY TABLE t AS SELECT * FROM appointments WHERE id IN ('a6', 'a7') => 2
         UPDATE t SET id = CONCAT('n', id), booking_reference = CONCAT('N', id), appointment_date = '2026-08-01' => 2
         INSERT INTO appointments SELECT * FROM t => 2
         INSERT INTO appointments TABLE t => 1062",
    ),
    apart("TRUNCATE", "TRUNCATE TABLE appointments => 1701 | 0", &[], KEYS_ALONE),
    apart(
        "TRUNCATE without foreign keys",
        "SET foreign_key_checks = 0 => 0
         TRUNCATE TABLE appointments => 0",
        NO_ROW,
        KEYS_ALONE,
    ),
    // nothing can be put back behind this one
    apart(
        "DROP TABLE",
        "DROP TABLE appointments => 3730 | 0",
        &[],
        &[
            "+ appointments is gone",
            "+ keys without a row",
            "- appointments a0",
            "- appointments a1",
            "- appointments a2",
            "- appointments a3",
            "- appointments a4",
            "- appointments a5",
            "- appointments a6",
            "- appointments a7",
            "- appointments a8",
            "- appointments a9",
        ],
    ),
];
