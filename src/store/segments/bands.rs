//! Ranges cut where any of them begins or ends: a sample counts in one band, and a range is a row of bands.

use std::ops::Range;

use crate::model::TimeRange;
use crate::store::hour::{HOUR_MS, start_ms};

/// The bands of some ranges.
#[derive(Debug)]
pub(super) struct Bands {
    /// Where bands begin, rising; the last one ends there.
    cuts: Vec<i64>,
    /// The bands of each range.
    ranges: Vec<Range<usize>>,
}

impl Bands {
    pub(super) fn of(ranges: &[TimeRange]) -> Self {
        let mut cuts: Vec<i64> = ranges.iter().flat_map(|range| [range.from_ms, range.until_ms]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let place = |ms| cuts.partition_point(|&cut| cut < ms);
        let ranges = ranges.iter().map(|range| place(range.from_ms)..place(range.until_ms)).collect();
        Self { cuts, ranges }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.cuts.len().saturating_sub(1)
    }

    /// From the first to the last.
    pub(super) fn reach(&self) -> TimeRange {
        let (from_ms, until_ms) =
            self.cuts.first().zip(self.cuts.last()).map_or((0, 0), |(&from, &until)| (from, until));
        TimeRange { from_ms, until_ms }
    }

    /// The bands of each range, in the order in which ranges were given.
    pub(super) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The band of an instant.
    pub(super) fn at(&self, timestamp_ms: i64) -> Option<usize> {
        let after = self.cuts.partition_point(|&cut| cut <= timestamp_ms);
        (after < self.cuts.len()).then(|| after.checked_sub(1)).flatten()
    }

    /// The band of a whole hour, when it lies in one.
    pub(super) fn of_hour(&self, hour: i64) -> Option<usize> {
        let first = self.at(start_ms(hour))?;
        (self.at(start_ms(hour).saturating_add(HOUR_MS - 1))? == first).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_row_of_bands() {
        let range = |from_ms, until_ms| TimeRange { from_ms, until_ms };
        let bands = Bands::of(&[range(50, 100), range(0, 100), range(20, 50)]);
        assert_eq!(bands.ranges(), [2..3, 0..3, 1..2]);
        assert_eq!([-1, 0, 19, 20, 99, 100].map(|ms| bands.at(ms)), [None, Some(0), Some(0), Some(1), Some(2), None]);
        assert_eq!((bands.len(), bands.reach()), (3, range(0, 100)));
        assert_eq!(Bands::of(&[]).at(0), None);
        let hours = Bands::of(&[range(1, 3 * HOUR_MS)]);
        assert_eq!([0, 1, 2, 3].map(|hour| hours.of_hour(hour)), [None, Some(0), Some(0), None]);
    }
}
