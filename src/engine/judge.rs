//! From the log to findings to alert rows, a stretch of the log at a time. What the live tail and the
//! one-shot commands share.
//!
//! The mark in the store says up to which row the log was judged. It moves in the transaction that
//! records the findings, so a row is judged for the record once, whoever is killed when.

use std::collections::BTreeMap;

use super::options::EngineOptions;
use crate::detect::{Detector, STATE_VERSION};
use crate::model::text::printable_short;
use crate::model::{Alert, MetricName, Sample, TimeRange, Watching};
use crate::store::{OldHistory, Recorded, Store, StoreError};

/// Rows judged and recorded in one step: a few ms of work.
const STEP_ROWS: usize = 2_000;
/// History older than this is learned in silence when a store is met for the first time.
const FIRST_CONTACT_MS: i64 = 24 * 3_600_000;
/// Of a long history so many samples of a metric are learned: what its detectors remember of it.
const REMEMBERED: usize = 8_192;
/// What was learned of a metric is kept after so many samples: they are learned again in some 10 ms when a process was
/// killed before that.
const KEEP_EVERY: u32 = 4_096;
/// States kept or taken out of memory in one transaction: a few ms of holding the lock.
const KEEP_AT_ONCE: usize = 16;
/// What is learned of more metrics than this is in the store alone until their next sample.
pub(super) const MOST_IN_MEMORY: usize = 8_192;
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
    /// Rows that are known already, wherever the mark is.
    learned: Option<OldHistory>,
    /// Metrics of which what is learned was taken out of memory since that was asked.
    resting: usize,
    /// How often everything was forgotten before it began to learn.
    forgotten: i64,
}

/// What one step found.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The samples, in the order of their ids.
    pub(super) samples: Vec<Sample>,
    /// Alerts that this step opened.
    pub(super) raised: Vec<Alert>,
    /// Alerts that it added to.
    pub(super) updated: Vec<Alert>,
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
        let forgotten = store.forgotten()?;
        let learned = store.old_history(now_ms.saturating_sub(FIRST_CONTACT_MS))?;
        let marked_id = judged.unwrap_or(0);
        // What is old need not be read to be passed over: on first contact that may be the whole log.
        let after_id = match learned {
            Some(old) => marked_id.max(store.old_up_to(old)?),
            None => marked_id,
        };
        let detector = Detector::new(options.detect, options.book.clone(), options.zone.clone());
        let cooldown_ms = options.cooldown_ms;
        let mut judge = Self { detector, cooldown_ms, after_id, marked_id, learned, resting: 0, forgotten };
        for (metric, pulse) in store.detector_pulses(STATE_VERSION)? {
            judge.detector.resume_pulse(&metric, &pulse);
        }
        judge.heed_labels(store)?;
        judge.learn(store, options.detect.window.span_ms(), now_ms)?;
        // Whoever told of it may have been killed before that was kept.
        for (metric, since_ms) in store.silent()? {
            judge.detector.set_silent(&metric, since_ms);
        }
        Ok(judge)
    }

    /// From now on goes by what the user called alerts.
    pub(super) fn heed_labels(&mut self, store: &Store) -> Result<(), StoreError> {
        self.detector.monitors().set_labels(store.precision()?);
        Ok(())
    }

    /// Learns all that is not to be judged: from a window before the oldest sample that is.
    fn learn(&mut self, store: &Store, span_ms: Option<i64>, now_ms: i64) -> Result<(), StoreError> {
        let Self { detector, after_id, learned, .. } = self;
        let until_ms = now_ms.saturating_add(1);
        let range = |oldest_ms: Option<i64>| {
            let first_ms = oldest_ms.map_or(until_ms, |oldest_ms| oldest_ms.min(until_ms));
            TimeRange { from_ms: span_ms.map_or(i64::MIN, |span_ms| first_ms.saturating_sub(span_ms)), until_ms }
        };
        let is_waiting = |id, timestamp_ms| learned.is_none_or(|old| !old.contains(id, timestamp_ms));
        store.visit_judged(*after_id, &is_waiting, &range, &mut |metric, points| {
            detector.remember(metric, points, now_ms);
        })
    }

    /// Judges the next rows of the log and records what is found; `None` when there are no more.
    pub(super) fn step(&mut self, store: &mut Store, now_ms: i64) -> Result<Option<Step>, StoreError> {
        // Asked first: a row that is added in between has a higher id.
        let newest_id = store.newest_id()?;
        let batch = store.tail(self.after_id, STEP_ROWS)?;
        if batch.last_id == self.after_id {
            // What is missing up to there was deleted before anybody judged it.
            self.after_id = self.after_id.max(newest_id);
            return Ok(None);
        }
        self.bring_back(store, &batch.samples, now_ms)?;
        let (mut findings, mut recoveries) = (Vec::new(), Vec::new());
        for sample in &batch.samples {
            if self.learned.is_none_or(|old| !old.contains(sample.id, sample.timestamp_ms)) {
                findings.append(&mut self.detector.judge(sample, now_ms));
                recoveries.append(&mut self.detector.take_recoveries());
            }
        }
        let mut step = Step { samples: batch.samples, ..Step::default() };
        if !(findings.is_empty() && recoveries.is_empty()) {
            let recorded = store.record(&findings, &recoveries, batch.last_id, self.cooldown_ms, now_ms)?;
            recorded.raised.iter().for_each(log_raised);
            step.raised = recorded.raised;
            step.updated = recorded.updated;
            self.marked_id = batch.last_id;
        }
        self.after_id = batch.last_id;
        self.keep(store, KEEP_EVERY, now_ms)?;
        self.rest(store, now_ms)?;
        Ok(Some(step))
    }

    /// Brings back what the detectors learned of metrics that have not sent for long, or not since the start.
    fn bring_back(&mut self, store: &Store, samples: &[Sample], now_ms: i64) -> Result<(), StoreError> {
        let detector = &self.detector;
        // Up to a sample of a wrong clock there is what nobody judged yet, or ever will.
        let is_next = |sample: &&Sample| {
            let point = sample.point();
            !Detector::passes_over(point, now_ms) && detector.wants_memory(&sample.metric)
        };
        let mut first_ms: BTreeMap<&MetricName, i64> = BTreeMap::new();
        for sample in samples.iter().filter(is_next) {
            first_ms.entry(&sample.metric).or_insert(sample.timestamp_ms);
        }
        self.bring_back_from(store, first_ms)
    }

    /// Brings back what the detectors learned of metrics, each with when its next sample is.
    fn bring_back_from<'a>(
        &mut self,
        store: &Store,
        first_ms: impl IntoIterator<Item = (&'a MetricName, i64)>,
    ) -> Result<(), StoreError> {
        let (detector, after_id) = (&mut self.detector, self.after_id);
        let mut missing: Vec<(MetricName, TimeRange)> = Vec::new();
        for (metric, next_ms) in first_ms {
            let state = store.detector_state(metric, STATE_VERSION)?;
            let range = detector.resume(metric, state.as_ref(), next_ms);
            missing.extend(range.map(|range| (MetricName::clone(metric), range)));
        }
        if missing.is_empty() {
            return Ok(());
        }
        store.visit_last(&missing, after_id, REMEMBERED, &mut |metric, points| detector.learn(metric, points, after_id))
    }

    /// Keeps what was learned of metrics of which `least` samples were judged since.
    fn keep(&mut self, store: &mut Store, least: u32, now_ms: i64) -> Result<(), StoreError> {
        loop {
            let states = self.detector.monitors().unkept(least, KEEP_AT_ONCE);
            if states.is_empty() {
                return Ok(());
            }
            self.mark(store)?;
            store.keep_detector_states(&states, self.forgotten, now_ms)?;
        }
    }

    /// Takes metrics out of memory when there are too many.
    fn rest(&mut self, store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
        if self.detector.monitors().in_memory() <= MOST_IN_MEMORY {
            return Ok(());
        }
        // Some more at once: finding out which they are looks at all.
        let left = MOST_IN_MEMORY / 16 * 15;
        while self.detector.monitors().in_memory() > left {
            self.mark(store)?;
            let before = self.detector.monitors().in_memory();
            let states = self.detector.monitors().rest(left, 8 * KEEP_AT_ONCE);
            for states in states.chunks(KEEP_AT_ONCE) {
                store.keep_detector_states(states, self.forgotten, now_ms)?;
            }
            self.resting += before - self.detector.monitors().in_memory();
        }
        Ok(())
    }

    /// Ends a watch that goes on elsewhere: keeps all that was learned.
    pub(super) fn finish(&mut self, store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
        self.keep(store, 1, now_ms)?;
        self.mark(store)
    }

    /// Ends one of many short looks, perhaps every few seconds: keeps what would be long to learn again.
    pub(super) fn pause(&mut self, store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
        self.keep(store, KEEP_EVERY / 16, now_ms)?;
        self.mark(store)
    }

    /// How many metrics were taken out of memory since this was asked last.
    pub(super) const fn take_resting(&mut self) -> usize {
        std::mem::replace(&mut self.resting, 0)
    }

    /// What has gone silent when nobody looked is no news.
    pub(super) fn pass_over_silence(&mut self, now_ms: i64) {
        self.detector.monitors().pass_over_silence(now_ms);
    }

    /// Records which metrics have gone silent, and which are for long; the alerts it opened and made graver.
    pub(super) fn look(&mut self, store: &mut Store, now_ms: i64) -> Result<Recorded, StoreError> {
        let findings = self.detector.look(now_ms);
        if findings.is_empty() {
            return Ok(Recorded::default());
        }
        let recorded = store.record(&findings, &[], self.after_id, self.cooldown_ms, now_ms)?;
        self.marked_id = self.after_id;
        recorded.raised.iter().for_each(log_raised);
        Ok(recorded)
    }

    /// What there is to show of how a metric is watched; `None` when it is not, or nothing is learned of it.
    pub(super) fn watching(&mut self, store: &Store, metric: &MetricName) -> Result<Option<Watching>, StoreError> {
        if self.detector.wants_memory(metric) {
            // Up to the newest that is judged.
            self.bring_back_from(store, [(metric, i64::MIN)])?;
        }
        Ok(self.detector.monitors().watching(metric, None))
    }

    /// Whether a surprise goes on in a metric that will soon be over.
    pub(super) fn is_recovering(&mut self, metric: &MetricName) -> bool {
        self.detector.monitors().is_recovering(metric)
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
    pub(super) fn mark(&mut self, store: &mut Store) -> Result<(), StoreError> {
        if self.is_unmarked() {
            store.mark_judged(self.after_id, self.forgotten)?;
            self.marked_id = self.after_id;
        }
        Ok(())
    }

    /// Whether what it knows is of a log that is another now: one has to start anew.
    pub(super) fn is_outdated(&self, store: &Store) -> Result<bool, StoreError> {
        Ok(store.forgotten()? != self.forgotten || store.newest_id()? < self.after_id)
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

#[cfg(test)]
mod tests;
