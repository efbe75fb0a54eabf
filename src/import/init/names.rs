//! What columns and files are called, here and elsewhere.

use crate::import::target::Table;

/// Other names of columns, in the form of [`plain`]; English, and some German.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("action", &["event", "operation"]),
    ("allergies", &["allergy", "allergien"]),
    ("alternate_phone", &["phone2", "secondphone", "homephone", "mobil", "mobile", "handy"]),
    ("amount", &["total", "price", "sum", "betrag", "honorar", "fee"]),
    ("appointment_date", &["date", "visitdate", "day", "datum", "termin", "startdate"]),
    ("appointment_id", &["appointment", "visit", "visitid", "encounter", "encounterid", "besuch", "termin"]),
    ("availability_status", &["status", "availability"]),
    ("blood_type", &["bloodgroup", "blood", "blut", "blutgruppe"]),
    (
        "booking_reference",
        &["bookingno", "bookingnumber", "reference", "visitno", "appointmentno", "besuchnr", "terminnr"],
    ),
    ("cancelled_at", &["cancelled", "cancelledon", "abgesagtam", "storniertam"]),
    ("consultation_fee", &["fee", "rate", "price", "honorar"]),
    ("consultation_type", &["type", "kind", "mode", "art"]),
    ("created_at", &["created", "createdon", "registered", "entered", "angelegt", "erstellt"]),
    ("date_of_birth", &["dob", "birthdate", "birthday", "born", "geboren", "geburtsdatum", "gebdat"]),
    ("description", &["text", "details", "beschreibung"]),
    ("doctor_id", &["doctor", "physician", "provider", "providerid", "arzt", "arztnr"]),
    ("email", &["mail", "emailaddress", "mailaddress"]),
    ("end_time", &["end", "until", "to", "finish", "stop", "bis", "ende"]),
    ("experience_years", &["experience", "years", "yearsofexperience", "jahre"]),
    ("fee", &["price", "amount", "charge", "honorar", "gebuehr"]),
    ("first_name", &["firstname", "first", "forename", "givenname", "given", "vorname"]),
    ("gender", &["sex", "geschlecht"]),
    ("height", &["heightcm", "groesse"]),
    ("is_active", &["active", "enabled", "aktiv"]),
    ("is_first_visit", &["firstvisit", "newpatient", "erstbesuch"]),
    ("last_name", &["lastname", "last", "surname", "familyname", "family", "nachname", "familienname"]),
    ("license_expiry", &["licenseexpires", "licensevaliduntil", "lizenzbis"]),
    ("license_number", &["license", "licence", "licenceno", "licenseno", "lizenz", "npi"]),
    ("notes", &["note", "comment", "comments", "remarks", "bemerkung"]),
    ("patient_id", &["patient", "patientno", "patientnumber", "patnr", "patientennr"]),
    ("payment_method", &["method", "paidby", "zahlart"]),
    ("phone_number", &["phone", "telephone", "tel", "phoneno", "telefon"]),
    ("priority", &["urgency", "urgent", "eilig"]),
    ("qualification", &["degree", "title", "abschluss"]),
    ("reason_for_visit", &["reason", "complaint", "grund"]),
    ("rescheduled_from", &["movedfrom", "previousvisit", "verlegtvon"]),
    ("review_text", &["review", "comment", "text"]),
    ("specialization", &["specialty", "speciality", "field", "department", "fach"]),
    ("start_time", &["start", "from", "time", "begin", "von", "beginn", "uhrzeit"]),
    ("status", &["state"]),
    ("transaction_id", &["transaction", "receipt", "receiptno", "paymentid", "belegnr"]),
    ("updated_at", &["updated", "changed", "modified", "geaendert"]),
    ("user_id", &["user", "account", "login"]),
    ("weight", &["weightkg", "gewicht"]),
];

/// A key of an object, and what columns with its value are called.
type Part = (&'static str, &'static [&'static str]);

/// Columns that are JSON, whether the object stands in an array, and its parts.
pub(super) const PARTS: &[(&str, bool, &[Part])] = &[
    (
        "address",
        false,
        &[
            ("street", &["street", "address1", "addressline1", "strasse"]),
            ("zip", &["zip", "zipcode", "postcode", "postalcode", "plz"]),
            ("city", &["city", "town", "ort", "stadt"]),
            ("state", &["state", "province", "county"]),
            ("country", &["country", "land"]),
        ],
    ),
    (
        "emergency_contact",
        false,
        &[
            (
                "name",
                &[
                    "emergencycontact",
                    "emergencyname",
                    "emergencycontactname",
                    "nextofkin",
                    "notfall",
                    "notfallkontakt",
                ],
            ),
            ("phone", &["emergencyphone", "emergencycontactphone", "notfalltelefon"]),
        ],
    ),
    (
        "insurance_info",
        false,
        &[
            ("provider", &["insurance", "insurer", "payer", "kasse", "krankenkasse"]),
            ("number", &["insuranceno", "insurancenumber", "policyno", "policynumber", "versichertennr"]),
        ],
    ),
    ("languages", true, &[("name", &["languages", "language", "sprachen", "sprache"])]),
    ("education", true, &[("school", &["education", "university", "school", "universitaet"])]),
    ("symptoms", true, &[("description", &["symptoms", "symptom", "complaints", "beschwerden"])]),
];

/// What files are called that have rows of a table.
const FILES: &[(&str, &[&str])] = &[
    ("appointments", &["appointment", "visit", "encounter", "booking", "termin", "besuch"]),
    ("audit_logs", &["audit", "log"]),
    ("consultations", &["consultation"]),
    ("doctor_profiles", &["doctor", "physician", "provider", "arzt", "aerzte"]),
    ("doctor_unavailability", &["unavailab", "absence", "vacation", "urlaub"]),
    ("medical_records", &["record", "document", "befund"]),
    ("notifications", &["notification", "message"]),
    ("patient_profiles", &["patient"]),
    ("payments", &["payment", "claim", "invoice", "zahlung", "rechnung"]),
    ("prescriptions", &["prescription", "medication", "rezept"]),
    ("reviews", &["review", "rating", "bewertung"]),
    ("time_slots", &["slot", "schedule", "sprechzeit"]),
    ("users", &["user", "account", "login", "benutzer"]),
];

/// A name in small letters and digits alone: `E-Mail` is `email`, `Straße` is `strasse`.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            letter if letter.is_alphanumeric() => plain.push(letter),
            _ => {}
        }
    }
    plain
}

/// The place in a header of what a column is called: by its own name before any other.
pub(super) fn find(header: &[String], column: &str) -> Option<usize> {
    let synonyms = SYNONYMS.iter().find(|(name, _)| *name == column).map_or(&[][..], |(_, synonyms)| *synonyms);
    any(header, &[&[plain(column).as_str()][..], synonyms].concat())
}

/// The place in a header of the first of these names that it has.
pub(super) fn any(header: &[String], names: &[&str]) -> Option<usize> {
    let header: Vec<String> = header.iter().map(|name| plain(name)).collect();
    names.iter().find_map(|name| header.iter().position(|column| column == name))
}

/// How many signs there are that a file of this name and header has rows of a table: its name, and each column.
pub(super) fn signs(file: &str, header: &[String], name: &str, table: &Table) -> usize {
    let file = plain(file);
    let called = FILES.iter().any(|(of, words)| *of == name && words.iter().any(|word| file.contains(word)));
    let column = |column: &str| {
        let parts = PARTS.iter().find(|(of, ..)| *of == column).map_or(&[][..], |(.., parts)| *parts);
        find(header, column).is_some() || parts.iter().any(|(_, names)| any(header, names).is_some())
    };
    let columns = table.columns.iter().filter(|one| !one.name.ends_with("_at") && one.name != "id");
    columns.filter(|one| column(&one.name)).count() + if called { 4 } else { 0 }
}

/// Whether a column's name says that rows are known by it.
pub(super) fn is_key(name: &str) -> bool {
    let name = plain(name);
    ["id", "nr", "no", "number", "nummer", "key", "uuid", "code"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::target;

    #[test]
    fn names_are_plain() {
        for (name, expected) in
            [("E-Mail", "email"), ("Straße ", "strasse"), ("dateOfBirth", "dateofbirth"), ("Größe", "groesse")]
        {
            assert_eq!(plain(name), expected);
        }
    }

    #[test]
    fn the_lists_name_columns_and_tables_that_there_are() {
        let tables = target::tables();
        let columns = SYNONYMS.iter().map(|(name, _)| name).chain(PARTS.iter().map(|(name, ..)| name));
        for column in columns {
            assert!(tables.values().any(|table| table.column(column).is_some()), "{column}");
        }
        assert!(FILES.iter().all(|(name, _)| tables.contains_key(*name)) && FILES.len() == tables.len());
        let names = SYNONYMS.iter().flat_map(|(_, names)| *names).chain(FILES.iter().flat_map(|(_, names)| *names));
        for name in names {
            assert_eq!(plain(name), *name);
        }
        assert!(SYNONYMS.is_sorted() && FILES.is_sorted());
    }

    #[test]
    fn columns_are_found_by_their_own_name_first() {
        let header = ["Mail", "email", "surname", "Geb.dat"].map(str::to_owned);
        let found = ["email", "last_name", "date_of_birth", "phone_number"].map(|column| find(&header, column));
        assert_eq!(found, [Some(1), Some(2), Some(3), None]);
    }
}
