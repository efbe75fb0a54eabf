//! Which column leaves as it is, and what stands in for the others: the one place that says so.

/// How a value leaves the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As it is: no person's.
    Keep,
    /// As it is where it is one word of a program, such as `APPOINTMENT_CANCELLED` or `application/pdf`; else a code.
    Word,
    /// An id of a row: that of the exported row, or another UUID.
    Id,
    /// An address at `example.com`.
    Email,
    /// A hash that no password has.
    Password,
    /// An invented name.
    FirstName,
    /// An invented name.
    LastName,
    /// Both.
    FullName,
    /// A number under +999, which is no country's.
    Phone,
    /// Another day of the same year.
    Day,
    /// Latin words, about as many.
    Text,
    /// This, and letters that say nothing.
    Code(&'static str),
    /// An address under `fake.invalid`.
    Url,
    /// An address that nobody has: `240.0.0.0/4`, `2001:db8::/32`.
    Ip,
    /// One of these.
    Pick(&'static [&'static str]),
    /// A number somewhat smaller.
    Near,
    /// Other digits.
    Digits,
    /// Texts and numbers in it replaced, names that are not known to be harmless as well.
    Json,
}

const BLOOD: &[&str] = &["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];
const SPECIALITIES: &[&str] = &["General Practice", "Internal Medicine", "Surgery", "Radiology", "Anaesthesiology"];
const DEGREES: &[&str] = &["MD", "MBBS", "MD, PhD", "DO"];
const AGENTS: &[&str] =
    &["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (Macintosh)", "Mozilla/5.0 (Windows NT 10.0)"];

/// What is known of columns, `*` being every table. A column that is not here goes by `unknown`.
const COLUMNS: &[(&str, &str, How)] = &[
    ("*", "created_at", How::Keep),
    ("*", "updated_at", How::Keep),
    ("*", "deleted_at", How::Keep),
    ("users", "email", How::Email),
    ("users", "password_hash", How::Password),
    ("users", "email_verified_at", How::Keep),
    ("users", "last_login_at", How::Keep),
    ("patient_profiles", "first_name", How::FirstName),
    ("patient_profiles", "last_name", How::LastName),
    ("patient_profiles", "date_of_birth", How::Day),
    ("patient_profiles", "phone_number", How::Phone),
    ("patient_profiles", "alternate_phone", How::Phone),
    ("patient_profiles", "blood_type", How::Pick(BLOOD)),
    ("patient_profiles", "height", How::Near),
    ("patient_profiles", "weight", How::Near),
    ("patient_profiles", "allergies", How::Json),
    ("patient_profiles", "chronic_conditions", How::Json),
    ("patient_profiles", "current_medications", How::Json),
    ("patient_profiles", "emergency_contact", How::Json),
    ("patient_profiles", "address", How::Json),
    ("patient_profiles", "insurance_info", How::Json),
    ("doctor_profiles", "first_name", How::FirstName),
    ("doctor_profiles", "last_name", How::LastName),
    ("doctor_profiles", "specialization", How::Pick(SPECIALITIES)),
    ("doctor_profiles", "sub_specializations", How::Json),
    ("doctor_profiles", "qualification", How::Pick(DEGREES)),
    ("doctor_profiles", "experience_years", How::Keep),
    ("doctor_profiles", "license_number", How::Code("LIC-")),
    ("doctor_profiles", "license_expiry", How::Keep),
    ("doctor_profiles", "consultation_fee", How::Keep),
    ("doctor_profiles", "rating", How::Keep),
    ("doctor_profiles", "total_reviews", How::Keep),
    ("doctor_profiles", "languages", How::Json),
    ("doctor_profiles", "education", How::Json),
    ("doctor_profiles", "awards", How::Json),
    ("doctor_profiles", "publications", How::Json),
    ("doctor_profiles", "hospital_affiliations", How::Json),
    ("doctor_profiles", "bio", How::Text),
    ("appointments", "booking_reference", How::Code("BK-")),
    ("appointments", "appointment_date", How::Keep),
    ("appointments", "fee", How::Keep),
    ("appointments", "reason_for_visit", How::Text),
    ("appointments", "symptoms", How::Json),
    ("appointments", "cancellation_reason", How::Text),
    ("appointments", "cancelled_at", How::Keep),
    ("appointments", "notes", How::Text),
    ("consultations", "session_id", How::Code("S-")),
    ("consultations", "room_url", How::Url),
    ("consultations", "start_time", How::Keep),
    ("consultations", "end_time", How::Keep),
    ("consultations", "actual_duration", How::Keep),
    ("consultations", "chief_complaint", How::Text),
    ("consultations", "history_of_present_illness", How::Text),
    ("consultations", "past_medical_history", How::Text),
    ("consultations", "examination_findings", How::Text),
    ("consultations", "diagnosis", How::Json),
    ("consultations", "treatment_plan", How::Text),
    ("consultations", "follow_up_date", How::Keep),
    ("consultations", "doctor_notes", How::Text),
    ("consultations", "patient_feedback", How::Json),
    ("consultations", "recording_url", How::Url),
    ("consultations", "referrals", How::Json),
    ("consultations", "vital_signs", How::Json),
    ("prescriptions", "prescription_number", How::Code("RX-")),
    ("prescriptions", "diagnosis_summary", How::Text),
    ("prescriptions", "medications", How::Json),
    ("prescriptions", "lab_tests", How::Json),
    ("prescriptions", "advice", How::Text),
    ("prescriptions", "diet_instructions", How::Text),
    ("prescriptions", "next_visit_date", How::Keep),
    ("prescriptions", "digital_signature", How::Code("SIG-")),
    ("prescriptions", "signed_at", How::Keep),
    ("prescriptions", "pdf_url", How::Url),
    ("prescriptions", "qr_code", How::Code("QR-")),
    ("prescriptions", "pharmacy_notes", How::Text),
    ("prescriptions", "dispensed_at", How::Keep),
    ("prescriptions", "valid_until", How::Keep),
    ("medical_records", "title", How::Text),
    ("medical_records", "description", How::Text),
    ("medical_records", "file_url", How::Url),
    ("medical_records", "file_size", How::Near),
    ("medical_records", "mime_type", How::Word),
    ("medical_records", "record_date", How::Keep),
    ("medical_records", "metadata", How::Json),
    ("medical_records", "tags", How::Json),
    ("medical_records", "shared_with", How::Json),
    ("payments", "transaction_id", How::Code("TXN-")),
    ("payments", "amount", How::Keep),
    ("payments", "currency", How::Word),
    ("payments", "gateway_transaction_id", How::Code("GW-")),
    ("payments", "failure_reason", How::Text),
    ("payments", "refund_amount", How::Keep),
    ("payments", "refund_reason", How::Text),
    ("payments", "refunded_at", How::Keep),
    ("payments", "gateway_response", How::Json),
    ("payments", "invoice_number", How::Code("INV-")),
    ("payments", "invoice_url", How::Url),
    ("payments", "receipt_url", How::Url),
    ("payments", "metadata", How::Json),
    ("time_slots", "slot_duration", How::Keep),
    ("time_slots", "max_bookings", How::Keep),
    ("doctor_unavailability", "start_date", How::Keep),
    ("doctor_unavailability", "end_date", How::Keep),
    ("doctor_unavailability", "reason", How::Text),
    ("reviews", "rating", How::Keep),
    ("reviews", "review_text", How::Text),
    ("reviews", "doctor_response", How::Text),
    ("reviews", "doctor_responded_at", How::Keep),
    ("reviews", "helpful_count", How::Keep),
    ("reviews", "report_reason", How::Text),
    ("notifications", "title", How::Text),
    ("notifications", "message", How::Text),
    ("notifications", "data", How::Json),
    ("notifications", "read_at", How::Keep),
    ("notifications", "action_url", How::Url),
    ("notifications", "expires_at", How::Keep),
    ("audit_logs", "action", How::Word),
    ("audit_logs", "entity_type", How::Word),
    ("audit_logs", "entity_id", How::Id),
    ("audit_logs", "old_values", How::Json),
    ("audit_logs", "new_values", How::Json),
    ("audit_logs", "ip_address", How::Ip),
    ("audit_logs", "user_agent", How::Pick(AGENTS)),
    ("audit_logs", "metadata", How::Json),
];

/// How a column leaves; none where nothing is known of it.
#[must_use]
pub fn known(table: &str, column: &str) -> Option<How> {
    let entry = COLUMNS.iter().find(|(of, name, _)| (*of == table || *of == "*") && *name == column);
    entry.map(|(_, _, how)| *how)
}

/// How a column leaves of which nothing is known: nothing of it that could be a person's.
#[must_use]
pub fn unknown(data_type: &str, column_type: &str) -> How {
    match data_type {
        "json" => How::Json,
        // the schema's own words, a truth value, a time of the day
        "enum" | "set" | "time" => How::Keep,
        "tinyint" if column_type.starts_with("tinyint(1)") => How::Keep,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float" | "double" | "year" => {
            How::Digits
        }
        "date" | "datetime" | "timestamp" => How::Day,
        _ => How::Code(""),
    }
}

/// How a text in JSON leaves, by the name that it has there.
#[must_use]
pub fn member(name: &str) -> How {
    match name {
        "name" => How::FullName,
        "first_name" => How::FirstName,
        "last_name" => How::LastName,
        "phone" | "phone_number" | "alternate_phone" => How::Phone,
        "email" => How::Email,
        "url" | "file_url" | "pdf_url" => How::Url,
        "date_of_birth" | "dob" => How::Day,
        "code" | "policy_number" | "last4" | "vpa" | "postal_code" => How::Code(""),
        "prescription_number" => How::Code("RX-"),
        "invoice_number" => How::Code("INV-"),
        "booking_reference" => How::Code("BK-"),
        _ => How::Text,
    }
}

/// Names of members in JSON that are the application's own. Any other may be data, an allergy for instance, and is replaced.
const MEMBERS: &[&str] = &[
    "appointment_id",
    "blood_pressure",
    "booking_reference",
    "cancellation_reason",
    "city",
    "claim",
    "code",
    "comment",
    "consultation_fee",
    "consultation_id",
    "date_of_birth",
    "degree",
    "description",
    "doctor_id",
    "dosage",
    "duration",
    "email",
    "emergency_contact",
    "environmental",
    "facility",
    "first_name",
    "food",
    "frequency",
    "gender",
    "heart_rate",
    "instructions",
    "institution",
    "invoice_number",
    "is_active",
    "is_draft",
    "journal",
    "last4",
    "last_name",
    "medication",
    "name",
    "network",
    "note",
    "pain_scale",
    "patient_id",
    "payment_id",
    "phone",
    "phone_number",
    "plan",
    "policy_number",
    "postal_code",
    "prescription_id",
    "prescription_number",
    "provider",
    "quantity",
    "rating",
    "reason",
    "record_id",
    "refund_amount",
    "relationship",
    "report_reason",
    "respiratory_rate",
    "severity",
    "source",
    "specialization",
    "spo2",
    "start_time",
    "state",
    "status",
    "street",
    "temperature_c",
    "title",
    "unit",
    "urgent",
    "vpa",
    "weight_kg",
    "year",
];

/// Whether a name in JSON leaves as it is.
#[must_use]
pub fn is_harmless(name: &str) -> bool {
    MEMBERS.contains(&name)
}
