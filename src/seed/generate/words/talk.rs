//! What people write: reasons, reviews, answers.

/// Why patients cancel.
pub const PATIENT_CANCELS: [&str; 8] = [
    "Has to work at that time after all",
    "Feels better, no longer needed",
    "Child is ill",
    "No one to look after the children",
    "Car broke down",
    "On a business trip at short notice",
    "Has found an earlier appointment elsewhere",
    "Caught a cold",
];

/// Why doctors cancel.
pub const DOCTOR_CANCELS: [&str; 4] = [
    "Doctor called to an emergency operation",
    "Doctor held up in the hospital",
    "Device is being repaired",
    "Doctor had to leave early",
];

/// Why the desk cancels.
pub const STAFF_CANCELS: [&str; 4] = [
    "Booked twice by mistake, patient informed",
    "Insurance does not cover this visit, patient agreed",
    "Patient called and asked to cancel",
    "Practice closed early because of the weather",
];

/// What the desk notes on an appointment.
pub const NOTES: [&str; 8] = [
    "Needs an interpreter",
    "Comes with a wheelchair",
    "Asked to be called back with the result",
    "Brings old reports",
    "Prefers to pay at the desk",
    "Afraid of needles",
    "Partner comes along",
    "Parking permit requested",
];

/// What the doctor remembers.
pub const DOCTOR_NOTES: [&str; 8] = [
    "Calm explanation took most of the time.",
    "Has read a lot, good questions.",
    "Partner present and worried.",
    "Wants to avoid tablets if possible.",
    "Reliable, brings the diary every time.",
    "Under pressure at work, ask again next time.",
    "Second opinion is fine with me.",
    "Agreed to try it for three months.",
];

/// What was there before.
pub const PAST_HISTORY: [&str; 10] = [
    "Appendectomy as a child.",
    "No operations, no regular medicines.",
    "Hay fever.",
    "Hypertension for eight years.",
    "Tonsils removed.",
    "Former smoker, stopped five years ago.",
    "Two normal deliveries.",
    "Migraine since youth.",
    "Hypothyroidism, substituted.",
    "Broken wrist, healed without trouble.",
];

/// Feedback right after the visit, by number of stars less one.
pub const FEEDBACK: [&[&str]; 5] = [
    &["Waited for an hour.", "Felt rushed out."],
    &["Too short.", "Nobody answered the phone before."],
    &["All right, a bit hurried.", "Hard to get through on the phone before."],
    &["A bit of waiting, otherwise good.", "Helpful, would come again."],
    &[
        "Felt well looked after.",
        "Clear explanation, no rush.",
        "Everything was understandable.",
        "Short wait, good advice.",
    ],
];

/// Reviews, by number of stars less one.
pub const REVIEWS: [&[&str]; 5] = [
    &[
        "Waited 70 minutes and was out again after five. Not again.",
        "Did not look up from the screen once.",
        "Nobody told me the visit had been moved. I stood before a closed door.",
    ],
    &[
        "Competent perhaps, but no time for questions.",
        "The bill was higher than I was told.",
        "Video kept breaking off, and in the end I got a leaflet.",
    ],
    &[
        "Good doctor, chaotic front desk.",
        "Decent. Had hoped for a clearer plan.",
        "Fine, though I had to ask twice for the result.",
        "Helped in the end. Parking is a nightmare.",
    ],
    &[
        "Knew what it was in two minutes and explained the rest.",
        "Friendly and thorough, twenty minutes late.",
        "Took me seriously. One point off for the waiting room.",
        "Treatment works, follow-up by video is practical.",
    ],
    &[
        "Listened, drew it on a sheet of paper and explained every tablet.",
        "Best explanation I have had in years. Thank you!",
        "On time, kind, and the pain is gone.",
        "I was nervous and left calm. 💚",
        "Did not prescribe anything I did not need.",
        "The whole family goes there now.",
        "Result the same evening, with a call. That is rare.",
    ],
];

/// What doctors answer to good reviews.
pub const THANKS: [&str; 5] = [
    "Thank you for your kind words, all the best!",
    "Thank you. I will pass it on to the team.",
    "Glad to hear that you are better.",
    "Thank you, see you at the check-up.",
    "That makes our day here. Thank you.",
];

/// What doctors answer to bad ones.
pub const APOLOGIES: [&str; 4] = [
    "I am sorry about the wait; an emergency came in between.",
    "Thank you for being open. Please call us so that we can put it right.",
    "That should not have happened, and we have changed how we tell patients.",
    "I am sorry that it felt rushed; do come back with your questions.",
];

/// Why reviews are rejected.
pub const REPORTS: [&str; 3] = ["Names another patient", "Insults the staff", "Advertises another practice"];

/// Why cards are declined.
pub const DECLINES: [(&str, &str); 4] = [
    ("insufficient_funds", "Card declined: insufficient funds"),
    ("expired_card", "Card declined: card has expired"),
    ("authentication_required", "Payer did not confirm in the banking app"),
    ("do_not_honor", "Declined by the bank without a reason"),
];

/// Why part of a payment goes back after the visit.
pub const OVERCHARGES: [&str; 4] = [
    "Material was billed twice",
    "Insurance covers part of the fee after all",
    "Fee of a follow-up visit was agreed",
    "Laboratory was billed twice",
];

/// What browsers call themselves.
pub const AGENTS: [&str; 6] = [
    "Firefox/128.0 (Linux x86_64)",
    "Safari/17.5 (iPhone)",
    "Chrome/126.0 (Windows NT 10.0)",
    "Chrome/126.0 (Android 14)",
    "Safari/17.5 (Macintosh)",
    "Edge/126.0 (Windows NT 10.0)",
];

/// Hospitals that doctors work with.
pub const HOSPITALS: [&str; 6] = [
    "Fairbrook General Hospital",
    "Port Ellery Medical Center",
    "Lakeside Joint Institute",
    "Fairbrook Children's Clinic",
    "Westhaven University Hospital",
    "Saint Anne's Hospital",
];

/// Where doctors studied.
pub const SCHOOLS: [&str; 7] = [
    "University of Eastfjord",
    "Minato Bay Medical College",
    "Westhaven School of Medicine",
    "Universidad de Puerto Alto",
    "Medical Academy of Nowy Brzeg",
    "Lakeside Institute of Medicine",
    "Royal College of Carrick",
];

/// What they were given.
pub const AWARDS: [&str; 5] = [
    "Teacher of the Year, Fairbrook Medical Society",
    "Patients' Choice of the County",
    "Young Investigator Award",
    "Golden Stethoscope of the regional chamber",
    "Award for Rural Care",
];

/// Where they wrote.
pub const JOURNALS: [&str; 4] = [
    "Journal of Practical Medicine",
    "Annals of Everyday Care",
    "Fairbrook Medical Letters",
    "Clinical Notes Quarterly",
];

/// What stands behind a doctor's title in the bio.
pub const BIOS: [&str; 8] = [
    "Plain language, honest answers and time for questions.",
    "Treats whole families and knows most of them by name.",
    "Operates or prescribes only when nothing simpler helps.",
    "Came here from a university hospital and has not regretted it.",
    "Believes in prevention, short letters and punctual starts.",
    "Offers evening video visits for people with long working days.",
    "Runs the teaching programme for young colleagues.",
    "Plays the cello, badly, and explains findings, well.",
];

/// Allergies: kind, what.
pub const ALLERGIES: [(&str, &str); 10] = [
    ("food", "peanuts"),
    ("food", "shellfish"),
    ("food", "hazelnuts"),
    ("food", "cow's milk"),
    ("medication", "penicillin"),
    ("medication", "sulfonamides"),
    ("medication", "ibuprofen"),
    ("environmental", "birch pollen"),
    ("environmental", "house dust mites"),
    ("environmental", "cat hair"),
];

/// Chronic conditions of adults, with what is taken for them.
pub const CONDITIONS: [(&str, &str, &str, &str); 9] = [
    ("hypertension", "Ramipril", "5mg", "once daily"),
    ("type 2 diabetes", "Metformin", "1000mg", "twice daily"),
    ("hypothyroidism", "Levothyroxine", "75mcg", "once daily"),
    ("asthma", "Budesonide/formoterol", "160/4.5mcg", "twice daily"),
    ("hypercholesterolaemia", "Atorvastatin", "20mg", "once daily"),
    ("migraine", "Propranolol", "40mg", "twice daily"),
    ("osteoarthritis of the knee", "Paracetamol", "500mg", "on demand"),
    ("gastro-oesophageal reflux", "Pantoprazole", "20mg", "once daily"),
    ("depression (in remission)", "Sertraline", "50mg", "once daily"),
];
