//! The detector as it judges live, over samples that are replayed; and what its findings come to, as in the store.

use std::collections::HashMap;

use super::{NAME_CHARS, Output, Tally};
use crate::cli::context::Context;
use crate::detect::{DetectOptions, Detector};
use crate::model::text::printable_short;
use crate::model::time::length;
use crate::model::{Finding, MetricName, Point, Recovery, Rule, Sample, Severity};

/// What to judge by.
#[derive(Debug, Clone)]
pub(super) enum Chosen {
    /// What the configuration names.
    Configured,
    /// These, for every metric.
    These(Vec<Rule>),
}

pub(super) fn chosen(words: &str) -> Result<Chosen, String> {
    if words == "configured" {
        return Ok(Chosen::Configured);
    }
    let rules = words.split(',').map(|word| word.trim().parse::<Rule>().map_err(|error| error.to_string()));
    rules.collect::<Result<_, _>>().map(Chosen::These)
}

/// The detector as it judges live, and what its findings come to.
pub(super) struct Live {
    detector: Detector,
    lives: Lives,
    /// Samples so far.
    id: i64,
}

impl Live {
    pub(super) fn new(chosen: &Chosen, context: &Context) -> Self {
        let config = &context.config;
        let book = match chosen {
            Chosen::Configured => config.book.clone(),
            Chosen::These(rules) => config.book.clone().raised_by_all_of(rules),
        };
        let options = DetectOptions { window: config.detect.window, min_samples: config.detect.min_samples };
        Self {
            detector: Detector::new(options, book, config.display.zone()),
            lives: Lives::new(config.alerts.cooldown_ms),
            id: 0,
        }
    }

    /// Judges a sample as if it came when it is dated.
    pub(super) fn judge(&mut self, metric: &MetricName, point: Point, output: &mut Output<'_>, tally: &mut Tally) {
        let Point { timestamp_ms, value } = point;
        self.id += 1;
        let sample = Sample { id: self.id, metric: MetricName::clone(metric), value, timestamp_ms };
        for finding in self.detector.look(timestamp_ms) {
            self.tell(&finding, None, output, tally);
        }
        for finding in self.detector.judge(&sample, timestamp_ms) {
            self.tell(&finding, Some(value), output, tally);
        }
        for recovery in self.detector.take_recoveries() {
            let Some(since_ms) = self.lives.over(&recovery) else { continue };
            let description =
                format!("back to normal after {}", length(recovery.timestamp_ms.saturating_sub(since_ms)));
            let (rule, severity) = (recovery.rule.as_str(), None);
            output.event(metric, timestamp_ms, Some(value), ("recovery", rule, severity), description);
        }
    }

    fn tell(&mut self, finding: &Finding, value: Option<f64>, output: &mut Output<'_>, tally: &mut Tally) {
        let (Some(event), Some(point)) = (self.lives.found(finding), finding.point()) else { return };
        if point.timestamp_ms < output.from_ms {
            return;
        }
        let (rule, severity) = (finding.rule.as_str(), finding.severity);
        tally.raise(rule, severity);
        let said = &*finding.description;
        let name = printable_short(&finding.metric, NAME_CHARS);
        let said = said.strip_prefix(&*name).map_or(said, |said| said.trim_start_matches([':', ' ']));
        output.event(&finding.metric, point.timestamp_ms, value, (event, rule, Some(severity)), said.to_owned());
    }
}

/// The last alert of each metric and rule.
#[derive(Debug, Default)]
struct Lives {
    /// Findings of a rule within so long are one alert.
    cooldown_ms: i64,
    last: HashMap<(MetricName, Rule), Life>,
}

#[derive(Debug)]
struct Life {
    since_ms: i64,
    last_ms: i64,
    severity: Severity,
    is_over: bool,
}

impl Lives {
    fn new(cooldown_ms: i64) -> Self {
        Self { cooldown_ms, last: HashMap::new() }
    }

    /// What a finding does: `opened`, `raised`, or nothing new.
    fn found(&mut self, finding: &Finding) -> Option<&'static str> {
        let point = finding.point()?;
        let key = (MetricName::clone(&finding.metric), finding.rule);
        let joined = self.last.get_mut(&key).filter(|life| {
            let is_recent = point.timestamp_ms.saturating_sub(life.last_ms) <= self.cooldown_ms;
            is_recent || (finding.rule.is_detector() && !life.is_over)
        });
        let Some(life) = joined else {
            let (since_ms, severity) = (point.timestamp_ms, finding.severity);
            self.last.insert(key, Life { since_ms, last_ms: since_ms, severity, is_over: false });
            return Some("opened");
        };
        life.is_over = false;
        life.last_ms = life.last_ms.max(point.timestamp_ms);
        let is_graver = finding.severity > life.severity;
        life.severity = life.severity.max(finding.severity);
        is_graver.then_some("raised")
    }

    /// Since when it was, what is over.
    fn over(&mut self, recovery: &Recovery) -> Option<i64> {
        let key = (MetricName::clone(&recovery.metric), recovery.rule);
        let life = self.last.get_mut(&key).filter(|life| !life.is_over)?;
        life.is_over = true;
        Some(life.since_ms)
    }
}
