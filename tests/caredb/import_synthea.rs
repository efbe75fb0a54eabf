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
    std::fs::copy("fixtures/legacy/synthea.toml", test.folder.join("synthea.toml")).unwrap();
    for name in ["patients", "providers", "encounters", "claims", "medications"] {
        let name = format!("{name}.csv");
        std::os::unix::fs::symlink(data.join(&name), test.folder.join(&name)).unwrap();
    }
    assert_snapshot!(test.run("import run synthea.toml --max-errors 5% --examples 1"), @"");
    assert_snapshot!(test.run("import verify synthea.toml"), @"");
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
    // the true end of one that goes on behind midnight stands with the consultation
    assert_snapshot!(test.rows(
        "SELECT a.start_time, a.end_time, DATEDIFF(c.end_time, c.start_time) FROM appointments a
         JOIN consultations c ON c.appointment_id = a.id WHERE a.end_time = '23:59:59' ORDER BY 1 LIMIT 3"
    ).join("\n"), @"");
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
    reader.records().map(|row| row.unwrap().iter().last().unwrap().to_owned()).collect()
}
