-- Live and archived rows as one, with `archived` to tell them apart. Who reads a view needs the right to read its tables.

-- also a month between two exchanges, which is in neither table
CREATE OR REPLACE SQL SECURITY INVOKER VIEW appointments_all AS
SELECT
    id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status,
    reason_for_visit, symptoms, is_first_visit, priority, fee, payment_status, cancellation_reason, cancelled_by,
    cancelled_at, rescheduled_from, notes, created_at, updated_at, FALSE AS archived
FROM appointments
UNION ALL
SELECT
    id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status,
    reason_for_visit, symptoms, is_first_visit, priority, fee, payment_status, cancellation_reason, cancelled_by,
    cancelled_at, rescheduled_from, notes, created_at, updated_at, TRUE AS archived
FROM appointments_archive
UNION ALL
SELECT
    id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status,
    reason_for_visit, symptoms, is_first_visit, priority, fee, payment_status, cancellation_reason, cancelled_by,
    cancelled_at, rescheduled_from, notes, created_at, updated_at, TRUE AS archived
FROM appointments_moving m
WHERE NOT EXISTS (SELECT 1 FROM appointments_staying s WHERE s.id = m.id);

CREATE OR REPLACE SQL SECURITY INVOKER VIEW consultations_all AS
SELECT
    id, appointment_id, session_id, room_url, start_time, end_time, actual_duration, chief_complaint,
    history_of_present_illness, past_medical_history, examination_findings, diagnosis, treatment_plan,
    follow_up_required, follow_up_date, doctor_notes, patient_feedback, recording_url, prescription_issued,
    medical_certificate_issued, referrals, vital_signs, created_at, updated_at, FALSE AS archived
FROM consultations
UNION ALL
SELECT
    id, appointment_id, session_id, room_url, start_time, end_time, actual_duration, chief_complaint,
    history_of_present_illness, past_medical_history, examination_findings, diagnosis, treatment_plan,
    follow_up_required, follow_up_date, doctor_notes, patient_feedback, recording_url, prescription_issued,
    medical_certificate_issued, referrals, vital_signs, created_at, updated_at, TRUE AS archived
FROM consultations_archive;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW prescriptions_all AS
SELECT
    id, prescription_number, consultation_id, patient_id, doctor_id, diagnosis_summary, medications, lab_tests, advice,
    diet_instructions, next_visit_date, is_draft, digital_signature, signed_at, pdf_url, qr_code, pharmacy_notes,
    dispensed, dispensed_at, valid_until, created_at, updated_at, FALSE AS archived
FROM prescriptions
UNION ALL
SELECT
    id, prescription_number, consultation_id, patient_id, doctor_id, diagnosis_summary, medications, lab_tests, advice,
    diet_instructions, next_visit_date, is_draft, digital_signature, signed_at, pdf_url, qr_code, pharmacy_notes,
    dispensed, dispensed_at, valid_until, created_at, updated_at, TRUE AS archived
FROM prescriptions_archive;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW payments_all AS
SELECT
    id, transaction_id, appointment_id, patient_id, amount, currency, payment_method, payment_gateway,
    gateway_transaction_id, status, failure_reason, refund_amount, refund_reason, refunded_at, gateway_response,
    invoice_number, invoice_url, receipt_url, metadata, created_at, updated_at, FALSE AS archived
FROM payments
UNION ALL
SELECT
    id, transaction_id, appointment_id, patient_id, amount, currency, payment_method, payment_gateway,
    gateway_transaction_id, status, failure_reason, refund_amount, refund_reason, refunded_at, gateway_response,
    invoice_number, invoice_url, receipt_url, metadata, created_at, updated_at, TRUE AS archived
FROM payments_archive;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW reviews_all AS
SELECT
    id, appointment_id, patient_id, doctor_id, rating, review_text, is_anonymous, doctor_response, doctor_responded_at,
    helpful_count, reported, report_reason, status, created_at, updated_at, FALSE AS archived
FROM reviews
UNION ALL
SELECT
    id, appointment_id, patient_id, doctor_id, rating, review_text, is_anonymous, doctor_response, doctor_responded_at,
    helpful_count, reported, report_reason, status, created_at, updated_at, TRUE AS archived
FROM reviews_archive;
