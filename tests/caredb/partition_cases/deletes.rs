//! DELETE.

use super::{Case, apart, same};

pub const CASES: &[Case] = &[
    same("one", "DELETE FROM appointments WHERE id = 'a6' => 1"),
    same("by booking reference, in another case", "DELETE FROM appointments WHERE booking_reference = 'bk-6' => 1"),
    same("none", "DELETE FROM appointments WHERE id = 'none' => 0"),
    same(
        "of p_future, of the first partition and of the end of a year",
        "DELETE FROM appointments WHERE id IN ('a8', 'a9', 'a0') => 3",
    ),
    same("with a consultation", "DELETE FROM appointments WHERE id = 'a1' => 1451"),
    same("with a payment", "DELETE FROM appointments WHERE id = 'a2' => 1451"),
    same("with a review", "DELETE FROM appointments WHERE id = 'a3' => 1451"),
    same("which another replaces", "DELETE FROM appointments WHERE id = 'a4' => 1451"),
    same(
        "that replaces another, and then the other",
        "DELETE FROM appointments WHERE id = 'a5' => 1
         DELETE FROM appointments WHERE id = 'a4' => 1",
    ),
    same(
        "both in one statement, the later one first",
        "DELETE FROM appointments WHERE id IN ('a4', 'a5') ORDER BY id DESC => 2",
    ),
    same(
        "both in one statement, the earlier one first",
        "DELETE FROM appointments WHERE id IN ('a4', 'a5') ORDER BY id => 1451",
    ),
    same(
        "that replaces itself",
        "UPDATE appointments SET rescheduled_from = 'a6' WHERE id = 'a6' => 1
         DELETE FROM appointments WHERE id = 'a6' => 1451",
    ),
    same(
        "several, of which one has a payment: none goes",
        "DELETE FROM appointments WHERE id IN ('a6', 'a2', 'a7') => 1451",
    ),
    same("of a month", "DELETE FROM appointments WHERE appointment_date BETWEEN '2026-04-01' AND '2026-04-30' => 3"),
    same("all", "DELETE FROM appointments => 1451"),
    same(
        "all, after their children",
        "DELETE FROM consultations => 1
         DELETE FROM payments => 1
         DELETE FROM reviews => 1
         UPDATE appointments SET rescheduled_from = NULL => 10
         DELETE FROM appointments => 10",
    ),
    same(
        "with ORDER BY and LIMIT",
        "DELETE FROM appointments WHERE status = 'SCHEDULED' ORDER BY appointment_date DESC LIMIT 2 => 2",
    ),
    same(
        "with a JOIN",
        "DELETE a FROM appointments a JOIN patient_profiles p ON p.id = a.patient_id
             WHERE p.last_name = 'One' AND a.status = 'SCHEDULED' => 2",
    ),
    same(
        "with USING and a JOIN on itself",
        "DELETE FROM a USING appointments a JOIN appointments old ON old.id = a.rescheduled_from => 1",
    ),
    same(
        "with a subquery on the children",
        "DELETE FROM appointments WHERE status = 'SCHEDULED' AND id NOT IN (SELECT appointment_id FROM payments) => 4",
    ),
    same(
        "appointments and consultations together",
        "DELETE c, a FROM consultations c JOIN appointments a ON a.id = c.appointment_id => 2",
    ),
    same(
        "appointments and consultations together, named in the other order",
        "DELETE a, c FROM appointments a STRAIGHT_JOIN consultations c ON a.id = c.appointment_id => 1451",
    ),
    same(
        "and the same again",
        "DELETE FROM appointments WHERE id = 'a6' => 1
         INSERT INTO appointments (row) VALUES ('a6', 'BK-6', 'p1', 'd2', '2026-07-21', [11:00]) => 1
         DELETE FROM appointments WHERE id = 'a6' => 1
         INSERT INTO appointments (row) VALUES ('a6', 'bk-6', 'p1', 'd2', '2026-04-21', [11:00]) => 1",
    ),
    same("IGNORE, free of all", "DELETE IGNORE FROM appointments WHERE id = 'a6' => 1"),
    apart("IGNORE, one with a consultation", "DELETE IGNORE FROM appointments WHERE id = 'a1' => 0 | 1451", &[], &[]),
    apart(
        "IGNORE, several, some with children",
        "DELETE IGNORE FROM appointments WHERE id IN ('a1', 'a2', 'a6', 'a7') => 2 | 1451",
        &["- appointments a6", "- appointments a7"],
        &[],
    ),
    // rows that are looked for without an index come month by month, not by id; so the replacement goes first
    // here, which lies in an earlier month
    apart(
        "both in one statement, without an order",
        "UPDATE appointments SET appointment_date = '2026-02-20' WHERE id = 'a5' => 1
         DELETE FROM appointments WHERE end_time = '10:30' => 1451 | 2",
        &["~ appointments a5: 2026-04-20 > 2026-02-20"],
        &["- appointments a4", "- appointments a5"],
    ),
];
