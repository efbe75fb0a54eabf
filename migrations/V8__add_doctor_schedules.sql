-- When a doctor can be booked, by day of the week.
CREATE TABLE time_slots (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    doctor_id VARCHAR(36) NOT NULL,
    day_of_week ENUM('MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY') NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    slot_duration INT DEFAULT 30, -- in minutes
    consultation_type ENUM('VIDEO', 'IN_PERSON', 'BOTH') DEFAULT 'BOTH',
    max_bookings INT DEFAULT 1,
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    UNIQUE KEY uk_doctor_slot_time (doctor_id, day_of_week, start_time, end_time),
    INDEX idx_doctor_schedule (doctor_id, day_of_week),
    CONSTRAINT fk_time_slots_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- When a doctor can't be booked in spite of the time slots: holidays, conferences, illness.
CREATE TABLE doctor_unavailability (
    id VARCHAR(36) NOT NULL DEFAULT (UUID()),
    doctor_id VARCHAR(36) NOT NULL,
    start_date DATE NOT NULL,
    end_date DATE NOT NULL,
    reason VARCHAR(255),
    created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    INDEX idx_doctor_unavailable (doctor_id, start_date, end_date),
    CONSTRAINT fk_doctor_unavailability_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
