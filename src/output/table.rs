//! Tables for people: columns apart by two spaces, no borders, so that they can be cut and grepped. In a pipe a row is a line; on
//! a terminal that is too narrow, texts go on in the next line of their column.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// The columns and lines of the terminal that results are read on; none where they are not read on one.
#[must_use]
pub fn terminal() -> Option<(usize, usize)> {
    let out = std::io::stdout();
    let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(&out).ok()).flatten()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col.into(), size.ws_row.into()))
}

/// Renders rows under a header, without trailing spaces and without a last line end.
#[must_use]
pub fn render(columns: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    render_within(columns, rows, terminal().map(|(width, _)| width))
}

/// As [`render`], on a terminal with so many columns; without them, each row is one line.
#[must_use]
pub fn render_within(columns: &[(&str, Align)], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // the space behind the last column is cut off below
        table.set_width(u16::try_from(width + GAP).unwrap_or(u16::MAX));
    }
    table.set_header(columns.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(row);
    }
    let words = words(columns, rows);
    // words in one piece, where all of them have room
    let has_room = width.is_some_and(|width| words.iter().map(|word| word + GAP).sum::<usize>() <= width + GAP);
    for (index, (_, align)) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            if has_room {
                let least = u16::try_from(words[index] + GAP).unwrap_or(u16::MAX);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// How long the longest word of each column is.
fn words(columns: &[(&str, Align)], rows: &[Vec<String>]) -> Vec<usize> {
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let cell = |row: &Vec<String>, index| row.get(index).map_or(0, |cell: &String| longest(cell));
    let column = |(index, (name, _)): (usize, &(&str, Align))| {
        rows.iter().map(|row| cell(row, index)).fold(longest(name), usize::max)
    };
    columns.iter().enumerate().map(column).collect()
}

/// Spaces between two columns.
const GAP: usize = 2;
/// Where the values of facts begin.
const FACT: usize = 13;

/// A fact on a line, or more where the terminal is narrow: `version      15, nothing pending`.
#[must_use]
pub fn fact(name: &str, value: &str, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(FACT).max(20));
    let indent = format!("\n{:FACT$}", "");
    format!("{name:<12} {}", wrap(value, room).join(&indent))
}

/// Lines of words, at `room` characters the most but for a word that is longer.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        let taken = lines[line].chars().count();
        if taken == 0 {
            lines[line].push_str(word);
        } else if taken + 1 + word.chars().count() <= room {
            lines[line].push(' ');
            lines[line].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Takes away all that is on a terminal.
pub const CLEARED: &str = "\x1b[H\x1b[2J";

/// What a terminal has room for of a text; what has none is counted.
#[must_use]
pub fn page(text: &str, width: usize, height: usize) -> String {
    let mut page = String::new();
    let (mut taken, mut shown) = (0, 0);
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines {
        let needs = line.chars().count().div_ceil(width).max(1);
        // the last line is for what is left out, or for the cursor
        if taken + needs >= height {
            break;
        }
        page.push_str(line);
        page.push('\n');
        taken += needs;
        shown += 1;
    }
    if shown < lines.len() {
        // writing into a String can't fail
        let _ = write!(page, "… and {}", super::count(lines.len() - shown, "more line"));
    }
    page
}

/// A size for people: `16.0 KiB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = (bytes.ilog2() / 10).min(5);
    // tenths, rounded down, in whole numbers: no float, no surprise at the edges
    let tenths = u128::from(bytes) * 10 / (1 << (10 * power));
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[power as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_plainly() {
        let rows = [vec!["users".to_owned(), "7".to_owned()], vec!["é".to_owned(), "1234".to_owned()]];
        assert_eq!(
            render(&[("table", Align::Left), ("rows", Align::Right)], &rows),
            "table  rows\nusers     7\né      1234"
        );
    }

    #[test]
    fn on_a_narrow_terminal_texts_go_on_below() {
        let columns = [("level", Align::Left), ("finding", Align::Left), ("rows", Align::Right)];
        let rows = [
            vec!["ok".to_owned(), "every row of it has its key".to_owned(), "1234567".to_owned()],
            vec!["problem".to_owned(), "none".to_owned(), "7".to_owned()],
        ];
        let wide = "level    finding                         rows\n\
                    ok       every row of it has its key  1234567\n\
                    problem  none                               7";
        for (width, expected) in [
            (None, wide),
            (Some(80), wide),
            (
                Some(36),
                "level    finding             rows\n\
                 ok       every row of it  1234567\n\
                 \x20        has its key\n\
                 problem  none                   7",
            ),
        ] {
            let rendered = render_within(&columns, &rows, width);
            assert_eq!(rendered, expected, "{width:?}");
        }
    }

    #[test]
    fn words_stay_in_one_piece_where_there_is_room() {
        let columns = [("command", Align::Left), ("did", Align::Left), ("by", Align::Left)];
        let row = ["compress medical-records", "compress 4 rows, again and again and again", "root@localhost on vm"];
        let rows = [row.map(str::to_owned).to_vec()];
        assert_eq!(
            render_within(&columns, &rows, Some(45)),
            "command          did           by\n\
             compress         compress 4    root@localhost\n\
             medical-records  rows, again   on vm\n\
             \x20                and again\n\
             \x20                and again"
        );
        // on 20 columns there is none
        assert!(render_within(&columns, &rows, Some(20)).lines().all(|line| line.chars().count() <= 20));
    }

    #[test]
    fn facts_go_on_below_their_value() {
        assert_eq!(fact("version", "15, nothing pending", None), "version      15, nothing pending");
        assert_eq!(
            fact("partitions", "`appointments` is ready to 2027-02, 3 months ahead", Some(40)),
            "partitions   `appointments` is ready to\n             2027-02, 3 months ahead"
        );
        // what is to be copied stays in one piece
        let path = "/a/path/that/is/longer/than/the/line";
        assert_eq!(fact("at", path, Some(30)), format!("at           {path}"));
    }

    #[test]
    fn a_page_fits_the_terminal() {
        assert_eq!(page("a\nb", 80, 24), "a\nb\n");
        assert_eq!(page("a\nb\nc\nd", 80, 4), "a\nb\nc\n… and 1 more line");
        assert_eq!(page("aaaaaaaa\nb\nc", 4, 4), "aaaaaaaa\nb\n… and 1 more line");
    }

    #[test]
    fn bytes_are_for_people() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }
}
