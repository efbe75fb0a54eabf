//! INSERT.

use super::{Case, Engine, apart, same, with};

pub const CASES: &[Case] = &[
    same(
        "a row without an id gets one",
        "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time,
             consultation_type, fee) VALUES ('N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1",
    ),
    same(
        "a row with DEFAULT for its id",
        "INSERT INTO appointments (row) VALUES (DEFAULT, 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1",
    ),
    same(
        "a row with an id",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1",
    ),
    same(
        "a row with INSERT … SET and all that may be empty",
        "INSERT INTO appointments SET id = 'n1', booking_reference = 'N-1', patient_id = 'p1', doctor_id = 'd1',
             appointment_date = '2026-04-01', start_time = '09:00', end_time = '09:30', consultation_type = 'IN_PERSON',
             status = 'CANCELLED', reason_for_visit = 'x', symptoms = '[]', is_first_visit = TRUE, priority = 'URGENT',
             fee = 10, payment_status = 'REFUNDED', cancellation_reason = 'x', cancelled_by = 'u7',
             cancelled_at = '2026-03-01', rescheduled_from = 'a6', notes = 'x', created_at = '2026-01-01',
             updated_at = NULL => 1",
    ),
    same(
        "several rows in several months, one of them in p_future, one in the first partition",
        "INSERT INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('n2', 'N-2', 'p2', 'd1', '2026-05-01', [09:00]),
             ('n3', 'N-3', 'p2', 'd1', '9999-12-31', [09:00]),
             ('n4', 'N-4', 'p2', 'd1', '1000-01-01', [09:00]) => 4",
    ),
    same(
        "several rows with default ids",
        "INSERT INTO appointments (row) VALUES
             (DEFAULT, 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             (DEFAULT, 'N-2', 'p1', 'd1', '2026-04-02', [09:00]) => 2",
    ),
    same(
        "a row that refers to the row before it",
        "INSERT INTO appointments (row, rescheduled_from) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-05-01', [09:00], NULL),
             ('n2', 'N-2', 'p1', 'd1', '2026-04-01', [09:00], 'n1') => 2",
    ),
    same(
        "a row that refers to the row behind it",
        "INSERT INTO appointments (row, rescheduled_from) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-05-01', [09:00], 'n2'),
             ('n2', 'N-2', 'p1', 'd1', '2026-04-01', [09:00], NULL) => 1452",
    ),
    same(
        "a row that refers to itself",
        "INSERT INTO appointments (row, rescheduled_from) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-05-01', [09:00], 'n1') => 1",
    ),
    same(
        "INSERT … SELECT from the same table",
        "INSERT INTO appointments (row) SELECT CONCAT('n', id), CONCAT('N', booking_reference), patient_id, doctor_id,
             appointment_date + INTERVAL 1 YEAR, start_time, end_time, consultation_type, fee FROM appointments => 10",
    ),
    same(
        "INSERT … SELECT with an unknown patient in it",
        "INSERT INTO appointments (row) SELECT CONCAT('n', id), CONCAT('N', booking_reference),
             IF(id = 'a7', 'none', patient_id), doctor_id, appointment_date + INTERVAL 1 YEAR, start_time, end_time,
             consultation_type, fee FROM appointments => 1452",
    ),
    same(
        "INSERT … SELECT of nothing",
        "INSERT INTO appointments (row) SELECT id, booking_reference, patient_id, doctor_id, appointment_date, start_time,
             end_time, consultation_type, fee FROM appointments WHERE id = 'none' => 0",
    ),
    same(
        "an id that is taken on the same date",
        "INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'p1', 'd1', '2026-04-21', [09:00]) => 1062",
    ),
    same(
        "an id that is taken on another date",
        "INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'p1', 'd1', '2026-05-21', [09:00]) => 1062",
    ),
    same(
        "an id that is taken but for its case and a space at its end",
        "INSERT INTO appointments (row) VALUES ('A6', 'N-1', 'p1', 'd1', '2026-05-21', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('a6 ', 'N-1', 'p1', 'd1', '2026-05-21', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('A6', 'N-1', 'p1', 'd1', '2026-04-21', [09:00]) => 1062",
    ),
    same(
        "a booking reference that is taken on the same date",
        "INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00]) => 1062",
    ),
    same(
        "a booking reference that is taken on another date",
        "INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-05-21', [09:00]) => 1062",
    ),
    same(
        "a booking reference that is taken but for its case, an accent or a space at its end",
        "INSERT INTO appointments (row) VALUES ('n1', 'bk-6', 'p1', 'd1', '2026-04-21', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('n1', 'bk-6', 'p1', 'd1', '2026-05-21', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('n1', 'BK-6 ', 'p1', 'd1', '2026-05-21', [09:00]) => 1062
         INSERT INTO appointments (row) VALUES ('n1', 'Été', 'p1', 'd1', '2026-05-21', [09:00]) => 1
         INSERT INTO appointments (row) VALUES ('n2', 'ete', 'p1', 'd1', '2026-06-21', [09:00]) => 1062",
    ),
    same(
        "of several rows the second is taken: none is left",
        "INSERT INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('n2', 'N-1', 'p1', 'd1', '2026-05-01', [09:00]),
             ('n3', 'N-3', 'p1', 'd1', '2026-06-01', [09:00]) => 1062",
    ),
    same(
        "an unknown patient",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd1', '2026-04-01', [09:00]) => 1452",
    ),
    same(
        "an unknown doctor",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'none', '2026-04-01', [09:00]) => 1452",
    ),
    // MySQL 9 does not check a foreign key where any part of the index that it takes for it is NULL; it
    // takes uk_doctor_live_slot, which has a NULL for a cancelled appointment; the partitioned schema is right
    with(
        Engine::Sql,
        apart(
            "an unknown doctor of a cancelled appointment",
            "INSERT INTO appointments (row, status) VALUES
                 ('n1', 'N-1', 'p1', 'none', '2026-04-01', [09:00], 'CANCELLED') => 1 | 1452",
            &["+ appointments n1"],
            &[],
        ),
    ),
    with(
        Engine::Native,
        same(
            "an unknown doctor of a cancelled appointment",
            "INSERT INTO appointments (row, status) VALUES
                 ('n1', 'N-1', 'p1', 'none', '2026-04-01', [09:00], 'CANCELLED') => 1452",
        ),
    ),
    same(
        "an unknown patient of a cancelled appointment",
        "INSERT INTO appointments (row, status) VALUES
             ('n1', 'N-1', 'none', 'd1', '2026-04-01', [09:00], 'CANCELLED') => 1452",
    ),
    same(
        "cancelled by an unknown user",
        "INSERT INTO appointments (row, cancelled_by) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00], 'none') => 1452",
    ),
    same(
        "rescheduled from an unknown appointment",
        "INSERT INTO appointments (row, rescheduled_from) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00], 'none') => 1452",
    ),
    same(
        "a patient and a doctor in another case",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'P1', 'D1', '2026-04-01', [09:00]) => 1",
    ),
    same(
        "NULL or nothing where there must be something",
        "INSERT INTO appointments (row) VALUES (NULL, 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1048
         INSERT INTO appointments (row) VALUES ('n1', NULL, 'p1', 'd1', '2026-04-01', [09:00]) => 1048
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', NULL, 'd1', '2026-04-01', [09:00]) => 1048
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', NULL, [09:00]) => 1048
         INSERT INTO appointments (id, booking_reference) VALUES ('n1', 'N-1') => 1364",
    ),
    same(
        "a value that its column can't hold",
        "INSERT INTO appointments (row) VALUES (REPEAT('n', 37), 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1406
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-02-30', [09:00]) => 1292
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '0000-00-00', [09:00]) => 1292
         INSERT INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', '09:00', '09:30', 'FAX', 10) => 1265",
    ),
    same(
        "a time that runs backwards, alone and with an unknown patient",
        "INSERT INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', '09:00', '08:00', 'VIDEO', 10) => 3819
         INSERT INTO appointments (row) VALUES
             ('n1', 'N-1', 'none', 'd1', '2026-04-01', '09:00', '08:00', 'VIDEO', 10) => 3819",
    ),
    same(
        "a slot that is taken, and another slot of that day",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd2', '2026-04-21', [11:00]) => 1062
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd2', '2026-04-21', [13:00]) => 1",
    ),
    same(
        "the slot of a cancelled appointment, twice",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-03-20', [10:00]) => 1
         INSERT INTO appointments (row) VALUES ('n2', 'N-2', 'p1', 'd1', '2026-03-20', [10:00]) => 1062",
    ),
    with(
        Engine::Native,
        same(
            "what is taken and unknown at once is taken",
            "INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'none', 'd1', '2026-05-21', [09:00]) => 1062
             INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'none', 'd1', '2026-05-21', [09:00]) => 1062
             INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'none', 'd1', '2026-04-21', [09:00]) => 1062
             INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd2', '2026-04-21', [11:00]) => 1062",
        ),
    ),
    // MySQL 9 looks for the patient before it writes the row, and a trigger comes after
    with(
        Engine::Sql,
        apart(
            "what is taken and unknown at once is unknown",
            "INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'none', 'd1', '2026-05-21', [09:00]) => 1452
             INSERT INTO appointments (row) VALUES ('n1', 'BK-6', 'none', 'd1', '2026-05-21', [09:00]) => 1452
             INSERT INTO appointments (row) VALUES ('a6', 'N-1', 'none', 'd1', '2026-04-21', [09:00]) => 1452 | 1062
             INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd2', '2026-04-21', [11:00]) => 1452 | 1062",
            &[],
            &[],
        ),
    ),
    same(
        "what does not fit and is cut, without strict mode",
        "SET sql_mode = '' => 0
         INSERT INTO appointments (row) VALUES
             (REPEAT('n', 37), REPEAT('N', 21), 'p1', 'd1', '2026-04-01', '09:00', '09:30', 'FAX', 10) => 1
         INSERT INTO appointments (row) VALUES ('n1', REPEAT('N', 22), 'p1', 'd1', '2026-05-01', [09:00]) => 1062",
    ),
    same(
        "a date that is none, without strict mode",
        "SET sql_mode = '' => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-02-30', [09:00]) => 1
         SELECT id FROM appointments WHERE appointment_date < '1000-01-01' => [n1]",
    ),
    same(
        "a day that its month does not have, where it may",
        "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES' => 0
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-02-30', [09:00]) => 1",
    ),
    same(
        "NULLs in several rows, without strict mode",
        "SET sql_mode = '' => 0
         INSERT INTO appointments (row) VALUES
             ('n1', NULL, 'p1', 'd1', '2026-04-01', [09:00]),
             (NULL, 'N-2', 'p1', 'd1', '2026-04-02', '09:00', '09:30', 'VIDEO', NULL) => 2",
    ),
];
