-- The archives: where `caredb archive` puts appointments, and what belongs to them, once they are old.
--
-- An archive table has the very columns and indexes of its live table, since a month moves by EXCHANGE PARTITION, which
-- asks for that. An archived appointment keeps its key: what refers to it stays valid, and its booking reference is never
-- given again. The key says where the row is, `archived`; a deletion of a live row takes its key along, a move does not.

ALTER TABLE appointment_keys ADD COLUMN archived BOOLEAN NOT NULL DEFAULT FALSE;

-- The triggers run in the sql_mode in which they are made, see V13.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES';

-- before the old one is dropped, so that no deletion is missed; both at once do no harm
CREATE TRIGGER trg_appointments_after_delete_live AFTER DELETE ON appointments FOR EACH ROW
    DELETE FROM appointment_keys WHERE id = OLD.id AND NOT archived;

DROP TRIGGER trg_appointments_after_delete;

CREATE TABLE appointments_archive (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    booking_reference VARCHAR(20) NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    appointment_date DATE NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    consultation_type ENUM('VIDEO', 'IN_PERSON') NOT NULL,
    status ENUM('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'NO_SHOW') NOT NULL DEFAULT 'SCHEDULED',
    reason_for_visit TEXT,
    symptoms JSON,
    is_first_visit BOOLEAN DEFAULT FALSE,
    priority ENUM('REGULAR', 'URGENT', 'EMERGENCY') DEFAULT 'REGULAR',
    fee DECIMAL(10,2) NOT NULL,
    payment_status ENUM('PENDING', 'PAID', 'REFUNDED') DEFAULT 'PENDING',
    cancellation_reason TEXT,
    cancelled_by VARCHAR(36),
    cancelled_at TIMESTAMP NULL,
    rescheduled_from VARCHAR(36),
    notes TEXT,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id, appointment_date),
    UNIQUE KEY uk_appointments_booking_reference (booking_reference, appointment_date),
    UNIQUE KEY uk_doctor_live_slot (doctor_id, appointment_date, start_time, (IF(status IN ('CANCELLED', 'NO_SHOW'), NULL, 1))),
    INDEX idx_patient_appointments (patient_id, appointment_date),
    INDEX idx_doctor_appointments (doctor_id, appointment_date),
    INDEX idx_appointment_date (appointment_date),
    INDEX idx_appointment_status (status),
    INDEX idx_appointment_datetime (appointment_date, start_time),
    INDEX idx_appointment_cancelled_by (cancelled_by),
    INDEX idx_appointment_rescheduled_from (rescheduled_from),
    CONSTRAINT chk_appointments_archive_times CHECK (end_time > start_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
    PARTITION BY RANGE COLUMNS (appointment_date) (
        PARTITION p_future VALUES LESS THAN (MAXVALUE)
    );

-- A month on its way from appointments to appointments_archive; empty but for the time between two exchanges.
CREATE TABLE appointments_moving (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    booking_reference VARCHAR(20) NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    appointment_date DATE NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    consultation_type ENUM('VIDEO', 'IN_PERSON') NOT NULL,
    status ENUM('SCHEDULED', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'NO_SHOW') NOT NULL DEFAULT 'SCHEDULED',
    reason_for_visit TEXT,
    symptoms JSON,
    is_first_visit BOOLEAN DEFAULT FALSE,
    priority ENUM('REGULAR', 'URGENT', 'EMERGENCY') DEFAULT 'REGULAR',
    fee DECIMAL(10,2) NOT NULL,
    payment_status ENUM('PENDING', 'PAID', 'REFUNDED') DEFAULT 'PENDING',
    cancellation_reason TEXT,
    cancelled_by VARCHAR(36),
    cancelled_at TIMESTAMP NULL,
    rescheduled_from VARCHAR(36),
    notes TEXT,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id, appointment_date),
    UNIQUE KEY uk_appointments_booking_reference (booking_reference, appointment_date),
    UNIQUE KEY uk_doctor_live_slot (doctor_id, appointment_date, start_time, (IF(status IN ('CANCELLED', 'NO_SHOW'), NULL, 1))),
    INDEX idx_patient_appointments (patient_id, appointment_date),
    INDEX idx_doctor_appointments (doctor_id, appointment_date),
    INDEX idx_appointment_date (appointment_date),
    INDEX idx_appointment_status (status),
    INDEX idx_appointment_datetime (appointment_date, start_time),
    INDEX idx_appointment_cancelled_by (cancelled_by),
    INDEX idx_appointment_rescheduled_from (rescheduled_from),
    CONSTRAINT chk_appointments_moving_times CHECK (end_time > start_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Which rows of that month do not go, and why. Those of them that are in appointments_moving are copies, or left over.
CREATE TABLE appointments_staying (
    id VARCHAR(36) NOT NULL,
    reason VARCHAR(20) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What belongs to archived appointments, moved by `caredb archive appointments --with-dependents`.
CREATE TABLE consultations_archive (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    appointment_id VARCHAR(36) NOT NULL,
    session_id VARCHAR(100),
    room_url VARCHAR(500),
    start_time TIMESTAMP NULL,
    end_time TIMESTAMP NULL,
    actual_duration INT, -- in minutes
    chief_complaint TEXT,
    history_of_present_illness TEXT,
    past_medical_history TEXT,
    examination_findings TEXT,
    diagnosis JSON,
    treatment_plan TEXT,
    follow_up_required BOOLEAN DEFAULT FALSE,
    follow_up_date DATE,
    doctor_notes TEXT,
    patient_feedback JSON,
    recording_url VARCHAR(500),
    prescription_issued BOOLEAN DEFAULT FALSE,
    medical_certificate_issued BOOLEAN DEFAULT FALSE,
    referrals JSON,
    vital_signs JSON,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uk_consultations_appointment_id (appointment_id),
    UNIQUE KEY uk_consultations_session_id (session_id),
    INDEX idx_consultation_date (start_time),
    CONSTRAINT fk_consultations_archive_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE prescriptions_archive (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    prescription_number VARCHAR(20) NOT NULL,
    consultation_id VARCHAR(36) NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    diagnosis_summary TEXT NOT NULL,
    medications JSON NOT NULL,
    lab_tests JSON,
    advice TEXT,
    diet_instructions TEXT,
    next_visit_date DATE,
    is_draft BOOLEAN DEFAULT FALSE,
    digital_signature TEXT,
    signed_at TIMESTAMP NULL,
    pdf_url VARCHAR(500),
    qr_code VARCHAR(500),
    pharmacy_notes TEXT,
    dispensed BOOLEAN DEFAULT FALSE,
    dispensed_at TIMESTAMP NULL,
    valid_until DATE NOT NULL,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uk_prescriptions_prescription_number (prescription_number),
    INDEX idx_prescription_consultation (consultation_id),
    INDEX idx_prescription_patient (patient_id),
    INDEX idx_prescription_doctor (doctor_id),
    INDEX idx_prescription_date (created_at),
    CONSTRAINT fk_prescriptions_archive_consultation_id FOREIGN KEY (consultation_id) REFERENCES consultations_archive (id),
    CONSTRAINT fk_prescriptions_archive_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_prescriptions_archive_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE payments_archive (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    transaction_id VARCHAR(100) NOT NULL,
    appointment_id VARCHAR(36) NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    amount DECIMAL(10,2) NOT NULL,
    currency VARCHAR(3) DEFAULT 'USD',
    payment_method ENUM('CARD', 'NET_BANKING', 'UPI', 'WALLET', 'INSURANCE') NOT NULL,
    payment_gateway ENUM('STRIPE', 'RAZORPAY', 'PAYPAL') NOT NULL,
    gateway_transaction_id VARCHAR(255),
    status ENUM('PENDING', 'PROCESSING', 'SUCCESS', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED') NOT NULL,
    failure_reason TEXT,
    refund_amount DECIMAL(10,2),
    refund_reason TEXT,
    refunded_at TIMESTAMP NULL,
    gateway_response JSON,
    invoice_number VARCHAR(50),
    invoice_url VARCHAR(500),
    receipt_url VARCHAR(500),
    metadata JSON,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uk_payments_transaction_id (transaction_id),
    INDEX idx_payment_appointment (appointment_id),
    INDEX idx_payment_patient (patient_id),
    INDEX idx_payment_status (status),
    INDEX idx_payment_date (created_at),
    CONSTRAINT fk_payments_archive_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id),
    CONSTRAINT fk_payments_archive_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE reviews_archive (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    appointment_id VARCHAR(36) NOT NULL,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    rating INT NOT NULL,
    review_text TEXT,
    is_anonymous BOOLEAN DEFAULT FALSE,
    doctor_response TEXT,
    doctor_responded_at TIMESTAMP NULL,
    helpful_count INT DEFAULT 0,
    reported BOOLEAN DEFAULT FALSE,
    report_reason TEXT,
    status ENUM('PENDING', 'APPROVED', 'REJECTED') DEFAULT 'PENDING',
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uk_reviews_appointment_id (appointment_id),
    INDEX idx_review_patient (patient_id),
    INDEX idx_review_doctor (doctor_id),
    INDEX idx_review_rating (rating),
    INDEX idx_review_status (status),
    CONSTRAINT fk_reviews_archive_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointment_keys (id),
    CONSTRAINT fk_reviews_archive_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_reviews_archive_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id),
    CONSTRAINT chk_reviews_archive_rating CHECK (rating >= 1 AND rating <= 5)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
