DROP TABLE doctor_unavailability;

DROP TABLE time_slots;
