//! REPLACE, INSERT … ON DUPLICATE KEY UPDATE, INSERT IGNORE and UPDATE IGNORE, which all look for what is there.

use super::{Case, Engine, apart, same, with};

pub const CASES: &[Case] = &[
    same(
        "REPLACE of nothing",
        "REPLACE INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1",
    ),
    same(
        "REPLACE by id, same date",
        "REPLACE INTO appointments (row) VALUES ('a6', 'N-6', 'p2', 'd3', '2026-04-21', [09:00]) => 2",
    ),
    same(
        "REPLACE by id in another case, same date",
        "REPLACE INTO appointments (row) VALUES ('A6', 'N-6', 'p2', 'd3', '2026-04-21', [09:00]) => 2",
    ),
    apart(
        "REPLACE by id, other date",
        "REPLACE INTO appointments (row) VALUES ('a6', 'N-6', 'p2', 'd3', '2026-05-21', [11:00]) => 2 | 1062",
        &["~ appointments a6: BK-6 > N-6, p1 > p2, d2 > d3, 2026-04-21 > 2026-05-21"],
        &[],
    ),
    same(
        "REPLACE by booking reference, same date",
        "REPLACE INTO appointments (row) VALUES ('n6', 'BK-6', 'p2', 'd3', '2026-04-21', [09:00]) => 2",
    ),
    same(
        "REPLACE by booking reference, same date, default id",
        "REPLACE INTO appointments (row) VALUES (DEFAULT, 'bk-6', 'p2', 'd3', '2026-04-21', [09:00]) => 2",
    ),
    apart(
        "REPLACE by booking reference, other date",
        "REPLACE INTO appointments (row) VALUES ('n6', 'BK-6', 'p2', 'd3', '2026-05-21', [09:00]) => 2 | 1062",
        &["+ appointments n6", "- appointments a6"],
        &[],
    ),
    same(
        "REPLACE by slot",
        "REPLACE INTO appointments (row) VALUES ('n6', 'N-6', 'p2', 'd2', '2026-04-21', [11:00]) => 2",
    ),
    same(
        "REPLACE of two by id and booking reference, same date",
        "REPLACE INTO appointments (row) VALUES ('a6', 'BK-7', 'p2', 'd3', '2026-04-21', [09:00]) => 3",
    ),
    apart(
        "REPLACE of two by id on the same date and booking reference on another",
        "REPLACE INTO appointments (row) VALUES ('a6', 'BK-8', 'p2', 'd3', '2026-04-21', [09:00]) => 3 | 1062",
        &[
            "- appointments a8",
            "~ appointments a6: BK-6 > BK-8, p1 > p2, d2 > d3, 11:00:00 > 09:00:00, 11:30:00 > 09:30:00",
        ],
        &[],
    ),
    // REPLACE deletes and inserts where the table has a trigger for it; without, it writes over a row of the same id, which
    // MySQL 9 lets pass and InnoDB does not
    with(
        Engine::Sql,
        apart(
            "REPLACE of one with a consultation, same date",
            "REPLACE INTO appointments (row) VALUES ('a1', 'BK-1', 'p1', 'd1', '2026-03-10', [09:00]) => 2 | 1451",
            &["~ appointments a1: COMPLETED > SCHEDULED"],
            &[],
        ),
    ),
    with(
        Engine::Native,
        same(
            "REPLACE of one with a consultation, same date",
            "REPLACE INTO appointments (row) VALUES ('a1', 'BK-1', 'p1', 'd1', '2026-03-10', [09:00]) => 1451",
        ),
    ),
    same(
        "REPLACE of one with a consultation by booking reference, same date",
        "REPLACE INTO appointments (row) VALUES ('n1', 'BK-1', 'p1', 'd1', '2026-03-10', [09:00]) => 1451",
    ),
    with(
        Engine::Sql,
        apart(
            "REPLACE of one with a consultation, other date",
            "REPLACE INTO appointments (row) VALUES ('a1', 'BK-1', 'p1', 'd1', '2026-05-10', [09:00]) => 2 | 1062",
            &["~ appointments a1: 2026-03-10 > 2026-05-10, COMPLETED > SCHEDULED"],
            &[],
        ),
    ),
    with(
        Engine::Native,
        apart(
            "REPLACE of one with a consultation, other date",
            "REPLACE INTO appointments (row) VALUES ('a1', 'BK-1', 'p1', 'd1', '2026-05-10', [09:00]) => 1451 | 1062",
            &[],
            &[],
        ),
    ),
    with(
        Engine::Sql,
        apart(
            "REPLACE of one that another replaces",
            "REPLACE INTO appointments (row) VALUES ('a4', 'BK-4', 'p2', 'd1', '2026-03-20', [10:00]) => 2 | 1451",
            &["~ appointments a4: CANCELLED > SCHEDULED, u7 > NULL"],
            &[],
        ),
    ),
    with(
        Engine::Native,
        same(
            "REPLACE of one that another replaces",
            "REPLACE INTO appointments (row) VALUES ('a4', 'BK-4', 'p2', 'd1', '2026-03-20', [10:00]) => 1451",
        ),
    ),
    same(
        "REPLACE with an unknown patient",
        "REPLACE INTO appointments (row) VALUES ('a6', 'BK-6', 'none', 'd2', '2026-04-21', [11:00]) => 1452
         REPLACE INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd2', '2026-04-21', [15:00]) => 1452",
    ),
    same(
        "REPLACE of several",
        "REPLACE INTO appointments (row) VALUES
             ('a6', 'BK-6', 'p2', 'd2', '2026-04-21', [11:00]),
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('n2', 'BK-7', 'p1', 'd1', '2026-04-21', [09:00]) => 5",
    ),
    same(
        "REPLACE … SELECT",
        "REPLACE INTO appointments (row) SELECT id, booking_reference, patient_id, doctor_id, appointment_date,
             start_time, end_time, 'IN_PERSON', fee FROM appointments WHERE id IN ('a6', 'a7') => 4",
    ),
    same(
        "ON DUPLICATE KEY UPDATE of nothing",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00])
             ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 1",
    ),
    same(
        "ON DUPLICATE KEY UPDATE by id, same date: status",
        "INSERT INTO appointments (row) VALUES ('a6', 'N-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE by booking reference, same date: status",
        "INSERT INTO appointments (row) VALUES (DEFAULT, 'bk-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE by slot: status",
        "INSERT INTO appointments (row) VALUES (DEFAULT, 'N-6', 'p1', 'd2', '2026-04-21', [11:00])
             ON DUPLICATE KEY UPDATE status = 'CANCELLED', cancelled_by = 'u8' => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: date",
        "INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE appointment_date = '2026-06-01' => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: booking reference, with an alias for the new row",
        "INSERT INTO appointments (row) VALUES ('a6', 'N-6', 'p1', 'd1', '2026-04-21', [09:00]) AS new
             ON DUPLICATE KEY UPDATE booking_reference = new.booking_reference, patient_id = new.patient_id => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: id",
        "INSERT INTO appointments (row) VALUES ('n6', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE id = VALUES(id) => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: id of one with a consultation",
        "INSERT INTO appointments (row) VALUES ('n1', 'BK-1', 'p1', 'd1', '2026-03-10', [19:00])
             ON DUPLICATE KEY UPDATE id = VALUES(id) => 1451",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: what is taken or unknown",
        "INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE booking_reference = 'BK-1' => 1062
         INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE doctor_id = 'none' => 1452",
    ),
    same(
        "ON DUPLICATE KEY UPDATE, same date: nothing",
        "INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE id = appointments.id => 1",
    ),
    with(
        Engine::Native,
        same(
            "ON DUPLICATE KEY UPDATE, same date, with an unknown patient that is not used",
            "INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'none', 'd1', '2026-04-21', [09:00])
                 ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 2",
        ),
    ),
    // MySQL 9 looks for the patient before it looks for the duplicate
    with(
        Engine::Sql,
        apart(
            "ON DUPLICATE KEY UPDATE, same date, with an unknown patient that is not used",
            "INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'none', 'd1', '2026-04-21', [09:00])
                 ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 1452 | 2",
            &[],
            &["~ appointments a6: SCHEDULED > CONFIRMED"],
        ),
    ),
    apart(
        "ON DUPLICATE KEY UPDATE by id, other date",
        "INSERT INTO appointments (row) VALUES ('a6', 'N-6', 'p1', 'd1', '2026-05-21', [09:00])
             ON DUPLICATE KEY UPDATE status = 'CONFIRMED' => 2 | 1062",
        &["~ appointments a6: SCHEDULED > CONFIRMED"],
        &[],
    ),
    apart(
        "ON DUPLICATE KEY UPDATE by booking reference, other date",
        "INSERT INTO appointments (row) VALUES ('n6', 'BK-6', 'p1', 'd1', '2026-05-21', [09:00])
             ON DUPLICATE KEY UPDATE appointment_date = VALUES(appointment_date) => 2 | 1062",
        &["~ appointments a6: 2026-04-21 > 2026-05-21"],
        &[],
    ),
    same(
        "ON DUPLICATE KEY UPDATE of several",
        "INSERT INTO appointments (row) VALUES
             ('a6', 'BK-6', 'p2', 'd2', '2026-04-21', [11:00]),
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('a7', 'BK-7', 'p1', 'd1', '2026-04-21', [09:00])
             ON DUPLICATE KEY UPDATE patient_id = VALUES(patient_id), notes = 'x' => 5",
    ),
    same(
        "INSERT … SELECT … ON DUPLICATE KEY UPDATE",
        "INSERT INTO appointments (row) SELECT id, CONCAT('N', booking_reference), patient_id, doctor_id,
             appointment_date, start_time, end_time, consultation_type, fee FROM appointments old
             WHERE id IN ('a6', 'a7')
             ON DUPLICATE KEY UPDATE booking_reference = CONCAT('N', old.booking_reference) => 4",
    ),
    same(
        "INSERT IGNORE of nothing that is there",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]) => 1
         SELECT @@warning_count => [0]",
    ),
    same(
        "INSERT IGNORE of an id that is taken, same date",
        "INSERT IGNORE INTO appointments (row) VALUES ('a6', 'N-1', 'p1', 'd1', '2026-04-21', [09:00]) => 0
         SELECT @@warning_count => [1]",
    ),
    same(
        "INSERT IGNORE of a booking reference that is taken, same date",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'bk-6', 'p1', 'd1', '2026-04-21', [09:00]) => 0
         SELECT @@warning_count => [1]",
    ),
    same(
        "INSERT IGNORE of a slot that is taken",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd2', '2026-04-21', [11:00]) => 0",
    ),
    same(
        "INSERT IGNORE of a time that runs backwards",
        "INSERT IGNORE INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd2', '2026-04-01', '11:00', '10:30', 'VIDEO', 10) => 0",
    ),
    apart(
        "INSERT IGNORE of an id that is taken, other date",
        "INSERT IGNORE INTO appointments (row) VALUES ('a6', 'N-1', 'p1', 'd1', '2026-05-21', [09:00]) => 0 | 1062",
        &[],
        &[],
    ),
    apart(
        "INSERT IGNORE of a booking reference that is taken, other date",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'BK-6', 'p1', 'd1', '2026-05-21', [09:00]) => 0 | 1062",
        &[],
        &[],
    ),
    apart(
        "INSERT IGNORE of an unknown patient",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'N-1', 'none', 'd1', '2026-05-21', [09:00]) => 0 | 1452",
        &[],
        &[],
    ),
    same(
        "INSERT IGNORE of several, one taken on the same date",
        "INSERT IGNORE INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('a6', 'N-2', 'p1', 'd1', '2026-04-21', [09:00]),
             ('n3', 'N-3', 'p1', 'd1', '2026-06-01', [09:00]) => 2",
    ),
    apart(
        "INSERT IGNORE of several, one taken on another date",
        "INSERT IGNORE INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('a6', 'N-2', 'p1', 'd1', '2026-05-21', [09:00]),
             ('n3', 'N-3', 'p1', 'd1', '2026-06-01', [09:00]) => 2 | 1062",
        &["+ appointments n1", "+ appointments n3"],
        &[],
    ),
    apart(
        "INSERT IGNORE of several, one with an unknown patient",
        "INSERT IGNORE INTO appointments (row) VALUES
             ('n1', 'N-1', 'p1', 'd1', '2026-04-01', [09:00]),
             ('n2', 'N-2', 'none', 'd1', '2026-05-21', [09:00]),
             ('n3', 'N-3', 'p1', 'd1', '2026-06-01', [09:00]) => 2 | 1452",
        &["+ appointments n1", "+ appointments n3"],
        &[],
    ),
    same(
        "INSERT IGNORE of NULL",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', NULL, 'p1', 'd1', '2026-05-21', [09:00]) => 1",
    ),
    same(
        "INSERT IGNORE of a date that is none",
        "INSERT IGNORE INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-02-30', [09:00]) => 1",
    ),
    same(
        "UPDATE IGNORE of nothing that is taken",
        "UPDATE IGNORE appointments SET booking_reference = 'N-6', appointment_date = '2026-06-01' WHERE id = 'a6' => 1",
    ),
    same(
        "UPDATE IGNORE to a booking reference that is taken, same date",
        "UPDATE IGNORE appointments SET booking_reference = 'BK-7' WHERE id = 'a6' => 1
         SELECT @@warning_count => [1]",
    ),
    same(
        "UPDATE IGNORE to a slot that is taken",
        "UPDATE IGNORE appointments SET start_time = '12:00', end_time = '13:00' WHERE id = 'a6' => 1",
    ),
    // UPDATE IGNORE fails as a whole, too
    apart(
        "UPDATE IGNORE to a booking reference that is taken, other date",
        "UPDATE IGNORE appointments SET booking_reference = 'BK-1' WHERE id = 'a6' => 1 | 1062",
        &[],
        &[],
    ),
    apart(
        "UPDATE IGNORE to an unknown doctor",
        "UPDATE IGNORE appointments SET doctor_id = 'none' WHERE id = 'a6' => 1 | 1452",
        &[],
        &[],
    ),
    apart(
        "UPDATE IGNORE of several, one to a booking reference that is taken on another date",
        "UPDATE IGNORE appointments SET booking_reference = IF(id = 'a6', 'BK-1', 'N-7')
             WHERE id IN ('a6', 'a7') => 2 | 1062",
        &["~ appointments a7: BK-7 > N-7"],
        &[],
    ),
    apart(
        "UPDATE IGNORE of the id of one with a consultation",
        "UPDATE IGNORE appointments SET id = 'n1' WHERE id = 'a1' => 1 | 1451",
        &[],
        &[],
    ),
];
