use super::*;
use crate::import::mapping::Mapping;

/// A file as it would be seen.
fn seen(name: &str, csv: &str) -> Seen {
    let mut lines = csv.lines().map(|line| line.split(',').map(|field| (!field.is_empty()).then(|| field.to_owned())));
    let header = lines.next().unwrap().map(Option::unwrap_or_default).collect();
    Seen {
        name: name.to_owned(),
        file: format!("{name}.csv"),
        header,
        rows: lines.map(Iterator::collect).collect(),
        ..Seen::default()
    }
}

/// The lines of a draft about a column of the table `table`, and the doubts above it.
fn lines(draft: &str, table: &str, column: &str) -> String {
    let (_, rest) = draft.split_once(&format!("into = \"{table}\"")).unwrap_or_default();
    let rest = rest.split("[[table]]").next().unwrap_or_default();
    let mut above = Vec::new();
    for line in rest.lines() {
        if line.starts_with(&format!("{column} =")) || line.starts_with(&format!("# fill in: {column} =")) {
            above.push(line);
            return above.join("\n");
        }
        let is_rule = !line.starts_with('#') || line.starts_with("# fill in: ") && line.contains(" = {");
        if is_rule { above.clear() } else { above.push(line) }
    }
    String::new()
}

#[test]
fn a_rule_is_guessed_by_name_and_values() {
    for (table, column, csv, expected) in [
        ("patient_profiles", "last_name", "id,Surname\n1,Roe\n", "last_name = { from = \"Surname\" }"),
        ("patient_profiles", "first_name", "id,x\n1,Roe\n", "# fill in: first_name = { from = \"…\" }"),
        ("patient_profiles", "date_of_birth", "id,DOB\n1,1980-05-06\n", "date_of_birth = { from = \"DOB\" }"),
        (
            "patient_profiles",
            "date_of_birth",
            "id,DOB\n1,06.05.1980\n",
            "date_of_birth = { from = \"DOB\", format = [\"%d.%m.%Y\"] }",
        ),
        (
            "patient_profiles",
            "date_of_birth",
            "id,DOB\n1,05/06/1980\n2,24/06/1980\n",
            "date_of_birth = { from = \"DOB\", format = [\"%d/%m/%Y\"] }",
        ),
        (
            "patient_profiles",
            "date_of_birth",
            "id,DOB\n1,05/06/1980\n",
            "# doubt: `%d/%m/%Y` and `%m/%d/%Y` fit; keep the one that is meant\ndate_of_birth = { from = \"DOB\", format = [\"%d/%m/%Y\", \"%m/%d/%Y\"] }",
        ),
        ("patient_profiles", "date_of_birth", "id,DOB\n1,soon\n", "# fill in: date_of_birth = { from = \"…\" }"),
        (
            "patient_profiles",
            "date_of_birth",
            "id,DOB\n1,soon\n2,1980-05-06\n",
            "# doubt: 1 row of 2 would be rejected; is this the right column?\ndate_of_birth = { from = \"DOB\" }",
        ),
        (
            "patient_profiles",
            "created_at",
            "id,Created\n1,06.05.2024 09:30\n",
            "created_at = { from = \"Created\", format = [\"%d.%m.%Y %H:%M\"] }",
        ),
        (
            "patient_profiles",
            "gender",
            "id,Sex\n1,m\n2,f\n",
            "# doubt: what the words mean is guessed\ngender = { from = \"Sex\", words = { \"f\" = \"FEMALE\", \"m\" = \"MALE\" } }",
        ),
        ("patient_profiles", "gender", "id,Sex\n1,MALE\n", "gender = { from = \"Sex\" }"),
        (
            "patient_profiles",
            "gender",
            "id,Sex\n1,m\n2,2\n",
            "# fill in: what `?` is, of MALE, FEMALE, OTHER\ngender = { from = \"Sex\", words = { \"2\" = \"?\", \"m\" = \"MALE\" } }",
        ),
        (
            "patient_profiles",
            "address",
            "id,Street,Zip\n1,a,b\n",
            "# doubt: the keys of the object are guessed\naddress = { json = { street = \"Street\", zip = \"Zip\" } }",
        ),
        ("patient_profiles", "allergies", "id,Allergies\n1,[]\n", "allergies = { from = \"Allergies\" }"),
        (
            "patient_profiles",
            "allergies",
            "id,Allergies\n1,nuts\n",
            "# doubt: the text is no JSON, so an object is made of it\nallergies = { json = { text = \"Allergies\" } }",
        ),
        ("users", "email", "id,Mail\n1,a@b.example\n", "email = { from = \"Mail\", pattern = \"email\" }"),
        ("users", "role", "id,Mail\n1,a@b.example\n", "role = { value = \"PATIENT\" }"),
        (
            "patient_profiles",
            "user_id",
            "id,Mail\n1,a\n",
            "user_id = { reference = \"patients_users\", by = [\"id\"] }",
        ),
    ] {
        assert_eq!(lines(&draft(&[seen("patients", csv)]), table, column), expected, "{csv}");
    }
}

#[test]
fn references_are_found_by_name_and_by_values() {
    let patients = || seen("patients", "PatNo,Surname\nP1,a\nP2,b\nP3,c\n");
    for (visits, expected) in [
        ("No,PatNo\n1,P1\n2,P3\n", "patient_id = { reference = \"patient_profiles\", by = [\"PatNo\"] }"),
        (
            "No,PatNo\n1,P1\n2,P9\n",
            "# doubt: of 2 different values, 1 not in \"PatNo\"\npatient_id = { reference = \"patient_profiles\", by = [\"PatNo\"] }",
        ),
        (
            "No,whom\n1,P1\n2,P2\n3,P3\n",
            "# doubt: the values alone speak for it: they are in \"PatNo\" of source `patients`\npatient_id = { reference = \"patient_profiles\", by = [\"whom\"] }",
        ),
        ("No,whom\n1,x\n", "# fill in: patient_id = { reference = \"…\", by = [\"…\"] }"),
    ] {
        let draft = draft(&[seen("visits", visits), patients()]);
        assert_eq!(lines(&draft, "appointments", "patient_id"), expected, "{visits}");
    }
}

#[test]
fn what_is_not_known_must_be_filled_in() {
    let text = draft(&[seen("things", "a,b\nx,y\nx,y\nx,y\n")]);
    assert!(text.contains("# fill in: the table that these are rows of\ninto = \"?\"\n"), "{text}");
    assert!(text.contains("# fill in: the columns that the other system knows a row by\nlegacy_id = []\n"), "{text}");
    let error = Mapping::parse(&text, "m").unwrap_err().to_string();
    assert!(error.starts_with("`[[table]]` `?`: there is no table `?`; there are appointments, "), "{error}");
    let text = draft(&[seen("users", "id,login\n1,x\n")]);
    let error = Mapping::parse(&text, "m").unwrap_err().to_string();
    assert_eq!(error, "`[[table]]` `users`: column `email` must have a value, and has no rule");
}

#[test]
fn names_of_a_file_do_not_leave_their_quotes() {
    let header = "a\"b\n[[table]]\u{7f}";
    let seen = Seen {
        name: "users".to_owned(),
        file: "u\".csv".to_owned(),
        header: vec!["id".to_owned(), "email".to_owned(), header.to_owned()],
        rows: vec![vec![Some("1".to_owned()), Some("a@b".to_owned()), Some("x".to_owned())]],
        ..Seen::default()
    };
    let text = draft(&[seen]);
    assert!(text.contains("nothing is made of \"a\\\"b\\n[[table]]\\u007f\"\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("[[table]]")).count(), 1);
}
