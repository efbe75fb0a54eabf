-- What is archived must be brought back first.
-- caredb: expects no rows: archived rows; bring them back by `caredb archive restore --all`
SELECT CONCAT('appointments_archive ', id) FROM appointments_archive
UNION ALL SELECT CONCAT('appointments_moving ', id) FROM appointments_moving
UNION ALL SELECT CONCAT('consultations_archive ', id) FROM consultations_archive
UNION ALL SELECT CONCAT('prescriptions_archive ', id) FROM prescriptions_archive
UNION ALL SELECT CONCAT('payments_archive ', id) FROM payments_archive
UNION ALL SELECT CONCAT('reviews_archive ', id) FROM reviews_archive;

-- see V13
SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES';

CREATE TRIGGER trg_appointments_after_delete AFTER DELETE ON appointments FOR EACH ROW
    DELETE FROM appointment_keys WHERE id = OLD.id;

DROP TRIGGER trg_appointments_after_delete_live;

DROP TABLE reviews_archive;

DROP TABLE payments_archive;

DROP TABLE prescriptions_archive;

DROP TABLE consultations_archive;

DROP TABLE appointments_staying;

DROP TABLE appointments_moving;

DROP TABLE appointments_archive;

ALTER TABLE appointment_keys DROP COLUMN archived;
