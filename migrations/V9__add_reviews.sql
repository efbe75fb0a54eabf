-- What patients say of an appointment, moderated, with the doctor's answer.
-- idx_review_patient is the index that its foreign key would otherwise make by itself.
CREATE TABLE reviews (
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
    CONSTRAINT fk_reviews_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointments (id),
    CONSTRAINT fk_reviews_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_reviews_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id),
    CONSTRAINT chk_reviews_rating CHECK (rating >= 1 AND rating <= 5)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
