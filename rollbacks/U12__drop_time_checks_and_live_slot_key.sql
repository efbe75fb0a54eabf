ALTER TABLE doctor_unavailability
    DROP CHECK chk_doctor_unavailability_dates;

ALTER TABLE time_slots
    DROP CHECK chk_time_slots_times;

-- Fails with 1062, and changes nothing, where a slot has been cancelled or missed twice: the owner's key,
-- which comes back here, does not allow that.
ALTER TABLE appointments
    DROP CHECK chk_appointments_times,
    DROP INDEX uk_doctor_live_slot,
    ADD UNIQUE INDEX uk_doctor_slot (doctor_id, appointment_date, start_time, status);
