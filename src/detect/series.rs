//! One metric as the detector knows it: its trailing baseline, the state of its run rules, and what was found as findings.

use std::collections::VecDeque;

use super::control_limits;
use super::describe::{Account, NAME_CHARS};
use super::detector::{DetectOptions, is_ahead};
use super::ensemble::{self, Classics, Oddity};
use super::monitor::{Change, Notice, Trouble};
use super::rolling::RollingBaseline;
use super::surprise::Reason;
use super::western_electric::{Fired, RUN_LENGTH, RuleSet, RunState, Side, beyond};
use crate::model::text::printable_short;
use crate::model::{
    ControlLimits, Direction, Ending, Explanation, Finding, LimitType, MetricBook, MetricName, Point, Recovery, Rule,
    Sample, Severity, Unit, Window,
};

/// The longest stretch of samples that a reason is about.
const LONGEST_EVIDENCE: usize = 288;

/// A metric whose samples have come so often, and not all at once, is listened for: of one that came in a file nothing more
/// is to be expected.
const ARRIVALS: u8 = 5;

/// One metric as the detector knows it.
#[derive(Debug, Clone)]
pub(super) struct Series {
    unit: Unit,
    direction: Direction,
    rules: RuleSet,
    /// The detectors that know its own past and raise alerts on it.
    detectors: Vec<Rule>,
    /// Those that compare a sample with the hundred before it.
    classics: Option<Classics>,
    pub(super) last: f64,
    baseline: RollingBaseline,
    runs: RunState,
    /// The last points in order, for evidence.
    recent: VecDeque<Point>,
    pub(super) newest_ms: i64,
    /// How often samples came since the start, up to [`ARRIVALS`], and when last by the clock.
    arrivals: u8,
    arrived_ms: i64,
}

/// What fired on a sample, and against what.
pub(super) struct Judgement {
    fired: Fired,
    limits: ControlLimits,
    /// Samples behind the limits.
    count: u64,
}

/// What a notice comes to.
pub(super) enum Told {
    Finding(Finding),
    Over(Recovery),
    Nothing,
}

/// The detectors of a metric's own past that raise alerts on it.
pub(super) fn detectors(book: &MetricBook, metric: &str) -> impl Iterator<Item = Rule> {
    Rule::DETECTORS.into_iter().filter(|rule| book.alerts(metric).contains(rule))
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
        evidence: vec![sample.point()],
        limits: oddity.usual,
        description,
        explanations: vec![Explanation { text, observed, expected, rarity: None, samples: 1 }],
    }
}

impl Series {
    pub(super) fn new(metric: &str, window: Window, book: &MetricBook) -> Self {
        Self {
            unit: book.unit(metric),
            direction: book.direction(metric),
            rules: RuleSet::from(book.alerts(metric)),
            detectors: detectors(book, metric).collect(),
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

    /// Whether a detector of its own past raises alerts on it.
    pub(super) const fn has_detectors(&self) -> bool {
        !self.detectors.is_empty()
    }

    /// Whether it is news that nothing comes any more.
    pub(super) const fn is_listened_for(&self) -> bool {
        self.arrivals >= ARRIVALS
    }

    /// From now on it is news.
    pub(super) const fn listen(&mut self) {
        self.arrivals = ARRIVALS;
    }

    /// Counts a sample that comes at least half as long after the last one that counted as it was measured after the one
    /// before it: those of a file come all at once. One that is late tells nothing.
    pub(super) fn arrive(&mut self, timestamp_ms: i64, now_ms: i64) {
        let waited_ms = now_ms.saturating_sub(self.arrived_ms);
        let apart_ms = timestamp_ms.saturating_sub(self.newest_ms.max(i64::MIN / 2));
        if apart_ms >= 0 && waited_ms >= apart_ms / 2 && waited_ms > 0 {
            self.arrived_ms = now_ms;
            self.arrivals = self.arrivals.saturating_add(1).min(ARRIVALS);
        }
    }

    /// Goes on after points that were judged before, oldest first.
    pub(super) fn go_on(&mut self, points: &[Point], now_ms: i64) {
        self.last = points.last().map_or(self.last, |point| point.value);
        if let Some(classics) = &mut self.classics {
            let last = &points[points.len().saturating_sub(ensemble::REMEMBERED)..];
            for &point in last.iter().filter(|point| !is_ahead(**point, now_ms)) {
                classics.judge(point, |_| {});
            }
        }
    }

    /// What the detectors say that compare a sample with the hundred before it.
    pub(super) fn compare(&mut self, sample: &Sample, mut tell: impl FnMut(Told)) {
        let (unit, direction) = (self.unit, self.direction);
        let Some(classics) = &mut self.classics else { return };
        classics.judge(sample.point(), |told| {
            tell(match told {
                ensemble::Told::Odd(oddity) => Told::Finding(odd(sample, &oddity, unit, direction)),
                ensemble::Told::Over(rule) => Told::Over(Recovery {
                    metric: MetricName::clone(&sample.metric),
                    rule,
                    sample_id: sample.id,
                    timestamp_ms: sample.timestamp_ms,
                    ending: Ending::Recovered,
                }),
            });
        });
    }

    /// Judges a point and learns it; `None` when nothing fired.
    pub(super) fn judge(&mut self, point: Point, options: DetectOptions, now_ms: i64) -> Option<Judgement> {
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

    pub(super) fn findings(&self, sample: &Sample, judgement: &Judgement) -> Vec<Finding> {
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
    pub(super) fn told(&mut self, metric: &MetricName, point: Point, sample_id: i64, notice: &Notice) -> Told {
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
            Rule::BeyondLimit => vec![sample.point()],
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
