//! Randomness that can be had again: every thing that is generated has a `ChaCha8` stream of its own, made of the seed and of what
//! the thing is, so any part can be generated alone. Whole numbers only, since floating point rounds by machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What a stream is for. The numbers are part of every generated row: they never change, new ones are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stream {
    /// The text in unique keys.
    Tag = 1,
    /// A member of staff; also the id of an account.
    Staff = 2,
    /// A doctor.
    Doctor = 3,
    /// A patient.
    Patient = 4,
    /// A doctor's account.
    DoctorUser = 5,
    /// A patient's account.
    PatientUser = 6,
    /// A doctor's time slots.
    Slots = 7,
    /// When a doctor is away.
    Away = 8,
    /// The bookings of a doctor in a month.
    Cell = 9,
    /// The words of an appointment.
    Appointment = 10,
    /// A consultation.
    Consultation = 11,
    /// A prescription.
    Prescription = 12,
    /// A medical record.
    Record = 13,
    /// A payment.
    Payment = 14,
    /// A payment that failed before the one that went through.
    FailedPayment = 15,
    /// A review.
    Review = 16,
    /// A notification.
    Notification = 17,
    /// An audit row.
    Audit = 18,
    /// The order in which a doctor meets the patients.
    Panel = 19,
    /// A time slot's id.
    SlotId = 20,
    /// An absence's id.
    AwayId = 21,
}

/// A stream of random numbers.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of thing (`a`, `b`) under `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: Stream, a: u64, b: u64) -> Self {
        let mut key = [0; 32];
        let parts = [seed, stream as u64, a, b];
        for (place, part) in key.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 0 to `end`, without `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least + 1).unwrap_or(0);
        least + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// An index into something of this length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Yes in so many of a thousand cases.
    pub fn permille(&mut self, cases: i64) -> bool {
        self.between(0, 999) < cases
    }

    /// One of some things, none of which is likelier.
    pub fn pick<'a, T: ?Sized>(&mut self, things: &[&'a T]) -> &'a T {
        things[self.index(things.len())]
    }

    /// The index of one of some weights.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            match left.checked_sub(weight) {
                None => return index,
                Some(rest) => left = rest,
            }
        }
        0
    }

    /// So many different things in random order, at the most all.
    pub fn some<'a, T: ?Sized>(&mut self, things: &[&'a T], number: usize) -> Vec<&'a T> {
        let mut things = things.to_vec();
        let number = number.min(things.len());
        for place in 0..number {
            let other = place + self.index(things.len() - place);
            things.swap(place, other);
        }
        things.truncate(number);
        things
    }

    /// Random bytes, for ids.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_never_changes_and_is_like_no_other() {
        let first = |seed, stream, a, b| Random::new(seed, stream, a, b).bits();
        assert_eq!(first(1, Stream::Cell, 2, 3), 1_578_502_639_612_040_312);
        let streams = [
            first(1, Stream::Cell, 2, 3),
            first(2, Stream::Cell, 2, 3),
            first(1, Stream::Panel, 2, 3),
            first(1, Stream::Cell, 3, 2),
        ];
        assert_eq!(streams.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut random = Random::new(7, Stream::Cell, 0, 0);
        let mut seen = [false; 5];
        for _ in 0..1000 {
            let number = random.between(-2, 2);
            seen[usize::try_from(number + 2).unwrap()] = true;
            assert!(random.below(3) < 3);
            assert!(random.weighted(&[0, 5, 1]) > 0);
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(random.below(0), 0);
        assert!((0..1000).filter(|_| random.permille(250)).count().abs_diff(250) < 60);
        let mut all = random.some(&["a", "b", "c"], 9);
        all.sort_unstable();
        assert_eq!(all, ["a", "b", "c"]);
    }
}
