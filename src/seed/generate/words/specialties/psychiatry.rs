//! Sleep, fear, mood.

use crate::seed::generate::words::{Audience, Specialty, Topic, Vitals, file, med};

/// Sleep, fear, mood.
pub static PSYCHIATRY: Specialty = Specialty {
    name: "Psychiatry",
    code: "PSY",
    title: "Psychiatrist",
    qualification: "MD, Board Certified in Psychiatry",
    focus: &["anxiety disorders", "sleep medicine", "depression", "burnout"],
    fee: 200,
    slot_minutes: 45,
    audience: Audience::Adults,
    topics: &[
        Topic {
            reasons: &[
                "Sleeps four hours a night for months",
                "Lies awake until three",
                "Tired all day, awake all night",
            ],
            again: &["Sleep window after four weeks", "Sleep diary review"],
            symptoms: &["insomnia", "daytime tiredness", "irritability"],
            complaint: "Difficulty falling and staying asleep",
            history: &[
                "Since a change of shift half a year ago.",
                "Takes the telephone to bed.",
                "Two glasses of wine to fall asleep.",
                "No snoring, legs are calm.",
            ],
            findings: &[
                "Oriented, tired, mood slightly low.",
                "No suicidal thoughts.",
                "Concentration reduced in the last third of the hour.",
            ],
            diagnosis: ("F51.0", "Nonorganic insomnia"),
            also: ("F43.2", "Adjustment disorder"),
            plan: &[
                "Sleep restriction to six hours, diary.",
                "No screens in bed, no alcohol as a sleeping aid.",
                "Short course of a sedating antidepressant at low dose.",
            ],
            medications: &[
                med("Mirtazapine", "7.5mg", "once daily", 28, 28, "Half an hour before bed"),
                med("Melatonin", "2mg", "once daily", 28, 28, "Two hours before bed"),
            ],
            labs: &["TSH", "Ferritin"],
            advice: "Get up at the same time every day, weekends included.",
            file: file(
                "OTHER",
                "Sleep diary",
                "application/pdf",
                &["Four weeks, mean sleep five hours.", "Two weeks, sleep efficiency improving."],
                &[("sleep_hours", 38, 68), ("efficiency_percent", 580, 890)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "Panic on the train",
                "Can't stop worrying",
                "Heart races in meetings, the cardiologist found nothing",
            ],
            again: &["Exposure homework review", "Anxiety, dose check"],
            symptoms: &["worry", "palpitations", "trembling", "avoidance"],
            complaint: "Panic attacks and avoidance",
            history: &[
                "Three attacks a week, the first in a full train.",
                "Avoids lifts and supermarkets by now.",
                "Cardiac work-up without findings.",
                "Mother was anxious, too.",
            ],
            findings: &[
                "Tense, cooperative, speech fluent.",
                "Insight present, no psychotic signs.",
                "GAD-7 score of 14.",
            ],
            diagnosis: ("F41.0", "Panic disorder"),
            also: ("F40.0", "Agoraphobia"),
            plan: &[
                "Explanation of the vicious circle of panic.",
                "Graded exposure, first the tram for two stops.",
                "SSRI, start low, review in three weeks.",
            ],
            medications: &[
                med(
                    "Escitalopram",
                    "5mg",
                    "once daily",
                    30,
                    30,
                    "In the morning; restlessness in the first week is common",
                ),
                med("Sertraline", "50mg", "once daily", 30, 30, "In the morning"),
            ],
            labs: &["TSH", "ECG for QT interval"],
            advice: "Stay in the situation until the fear goes down; it does.",
            file: file(
                "OTHER",
                "GAD-7 questionnaire",
                "application/pdf",
                &["Moderate anxiety.", "Mild anxiety, improved since the last form."],
                &[("score", 40, 190)],
            ),
            vitals: Vitals::Pressure,
        },
        Topic {
            reasons: &[
                "No joy in anything since the winter",
                "Burnt out, signed off sick by the family doctor",
                "Low mood after the birth of our second child",
            ],
            again: &["Mood check, dose unchanged", "Going back to work step by step"],
            symptoms: &["low mood", "loss of interest", "early waking", "poor appetite"],
            complaint: "Persistent low mood",
            history: &[
                "For four months, worse in the mornings.",
                "Has given up choir and running.",
                "Supportive partner, no debts.",
                "One episode ten years ago, helped by talking.",
            ],
            findings: &[
                "Slowed, cries once, affect reactive.",
                "No plans to harm herself or himself, reasons to live are named.",
                "PHQ-9 score of 15.",
            ],
            diagnosis: ("F32.1", "Moderate depressive episode"),
            also: ("Z73.0", "Burn-out"),
            plan: &[
                "Weekly activity plan, one pleasant thing a day.",
                "SSRI and review in two weeks.",
                "Crisis plan and telephone number handed out.",
            ],
            medications: &[
                med("Sertraline", "50mg", "once daily", 60, 60, "In the morning, with food"),
                med("Bupropion XL", "150mg", "once daily", 60, 60, "In the morning"),
            ],
            labs: &["TSH", "Vitamin B12", "Liver enzymes"],
            advice: "Walk for twenty minutes in daylight, also on bad days.",
            file: file(
                "OTHER",
                "PHQ-9 questionnaire",
                "application/pdf",
                &["Moderate depression.", "Half of the score of the first form."],
                &[("score", 50, 210)],
            ),
            vitals: Vitals::Pressure,
        },
    ],
};
