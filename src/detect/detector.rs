//! The live detector: every series with its trailing baseline and the state of its run rules.

use std::collections::{HashMap, VecDeque};

use super::control_limits;
use super::describe::{Account, NAME_CHARS};
use super::ensemble::{self, Classics, Oddity};
use super::monitor::{Change, Notice, Trouble};
use super::monitors::Monitors;
use super::rolling::RollingBaseline;
use super::surprise::Reason;
use super::western_electric::{Fired, RUN_LENGTH, RuleSet, RunState, Side, beyond};
use crate::model::text::printable_short;
use crate::model::time::Zone;
use crate::model::{
    ControlLimits, DetectorState, Direction, Ending, Explanation, Finding, LimitType, MetricBook, MetricName, Point,
    Recovery, Rule, Sample, Severity, TimeRange, Unit, Window,
};

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

/// The longest stretch of samples that a reason is about.
const LONGEST_EVIDENCE: usize = 288;

/// A metric whose samples have come so often, and not all at once, is listened for: of one that came in a file nothing more
/// is to be expected.
const ARRIVALS: u8 = 5;

/// Of a long history so many samples tell when they usually come.
const HEARD: usize = 100;

/// One metric as the detector knows it.
#[derive(Debug, Clone)]
struct Series {
    unit: Unit,
    direction: Direction,
    rules: RuleSet,
    /// The detectors that know its own past and raise alerts on it.
    detectors: Vec<Rule>,
    /// Those that compare a sample with the hundred before it.
    classics: Option<Classics>,
    last: f64,
    baseline: RollingBaseline,
    runs: RunState,
    /// The last points in order, for evidence.
    recent: VecDeque<Point>,
    newest_ms: i64,
    /// How often samples came since the start, up to [`ARRIVALS`], and when last by the clock.
    arrivals: u8,
    arrived_ms: i64,
}

/// What fired on a sample, and against what.
struct Judgement {
    fired: Fired,
    limits: ControlLimits,
    /// Samples behind the limits.
    count: u64,
}

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
        series.last = points.last().map_or(series.last, |point| point.value);
        if let Some(classics) = &mut series.classics {
            for &point in &points[points.len().saturating_sub(ensemble::REMEMBERED)..] {
                if !is_ahead(point, now_ms) {
                    classics.judge(point, |_| {});
                }
            }
        }
        if !series.detectors.is_empty() {
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
            Some(series) => !series.detectors.is_empty(),
            None => {
                self.monitors.knows(metric)
                    && self.book.alerts(metric).iter().any(|rule| Rule::DETECTORS.contains(rule))
            }
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
        let point = Point { timestamp_ms: sample.timestamp_ms, value: sample.value };
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
        if let Some(classics) = &mut series.classics {
            let (unit, direction) = (series.unit, series.direction);
            classics.judge(point, |told| match told {
                ensemble::Told::Odd(oddity) => findings.push(odd(sample, &oddity, unit, direction)),
                ensemble::Told::Over(rule) => {
                    recoveries.push(Recovery {
                        metric: MetricName::clone(&sample.metric),
                        rule,
                        sample_id: sample.id,
                        timestamp_ms: point.timestamp_ms,
                        ending: Ending::Recovered,
                    });
                }
            });
        }
        if !series.detectors.is_empty() {
            series.last = point.value;
            monitors.judge(&sample.metric, (sample.id, point), |told| {
                match series.told(told.metric, point, sample.id, told.notice) {
                    Told::Finding(finding) => findings.push(finding),
                    Told::Over(recovery) => recoveries.push(recovery),
                    Told::Nothing => {}
                }
            });
        }
        findings
    }

    /// What the samples judged since the last call have shown to be over.
    pub fn take_recoveries(&mut self) -> Vec<Recovery> {
        std::mem::take(&mut self.recoveries)
    }

    /// The metrics that have gone silent by `now_ms`.
    pub fn look(&mut self, now_ms: i64) -> Vec<Finding> {
        let Self { monitors, series, .. } = self;
        let mut findings = Vec::new();
        monitors.look(now_ms, |told| {
            let Some(series) = series.get_mut(told.metric).filter(|series| series.arrivals >= ARRIVALS) else { return };
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

/// What a notice comes to.
enum Told {
    Finding(Finding),
    Over(Recovery),
    Nothing,
}

const fn is_ahead(point: Point, now_ms: i64) -> bool {
    point.timestamp_ms > now_ms.saturating_add(AHEAD_MS)
}

/// Whether what was found is for the better, where it is high or low.
const fn is_improvement(direction: Direction, is_high: Option<bool>) -> bool {
    match (direction, is_high) {
        (Direction::Lower, Some(is_high)) => !is_high,
        (Direction::Higher, Some(is_high)) => is_high,
        _ => false,
    }
}

/// The finding that a sample is unlike the hundred before it.
fn odd(sample: &Sample, oddity: &Oddity, unit: Unit, direction: Direction) -> Finding {
    let (rule, is_high) = (oddity.rule(), oddity.is_high());
    let name = printable_short(&sample.metric, NAME_CHARS);
    let text = oddity.sentence(unit);
    let description = format!("{name}: {text}");
    let (observed, expected) = (Some(sample.value), Some(oddity.usual.center));
    Finding {
        metric: MetricName::clone(&sample.metric),
        rule,
        limit_type: if is_high { LimitType::Ucl } else { LimitType::Lcl },
        severity: if is_improvement(direction, Some(is_high)) { Severity::Info } else { rule.severity() },
        sample_id: sample.id,
        evidence: vec![Point { timestamp_ms: sample.timestamp_ms, value: sample.value }],
        limits: oddity.usual,
        description,
        explanations: vec![Explanation { text, observed, expected, rarity: None, samples: 1 }],
    }
}

impl Series {
    fn new(metric: &str, window: Window, book: &MetricBook) -> Self {
        Self {
            unit: book.unit(metric),
            direction: book.direction(metric),
            rules: RuleSet::from(book.alerts(metric)),
            detectors: Rule::DETECTORS.into_iter().filter(|rule| book.alerts(metric).contains(rule)).collect(),
            classics: Classics::new(book.alerts(metric), book.sensitivity(metric)),
            last: 0.0,
            baseline: RollingBaseline::new(window),
            runs: RunState::default(),
            recent: VecDeque::with_capacity(RUN_LENGTH as usize),
            newest_ms: i64::MIN,
            arrivals: 0,
            arrived_ms: i64::MIN,
        }
    }

    /// Counts a sample that comes at least half as long after the last one that counted as it was measured after the one
    /// before it: those of a file come all at once.
    fn arrive(&mut self, timestamp_ms: i64, now_ms: i64) {
        let waited_ms = now_ms.saturating_sub(self.arrived_ms);
        if waited_ms >= timestamp_ms.saturating_sub(self.newest_ms.max(i64::MIN / 2)) / 2 && waited_ms > 0 {
            self.arrived_ms = now_ms;
            self.arrivals = self.arrivals.saturating_add(1).min(ARRIVALS);
        }
    }

    /// Judges a point and learns it; `None` when nothing fired.
    fn judge(&mut self, point: Point, options: DetectOptions, now_ms: i64) -> Option<Judgement> {
        let is_ahead = is_ahead(point, now_ms);
        let is_next = !is_ahead && point.timestamp_ms >= self.newest_ms;
        let moments = self.baseline.at(if is_ahead { now_ms } else { point.timestamp_ms });
        let std_dev = moments.std_dev().unwrap_or(0.0);
        let limits = control_limits(moments.n, moments.mean, std_dev, options.min_samples);
        let fired = self.fired(point.value, limits.as_ref(), is_next);
        if is_next {
            self.newest_ms = point.timestamp_ms;
            let kept = if self.detectors.is_empty() { RUN_LENGTH as usize } else { LONGEST_EVIDENCE };
            if self.recent.len() == kept {
                self.recent.pop_front();
            }
            self.recent.push_back(point);
        }
        if !is_ahead {
            self.baseline.learn(point);
        }
        (fired != Fired::default()).then_some(limits).flatten().map(|limits| Judgement {
            fired,
            limits,
            count: moments.n,
        })
    }

    fn fired(&mut self, value: f64, limits: Option<&ControlLimits>, is_next: bool) -> Fired {
        match limits {
            Some(limits) if is_next => self.runs.step(value, limits),
            Some(limits) => Fired { beyond_limit: beyond(value, limits, 3.0), ..Fired::default() },
            None => {
                if is_next {
                    self.runs = RunState::default();
                }
                Fired::default()
            }
        }
    }

    fn findings(&self, sample: &Sample, judgement: &Judgement) -> Vec<Finding> {
        judgement
            .fired
            .iter()
            .filter(|&(rule, _)| self.rules.contains(rule))
            .map(|(rule, side)| self.finding(sample, rule, side, judgement))
            .collect()
    }

    fn finding(&self, sample: &Sample, rule: Rule, side: Side, judgement: &Judgement) -> Finding {
        let evidence = self.evidence(sample, rule, side);
        let Judgement { limits, count, .. } = *judgement;
        let account =
            Account { metric: &sample.metric, unit: self.unit, rule, side, evidence: &evidence, limits, count };
        Finding {
            description: account.sentence(),
            explanations: vec![account.explanation()],
            metric: MetricName::clone(&sample.metric),
            rule,
            limit_type: limit_type(rule, side),
            severity: rule.severity(),
            sample_id: sample.id,
            evidence,
            limits,
        }
    }

    /// What a notice of the monitors comes to.
    fn told(&mut self, metric: &MetricName, point: Point, sample_id: i64, notice: &Notice) -> Told {
        let rule = match notice.trouble {
            Trouble::Surprise => Rule::Surprise,
            Trouble::Stuck => Rule::Stuck,
            Trouble::Silence => Rule::Silence,
        };
        if !self.detectors.contains(&rule) {
            return Told::Nothing;
        }
        let metric = MetricName::clone(metric);
        let severity = match notice.change {
            Change::Opened(severity) | Change::Raised(severity) | Change::Updated(severity) => severity,
            Change::Recovered { .. } | Change::NewNormal { .. } => {
                let is_new_normal = matches!(notice.change, Change::NewNormal { .. });
                let ending = if is_new_normal { Ending::NewNormal } else { Ending::Recovered };
                return Told::Over(Recovery { metric, rule, sample_id, timestamp_ms: point.timestamp_ms, ending });
            }
        };
        let is_high = notice.reasons.iter().find_map(Reason::is_level_high);
        let name = printable_short(&metric, NAME_CHARS);
        let explanations = notice.explanations(point.value, point.timestamp_ms, self.unit);
        let samples = explanations.first().map_or(1, |strongest| strongest.samples);
        Told::Finding(Finding {
            description: format!("{name}: {}", notice.sentence(Some(point.value), point.timestamp_ms, self.unit)),
            rule,
            limit_type: match rule {
                Rule::Surprise if is_high == Some(false) => LimitType::Lcl,
                Rule::Surprise => LimitType::Ucl,
                _ => LimitType::Run,
            },
            severity: if is_improvement(self.direction, is_high) { Severity::Info } else { severity },
            sample_id,
            evidence: self.last(samples as usize, point),
            limits: self.usual(point),
            metric,
            explanations,
        })
    }

    /// The last samples up to a point, as far as they are known.
    fn last(&self, samples: usize, point: Point) -> Vec<Point> {
        if self.recent.back() != Some(&point) {
            return vec![point];
        }
        self.recent.iter().skip(self.recent.len().saturating_sub(samples.max(1))).copied().collect()
    }

    /// The limits of what is usual at an instant.
    fn usual(&mut self, point: Point) -> ControlLimits {
        let moments = self.baseline.at(point.timestamp_ms);
        let known = control_limits(moments.n, moments.mean, moments.std_dev().unwrap_or(0.0), 1);
        known.unwrap_or(ControlLimits::new(point.value, 0.0))
    }

    fn evidence(&self, sample: &Sample, rule: Rule, side: Side) -> Vec<Point> {
        match rule {
            Rule::BeyondLimit => vec![Point { timestamp_ms: sample.timestamp_ms, value: sample.value }],
            Rule::TwoOfThree => {
                let newest_first = self.recent.iter().rev().take(3).enumerate();
                let mut beyond: Vec<Point> = newest_first
                    .filter(|&(back, _)| self.runs.was_warned(back, side))
                    .map(|(_, &point)| point)
                    .collect();
                beyond.reverse();
                beyond
            }
            _ => self.recent.iter().skip(self.recent.len().saturating_sub(RUN_LENGTH as usize)).copied().collect(),
        }
    }
}

const fn limit_type(rule: Rule, side: Side) -> LimitType {
    match (rule, side) {
        (Rule::BeyondLimit, Side::Above) => LimitType::Ucl,
        (Rule::BeyondLimit, Side::Below) => LimitType::Lcl,
        (Rule::SevenOnOneSide, _) => LimitType::Trend,
        _ => LimitType::Run,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MetricSettings;

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
