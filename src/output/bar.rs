//! The bar of a statement that takes long.

use std::cell::RefCell;
use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};

use super::plain::plain;

/// The one bar on stderr, while there is something to draw. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Bar(Rc<RefCell<Option<ProgressBar>>>);

impl Bar {
    /// Draws how far it is; without a percentage, how long it has taken.
    pub fn draw(&self, place: &str, elapsed_s: u64, percent: Option<u64>, left_s: Option<u64>) {
        let mut bar = self.0.borrow_mut();
        let bar = bar.get_or_insert_with(|| ProgressBar::new(100));
        let message = message(&plain(place), elapsed_s, left_s);
        let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
        let width = size.map(|size| size.ws_col.into()).filter(|&columns: &usize| columns > 0).unwrap_or(80);
        if let Ok(style) = ProgressStyle::with_template(&template(&message, percent.is_some(), width)) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(message);
        bar.set_position(percent.unwrap_or(0));
        bar.tick();
    }

    /// Takes it away before something else is printed.
    pub fn clear(&self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

/// A bar as long as there is room for it on the line, up to 30 characters; what is said goes first.
fn template(message: &str, has_percent: bool, width: usize) -> String {
    // ` [] 100 %`, and the last column, behind which some terminals go on below
    let room = width.saturating_sub(message.chars().count() + 10).min(30);
    match (has_percent, room) {
        (false, _) => "{msg}".to_owned(),
        (true, 0..5) => "{msg} {pos} %".to_owned(),
        (true, room) => format!("{{msg}} [{{bar:{room}}}] {{pos}} %"),
    }
}

fn message(place: &str, elapsed_s: u64, left_s: Option<u64>) -> String {
    match left_s {
        Some(left_s) => format!("{place}: {}, about {} left", duration(elapsed_s), duration(left_s)),
        None => format!("{place}: {}", duration(elapsed_s)),
    }
}

/// `42 s`, `3 min 20 s`, `2 h 5 min`.
#[must_use]
pub fn duration(s: u64) -> String {
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_takes_the_room_that_is_left() {
        let message = "x".repeat(50);
        for (has_percent, width, expected) in [
            (true, 100, "{msg} [{bar:30}] {pos} %"),
            (true, 80, "{msg} [{bar:20}] {pos} %"),
            (true, 64, "{msg} {pos} %"),
            (true, 10, "{msg} {pos} %"),
            (false, 80, "{msg}"),
        ] {
            assert_eq!(template(&message, has_percent, width), expected, "{width}");
        }
    }

    #[test]
    fn says_how_long_and_how_much_longer() {
        assert_eq!(message("V2__x.sql, statement 1 of 3", 42, None), "V2__x.sql, statement 1 of 3: 42 s");
        assert_eq!(message("V2__x.sql", 200, Some(7500)), "V2__x.sql: 3 min 20 s, about 2 h 5 min left");
    }
}
