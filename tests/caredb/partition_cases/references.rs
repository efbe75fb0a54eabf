//! Those who refer to an appointment, and those to whom it refers.

use super::{Case, Engine, same, with};

pub const CASES: &[Case] = &[
    same(
        "a consultation, a payment and a review of an appointment",
        "INSERT INTO consultations (id, appointment_id) VALUES ('c6', 'a6') => 1
         INSERT INTO payments (transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway,
             status) VALUES ('T-6', 'a6', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS') => 1
         INSERT INTO reviews (appointment_id, patient_id, doctor_id, rating) VALUES ('a6', 'p1', 'd2', 5) => 1
         DELETE FROM appointments WHERE id = 'a6' => 1451",
    ),
    same(
        "a consultation, a payment and a review of an unknown appointment",
        "INSERT INTO consultations (appointment_id) VALUES ('none') => 1452
         INSERT INTO payments (transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway,
             status) VALUES ('T-6', 'none', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS') => 1452
         INSERT INTO reviews (appointment_id, patient_id, doctor_id, rating) VALUES ('none', 'p1', 'd2', 5) => 1452",
    ),
    same(
        "a second consultation and a second review",
        "INSERT INTO consultations (appointment_id) VALUES ('a1') => 1062
         INSERT INTO reviews (appointment_id, patient_id, doctor_id, rating) VALUES ('A3', 'p1', 'd2', 5) => 1062",
    ),
    same(
        "a consultation of an appointment in another case",
        "INSERT INTO consultations (appointment_id) VALUES ('A6') => 1
         DELETE FROM appointments WHERE id = 'a6' => 1451",
    ),
    same(
        "consultations of the appointments of a day",
        "INSERT INTO consultations (appointment_id) SELECT id FROM appointments
             WHERE appointment_date = '2026-04-21' => 2",
    ),
    same(
        "INSERT IGNORE of consultations, one of an unknown appointment",
        "INSERT IGNORE INTO consultations (appointment_id) VALUES ('none'), ('a6') => 1
         SELECT @@warning_count => [1]",
    ),
    same(
        "REPLACE of a consultation",
        "REPLACE INTO consultations (id, appointment_id) VALUES ('n1', 'a1') => 2",
    ),
    same(
        "ON DUPLICATE KEY UPDATE of a payment",
        "INSERT INTO payments (transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status)
             VALUES
                 ('T-1', 'a2', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS') ON DUPLICATE KEY UPDATE status = 'REFUNDED' => 2",
    ),
    same(
        "a child of another appointment: one that is there, an unknown one",
        "UPDATE consultations SET appointment_id = 'a6' WHERE id = 'c1' => 1
         UPDATE payments SET appointment_id = 'a6' WHERE id = 'y1' => 1
         UPDATE reviews SET appointment_id = 'none' WHERE id = 'r1' => 1452
         DELETE FROM appointments WHERE id IN ('a1', 'a2') => 2",
    ),
    same(
        "children that go, and then their appointments",
        "DELETE FROM consultations WHERE appointment_id = 'a1' => 1
         DELETE FROM payments WHERE appointment_id = 'a2' => 1
         DELETE FROM reviews WHERE appointment_id = 'a3' => 1
         DELETE FROM appointments WHERE id IN ('a1', 'a2', 'a3') => 3",
    ),
    same(
        "a child of an appointment whose id is new",
        "UPDATE appointments SET id = 'n6' WHERE id = 'a6' => 1
         INSERT INTO consultations (appointment_id) VALUES ('a6') => 1452
         INSERT INTO consultations (appointment_id) VALUES ('n6') => 1",
    ),
    same(
        "a user without an appointment goes with the profile",
        "DELETE FROM users WHERE id = 'u3' => 1
         DELETE FROM users WHERE id = 'u6' => 1
         DELETE FROM users WHERE id = 'u8' => 1",
    ),
    same(
        "a user who is a patient with an appointment stays",
        "DELETE FROM users WHERE id = 'u2' => 1451",
    ),
    same(
        "a user who is a doctor with an appointment stays",
        "DELETE FROM users WHERE id = 'u4' => 1451",
    ),
    same(
        "a user who has cancelled an appointment stays",
        "DELETE FROM users WHERE id = 'u7' => 1451",
    ),
    same(
        "a patient with an appointment stays",
        "DELETE FROM patient_profiles WHERE id = 'p2' => 1451",
    ),
    same(
        "a doctor with an appointment stays",
        "DELETE FROM doctor_profiles WHERE id = 'd2' => 1451",
    ),
    same(
        "a patient and a doctor without an appointment go",
        "DELETE FROM patient_profiles WHERE id = 'p3' => 1
         DELETE FROM doctor_profiles WHERE id = 'd3' => 1",
    ),
    same(
        "a patient goes after the appointments",
        "UPDATE appointments SET rescheduled_from = NULL => 10
         DELETE FROM reviews WHERE patient_id = 'p2' => 1
         DELETE FROM appointments WHERE patient_id = 'p2' => 5
         DELETE FROM users WHERE id = 'u2' => 1",
    ),
    same(
        "a doctor goes when another has taken over",
        "UPDATE appointments SET doctor_id = 'd3' WHERE doctor_id = 'd1' => 6
         DELETE FROM doctor_profiles WHERE id = 'd1' => 1
         DELETE FROM doctor_profiles WHERE id = 'd3' => 1451",
    ),
    with(
        Engine::Native,
        same(
            "DELETE IGNORE of users, of whom some have appointments",
            "DELETE IGNORE FROM users WHERE id IN ('u1', 'u3', 'u7', 'u8') => 2",
        ),
    ),
    // MySQL 9 lets a profile go with its user although an appointment refers to it, in both schemas
    with(
        Engine::Sql,
        same(
            "DELETE IGNORE of users, of whom some have appointments",
            "DELETE IGNORE FROM users WHERE id IN ('u1', 'u3', 'u7', 'u8') => 3",
        ),
    ),
    same(
        "all users",
        "DELETE FROM users => 1451",
    ),
    same(
        "the id of a user, of a patient, of a doctor with an appointment",
        "UPDATE users SET id = 'n7' WHERE id = 'u7' => 1451
         UPDATE patient_profiles SET id = 'n1' WHERE id = 'p1' => 1451
         UPDATE doctor_profiles SET id = 'n1' WHERE id = 'd1' => 1451",
    ),
    same(
        "the id of a patient with an appointment, in another case",
        "UPDATE patient_profiles SET id = 'P1' WHERE id = 'p1' => 1451",
    ),
    same(
        "the id of a user, of a patient, of a doctor without an appointment",
        "UPDATE users SET id = 'n8' WHERE id = 'u8' => 1
         UPDATE patient_profiles SET id = 'n3' WHERE id = 'p3' => 1
         UPDATE doctor_profiles SET id = 'n3' WHERE id = 'd3' => 1",
    ),
    with(
        Engine::Native,
        same(
            "REPLACE of a patient with an appointment",
            "REPLACE INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number,
                 emergency_contact, address) VALUES
                     ('p1', 'u1', 'P', 'New', '1990-01-01', 'OTHER', '1', '{}', '{}') => 1451",
        ),
    ),
    with(
        Engine::Sql,
        same(
            "REPLACE of a patient with an appointment",
            "REPLACE INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number,
                 emergency_contact, address) VALUES
                     ('p1', 'u1', 'P', 'New', '1990-01-01', 'OTHER', '1', '{}', '{}') => 2",
        ),
    ),
    same(
        "a patient who is new and the first appointment",
        "INSERT INTO users (id, email, password_hash, role) VALUES ('u9', 'u9@example.com', 'x', 'PATIENT') => 1
         INSERT INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number,
             emergency_contact, address) VALUES ('p9', 'u9', 'P', 'Nine', '1990-01-01', 'OTHER', '1', '{}', '{}') => 1
         INSERT INTO appointments (row) VALUES ('n1', 'N-1', 'p9', 'd1', '2026-04-01', [09:00]) => 1
         DELETE FROM users WHERE id = 'u9' => 1451",
    ),
    same(
        "appointments and their patient in one DELETE",
        "DELETE FROM consultations => 1
         DELETE FROM payments => 1
         DELETE a, p FROM appointments a JOIN patient_profiles p ON p.id = a.patient_id WHERE p.id = 'p1' => 1451",
    ),
    same(
        "a patient and an appointment in one UPDATE",
        "UPDATE appointments a JOIN patient_profiles p ON p.id = a.patient_id
             SET a.appointment_date = '2026-08-01', p.phone_number = '9' WHERE a.id = 'a6' => 2",
    ),
];
