//! How many rows a batch takes: as many as the server works off in a time that nobody minds waiting for.

use std::time::Duration;

/// The least and the most rows of a batch: below, commits are all that is done; above, a lock is held for too many rows.
const BOUNDS: (u32, u32) = (100, 20_000);

/// How many the first batch has, of which nothing is known.
const FIRST: u32 = 500;

/// The rows of the next batch, by the time that the last ones took.
#[derive(Debug, Clone, Copy)]
pub struct BatchSize {
    target_ms: f64,
    rows: f64,
}

impl BatchSize {
    /// `target`: how long a batch should take, from its first lock to its commit.
    #[must_use]
    pub fn new(target: Duration) -> Self {
        Self { target_ms: target.as_secs_f64() * 1000.0, rows: f64::from(FIRST) }
    }

    /// How many rows the next batch takes.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within `BOUNDS`")]
    pub fn rows(&self) -> u32 {
        self.rows.round() as u32
    }

    /// Learns from a batch of so many rows. It goes half of the way to what that batch would suggest, and never to more than
    /// twice or less than half, so that one batch that waited for somebody does not set the pace.
    pub fn measured(&mut self, rows: u64, took: Duration) {
        let took_ms = took.as_secs_f64() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "a batch has thousands of rows, not 2^52")]
        let rows = rows as f64;
        // a batch that was short because there was no more tells little but if it was slow
        if rows < self.rows / 2.0 && took_ms < self.target_ms {
            return;
        }
        let ideal = rows * self.target_ms / took_ms.max(0.001);
        let next = f64::midpoint(self.rows, ideal).min(self.rows * 2.0);
        self.rows = next.clamp(f64::from(BOUNDS.0), f64::from(BOUNDS.1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of batches where a batch takes `cost_ms(rows)`.
    fn sizes(batches: usize, cost_ms: impl Fn(u32) -> u64) -> Vec<u32> {
        let mut size = BatchSize::new(Duration::from_millis(250));
        let mut sizes = Vec::new();
        for _ in 0..batches {
            sizes.push(size.rows());
            size.measured(size.rows().into(), Duration::from_millis(cost_ms(size.rows())));
        }
        sizes
    }

    #[test]
    fn comes_to_the_time_it_should_take() {
        // 20 rows a millisecond: 5,000
        assert_eq!(sizes(8, |rows| u64::from(rows) / 20), [500, 1000, 2000, 3500, 4250, 4631, 4821, 4911]);
        // a row a millisecond: 250
        assert_eq!(sizes(5, u64::from), [500, 375, 313, 281, 266]);
    }

    #[test]
    fn stays_within_bounds() {
        assert_eq!(sizes(9, |_| 0), [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000]);
        assert_eq!(sizes(4, |_| 60_000), [500, 251, 126, 100]);
    }

    #[test]
    fn one_slow_batch_halves_and_a_short_one_says_nothing() {
        for (rows, took_ms, next) in [
            (5000, 250, 5000),
            (5000, 60_000, 2510),
            (5000, 1, 10000),
            // the last rows of a table
            (3, 1, 5000),
            // few, and slow all the same
            (3, 500, 2501),
        ] {
            let mut size = BatchSize { target_ms: 250.0, rows: 5000.0 };
            size.measured(rows, Duration::from_millis(took_ms));
            assert_eq!(size.rows(), next, "{rows} rows in {took_ms} ms");
        }
    }
}
