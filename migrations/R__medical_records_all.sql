-- All medical records, with `compressed` to tell where they are. Who reads a view needs the right to read its tables.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW medical_records_all AS
SELECT
    id, patient_id, uploaded_by, record_type, title, description, file_url, file_size, mime_type, record_date, metadata,
    tags, is_archived, shared_with, created_at, updated_at, FALSE AS compressed
FROM medical_records
UNION ALL
SELECT
    id, patient_id, uploaded_by, record_type, title, description, file_url, file_size, mime_type, record_date, metadata,
    tags, is_archived, shared_with, created_at, updated_at, TRUE AS compressed
FROM medical_records_compressed;
