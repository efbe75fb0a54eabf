//! Where the tests kill caredb.

/// In a debug build, ends the process as SIGKILL would where the fault suite says so: at the point with the number in
/// `CAREDB_CRASH_AT`, counted from 1. A text there, which is no number, is what caredb panics with. Release builds have no such points.
///
/// # Panics
/// In a debug build, where it is told to.
pub fn crash_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        if let Ok(at) = std::env::var("CAREDB_CRASH_AT") {
            assert!(at.parse::<u32>().is_ok(), "{at}");
        }
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        if std::env::var("CAREDB_CRASH_AT").is_ok_and(|at| at == number.to_string()) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
