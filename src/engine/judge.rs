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
        let mut step = Step {
            samples: batch.samples,
            has_findings: !(findings.is_empty() && recoveries.is_empty()),
            ..Step::default()
        };
        if step.has_findings {
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
mod tests {
    use super::*;
    use crate::model::{NewSample, Rule, Severity};

    const NOW_MS: i64 = 1_700_000_000_000;

    fn sample(minutes_ago: i64, value: f64) -> NewSample {
        NewSample { metric: "m".into(), value, timestamp_ms: NOW_MS - minutes_ago * 60_000, context_json: None }
    }

    #[test]
    fn old_history_stays_silent_when_the_first_pane_quits_before_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("perftop.db")).unwrap();
        let book = crate::model::MetricBook::default().with_alerts(vec![crate::model::Rule::BeyondLimit]);
        let options = EngineOptions { book, ..EngineOptions::new(store.path().to_path_buf()) };
        let calm = |minute: i64| sample(minute, if minute % 2 == 0 { 99.0 } else { 101.0 });
        let mut samples: Vec<_> = (3_000..6_000).rev().map(calm).collect();
        samples[2_900].value = 500.0;
        store.append(&samples, None, NOW_MS).unwrap();

        let mut first = Judge::start(&mut store, &options, NOW_MS).unwrap();
        assert!(first.step(&mut store, NOW_MS).unwrap().is_some());
        first.mark(&mut store).unwrap();
        assert_eq!(store.judged_up_to().unwrap(), Some(2_000), "before the outlier");
        store.append(&[sample(2_980, 2_000.0)], None, NOW_MS).unwrap();

        let mut second = Judge::start(&mut store, &options, NOW_MS).unwrap();
        let mut raised = Vec::new();
        while let Some(step) = second.step(&mut store, NOW_MS).unwrap() {
            raised.extend(step.raised.iter().map(|alert| alert.first.timestamp_ms));
        }
        assert_eq!(raised, [NOW_MS - 2_980 * 60_000], "what came after first contact is judged, also when it is old");
    }

    fn watched() -> (tempfile::TempDir, Store, EngineOptions) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("perftop.db")).unwrap();
        let options = EngineOptions::new(store.path().to_path_buf());
        (directory, store, options)
    }

    /// Judges all that waits; the judge that did.
    fn judged(store: &mut Store, options: &EngineOptions, now_ms: i64) -> Judge {
        let mut judge = Judge::start(store, options, now_ms).unwrap();
        while judge.step(store, now_ms).unwrap().is_some() {}
        judge
    }

    #[test]
    fn what_was_learned_of_a_metric_is_known_when_it_has_not_sent_for_longer_than_the_window() {
        let (_directory, mut store, options) = watched();
        let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
        store.append(&samples, None, NOW_MS).unwrap();
        judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();
        crate::engine::once::roll_up(&mut store).unwrap();
        judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();

        let later_ms = NOW_MS + 30 * 86_400_000;
        store.append(&[NewSample { timestamp_ms: later_ms, ..sample(0, 5.0) }], None, later_ms).unwrap();
        let mut judge = judged(&mut store, &options, later_ms);
        let watching = judge.watching(&store, &"m".into()).unwrap().unwrap();
        assert_eq!(watching.samples, 201);
    }

    /// A judge that listens for a metric that sends every minute, and up to when it has heard of it.
    fn listening(store: &mut Store, options: &EngineOptions) -> (Judge, i64) {
        let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
        store.append(&samples, None, NOW_MS).unwrap();
        let mut judge = judged(store, options, NOW_MS);
        // What came all at once is not listened for.
        for minute in 1..=6 {
            store.append(&[sample(-minute, (minute * 5 % 11) as f64)], None, NOW_MS + minute * 60_000).unwrap();
            assert!(judge.step(store, NOW_MS + minute * 60_000).unwrap().is_some());
        }
        (judge, NOW_MS + 6 * 60_000)
    }

    /// How many alerts a look opens and makes graver.
    fn looked(judge: &mut Judge, store: &mut Store, now_ms: i64) -> (usize, usize) {
        let recorded = judge.look(store, now_ms).unwrap();
        (recorded.raised.len(), recorded.updated.len())
    }

    #[test]
    fn silence_is_over_with_the_next_sample_whoever_told_of_it_was_killed() {
        let (_directory, mut store, options) = watched();
        let (mut killed, heard_ms) = listening(&mut store, &options);
        let (silent_ms, back_ms) = (heard_ms + 6 * 60_000, NOW_MS + 7_200_000);
        assert_eq!(looked(&mut killed, &mut store, silent_ms), (1, 0));
        drop(killed);

        store.append(&[sample(-120, 5.0)], None, back_ms).unwrap();
        judged(&mut store, &options, back_ms);
        assert!(store.silent().unwrap().is_empty());
    }

    #[test]
    fn silence_becomes_grave_once_whoever_looks() {
        let (_directory, mut store, options) = watched();
        let (mut first, heard_ms) = listening(&mut store, &options);
        let after = |minutes: i64| heard_ms + minutes * 60_000;
        assert_eq!(looked(&mut first, &mut store, after(6)), (1, 0));
        // A pane that starts meanwhile has not listened itself.
        let mut second = judged(&mut store, &options, after(7));
        second.pass_over_silence(after(7));
        assert_eq!(looked(&mut second, &mut store, after(19)), (0, 0));
        assert_eq!(looked(&mut second, &mut store, after(21)), (0, 1));
        assert_eq!(looked(&mut first, &mut store, after(21)), (0, 0));
        let alerts = store.alerts(9).unwrap();
        let alert = alerts.iter().find(|alert| alert.rule == Rule::Silence).unwrap();
        let told = (alert.severity, alert.first.timestamp_ms, alert.last.timestamp_ms);
        assert_eq!(told, (Severity::Critical, after(5), after(20)), "by when it was due");
    }

    #[test]
    fn what_was_found_late_is_told_in_one_look() {
        let (_directory, mut store, options) = watched();
        let (mut judge, heard_ms) = listening(&mut store, &options);
        // As after the machine was asleep.
        assert_eq!(looked(&mut judge, &mut store, heard_ms + 3_600_000), (1, 0));
        assert_eq!(store.alerts(9).unwrap()[0].severity, Severity::Critical);
    }

    #[test]
    fn what_was_silent_before_the_start_is_never_told_of() {
        let (_directory, mut store, options) = watched();
        let (_, heard_ms) = listening(&mut store, &options);
        for started in [6, 30] {
            let mut judge = judged(&mut store, &options, heard_ms + started * 60_000);
            judge.pass_over_silence(heard_ms + started * 60_000);
            assert_eq!(looked(&mut judge, &mut store, heard_ms + 86_400_000), (0, 0), "started after {started} min");
        }
        // Nor by a process that has listened, and passes over it, too.
        let (_directory, mut store, options) = watched();
        let (mut judge, heard_ms) = listening(&mut store, &options);
        judge.pass_over_silence(heard_ms + 6 * 60_000);
        assert_eq!(looked(&mut judge, &mut store, heard_ms + 86_400_000), (0, 0));
        assert!(store.alerts(9).unwrap().iter().all(|alert| alert.rule != Rule::Silence));
    }

    #[test]
    fn what_was_learned_before_a_rebuild_is_not_kept_after_it() {
        let (_directory, mut store, options) = watched();
        let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
        store.append(&samples, None, NOW_MS).unwrap();
        let mut judge = judged(&mut store, &options, NOW_MS);
        crate::engine::once::roll_up(&mut store).unwrap();
        assert!(!judge.is_outdated(&store).unwrap());
        Store::open(store.path()).unwrap().rebuild(&mut |_, _| ()).unwrap();
        assert!(judge.is_outdated(&store).unwrap());
        judge.finish(&mut store, NOW_MS).unwrap();
        assert_eq!(store.detector_state(&"m".into(), STATE_VERSION).unwrap(), None);
        judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();
    }

    #[test]
    fn a_wrong_clock_brings_back_no_future() {
        let (_directory, mut store, options) = watched();
        let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
        store.append(&samples, None, NOW_MS).unwrap();
        judged(&mut store, &options, NOW_MS);
        let ahead = |days: i64| sample(-days * 1_440, 5.0);
        store.append(&[ahead(100)], None, NOW_MS).unwrap();
        judged(&mut store, &options, NOW_MS).mark(&mut store).unwrap();
        // Another process, and the next wrong clock comes before what is right.
        store.append(&[ahead(200), sample(-1, 5.0)], None, NOW_MS + 60_000).unwrap();
        let mut judge = judged(&mut store, &options, NOW_MS + 60_000);
        assert_eq!(judge.detector.monitors().newest_ms(&"m".into()), Some(NOW_MS + 60_000));
    }
}
