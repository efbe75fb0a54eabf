//! What changes in two years: two migrations, and another clinic's data.

use std::path::Path;

/// A column in the appointments and where they go, with an index. A rebuild, since an INSTANT change stands in the way of an
/// EXCHANGE.
const V16: &str = "
ALTER TABLE appointments ADD COLUMN room VARCHAR(20), ADD INDEX idx_appointment_room (room), ALGORITHM=INPLACE;
ALTER TABLE appointments_archive ADD COLUMN room VARCHAR(20), ADD INDEX idx_appointment_room (room), ALGORITHM=INPLACE;
ALTER TABLE appointments_moving ADD COLUMN room VARCHAR(20), ADD INDEX idx_appointment_room (room), ALGORITHM=INPLACE;
";
const U16: &str = "
ALTER TABLE appointments_moving DROP INDEX idx_appointment_room, DROP COLUMN room, ALGORITHM=INPLACE;
ALTER TABLE appointments_archive DROP INDEX idx_appointment_room, DROP COLUMN room, ALGORITHM=INPLACE;
ALTER TABLE appointments DROP INDEX idx_appointment_room, DROP COLUMN room, ALGORITHM=INPLACE;
";

/// A table with rows of what is there, and a view of it.
const V17: &str = "
CREATE TABLE waiting_list (
    id BIGINT NOT NULL AUTO_INCREMENT,
    patient_id VARCHAR(36) NOT NULL,
    doctor_id VARCHAR(36) NOT NULL,
    since DATE NOT NULL,
    PRIMARY KEY (id),
    INDEX idx_waiting_patient (patient_id),
    INDEX idx_waiting_doctor (doctor_id),
    CONSTRAINT fk_waiting_list_patient_id FOREIGN KEY (patient_id) REFERENCES patient_profiles (id),
    CONSTRAINT fk_waiting_list_doctor_id FOREIGN KEY (doctor_id) REFERENCES doctor_profiles (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO waiting_list (patient_id, doctor_id, since) SELECT p.id, d.id, '2025-09-01' FROM patient_profiles p, doctor_profiles d;
ALTER TABLE payments ADD INDEX idx_payment_patient_status (patient_id, status);
ALTER TABLE payments_archive ADD INDEX idx_payment_patient_status (patient_id, status);
";
const U17: &str = "
ALTER TABLE payments_archive DROP INDEX idx_payment_patient_status;
ALTER TABLE payments DROP INDEX idx_payment_patient_status;
DROP TABLE waiting_list;
";
const VIEW: &str = "CREATE OR REPLACE SQL SECURITY INVOKER VIEW waiting AS SELECT doctor_id, COUNT(*) AS patients FROM waiting_list GROUP BY doctor_id;\n";

/// What comes in which month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Rooms,
    Import,
    WaitingList,
}

pub const CHANGES: [(u32, Change); 3] = [(6, Change::Rooms), (10, Change::Import), (14, Change::WaitingList)];

impl Change {
    /// Puts its files there.
    pub fn arrive(self, folder: &Path) {
        let files: &[(&str, &str)] = match self {
            Self::Rooms => &[("migrations/V16__add_rooms.sql", V16), ("rollbacks/U16__drop_rooms.sql", U16)],
            Self::WaitingList => &[
                ("migrations/V17__add_waiting_list.sql", V17),
                ("rollbacks/U17__drop_waiting_list.sql", U17),
                ("migrations/R__waiting.sql", VIEW),
            ],
            Self::Import => &[],
        };
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        if self == Self::Import {
            for file in ["mapping.toml", "doctors.csv", "patients.csv", "visits.csv"] {
                std::fs::copy(Path::new("examples/legacy").join(file), folder.join(file)).unwrap();
            }
        }
    }
}
