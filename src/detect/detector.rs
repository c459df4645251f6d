//! The live detector: every series with its trailing baseline and the state of its run rules.

use std::collections::HashMap;

use super::monitors::Monitors;
use super::series::{Series, Told, detectors};
use crate::model::time::Zone;
use crate::model::{DetectorState, Finding, MetricBook, MetricName, Point, Recovery, Sample, TimeRange, Window};

/// A sample may be dated this far ahead of the clock (clocks differ) and still count as the present.
const AHEAD_MS: i64 = 60_000;

/// How samples are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetectOptions {
    /// The trailing window of the baseline a sample is judged against.
    pub window: Window,
    /// Samples a baseline must hold before anything is judged against it.
    pub min_samples: u64,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self { window: Window::D7, min_samples: 30 }
    }
}

/// Judges samples in the order in which they arrive, each against the baseline of what came before it.
///
/// - A sample older than its metric's newest is judged by rule 1 alone: it is not the next of any run.
/// - A sample dated more than a minute after `now_ms` is judged by rule 1 and not learned: one wrong clock
///   must not end the present for everybody else.
#[derive(Debug, Clone)]
pub struct Detector {
    options: DetectOptions,
    book: MetricBook,
    series: HashMap<MetricName, Series>,
    monitors: Monitors,
    recoveries: Vec<Recovery>,
}

/// Of a long history so many samples tell when they usually come.
const HEARD: usize = 100;

impl Detector {
    /// A detector that knows no series yet. Times of the day are those of `zone`.
    #[must_use]
    pub fn new(options: DetectOptions, book: MetricBook, zone: Zone) -> Self {
        let monitors = Monitors::new(book.clone(), zone);
        Self { options, book, series: HashMap::new(), monitors, recoveries: Vec::new() }
    }

    /// Learns points that were judged before, oldest first: the same as judging them, in silence. What the detectors of
    /// a metric's own past know of it is brought back apart, when it is needed: [`Detector::wants_memory`].
    pub fn remember(&mut self, metric: &MetricName, points: &[Point], now_ms: i64) {
        let options = self.options;
        let series = self.series(metric);
        for &point in points {
            series.judge(point, options, now_ms);
        }
        series.go_on(points, now_ms);
        if series.has_detectors() {
            let last = &points[points.len().saturating_sub(HEARD)..];
            let heard = last.iter().filter(|point| !is_ahead(**point, now_ms)).map(|point| point.timestamp_ms);
            self.monitors.hear(metric, heard);
        }
    }

    /// Goes on with when samples of a metric came, before anything is remembered of it.
    pub fn resume_pulse(&mut self, metric: &MetricName, pulse: &[u8]) {
        self.monitors.resume_pulse(metric, pulse);
    }

    /// Whether the next sample of a metric is judged by what was learned of it before, and that is not in memory. What
    /// has not sent for longer than the window reaches is known by when it sent alone: [`Detector::resume_pulse`].
    #[must_use]
    pub fn wants_memory(&self, metric: &MetricName) -> bool {
        let is_watched = match self.series.get(metric) {
            Some(series) => series.has_detectors(),
            None => self.monitors.knows(metric) && detectors(&self.book, metric).next().is_some(),
        };
        is_watched && !self.monitors.has_memory(metric)
    }

    /// Brings back what was learned of a metric, if there is something. The samples that are missing in it are those
    /// of the range it answers with; `None` when there are none. All before `next_ms` are judged.
    pub fn resume(&mut self, metric: &MetricName, state: Option<&DetectorState>, next_ms: i64) -> Option<TimeRange> {
        let judged_ms = self.series.get(metric).map_or(i64::MIN, |series| series.newest_ms);
        let is_resumed = state.is_some_and(|state| self.monitors.resume(state));
        let learned_ms = self.monitors.newest_ms(metric).filter(|_| is_resumed).unwrap_or(i64::MIN);
        let (from_ms, until_ms) = (learned_ms.saturating_add(1), next_ms.max(judged_ms.saturating_add(1)));
        // Of what has not sent within the window only the store knows up to when it is judged.
        let is_behind = !is_resumed || learned_ms < judged_ms || !self.series.contains_key(metric);
        (is_behind && from_ms < until_ms).then_some(TimeRange { from_ms, until_ms })
    }

    /// Learns the samples that were missing, oldest first; the last row that is judged is `up_to_id`.
    pub fn learn(&mut self, metric: &MetricName, points: &[Point], up_to_id: i64) {
        self.monitors.learn(metric, points, up_to_id);
    }

    /// Whether detectors of a metric's own past pass over a sample: it is dated ahead of the clock.
    #[must_use]
    pub const fn passes_over(point: Point, now_ms: i64) -> bool {
        is_ahead(point, now_ms)
    }

    /// What the detectors have learned of each metric.
    pub const fn monitors(&mut self) -> &mut Monitors {
        &mut self.monitors
    }

    /// The findings on the next sample; then learns it.
    pub fn judge(&mut self, sample: &Sample, now_ms: i64) -> Vec<Finding> {
        let options = self.options;
        let series = self.series(&sample.metric);
        let point = sample.point();
        series.arrive(point.timestamp_ms, now_ms);
        let mut findings = match series.judge(point, options, now_ms) {
            Some(judgement) => series.findings(sample, &judgement),
            None => Vec::new(),
        };
        if is_ahead(point, now_ms) {
            return findings;
        }
        let Self { monitors, series, recoveries, .. } = self;
        let Some(series) = series.get_mut(&sample.metric) else { return findings };
        let mut keep = |told| match told {
            Told::Finding(finding) => findings.push(finding),
            Told::Over(recovery) => recoveries.push(recovery),
            Told::Nothing => {}
        };
        series.compare(sample, &mut keep);
        if series.has_detectors() {
            series.last = point.value;
            monitors.judge(&sample.metric, (sample.id, point), |told| {
                keep(series.told(told.metric, point, sample.id, told.notice));
            });
        }
        findings
    }

    /// What the samples judged since the last call have shown to be over.
    pub fn take_recoveries(&mut self) -> Vec<Recovery> {
        std::mem::take(&mut self.recoveries)
    }

    /// Somebody told since when a metric is silent, and so has listened for it.
    pub fn set_silent(&mut self, metric: &MetricName, since_ms: i64) {
        self.monitors.set_silent(metric, since_ms);
        if let Some(series) = self.series.get_mut(metric) {
            series.listen();
        }
    }

    /// The metrics that have gone silent by `now_ms`, and those that are for so long that it is grave.
    pub fn look(&mut self, now_ms: i64) -> Vec<Finding> {
        let Self { monitors, series, .. } = self;
        let mut findings = Vec::new();
        monitors.look(now_ms, |told| {
            let Some(series) = series.get_mut(told.metric).filter(|series| series.is_listened_for()) else { return };
            let point = Point { timestamp_ms: told.timestamp_ms, value: series.last };
            // No sample has shown it, so the instant stands for one: the same for whoever looks.
            if let Told::Finding(finding) = series.told(told.metric, point, told.timestamp_ms, told.notice) {
                findings.push(finding);
            }
        });
        findings
    }

    fn series(&mut self, metric: &MetricName) -> &mut Series {
        let Self { options, book, series, .. } = self;
        series.entry(MetricName::clone(metric)).or_insert_with(|| Series::new(metric, options.window, book))
    }
}

/// Whether a sample is dated ahead of the clock.
pub(super) const fn is_ahead(point: Point, now_ms: i64) -> bool {
    point.timestamp_ms > now_ms.saturating_add(AHEAD_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LimitType, MetricSettings, Rule};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn detector() -> Detector {
        let book = MetricBook::default().with_alerts(Rule::EVERY.to_vec());
        Detector::new(DetectOptions::default(), book, Zone::utc())
    }

    fn sample(id: i64, value: f64) -> Sample {
        Sample { id, metric: "api_response_time".into(), value, timestamp_ms: NOW_MS + id * 1_000 - 1_000_000 }
    }

    /// Feeds `values` with ids from `first_id` on; returns (id, rule) of the findings.
    fn feed(detector: &mut Detector, first_id: i64, values: &[f64]) -> Vec<(i64, Rule)> {
        let samples = (first_id..).zip(values).map(|(id, &value)| sample(id, value));
        samples
            .flat_map(|sample| detector.judge(&sample, NOW_MS))
            .map(|finding| (finding.sample_id, finding.rule))
            .collect()
    }

    /// 40 values around 100 with sd of about 1, on alternating sides so that no rule fires.
    fn calm() -> Vec<f64> {
        [99.0, 101.0].repeat(20)
    }

    #[test]
    fn nothing_is_judged_before_there_are_enough_samples() {
        let mut detector = detector();
        assert_eq!(feed(&mut detector, 0, &calm()[..29]), []);
        assert_eq!(feed(&mut detector, 29, &[500.0]), []);
        let mut detector = self::detector();
        feed(&mut detector, 0, &calm()[..30]);
        assert_eq!(feed(&mut detector, 30, &[500.0]), [(30, Rule::BeyondLimit)]);
    }

    #[test]
    fn a_sample_has_no_part_in_its_own_baseline() {
        let mut detector = detector();
        feed(&mut detector, 0, &calm());
        let findings = detector.judge(&sample(40, 1e6), NOW_MS);
        let before: crate::stats::Moments = calm().into_iter().collect();
        assert!((findings[0].limits.center - before.mean).abs() < 1e-12);
        assert!((findings[0].limits.sigma - before.std_dev().unwrap()).abs() < 1e-12);
        assert_eq!((findings[0].limit_type, findings[0].severity.level()), (LimitType::Ucl, 3));
    }

    #[test]
    fn evidence_is_what_made_the_rule_fire() {
        let mut detector = detector();
        feed(&mut detector, 0, &calm());
        feed(&mut detector, 40, &[102.2, 100.0]);
        let findings = detector.judge(&sample(42, 102.3), NOW_MS);
        let values: Vec<f64> = findings[0].evidence.iter().map(|point| point.value).collect();
        assert_eq!((findings[0].rule, findings[0].limit_type), (Rule::TwoOfThree, LimitType::Run));
        assert_eq!(values, [102.2, 102.3]);
        let findings = feed(&mut detector, 43, &[99.5; 7]);
        assert_eq!(findings, [(49, Rule::SevenOnOneSide)]);
    }

    #[test]
    fn a_late_sample_is_judged_by_rule_one_and_breaks_no_run() {
        let mut detector = detector();
        feed(&mut detector, 100, &calm());
        assert_eq!(feed(&mut detector, 140, &[99.6; 6]), []);
        assert_eq!(feed(&mut detector, 139, &[101.5]), []);
        assert_eq!(feed(&mut detector, 146, &[99.6]), [(146, Rule::SevenOnOneSide)]);
        assert_eq!(feed(&mut detector, 139, &[300.0]), [(139, Rule::BeyondLimit)]);
    }

    #[test]
    fn a_sample_from_the_future_does_not_end_the_present() {
        let mut detector = detector();
        feed(&mut detector, 0, &calm());
        let year_3000 = Sample { timestamp_ms: 32_503_680_000_000, ..sample(40, 500.0) };
        assert_eq!(detector.judge(&year_3000, NOW_MS).len(), 1);
        assert_eq!(feed(&mut detector, 41, &[500.0]), [(41, Rule::BeyondLimit)]);
    }

    #[test]
    fn a_constant_metric_that_changes_is_news() {
        let mut detector = detector();
        assert_eq!(feed(&mut detector, 0, &[0.1; 400]), []);
        let findings = detector.judge(&sample(400, 0.2), NOW_MS);
        assert!(findings[0].description.contains("differs from the constant"), "{}", findings[0].description);
    }

    /// Samples a minute apart, judged by a clock; whether the metric is called silent ten minutes after the last.
    fn is_listened_for(now_ms: impl Fn(i64) -> i64) -> bool {
        let mut detector = Detector::new(DetectOptions::default(), MetricBook::default(), Zone::utc());
        for id in 0..40 {
            let timestamp_ms = NOW_MS + id * 60_000;
            detector.judge(&Sample { id, timestamp_ms, ..sample(0, (id % 7) as f64) }, now_ms(timestamp_ms));
        }
        !detector.look(NOW_MS + 50 * 60_000).is_empty()
    }

    #[test]
    fn what_came_in_a_file_is_not_listened_for() {
        assert!(is_listened_for(|timestamp_ms| timestamp_ms + 200));
        assert!(is_listened_for(|timestamp_ms| timestamp_ms / 300_000 * 300_000 + 300_000), "five at a time");
        assert!(!is_listened_for(|_| NOW_MS + 40 * 60_000), "all at once");
        assert!(!is_listened_for(|timestamp_ms| NOW_MS + 40 * 60_000 + (timestamp_ms - NOW_MS) / 1_000), "in a moment");
    }

    #[test]
    fn rules_that_are_switched_off_stay_silent() {
        let settings = MetricSettings { alerts: Some(vec![Rule::SevenOnOneSide]), ..MetricSettings::default() };
        let book = MetricBook::new([("api_response_time".to_owned(), settings)].into(), Rule::EVERY.to_vec());
        let mut detector = Detector::new(DetectOptions::default(), book, Zone::utc());
        feed(&mut detector, 0, &calm());
        assert_eq!(feed(&mut detector, 40, &[500.0]), []);
    }

    #[test]
    fn remembering_is_judging_in_silence() {
        let (mut live, mut restarted) = (detector(), detector());
        feed(&mut live, 0, &calm());
        feed(&mut live, 40, &[100.4; 9]);
        let points: Vec<Point> = calm()
            .into_iter()
            .chain([100.4; 9])
            .zip(0..)
            .map(|(value, id)| Point { timestamp_ms: sample(id, 0.0).timestamp_ms, value })
            .collect();
        restarted.remember(&"api_response_time".into(), &points, NOW_MS);
        let next = sample(49, 140.0);
        assert_eq!(live.judge(&next, NOW_MS), restarted.judge(&next, NOW_MS));
        assert_eq!(feed(&mut restarted, 50, &[101.0; 6]), feed(&mut live, 50, &[101.0; 6]));
    }
}
