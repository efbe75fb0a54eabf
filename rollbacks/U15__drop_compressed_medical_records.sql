-- What is compressed must be moved back first.
-- caredb: expects no rows: compressed medical records; move them back by `caredb compress medical-records --decompress`
SELECT CONCAT('medical_records_compressed ', id) FROM medical_records_compressed;

DROP TABLE medical_records_compressed;
