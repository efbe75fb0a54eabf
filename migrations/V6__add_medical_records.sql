-- Metadata of the medical files of a patient; the files themselves lie elsewhere (file_url).
-- idx_record_uploaded_by is the index that its foreign key would otherwise make by itself.
CREATE TABLE medical_records (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    patient_id VARCHAR(36) NOT NULL,
    uploaded_by VARCHAR(36) NOT NULL,
    record_type ENUM('LAB_REPORT', 'XRAY', 'MRI', 'CT_SCAN', 'ULTRASOUND', 'ECG', 'PRESCRIPTION', 'DISCHARGE_SUMMARY', 'OTHER') NOT NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    file_url VARCHAR(500) NOT NULL,
    file_size BIGINT NOT NULL,
    mime_type VARCHAR(100) NOT NULL,
    record_date DATE NOT NULL,
    metadata JSON,
    tags JSON,
    is_archived BOOLEAN DEFAULT FALSE,
    shared_with JSON,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    INDEX idx_record_patient (patient_id),
    INDEX idx_record_uploaded_by (uploaded_by),
    INDEX idx_record_type (record_type),
    INDEX idx_record_date (record_date),
    FULLTEXT INDEX idx_record_search (title, description),
    CONSTRAINT fk_medical_records_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_medical_records_uploaded_by FOREIGN KEY (uploaded_by) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
