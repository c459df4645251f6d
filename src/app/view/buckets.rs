//! Points gathered into equal stretches of time, so that drawing costs what the pane is wide and not
//! what the store holds. Extremes survive.

use crate::model::{Point, TimeRange};

/// The points of one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its earliest point.
    pub first: Point,
    /// Its latest point.
    pub last: Point,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Number of points, at least 1.
    pub count: u32,
}

impl Bucket {
    const fn of(point: Point) -> Self {
        Self { first: point, last: point, min: point.value, max: point.value, mean: point.value, count: 1 }
    }

    fn push(&mut self, point: Point) {
        self.last = point;
        self.min = self.min.min(point.value);
        self.max = self.max.max(point.value);
        self.count += 1;
        // Weighted by parts instead of summed: values near the largest float must not overflow.
        let share = 1.0 / f64::from(self.count);
        self.mean = self.mean * (1.0 - share) + point.value * share;
    }
}

/// `points` (oldest first) in `columns` buckets over `range`; `None` where there is no point. Points
/// outside the range are left out.
#[must_use]
pub fn bucket(points: &[Point], range: TimeRange, columns: usize) -> Vec<Option<Bucket>> {
    let mut buckets: Vec<Option<Bucket>> = vec![None; columns];
    if range.span_ms() == 0 || columns == 0 {
        return buckets;
    }
    let per_ms = columns as f64 / range.span_ms() as f64;
    let from = points.partition_point(|point| point.timestamp_ms < range.from_ms);
    let until = points.partition_point(|point| point.timestamp_ms < range.until_ms);
    for point in points.get(from..until).unwrap_or_default() {
        let column = (point.timestamp_ms.saturating_sub(range.from_ms) as f64 * per_ms) as usize;
        match &mut buckets[column.min(columns - 1)] {
            Some(bucket) => bucket.push(*point),
            empty => *empty = Some(Bucket::of(*point)),
        }
    }
    buckets
}

/// The time without a sample from which a line is broken: six times the usual distance (the median of
/// up to 512 of them), in ms.
#[must_use]
pub fn gap_ms(points: &[Point]) -> i64 {
    const USUAL: usize = 512;
    let step = (points.len() / USUAL).max(1);
    let mut distances: Vec<i64> =
        points.windows(2).step_by(step).map(|pair| pair[1].timestamp_ms.saturating_sub(pair[0].timestamp_ms)).collect();
    if distances.is_empty() {
        return i64::MAX;
    }
    let middle = distances.len() / 2;
    let (_, median, _) = distances.select_nth_unstable(middle);
    median.saturating_mul(6).max(1)
}

/// Equal buckets of means (a sparkline) squeezed or stretched to `columns`: the mean of what falls on a
/// column, unless some of it `stands_out`; then the last of those, so that no excursion is averaged away.
#[must_use]
pub fn resample(means: &[Option<f64>], columns: usize, stands_out: impl Fn(f64) -> bool) -> Vec<Option<f64>> {
    (0..columns)
        .map(|column| {
            let from = column * means.len() / columns;
            let until = ((column + 1) * means.len() / columns).max(from + 1);
            let values = || means.get(from..until).unwrap_or_default().iter().flatten().copied();
            if let Some(outstanding) = values().filter(|value| stands_out(*value)).last() {
                return Some(outstanding);
            }
            let share = 1.0 / values().count() as f64;
            values().map(|value| value * share).reduce(|sum, part| sum + part)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RANGE: TimeRange = TimeRange { from_ms: 0, until_ms: 1_000 };

    fn points(values: &[(i64, f64)]) -> Vec<Point> {
        values.iter().map(|&(timestamp_ms, value)| Point { timestamp_ms, value }).collect()
    }

    #[test]
    fn a_bucket_keeps_its_extremes_and_its_mean() {
        let buckets = bucket(&points(&[(0, 1.0), (10, 5.0), (499, 3.0), (500, 7.0)]), RANGE, 2);
        let first = buckets[0].expect("has points");
        assert_eq!((first.min, first.max, first.mean, first.count), (1.0, 5.0, 3.0, 3));
        assert_eq!((first.first.value, first.last.value), (1.0, 3.0));
        assert_eq!(buckets[1].map(|bucket| bucket.mean), Some(7.0));
    }

    #[test]
    fn points_outside_the_range_are_left_out() {
        let buckets = bucket(&points(&[(-1, 9.0), (100, 1.0), (1_000, 9.0)]), RANGE, 4);
        assert_eq!(buckets.iter().flatten().count(), 1);
    }

    #[test]
    fn the_largest_floats_have_a_finite_mean() {
        let buckets = bucket(&points(&[(0, f64::MAX), (1, f64::MAX), (2, -f64::MAX)]), RANGE, 1);
        assert!(buckets[0].expect("has points").mean.is_finite());
    }

    #[test]
    fn a_gap_is_much_longer_than_the_usual_distance() {
        let regular: Vec<Point> = (0..100).map(|i| Point { timestamp_ms: i * 60_000, value: 0.0 }).collect();
        assert_eq!(gap_ms(&regular), 360_000);
        assert_eq!(gap_ms(&regular[..1]), i64::MAX);
    }

    #[test]
    fn an_excursion_survives_squeezing() {
        let mut means = vec![Some(1.0); 240];
        means[77] = Some(9.0);
        means[100..120].fill(None);
        let squeezed = resample(&means, 24, |value| value > 5.0);
        assert_eq!(squeezed[7], Some(9.0));
        assert!(squeezed[8].is_some_and(|mean| (mean - 1.0).abs() < 1e-12));
        assert_eq!(squeezed[10..12], [None, None]);
    }

    #[test]
    fn stretching_repeats_values() {
        let squeeze = |means: &[Option<f64>], columns| resample(means, columns, |_| false);
        assert_eq!(squeeze(&[Some(1.0), None], 4), [Some(1.0), Some(1.0), None, None]);
        assert_eq!(squeeze(&[], 3), [None; 3]);
        assert_eq!(squeeze(&[Some(1.0)], 0), []);
    }

    proptest! {
        #[test]
        fn bucketing_keeps_minimum_maximum_and_count(
            values in prop::collection::vec(-1e300..1e300f64, 1..400),
            columns in 1usize..80,
        ) {
            let points: Vec<Point> = values.iter().enumerate()
                .map(|(i, &value)| Point { timestamp_ms: i64::try_from(i * 1_000 / values.len()).expect("small"), value })
                .collect();
            let buckets = bucket(&points, RANGE, columns);
            let min = buckets.iter().flatten().map(|b| b.min).fold(f64::INFINITY, f64::min);
            let max = buckets.iter().flatten().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(Some(min), values.iter().copied().reduce(f64::min));
            prop_assert_eq!(Some(max), values.iter().copied().reduce(f64::max));
            prop_assert_eq!(buckets.iter().flatten().map(|b| b.count as usize).sum::<usize>(), values.len());
        }

        #[test]
        fn no_range_and_no_order_of_points_panics(
            values in prop::collection::vec((any::<i64>(), any::<f64>()), 0..50),
            from_ms in any::<i64>(), until_ms in any::<i64>(), columns in 0usize..50,
        ) {
            let _ = bucket(&points(&values), TimeRange { from_ms, until_ms }, columns);
        }
    }
}
