//! Why an appointment stays where it is, though it is old enough. Pure: SQL text from the policy and what there is.

use std::collections::BTreeMap;

use crate::retention::policy::Status;

/// How many rows stay, by reason.
pub type Stays = BTreeMap<String, u64>;

/// `10 status, 2 unpaid`
#[must_use]
pub fn text(stays: &Stays) -> String {
    stays.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect::<Vec<_>>().join(", ")
}

/// Those of several months.
pub fn total<'a>(months: impl IntoIterator<Item = &'a Stays>) -> Stays {
    let mut total = Stays::new();
    for (reason, rows) in months.into_iter().flatten() {
        *total.entry(reason.clone()).or_default() += rows;
    }
    total
}

/// What decides whether a row may go.
#[derive(Debug, Clone)]
pub struct Rules<'a> {
    /// The status that a row must have, one of these.
    pub status: &'a [Status],
    /// Whether there is a table of legal holds.
    pub holds: bool,
    /// The archive's partition where it has rows already; a row may find its slot taken there.
    pub archive: Option<String>,
}

/// A reason: its name, and a condition on a row of `appointments`, which the alias `a` stands for.
pub type Reason = (&'static str, String);

/// The reasons that are read off the row itself, first those that come first.
#[must_use]
pub fn own(rules: &Rules<'_>) -> Vec<Reason> {
    let status: Vec<String> = rules.status.iter().map(|status| format!("'{}'", status.as_str())).collect();
    vec![
        ("status", format!("a.status NOT IN ({})", status.join(", "))),
        // for what was called off, nothing is owed
        ("unpaid", "COALESCE(a.payment_status, 'PENDING') = 'PENDING' AND a.status <> 'CANCELLED'".to_owned()),
    ]
}

const REFUND: &str = "EXISTS (SELECT 1 FROM payments p WHERE p.appointment_id = a.id
        AND (p.status IN ('PENDING', 'PROCESSING') OR (p.refund_amount IS NOT NULL AND p.refunded_at IS NULL)))";
const PRESCRIPTION: &str = "EXISTS (SELECT 1 FROM consultations c JOIN prescriptions r ON r.consultation_id = c.id
        WHERE c.appointment_id = a.id AND r.valid_until >= UTC_DATE())";
const FOLLOW_UP: &str = "EXISTS (SELECT 1 FROM consultations c WHERE c.appointment_id = a.id
        AND c.follow_up_required AND c.follow_up_date >= UTC_DATE())";
// the archive's unique keys: as those of appointments, so a slot can be taken there only once it was free here. By its key: for as
// long as the statistics call the month empty, the server reads all of it for each row (measured: 2.5 million rows for 100)
const SLOT: &str =
    "a.doctor_id = t.doctor_id AND a.appointment_date = t.appointment_date AND a.start_time = t.start_time
        AND t.status NOT IN ('CANCELLED', 'NO_SHOW')";

/// All reasons, first those that come first.
#[must_use]
pub fn all(rules: &Rules<'_>) -> Vec<Reason> {
    let mut reasons = own(rules);
    reasons.extend(of_others(rules.holds));
    if let Some(archive) = &rules.archive {
        let live = "a.status NOT IN ('CANCELLED', 'NO_SHOW')";
        reasons.push((
            "slot taken",
            format!("{live} AND EXISTS (SELECT 1 FROM {archive} t FORCE INDEX (uk_doctor_live_slot) WHERE {SLOT})"),
        ));
    }
    reasons
}

/// The reasons that are read off other tables, and hold for what belongs to an archived appointment, too. `holds`: there is a table
/// of legal holds.
#[must_use]
pub fn of_others(holds: bool) -> Vec<Reason> {
    let mut reasons = vec![
        ("refund", REFUND.to_owned()),
        ("prescription", PRESCRIPTION.to_owned()),
        ("follow-up", FOLLOW_UP.to_owned()),
    ];
    if holds {
        reasons.push(("hold", crate::retention::hold::covers("a.patient_id", "a.id")));
    }
    reasons
}

/// The name of the first reason that holds, or NULL where the row may go, as SQL.
#[must_use]
pub fn case(reasons: &[Reason]) -> String {
    let when: String = reasons.iter().map(|(name, condition)| format!(" WHEN {condition} THEN '{name}'")).collect();
    format!("CASE{when} END")
}

/// The condition under which a row may go, as SQL.
#[must_use]
pub fn none(reasons: &[Reason]) -> String {
    reasons.iter().map(|(_, condition)| format!("NOT ({condition})")).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_add_up() {
        let month = |rows: u64| Stays::from([("hold".to_owned(), rows), (rows.to_string(), 1)]);
        assert_eq!(text(&total(&[month(2), month(3)])), "1 2, 1 3, 5 hold");
    }

    #[test]
    fn reasons_become_sql() {
        let status = [Status::Completed, Status::NoShow];
        let rules = Rules { status: &status, holds: false, archive: None };
        assert_eq!(
            case(&own(&rules)),
            "CASE WHEN a.status NOT IN ('COMPLETED', 'NO_SHOW') THEN 'status' \
             WHEN COALESCE(a.payment_status, 'PENDING') = 'PENDING' AND a.status <> 'CANCELLED' THEN 'unpaid' END"
        );
        assert_eq!(
            none(&own(&rules)),
            "NOT (a.status NOT IN ('COMPLETED', 'NO_SHOW')) \
             AND NOT (COALESCE(a.payment_status, 'PENDING') = 'PENDING' AND a.status <> 'CANCELLED')"
        );
        let names: Vec<_> = all(&rules).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["status", "unpaid", "refund", "prescription", "follow-up"]);
    }
}
