//! Eyes.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Eyes.
pub static OPHTHALMOLOGY: Specialty = Specialty {
    name: "Ophthalmology",
    code: "OPH",
    title: "Eye doctor",
    qualification: "MD, Board Certified in Ophthalmology",
    focus: &["cataract", "glaucoma", "diabetic eye disease", "children's eyes"],
    fee: 125,
    slot_minutes: 15,
    audience: Audience::Everyone,
    topics: &[
        Topic {
            reasons: &["Sees as through fog", "Blinded by headlights at night", "New glasses do not help any more"],
            again: &["Check after the cataract operation", "Second eye to be planned"],
            symptoms: &["blurred vision", "glare", "faded colours"],
            complaint: "Gradual loss of vision",
            history: &[
                "For a year, worse at night.",
                "Reads with a lamp and a magnifier.",
                "Diabetes, well controlled.",
            ],
            findings: &[
                "Nuclear cataract, denser on the right.",
                "Fundus normal as far as seen.",
                "Pressure 15 mmHg on both sides.",
            ],
            diagnosis: ("H25.1", "Age-related nuclear cataract"),
            also: ("H52.1", "Myopia"),
            plan: &["Surgery offered, right eye first.", "Biometry done today.", "No driving at night."],
            medications: &[
                med("Artificial tears", "0.15%", "4 times daily", 60, 2, "One drop in each eye"),
                med(
                    "Prednisolone eye drops",
                    "1%",
                    "4 times daily",
                    21,
                    1,
                    "After the operation, to be reduced weekly",
                ),
            ],
            labs: &["HbA1c", "Blood count"],
            advice: "Do not rub the eye after the operation.",
            file: file(
                "OTHER",
                "Biometry",
                "application/pdf",
                &["Lens power calculated for both eyes.", "Axial length equal on both sides."],
                &[("axial_length_mm", 218, 258), ("lens_dioptres", 160, 245)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Eye pressure check, glaucoma in the family",
                "Optician found high pressure",
                "Sees the edge of the stairs too late",
            ],
            again: &["Pressure under drops", "Visual field, yearly"],
            symptoms: &["none", "missing edges of the visual field"],
            complaint: "Raised eye pressure",
            history: &["Found at the optician's.", "Mother blind in one eye from glaucoma.", "No pain, no redness."],
            findings: &["Pressure 26 mmHg right, 24 left.", "Optic disc cupped to 0.6.", "Chamber angle open."],
            diagnosis: ("H40.1", "Primary open-angle glaucoma"),
            also: ("H40.0", "Glaucoma suspect"),
            plan: &["Prostaglandin drops in the evening.", "Visual field and OCT.", "Pressure check in six weeks."],
            medications: &[
                med("Latanoprost eye drops", "0.005%", "once daily", 90, 3, "In the evening"),
                med("Timolol eye drops", "0.5%", "twice daily", 90, 3, "Not with asthma"),
            ],
            labs: &["OCT of the nerve fibre layer", "Visual field"],
            advice: "Never leave the drops out; the damage does not come back.",
            file: file(
                "OTHER",
                "Visual field",
                "application/pdf",
                &["Small arcuate defect on the right.", "Full field on both sides."],
                &[("mean_deviation_db", 2, 88)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &["Red eye with discharge", "Eyelids stuck together in the morning", "Itching eyes since April"],
            again: &["Red eye, not better", "Allergy drops for the season"],
            symptoms: &["red eye", "discharge", "itching"],
            complaint: "Red eye",
            history: &[
                "Since two days, first the right, then the left.",
                "A child in the family has it, too.",
                "Contact lenses left out.",
            ],
            findings: &["Conjunctiva red with thin discharge.", "Cornea clear, no stain.", "Vision unchanged."],
            diagnosis: ("H10.9", "Conjunctivitis, unspecified"),
            also: ("H10.1", "Acute atopic conjunctivitis"),
            plan: &[
                "Lid hygiene, own towel.",
                "Antibiotic drops for five days if it turns to pus.",
                "No contact lenses for two weeks.",
            ],
            medications: &[
                med("Ofloxacin eye drops", "0.3%", "4 times daily", 5, 1, "One drop in each eye"),
                med("Ketotifen eye drops", "0.025%", "twice daily", 30, 1, "During the pollen season"),
            ],
            labs: &["Conjunctival swab", "Specific IgE, airborne panel"],
            advice: "Wash hands before and after the drops.",
            file: file(
                "OTHER",
                "Slit lamp photo",
                "image/jpeg",
                &["Both eyes at the first visit.", "Cornea without infiltrate."],
                &[("photos", 20, 40)],
            ),
            vitals: Vitals::Pressure,
        },
    ],
};
