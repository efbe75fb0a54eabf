//! Migrations in time: what happened by day, and where the day stands between the first and now.

use chrono::NaiveDate;
use serde::Serialize;

use crate::output::count;

/// One thing that happened to the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, in UTC.
    pub at: String,
    /// What.
    pub what: What,
    /// The file: `V3`; `R` for one without a version.
    pub name: String,
    /// What the file is called.
    pub description: String,
    /// By which user of the database.
    pub by: String,
    /// How long it took, in milliseconds.
    pub ms: i32,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A file was applied.
    Applied,
    /// It was taken back.
    RolledBack,
    /// The database was adopted at this version.
    Adopted,
    /// It failed.
    Failed,
}

impl What {
    fn words(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::RolledBack => "rolled back",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
        }
    }
}

/// What happened on a day.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `2026-11-27`
    pub day: String,
    /// Where it stands between the first day, 0, and the last, 1000.
    pub place: i64,
    /// In words: `15 applied, 1 rolled back`.
    pub told: String,
    /// In their order.
    pub events: Vec<Event>,
}

/// The days on which something happened, first one first. `today`: the end of the line, `2026-11-27`.
#[must_use]
pub fn days(events: &[Event], today: &str) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for event in events {
        let day = event.at.split(' ').next().unwrap_or_default();
        if let Some(known) = days.iter_mut().find(|known| known.day == day) {
            known.events.push(event.clone());
        } else {
            let (day, told) = (day.to_owned(), String::new());
            days.push(Day { day, place: 0, told, events: vec![event.clone()] });
        }
    }
    // a clock that was put back does not turn the line around
    days.sort_by(|one, other| one.day.cmp(&other.day));
    let number = |day: &str| day.parse::<NaiveDate>().map_or(0, |day| i64::from(day.to_epoch_days()));
    let first = days.first().map_or(0, |first| number(&first.day));
    let last = days.last().map_or(0, |last| number(&last.day)).max(number(today));
    for day in &mut days {
        // of a line without a length, all is its end
        day.place = (number(&day.day) - first) * 1000 / (last - first).max(1);
        if last == first {
            day.place = 1000;
        }
        day.told = told(&day.events);
    }
    days
}

fn told(events: &[Event]) -> String {
    let mut told = Vec::new();
    for what in [What::Applied, What::RolledBack, What::Adopted, What::Failed] {
        let number = events.iter().filter(|event| event.what == what).count();
        if number > 0 {
            told.push(format!("{number} {}", what.words()));
        }
    }
    told.join(", ")
}

/// `15 migrations on 2 days from 2026-01-05 to 2026-11-27`
#[must_use]
pub fn summary(days: &[Day]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return "nothing was ever applied".to_owned() };
    let events = count(days.iter().map(|day| day.events.len()).sum::<usize>() as u64, "change");
    if days.len() == 1 {
        return format!("{events}, all on {}", first.day);
    }
    format!("{events} on {} from {} to {}", count(days.len() as u64, "day"), first.day, last.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: &str, what: What, name: &str) -> Event {
        let text = |text: &str| text.to_owned();
        Event { at: text(at), what, name: text(name), description: text("d"), by: text("root"), ms: 7 }
    }

    #[test]
    fn days_stand_where_they_are_in_time() {
        let events = [
            event("2026-01-01 10:00:00", What::Applied, "V1"),
            event("2026-01-01 10:00:01", What::Applied, "V2"),
            event("2026-01-11 09:00:00", What::Failed, "V3"),
            event("2026-01-11 09:10:00", What::RolledBack, "V2"),
        ];
        let shown = |days: &[Day]| -> Vec<String> {
            days.iter().map(|day| format!("{} {} {}", day.day, day.place, day.told)).collect()
        };
        let on_time = days(&events, "2026-01-21");
        assert_eq!(shown(&on_time), ["2026-01-01 0 2 applied", "2026-01-11 500 1 rolled back, 1 failed"]);
        assert_eq!(summary(&on_time), "4 changes on 2 days from 2026-01-01 to 2026-01-11");
        // a server whose clock is behind
        assert_eq!(shown(&days(&events, "2025-01-01"))[1], "2026-01-11 1000 1 rolled back, 1 failed");
        assert_eq!(shown(&days(&events[..2], "2026-01-01")), ["2026-01-01 1000 2 applied"]);
        assert_eq!(summary(&days(&events[..1], "2026-01-01")), "1 change, all on 2026-01-01");
        assert_eq!((days(&[], "2026-01-01"), summary(&[])), (vec![], "nothing was ever applied".to_owned()));
    }
}
