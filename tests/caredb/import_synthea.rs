//! The export of another system as it comes: Synthea's patients, who have never been. Every row is imported, or said why not.

use std::path::Path;

use insta::assert_snapshot;

use crate::import::{migrated, synthea};

#[test]
fn a_synthea_export_is_imported() {
    let Some(data) = synthea() else {
        eprintln!(
            "SKIPPED: no Synthea export in ../shared/legacy/synthea, and CAREDB_SYNTHEA names none: nothing was tested"
        );
        return;
    };
    let test = migrated("import_synthea");
    std::fs::copy("examples/legacy/synthea.toml", test.folder.join("synthea.toml")).unwrap();
    for name in ["patients", "providers", "encounters", "claims", "medications"] {
        let name = format!("{name}.csv");
        std::os::unix::fs::symlink(data.join(&name), test.folder.join(&name)).unwrap();
    }
    assert_snapshot!(test.run("import run synthea.toml --max-errors 5% --examples 1"), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    patient_users  27  0  0  0  0
    doctor_users  166  0  0  0  0
    patient_profiles  27  0  0  0  0
    doctor_profiles  166  0  0  0  0
    appointments  601  0  0  0  0
    consultations  599  0  0  0  0
    prescriptions  657  0  0  0  0
    payments  1259  0  0  0  0

    code  where  rows  first
    double-booking  appointments.doctor_id  3  line 82 `9999999x-x9x9-9999-99xx-9xxx9x9xxxxx`
    duplicate-id  prescriptions  1  line 82
    out-of-range  consultations.end_time  2  line 83 `9999-99-99x99:99:99x`
    out-of-range  consultations.start_time  2  line 83 `9999-99-99x99:99:99x`
    unknown-reference  payments.appointment_id  8  line 98 `xxx999x9-9x9x-xx99-99xx-9xx99x9x99x9`
    unknown-reference  consultations.appointment_id  3  line 82 `xxx999x9-9x9x-xx99-99xx-9xx99x9x99x9`
    unknown-reference  prescriptions.consultation_id  5  line 165 `x9xx999x-999x-999x-x9xx-9x999x99x999`

    imported 3502 rows from 2727 rows of `synthea` in <s> s; 19 rejected, in `rejects/encounters.csv`, `rejects/claims.csv`, `rejects/medications.csv`; run 1
    ");
    assert_snapshot!(test.run("import verify synthea.toml"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    patient_users  27  0  -
    doctor_users  166  0  -
    patient_profiles  27  0  -
    doctor_profiles  166  0  -
    appointments  601  0  -
    consultations  599  0  -
    prescriptions  657  0  -
    payments  1259  0  -

    money  month  files  database
    appointments.fee  all  69564.64  69564.64
    payments.amount  all  0.00  0.00

    the database has all 3502 rows as the files have them; 19 rows of the files are rejected, and not looked for
    ");
    // each row of each file is in its table, or in the rejects with a code
    for (file, from) in [
        ("encounters", "appointments"),
        ("claims", "payments"),
        ("medications", "prescriptions"),
        ("patients", "patient_profiles"),
        ("providers", "doctor_profiles"),
    ] {
        let imported: usize = test.rows(&format!("SELECT COUNT(*) FROM {from}"))[0].parse().unwrap();
        let rejected = of(&test.folder.join(format!("rejects/{file}.csv")));
        let rejected = rejected.iter().filter(|codes| !only_of_another(file, codes)).count();
        assert_eq!(imported + rejected, of(&data.join(format!("{file}.csv"))).len(), "{file}");
    }
    // the true end of one that goes on behind midnight stands with the consultation; of 14 one is a double booking
    assert_eq!(
        test.rows(
            "SELECT COUNT(*), CAST(SUM(c.end_time > TIMESTAMP(a.appointment_date, a.end_time)) AS SIGNED) FROM appointments a
             JOIN consultations c ON c.appointment_id = a.id WHERE a.end_time = '23:59:59'"
        ),
        ["13|13"]
    );
    // who prescribed is who was visited
    assert_eq!(
        test.rows(
            "SELECT COUNT(*) FROM prescriptions p JOIN consultations c ON c.id = p.consultation_id
             JOIN appointments a ON a.id = c.appointment_id WHERE a.doctor_id <> p.doctor_id OR a.patient_id <> p.patient_id"
        ),
        ["0"]
    );
}

/// An encounter before 1970 is an appointment, and no consultation.
fn only_of_another(file: &str, codes: &str) -> bool {
    file == "encounters" && codes == "out-of-range"
}

/// The last field of each row of a CSV file.
fn of(path: &Path) -> Vec<String> {
    let Ok(mut reader) = csv::Reader::from_path(path) else { return Vec::new() };
    reader.records().map(|row| row.unwrap().iter().next_back().unwrap().to_owned()).collect()
}
