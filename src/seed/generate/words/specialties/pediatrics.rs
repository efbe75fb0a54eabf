//! Children.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Children.
pub static PEDIATRICS: Specialty = Specialty {
    name: "Pediatrics",
    code: "PED",
    title: "Children's doctor",
    qualification: "MD, Board Certified in Pediatrics",
    focus: &["asthma in childhood", "vaccination", "growth and development", "infections"],
    fee: 90,
    slot_minutes: 20,
    audience: Audience::Children,
    topics: &[
        Topic {
            reasons: &[
                "Coughs every night and during sports",
                "Wheezes since the last cold",
                "Short of breath in the playground",
            ],
            again: &["Asthma check", "Inhaler training once more"],
            symptoms: &["night cough", "wheezing", "shortness of breath when running"],
            complaint: "Cough at night and with exercise",
            history: &[
                "Dry cough three nights a week for two months.",
                "Stops playing after ten minutes.",
                "Mother has hay fever.",
                "Eczema as a baby.",
            ],
            findings: &[
                "Alert, growth on the 60th percentile.",
                "End-expiratory wheeze on both sides.",
                "Peak flow 78 percent of predicted, 92 after salbutamol.",
            ],
            diagnosis: ("J45.0", "Predominantly allergic asthma"),
            also: ("J30.1", "Allergic rhinitis due to pollen"),
            plan: &[
                "Low-dose inhaled steroid with spacer.",
                "Salbutamol before sports.",
                "Written action plan for school.",
            ],
            medications: &[
                med("Fluticasone inhaler", "50mcg", "twice daily", 60, 1, "With spacer, rinse mouth afterwards"),
                med("Salbutamol inhaler", "100mcg", "on demand", 90, 1, "Two puffs before sports"),
            ],
            labs: &["Specific IgE, airborne panel", "Blood count"],
            advice: "Keep the emergency inhaler in the school bag.",
            file: file(
                "LAB_REPORT",
                "Lung function",
                "application/pdf",
                &["Mild obstruction, fully reversible.", "Normal flow-volume curve under treatment."],
                &[("fev1_percent", 740, 1020), ("peak_flow", 1800, 3600)],
            ),
            vitals: Vitals::Fever,
        },
        Topic {
            reasons: &[
                "Fever and ear pain since the night",
                "Cries and pulls at the ear",
                "Third cold this winter, now the ear hurts",
            ],
            again: &["Ear check after the antibiotic", "Hears badly since the ear infection"],
            symptoms: &["fever", "ear pain", "irritability", "runny nose"],
            complaint: "Ear pain with fever",
            history: &[
                "Cold for four days, fever up to 39.4 °C.",
                "Drinks well, wet nappies.",
                "In nursery with many colds.",
            ],
            findings: &[
                "Right eardrum red and bulging.",
                "Throat slightly red, chest clear.",
                "No stiff neck, no rash.",
            ],
            diagnosis: ("H66.9", "Otitis media, unspecified"),
            also: ("J06.9", "Acute upper respiratory infection, unspecified"),
            plan: &[
                "Ibuprofen by weight, nose drops for five days.",
                "Antibiotic if fever lasts beyond 48 hours.",
                "Ear check in two weeks.",
            ],
            medications: &[
                med("Ibuprofen syrup", "20mg/ml", "3 times daily", 5, 1, "By weight, after food"),
                med("Amoxicillin syrup", "50mg/ml", "3 times daily", 7, 1, "Finish the bottle"),
            ],
            labs: &["CRP", "Blood count"],
            advice: "Come back at once with vomiting, swelling behind the ear or a limp child.",
            file: file(
                "LAB_REPORT",
                "CRP and blood count",
                "application/pdf",
                &["CRP raised, leucocytes normal.", "CRP normal, speaks for a virus."],
                &[("crp_mg_l", 10, 640), ("leucocytes", 48, 165)],
            ),
            vitals: Vitals::Fever,
        },
        Topic {
            reasons: &["Check-up and vaccination", "Preschool examination", "Booster shot before the school trip"],
            again: &["Second dose of the vaccine", "Check-up, questions about sleep"],
            symptoms: &["none", "worries about growth"],
            complaint: "Well-child examination",
            history: &[
                "Eats well, sleeps through.",
                "Speaks in whole sentences, rides a bicycle.",
                "Vaccinations complete up to now.",
            ],
            findings: &[
                "Growth on its percentile.",
                "Heart, lungs and abdomen without findings.",
                "Vision and hearing tested, normal.",
            ],
            diagnosis: ("Z00.1", "Routine child health examination"),
            also: ("Z23", "Encounter for immunization"),
            plan: &["Vaccinated today, observed for 15 minutes.", "Next check-up in a year.", "Dentist twice a year."],
            medications: &[
                med("Vitamin D", "400IU", "once daily", 180, 180, "With breakfast"),
                med("Paracetamol syrup", "24mg/ml", "on demand", 3, 1, "If fever follows the vaccination"),
            ],
            labs: &["Haemoglobin", "Lead level"],
            advice: "A sore arm and a quiet evening are normal after the vaccination.",
            file: file(
                "OTHER",
                "Vaccination record",
                "application/pdf",
                &["Record up to date.", "Copy for the school."],
                &[("pages", 10, 30)],
            ),
            vitals: Vitals::Fever,
        },
    ],
};
