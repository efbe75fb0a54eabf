//! Fuzzes the reading of URLs. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 url
//! ```
//!
//! The first line of the input is a user, the second what stands behind the password, and is also read as a URL of its own.
//! Whatever comes of it does not say the password. Input that breaks this is left under `fuzz/artifacts/url/`; it becomes a
//! test in `src/db/target.rs`.
#![no_main]

use caredb::db::target::Target;
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "canary";

fuzz_target!(|text: &str| {
    let (user, rest) = text.split_once('\n').unwrap_or(("root", text));
    let _ = said(rest);
    // line ends and tabs are left out of a URL
    if text.to_lowercase().replace(['\n', '\r', '\t'], "").contains(PASSWORD) {
        return;
    }
    for password in [PASSWORD.to_owned(), format!("7/{PASSWORD}"), format!("7?{PASSWORD}=@"), format!("#{PASSWORD}")] {
        let said = said(&format!("mysql://{user}:{password}@{rest}"));
        assert!(!said.to_lowercase().contains(PASSWORD), "{said}");
    }
});

/// All that is ever printed of a URL.
fn said(url: &str) -> String {
    match Target::parse(url) {
        Ok(target) => {
            assert!((1..=64).contains(&target.database.as_str().chars().count()), "a database's name");
            // the driver takes what was read
            let _ = (target.options(true), target.options(false));
            format!("{target} {target:?} {} {}", target.server(), target.user())
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains(char::is_control), "{said:?}");
            said
        }
    }
}
