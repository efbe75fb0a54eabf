//! Skin.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Skin.
pub static DERMATOLOGY: Specialty = Specialty {
    name: "Dermatology",
    code: "DER",
    title: "Dermatologist",
    qualification: "MD, Board Certified in Dermatology",
    focus: &["skin cancer screening", "contact allergy", "acne", "psoriasis"],
    fee: 120,
    slot_minutes: 20,
    audience: Audience::Everyone,
    topics: &[
        Topic {
            reasons: &[
                "Itching red patches in the elbow creases",
                "Rash that comes back every winter",
                "Dry cracked hands from work",
            ],
            again: &["Eczema check", "Rash came back after stopping the cream"],
            symptoms: &["itching", "redness", "dry skin", "sleep disturbed by itching"],
            complaint: "Itching eczema",
            history: &[
                "Patches since autumn, worse at night.",
                "Hay fever and asthma in the family.",
                "New detergent at work.",
                "Scented creams make it worse.",
            ],
            findings: &[
                "Lichenified plaques in both elbow creases.",
                "Scratch marks on the forearms, no pustules.",
                "Dry skin all over, palms cracked.",
            ],
            diagnosis: ("L20.9", "Atopic dermatitis, unspecified"),
            also: ("L23.9", "Allergic contact dermatitis, unspecified cause"),
            plan: &[
                "Mild steroid ointment for ten days, then twice a week.",
                "Unscented emollient twice a day.",
                "Patch test if the hands do not improve in six weeks.",
            ],
            medications: &[
                med("Mometasone ointment", "0.1%", "once daily", 10, 1, "Thin layer on the affected skin"),
                med("Cetirizine", "10mg", "once daily", 30, 30, "Take in the evening"),
                med("Urea cream", "5%", "twice daily", 60, 2, "After washing"),
            ],
            labs: &["Total IgE", "Patch test, standard series"],
            advice: "Short lukewarm showers, cotton gloves under rubber gloves.",
            file: file(
                "OTHER",
                "Photo documentation",
                "image/jpeg",
                &["Both forearms before treatment.", "Hands, palms and backs, at the first visit."],
                &[("photos", 20, 80)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "A mole has changed its colour",
                "Skin cancer screening",
                "Dark spot on the back that my partner noticed",
            ],
            again: &["Stitches out and result of the histology", "Yearly mole check"],
            symptoms: &["changed mole", "itching mole", "new dark spot"],
            complaint: "Changing pigmented lesion",
            history: &[
                "Grew within half a year.",
                "Many sunburns as a child.",
                "Mother had a melanoma removed.",
                "Works outdoors in summer.",
            ],
            findings: &[
                "Asymmetric lesion of 6 mm, two colours under the dermatoscope.",
                "About forty further moles without suspicion.",
                "No enlarged lymph nodes.",
            ],
            diagnosis: ("D22.9", "Melanocytic naevi, unspecified"),
            also: ("L57.0", "Actinic keratosis"),
            plan: &[
                "Excision under local anaesthesia, histology.",
                "Sun protection factor 50 from April to September.",
                "Whole-body check once a year.",
            ],
            medications: &[
                med("Sun protection cream", "SPF 50+", "daily", 180, 3, "Before going outdoors"),
                med("Fusidic acid ointment", "2%", "twice daily", 7, 1, "On the wound"),
            ],
            labs: &["Histology", "S100 protein"],
            advice: "Come at once if the spot bleeds or grows.",
            file: file(
                "LAB_REPORT",
                "Histology of the excised mole",
                "application/pdf",
                &["Dysplastic naevus, margins free.", "Benign compound naevus."],
                &[("diameter_mm", 30, 90), ("margin_mm", 10, 40)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Acne that gets worse in spite of washing",
                "Pimples on face and back",
                "Painful lumps on the chin",
            ],
            again: &["Acne, after eight weeks of treatment", "Skin is better, tablets to be stopped?"],
            symptoms: &["pimples", "painful nodules", "oily skin"],
            complaint: "Inflammatory acne",
            history: &[
                "For two years, worse with stress.",
                "Several over-the-counter creams without effect.",
                "Picks at the skin before exams.",
            ],
            findings: &[
                "Papules and pustules on forehead, cheeks and upper back.",
                "Few small scars on both temples.",
                "No cysts.",
            ],
            diagnosis: ("L70.0", "Acne vulgaris"),
            also: ("L73.0", "Acne keloid"),
            plan: &[
                "Benzoyl peroxide with adapalene in the evening.",
                "Doxycycline for eight weeks if it does not settle.",
                "No squeezing; gentle cleanser twice a day.",
            ],
            medications: &[
                med("Adapalene/benzoyl peroxide gel", "0.1%/2.5%", "once daily", 60, 2, "In the evening on dry skin"),
                med("Doxycycline", "50mg", "once daily", 56, 56, "With a full glass of water, not before bed"),
            ],
            labs: &["Liver enzymes", "Testosterone"],
            advice: "Strict sun protection while taking doxycycline.",
            file: file(
                "OTHER",
                "Photo documentation",
                "image/jpeg",
                &["Face from three sides before treatment.", "Back, before treatment."],
                &[("photos", 30, 60)],
            ),
            vitals: Vitals::Pressure,
        },
    ],
};
