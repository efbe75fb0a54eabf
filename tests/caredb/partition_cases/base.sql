-- What is there before each case. The people: three patients (p3 without an appointment), three doctors (d3 without one),
-- u7 who has cancelled an appointment, u8 who has nothing.
INSERT INTO users (id, email, password_hash, role) VALUES
    ('u1', 'u1@example.com', 'x', 'PATIENT'), ('u2', 'u2@example.com', 'x', 'PATIENT'), ('u3', 'u3@example.com', 'x', 'PATIENT'),
    ('u4', 'u4@example.com', 'x', 'DOCTOR'), ('u5', 'u5@example.com', 'x', 'DOCTOR'), ('u6', 'u6@example.com', 'x', 'DOCTOR'),
    ('u7', 'u7@example.com', 'x', 'STAFF'), ('u8', 'u8@example.com', 'x', 'STAFF');
INSERT INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number, emergency_contact, address) VALUES
    ('p1', 'u1', 'P', 'One', '1990-01-01', 'OTHER', '1', '{}', '{}'),
    ('p2', 'u2', 'P', 'Two', '1990-01-01', 'OTHER', '2', '{}', '{}'),
    ('p3', 'u3', 'P', 'Three', '1990-01-01', 'OTHER', '3', '{}', '{}');
INSERT INTO doctor_profiles (id, user_id, first_name, last_name, specialization, qualification, experience_years, license_number,
        license_expiry, consultation_fee, languages, education) VALUES
    ('d1', 'u4', 'D', 'One', 'x', 'x', 1, 'L1', '2030-01-01', 10, '[]', '[]'),
    ('d2', 'u5', 'D', 'Two', 'x', 'x', 1, 'L2', '2030-01-01', 10, '[]', '[]'),
    ('d3', 'u6', 'D', 'Three', 'x', 'x', 1, 'L3', '2030-01-01', 10, '[]', '[]');

-- a1 has a consultation, a2 a payment, a3 a review; a5 replaces a4; a6 and a7 are of one day and free of all; a8 lies in
-- p_future, a9 in the first partition, a0 at the end of a year.
INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee,
        status, cancelled_by, rescheduled_from) VALUES
    ('a1', 'BK-1', 'p1', 'd1', '2026-03-10', '09:00', '09:30', 'VIDEO', 10, 'COMPLETED', NULL, NULL),
    ('a2', 'BK-2', 'p1', 'd1', '2026-03-11', '09:00', '09:30', 'VIDEO', 10, 'COMPLETED', NULL, NULL),
    ('a3', 'BK-3', 'p2', 'd2', '2026-03-12', '09:00', '09:30', 'VIDEO', 10, 'COMPLETED', NULL, NULL),
    ('a4', 'BK-4', 'p2', 'd1', '2026-03-20', '10:00', '10:30', 'VIDEO', 10, 'CANCELLED', 'u7', NULL),
    ('a5', 'BK-5', 'p2', 'd1', '2026-04-20', '10:00', '10:30', 'VIDEO', 10, 'SCHEDULED', NULL, 'a4'),
    ('a6', 'BK-6', 'p1', 'd2', '2026-04-21', '11:00', '11:30', 'VIDEO', 10, 'SCHEDULED', NULL, NULL),
    ('a7', 'BK-7', 'p2', 'd2', '2026-04-21', '12:00', '12:30', 'VIDEO', 10, 'SCHEDULED', NULL, NULL),
    ('a8', 'BK-8', 'p1', 'd1', '2027-06-01', '09:00', '09:30', 'VIDEO', 10, 'SCHEDULED', NULL, NULL),
    ('a9', 'BK-9', 'p1', 'd1', '2025-01-15', '09:00', '09:30', 'VIDEO', 10, 'NO_SHOW', NULL, NULL),
    ('a0', 'BK-0', 'p2', 'd2', '2025-12-31', '16:00', '16:30', 'VIDEO', 10, 'COMPLETED', NULL, NULL);

INSERT INTO consultations (id, appointment_id) VALUES ('c1', 'a1');
INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status) VALUES
    ('y1', 'T-1', 'a2', 'p1', 10, 'CARD', 'STRIPE', 'SUCCESS');
INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating) VALUES ('r1', 'a3', 'p2', 'd2', 5);
