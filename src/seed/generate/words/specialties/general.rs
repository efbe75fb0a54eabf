//! The family doctor.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// The family doctor.
pub static GENERAL: Specialty = Specialty {
    name: "General Practice",
    code: "GEN",
    title: "Family doctor",
    qualification: "MD, Board Certified in Family Medicine",
    focus: &["diabetes", "travel medicine", "check-ups", "infections"],
    fee: 80,
    slot_minutes: 15,
    audience: Audience::Everyone,
    topics: &[
        Topic {
            reasons: &["Cough and fever for three days", "Cold that does not end", "Sore throat and blocked nose"],
            again: &["Cough still there after two weeks", "Sick note to be extended"],
            symptoms: &["cough", "fever", "sore throat", "runny nose"],
            complaint: "Cough with fever",
            history: &[
                "Began with a sore throat, then cough.",
                "Half of the office is ill.",
                "Drinks well, little appetite.",
                "Does not smoke.",
            ],
            findings: &[
                "Throat red without pus.",
                "Chest clear, no rattle.",
                "Lymph nodes at the neck slightly enlarged.",
            ],
            diagnosis: ("J06.9", "Acute upper respiratory infection, unspecified"),
            also: ("J20.9", "Acute bronchitis, unspecified"),
            plan: &[
                "Rest, fluids, paracetamol on demand.",
                "No antibiotic for now.",
                "Back if fever lasts beyond five days or breath gets short.",
            ],
            medications: &[
                med("Paracetamol", "500mg", "on demand", 5, 20, "At most four times a day"),
                med("Xylometazoline spray", "0.1%", "3 times daily", 5, 1, "Not longer than a week"),
            ],
            labs: &["CRP", "Blood count"],
            advice: "Stay at home until a day without fever.",
            file: file(
                "LAB_REPORT",
                "Blood count and CRP",
                "application/pdf",
                &["CRP slightly raised.", "Blood count without findings."],
                &[("crp_mg_l", 10, 420), ("haemoglobin_g_dl", 118, 165)],
            ),
            vitals: Vitals::Fever,
        },
        Topic {
            reasons: &["Burning when passing water", "Has to go every half hour", "Bladder infection again"],
            again: &["Urine check after the antibiotic", "Third infection this year"],
            symptoms: &["dysuria", "frequency", "lower abdominal pain"],
            complaint: "Dysuria",
            history: &[
                "Since yesterday, no fever, no flank pain.",
                "Two infections in the last year.",
                "Drinks little at work.",
            ],
            findings: &[
                "Abdomen soft, mild suprapubic tenderness.",
                "Flanks free.",
                "Dipstick: leucocytes and nitrite positive.",
            ],
            diagnosis: ("N30.0", "Acute cystitis"),
            also: ("R30.0", "Dysuria"),
            plan: &[
                "Single dose of fosfomycin.",
                "Drink two litres a day.",
                "Culture only if not better in three days.",
            ],
            medications: &[
                med("Fosfomycin", "3g", "once", 1, 1, "In the evening on an empty bladder"),
                med("Nitrofurantoin", "100mg", "twice daily", 5, 10, "With food"),
            ],
            labs: &["Urine culture", "Creatinine"],
            advice: "Come at once with fever or pain in the flank.",
            file: file(
                "LAB_REPORT",
                "Urine culture",
                "application/pdf",
                &["E. coli, sensitive to the usual agents.", "No growth."],
                &[("colonies_thousand", 0, 1000)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Blood sugar too high at the company check-up",
                "Thirsty all the time",
                "Diabetes: new in town, needs a doctor",
            ],
            again: &["Quarterly diabetes check", "Sugar diary and feet"],
            symptoms: &["thirst", "fatigue", "blurred vision"],
            complaint: "Raised blood sugar",
            history: &[
                "Fasting sugar 146 at the company doctor.",
                "Gained six kilos in two years.",
                "Both parents have diabetes.",
                "Lemonade with every meal.",
            ],
            findings: &[
                "Feet warm, pulses present, monofilament felt everywhere.",
                "Waist 108 cm.",
                "Skin without infection.",
            ],
            diagnosis: ("E11.9", "Type 2 diabetes mellitus without complications"),
            also: ("E66.9", "Obesity, unspecified"),
            plan: &[
                "Metformin, start with one tablet in the evening.",
                "Course on diabetes and cooking.",
                "Eye doctor once a year.",
            ],
            medications: &[
                med("Metformin", "500mg", "twice daily", 90, 180, "With meals"),
                med("Test strips", "1", "as told", 90, 50, "Twice a week, before breakfast"),
            ],
            labs: &["HbA1c", "Lipid panel", "Albumin in urine"],
            advice: "Water instead of lemonade; half of the plate vegetables.",
            file: file(
                "LAB_REPORT",
                "HbA1c and lipids",
                "application/pdf",
                &["HbA1c above target.", "HbA1c at target, LDL slightly raised."],
                &[("hba1c_percent", 58, 98), ("ldl", 700, 1800)],
            ),
            vitals: Vitals::Heart,
        },
    ],
};
