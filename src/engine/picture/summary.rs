//! One metric over a window, from its points: baseline, sparkline, trend and verdict.

use std::collections::HashMap;
use std::sync::Arc;

use crate::detect::control_limits;
use crate::model::{
    Alert, AlertState, Baseline, ControlLimits, MetricBook, MetricName, Point, SPARK_BUCKETS, SeriesSummary, Severity,
    Status, TimeRange,
};
use crate::stats;

/// A series is stale after this many times its usual interval without a sample...
const STALE_INTERVALS: i64 = 10;
/// ...but never sooner than this.
const STALE_AT_LEAST_MS: i64 = 5 * 60_000;
/// The usual interval is the median of this many last ones.
const INTERVALS: usize = 64;

/// A summary, and what it takes to bring it up to date without reading the series again.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) summary: SeriesSummary,
    /// When it will count as stale if no sample comes.
    stale_at_ms: Option<i64>,
    interval_ms: i64,
    min_samples: u64,
}

impl Series {
    /// The summary of a metric from its points in `range`, oldest first.
    pub(super) fn new(
        metric: &MetricName,
        points: &[Point],
        range: TimeRange,
        book: &MetricBook,
        min_samples: u64,
    ) -> Self {
        let spark = spark(points, range);
        let mut before: Vec<f64> = points.iter().map(|point| point.value).collect();
        before.pop();
        let mut series = Self {
            summary: SeriesSummary {
                metric: MetricName::clone(metric),
                unit: book.unit(metric),
                direction: book.direction(metric),
                latest: None,
                baseline: stats::baseline(&mut before),
                trend: stats::trend(&spark),
                spark: spark.into(),
                deviation_pct: None,
                z: None,
                status: Status::Stale,
            },
            stale_at_ms: None,
            interval_ms: usual_interval_ms(points),
            min_samples,
        };
        if let Some(&latest) = points.last() {
            series.set_latest(latest);
        }
        series
    }

    /// Takes a newer point into the picture; the baseline stays as it is.
    pub(super) fn set_latest(&mut self, latest: Point) {
        if self.summary.latest.is_some_and(|known| known.timestamp_ms > latest.timestamp_ms) {
            return;
        }
        let limits = self.limits();
        let away = limits.map(|limits| latest.value - limits.center);
        self.summary.deviation_pct = limits
            .zip(away)
            .filter(|(limits, _)| limits.center != 0.0)
            .map(|(limits, away)| 100.0 * away / limits.center.abs());
        self.summary.z = limits.and_then(|limits| limits.z(latest.value));
        self.summary.latest = Some(latest);
        let patience_ms = self.interval_ms.saturating_mul(STALE_INTERVALS).max(STALE_AT_LEAST_MS);
        self.stale_at_ms = Some(latest.timestamp_ms.saturating_add(patience_ms));
    }

    /// Control limits from the baseline, once there are enough samples.
    pub(super) fn limits(&self) -> Option<ControlLimits> {
        let Baseline { count, mean, std_dev, .. } = self.summary.baseline?;
        control_limits(count, mean, std_dev, self.min_samples)
    }

    /// Sets the verdict, with the gravest open alert of the metric; whether it changed.
    pub(super) fn judge(&mut self, gravest: &HashMap<MetricName, Severity>, now_ms: i64) -> bool {
        let is_learning = self.summary.baseline.is_none_or(|baseline| baseline.count < self.min_samples);
        let is_stale = self.stale_at_ms.is_none_or(|at_ms| at_ms <= now_ms);
        let alert = match gravest.get(&self.summary.metric) {
            Some(Severity::Critical) => Some(Status::Critical),
            Some(Severity::Warning) => Some(Status::Warning),
            // A run of seven comes every 127 samples of the healthiest metric (Champ & Woodall 1987).
            Some(Severity::Info) | None => None,
        };
        let quiet = match (is_stale, is_learning) {
            (true, _) => Status::Stale,
            (false, true) => Status::Learning,
            (false, false) => Status::Ok,
        };
        let status = alert.unwrap_or(quiet).max(quiet);
        std::mem::replace(&mut self.summary.status, status) != status
    }

    /// When it will count as stale, if that lies ahead.
    pub(super) fn stale_at_ms(&self, now_ms: i64) -> Option<i64> {
        self.stale_at_ms.filter(|&at_ms| at_ms > now_ms)
    }
}

/// The gravest alert by metric that has not recovered; one that somebody knows of still counts.
pub(super) fn gravest_open(alerts: &[Alert]) -> HashMap<MetricName, Severity> {
    let mut gravest: HashMap<MetricName, Severity> = HashMap::new();
    for alert in alerts.iter().filter(|alert| alert.state != AlertState::Recovered) {
        let of_metric = gravest.entry(Arc::clone(&alert.metric)).or_insert(alert.severity);
        *of_metric = (*of_metric).max(alert.severity);
    }
    gravest
}

/// Means of [`SPARK_BUCKETS`] equal stretches of `range`.
fn spark(points: &[Point], range: TimeRange) -> Vec<Option<f64>> {
    let span_ms = range.span_ms().max(1);
    let mut buckets = vec![(0.0_f64, 0_u32); SPARK_BUCKETS];
    for point in points {
        let along = i128::from(point.timestamp_ms) - i128::from(range.from_ms);
        let place = along * SPARK_BUCKETS as i128 / i128::from(span_ms);
        let place = usize::try_from(place).unwrap_or(0).min(SPARK_BUCKETS - 1);
        if let Some((mean, count)) = buckets.get_mut(place) {
            *count += 1;
            // Divided first: the difference of the two largest numbers of either sign is not finite.
            *mean += point.value / f64::from(*count) - *mean / f64::from(*count);
        }
    }
    buckets.into_iter().map(|(mean, count)| (count > 0).then_some(mean)).collect()
}

fn usual_interval_ms(points: &[Point]) -> i64 {
    let recent = &points[points.len().saturating_sub(INTERVALS + 1)..];
    let mut intervals: Vec<i64> =
        recent.windows(2).map(|pair| pair[1].timestamp_ms.saturating_sub(pair[0].timestamp_ms)).collect();
    if intervals.is_empty() {
        return 0;
    }
    let middle = intervals.len() / 2;
    *intervals.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trend;

    const NOW_MS: i64 = 1_700_000_000_000;
    const HOUR_MS: i64 = 3_600_000;

    fn series(values: &[f64]) -> Series {
        let first_ms = NOW_MS - values.len().cast_signed() as i64 * 10_000;
        let points: Vec<Point> =
            values.iter().zip(1..).map(|(&value, i)| Point { timestamp_ms: first_ms + i * 10_000, value }).collect();
        let range = TimeRange { from_ms: NOW_MS - HOUR_MS, until_ms: NOW_MS + 1 };
        Series::new(&"lcp_ms".into(), &points, range, &MetricBook::default(), 30)
    }

    fn status(series: &mut Series, now_ms: i64) -> Status {
        series.judge(&HashMap::new(), now_ms);
        series.summary.status
    }

    #[test]
    fn the_newest_sample_is_held_against_the_others() {
        let mut series = series(&[[99.0, 101.0].repeat(20), vec![110.0]].concat());
        let baseline = series.summary.baseline.unwrap();
        assert_eq!((baseline.count, baseline.max.total_cmp(&101.0)), (40, std::cmp::Ordering::Equal));
        assert!((series.summary.deviation_pct.unwrap() - 10.0).abs() < 1e-12);
        assert!((series.summary.z.unwrap() - 10.0 / baseline.std_dev).abs() < 1e-12);
        assert_eq!(status(&mut series, NOW_MS), Status::Ok);
    }

    #[test]
    fn too_little_is_said_not_guessed() {
        let mut series = series(&[1.0, 2.0, 3.0]);
        assert_eq!(status(&mut series, NOW_MS), Status::Learning);
        assert_eq!((series.summary.z, series.summary.deviation_pct), (None, None));
        assert_eq!(series.summary.trend, Trend::Unknown);
        let mut nothing = self::series(&[]);
        assert_eq!(status(&mut nothing, NOW_MS), Status::Stale);
        assert_eq!(nothing.summary.baseline, None);
    }

    #[test]
    fn silence_makes_it_stale_and_a_sample_wakes_it() {
        let mut series = series(&[99.0, 101.0].repeat(20));
        let stale_at_ms = series.stale_at_ms(NOW_MS).unwrap();
        assert_eq!(stale_at_ms, NOW_MS + STALE_AT_LEAST_MS);
        assert_eq!(status(&mut series, stale_at_ms), Status::Stale);
        series.set_latest(Point { timestamp_ms: stale_at_ms, value: 100.0 });
        assert_eq!(status(&mut series, stale_at_ms), Status::Ok);
    }

    #[test]
    fn an_open_alert_decides_the_verdict() {
        let mut series = series(&[99.0, 101.0].repeat(20));
        let gravest = [("lcp_ms".into(), Severity::Warning)].into();
        assert!(series.judge(&gravest, NOW_MS));
        assert!(!series.judge(&gravest, NOW_MS));
        assert_eq!(series.summary.status, Status::Warning);
    }

    #[test]
    fn the_largest_numbers_have_a_sparkline() {
        let range = TimeRange { from_ms: 0, until_ms: SPARK_BUCKETS.cast_signed() as i64 };
        let points = [f64::MAX, -f64::MAX, f64::MAX].map(|value| Point { timestamp_ms: 0, value });
        assert!(spark(&points, range)[0].unwrap().is_finite());
    }

    #[test]
    fn a_sparkline_has_gaps_where_nothing_was_measured() {
        let range = TimeRange { from_ms: 0, until_ms: 2_400 };
        let points = [(0, 1.0), (9, 3.0), (2_399, 7.0)].map(|(timestamp_ms, value)| Point { timestamp_ms, value });
        let spark = spark(&points, range);
        assert_eq!((spark[0], spark[1], spark[SPARK_BUCKETS - 1]), (Some(2.0), None, Some(7.0)));
    }
}
