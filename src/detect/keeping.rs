//! What detectors know of a metric, as bytes that the store keeps.

use crc::{CRC_32_ISCSI, Crc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Raised whenever what is written means something else than before: what other versions wrote is learned anew.
pub const STATE_VERSION: i64 = 2;

/// Tells bytes that are not what was written.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Something as bytes.
pub(super) fn kept(state: &impl Serialize) -> Vec<u8> {
    // Nothing in a state is of a kind that has no bytes; what is empty is not read again.
    postcard::to_stdvec_crc32(state, CHECKSUM.digest()).unwrap_or_default()
}

/// Something whose parts may contradict each other, however right the checksum of its bytes is.
pub(super) trait Sound {
    /// Whether judging can have left it behind: every place lies in what it is a place of, and nothing will overflow.
    fn is_sound(&self) -> bool;
}

/// Counters of samples do not come so far.
pub(super) const MOST_COUNTED: u64 = u64::MAX / 2;

/// What the bytes were made of; `None` when they are not what was written, or what nobody would have written.
pub(super) fn read_kept<T: DeserializeOwned + Sound>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes_crc32(bytes, CHECKSUM.digest()).ok().filter(T::is_sound)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::super::monitor::{Monitor, Notice};
    use super::super::surprise::Aim;
    use super::*;
    use crate::model::{MetricName, Point, Unit};

    /// A metric of a sample a minute, and what is said of it.
    fn judge(monitor: &mut Monitor, minutes: std::ops::Range<i64>) -> Vec<Notice> {
        let mut notices = Vec::new();
        for minute in minutes {
            let value = if minute % 150 > 140 { 900.0 } else { (minute * 7919 % 101) as f64 };
            monitor.judge(Point { timestamp_ms: minute * 60_000, value }, 3_600_000, &mut notices);
        }
        notices
    }

    /// What was kept of a metric after so many minutes.
    struct Kept {
        minutes: i64,
        pulse: Vec<u8>,
        state: Vec<u8>,
    }

    /// The fewer samples there were, the more of what is kept are lengths and places.
    static KEPT: LazyLock<[Kept; 5]> = LazyLock::new(|| {
        [(1, true), (9, false), (70, true), (400, false), (3_000, true)].map(|(minutes, is_of_runs)| {
            let mut monitor = Monitor::new(Aim::default(), is_of_runs);
            judge(&mut monitor, 0..minutes);
            Kept { minutes, pulse: monitor.pulse(), state: monitor.state().unwrap() }
        })
    });

    /// The bytes with some that are wrong, and the checksum of what they are then.
    fn spoilt(random: &mut fastrand::Rng, kept: &[u8]) -> Vec<u8> {
        let mut bytes = kept[..kept.len() - size_of::<u32>()].to_vec();
        for _ in 0..random.usize(1..4) {
            let place = random.usize(..bytes.len());
            match random.u8(..6) {
                0 => bytes[place] = 0,
                1 => bytes[place] = 0x7f,
                2 => bytes[place] ^= 1 << random.u8(..8),
                3 => bytes[place] = random.u8(..),
                4 => drop(bytes.splice(place..place, std::iter::repeat_n(0xff, random.usize(1..5)))),
                _ => drop(bytes.splice(place..(place + 8).min(bytes.len()), random.u64(..).to_le_bytes())),
            }
        }
        bytes.extend(CHECKSUM.checksum(&bytes).to_le_bytes());
        bytes
    }

    #[test]
    fn what_was_not_spoilt_has_this_checksum() {
        for Kept { pulse, state, .. } in &*KEPT {
            for kept in [pulse, state] {
                let (bytes, checksum) = kept.split_at(kept.len() - size_of::<u32>());
                assert_eq!(CHECKSUM.checksum(bytes).to_le_bytes(), checksum);
            }
        }
    }

    proptest! {
        /// Run many with `PROPTEST_CASES=200000 cargo test --lib detect::keeping`.
        #[test]
        fn a_hostile_state_with_a_right_checksum_is_refused_or_judged_by(seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let Kept { minutes, pulse, state } = random.choice(&*KEPT).unwrap();
            let mut monitor = Monitor::new(Aim::default(), random.bool());
            monitor.resume_pulse(&spoilt(&mut random, pulse));
            monitor.resume(&spoilt(&mut random, state));
            let mut notices = judge(&mut monitor, *minutes..minutes + 200);
            while let Some(due_ms) = monitor.due_ms() {
                monitor.look(due_ms, &mut notices);
            }
            for notice in &notices {
                drop(notice.explanations(1.0, i64::MAX, Unit::default()));
            }
            prop_assert!(monitor.watching(&MetricName::from("m")).is_some() && monitor.state().is_some());
        }
    }
}
