//! The trailing baseline of one series, kept as moments of equal stretches of time.

use std::collections::VecDeque;

use crate::model::{Point, Window};
use crate::stats::Moments;

/// A window is kept as about this many buckets, so its edge moves in steps of less than 1 % of it.
const BUCKETS: i64 = 168;
const SHORTEST_BUCKET_MS: i64 = 60_000;
const LONGEST_BUCKET_MS: i64 = 3_600_000;
/// Without a window the oldest buckets are merged beyond this many.
const MOST_BUCKETS: usize = 2_160;

/// Moments of a series over a trailing window: hourly for windows of a week and more, finer for shorter
/// ones. Constant memory; a quiet sample allocates nothing.
#[derive(Debug, Clone)]
pub(super) struct RollingBaseline {
    bucket_ms: i64,
    /// Whole buckets that a window reaches back; `None` reaches back for ever.
    reach: Option<i64>,
    /// (bucket number, its moments), oldest first.
    buckets: VecDeque<(i64, Moments)>,
    /// Merged moments of the buckets before the one numbered here.
    before: Option<(i64, Moments)>,
}

impl RollingBaseline {
    pub(super) fn new(window: Window) -> Self {
        let bucket_ms = window
            .span_ms()
            .map_or(LONGEST_BUCKET_MS, |span_ms| (span_ms / BUCKETS).clamp(SHORTEST_BUCKET_MS, LONGEST_BUCKET_MS));
        Self {
            bucket_ms,
            reach: window.span_ms().map(|span_ms| span_ms.div_euclid(bucket_ms)),
            buckets: VecDeque::new(),
            before: None,
        }
    }

    /// Moments of what is known of the window before `timestamp_ms`. Its edge lies on a bucket's edge, so
    /// it holds the window and up to one bucket more.
    pub(super) fn at(&mut self, timestamp_ms: i64) -> Moments {
        let bucket = timestamp_ms.div_euclid(self.bucket_ms);
        let mut moments = match self.before {
            Some((known, moments)) if known == bucket => moments,
            _ => self.merge_before(bucket),
        };
        if let Ok(place) = self.place(bucket)
            && let Some((_, own)) = self.buckets.get(place)
        {
            moments.merge(own);
        }
        moments
    }

    fn merge_before(&mut self, bucket: i64) -> Moments {
        let from = self.first_bucket(bucket);
        let mut merged = Moments::default();
        for (number, moments) in &self.buckets {
            if (from..bucket).contains(number) {
                merged.merge(moments);
            }
        }
        self.before = Some((bucket, merged));
        merged
    }

    /// Takes a point into the baseline. What is older than the window is forgotten.
    pub(super) fn learn(&mut self, point: Point) {
        let bucket = point.timestamp_ms.div_euclid(self.bucket_ms);
        let place = match self.place(bucket) {
            Ok(place) => place,
            Err(place) => {
                if self.buckets.back().is_some_and(|&(newest, _)| bucket < self.first_bucket(newest)) {
                    return;
                }
                self.buckets.insert(place, (bucket, Moments::default()));
                place
            }
        };
        if let Some((_, moments)) = self.buckets.get_mut(place) {
            moments.push(point.value);
        }
        if self.before.is_some_and(|(known, _)| bucket < known) {
            self.before = None;
        }
        self.forget();
    }

    fn forget(&mut self) {
        let Some(&(newest, _)) = self.buckets.back() else { return };
        let first = self.first_bucket(newest);
        while self.buckets.front().is_some_and(|&(oldest, _)| oldest < first) {
            self.buckets.pop_front();
        }
        if self.buckets.len() > MOST_BUCKETS
            && let Some((_, oldest)) = self.buckets.pop_front()
            && let Some((_, next)) = self.buckets.front_mut()
        {
            next.merge(&oldest);
        }
    }

    fn first_bucket(&self, bucket: i64) -> i64 {
        self.reach.map_or(i64::MIN, |reach| bucket.saturating_sub(reach))
    }

    fn place(&self, bucket: i64) -> Result<usize, usize> {
        match self.buckets.back() {
            Some(&(newest, _)) if newest == bucket => Ok(self.buckets.len() - 1),
            Some(&(newest, _)) if newest < bucket => Err(self.buckets.len()),
            _ => self.buckets.binary_search_by_key(&bucket, |&(number, _)| number),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn rolling(window: Window, points: &[(i64, f64)]) -> RollingBaseline {
        let mut rolling = RollingBaseline::new(window);
        for &(timestamp_ms, value) in points {
            rolling.learn(Point { timestamp_ms, value });
        }
        rolling
    }

    #[test]
    fn what_leaves_the_window_is_forgotten() {
        let mut rolling = rolling(Window::D7, &[(0, 1.0), (HOUR_MS, 2.0), (2 * HOUR_MS, 3.0)]);
        assert_eq!(rolling.at(2 * HOUR_MS + 5).n, 3);
        assert_eq!(rolling.at(168 * HOUR_MS).n, 3);
        assert_eq!(rolling.at(169 * HOUR_MS).n, 2);
        assert_eq!(rolling.at(400 * HOUR_MS).n, 0);
    }

    #[test]
    fn a_late_point_counts_for_what_comes_after_it() {
        let mut rolling = rolling(Window::D7, &[(HOUR_MS, 1.0), (5 * HOUR_MS, 3.0)]);
        assert_eq!(rolling.at(5 * HOUR_MS).n, 2);
        rolling.learn(Point { timestamp_ms: 2 * HOUR_MS, value: 5.0 });
        assert_eq!(rolling.at(5 * HOUR_MS).n, 3, "its bucket lies before the one asked for");
        assert_eq!(rolling.at(HOUR_MS + 1).n, 1);
        rolling.learn(Point { timestamp_ms: -1_000 * HOUR_MS, value: 5.0 });
        assert_eq!(rolling.at(5 * HOUR_MS).n, 3);
    }

    #[rstest]
    #[case(Window::H1, 60_000)]
    #[case(Window::H24, 24 * HOUR_MS / 168)]
    #[case(Window::D7, HOUR_MS)]
    #[case(Window::D30, HOUR_MS)]
    fn short_windows_are_kept_in_finer_steps(#[case] window: Window, #[case] bucket_ms: i64) {
        assert_eq!(RollingBaseline::new(window).bucket_ms, bucket_ms);
    }

    #[test]
    fn without_a_window_nothing_is_lost_and_memory_is_bounded() {
        let points: Vec<_> = (0..5_000).map(|hour| (hour * HOUR_MS, hour as f64)).collect();
        let mut rolling = rolling(Window::All, &points);
        assert_eq!(rolling.at(5_000 * HOUR_MS).n, 5_000);
        assert!(rolling.buckets.len() <= MOST_BUCKETS);
    }

    proptest! {
        #[test]
        fn it_equals_the_moments_of_the_points_in_the_window(
            points in prop::collection::vec((0..400_i64, -1e3..1e3_f64), 1..120),
            hour in 0..400_i64,
        ) {
            let newest = points.iter().map(|&(hour, _)| hour).max().unwrap_or(0);
            let mut sorted = points.clone();
            sorted.sort_by_key(|&(hour, _)| hour);
            let learned: Vec<_> = sorted.iter().map(|&(hour, value)| (hour * HOUR_MS, value)).collect();
            let mut rolling = rolling(Window::D7, &learned);
            let in_window = |&&(at, _): &&(i64, f64)| at >= newest - 168 && at >= hour - 168 && at <= hour;
            let expected: Moments = sorted.iter().filter(in_window).map(|&(_, value)| value).collect();
            let found = rolling.at(hour * HOUR_MS);
            prop_assert_eq!(found.n, expected.n);
            prop_assert!((found.mean - expected.mean).abs() < 1e-9);
            prop_assert!((found.m2 - expected.m2).abs() <= 1e-9 * expected.m2.max(1.0));
        }
    }
}
