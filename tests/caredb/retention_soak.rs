//! All jobs, one after the other as it comes, on generated data, with caredb and the server killed at random moments, while an
//! application books, pays and cancels. Whatever is killed: live + archived = before, by month; each row is in one place and its
//! key says where; nothing is destroyed that must stay. In the end, all that was not destroyed on purpose is back, byte for byte.
//!
//! `dev/test` runs a short share of it, `dev/test --full` 200,000 appointments. What comes when follows from the seed, which a
//! failure prints; how far a job is when it is killed does not.

mod jobs;
mod kill;
pub mod whole;
mod writer;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::Months;
use sqlx::mysql::MySqlConnectOptions;

use self::jobs::{Choice, Job, KINDS, Kind};
use self::kill::Blow;
use self::whole::{BY_MONTH, Digest, Look, Sums, WHOLE, differences};
use self::writer::Shared;
use crate::fault::{Moments, Victim, is_full};
use crate::retention_at_work::Seen;

const SEED: u64 = 20_261_126;
const DATABASE: &str = "clinic";
/// The day that it is in the data.
const UNTIL: &str = "2024-07-01";
/// Of caredb's points, those that kills are dealt to: all of an exchange, each in another state of it, and those of two or three
/// batches of rows, which are alike.
const POINTS: u64 = 25;
/// What statements that lock tables wait for, and half a second.
const LONGEST_WAIT: Duration = Duration::from_millis(1500);

/// How much is done.
struct Size {
    data: &'static str,
    months: u32,
    /// How far a purge of notifications goes, in days.
    purge_days: u64,
    /// Kills that must hit a running job: of caredb, of the server; and of them while the archive's end is destroyed.
    kills: (u32, u32),
    destroying: (u32, u32),
    /// A job is killed so often at the most.
    in_a_row: u64,
    /// So many rounds between two looks at everything.
    stride: u32,
}

const SHORT: Size = Size {
    data: "--patients 100 --doctors 8 --months 4 --appointments 2500",
    months: 4,
    purge_days: 12,
    kills: (6, 1),
    destroying: (1, 1),
    in_a_row: 3,
    stride: 10,
};
const FULL: Size = Size {
    data: "--patients 3000 --doctors 80 --months 12 --appointments 200000",
    months: 12,
    purge_days: 15,
    kills: (92, 18),
    destroying: (10, 3),
    in_a_row: 7,
    stride: 10,
};

/// A database on a server that can be killed.
struct Clinic {
    victim: Victim,
    shared: Arc<Shared>,
    before: Sums,
    /// A day behind all that jobs move.
    touched: String,
}

const EVER: &str = "9999-12-31";

/// How often jobs of a kind were killed, and how often the ledger then told of a part that was done.
#[derive(Debug, Default, Clone, Copy)]
struct Hits {
    caredb: u32,
    server: u32,
    half_way: u32,
}

impl Clinic {
    fn new(name: &str, size: &Size) -> Self {
        let victim = Victim::new(name);
        victim.fresh(DATABASE);
        let touched = (jobs::date(UNTIL) - Months::new(size.months - 4)).to_string();
        let clinic = Self { victim, shared: Arc::default(), before: Sums::new(), touched };
        let generate = format!("seed generate {} --until {UNTIL} --seed 1", size.data);
        for arguments in ["migrate", &generate, "purge notifications --today 2000-01-01"] {
            clinic.ok(arguments, "prepare");
        }
        clinic.rows(writer::PEOPLE);
        for hold in ["--patient", "--appointment"] {
            for id in clinic.rows(&HELD.replace("<column>", if hold == "--patient" { "patient_id" } else { "id" })) {
                clinic.ok(&format!("hold add {hold} {id} --reason soak"), "prepare");
            }
        }
        clinic
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        self.victim.rows(&format!("USE {DATABASE}; SET SESSION time_zone = '+00:00'; {sql}"))
    }

    fn ok(&self, arguments: &str, case: &str) {
        self.victim.ok(DATABASE, arguments, case);
    }

    fn sums(&self, tables: &[&str], look: Look, digest: Digest) -> Sums {
        let rows = |sql: &str| self.rows(sql);
        tables.iter().flat_map(|table| whole::of(&rows, table, look, digest)).collect()
    }

    /// What there was before, but for what was destroyed by the ledger's account.
    fn left(&self) -> Sums {
        whole::left(&|sql: &str| self.rows(sql), &self.before)
    }

    fn assert_keys(&self, before: &str, case: &str) {
        let found = whole::keys(&|sql: &str| self.rows(sql), before);
        assert_eq!(found, "0|0|0", "{case}: rows without their key, keys of another place, keys without their row");
    }

    /// What must hold right after a kill, of the tables that the job is about.
    fn assert_whole(&self, job: &Job, case: &str) {
        let tables = tables(job.kind);
        let found = self.sums(tables, Look::Tables, Digest::Crc);
        let differ = differences(&whole::by_table(&self.left()), &found, tables);
        assert!(differ.is_empty(), "{case}: not what was there before: {differ:#?}");
        if tables == BY_MONTH {
            assert_eq!(
                whole::wrongly_archived(&|sql: &str| self.rows(sql)),
                "0",
                "{case}: archived rows that must stay"
            );
            self.assert_keys(&self.touched, case);
        }
    }

    /// What must hold once a job has ended.
    fn assert_ended(&self, is_all: bool, case: &str) {
        let full = format!("partition check --ahead 1 --today {UNTIL}");
        for check in
            ["archive verify", "runs verify", &if is_all { full.clone() } else { format!("{full} --skip-keys") }]
        {
            self.ok(check, case);
        }
        assert_eq!(self.rows("SELECT COUNT(*) FROM caredb_runs WHERE outcome IS NULL"), ["0"], "{case}");
        if is_all {
            assert_eq!(whole::astray(&|sql: &str| self.rows(sql)), [""; 0], "{case}");
            self.assert_keys(EVER, case);
            let all = [BY_MONTH.as_slice(), &WHOLE].concat();
            let differ = differences(&self.left(), &self.sums(&all, Look::Views, Digest::Crc), &all);
            assert!(differ.is_empty(), "{case}: not what was there before: {differ:#?}");
            self.rows("PURGE BINARY LOGS BEFORE NOW()");
        }
    }

    /// Rows that a job must not destroy, and their checksum.
    fn must_stay(&self, job: &Job) -> Vec<String> {
        let cut_off = job.cut_off;
        let sum = |table| whole::sum(&|sql: &str| self.rows(sql), table, Digest::Crc);
        match job.kind {
            Kind::Purge => {
                let unread = if job.keeps_unread { "OR NOT COALESCE(d.is_read, FALSE)" } else { "" };
                self.rows(&format!(
                    "SELECT {} FROM notifications d WHERE d.created_at IS NULL OR d.created_at >= '{cut_off}' {unread} OR d.user_id IN (
                         SELECT p.user_id FROM patient_profiles p JOIN caredb_holds h ON h.patient_id = p.id)",
                    sum("notifications")
                ))
            }
            Kind::Destroy => self.rows(&format!(
                "SELECT {} FROM appointments_archive d WHERE d.appointment_date >= '{cut_off}'
                 OR d.id IN (SELECT appointment_id FROM caredb_holds)",
                sum("appointments")
            )),
            _ => Vec::new(),
        }
    }

    /// Brings all back, and compares the live tables with what they were: byte for byte where nothing was destroyed.
    fn assert_all_back(&self, tables: &[&str], bytes: &Sums) {
        let case = format!("seed {SEED}, at the end");
        for arguments in
            ["archive restore --all", "compress medical-records --decompress", "archive verify", "runs verify"]
        {
            self.ok(arguments, &case);
        }
        self.ok(&format!("partition check --ahead 1 --today {UNTIL}"), &case);
        let left = self.left();
        let differ = differences(&left, &self.sums(tables, Look::Live, Digest::Crc), tables);
        assert!(differ.is_empty(), "{case}: not what was there before: {differ:#?}");
        let is_as_before = |place: &String| left.get(place) == self.before.get(place);
        let untouched = |sums: &Sums| -> Sums {
            sums.iter().filter(|(place, _)| is_as_before(place)).map(|(place, sum)| (place.clone(), *sum)).collect()
        };
        let differ = differences(&untouched(bytes), &untouched(&self.sums(tables, Look::Live, Digest::Sha)), tables);
        assert!(differ.is_empty(), "{case}: other bytes than before: {differ:#?}");
        self.assert_keys(EVER, &case);
    }

    fn is_half_way(&self) -> bool {
        let parts =
            "SELECT COUNT(*) FROM caredb_run_parts p JOIN caredb_runs r ON r.id = p.run_id WHERE r.outcome IS NULL";
        self.rows(parts) != ["0"]
    }
}

/// Some who have old appointments, all their lives the same.
const HELD: &str = "
    SELECT DISTINCT <column> FROM (SELECT * FROM appointments WHERE status = 'COMPLETED' AND payment_status = 'PAID' ORDER BY appointment_date, id LIMIT 1000) a
    ORDER BY CRC32(<column>) LIMIT 5";

fn tables(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Purge => &["notifications"],
        Kind::Compress | Kind::Decompress => &["medical_records"],
        _ => &BY_MONTH,
    }
}

/// The rounds, and what they have hit.
struct Soak<'a> {
    clinic: &'a mut Clinic,
    choice: Choice,
    in_a_row: u64,
    stride: u32,
    begun: Instant,
    round: u32,
    hits: BTreeMap<Kind, Hits>,
    /// How long a job of a kind takes that nobody disturbs.
    took: BTreeMap<Kind, Duration>,
}

impl Soak<'_> {
    fn hits(&self) -> (u32, u32) {
        let sum = |of: fn(&Hits) -> u32| self.hits.values().map(of).sum();
        (sum(|hits| hits.caredb), sum(|hits| hits.server))
    }

    /// The kinds of job of which none was killed half-way.
    fn unhurt(&self) -> Vec<Kind> {
        KINDS.into_iter().filter(|kind| self.hits.get(kind).is_none_or(|hits| hits.half_way == 0)).collect()
    }

    /// The next kill of a job that takes so long; none where there were enough.
    fn blow(&mut self, kind: Kind, left: Duration, wanted: (u32, u32)) -> Option<Blow> {
        let (caredb, server) = self.hits();
        let is_unhurt = is_full() && self.unhurt().contains(&kind);
        let moments = &mut self.choice.moments;
        let moment = Duration::from_millis(moments.next(u64::try_from(left.as_millis()).unwrap().max(1)));
        let (point, of_five) = (1 + moments.next(POINTS), moments.next(5));
        if server < wanted.1 && (caredb >= wanted.0 || of_five == 0) {
            Some(Blow::Server(moment))
        } else if caredb < wanted.0 || is_unhurt {
            Some(if of_five < 3 { Blow::Caredb(moment) } else { Blow::AtPoint(point) })
        } else {
            None
        }
    }

    /// A job, killed some times, and then to its end. `wanted`: kills of caredb and of the server.
    fn round(&mut self, job: &Job, wanted: (u32, u32)) {
        let name = format!("seed {SEED}, round {}: `{}`", self.round, job.arguments);
        let must_stay = self.clinic.must_stay(job);
        let mut left = self.took.get(&job.kind).copied();
        for _ in 0..=self.choice.moments.next(self.in_a_row) {
            // a job whose time is not known yet runs undisturbed
            let Some(blow) = left.and_then(|left| self.blow(job.kind, left, wanted)) else { break };
            let case = format!("{name}, {blow:?} killed");
            self.clinic.shared.case.lock().unwrap().clone_from(&case);
            if !self.clinic.kill(job, blow, &case) {
                break;
            }
            let of = self.hits.entry(job.kind).or_default();
            *(if let Blow::Server(_) = blow { &mut of.server } else { &mut of.caredb }) += 1;
            of.half_way += u32::from(self.clinic.is_half_way());
            self.clinic.assert_whole(job, &case);
            assert_eq!(self.clinic.must_stay(job), must_stay, "{case}: destroyed what must stay");
            // some of it is done
            left = left.map(|left| left * 3 / 4);
        }
        let case = format!("{name}, to its end");
        self.clinic.shared.case.lock().unwrap().clone_from(&case);
        let begun = Instant::now();
        self.clinic.ok(&job.arguments, &case);
        self.took.entry(job.kind).or_insert_with(|| begun.elapsed());
        eprintln!("{:.1?} {case} in {:.1?}, {:?} kills", self.begun.elapsed(), begun.elapsed(), self.hits());
        self.clinic.assert_whole(job, &case);
        assert_eq!(self.clinic.must_stay(job), must_stay, "{case}: destroyed what must stay");
        self.clinic.assert_ended(self.round.is_multiple_of(self.stride), &case);
    }

    /// Which jobs come does not depend on how often those before were killed.
    fn begin_round(&mut self) {
        self.round += 1;
        self.choice.moments = Moments(SEED.wrapping_mul(u64::from(2 * self.round + 1)));
    }

    fn all_rounds(&mut self, size: &Size) {
        // which rounds hit a job half-way depends on the machine
        let is_unhurt = |soak: &Self| is_full() && !soak.unhurt().is_empty();
        while self.hits().0 < size.kills.0 || self.hits().1 < size.kills.1 || is_unhurt(self) {
            assert!(self.round < 40 + 4 * (size.kills.0 + size.kills.1), "seed {SEED}: too few hits: {:?}", self.hits);
            self.begin_round();
            let job = self.choice.next(self.clinic);
            self.round(&job, size.kills);
        }
        // and the end of two months' archive, but for what came under a hold there
        let cut_off = jobs::age(self.choice.first + Months::new(2));
        let case = format!("seed {SEED}, before the archive's end");
        self.clinic.ok(&format!("archive appointments --with-dependents {cut_off}"), &case);
        let held = self.clinic.rows("SELECT id FROM appointments_archive ORDER BY appointment_date, id LIMIT 3");
        for id in held {
            self.clinic.ok(&format!("hold add --appointment {id} --reason later"), &case);
        }
        let wanted = (size.kills.0 + size.destroying.0, size.kills.1 + size.destroying.1);
        while self.hits().0 < wanted.0 || self.hits().1 < wanted.1 {
            self.begin_round();
            let job = self.choice.destroy();
            let job = job.unwrap_or_else(|| panic!("seed {SEED}: too few hits: {:?}", self.hits));
            self.round(&job, wanted);
        }
    }
}

#[test]
fn no_kill_loses_doubles_or_destroys_a_row() {
    let size = if is_full() { FULL } else { SHORT };
    let begun = Instant::now();
    let mut clinic = Clinic::new("soak", &size);
    let all = [BY_MONTH.as_slice(), &WHOLE].concat();
    clinic.before = clinic.sums(&all, Look::Live, Digest::Crc);
    let bytes = clinic.sums(&all, Look::Live, Digest::Sha);
    let options = MySqlConnectOptions::new().socket(clinic.victim.folder.join("sock"));
    let shared = Arc::clone(&clinic.shared);
    let choice = Choice::new(size.months, size.purge_days);
    let took = BTreeMap::new();
    let mut soak = Soak {
        clinic: &mut clinic,
        choice,
        in_a_row: size.in_a_row,
        stride: size.stride,
        begun,
        round: 0,
        hits: BTreeMap::new(),
        took,
    };
    let Seen { statements, longest, errors } = std::thread::scope(|scope| {
        let application = scope.spawn(|| writer::work(&options, &shared));
        // a panic here would leave the application at work for ever
        let outcome = catch_unwind(AssertUnwindSafe(|| soak.all_rounds(&size)));
        shared.done.store(true, Ordering::Relaxed);
        let seen = application.join();
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
        seen.unwrap()
    });
    eprintln!("seed {SEED}: {} rounds, {:?} kills: {:#?}", soak.round, soak.hits(), soak.hits);
    eprintln!("{statements} statements, the longest {:?}: {}", longest.0, longest.1);
    let unhurt = soak.unhurt();
    assert_eq!(errors, [] as [&str; 0], "seed {SEED}");
    let mut wrote = clinic.rows(writer::FOUND);
    wrote.sort();
    assert_eq!(wrote, writer::believes(statements), "seed {SEED}: what the writer wrote");
    clinic.assert_all_back(&all, &bytes);
    if is_full() {
        assert_eq!(unhurt, [], "seed {SEED}: never killed half-way");
        assert!(longest.0 <= LONGEST_WAIT, "seed {SEED}: {longest:?}");
    }
}
