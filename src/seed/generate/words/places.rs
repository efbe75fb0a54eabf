//! Names of people and places; the places, insurers and numbers are nobody's.

/// Names that go together.
#[derive(Debug, PartialEq, Eq)]
pub struct Culture {
    /// Given names.
    pub women: &'static [&'static str],
    /// Given names.
    pub men: &'static [&'static str],
    /// Family names.
    pub families: &'static [&'static str],
    /// The language beside English; empty where there is none.
    pub language: &'static str,
}

/// The most frequent first.
pub static CULTURES: [Culture; 8] = [
    Culture {
        women: &[
            "Alice",
            "Grace",
            "Hannah",
            "Emily",
            "Olivia",
            "Charlotte",
            "Megan",
            "Ruth",
            "Eleanor",
            "Nora",
            "Joanna",
            "Beth",
            "Claire",
            "Diane",
            "Abigail",
            "Susan",
            "Heather",
            "Martha",
        ],
        men: &[
            "James", "William", "Thomas", "Henry", "Daniel", "Samuel", "George", "Peter", "Andrew", "Robert", "Jack",
            "Edward", "Martin", "Simon", "Luke", "Nathan", "Owen", "Arthur",
        ],
        families: &[
            "Whitfield",
            "Parker",
            "Holloway",
            "Bennett",
            "Fletcher",
            "Marsh",
            "Coleman",
            "Harding",
            "Sutton",
            "Wells",
            "Barrett",
            "Doyle",
            "Fitzgerald",
            "O'Connor",
            "O'Brien",
            "Mercer",
            "Lawson",
            "Pryor",
            "Thornton",
            "Reeves",
            "Ashby",
            "Goodwin",
        ],
        language: "",
    },
    Culture {
        women: &["María", "Lucía", "Carmen", "Inés", "Sofía", "Valentina", "Elena", "Paula", "Rosa", "Camila"],
        men: &["José", "Rafael", "Diego", "Andrés", "Javier", "Luis", "Mateo", "Carlos", "Tomás", "Emilio"],
        families: &[
            "García", "Quintana", "Núñez", "Herrera", "Morales", "Castillo", "Vega", "Salazar", "Ibáñez", "Peña",
            "Rojas", "Delgado",
        ],
        language: "Spanish",
    },
    Culture {
        women: &["Priya", "Ananya", "Meera", "Kavya", "Lakshmi", "Nisha", "Divya", "Asha"],
        men: &["Arjun", "Rohan", "Vikram", "Sanjay", "Karthik", "Amit", "Nikhil", "Rahul"],
        families: &["Mehta", "Raman", "Iyer", "Sharma", "Patel", "Banerjee", "Nair", "Kulkarni", "Reddy", "Chopra"],
        language: "Hindi",
    },
    Culture {
        women: &["Zofia", "Agnieszka", "Małgorzata", "Katarzyna", "Petra", "Jana", "Ewa", "Milena"],
        men: &["Łukasz", "Paweł", "Tomasz", "Jakub", "Marek", "Jiří", "Dušan", "Piotr"],
        families: &[
            "Wołyński",
            "Górski",
            "Nowak",
            "Kowalczyk",
            "Zieliński",
            "Dvořák",
            "Horák",
            "Wójcik",
            "Król",
            "Mazur",
        ],
        language: "Polish",
    },
    Culture {
        women: &["伟芳", "静", "丽", "敏", "秀英", "晓雯", "雪", "美玲"],
        men: &["伟", "强", "磊", "军", "勇", "杰", "明", "建国"],
        families: &["李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"],
        language: "Mandarin",
    },
    Culture {
        women: &["Fatima", "Yara", "Noor", "Layla", "Samira", "Amina", "Hana", "Rania"],
        men: &["Omar", "Yusuf", "Karim", "Hassan", "Tariq", "Bilal", "Samir", "Nabil"],
        families: &[
            "Benali",
            "Haddad",
            "El Khatib",
            "Mansour",
            "Aziz",
            "Farouk",
            "Nasser",
            "Rahman",
            "Saleh",
            "Khalil",
        ],
        language: "Arabic",
    },
    Culture {
        women: &["Amara", "Ngozi", "Adaeze", "Wanjiru", "Thandiwe", "Abena", "Zainab", "Ife"],
        men: &["Chidi", "Kofi", "Emeka", "Kwame", "Tendai", "Sekou", "Babatunde", "Juma"],
        families: &["Okafor", "Eze", "Asante", "Mensah", "Adeyemi", "Mwangi", "Ndlovu", "Diallo", "Traoré", "Nwosu"],
        language: "Yoruba",
    },
    Culture {
        women: &["Ingrid", "Astrid", "Birgit", "Søs", "Anneke", "Élodie", "Chloé", "Hélène", "Greta", "Liesel"],
        men: &["Émile", "Jürgen", "Lars", "Søren", "François", "Björn", "Matthias", "Noël", "Anders", "Jörg"],
        families: &[
            "Solheim",
            "Brandt",
            "Müller",
            "Dupré",
            "Lefèvre",
            "Sørensen",
            "Åkesson",
            "van den Berg",
            "Schäfer",
            "Lindqvist",
        ],
        language: "German",
    },
];

/// Street names; a number comes before them.
pub const STREETS: [&str; 20] = [
    "Linden Court",
    "Old Mill Road",
    "Harbor Street",
    "Weaver Lane",
    "Glassworks Lane",
    "Orchard Avenue",
    "Station Road",
    "Kingfisher Close",
    "Meadow View",
    "Quarry Hill",
    "Chapel Street",
    "Foundry Row",
    "Larkspur Drive",
    "North Parade",
    "Cooper's Yard",
    "Beacon Way",
    "Juniper Terrace",
    "Saint Anne's Square",
    "Riverside Walk",
    "Tannery Lane",
];

/// City, state, postal code, telephone prefix.
pub const CITIES: [(&str, &str, &str, &str); 10] = [
    ("Fairbrook", "VA", "22199", "202-555"),
    ("Port Ellery", "MD", "21299", "410-555"),
    ("Ashmere", "VA", "22198", "703-555"),
    ("Westhaven", "PA", "19199", "215-555"),
    ("Cedar Falls Mill", "WV", "25499", "304-555"),
    ("Lakeside", "NY", "14299", "716-555"),
    ("New Carrick", "NJ", "08899", "732-555"),
    ("Millbridge", "DE", "19899", "302-555"),
    ("Stonegate", "NC", "27699", "919-555"),
    ("Eastfjord", "ME", "04199", "207-555"),
];

/// Insurer, the letters of its policies, its plans.
pub const INSURERS: [(&str, &str, [&str; 3]); 5] = [
    ("Bluehaven Mutual", "BH", ["Silver", "Gold", "Family"]),
    ("Northwind Health Plan", "NW", ["Basic", "Senior Plus", "Choice"]),
    ("Harbor Assurance", "HA", ["Bronze", "Silver", "Platinum"]),
    ("Cedar & Stone Benefits", "CS", ["Employer", "Employer Plus", "High Deductible"]),
    ("Commonwell", "CW", ["Standard", "Student", "Complete"]),
];
