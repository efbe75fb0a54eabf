//! `import` of the sample: what is right first, then what was rejected, mended by hand.

use std::path::Path;

use insta::assert_snapshot;

use crate::import::{ROWS, STRAY, tables, with_sample};

#[test]
#[expect(clippy::too_many_lines, reason = "one story, most of it what is said")]
fn the_sample_is_imported_mended_and_compared() {
    let test = with_sample("import_sample");
    assert_snapshot!(test.run("import run mapping.toml --examples 0").lines().last().unwrap(), @"nothing was loaded: of 2276 rows, 39 rejected, in `rejects/doctors.csv`, `rejects/patients.csv`, `rejects/visits.csv`; mend them, or say by `--max-errors` how many may be left out");
    assert_eq!(test.rows("SELECT COUNT(*) FROM users"), ["0"]);
    let text = test.run("import run mapping.toml --max-errors 2% --examples 0");
    assert_snapshot!(tables(&text), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  19  0  0  0  0
    doctor_profiles  14  0  0  0  0
    patient_users  428  0  0  0  0
    patient_profiles  420  0  0  0  0
    appointments  1801  0  0  0  0
    payments  772  0  0  0  0
    ");
    assert_snapshot!(text.lines().last().unwrap(), @"imported 3454 rows from 2276 rows of `praxis-muster` in <s> s; 39 rejected, in `rejects/doctors.csv`, `rejects/patients.csv`, `rejects/visits.csv`; run 2");
    let rows = test.rows(ROWS);
    assert_snapshot!(rows.join("\n"), @"
    users|447
    patients|420
    doctors|14
    appointments|1801
    keys|1801
    payments|772
    moved|72
    map|3454
    ");
    assert_snapshot!(test.run("import verify mapping.toml"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    doctor_users  19  0  -
    doctor_profiles  14  0  -
    patient_users  428  0  -
    patient_profiles  420  0  -
    appointments  1801  0  -
    payments  772  0  -

    money  month  files  database
    appointments.fee  all  116826.75  116826.75
    payments.amount  all  50076.25  50076.25

    the database has all 3454 rows as the files have them; 39 rows of the files are rejected, and not looked for
    ");
    // again: nothing is doubled
    assert_snapshot!(tables(&test.run("import run mapping.toml --max-errors 39")), @"
    exit 1
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  0  19  0  0  0
    doctor_profiles  0  14  0  0  0
    patient_users  0  428  0  0  0
    patient_profiles  0  420  0  0  0
    appointments  0  1801  0  0  0
    payments  0  772  0  0  0
    ");
    assert_eq!(test.rows(ROWS), rows);
    assert_eq!(test.rows(STRAY), [] as [&str; 0]);
    mend(&test.folder.join("rejects"));
    // an import takes away what it has loaded
    let mended = test.folder.join("mended");
    std::fs::create_dir(&mended).unwrap();
    for name in ["doctors.csv", "patients.csv", "visits.csv"] {
        std::fs::copy(test.folder.join("rejects").join(name), mended.join(name)).unwrap();
    }
    assert_snapshot!(test.run("import run mapping.toml --mended rejects"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    doctor_users  2  5  0  0  0
    doctor_profiles  7  0  0  0  0
    patient_users  12  8  0  0  0
    patient_profiles  20  0  0  0  0
    appointments  10  1  0  0  0
    payments  5  0  0  0  0

    imported 56 rows from 38 rows of `praxis-muster` in <s> s; none is rejected; run 4
    ");
    assert_snapshot!(test.run("import verify mapping.toml --mended mended"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    doctor_users  7  0  -
    doctor_profiles  7  0  -
    patient_users  20  0  -
    patient_profiles  20  0  -
    appointments  11  0  -
    payments  5  0  -

    money  month  files  database
    appointments.fee  all  1633.25  1633.25
    payments.amount  all  204.50  204.50

    the database has all 70 rows as the files have them
    ");
    assert_eq!(
        std::fs::read_dir(test.folder.join("rejects"))
            .unwrap()
            .filter(|file| !file.as_ref().unwrap().path().to_string_lossy().contains(".csv~"))
            .count(),
        0
    );
    assert_snapshot!(test.rows(ROWS).join("\n"), @"
    users|461
    patients|440
    doctors|21
    appointments|1811
    keys|1811
    payments|777
    moved|73
    map|3510
    ");
    assert_eq!(test.rows(STRAY), [] as [&str; 0]);
}

/// Of the row with this number, a column, and what it should have been.
type Change = (&'static str, &'static str, &'static str);

/// Mends each rejected row as a person would.
fn mend(rejects: &Path) {
    let mend: [(&str, &[Change]); 3] = [
        (
            "doctors",
            &[
                ("A80", "Lizenz_bis", "05.06.2031"),
                ("A81", "Lizenz", "LIZ-0081"),
                ("A82", "Jahre", "9"),
                ("A83", "Jahre", "30"),
                ("A84", "Standort", "Nord"),
                ("A85", "Standort", "Süd"),
                ("A86", "Name", "Ohnekomma, Zoë"),
            ],
        ),
        (
            "patients",
            &[
                ("09001", "Geboren", "28.02.1980"),
                ("09002", "Geboren", "03.02.1980"),
                ("09003", "EMail", "pat9003@post.example"),
                ("09004", "EMail", "pat9004@post.example"),
                ("09005", "Telefon", "030 23125 005"),
                ("09006", "Allergien", "[\"Nüsse\"]"),
                ("09007", "Geschlecht", "d"),
                ("09008", "Nachname", "Vonnirgend"),
                ("09009", "Größe", "1,75"),
                ("09010", "Vorname", "Fips"),
                ("09011", "Angelegt", "26.10.2025 03:30"),
                ("09012", "Angelegt", "30.03.2025 03:30"),
                ("09013", "Angelegt", "30.03.2025 09:30"),
                ("09014", "Aktiv", "J"),
                ("00011", "PatNr", ""),
                ("", "PatNr", "09016"),
                ("09017", "", ""),
                ("09018", "Straße", "Erfundener Weg 8"),
                ("09019", "Straße", "Erfundener Weg 9"),
            ],
        ),
        (
            "visits",
            &[
                ("B-5001", "Von", "9.30"),
                ("B-5002", "Bis", "23.30"),
                ("B-5003", "Bis", "23.30"),
                ("B-5004", "Honorar", "1200,00"),
                ("B-5005", "Honorar", "12,00"),
                ("B-5006", "PatNr", "00001"),
                ("B-5008", "Verlegt_von", "B-5001"),
                ("B-5009", "Von", "6.00"),
                ("B-5010", "Erstbesuch", "1"),
                ("B-5011", "Zahlart", "EC"),
            ],
        ),
    ];
    for (name, changes) in mend {
        let path = rejects.join(format!("{name}.csv"));
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).unwrap();
        let header: Vec<String> =
            reader.headers().map(|header| header.iter().map(str::to_owned).collect()).unwrap_or_default();
        let rows: Vec<csv::ByteRecord> = reader.byte_records().map(Result::unwrap).collect();
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(&header).unwrap();
        for row in rows {
            let mut row: Vec<String> = row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
            let id = row[0].clone();
            if row.len() > header.len() {
                row.remove(header.len() - 3); // the field too many
            }
            // the row with the number of another patient is one of its kind
            if id == "00011" {
                continue;
            }
            for (_, column, to) in changes.iter().filter(|(of, column, _)| *of == id && !column.is_empty()) {
                (*to).clone_into(&mut row[header.iter().position(|name| name == column).unwrap()]);
            }
            writer.write_record(&row).unwrap();
        }
    }
}
