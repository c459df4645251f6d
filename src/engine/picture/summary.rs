//! One metric over a window, from its points: baseline, sparkline, trend and verdict.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::detect::control_limits;
use crate::model::{
    Alert, Baseline, ControlLimits, MetricBook, MetricName, Point, RunAnomaly, Segment, SeriesSummary, Severity, Status,
};
use crate::stats;
use crate::store::SeriesWindow;

/// A series is stale after this many times its usual interval without a sample...
const STALE_INTERVALS: i64 = 10;
/// ...but never sooner than this.
const STALE_AT_LEAST_MS: i64 = 5 * 60_000;

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
    /// The summary of a metric from what was read of it.
    pub(super) fn new(metric: &MetricName, read: SeriesWindow, book: &MetricBook, min_samples: u64) -> Self {
        let SeriesWindow { baseline, spark, recent } = read;
        let mut series = Self {
            summary: SeriesSummary {
                metric: MetricName::clone(metric),
                segment: None,
                unit: book.unit(metric),
                direction: book.direction(metric),
                latest: None,
                baseline,
                trend: stats::trend(&spark),
                spark: spark.into(),
                deviation_pct: None,
                z: None,
                status: Status::Stale,
                alert_since_ms: None,
            },
            stale_at_ms: None,
            interval_ms: usual_interval_ms(&recent),
            min_samples,
        };
        if let Some(&latest) = recent.last() {
            series.set_latest(latest);
        }
        series
    }

    /// The summary of a segment. It has no verdict: detection judges whole metrics.
    pub(super) fn of_segment(segment: Segment, read: SeriesWindow, book: &MetricBook, min_samples: u64) -> Self {
        let mut series = Self::new(&segment.metric, read, book, min_samples);
        series.summary.metric = segment.to_string().into();
        series.summary.segment = Some(Arc::new(segment));
        series.summary.status = Status::Unjudged;
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
    pub(super) fn judge(&mut self, gravest: &HashMap<MetricName, Gravest>, now_ms: i64) -> bool {
        let is_learning = self.summary.baseline.is_none_or(|baseline| baseline.count < self.min_samples);
        let is_stale = self.stale_at_ms.is_none_or(|at_ms| at_ms <= now_ms);
        let gravest = gravest.get(&self.summary.metric);
        let alert = match gravest.map(|gravest| gravest.severity) {
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
        let since_ms = alert.and(gravest).map(|gravest| gravest.since_ms);
        let verdict = (status, since_ms);
        verdict
            != (
                std::mem::replace(&mut self.summary.status, status),
                std::mem::replace(&mut self.summary.alert_since_ms, since_ms),
            )
    }

    /// When it will count as stale, if that lies ahead.
    pub(super) fn stale_at_ms(&self, now_ms: i64) -> Option<i64> {
        self.stale_at_ms.filter(|&at_ms| at_ms > now_ms)
    }
}

/// The gravest open alert of a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gravest {
    severity: Severity,
    /// Since when one of this severity is open.
    since_ms: i64,
}

/// The gravest by metric of the alerts that have not recovered, one that somebody knows of among them, and of what is
/// unusual about runs.
pub(super) fn gravest_open(alerts: &[Alert], unusual_runs: &[RunAnomaly]) -> HashMap<MetricName, Gravest> {
    let of_alert = |alert: &Alert| {
        (Arc::clone(&alert.metric), Gravest { severity: alert.severity, since_ms: alert.first.timestamp_ms })
    };
    let of_run = |run: &RunAnomaly| (run.shown_at(), Gravest { severity: run.severity(), since_ms: run.at_ms });
    let open = alerts.iter().filter(|alert| alert.is_open()).map(of_alert);
    let mut gravest: HashMap<MetricName, Gravest> = HashMap::new();
    for (metric, this) in open.chain(unusual_runs.iter().map(of_run)) {
        let of_metric = gravest.entry(metric).or_insert(this);
        match this.severity.cmp(&of_metric.severity) {
            Ordering::Greater => *of_metric = this,
            Ordering::Equal => of_metric.since_ms = of_metric.since_ms.min(this.since_ms),
            Ordering::Less => {}
        }
    }
    gravest
}

/// The median of the intervals between the newest points; 0 when there are none.
fn usual_interval_ms(recent: &[Point]) -> i64 {
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
    use crate::model::{SPARK_BUCKETS, Trend};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn series(values: &[f64]) -> Series {
        let first_ms = NOW_MS - values.len().cast_signed() as i64 * 10_000;
        let points: Vec<Point> =
            values.iter().zip(1..).map(|(&value, i)| Point { timestamp_ms: first_ms + i * 10_000, value }).collect();
        let before = &values[..values.len().saturating_sub(1)];
        let read = SeriesWindow {
            baseline: stats::baseline(&mut before.to_vec()),
            spark: vec![None; SPARK_BUCKETS],
            recent: points,
        };
        Series::new(&"lcp_ms".into(), read, &MetricBook::default(), 30)
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
        let warning = |since_ms| [("lcp_ms".into(), Gravest { severity: Severity::Warning, since_ms })].into();
        assert!(series.judge(&warning(NOW_MS - 7), NOW_MS));
        assert!(!series.judge(&warning(NOW_MS - 7), NOW_MS));
        assert_eq!((series.summary.status, series.summary.alert_since_ms), (Status::Warning, Some(NOW_MS - 7)));
        assert!(series.judge(&warning(NOW_MS), NOW_MS), "it is another one");
        assert!(series.judge(&HashMap::new(), NOW_MS));
        assert_eq!((series.summary.status, series.summary.alert_since_ms), (Status::Ok, None));
    }
}
