//! Whether a command that destroys something may go on: the one place where that is decided, and asked.
//!
//! Protected are the databases that `caredb.toml` names. Jobs that cron runs (`purge notifications`, `archive`, `compress`) are not asked
//! there as long as they do what the policy says: it stands in the same file, and a night that ends by exit 3 because nobody was there
//! only teaches people to put an answer into the crontab. What goes beyond the policy (`--older-than 1d`) is somebody's own, and wants
//! the name. So does `purge archive`, always, since what it destroys is nowhere else: its crontab line says `--confirm NAME` once, and
//! then no job moves or deletes rows of another database; without, `cron` does all its other jobs.
//!
//! Not asked for are what comes back (`archive`, `compress`), what only adds (`import`), `migrate`, whose files were looked at before,
//! and `hold release`, which destroys nothing itself, and has a reason on record.

use super::{Context, Refusal};

/// What is wanted where the database is not protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing: what the command does there is what it was called for.
    Nothing,
    /// A yes of the person at the terminal; a script is believed.
    Yes,
    /// A yes from everybody, by `--yes` where no person is.
    SpokenYes,
}

/// What is known before anybody is asked.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    database: &'a str,
    is_protected: bool,
    /// `--confirm`
    named: Option<&'a str>,
    /// `--yes`
    yes: bool,
    /// Whether a person is there.
    can_ask: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Go,
    AskYes,
    AskName,
    /// `--confirm` names another database.
    OtherName,
    /// Nobody has said the name, and there is nobody to ask.
    WithoutName,
    WithoutYes,
}

/// A name that was said counts whether it is wanted or not: who says another one means another database.
fn decide(known: Known<'_>, otherwise: Otherwise) -> Decision {
    match (known.named, otherwise) {
        (Some(name), _) if name == known.database => Decision::Go,
        (Some(_), _) => Decision::OtherName,
        // a `--yes` is typed by habit, and stands in scripts
        (None, _) if known.is_protected && (known.yes || !known.can_ask) => Decision::WithoutName,
        (None, _) if known.is_protected => Decision::AskName,
        (None, Otherwise::Nothing) => Decision::Go,
        (None, _) if known.yes => Decision::Go,
        (None, _) if known.can_ask => Decision::AskYes,
        (None, Otherwise::Yes) => Decision::Go,
        (None, Otherwise::SpokenYes) => Decision::WithoutYes,
    }
}

impl Context {
    /// Refuses where `--confirm` names another database, also where nothing is asked: a crontab's line that leads to the wrong one.
    pub(super) fn check_name(&self, database: &str) -> Result<(), Refusal> {
        match self.confirm.as_deref() {
            Some(name) if name != database => {
                Err(Refusal(format!("`--confirm {name}` names another database than `{database}`")))
            }
            _ => Ok(()),
        }
    }

    /// Whether to go on with what `question` says. `refusal`: what to say after a no.
    pub(super) fn confirm(
        &self,
        otherwise: Otherwise,
        database: &str,
        question: &str,
        refusal: &str,
    ) -> Result<(), Refusal> {
        let known = Known {
            database,
            is_protected: self.config.is_protected(database),
            named: self.confirm.as_deref(),
            yes: self.yes,
            can_ask: self.output.can_ask(),
        };
        let refuse = |text: String| Err(Refusal(text));
        match decide(known, otherwise) {
            Decision::Go => Ok(()),
            Decision::AskYes if self.output.ask(question) == Some(true) => Ok(()),
            Decision::AskYes => refuse(refusal.to_owned()),
            Decision::WithoutYes => refuse(format!("{question} say `--yes`; {refusal}")),
            Decision::AskName => {
                let prompt =
                    format!("{question}\n`{database}` is protected by `caredb.toml`; its name, if you mean it:");
                match self.output.ask_for_text(&prompt) {
                    Some(name) if name == database => Ok(()),
                    _ => refuse(format!(
                        "that is not the name of `{database}`, which is protected by `caredb.toml`; {refusal}"
                    )),
                }
            }
            Decision::OtherName => self.check_name(database),
            Decision::WithoutName => refuse(format!(
                "`{database}` is protected by `caredb.toml`; if you mean it, say `--confirm {database}`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_name_opens_a_protected_database() {
        let protected = Known { database: "clinic", is_protected: true, named: None, yes: false, can_ask: false };
        for otherwise in [Otherwise::Nothing, Otherwise::Yes, Otherwise::SpokenYes] {
            for (yes, can_ask, decision) in [
                (false, false, Decision::WithoutName),
                (true, false, Decision::WithoutName),
                (true, true, Decision::WithoutName),
                (false, true, Decision::AskName),
            ] {
                let known = Known { yes, can_ask, ..protected };
                assert_eq!(decide(known, otherwise), decision, "{known:?}");
                let named = |name| decide(Known { named: Some(name), ..known }, otherwise);
                assert_eq!(named("clinic"), Decision::Go);
                for other in ["", "Clinic", "clinic ", "clinic_test"] {
                    assert_eq!(named(other), Decision::OtherName, "{other}");
                }
            }
        }
    }

    #[test]
    fn others_want_what_the_command_wants() {
        let open = Known { database: "clinic", is_protected: false, named: None, yes: false, can_ask: false };
        for (otherwise, script, person) in [
            (Otherwise::Nothing, Decision::Go, Decision::Go),
            (Otherwise::Yes, Decision::Go, Decision::AskYes),
            (Otherwise::SpokenYes, Decision::WithoutYes, Decision::AskYes),
        ] {
            assert_eq!(decide(open, otherwise), script, "{otherwise:?}");
            assert_eq!(decide(Known { can_ask: true, ..open }, otherwise), person, "{otherwise:?}");
            assert_eq!(decide(Known { yes: true, can_ask: true, ..open }, otherwise), Decision::Go, "{otherwise:?}");
            assert_eq!(decide(Known { named: Some("other"), ..open }, otherwise), Decision::OtherName, "{otherwise:?}");
        }
    }
}
