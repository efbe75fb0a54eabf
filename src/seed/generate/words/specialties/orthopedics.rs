//! Back, knee, shoulder.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Back, knee, shoulder.
pub static ORTHOPEDICS: Specialty = Specialty {
    name: "Orthopedics",
    code: "ORT",
    title: "Orthopedic surgeon",
    qualification: "MD, Board Certified in Orthopedic Surgery",
    focus: &["sports injuries", "joint replacement", "spine", "shoulder"],
    fee: 150,
    slot_minutes: 30,
    audience: Audience::Everyone,
    topics: &[
        Topic {
            reasons: &[
                "Back pain shooting into the leg",
                "Can't sit for longer than ten minutes",
                "Lower back locked after moving house",
            ],
            again: &["Back pain after six weeks of physiotherapy", "MRI result"],
            symptoms: &["low back pain", "leg pain", "tingling"],
            complaint: "Low back pain with sciatica",
            history: &[
                "Lifted a washing machine three weeks ago.",
                "Pain down the calf to the little toe.",
                "No bladder trouble.",
                "Sits nine hours a day.",
            ],
            findings: &[
                "Straight leg raise positive at 40 degrees.",
                "Ankle reflex weak, strength full.",
                "Paravertebral muscles tense.",
            ],
            diagnosis: ("M51.1", "Lumbar disc disorder with radiculopathy"),
            also: ("M54.5", "Low back pain"),
            plan: &[
                "Stay active, ibuprofen for ten days.",
                "Physiotherapy, six sessions.",
                "MRI only if not better in six weeks.",
            ],
            medications: &[
                med("Ibuprofen", "600mg", "3 times daily", 10, 30, "Take with food"),
                med("Pantoprazole", "20mg", "once daily", 10, 10, "Before breakfast"),
            ],
            labs: &["CRP", "Creatinine"],
            advice: "Come at once with numbness between the legs or loss of bladder control.",
            file: file(
                "MRI",
                "MRI of the lumbar spine",
                "application/zip",
                &["Disc protrusion L5/S1 touching the S1 root.", "Age-appropriate degeneration, no compression."],
                &[("sequences", 40, 80), ("field_strength_t", 15, 30)],
            ),
            vitals: Vitals::Pain,
        },
        Topic {
            reasons: &["Knee twisted while skiing", "Knee gives way on stairs", "Swollen knee after football"],
            again: &["Knee, four weeks after the brace", "Back to sports?"],
            symptoms: &["knee pain", "swelling", "giving way"],
            complaint: "Knee injury with instability",
            history: &[
                "Heard a pop, swollen within an hour.",
                "Walks with a limp, stairs one at a time.",
                "No earlier injury of this knee.",
            ],
            findings: &["Effusion, Lachman test soft.", "Medial joint line tender.", "Flexion to 110 degrees."],
            diagnosis: ("S83.5", "Sprain of cruciate ligament of knee"),
            also: ("S83.2", "Tear of meniscus, current injury"),
            plan: &[
                "Brace and crutches for two weeks.",
                "MRI of the knee.",
                "Muscle training before any decision on surgery.",
            ],
            medications: &[
                med("Naproxen", "500mg", "twice daily", 10, 20, "Take with food"),
                med("Enoxaparin", "40mg", "once daily", 10, 10, "Injection in the evening while on crutches"),
            ],
            labs: &["Blood count", "CRP"],
            advice: "Cool and raise the leg; no pivoting sports.",
            file: file(
                "MRI",
                "MRI of the knee",
                "application/zip",
                &["Complete ACL tear, small tear of the medial meniscus.", "Bone bruise, ligaments intact."],
                &[("sequences", 50, 80), ("field_strength_t", 15, 30)],
            ),
            vitals: Vitals::Pain,
        },
        Topic {
            reasons: &[
                "Shoulder hurts at night",
                "Can't lift the arm above the head",
                "Shoulder pain after painting the ceiling",
            ],
            again: &["Second injection into the shoulder", "Shoulder after physiotherapy"],
            symptoms: &["shoulder pain", "restricted movement", "night pain"],
            complaint: "Shoulder pain with overhead work",
            history: &[
                "For two months, can't lie on that side.",
                "Works with the arms above the head.",
                "No fall, no numbness.",
            ],
            findings: &[
                "Painful arc between 60 and 120 degrees.",
                "Strength of the cuff full, but painful.",
                "Neck free.",
            ],
            diagnosis: ("M75.4", "Impingement syndrome of shoulder"),
            also: ("M75.1", "Rotator cuff syndrome"),
            plan: &[
                "Injection of a steroid into the subacromial space.",
                "Exercises for the rotator cuff, daily.",
                "Ultrasound if not better.",
            ],
            medications: &[
                med("Diclofenac gel", "1%", "3 times daily", 14, 1, "On the shoulder"),
                med("Etoricoxib", "60mg", "once daily", 10, 10, "With food"),
            ],
            labs: &["CRP", "Uric acid"],
            advice: "Keep the arm moving below shoulder height.",
            file: file(
                "XRAY",
                "X-ray of the shoulder, two planes",
                "application/dicom",
                &["No calcification, joint space kept.", "Small calcium deposit in the supraspinatus tendon."],
                &[("views", 20, 30)],
            ),
            vitals: Vitals::Pain,
        },
    ],
};
