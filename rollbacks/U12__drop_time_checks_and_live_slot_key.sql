-- First what the rows can refuse, so that a refusal changes nothing: the owner's key, which comes back here, does not
-- allow a slot to be cancelled or missed twice (1062). Settle those rows before.
ALTER TABLE appointments
    DROP CHECK chk_appointments_times,
    DROP INDEX uk_doctor_live_slot,
    ADD UNIQUE INDEX uk_doctor_slot (doctor_id, appointment_date, start_time, status);

ALTER TABLE doctor_unavailability
    DROP CHECK chk_doctor_unavailability_dates;

ALTER TABLE time_slots
    DROP CHECK chk_time_slots_times;
