//! What is gathered of one series while its hours go by: sums over windows, a sparkline, the newest points.
//!
//! Knows samples and short forms of hours; where they are read from is the business of its user.

use crate::model::{Baseline, Point, TimeRange};
use crate::stats::{self, Moments, Sketch};
use crate::store::dense::{Dense, SLOT_MS, Slot};
use crate::store::groups::Rolled;
use crate::store::hour::{self, HOUR_MS, hour_of};

use super::{RECENT, Request, SeriesWindow};

/// How an hour of a series is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Its short form, if it has one.
    pub dense: bool,
    /// Its values, also when it has a short form.
    pub values: bool,
    /// Its samples with their times, also when it has a short form.
    pub points: bool,
    /// Its samples with their times, when it has no short form.
    pub points_if_sparse: bool,
}

/// What is known of one series so far.
#[derive(Debug)]
pub(super) struct Gather {
    windows: Vec<Sums>,
    spark: Option<Spark>,
    recent: Vec<Point>,
    /// Points from this hour on may be among the newest.
    recent_from: i64,
}

impl Gather {
    /// Nothing yet. `exact` says which of the ranges are read one by one.
    pub(super) fn new(request: &Request<'_>, exact: &[bool], metric: Option<&Rolled>) -> Self {
        let sums = |(&range, &exact): (&TimeRange, &bool)| {
            let expected = metric.map_or(0, |metric| metric.samples_in(&hour::hours_in(range)));
            Sums::new(range, exact, expected.min(request.exact_samples))
        };
        let windows = request.ranges.iter().zip(exact).map(sums).collect();
        let spark = (request.buckets > 0).then(|| Spark::new(request.ranges[0], request.buckets));
        let recent_from = metric.map_or(i64::MAX, |metric| recent_from(metric, request.ranges[0]));
        Self { windows, spark, recent: Vec::new(), recent_from }
    }

    pub(super) fn need(&self, hour: i64) -> Need {
        let mut need = Need::default();
        for window in self.windows.iter().filter(|window| window.touches(hour)) {
            match (hour::is_within(hour, window.range), window.exact) {
                (false, _) => need.points = true,
                (true, true) => need.values = true,
                (true, false) => need.dense = true,
            }
        }
        if let Some(spark) = &self.spark {
            need.points |= hour >= self.recent_from;
            need.dense |= spark.is_fine();
            need.points_if_sparse = spark.is_fine();
        }
        need
    }

    pub(super) fn take_dense(&mut self, hour: i64, dense: &Dense<'_>) -> Option<()> {
        for window in self.windows.iter_mut().filter(|window| !window.exact && hour::is_within(hour, window.range)) {
            window.moments.merge(&dense.moments);
            window.sketch.merge_encoded(dense.sketch).ok()?;
        }
        if let Some(spark) = &mut self.spark {
            spark.add_dense(hour, dense);
        }
        Some(())
    }

    /// Takes all samples of an hour.
    pub(super) fn take_points(&mut self, hour: i64, points: &[Point], has_dense: bool) {
        for window in &mut self.windows {
            if !hour::is_within(hour, window.range) || window.exact {
                let range = window.range;
                let inside = points.iter().filter(|point| range.contains(point.timestamp_ms));
                inside.for_each(|point| window.add(point.value));
            } else if !has_dense {
                for point in points {
                    window.add(point.value);
                }
            }
        }
        if let Some(spark) = self.spark.as_mut().filter(|_| !has_dense) {
            for point in points {
                spark.add(point.timestamp_ms, 1, point.value);
            }
        }
        if hour >= self.recent_from {
            self.recent.extend_from_slice(points);
        }
    }

    /// Takes all values of an hour that lies within every window it touches.
    pub(super) fn take_values(&mut self, hour: i64, values: &[f64], has_dense: bool) {
        for window in self.windows.iter_mut().filter(|window| window.touches(hour)) {
            if window.exact {
                window.values.extend_from_slice(values);
            } else if !has_dense {
                for &value in values {
                    window.add(value);
                }
            }
        }
        if let Some(spark) = self.spark.as_mut().filter(|_| !has_dense) {
            let moments: Moments = values.iter().copied().collect();
            spark.add(hour::start_ms(hour).saturating_add(HOUR_MS / 2), moments.n, moments.mean);
        }
    }

    /// Takes samples that are not rolled up yet.
    pub(super) fn take_rest(&mut self, rest: &[Point]) {
        for window in &mut self.windows {
            let range = window.range;
            let inside = rest.iter().filter(|point| range.contains(point.timestamp_ms));
            inside.for_each(|point| window.add(point.value));
        }
        if let Some(spark) = &mut self.spark {
            for point in rest {
                spark.add(point.timestamp_ms, 1, point.value);
            }
            self.recent.extend_from_slice(rest);
        }
    }

    pub(super) fn baselines(mut self) -> Vec<Option<Baseline>> {
        self.windows.iter_mut().map(Sums::baseline).collect()
    }

    pub(super) fn window(mut self) -> SeriesWindow {
        let window = &mut self.windows[0];
        self.recent.retain(|point| window.range.contains(point.timestamp_ms));
        hour::sort(&mut self.recent);
        self.recent.drain(..self.recent.len().saturating_sub(RECENT as usize));
        if let Some(newest) = self.recent.last() {
            window.remove(newest.value);
        }
        SeriesWindow {
            baseline: window.baseline(),
            spark: self.spark.map(Spark::means).unwrap_or_default(),
            recent: self.recent,
        }
    }
}

/// The hour from which on the newest points are looked for, by how many samples an hour the metric has.
fn recent_from(metric: &Rolled, range: TimeRange) -> i64 {
    let last = metric.last_hour.min(hour_of(range.until_ms.saturating_sub(1)));
    let hours = i128::from(metric.last_hour) - i128::from(metric.first_hour) + 1;
    let reach = i128::from(RECENT) * hours / i128::from(metric.n.max(1)) + 1;
    last.saturating_sub(i64::try_from(reach).unwrap_or(i64::MAX))
}

/// One window of one series.
#[derive(Debug)]
struct Sums {
    range: TimeRange,
    exact: bool,
    /// All values, when it is exact.
    values: Vec<f64>,
    /// Their sums, when it is not.
    moments: Moments,
    sketch: Sketch,
}

impl Sums {
    fn new(range: TimeRange, exact: bool, expected: u64) -> Self {
        let values = Vec::with_capacity(if exact { expected as usize } else { 0 });
        Self { range, exact, values, moments: Moments::default(), sketch: Sketch::default() }
    }

    fn touches(&self, hour: i64) -> bool {
        hour::hours_in(self.range).contains(&hour)
    }

    fn add(&mut self, value: f64) {
        if self.exact {
            self.values.push(value);
        } else {
            self.moments.push(value);
            self.sketch.add(value);
        }
    }

    fn remove(&mut self, value: f64) {
        if let Some(at) = self.values.iter().rposition(|known| known.to_bits() == value.to_bits()) {
            self.values.swap_remove(at);
        }
    }

    fn baseline(&mut self) -> Option<Baseline> {
        if self.exact {
            return stats::baseline(&mut self.values);
        }
        let quantile = |q| self.sketch.quantile(q);
        Some(Baseline {
            count: self.moments.n,
            mean: self.moments.mean,
            std_dev: self.moments.std_dev().unwrap_or(0.0),
            min: self.moments.min,
            max: self.moments.max,
            p50: quantile(0.5)?,
            p95: quantile(0.95)?,
            p99: quantile(0.99)?,
            exact: false,
        })
    }
}

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
    fn is_fine(&self) -> bool {
        self.range.span_ms() / (self.buckets.len().cast_signed() as i64) < HOUR_MS
    }

    /// Adds `n` samples around an instant with this mean.
    pub(in crate::store) fn add(&mut self, at_ms: i64, n: u64, mean: f64) {
        if n == 0 || !self.range.contains(at_ms) {
            return;
        }
        let along = i128::from(at_ms) - i128::from(self.range.from_ms);
        let place = along * self.buckets.len() as i128 / i128::from(self.range.span_ms().max(1));
        if let Some((count, known)) = usize::try_from(place).ok().and_then(|place| self.buckets.get_mut(place)) {
            *count += n;
            // Divided first: the difference of the two largest numbers of either sign is not finite.
            let share = n as f64 / *count as f64;
            *known += mean * share - *known * share;
        }
    }

    fn add_dense(&mut self, hour: i64, dense: &Dense<'_>) {
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
    fn a_sparkline_has_gaps_where_nothing_was_measured() {
        let range = TimeRange { from_ms: 0, until_ms: 2_400 };
        let spark = spark(&[(0, 1.0), (9, 3.0), (2_399, 7.0)], range, 240);
        assert_eq!((spark[0], spark[1], spark[239]), (Some(2.0), None, Some(7.0)));
    }
}
