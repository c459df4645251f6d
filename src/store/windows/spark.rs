//! A sparkline: means of equal stretches of a range.

use crate::model::TimeRange;
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
        let len = self.buckets.len() as u64;
        let [along, span] = [at_ms, self.range.until_ms].map(|ms| ms.wrapping_sub(self.range.from_ms).cast_unsigned());
        // A division of 128 bits takes longer than all else; only ages of the universe need one.
        let place = along.checked_mul(len).map_or_else(
            || (u128::from(along) * u128::from(len) / u128::from(span)) as usize,
            |scaled| (scaled / span) as usize,
        );
        if let Some((count, known)) = self.buckets.get_mut(place) {
            *count += n;
            // Divided first: the difference of the two largest numbers of either sign is not finite.
            let share = n as f64 / *count as f64;
            *known += mean * share - *known * share;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spark(points: &[(i64, f64)], range: TimeRange, buckets: usize) -> Vec<Option<f64>> {
        let mut spark = Spark::new(range, buckets);
        for &(at_ms, value) in points {
            spark.add(at_ms, 1, value);
        }
        spark.means()
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
