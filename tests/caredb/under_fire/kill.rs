//! What is killed, and when.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;

use super::Shared;
use crate::fault::Moments;
use crate::support::{block_on, rows};

#[derive(Debug, Default, Clone, Copy)]
pub struct Kills {
    /// At a random moment.
    pub caredb: u32,
    /// At one of its points (`db/crash.rs`): some steps are so short that no moment meets them.
    pub caredb_at_points: u32,
    pub caredb_connections: u32,
    pub clinic_connections: u32,
    pub server: u32,
}

impl Kills {
    fn each(&self) -> [u32; 5] {
        [self.caredb, self.caredb_at_points, self.caredb_connections, self.clinic_connections, self.server]
    }

    pub fn all(&self) -> u32 {
        self.each().iter().sum()
    }

    pub fn is_of_each_kind(&self) -> bool {
        self.each().iter().all(|kills| *kills > 0)
    }
}

/// What happens to a job.
#[derive(Debug, Clone, Copy)]
pub enum Blow {
    Caredb(Duration),
    AtPoint(u64),
    Server(Duration),
}

const SESSIONS: &str = "
    SELECT id, user FROM performance_schema.processlist WHERE user = <user> ORDER BY RAND(<random>) LIMIT 1";

/// Ends connections until the clinic closes; says how many, of the clinic and of caredb.
pub fn cut_connections(shared: &Shared, mut moments: Moments) -> (u32, u32) {
    let mut cut = (0, 0);
    while !shared.done.load(Ordering::Relaxed) {
        let pause = 500 + moments.next(7000);
        std::thread::sleep(Duration::from_millis(pause)); // the moment is the case, not a wait for something
        let is_caredb = moments.next(2) == 0;
        let sql = SESSIONS
            .replace("<user>", if is_caredb { "'caredb'" } else { "'desk'" })
            .replace("<random>", &pause.to_string());
        let options = MySqlConnectOptions::new().socket(&shared.socket).username("root");
        // the server may be down
        let found = block_on(async {
            let mut conn = options.connect().await?;
            let Some(session) = rows(&mut conn, &sql).await?.pop() else { return Ok(false) };
            let id = session.split('|').next().unwrap();
            if is_caredb {
                // before it may be told, so that no job fails without a reason
                shared.cut.fetch_add(1, Ordering::SeqCst);
            }
            rows(&mut conn, &format!("KILL {id}")).await?;
            Ok::<_, sqlx::Error>(true)
        });
        if found.unwrap_or(false) {
            *(if is_caredb { &mut cut.1 } else { &mut cut.0 }) += 1;
        }
    }
    cut
}
