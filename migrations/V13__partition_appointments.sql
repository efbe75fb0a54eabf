-- Partitions appointments by month, and keeps every reference.
--
-- MySQL allows a partitioned table neither foreign keys, from it or to it, nor a unique key without the partition
-- column. So appointment_keys, which is not partitioned, holds what must be unique or refers to others, a narrow row an
-- appointment; triggers on appointments keep it, and what referred to an appointment refers to its key. From V13 on an
-- appointment is looked up by id or booking reference through its key, which says in which month it is:
--   SELECT a.* FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
--   WHERE k.booking_reference = ?
--
-- Here the table gets one partition, p_future; `caredb partition ensure` makes the months, now and every night.
-- The order of the statements keeps every reference checked at every moment, so writers may go on; while the keys are
-- made, and while appointments is copied into its partition, they wait.

-- What the new foreign keys would refuse, found before anything is changed. Such rows were written with
-- foreign_key_checks off.
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

-- What a row holds, its key must take: a date such as 0000-00-00 or 2026-02-30, which a lax session may have written, or may
-- write again. The triggers run in the sql_mode in which they are made.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES';

CREATE TABLE appointment_keys (
    id VARCHAR(36) NOT NULL,
    booking_reference VARCHAR(20) NOT NULL,
    appointment_date DATE NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    cancelled_by VARCHAR(36),
    rescheduled_from VARCHAR(36),
    PRIMARY KEY (id),
    UNIQUE KEY uk_appointment_keys_booking_reference (booking_reference),
    INDEX idx_appointment_key_patient (patient_id),
    INDEX idx_appointment_key_doctor (doctor_id),
    INDEX idx_appointment_key_cancelled_by (cancelled_by),
    INDEX idx_appointment_key_rescheduled_from (rescheduled_from),
    CONSTRAINT fk_appointment_keys_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_appointment_keys_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id),
    CONSTRAINT fk_appointment_keys_cancelled_by FOREIGN KEY (cancelled_by) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Deletes first, inserts last: a key that an insert makes must be taken away by the delete that may follow at once.
-- All AFTER, so that INSERT … ON DUPLICATE KEY UPDATE and REPLACE have found a duplicate before a key is written.
CREATE TRIGGER trg_appointments_after_delete AFTER DELETE ON appointments FOR EACH ROW
    DELETE FROM appointment_keys WHERE id = OLD.id;

-- byte by byte, since the columns' collation takes `BK-1` and `bk-1` for the same
CREATE TRIGGER trg_appointments_after_update AFTER UPDATE ON appointments FOR EACH ROW
    IF NOT (
        (CAST(NEW.id AS BINARY), CAST(NEW.booking_reference AS BINARY), NEW.appointment_date, CAST(NEW.patient_id AS BINARY),
         CAST(NEW.doctor_id AS BINARY), CAST(NEW.cancelled_by AS BINARY), CAST(NEW.rescheduled_from AS BINARY))
        <=> (CAST(OLD.id AS BINARY), CAST(OLD.booking_reference AS BINARY), OLD.appointment_date, CAST(OLD.patient_id AS BINARY),
         CAST(OLD.doctor_id AS BINARY), CAST(OLD.cancelled_by AS BINARY), CAST(OLD.rescheduled_from AS BINARY))
    ) THEN
        UPDATE appointment_keys
        SET id = NEW.id, booking_reference = NEW.booking_reference, appointment_date = NEW.appointment_date,
            patient_id = NEW.patient_id, doctor_id = NEW.doctor_id, cancelled_by = NEW.cancelled_by,
            rescheduled_from = NEW.rescheduled_from
        WHERE id = OLD.id;
    END IF;

CREATE TRIGGER trg_appointments_after_insert AFTER INSERT ON appointments FOR EACH ROW
    INSERT INTO appointment_keys
        (id, booking_reference, appointment_date, patient_id, doctor_id, cancelled_by, rescheduled_from)
    VALUES
        (NEW.id, NEW.booking_reference, NEW.appointment_date, NEW.patient_id, NEW.doctor_id, NEW.cancelled_by, NEW.rescheduled_from);

-- The appointments that were there before the triggers. Where reads see what was committed last, INSERT … SELECT would not lock
-- what it reads, and a row could change between being read and having its key.
SET SESSION transaction_isolation = 'REPEATABLE-READ';

INSERT INTO appointment_keys
    (id, booking_reference, appointment_date, patient_id, doctor_id, cancelled_by, rescheduled_from)
SELECT id, booking_reference, appointment_date, patient_id, doctor_id, cancelled_by, rescheduled_from
FROM appointments a
WHERE NOT EXISTS (SELECT 1 FROM appointment_keys k WHERE k.id = a.id);

-- Without checks a foreign key is added in place, while rows are written; with them the server would copy the table. From here
-- on it checks what is written, and the query behind these statements checks what was there.
SET SESSION foreign_key_checks = 0;

-- not before all keys are there: an appointment may come before the one that it replaces
ALTER TABLE appointment_keys
    ADD CONSTRAINT fk_appointment_keys_rescheduled_from FOREIGN KEY (rescheduled_from) REFERENCES appointment_keys (id),
    ALGORITHM=INPLACE, LOCK=NONE;

-- another name, since one ALTER can't drop a foreign key and add one of its name (1826), and two would leave a gap
ALTER TABLE consultations
    ADD CONSTRAINT fk_consultations_appointment_key FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id),
    DROP FOREIGN KEY fk_consultations_appointment_id,
    ALGORITHM=INPLACE, LOCK=NONE;

ALTER TABLE payments
    ADD CONSTRAINT fk_payments_appointment_key FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id),
    DROP FOREIGN KEY fk_payments_appointment_id,
    ALGORITHM=INPLACE, LOCK=NONE;

ALTER TABLE reviews
    ADD CONSTRAINT fk_reviews_appointment_key FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id),
    DROP FOREIGN KEY fk_reviews_appointment_id,
    ALGORITHM=INPLACE, LOCK=NONE;

SET SESSION foreign_key_checks = 1;

-- caredb: expects no rows: rows that refer to an appointment without a key
SELECT CONCAT('appointment_keys ', k.id, ' (rescheduled_from)') FROM appointment_keys k
    WHERE k.rescheduled_from IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM appointment_keys f WHERE f.id = k.rescheduled_from)
UNION ALL SELECT CONCAT('consultations ', c.id, ' (appointment_id)') FROM consultations c
    WHERE NOT EXISTS (SELECT 1 FROM appointment_keys k WHERE k.id = c.appointment_id)
UNION ALL SELECT CONCAT('payments ', p.id, ' (appointment_id)') FROM payments p
    WHERE NOT EXISTS (SELECT 1 FROM appointment_keys k WHERE k.id = p.appointment_id)
UNION ALL SELECT CONCAT('reviews ', r.id, ' (appointment_id)') FROM reviews r
    WHERE NOT EXISTS (SELECT 1 FROM appointment_keys k WHERE k.id = r.appointment_id);

-- an ALTER of its own, since the next would be refused (1506)
ALTER TABLE appointments
    DROP FOREIGN KEY fk_appointments_patient_id,
    DROP FOREIGN KEY fk_appointments_doctor_id,
    DROP FOREIGN KEY fk_appointments_cancelled_by,
    DROP FOREIGN KEY fk_appointments_rescheduled_from;

-- the booking reference stays unique within a day here, so that ON DUPLICATE KEY UPDATE and REPLACE find it
ALTER TABLE appointments
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (id, appointment_date),
    DROP INDEX uk_appointments_booking_reference,
    ADD UNIQUE INDEX uk_appointments_booking_reference (booking_reference, appointment_date)
    PARTITION BY RANGE COLUMNS (appointment_date) (
        PARTITION p_future VALUES LESS THAN (MAXVALUE)
    );
