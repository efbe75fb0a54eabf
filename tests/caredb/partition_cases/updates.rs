//! UPDATE.

use super::{Case, Engine, apart, same, with};

pub const CASES: &[Case] = &[
    same("a date in the same month", "UPDATE appointments SET appointment_date = '2026-04-22' WHERE id = 'a6' => 1"),
    same("a date in another month", "UPDATE appointments SET appointment_date = '2026-05-21' WHERE id = 'a6' => 1"),
    same(
        "dates to p_future and back, and to the first partition",
        "UPDATE appointments SET appointment_date = '2028-01-01' WHERE id = 'a6' => 1
         UPDATE appointments SET appointment_date = '2026-04-01' WHERE id = 'a8' => 1
         UPDATE appointments SET appointment_date = '2020-02-29' WHERE id = 'a7' => 1
         UPDATE appointments SET appointment_date = '2026-04-02' WHERE id = 'a9' => 1",
    ),
    same(
        "a date over the end of a year, there and back",
        "UPDATE appointments SET appointment_date = '2026-01-01' WHERE id = 'a0' => 1
         UPDATE appointments SET appointment_date = '2025-12-31' WHERE id = 'a0' => 1
         UPDATE appointments SET appointment_date = appointment_date + INTERVAL 1 DAY WHERE id = 'a0' => 1",
    ),
    same(
        "dates of appointments with a consultation, a payment, a review and a later one",
        "UPDATE appointments SET appointment_date = '2026-06-10' WHERE id = 'a1' => 1
         UPDATE appointments SET appointment_date = '2026-06-11' WHERE id = 'a2' => 1
         UPDATE appointments SET appointment_date = '2026-06-12' WHERE id = 'a3' => 1
         UPDATE appointments SET appointment_date = '2026-06-13' WHERE id = 'a4' => 1
         UPDATE appointments SET appointment_date = '2026-07-20' WHERE id = 'a5' => 1",
    ),
    same("all dates", "UPDATE appointments SET appointment_date = appointment_date + INTERVAL 1 MONTH => 10"),
    same(
        "a date on which the slot is taken, in the same and in another month",
        "UPDATE appointments SET start_time = '12:00', end_time = '12:30' WHERE id = 'a6' => 1062
         UPDATE appointments SET appointment_date = '2026-04-20', doctor_id = 'd1', start_time = '10:00'
             WHERE id = 'a6' => 1062
         UPDATE appointments SET appointment_date = '2026-03-10', start_time = '09:00' WHERE id = 'a8' => 1062",
    ),
    same("another doctor", "UPDATE appointments SET doctor_id = 'd3' WHERE id = 'a6' => 1"),
    same("another patient", "UPDATE appointments SET patient_id = 'p3' WHERE id = 'a6' => 1"),
    same(
        "a patient, a doctor, a user, an appointment in another case",
        "UPDATE appointments SET patient_id = 'P1' WHERE id = 'a6' => 1
         UPDATE appointments SET doctor_id = 'D2' WHERE id = 'a7' => 1
         UPDATE appointments SET cancelled_by = 'U7' WHERE id = 'a4' => 1
         UPDATE appointments SET rescheduled_from = 'A4' WHERE id = 'a5' => 1",
    ),
    same(
        "an unknown doctor, patient, user, appointment",
        "UPDATE appointments SET doctor_id = 'none' WHERE id = 'a6' => 1452
         UPDATE appointments SET patient_id = 'none' WHERE id = 'a6' => 1452
         UPDATE appointments SET cancelled_by = 'none' WHERE id = 'a6' => 1452
         UPDATE appointments SET rescheduled_from = 'none' WHERE id = 'a6' => 1452",
    ),
    // as for an INSERT, MySQL 9 does not look for the doctor of a cancelled or missed appointment
    with(
        Engine::Sql,
        apart(
            "an unknown doctor of a missed or cancelled appointment",
            "UPDATE appointments SET doctor_id = 'none' WHERE id = 'a9' => 1 | 1452
             UPDATE appointments SET doctor_id = 'none', status = 'CANCELLED' WHERE id = 'a8' => 1 | 1452",
            &["~ appointments a8: d1 > none, SCHEDULED > CANCELLED", "~ appointments a9: d1 > none"],
            &[],
        ),
    ),
    with(
        Engine::Native,
        same(
            "an unknown doctor of a missed or cancelled appointment",
            "UPDATE appointments SET doctor_id = 'none' WHERE id = 'a9' => 1452
             UPDATE appointments SET doctor_id = 'none', status = 'CANCELLED' WHERE id = 'a8' => 1452",
        ),
    ),
    same("another booking reference", "UPDATE appointments SET booking_reference = 'N-6' WHERE id = 'a6' => 1"),
    same(
        "a booking reference in another case, and with a space at its end",
        "UPDATE appointments SET booking_reference = 'bk-6' WHERE id = 'a6' => 1
         UPDATE appointments SET booking_reference = 'BK-1 ' WHERE id = 'a1' => 1",
    ),
    same(
        "a booking reference that is taken, on the same date, on another and in another case",
        "UPDATE appointments SET booking_reference = 'BK-7' WHERE id = 'a6' => 1062
         UPDATE appointments SET booking_reference = 'BK-1' WHERE id = 'a6' => 1062
         UPDATE appointments SET booking_reference = 'bk-1 ' WHERE id = 'a6' => 1062",
    ),
    same(
        "a booking reference that becomes free in the same statement",
        "UPDATE appointments SET booking_reference = IF(id = 'a6', 'N-6', 'BK-6')
             WHERE id IN ('a6', 'a7') ORDER BY id => 2
         UPDATE appointments SET booking_reference = IF(id = 'a1', 'BK-2', 'N-2')
             WHERE id IN ('a1', 'a2') ORDER BY id => 1062",
    ),
    same("an id", "UPDATE appointments SET id = 'n6' WHERE id = 'a6' => 1"),
    same(
        "an id that is taken, on the same date and on another",
        "UPDATE appointments SET id = 'a7' WHERE id = 'a6' => 1062
         UPDATE appointments SET id = 'a1' WHERE id = 'a6' => 1062
         UPDATE appointments SET id = 'A1' WHERE id = 'a6' => 1062",
    ),
    same(
        "the id of an appointment with a consultation, a payment, a review, a later one",
        "UPDATE appointments SET id = 'n1' WHERE id = 'a1' => 1451
         UPDATE appointments SET id = 'n2' WHERE id = 'a2' => 1451
         UPDATE appointments SET id = 'n3' WHERE id = 'a3' => 1451
         UPDATE appointments SET id = 'n4' WHERE id = 'a4' => 1451
         UPDATE appointments SET id = 'n5' WHERE id = 'a5' => 1",
    ),
    same("an id in another case", "UPDATE appointments SET id = 'A6' WHERE id = 'a6' => 1"),
    same(
        "an id in another case, of an appointment with a consultation",
        "UPDATE appointments SET id = 'A1' WHERE id = 'a1' => 1451",
    ),
    same("an id with a space at its end", "UPDATE appointments SET id = 'a6 ' WHERE id = 'a6' => 1"),
    same(
        "who has cancelled it, and nobody",
        "UPDATE appointments SET status = 'CANCELLED', cancelled_by = 'u8', cancelled_at = NOW()
             WHERE id = 'a6' => 1
         UPDATE appointments SET cancelled_by = NULL WHERE id = 'a4' => 1",
    ),
    same(
        "which one it replaces: another, none",
        "UPDATE appointments SET rescheduled_from = 'a4' WHERE id = 'a6' => 1
         UPDATE appointments SET rescheduled_from = NULL WHERE id = 'a5' => 1",
    ),
    same(
        "an appointment that comes to replace itself",
        "UPDATE appointments SET rescheduled_from = 'a6' WHERE id = 'a6' => 1",
    ),
    same(
        "id and reference of an appointment that replaces itself, together",
        "UPDATE appointments SET rescheduled_from = 'a6' WHERE id = 'a6' => 1
         UPDATE appointments SET id = 'n6', rescheduled_from = 'n6' WHERE id = 'a6' => 1451",
    ),
    same(
        "the id alone of an appointment that replaces itself",
        "UPDATE appointments SET rescheduled_from = 'a6' WHERE id = 'a6' => 1
         UPDATE appointments SET id = 'n6' WHERE id = 'a6' => 1451",
    ),
    same("a status", "UPDATE appointments SET status = 'CONFIRMED' WHERE booking_reference = 'BK-6' => 1"),
    same("a status of many", "UPDATE appointments SET status = 'CONFIRMED' WHERE status = 'SCHEDULED' => 4"),
    same(
        "a status that takes a slot again",
        "INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p1', 'd1', '2026-03-20', [10:00]) => 1
         UPDATE appointments SET status = 'SCHEDULED' WHERE id = 'a4' => 1062",
    ),
    same(
        "several appointments of a patient to another",
        "UPDATE appointments SET patient_id = 'p3', notes = 'merged' WHERE patient_id = 'p1' => 5",
    ),
    same(
        "several at once, of which one fails: none is changed",
        "UPDATE appointments SET booking_reference = IF(id = 'a9', 'BK-0', CONCAT('N', id))
             WHERE id IN ('a6', 'a7', 'a8', 'a9') ORDER BY id => 1062
         UPDATE appointments SET doctor_id = IF(id = 'a8', 'none', 'd3')
             WHERE id IN ('a6', 'a7', 'a8') ORDER BY id => 1452",
    ),
    same(
        "everything at once",
        "UPDATE appointments SET id = 'n6', booking_reference = 'N-6', patient_id = 'p3', doctor_id = 'd3',
             appointment_date = '2026-01-31', cancelled_by = 'u8', rescheduled_from = 'a1', status = 'CANCELLED'
             WHERE id = 'a6' => 1",
    ),
    same(
        "nothing: no such row, the values that are there",
        "UPDATE appointments SET booking_reference = 'BK-1' WHERE id = 'none' => 0
         UPDATE appointments SET booking_reference = 'BK-6', appointment_date = '2026-04-21' WHERE id = 'a6' => 1",
    ),
    same(
        "NULL where there must be something",
        "UPDATE appointments SET appointment_date = NULL WHERE id = 'a6' => 1048
         UPDATE appointments SET booking_reference = NULL WHERE id = 'a6' => 1048",
    ),
    same(
        "NULL where there must be something, without strict mode",
        "SET sql_mode = '' => 0
         UPDATE appointments SET booking_reference = NULL WHERE id = 'a6' => 1",
    ),
    same(
        "NULL for a date, without strict mode",
        "SET sql_mode = '' => 0
         UPDATE appointments SET appointment_date = NULL WHERE id = 'a6' => 1",
    ),
    same("a time that runs backwards", "UPDATE appointments SET end_time = '01:00' WHERE id = 'a6' => 3819"),
    same(
        "with ORDER BY and LIMIT",
        "UPDATE appointments SET appointment_date = '2026-08-01' WHERE patient_id = 'p1'
             ORDER BY booking_reference DESC LIMIT 1 => 1",
    ),
    same(
        "of slots that make room for each other, in the right order and in the wrong one",
        "UPDATE appointments SET start_time = start_time + INTERVAL 1 HOUR, end_time = end_time + INTERVAL 1 HOUR
             WHERE doctor_id = 'd2' AND appointment_date = '2026-04-21' ORDER BY start_time DESC => 2
         UPDATE appointments SET start_time = start_time + INTERVAL 1 HOUR, end_time = end_time + INTERVAL 1 HOUR
             WHERE doctor_id = 'd2' AND appointment_date = '2026-04-21' ORDER BY start_time => 1062",
    ),
    same(
        "by a subquery on the children",
        "UPDATE appointments SET appointment_date = '2026-08-01'
             WHERE id IN (SELECT appointment_id FROM payments) => 1",
    ),
    same(
        "by a common table expression",
        "WITH paid AS (SELECT appointment_id FROM payments)
             UPDATE appointments a JOIN paid ON paid.appointment_id = a.id SET a.booking_reference = 'N-2' => 1",
    ),
    same(
        "with a JOIN on patients and users",
        "UPDATE appointments a JOIN patient_profiles p ON p.id = a.patient_id JOIN users u ON u.id = p.user_id
             SET a.patient_id = 'p3' WHERE u.email = 'u1@example.com' => 5",
    ),
    same(
        "with a JOIN on itself",
        "UPDATE appointments a JOIN appointments old ON old.id = a.rescheduled_from
             SET a.appointment_date = old.appointment_date, a.cancelled_by = old.cancelled_by,
             a.start_time = '09:00' => 1",
    ),
    same(
        "of appointments and payments together",
        "UPDATE appointments a JOIN payments y ON y.appointment_id = a.id
             SET a.payment_status = 'REFUNDED', a.appointment_date = '2026-08-01', y.status = 'REFUNDED' => 2",
    ),
    same(
        "of both ends of a reference together",
        "UPDATE appointments a JOIN consultations c ON c.appointment_id = a.id
             SET a.id = 'n1', c.appointment_id = 'n1' => 1452",
    ),
    same(
        "under sql_safe_updates",
        "SET sql_safe_updates = 1 => 0
         UPDATE appointments SET booking_reference = 'N-6' WHERE id = 'a6' => 1
         UPDATE appointments SET appointment_date = '2026-08-01' WHERE booking_reference = 'N-6' => 1
         UPDATE appointments SET notes = 'x' WHERE fee = 10 => 1175",
    ),
];
