//! What must hold whatever was killed: rows and checksums by month, each in one place and known by its key.

use std::collections::BTreeMap;

/// Rows and checksum of a place, which has the name that the ledger gives it: `p_2024_01` is a month of appointments,
/// `payments p_2024_01` what belongs to it, other tables are one place.
pub type Sums = BTreeMap<String, (i128, i128)>;

/// Appointments and what belongs to them, the rows of a month each.
pub const BY_MONTH: [&str; 5] = ["appointments", "consultations", "prescriptions", "payments", "reviews"];

/// The other tables. The ledger's own rows of `audit_logs` come and go with the runs.
pub const WHOLE: [&str; 8] = [
    "notifications",
    "medical_records",
    "users",
    "patient_profiles",
    "doctor_profiles",
    "time_slots",
    "doctor_unavailability",
    "audit_logs",
];

/// How a row is summed.
#[derive(Clone, Copy)]
pub enum Digest {
    /// As the ledger does, so that what was destroyed can be added.
    Crc,
    /// So that no two rows are alike by chance.
    Sha,
}

/// The columns of a table as SQL lists them, each that may be NULL with its name before it.
const COLUMNS: &str = "
    SET SESSION group_concat_max_len = 100000;
    SELECT GROUP_CONCAT(IF(is_nullable = 'YES', CONCAT('CONCAT(''', column_name, '='', d.`', column_name, '`)'), CONCAT('d.`', column_name, '`'))
        ORDER BY ordinal_position SEPARATOR ', ')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND generation_expression = '' AND table_name = ";

/// A number that stands for a row of a table, as SQL; the table's alias is `d`.
pub fn number(rows: &impl Fn(&str) -> Vec<String>, table: &str, digest: Digest) -> String {
    let row = format!("CONCAT_WS('#', {})", rows(&format!("{COLUMNS}'{table}'"))[0]);
    match digest {
        Digest::Crc => format!("CRC32({row})"),
        Digest::Sha => format!("CAST(CONV(LEFT(SHA2({row}, 256), 15), 16, 10) AS UNSIGNED)"),
    }
}

/// Rows and checksum as SQL.
pub fn sum(rows: &impl Fn(&str) -> Vec<String>, table: &str, digest: Digest) -> String {
    format!("COUNT(*), CAST(COALESCE(SUM({}), 0) AS CHAR)", number(rows, table, digest))
}

/// Where rows are looked for.
#[derive(Clone, Copy)]
pub enum Look {
    /// In the live tables, by month.
    Live,
    /// In the views, by month.
    Views,
    /// In each table and its archive, with what is between; by table, which takes half the time.
    Tables,
}

/// A month in transit, but for the copies of rows that stay.
const BETWEEN: &str = "appointments_moving d WHERE NOT EXISTS (SELECT 1 FROM appointments_staying s WHERE s.id = d.id)";

/// Rows and checksums of a table. What the writer wrote is left out, it is `w…`. By month, a row whose appointment has no key is
/// not counted, and so is missed.
pub fn of(rows: &impl Fn(&str) -> Vec<String>, table: &str, look: Look, digest: Digest) -> Sums {
    let sum = sum(rows, table, digest);
    let suffix = if matches!(look, Look::Views) { "_all" } else { "" };
    let place = "DATE_FORMAT(k.appointment_date, 'p_%Y_%m')";
    let sql = match (table, look) {
        ("appointments", Look::Tables) => tables(&number(rows, table, digest), table, &["appointments d WHERE TRUE", "appointments_archive d WHERE TRUE", BETWEEN]),
        (_, Look::Tables) if BY_MONTH.contains(&table) => {
            tables(&number(rows, table, digest), table, &[&format!("{table} d WHERE TRUE"), &format!("{table}_archive d WHERE TRUE")])
        }
        ("medical_records", Look::Tables) => {
            tables(&number(rows, table, digest), table, &["medical_records d WHERE TRUE", "medical_records_compressed d WHERE TRUE"])
        }
        ("appointments", _) => {
            format!("SELECT {}, {sum} FROM appointments{suffix} d WHERE {THEIRS} GROUP BY 1", place.replace("k.", "d."))
        }
        ("prescriptions", _) => format!(
            "SELECT CONCAT('{table} ', {place}), {sum} FROM prescriptions{suffix} d JOIN consultations{suffix} c ON c.id = d.consultation_id
             JOIN appointment_keys k ON k.id = c.appointment_id WHERE {THEIRS} GROUP BY 1"
        ),
        _ if BY_MONTH.contains(&table) => format!(
            "SELECT CONCAT('{table} ', {place}), {sum} FROM {table}{suffix} d JOIN appointment_keys k ON k.id = d.appointment_id
             WHERE {THEIRS} GROUP BY 1"
        ),
        ("medical_records", _) => format!("SELECT '{table}', {sum} FROM {table}{suffix} d"),
        ("audit_logs", _) => format!("SELECT '{table}', {sum} FROM {table} d WHERE entity_type <> 'caredb_runs'"),
        _ => format!("SELECT '{table}', {sum} FROM {table} d WHERE {THEIRS}"),
    };
    read(rows(&sql))
}

const THEIRS: &str = "d.id NOT LIKE 'w%'";

/// One statement, so that a row that moves meanwhile is seen in one place.
fn tables(number: &str, table: &str, from: &[&str]) -> String {
    let part = |from: &&str| format!("SELECT COUNT(*) AS number, SUM({number}) AS checksum FROM {from} AND {THEIRS}");
    let parts = from.iter().map(part).collect::<Vec<_>>().join(" UNION ALL ");
    format!(
        "SELECT '{table}', CAST(SUM(number) AS CHAR), CAST(COALESCE(SUM(checksum), 0) AS CHAR) FROM ({parts}) parts"
    )
}

/// The same by table.
pub fn by_table(sums: &Sums) -> Sums {
    let mut tables = Sums::new();
    for (place, (count, checksum)) in sums {
        let of = tables.entry(table_of(place).to_owned()).or_default();
        *of = (of.0 + count, of.1 + checksum);
    }
    tables
}

fn table_of(place: &str) -> &str {
    let table = place.split(' ').next().unwrap();
    if table.starts_with("p_") { "appointments" } else { table }
}

fn read(rows: Vec<String>) -> Sums {
    let row = |row: String| {
        let mut parts = row.split('|');
        let place = parts.next().unwrap().to_owned();
        let mut number = || parts.next().unwrap().parse().unwrap();
        (place, (number(), number()))
    };
    rows.into_iter().map(row).collect()
}

const DESTROYED: &str = "
    SELECT part, CAST(SUM(row_count) AS CHAR), CAST(SUM(checksum) AS CHAR) FROM caredb_run_parts
    WHERE action IN ('destroy', 'purge') GROUP BY part";

/// What the ledger says was destroyed on purpose.
pub fn destroyed(rows: &impl Fn(&str) -> Vec<String>) -> Sums {
    read(rows(DESTROYED))
}

/// What was there before, without what the ledger says was destroyed.
pub fn left(rows: &impl Fn(&str) -> Vec<String>, before: &Sums) -> Sums {
    let mut left = before.clone();
    for (place, (count, checksum)) in destroyed(rows) {
        let there = left.entry(place).or_default();
        *there = (there.0 - count, there.1 - checksum);
    }
    left.retain(|_, &mut sum| sum != (0, 0));
    left
}

/// What of some tables is not as it should be, by place.
pub fn differences(expected: &Sums, found: &Sums, tables: &[&str]) -> Vec<String> {
    let is_meant = |place: &&String| tables.contains(&table_of(place));
    let places: std::collections::BTreeSet<&String> =
        expected.keys().filter(is_meant).chain(found.keys().filter(is_meant)).collect();
    let differ = |place: &&String| expected.get(*place) != found.get(*place);
    let say = |place: &String| format!("{place}: {:?} expected, {:?} found", expected.get(place), found.get(place));
    places.into_iter().filter(differ).map(say).collect()
}

/// Months whose keys are not turned yet, since they are between two exchanges.
const ON_ITS_WAY: &str = "
    SELECT p.part FROM caredb_run_parts p JOIN caredb_runs r ON r.id = p.run_id
    WHERE r.outcome IS NULL AND p.action = 'archive' AND p.state IN ('moving', 'landing')";

/// Rows without a key or with another, rows whose key does not say where they are, keys without a row: none of each.
const KEYS: &str = "
    SELECT CAST(COALESCE(SUM(k.id IS NULL), 0) AS SIGNED),
           CAST(COALESCE(SUM(k.archived <> a.archived AND DATE_FORMAT(a.appointment_date, 'p_%Y_%m') NOT IN (<way>)), 0) AS SIGNED),
           CAST((SELECT COUNT(*) FROM appointment_keys WHERE id NOT LIKE 'w%' AND appointment_date < '<before>') AS SIGNED) - COUNT(*)
    FROM appointments_all a LEFT JOIN appointment_keys k ON k.id = a.id AND k.appointment_date = a.appointment_date
        AND k.booking_reference = a.booking_reference AND k.patient_id = a.patient_id AND k.doctor_id = a.doctor_id
        AND k.cancelled_by <=> a.cancelled_by AND k.rescheduled_from <=> a.rescheduled_from
    WHERE a.id NOT LIKE 'w%' AND a.appointment_date < '<before>'";

/// What keys and rows of the days before `before` say differently, as counts: `0|0|0` is good.
pub fn keys(rows: &impl Fn(&str) -> Vec<String>, before: &str) -> String {
    let mut way = rows(ON_ITS_WAY);
    way.push(String::new());
    let sql = KEYS.replace("<way>", &format!("'{}'", way.join("', '"))).replace("<before>", before);
    rows(&sql).remove(0)
}

const WRONGLY_ARCHIVED: &str = "
    SELECT COUNT(*) FROM appointments_archive a WHERE a.status <> 'COMPLETED' OR a.payment_status = 'PENDING'
        OR a.patient_id IN (SELECT patient_id FROM caredb_holds WHERE patient_id IS NOT NULL)
        OR a.id IN (SELECT appointment_id FROM caredb_holds WHERE appointment_id IS NOT NULL AND reason = 'soak')";

/// How many archived rows must stay where they were.
pub fn wrongly_archived(rows: &impl Fn(&str) -> Vec<String>) -> String {
    rows(WRONGLY_ARCHIVED).remove(0)
}

/// What must be nowhere, as a name and a query that counts it.
const NOWHERE: [(&str, &str); 3] = [
    (
        "archived rows of live appointments",
        "SELECT (SELECT COUNT(*) FROM consultations_archive d JOIN appointment_keys k ON k.id = d.appointment_id WHERE NOT k.archived)
              + (SELECT COUNT(*) FROM payments_archive d JOIN appointment_keys k ON k.id = d.appointment_id WHERE NOT k.archived)
              + (SELECT COUNT(*) FROM reviews_archive d JOIN appointment_keys k ON k.id = d.appointment_id WHERE NOT k.archived)",
    ),
    (
        "prescriptions without their consultation beside them",
        "SELECT (SELECT COUNT(*) FROM prescriptions d LEFT JOIN consultations c ON c.id = d.consultation_id WHERE c.id IS NULL)
              + (SELECT COUNT(*) FROM prescriptions_archive d LEFT JOIN consultations_archive c ON c.id = d.consultation_id WHERE c.id IS NULL)",
    ),
    (
        "rows without a key",
        "SELECT (SELECT COUNT(*) FROM consultations_all d LEFT JOIN appointment_keys k ON k.id = d.appointment_id WHERE k.id IS NULL)
              + (SELECT COUNT(*) FROM payments_all d LEFT JOIN appointment_keys k ON k.id = d.appointment_id WHERE k.id IS NULL)
              + (SELECT COUNT(*) FROM reviews_all d LEFT JOIN appointment_keys k ON k.id = d.appointment_id WHERE k.id IS NULL)",
    ),
];

/// What is where it must not be. Not for a month between two exchanges, whose keys are not turned.
pub fn astray(rows: &impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let found = NOWHERE.iter().map(|(what, sql)| (what, rows(sql).remove(0)));
    found.filter(|(_, count)| count != "0").map(|(what, count)| format!("{count} {what}")).collect()
}
