//! Heart and vessels.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Heart and vessels.
pub static CARDIOLOGY: Specialty = Specialty {
    name: "Cardiology",
    code: "CAR",
    title: "Cardiologist",
    qualification: "MD, Board Certified in Cardiovascular Disease",
    focus: &["heart failure", "arrhythmia", "hypertension", "preventive cardiology"],
    fee: 170,
    slot_minutes: 30,
    audience: Audience::Adults,
    topics: &[
        Topic {
            reasons: &[
                "Blood pressure at home is too high",
                "Headaches in the morning, pressure 165/100 at the pharmacy",
                "Sent by the family doctor because of high blood pressure",
            ],
            again: &["Blood pressure check after change of tablets", "Review of the pressure diary"],
            symptoms: &["headache", "dizziness", "nosebleed", "palpitations"],
            complaint: "Elevated blood pressure at home",
            history: &[
                "Readings between 150 and 170 systolic for about three months.",
                "Eats out most days, little exercise since changing jobs.",
                "Father had a stroke at 61.",
                "Sleeps badly and snores.",
            ],
            findings: &[
                "Regular rhythm, no murmur, lungs clear.",
                "No ankle oedema, pulses present on both sides.",
                "Pressure equal on both arms.",
                "Fundi without haemorrhage.",
            ],
            diagnosis: ("I10", "Essential (primary) hypertension"),
            also: ("E78.5", "Hyperlipidaemia, unspecified"),
            plan: &[
                "Start an ACE inhibitor and recheck creatinine in two weeks.",
                "Pressure diary twice a day for one week before the next visit.",
                "Less salt, half an hour of brisk walking on most days.",
            ],
            medications: &[
                med("Ramipril", "5mg", "once daily", 90, 90, "Take in the morning"),
                med("Amlodipine", "5mg", "once daily", 90, 90, "Take in the evening"),
                med("Hydrochlorothiazide", "12.5mg", "once daily", 90, 90, "Take in the morning"),
            ],
            labs: &["Creatinine", "Potassium", "Lipid panel"],
            advice: "Less than 5 g of salt a day; bring the pressure diary to the next visit.",
            file: file(
                "ECG",
                "Resting ECG",
                "application/pdf",
                &[
                    "Sinus rhythm, no acute ST changes.",
                    "Sinus rhythm, left axis, voltage criteria for hypertrophy not met.",
                ],
                &[("heart_rate", 580, 920), ("pr_interval_ms", 1400, 2000)],
            ),
            vitals: Vitals::Heart,
        },
        Topic {
            reasons: &[
                "Heart skips beats in the evening",
                "Racing heart for minutes at a time",
                "Palpitations after coffee",
            ],
            again: &["Result of the 24-hour ECG", "Check after starting the beta blocker"],
            symptoms: &["palpitations", "lightheadedness", "chest flutter", "fatigue"],
            complaint: "Intermittent palpitations",
            history: &[
                "Episodes two or three times a week, each for a few minutes.",
                "No syncope, no chest pain.",
                "Four cups of coffee a day, stressful months at work.",
                "Thyroid was checked last year and normal.",
            ],
            findings: &[
                "Single extra beats on auscultation, otherwise regular.",
                "Thyroid not enlarged.",
                "Resting ECG without conduction disorder.",
            ],
            diagnosis: ("I49.3", "Ventricular premature depolarization"),
            also: ("I48.0", "Paroxysmal atrial fibrillation"),
            plan: &[
                "24-hour ECG, echo to exclude structural disease.",
                "Cut down on caffeine, magnesium for four weeks.",
                "Low-dose beta blocker if episodes go on.",
            ],
            medications: &[
                med("Metoprolol succinate", "47.5mg", "once daily", 60, 60, "Do not stop abruptly"),
                med("Magnesium citrate", "300mg", "once daily", 30, 30, "Take with food"),
            ],
            labs: &["TSH", "Potassium", "Magnesium"],
            advice: "Note date and time of each episode, and what came before it.",
            file: file(
                "ECG",
                "24-hour ECG",
                "application/pdf",
                &["Rare monomorphic premature beats, no pause.", "Two short runs of atrial fibrillation at night."],
                &[("premature_beats", 200, 38000), ("mean_heart_rate", 610, 880)],
            ),
            vitals: Vitals::Heart,
        },
        Topic {
            reasons: &[
                "Chest tightness when climbing stairs",
                "Short of breath on the second floor",
                "Pressure behind the breastbone on cold mornings",
            ],
            again: &["Review after the stress test", "Three months after the stent"],
            symptoms: &["chest tightness", "shortness of breath on exertion", "reduced stamina"],
            complaint: "Exertional chest tightness",
            history: &[
                "Pressure after two flights of stairs, gone within minutes of rest.",
                "No pain at night.",
                "Former smoker, 20 pack-years.",
                "Diabetes for six years, tablets only.",
            ],
            findings: &[
                "Soft systolic murmur at the apex.",
                "Lungs clear, no oedema.",
                "Resting ECG without acute changes.",
            ],
            diagnosis: ("I20.8", "Other forms of angina pectoris"),
            also: ("I25.1", "Atherosclerotic heart disease"),
            plan: &[
                "Low-dose aspirin and a statin.",
                "Exercise stress test within four weeks.",
                "Nitroglycerin spray on demand; emergency services if pain lasts over ten minutes.",
            ],
            medications: &[
                med("Aspirin", "81mg", "once daily", 90, 90, "Take with food"),
                med("Atorvastatin", "40mg", "once daily", 90, 90, "Take in the evening"),
                med("Bisoprolol", "2.5mg", "once daily", 90, 90, "Take in the morning"),
            ],
            labs: &["Lipid panel", "HbA1c", "NT-proBNP"],
            advice: "No heavy lifting until the stress test is done.",
            file: file(
                "CT_SCAN",
                "CT angiography of the coronary arteries",
                "application/zip",
                &[
                    "Non-obstructive plaque in the proximal LAD.",
                    "Mid LAD stenosis of 40 to 50 percent, left main free.",
                ],
                &[("slices", 2560, 6400), ("contrast_ml", 500, 800)],
            ),
            vitals: Vitals::Heart,
        },
    ],
};
