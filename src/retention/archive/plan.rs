//! Which months go, and how. Pure.

use super::{Content, Method};

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    /// Whole months where most rows go and the archive has none of them, rows otherwise
    Auto,
    /// Whole months by EXCHANGE PARTITION, and no others
    Exchange,
    /// Rows in batches
    Rows,
}

/// A month that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// The month.
    pub content: &'a Content,
    /// How.
    pub method: Method,
}

/// A month that can't go as it is wanted, and why.
pub type Left<'a> = (&'a Content, &'static str);

/// Fewer rows are moved sooner than a partition is exchanged.
const WORTH_AN_EXCHANGE: u64 = 1000;

/// Why a month can't be exchanged; none where it can.
fn obstacle(content: &Content) -> Option<&'static str> {
    if content.archived {
        // they would be swapped out
        Some("the archive has rows of it already")
    } else if content.young > 0 {
        Some("a part of it is too young")
    } else {
        None
    }
}

/// Plans the months that have rows to go, the oldest first.
#[must_use]
pub fn plan(contents: &[Content], wanted: Wanted) -> (Vec<Step<'_>>, Vec<Left<'_>>) {
    let (mut steps, mut left) = (Vec::new(), Vec::new());
    for content in contents.iter().filter(|content| content.goes > 0) {
        let obstacle = obstacle(content);
        // each that stays is copied while writers wait
        let worth = content.goes >= WORTH_AN_EXCHANGE && content.staying() <= content.goes;
        let method = match (wanted, obstacle) {
            (Wanted::Exchange, Some(obstacle)) => {
                left.push((content, obstacle));
                continue;
            }
            (Wanted::Exchange, None) => Method::Exchange,
            (Wanted::Auto, None) if worth => Method::Exchange,
            (Wanted::Auto | Wanted::Rows, _) => Method::Rows,
        };
        steps.push(Step { content, method });
    }
    (steps, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ident::Ident;
    use crate::partition::month::Month;

    fn content((goes, stays, young): (u64, u64, u64), archived: bool) -> Content {
        let stays = [("status".to_owned(), stays)].into_iter().filter(|(_, rows)| *rows > 0).collect();
        Content {
            month: Month::new(2024, 1).unwrap(),
            partition: Ident::known("p_2024_01"),
            rows: 0,
            goes,
            young,
            stays,
            bytes: 0,
            archived,
        }
    }

    #[test]
    fn whole_months_are_exchanged_and_others_moved_by_rows() {
        use Method::{Exchange, Rows};
        for (rows, archived, wanted, method) in [
            ((1000, 1000, 0), false, Wanted::Auto, Ok(Exchange)),
            ((999, 0, 0), false, Wanted::Auto, Ok(Rows)),
            ((1000, 1001, 0), false, Wanted::Auto, Ok(Rows)),
            ((1000, 0, 1), false, Wanted::Auto, Ok(Rows)),
            ((1000, 0, 0), true, Wanted::Auto, Ok(Rows)),
            ((1000, 0, 0), false, Wanted::Rows, Ok(Rows)),
            ((1, 9, 0), false, Wanted::Exchange, Ok(Exchange)),
            ((1000, 0, 1), false, Wanted::Exchange, Err("a part of it is too young")),
            ((1000, 0, 0), true, Wanted::Exchange, Err("the archive has rows of it already")),
        ] {
            let contents = [content(rows, archived), content((0, 5, 5), false)];
            let (steps, left) = plan(&contents, wanted);
            let planned = steps.first().map(|step| step.method).ok_or_else(|| left[0].1);
            assert_eq!(planned, method, "{rows:?} {archived} {wanted:?}");
            assert_eq!(steps.len() + left.len(), 1);
        }
    }
}
