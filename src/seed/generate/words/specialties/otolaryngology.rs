//! Ear, nose and throat.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Ear, nose and throat.
pub static OTOLARYNGOLOGY: Specialty = Specialty {
    name: "Otolaryngology",
    code: "ENT",
    title: "Ear, nose and throat doctor",
    qualification: "MD, Board Certified in Otolaryngology",
    focus: &["hearing loss", "sinus disease", "vertigo", "snoring"],
    fee: 130,
    slot_minutes: 20,
    audience: Audience::Everyone,
    topics: &[
        Topic {
            reasons: &[
                "Ringing in the left ear",
                "Hears badly in restaurants",
                "Family says the television is too loud",
            ],
            again: &["Hearing aid after two weeks of trial", "Tinnitus check"],
            symptoms: &["tinnitus", "hearing loss", "pressure in the ear"],
            complaint: "Tinnitus and hearing loss",
            history: &[
                "High-pitched tone for six weeks, louder at night.",
                "Worked in a print shop for years.",
                "No vertigo, no discharge.",
            ],
            findings: &[
                "Eardrums normal on both sides.",
                "Weber to the better ear, Rinne positive.",
                "Notch at 4 kHz in the audiogram.",
            ],
            diagnosis: ("H83.3", "Noise effects on inner ear"),
            also: ("H93.1", "Tinnitus"),
            plan: &["Hearing aid on trial.", "Sound therapy at night.", "Hearing protection at work."],
            medications: &[
                med("Prednisolone", "50mg", "once daily", 5, 5, "In the morning"),
                med("Magnesium citrate", "300mg", "once daily", 30, 30, "With food"),
            ],
            labs: &["Blood count", "Blood sugar"],
            advice: "Avoid silence at bedtime; a quiet radio helps.",
            file: file(
                "OTHER",
                "Pure-tone audiogram",
                "application/pdf",
                &["Loss of 40 dB at 4 kHz on both sides.", "Mild loss on the left."],
                &[("left_db", 150, 550), ("right_db", 150, 550)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Blocked nose and headache for weeks",
                "Sinus infection again",
                "Can't smell anything since the cold",
            ],
            again: &["Sinus check after the spray", "CT result"],
            symptoms: &["nasal obstruction", "facial pressure", "loss of smell"],
            complaint: "Nasal obstruction with facial pressure",
            history: &[
                "Cold eight weeks ago that never went.",
                "Uses decongestant spray every night.",
                "Hay fever in spring.",
            ],
            findings: &["Septum deviated to the right, mucosa swollen.", "Mucus in the middle meatus.", "No polyps."],
            diagnosis: ("J32.9", "Chronic sinusitis, unspecified"),
            also: ("J34.2", "Deviated nasal septum"),
            plan: &["Steroid spray for eight weeks, salt rinses.", "Stop the decongestant.", "CT if it stays."],
            medications: &[
                med("Mometasone nasal spray", "50mcg", "once daily", 56, 1, "Two puffs each side"),
                med("Saline rinse", "0.9%", "twice daily", 56, 60, "Before the spray"),
            ],
            labs: &["Specific IgE, airborne panel", "Nasal swab"],
            advice: "Rinse with boiled water only.",
            file: file(
                "CT_SCAN",
                "CT of the sinuses",
                "application/zip",
                &["Shadow in the left maxillary sinus.", "Sinuses free, septum deviated."],
                &[("slices", 900, 1800)],
            ),
            vitals: Vitals::Fever,
        },
        Topic {
            reasons: &["The room turns when I lie down", "Dizzy in the morning", "Vertigo attacks since Sunday"],
            again: &["Vertigo after the manoeuvre", "Balance training"],
            symptoms: &["vertigo", "nausea", "unsteady gait"],
            complaint: "Positional vertigo",
            history: &[
                "Attacks of half a minute when turning in bed.",
                "No headache, hearing as before.",
                "Fell off a bicycle two months ago.",
            ],
            findings: &[
                "Dix-Hallpike positive on the right.",
                "Gait sure between attacks.",
                "No spontaneous nystagmus.",
            ],
            diagnosis: ("H81.1", "Benign paroxysmal vertigo"),
            also: ("R42", "Dizziness and giddiness"),
            plan: &[
                "Epley manoeuvre done, relief at once.",
                "Exercises at home for a week.",
                "No driving until free of attacks.",
            ],
            medications: &[
                med("Dimenhydrinate", "50mg", "on demand", 3, 10, "Makes drowsy; no driving"),
                med("Betahistine", "16mg", "3 times daily", 14, 42, "With food"),
            ],
            labs: &["Vitamin D", "Blood count"],
            advice: "Sleep with the head raised for two nights.",
            file: file(
                "OTHER",
                "Video-oculography",
                "video/mp4",
                &["Positional nystagmus to the right.", "No nystagmus after the manoeuvre."],
                &[("seconds", 200, 900)],
            ),
            vitals: Vitals::Pressure,
        },
    ],
};
