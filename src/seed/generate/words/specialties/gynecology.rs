//! Women.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Women.
pub static GYNECOLOGY: Specialty = Specialty {
    name: "Gynecology",
    code: "GYN",
    title: "Gynecologist",
    qualification: "MD, Board Certified in Obstetrics and Gynecology",
    focus: &["prenatal care", "endometriosis", "menopause", "contraception"],
    fee: 140,
    slot_minutes: 20,
    audience: Audience::Women,
    topics: &[
        Topic {
            reasons: &["Yearly check and smear", "Screening reminder came by mail", "Check-up and contraception"],
            again: &["Result of the smear", "Refill of the pill"],
            symptoms: &["none", "irregular bleeding"],
            complaint: "Routine gynaecological examination",
            history: &[
                "No complaints, regular cycle.",
                "Last smear three years ago, normal.",
                "Takes the pill, tolerates it well.",
            ],
            findings: &[
                "Breasts without lumps.",
                "Cervix without lesions, smear taken.",
                "Ultrasound: uterus and ovaries normal.",
            ],
            diagnosis: ("Z01.4", "Gynaecological examination"),
            also: ("Z30.4", "Surveillance of contraceptives"),
            plan: &["Smear sent in, result in ten days.", "Next check in a year.", "Mammography from 50 on."],
            medications: &[
                med(
                    "Levonorgestrel/ethinylestradiol",
                    "0.1mg/0.02mg",
                    "once daily",
                    84,
                    84,
                    "At the same time every day",
                ),
                med("Folic acid", "0.4mg", "once daily", 90, 90, "If pregnancy is planned"),
            ],
            labs: &["Cytology", "HPV test"],
            advice: "Palpate the breasts once a month, after the period.",
            file: file(
                "LAB_REPORT",
                "Cytology",
                "application/pdf",
                &["No abnormal cells.", "Slight changes, to be repeated in six months."],
                &[("hpv_types", 0, 20)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &["Pregnant, first visit", "Positive test last week", "Prenatal care, moved from another town"],
            again: &["Prenatal check", "Second-trimester ultrasound"],
            symptoms: &["nausea", "fatigue", "missed period"],
            complaint: "Early pregnancy",
            history: &[
                "Positive test last week, planned.",
                "Nausea in the mornings, keeps fluids down.",
                "First pregnancy, does not smoke.",
            ],
            findings: &[
                "Intrauterine pregnancy with heartbeat.",
                "Crown-rump length fits the dates.",
                "Cervix closed.",
            ],
            diagnosis: ("Z34.0", "Supervision of normal first pregnancy"),
            also: ("O21.0", "Mild hyperemesis gravidarum"),
            plan: &[
                "Record of pregnancy handed out.",
                "Folic acid and iodine.",
                "Next visit in four weeks, screening explained.",
            ],
            medications: &[
                med("Folic acid", "0.8mg", "once daily", 90, 90, "With breakfast"),
                med("Doxylamine/pyridoxine", "10mg/10mg", "twice daily", 14, 28, "On demand against nausea"),
            ],
            labs: &["Blood group and antibodies", "Rubella antibodies", "Haemoglobin"],
            advice: "No raw meat, no raw milk; walk every day.",
            file: file(
                "ULTRASOUND",
                "Ultrasound in pregnancy",
                "image/jpeg",
                &["Heartbeat present, dates confirmed.", "Growth on the 50th percentile."],
                &[("crown_rump_mm", 80, 740), ("heart_rate", 1100, 1700)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Period pain so strong that I miss work",
                "Pain in the lower belly every month",
                "Bleeding too strong and too long",
            ],
            again: &["Pain diary after three months", "Iron check"],
            symptoms: &["pelvic pain", "heavy bleeding", "fatigue"],
            complaint: "Painful and heavy periods",
            history: &[
                "For three years, two days in bed each month.",
                "Ibuprofen helps half.",
                "Sister has endometriosis.",
            ],
            findings: &[
                "Uterus mobile, tender at the back.",
                "Ultrasound: small chocolate cyst on the left.",
                "Pale conjunctivae.",
            ],
            diagnosis: ("N80.9", "Endometriosis, unspecified"),
            also: ("N92.0", "Excessive and frequent menstruation"),
            plan: &[
                "Progestogen without a break for three months.",
                "Iron tablets.",
                "Laparoscopy discussed, not yet wanted.",
            ],
            medications: &[
                med("Dienogest", "2mg", "once daily", 84, 84, "At the same time every day"),
                med("Ferrous sulfate", "100mg", "once daily", 60, 60, "On an empty stomach"),
            ],
            labs: &["Ferritin", "Haemoglobin", "CA-125"],
            advice: "Warmth and light sports are allowed; keep the pain diary.",
            file: file(
                "ULTRASOUND",
                "Transvaginal ultrasound",
                "image/jpeg",
                &["Endometrioma of 2 cm on the left.", "Uterus and ovaries normal."],
                &[("cyst_mm", 50, 380)],
            ),
            vitals: Vitals::Pressure,
        },
    ],
};
