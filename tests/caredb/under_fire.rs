//! Two years of a clinic in twenty minutes: it books, is paid, cancels and reviews, while nights of `cron` and single jobs, two
//! migrations and an import pass by the server's clock, and caredb, connections and the server are killed at random. What the
//! clinic was told is done is noted outside of the database, and in the end each row must be in exactly one place, as it was told,
//! or destroyed by policy and by the ledger's account.
//!
//! `dev/test --full` runs it for three seeds (`CAREDB_SOAK_SEED`), alone. Which jobs come follows from the seed; what a kill
//! meets does not. `CAREDB_SOAK_SECONDS` makes it shorter; then less must have been killed.

mod change;
mod desk;
mod kill;
mod night;
mod reckoning;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::{Months, NaiveDate, NaiveDateTime, TimeDelta};

use self::desk::Desk;
use self::kill::Kills;
use self::night::Night;
use self::reckoning::Reckoning;
use crate::fault::{Moments, Victim};
use crate::support::{command, show};

const DATABASE: &str = "clinic";
/// The day on which the clinic opens with a year of generated data behind it, and for how long it is watched.
const FIRST: &str = "2024-07-01";
const MONTHS: u32 = 24;
const DATA: &str = "--patients 100 --doctors 8 --months 12 --appointments 6000";
const DESKS: usize = 4;
/// The archive's own term, so that what is booked in the beginning is destroyed in the end.
const CONFIG: &str =
    "migrations = 'migrations'\nrollbacks = 'rollbacks'\n[retention.appointments_archive]\ndelete_after = '18mo'\n";

/// A run of full length must have had so many kills, and a clinic at so many statements a second.
const FULL: Duration = Duration::from_mins(20);
const LEAST_KILLS: u32 = 100;
const LEAST_RATE: f64 = 200.0;

/// The clock of the clinic, which passes two years in the time of the run.
struct Clock {
    begun: Instant,
    length: Duration,
}

impl Clock {
    fn now(&self) -> NaiveDateTime {
        let first = FIRST.parse::<NaiveDate>().unwrap().and_hms_opt(8, 0, 0).unwrap();
        let all = first + Months::new(MONTHS) - first;
        let share = self.begun.elapsed().as_secs_f64() / self.length.as_secs_f64();
        #[expect(clippy::cast_possible_truncation, reason = "seconds of two years")]
        let passed = TimeDelta::seconds((all.as_seconds_f64() * share.min(1.0)) as i64);
        first + passed
    }

    fn today(&self) -> NaiveDate {
        self.now().date()
    }

    /// Months since the clinic opened.
    fn month(&self) -> u32 {
        let all = f64::from(MONTHS) * self.begun.elapsed().as_secs_f64() / self.length.as_secs_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few months")]
        let month = all as u32;
        month.min(MONTHS)
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.length
    }

    /// What gives a session the clinic's time. The server does it for all who connect, but administrators.
    fn set(&self) -> String {
        format!("SET timestamp = {}", self.now().and_utc().timestamp())
    }
}

/// What all threads know.
struct Shared {
    clock: Clock,
    socket: PathBuf,
    done: AtomicBool,
    /// Raised before the server is killed, and when it is back: odd in between.
    server: AtomicU32,
    /// Raised before a connection of caredb is killed.
    cut: AtomicU32,
}

fn environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// A migrated clinic with its generated past, two accounts, and files of its own.
fn open(seed: u64) -> Victim {
    let mut victim = Victim::with(
        &format!("fire{seed}"),
        // the writes of a killed server are in the system's hands
        vec!["--log-bin-trust-function-creators=1".to_owned(), "--sync-binlog=0".to_owned()],
    );
    for folder in ["migrations", "rollbacks"] {
        let to = victim.folder.join(folder);
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    std::fs::write(victim.folder.join("caredb.toml"), CONFIG).unwrap();
    victim.fresh(DATABASE);
    victim.rows("CREATE USER caredb@localhost");
    for role in ["migrate", "cron", "import", "ci"] {
        let mut grants = command(&victim.folder);
        let output = grants
            .args(["grants", role, "--account", "'caredb'@'localhost'", "--database", DATABASE])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", show(&output));
        victim.rows(&String::from_utf8(output.stdout).unwrap());
    }
    let generate = format!("seed generate {DATA} --until {FIRST} --seed {seed}");
    for arguments in ["migrate", &generate, &format!("partition ensure --today {FIRST} --ahead 3")] {
        victim.ok(DATABASE, arguments, "prepare");
    }
    victim.rows(&desk::people(DESKS));
    victim.options.push(String::new()); // the clock's place
    victim
}

#[test]
#[ignore = "twenty minutes, alone; `dev/test --full` runs it"]
fn two_years_of_kills_lose_nothing() {
    let seed = environment("CAREDB_SOAK_SEED").unwrap_or(1);
    let length = environment("CAREDB_SOAK_SECONDS").map_or(FULL, Duration::from_secs);
    let victim = open(seed);
    let reckoning = Reckoning::new(&victim);
    let shared = Shared {
        clock: Clock { begun: Instant::now(), length },
        socket: victim.folder.join("sock"),
        done: AtomicBool::new(false),
        server: AtomicU32::new(0),
        cut: AtomicU32::new(0),
    };
    let mut night = Night::new(victim, &shared, reckoning, seed);
    let (desks, cut) = std::thread::scope(|scope| {
        let shared = &shared;
        let desks: Vec<_> =
            (0..DESKS).map(|number| scope.spawn(move || Desk::new(number, seed).work(shared))).collect();
        let cutter = scope.spawn(move || kill::cut_connections(shared, Moments(seed.wrapping_mul(3))));
        // a panic here would leave the clinic at work for ever
        let outcome = catch_unwind(AssertUnwindSafe(|| night.all()));
        shared.done.store(true, Ordering::Relaxed);
        let desks: Vec<_> = desks.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        let cut = cutter.join();
        outcome.unwrap_or_else(|panic| {
            eprintln!("seed {seed}");
            resume_unwind(panic)
        });
        (desks.into_iter().map(Result::unwrap).collect::<Vec<_>>(), cut.unwrap())
    });
    let seconds = shared.clock.begun.elapsed().as_secs_f64();
    night.last();
    let kills = Kills { clinic_connections: cut.0, caredb_connections: cut.1, ..night.kills };
    let statements: u64 = desks.iter().map(|desk| desk.statements).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = statements as f64 / seconds;
    eprintln!("seed {seed}: {} months in {seconds:.0} s; {} kills: {kills:?}", night.months, kills.all());
    eprintln!(
        "{statements} statements, {rate:.0} a second, {} bookings",
        desks.iter().map(|d| d.bookings.len()).sum::<usize>()
    );
    eprintln!("jobs: {:#?}", night.jobs);
    eprintln!("what caredb said when it was hit: {:#?}", night.said);
    let mut met: BTreeMap<&str, u32> = BTreeMap::new();
    for (error, times) in desks.iter().flat_map(|desk| &desk.met) {
        *met.entry(error).or_default() += times;
    }
    eprintln!("what the clinic met: {met:#?}");
    let exchanges = night.exchanges();
    eprintln!("{exchanges} exchanges; {}", night.ledger());
    let wrong: Vec<&String> = desks.iter().flat_map(|desk| &desk.wrong).chain(&night.wrong).collect();
    assert_eq!(wrong, [] as [&str; 0], "seed {seed}");
    let found = night.reckoning.lost(&night.victim, &desks, shared.clock.today());
    assert_eq!(found, [""; 0], "seed {seed}");
    assert!(kills.is_of_each_kind(), "seed {seed}: {kills:?}");
    if length >= FULL {
        assert!(exchanges >= 3, "seed {seed}: {exchanges} exchanges");
        assert!(kills.all() >= LEAST_KILLS, "seed {seed}: {kills:?}");
        assert!(
            rate >= LEAST_RATE || std::env::var_os("CAREDB_TEST_TIMES").is_none(),
            "seed {seed}: {rate:.0} statements a second"
        );
    }
}
