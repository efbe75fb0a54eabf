//! What must hold between generated rows, each as a query that counts the rows that break it.

use crate::support::Test;

/// The day that it is in the data of these tests.
pub const UNTIL: &str = "2026-11-01";

const RULES: &[(&str, &str)] = &[
    (
        "every appointment fills a slot of an active time slot of its weekday and kind",
        "SELECT COUNT(*) FROM appointments a WHERE NOT EXISTS (
             SELECT 1 FROM time_slots s WHERE s.doctor_id = a.doctor_id AND s.is_active AND s.day_of_week = UPPER(DAYNAME(a.appointment_date))
               AND a.start_time >= s.start_time AND a.end_time <= s.end_time
               AND TIMESTAMPDIFF(MINUTE, s.start_time, a.start_time) % s.slot_duration = 0
               AND TIMESTAMPDIFF(MINUTE, a.start_time, a.end_time) = s.slot_duration
               AND s.consultation_type IN ('BOTH', a.consultation_type))",
    ),
    (
        "no appointment is in an absence",
        "SELECT COUNT(*) FROM appointments a JOIN doctor_unavailability u
             ON u.doctor_id = a.doctor_id AND a.appointment_date BETWEEN u.start_date AND u.end_date",
    ),
    (
        "no two live appointments share a slot, or overlap",
        "SELECT COUNT(*) FROM appointments a JOIN appointments b ON a.doctor_id = b.doctor_id AND a.appointment_date = b.appointment_date
             AND a.id < b.id AND a.start_time < b.end_time AND b.start_time < a.end_time
         WHERE a.status NOT IN ('CANCELLED', 'NO_SHOW') AND b.status NOT IN ('CANCELLED', 'NO_SHOW')",
    ),
    (
        "the past is over, the future is booked",
        "SELECT COUNT(*) FROM appointments WHERE (appointment_date < '<until>') <> (status IN ('COMPLETED', 'CANCELLED', 'NO_SHOW'))
             OR (appointment_date >= '<until>') <> (status IN ('SCHEDULED', 'CONFIRMED'))",
    ),
    (
        "who books has registered, and books before",
        "SELECT COUNT(*) FROM appointments a JOIN patient_profiles p ON p.id = a.patient_id JOIN doctor_profiles d ON d.id = a.doctor_id
         WHERE a.created_at <= p.created_at OR a.created_at <= d.created_at
            OR a.created_at >= TIMESTAMP(a.appointment_date, a.start_time)",
    ),
    (
        "a cancellation is whole, by somebody concerned, and in time",
        "SELECT COUNT(*) FROM appointments a JOIN patient_profiles p ON p.id = a.patient_id JOIN doctor_profiles d ON d.id = a.doctor_id
             LEFT JOIN users u ON u.id = a.cancelled_by
         WHERE (a.status = 'CANCELLED') <> (a.cancelled_by IS NOT NULL) OR (a.status = 'CANCELLED') <> (a.cancelled_at IS NOT NULL)
            OR (a.status = 'CANCELLED') <> (a.cancellation_reason IS NOT NULL)
            OR (a.status = 'CANCELLED' AND (a.cancelled_at <= a.created_at OR a.cancelled_at >= TIMESTAMP(a.appointment_date, a.start_time)
                OR NOT (u.role = 'PATIENT' AND u.id = p.user_id OR u.role = 'DOCTOR' AND u.id = d.user_id OR u.role IN ('STAFF', 'ADMIN'))))",
    ),
    (
        "a slot is given again after it was freed",
        "SELECT COUNT(*) FROM appointments a JOIN appointments b ON a.doctor_id = b.doctor_id AND a.appointment_date = b.appointment_date
             AND a.start_time = b.start_time AND a.id <> b.id AND a.created_at <= b.created_at
         WHERE a.status <> 'CANCELLED' OR a.cancelled_at > b.created_at",
    ),
    (
        "a rescheduled appointment replaces a cancelled one of the same two, once",
        "SELECT COUNT(*) FROM appointments n LEFT JOIN appointments o ON o.id = n.rescheduled_from
         WHERE n.rescheduled_from IS NOT NULL AND (o.id IS NULL OR o.status <> 'CANCELLED' OR o.patient_id <> n.patient_id OR o.doctor_id <> n.doctor_id
             OR n.created_at < o.cancelled_at OR EXISTS (SELECT 1 FROM appointments m WHERE m.rescheduled_from = o.id AND m.id <> n.id))",
    ),
    (
        "a first visit has none before it",
        "SELECT COUNT(*) FROM appointments f JOIN appointments e ON e.patient_id = f.patient_id AND e.doctor_id = f.doctor_id
             AND (e.appointment_date, e.start_time) < (f.appointment_date, f.start_time)
         WHERE f.is_first_visit AND e.status NOT IN ('CANCELLED', 'NO_SHOW')",
    ),
    (
        "children go to their doctor, women to theirs",
        "SELECT COUNT(*) FROM appointments a JOIN doctor_profiles d ON d.id = a.doctor_id JOIN patient_profiles p ON p.id = a.patient_id
         WHERE d.specialization = 'Pediatrics' AND TIMESTAMPDIFF(YEAR, p.date_of_birth, a.appointment_date) >= 18
            OR d.specialization = 'Gynecology' AND p.gender = 'MALE'
            OR d.specialization IN ('Cardiology', 'Psychiatry', 'Gynecology') AND TIMESTAMPDIFF(YEAR, p.date_of_birth, a.appointment_date) < 17",
    ),
    (
        "completed appointments have a consultation on their day, others none",
        "SELECT COUNT(*) FROM appointments a LEFT JOIN consultations c ON c.appointment_id = a.id
         WHERE (a.status = 'COMPLETED') <> (c.id IS NOT NULL)
            OR (c.id IS NOT NULL AND (DATE(c.start_time) <> a.appointment_date OR c.end_time <= c.start_time
                OR c.actual_duration <> TIMESTAMPDIFF(MINUTE, c.start_time, c.end_time)
                OR (a.consultation_type = 'VIDEO') <> (c.session_id IS NOT NULL) OR (a.consultation_type = 'VIDEO') <> (c.room_url IS NOT NULL)
                OR (c.follow_up_required <> (c.follow_up_date IS NOT NULL)) OR c.follow_up_date <= a.appointment_date))",
    ),
    (
        "prescriptions are those of the consultations that issued one, with the same two and the same diagnosis",
        "SELECT COUNT(*) FROM consultations c JOIN appointments a ON a.id = c.appointment_id LEFT JOIN prescriptions r ON r.consultation_id = c.id
         WHERE c.prescription_issued <> (r.id IS NOT NULL) OR r.patient_id <> a.patient_id OR r.doctor_id <> a.doctor_id
            OR r.valid_until <= a.appointment_date OR r.signed_at < c.end_time OR NOT r.next_visit_date <=> IF(r.id IS NULL, NULL, c.follow_up_date)
            OR LOCATE(JSON_UNQUOTE(c.diagnosis->'$[0].code'), r.diagnosis_summary) = 0 OR r.dispensed <> (r.dispensed_at IS NOT NULL)",
    ),
    (
        "a consultation has one prescription at the most",
        "SELECT COUNT(*) FROM (SELECT consultation_id FROM prescriptions GROUP BY 1 HAVING COUNT(*) > 1) more",
    ),
    (
        "an appointment's payment_status is that of its payments",
        "SELECT COUNT(*) FROM appointments a LEFT JOIN payments p ON p.appointment_id = a.id AND p.status <> 'FAILED'
         WHERE a.payment_status <> CASE
             WHEN p.status IN ('REFUNDED', 'PARTIALLY_REFUNDED') AND a.status = 'CANCELLED' THEN 'REFUNDED'
             WHEN p.status IN ('SUCCESS', 'PARTIALLY_REFUNDED') THEN 'PAID' ELSE 'PENDING' END",
    ),
    (
        "payments are of the appointment's fee and patient; what failed came before what went through",
        "SELECT COUNT(*) FROM payments p JOIN appointments a ON a.id = p.appointment_id LEFT JOIN payments s
             ON s.appointment_id = a.id AND s.status <> 'FAILED' AND p.status = 'FAILED'
         WHERE p.amount <> a.fee OR p.patient_id <> a.patient_id OR p.created_at < a.created_at OR (p.status = 'FAILED') <> (p.failure_reason IS NOT NULL)
            OR (p.status = 'FAILED' AND (s.id IS NULL OR s.created_at <= p.created_at))",
    ),
    (
        "paid and cancelled is refunded, and refunds are whole",
        "SELECT COUNT(*) FROM payments p JOIN appointments a ON a.id = p.appointment_id
         WHERE a.status = 'CANCELLED' AND p.status NOT IN ('REFUNDED', 'PARTIALLY_REFUNDED', 'FAILED')
            OR (p.status IN ('REFUNDED', 'PARTIALLY_REFUNDED')) <> (p.refund_amount IS NOT NULL)
            OR (p.refund_amount IS NULL) <> (p.refunded_at IS NULL) OR (p.refund_amount IS NULL) <> (p.refund_reason IS NULL)
            OR (p.status = 'REFUNDED' AND p.refund_amount <> p.amount) OR (p.status = 'PARTIALLY_REFUNDED' AND p.refund_amount >= p.amount)
            OR p.refund_amount <= 0 OR p.refunded_at < p.created_at OR (a.status = 'CANCELLED' AND p.refunded_at < a.cancelled_at)",
    ),
    (
        "reviews are of completed appointments, after them, by who came",
        "SELECT COUNT(*) FROM reviews r JOIN appointments a ON a.id = r.appointment_id
         WHERE a.status <> 'COMPLETED' OR r.patient_id <> a.patient_id OR r.doctor_id <> a.doctor_id OR r.created_at <= TIMESTAMP(a.appointment_date, a.start_time)
            OR (r.status = 'REJECTED') <> (r.report_reason IS NOT NULL) OR r.reported <> (r.report_reason IS NOT NULL)
            OR (r.doctor_response IS NULL) <> (r.doctor_responded_at IS NULL) OR r.doctor_responded_at <= r.created_at",
    ),
    (
        "approved reviews make up a doctor's rating and number",
        "SELECT COUNT(*) FROM doctor_profiles d
             LEFT JOIN (SELECT doctor_id, COUNT(*) AS number, ROUND(AVG(rating), 2) AS rating FROM reviews WHERE status = 'APPROVED' GROUP BY doctor_id) r
             ON r.doctor_id = d.id
         WHERE d.total_reviews <> COALESCE(r.number, 0) OR d.rating <> COALESCE(r.rating, 0)",
    ),
    (
        "records are of patients who were treated, by the doctor or by themselves",
        "SELECT COUNT(*) FROM medical_records m JOIN patient_profiles p ON p.id = m.patient_id JOIN users u ON u.id = m.uploaded_by
         WHERE NOT (u.id = p.user_id OR u.role = 'DOCTOR') OR m.created_at < m.record_date
            OR NOT EXISTS (SELECT 1 FROM appointments a WHERE a.patient_id = m.patient_id AND a.appointment_date = m.record_date AND a.status = 'COMPLETED')
            OR NOT EXISTS (SELECT 1 FROM doctor_profiles d WHERE d.id = m.shared_with->>'$[0]')",
    ),
    (
        "every confirmation, cancellation, payment, refusal, prescription and result has its notification, and nothing else has",
        "SELECT ABS((SELECT COUNT(*) FROM notifications WHERE type = 'APPOINTMENT_CANCELLED') - (SELECT COUNT(*) FROM appointments WHERE status = 'CANCELLED'))
              + ABS((SELECT COUNT(*) FROM notifications WHERE type = 'PAYMENT_FAILED') - (SELECT COUNT(*) FROM payments WHERE status = 'FAILED'))
              + ABS((SELECT COUNT(*) FROM notifications WHERE type = 'PAYMENT_SUCCESS') - (SELECT COUNT(*) FROM payments WHERE status NOT IN ('FAILED', 'PENDING')))
              + ABS((SELECT COUNT(*) FROM notifications WHERE type = 'PRESCRIPTION_READY') - (SELECT COUNT(*) FROM prescriptions))
              + ABS((SELECT COUNT(*) FROM notifications WHERE type = 'GENERAL')
                    - (SELECT COUNT(*) FROM payments WHERE refund_amount IS NOT NULL) - (SELECT COUNT(*) FROM appointments WHERE rescheduled_from IS NOT NULL))
              + ABS((SELECT COUNT(*) FROM notifications WHERE type = 'TEST_RESULT')
                    - (SELECT COUNT(*) FROM medical_records m JOIN users u ON u.id = m.uploaded_by WHERE u.role = 'DOCTOR'))",
    ),
    (
        "what is not cancelled by then and was completed or confirmed has its confirmation",
        "SELECT COUNT(*) FROM appointments a LEFT JOIN (
             SELECT DISTINCT SUBSTRING_INDEX(action_url, '/', -1) AS reference FROM notifications WHERE type = 'APPOINTMENT_CONFIRMED'
         ) n ON n.reference = a.booking_reference
         WHERE a.status IN ('CONFIRMED', 'COMPLETED', 'SCHEDULED') AND (a.status <> 'SCHEDULED') <> (n.reference IS NOT NULL)",
    ),
    (
        "notifications point at what is there, and go to who is concerned",
        "SELECT COUNT(*) FROM notifications n
             LEFT JOIN appointments a ON a.id = n.data->>'$.appointment_id' LEFT JOIN payments p ON p.id = n.data->>'$.payment_id'
             LEFT JOIN prescriptions r ON r.id = n.data->>'$.prescription_id' LEFT JOIN medical_records m ON m.id = n.data->>'$.record_id'
             LEFT JOIN patient_profiles pp ON pp.user_id = n.user_id LEFT JOIN doctor_profiles d ON d.user_id = n.user_id
         WHERE COALESCE(a.patient_id, p.patient_id, r.patient_id, m.patient_id) IS NULL
            OR NOT (pp.id <=> COALESCE(a.patient_id, p.patient_id, r.patient_id, m.patient_id) OR d.id <=> a.doctor_id)
            OR (n.is_read <> (n.read_at IS NOT NULL)) OR n.read_at <= n.created_at",
    ),
    (
        "every end of an appointment, signature, refund and absence is in the trail",
        "SELECT (SELECT COUNT(*) FROM appointments a WHERE a.status IN ('COMPLETED', 'CANCELLED', 'NO_SHOW') AND NOT EXISTS (
                     SELECT 1 FROM audit_logs l WHERE l.entity_type = 'appointment' AND l.entity_id = a.id AND l.action = CONCAT('APPOINTMENT_', a.status)))
              + (SELECT COUNT(*) FROM appointments a WHERE a.rescheduled_from IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM audit_logs l WHERE l.entity_type = 'appointment' AND l.entity_id = a.id AND l.action = 'APPOINTMENT_RESCHEDULED' AND l.old_values->>'$.appointment_id' = a.rescheduled_from))
              + (SELECT COUNT(*) FROM prescriptions r WHERE NOT EXISTS (SELECT 1 FROM audit_logs l WHERE l.entity_type = 'prescription' AND l.entity_id = r.id AND l.action = 'PRESCRIPTION_SIGNED'))
              + (SELECT COUNT(*) FROM payments p WHERE p.refund_amount IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM audit_logs l WHERE l.entity_type = 'payment' AND l.entity_id = p.id AND l.action = CONCAT('PAYMENT_', p.status)))
              + (SELECT COUNT(*) FROM doctor_unavailability u WHERE NOT EXISTS (SELECT 1 FROM audit_logs l WHERE l.entity_type = 'doctor_unavailability' AND l.entity_id = u.id AND l.action = 'UNAVAILABILITY_ADDED'))",
    ),
    (
        "the trail points at what is there",
        "SELECT COUNT(*) FROM audit_logs l LEFT JOIN appointments a ON a.id = l.entity_id LEFT JOIN payments p ON p.id = l.entity_id
             LEFT JOIN prescriptions r ON r.id = l.entity_id LEFT JOIN reviews v ON v.id = l.entity_id LEFT JOIN doctor_unavailability u ON u.id = l.entity_id
         WHERE CASE l.entity_type WHEN 'appointment' THEN a.id WHEN 'payment' THEN p.id WHEN 'prescription' THEN r.id
                   WHEN 'review' THEN v.id WHEN 'doctor_unavailability' THEN u.id END IS NULL",
    ),
    (
        "profiles have accounts of their role, older than themselves",
        "SELECT (SELECT COUNT(*) FROM patient_profiles p JOIN users u ON u.id = p.user_id WHERE u.role <> 'PATIENT' OR u.created_at > p.created_at)
              + (SELECT COUNT(*) FROM doctor_profiles d JOIN users u ON u.id = d.user_id WHERE u.role <> 'DOCTOR' OR u.created_at > d.created_at)
              + (SELECT COUNT(*) FROM users u WHERE u.role = 'PATIENT' AND NOT EXISTS (SELECT 1 FROM patient_profiles p WHERE p.user_id = u.id))
              + (SELECT COUNT(*) FROM patient_profiles WHERE date_of_birth >= DATE(created_at))",
    ),
];

/// Tables with the columns of theirs that say when something has happened.
const HAPPENED: &[(&str, &[&str])] = &[
    ("users", &["email_verified_at", "last_login_at", "updated_at"]),
    ("patient_profiles", &["updated_at"]),
    ("doctor_profiles", &["updated_at"]),
    ("time_slots", &["updated_at"]),
    ("doctor_unavailability", &[]),
    ("appointments", &["cancelled_at", "updated_at"]),
    ("consultations", &["end_time", "updated_at"]),
    ("prescriptions", &["signed_at", "dispensed_at", "updated_at"]),
    ("medical_records", &["updated_at"]),
    ("payments", &["refunded_at", "updated_at"]),
    ("reviews", &["doctor_responded_at", "updated_at"]),
    ("notifications", &["read_at"]),
    ("audit_logs", &[]),
];

/// The rules that the rows of a database break, with how many rows do.
pub fn broken(test: &Test) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |rule: &str, sql: &str| {
        let rows = test.rows(&sql.replace("<until>", UNTIL));
        if rows != ["0"] {
            broken.push(format!("{rule}: {}", rows.join(", ")));
        }
    };
    for (rule, sql) in RULES {
        check(rule, sql);
    }
    for (table, columns) in HAPPENED {
        check(
            &format!("nothing in {table} was made in the future"),
            &format!("SELECT COUNT(*) FROM {table} WHERE created_at IS NULL OR created_at >= '<until>'"),
        );
        for column in *columns {
            check(
                &format!("{table}.{column} is after the row was made, and not in the future"),
                &format!("SELECT COUNT(*) FROM {table} WHERE {column} < created_at OR {column} >= '<until>'"),
            );
        }
    }
    broken
}

/// The checksums of all rows, by table.
pub fn checksums(test: &Test) -> Vec<String> {
    let tables = HAPPENED.iter().map(|(table, _)| *table).chain(["appointment_keys"]);
    tables
        .map(|table| {
            let row = test.rows(&format!("CHECKSUM TABLE {table}")).remove(0);
            format!("{table} {}", row.rsplit('|').next().unwrap())
        })
        .collect()
}

/// Tables whose ids are not what they should be: ordered by the row's time, or random.
pub fn wrong_ids(test: &Test, version: char) -> Vec<String> {
    let time = match version {
        '7' => {
            "OR CONV(CONCAT(LEFT(id, 8), SUBSTR(id, 10, 4)), 16, 10) <> TIMESTAMPDIFF(SECOND, '1970-01-01', created_at) * 1000"
        }
        _ => "",
    };
    let tables = HAPPENED.iter().map(|(table, _)| *table);
    tables
        .filter(|table| {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE SUBSTR(id, 15, 1) <> '{version}' OR SUBSTR(id, 20, 1) NOT IN ('8', '9', 'a', 'b') {time}");
            test.rows(&sql) != ["0"]
        })
        .map(str::to_owned)
        .collect()
}
