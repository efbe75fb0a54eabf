-- Where medical records move that are seldom read: the same columns in pages of half the size. `caredb compress
-- medical-records` moves them, and the view medical_records_all shows all. Without the full-text index, which would be as
-- large as the rows.
CREATE TABLE medical_records_compressed (
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
    INDEX idx_record_compressed_patient (patient_id),
    INDEX idx_record_compressed_uploaded_by (uploaded_by),
    INDEX idx_record_compressed_date (record_date),
    CONSTRAINT fk_medical_records_compressed_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_medical_records_compressed_uploaded_by FOREIGN KEY (uploaded_by) REFERENCES users (id)
) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
