//! Where the fault suite kills caredb.

/// In a debug build, ends the process as SIGKILL would where the fault suite says so: at the point with the number in
/// `CAREDB_CRASH_AT`, counted from 1. Release builds have no such points.
pub fn crash_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        if std::env::var("CAREDB_CRASH_AT").is_ok_and(|at| at == number.to_string()) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
