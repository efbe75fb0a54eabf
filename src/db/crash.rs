//! Where the tests kill caredb, or its server.

/// In a debug build, ends the process as SIGKILL would where the fault suite says so: at the point with the number in
/// `CAREDB_CRASH_AT`, counted from 1; a text there, which is no number, is what caredb panics with. At that in `CAREDB_STOP_AT` it waits
/// for SIGCONT, while something else is killed. Release builds have no such points.
///
/// # Panics
/// In a debug build, where it is told to.
pub fn crash_point() {
    #[cfg(debug_assertions)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        if let Ok(at) = std::env::var("CAREDB_CRASH_AT") {
            assert!(at.parse::<u32>().is_ok(), "{at}");
        }
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        for (name, signal) in [("CAREDB_CRASH_AT", Signal::KILL), ("CAREDB_STOP_AT", Signal::STOP)] {
            if std::env::var(name).is_ok_and(|at| at == number.to_string()) {
                let _ = kill_process(getpid(), signal);
            }
        }
    }
}
