DROP TABLE doctor_profiles;

DROP TABLE patient_profiles;
