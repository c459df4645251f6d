//! A sparkline: means of equal stretches of a range.

use crate::model::{Point, TimeRange};
use crate::stats::Moments;
use crate::store::dense::{Dense, SLOT_MS, Slot};
use crate::store::hour::{self, HOUR_MS};

/// Means of equal stretches of a range.
#[derive(Debug)]
pub(in crate::store) struct Spark {
    range: TimeRange,
    buckets: Vec<(u64, f64)>,
}

impl Spark {
    pub(in crate::store) fn new(range: TimeRange, buckets: usize) -> Self {
        Self { range, buckets: vec![(0, 0.0); buckets] }
    }

    /// Whether its stretches are shorter than an hour.
    pub(super) fn is_fine(&self) -> bool {
        self.range.span_ms() / (self.buckets.len().cast_signed() as i64) < HOUR_MS
    }

    /// Adds `n` samples around an instant with this mean.
    pub(in crate::store) fn add(&mut self, at_ms: i64, n: u64, mean: f64) {
        if n == 0 || !self.range.contains(at_ms) {
            return;
        }
        let place = self.place(at_ms);
        if let Some((count, known)) = self.buckets.get_mut(place) {
            *count += n;
            // Divided first: the difference of the two largest numbers of either sign is not finite.
            let share = n as f64 / *count as f64;
            *known += mean * share - *known * share;
        }
    }

    /// Adds samples; fastest when those of one stretch come together.
    pub(in crate::store) fn add_points(&mut self, points: &[Point]) {
        let mut rest = points;
        while let [first, ..] = rest {
            let stretch = self.stretch_around(first.timestamp_ms);
            let len = rest.iter().take_while(|point| stretch.contains(point.timestamp_ms)).count().max(1);
            let (run, after) = rest.split_at(len);
            let values = || run.iter().map(|point| point.value);
            let sum: f64 = values().sum();
            // Of the largest numbers there is no sum.
            let mean = if sum.is_finite() { sum / len as f64 } else { values().collect::<Moments>().mean };
            self.add(first.timestamp_ms, len as u64, mean);
            rest = after;
        }
    }

    /// Which stretch an instant of the range lies in.
    fn place(&self, at_ms: i64) -> usize {
        let len = self.buckets.len() as u64;
        let (along, span) = (distance(self.range.from_ms, at_ms), self.span());
        // A division of 128 bits takes longer than all else; only ages of the universe need one.
        along.checked_mul(len).map_or_else(
            || (u128::from(along) * u128::from(len) / u128::from(span)) as usize,
            |scaled| (scaled / span) as usize,
        )
    }

    /// The stretch that an instant lies in; empty when that is none.
    fn stretch_around(&self, at_ms: i64) -> TimeRange {
        if !self.range.contains(at_ms) {
            return TimeRange { from_ms: at_ms, until_ms: at_ms };
        }
        let (place, len) = (self.place(at_ms) as u128, self.buckets.len() as u128);
        let edge = |place: u128| {
            let along = (place * u128::from(self.span())).div_ceil(len) as u64;
            self.range.from_ms.wrapping_add_unsigned(along)
        };
        TimeRange { from_ms: edge(place), until_ms: edge(place + 1) }
    }

    fn span(&self) -> u64 {
        distance(self.range.from_ms, self.range.until_ms)
    }

    /// Adds an hour in its short form.
    pub(super) fn add_dense(&mut self, hour: i64, dense: &Dense<'_>) {
        let start_ms = hour::start_ms(hour);
        if self.is_fine() {
            for (&Slot { n, mean }, at) in dense.slots.iter().zip(0..) {
                self.add(start_ms.saturating_add(at * SLOT_MS + SLOT_MS / 2), n, mean);
            }
        } else {
            self.add(start_ms.saturating_add(HOUR_MS / 2), dense.moments.n, dense.moments.mean);
        }
    }

    pub(in crate::store) fn means(self) -> Vec<Option<f64>> {
        self.buckets.into_iter().map(|(count, mean)| (count > 0).then_some(mean)).collect()
    }
}

/// How long after `from_ms` an instant is.
const fn distance(from_ms: i64, at_ms: i64) -> u64 {
    at_ms.wrapping_sub(from_ms).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spark(points: &[(i64, f64)], range: TimeRange, buckets: usize) -> Vec<Option<f64>> {
        let mut spark = Spark::new(range, buckets);
        let points: Vec<Point> = points.iter().map(|&(timestamp_ms, value)| Point { timestamp_ms, value }).collect();
        spark.add_points(&points);
        spark.means()
    }

    proptest! {
        #[test]
        fn points_together_are_added_as_one_by_one(
            points in prop::collection::vec((-100..1_100_i64, -1e3..1e3_f64), 0..200),
            is_sorted: bool, from_ms in -50..500_i64, span_ms in 1..700_i64, buckets in 1..50_usize,
        ) {
            let mut points = points;
            if is_sorted {
                points.sort_by_key(|(at_ms, _)| *at_ms);
            }
            let range = TimeRange { from_ms, until_ms: from_ms + span_ms };
            let mut one_by_one = Spark::new(range, buckets);
            for &(at_ms, value) in &points {
                one_by_one.add(at_ms, 1, value);
            }
            for (together, alone) in spark(&points, range, buckets).into_iter().zip(one_by_one.means()) {
                prop_assert_eq!(together.is_some(), alone.is_some());
                prop_assert!((together.unwrap_or(0.0) - alone.unwrap_or(0.0)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_largest_numbers_have_a_sparkline() {
        let points = [f64::MAX, -f64::MAX, f64::MAX].map(|value| (0, value));
        assert!(spark(&points, TimeRange { from_ms: 0, until_ms: 240 }, 240)[0].unwrap().is_finite());
    }

    #[test]
    fn the_longest_range_has_buckets() {
        let range = TimeRange { from_ms: i64::MIN, until_ms: i64::MAX };
        let spark = spark(&[(i64::MIN, 1.0), (-1, 2.0), (0, 3.0), (i64::MAX - 1, 4.0)], range, 240);
        assert_eq!((spark[0], spark[119], spark[120], spark[239]), (Some(1.0), Some(2.0), Some(3.0), Some(4.0)));
    }

    #[test]
    fn a_sparkline_has_gaps_where_nothing_was_measured() {
        let range = TimeRange { from_ms: 0, until_ms: 2_400 };
        let spark = spark(&[(0, 1.0), (9, 3.0), (2_399, 7.0)], range, 240);
        assert_eq!((spark[0], spark[1], spark[239]), (Some(2.0), None, Some(7.0)));
    }
}
