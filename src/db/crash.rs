//! Where the fault suites kill caredb, or its server.

/// In a debug build, ends the process as SIGKILL would where the fault suite says so: at the point with the number in
/// `CAREDB_CRASH_AT`, counted from 1. At that in `CAREDB_STOP_AT` it waits for SIGCONT, while something else is killed. Release
/// builds have no such points.
pub fn crash_point() {
    #[cfg(debug_assertions)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        for (name, signal) in [("CAREDB_CRASH_AT", Signal::KILL), ("CAREDB_STOP_AT", Signal::STOP)] {
            if std::env::var(name).is_ok_and(|at| at == number.to_string()) {
                let _ = kill_process(getpid(), signal);
            }
        }
    }
}
