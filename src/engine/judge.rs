//! From the log to findings to alert rows, a stretch of the log at a time. What the live tail and the
//! one-shot commands share.
//!
//! The mark in the store says up to which row the log was judged. It moves in the transaction that
//! records the findings, so a row is judged for the record once, whoever is killed when.

use std::collections::HashMap;

use super::options::EngineOptions;
use crate::detect::Detector;
use crate::model::text::printable_short;
use crate::model::{Alert, MetricName, Sample, TimeRange};
use crate::store::{Store, StoreError};

/// Rows judged and recorded in one step: a few ms of work.
const STEP_ROWS: usize = 2_000;
/// History older than this is learned in silence when a store is met for the first time.
const FIRST_CONTACT_MS: i64 = 24 * 3_600_000;
/// Names longer than this are cut in the log.
const LOGGED_NAME_CHARS: usize = 200;

/// The detector at its place in the log.
#[derive(Debug)]
pub(super) struct Judge {
    detector: Detector,
    cooldown_ms: i64,
    /// Rows up to here are judged.
    after_id: i64,
    /// Rows up to here are recorded as judged.
    marked_id: i64,
    /// On first contact: rows up to this id that are dated before this time are known already.
    learned: Option<(i64, i64)>,
    /// Whether the detector was built without some judged samples, because late ones among those to be
    /// judged are older.
    is_partial: bool,
}

/// What one step found.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The samples, in the order of their ids.
    pub(super) samples: Vec<Sample>,
    /// Alerts that this step opened.
    pub(super) raised: Vec<Alert>,
    /// Whether anything was found: alerts opened or updated, here or by somebody who was faster.
    pub(super) has_findings: bool,
}

impl Judge {
    /// Builds the detector from the history in the store, as it was at the mark.
    pub(super) fn start(store: &mut Store, options: &EngineOptions, now_ms: i64) -> Result<Self, StoreError> {
        let newest_id = store.newest_id()?;
        let mut judged = store.judged_up_to()?;
        if judged.is_some_and(|judged| judged > newest_id) {
            // The log was started anew; rolling up notices and voids the mark.
            store.roll_up(STEP_ROWS)?;
            judged = store.judged_up_to()?;
        }
        let mut judge = Self {
            detector: Detector::new(options.detect, options.book.clone()),
            cooldown_ms: options.cooldown_ms,
            after_id: judged.unwrap_or(0),
            marked_id: judged.unwrap_or(0),
            learned: None,
            is_partial: false,
        };
        let span_ms = options.detect.window.span_ms();
        if judged.is_some() {
            let unjudged = unjudged_after(store, judge.after_id)?;
            judge.learn(store, &unjudged, now_ms.saturating_add(1), span_ms, now_ms)?;
        } else {
            let until_ms = now_ms.saturating_sub(FIRST_CONTACT_MS);
            judge.learn(store, &HashMap::new(), until_ms, span_ms, now_ms)?;
            judge.learned = Some((newest_id, until_ms));
        }
        Ok(judge)
    }

    /// Learns what lies before `until_ms`, and of a metric in `unjudged` only what lies before the oldest of
    /// those: all its judged samples, unless late ones are still to be judged.
    fn learn(
        &mut self,
        store: &Store,
        unjudged: &HashMap<MetricName, Unjudged>,
        until_ms: i64,
        span_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let first_ms = unjudged.values().map(|unjudged| unjudged.oldest_ms).min().unwrap_or(until_ms).min(until_ms);
        let from_ms = span_ms.map_or(i64::MIN, |span_ms| first_ms.saturating_sub(span_ms));
        store.visit_series(TimeRange { from_ms, until_ms }, &mut |metric, points| {
            let unjudged = unjudged.get(metric).copied().unwrap_or(Unjudged { oldest_ms: until_ms, count: 0 });
            let cut = points.partition_point(|point| point.timestamp_ms < unjudged.oldest_ms);
            let (known, beyond) = points.split_at(cut);
            self.is_partial |= beyond.len() > unjudged.count;
            self.detector.remember(metric, known, now_ms);
        })
    }

    /// Judges the next rows of the log and records what is found; `None` when there are no more.
    pub(super) fn step(&mut self, store: &mut Store, now_ms: i64) -> Result<Option<Step>, StoreError> {
        let batch = store.tail(self.after_id, STEP_ROWS)?;
        if batch.last_id == self.after_id {
            return Ok(None);
        }
        let mut findings = Vec::new();
        for sample in &batch.samples {
            if !self.is_learned(sample) {
                findings.append(&mut self.detector.judge(sample, now_ms));
            }
        }
        let mut step = Step { samples: batch.samples, has_findings: !findings.is_empty(), ..Step::default() };
        if step.has_findings {
            let recorded = store.record(&findings, batch.last_id, self.cooldown_ms, now_ms)?;
            recorded.raised.iter().for_each(log_raised);
            step.raised = recorded.raised;
            self.marked_id = batch.last_id;
        }
        self.after_id = batch.last_id;
        Ok(Some(step))
    }

    fn is_learned(&self, sample: &Sample) -> bool {
        self.learned.is_some_and(|(up_to_id, until_ms)| sample.id <= up_to_id && sample.timestamp_ms < until_ms)
    }

    /// Rows up to here are judged.
    pub(super) const fn after_id(&self) -> i64 {
        self.after_id
    }

    /// Whether the store's mark lags behind: quiet rows do not move it at once.
    pub(super) const fn is_unmarked(&self) -> bool {
        self.marked_id < self.after_id
    }

    /// Moves the store's mark to where the judge is.
    pub(super) fn mark(&mut self, store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
        if self.is_unmarked() {
            store.record(&[], self.after_id, self.cooldown_ms, now_ms)?;
            self.marked_id = self.after_id;
        }
        Ok(())
    }

    /// Whether the judge must be built anew now that the log is judged to its end: it knows less than the
    /// store holds.
    pub(super) const fn is_partial(&self) -> bool {
        self.is_partial
    }
}

/// What is still to be judged of a metric.
#[derive(Debug, Clone, Copy)]
struct Unjudged {
    oldest_ms: i64,
    count: usize,
}

/// What is still to be judged after `after_id`, by metric.
fn unjudged_after(store: &Store, mut after_id: i64) -> Result<HashMap<MetricName, Unjudged>, StoreError> {
    let mut unjudged: HashMap<MetricName, Unjudged> = HashMap::new();
    loop {
        let batch = store.tail(after_id, STEP_ROWS)?;
        if batch.last_id == after_id {
            return Ok(unjudged);
        }
        after_id = batch.last_id;
        for Sample { metric, timestamp_ms, .. } in batch.samples {
            let of_metric = unjudged.entry(metric).or_insert(Unjudged { oldest_ms: timestamp_ms, count: 0 });
            of_metric.oldest_ms = of_metric.oldest_ms.min(timestamp_ms);
            of_metric.count += 1;
        }
    }
}

fn log_raised(alert: &Alert) {
    tracing::warn!(
        code = "HBPD-001",
        metric = %printable_short(&alert.metric, LOGGED_NAME_CHARS),
        value = alert.first.value,
        center = alert.limits.center,
        lcl = alert.limits.lcl(),
        ucl = alert.limits.ucl(),
        rule = alert.rule.as_str(),
        "SPC alert detected: {}",
        alert.description
    );
}
