-- The way back, in an order that keeps every reference checked at every moment; appointments is copied again.

-- What the old foreign keys would refuse, found before anything is changed: references to an appointment of which there is
-- no more than its key.
-- caredb: expects no rows: rows whose appointment is not in appointments
SELECT CONCAT('consultations ', c.id, ' (appointment_id)') FROM consultations c
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = c.appointment_id)
UNION ALL SELECT CONCAT('payments ', p.id, ' (appointment_id)') FROM payments p
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = p.appointment_id)
UNION ALL SELECT CONCAT('reviews ', r.id, ' (appointment_id)') FROM reviews r
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = r.appointment_id)
UNION ALL SELECT CONCAT('appointments ', a.id, ' (rescheduled_from)') FROM appointments a
    WHERE a.rescheduled_from IS NOT NULL AND NOT EXISTS (SELECT 1 FROM appointments f WHERE f.id = a.rescheduled_from);

-- for dates that no strict session writes, see V13
SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES';

ALTER TABLE appointments
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (id),
    DROP INDEX uk_appointments_booking_reference,
    ADD UNIQUE INDEX uk_appointments_booking_reference (booking_reference)
    REMOVE PARTITIONING;

-- In place and without checks, as V13 does it, with the check of what was there behind them.
SET SESSION foreign_key_checks = 0;

ALTER TABLE appointments
    ADD CONSTRAINT fk_appointments_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    ADD CONSTRAINT fk_appointments_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id),
    ADD CONSTRAINT fk_appointments_cancelled_by FOREIGN KEY (cancelled_by) REFERENCES users (id),
    ADD CONSTRAINT fk_appointments_rescheduled_from FOREIGN KEY (rescheduled_from) REFERENCES appointments (id),
    ALGORITHM=INPLACE, LOCK=NONE;

ALTER TABLE reviews
    ADD CONSTRAINT fk_reviews_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id),
    DROP FOREIGN KEY fk_reviews_appointment_key,
    ALGORITHM=INPLACE, LOCK=NONE;

ALTER TABLE payments
    ADD CONSTRAINT fk_payments_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id),
    DROP FOREIGN KEY fk_payments_appointment_key,
    ALGORITHM=INPLACE, LOCK=NONE;

ALTER TABLE consultations
    ADD CONSTRAINT fk_consultations_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id),
    DROP FOREIGN KEY fk_consultations_appointment_key,
    ALGORITHM=INPLACE, LOCK=NONE;

SET SESSION foreign_key_checks = 1;

-- caredb: expects no rows: rows that refer to something that is not there
SELECT CONCAT('appointments ', a.id, ' (patient_id)') FROM appointments a
    WHERE NOT EXISTS (SELECT 1 FROM patient_profiles p WHERE p.id = a.patient_id)
UNION ALL SELECT CONCAT('appointments ', a.id, ' (doctor_id)') FROM appointments a
    WHERE NOT EXISTS (SELECT 1 FROM doctor_profiles d WHERE d.id = a.doctor_id)
UNION ALL SELECT CONCAT('appointments ', a.id, ' (cancelled_by)') FROM appointments a
    WHERE a.cancelled_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.cancelled_by)
UNION ALL SELECT CONCAT('appointments ', a.id, ' (rescheduled_from)') FROM appointments a
    WHERE a.rescheduled_from IS NOT NULL AND NOT EXISTS (SELECT 1 FROM appointments f WHERE f.id = a.rescheduled_from)
UNION ALL SELECT CONCAT('consultations ', c.id, ' (appointment_id)') FROM consultations c
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = c.appointment_id)
UNION ALL SELECT CONCAT('payments ', p.id, ' (appointment_id)') FROM payments p
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = p.appointment_id)
UNION ALL SELECT CONCAT('reviews ', r.id, ' (appointment_id)') FROM reviews r
    WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.id = r.appointment_id);

DROP TRIGGER trg_appointments_after_insert;
DROP TRIGGER trg_appointments_after_update;
DROP TRIGGER trg_appointments_after_delete;

DROP TABLE appointment_keys;
