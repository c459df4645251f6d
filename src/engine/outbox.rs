//! Alerts on their way to the dashboard: which are new, graver or over, and whether this process did that.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::options::RaisedAlerts;
use super::runs;
use super::shared::Told;
use crate::model::{Alert, AlertState, MetricBook, Mute, Severity, by_priority};
use crate::store::{Store, StoreError};

/// Alerts read and shown at most.
pub(super) const ALERTS_SHOWN: usize = 500;
/// What was over before anybody could be told of it is told of all the same, when its last sample is no older than this.
const JUST_OVER_MS: i64 = 60_000;
/// Alerts kept for a dashboard that does not take them; the rows are in the store anyway.
const MOST_WAITING: usize = 64;
const RETRY: Duration = Duration::from_millis(100);

/// Tells of each alert when it is new, when it becomes graver, and when it ends.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: mpsc::Sender<RaisedAlerts>,
    waiting: Vec<RaisedAlerts>,
    retry_at: Option<Instant>,
    /// Alerts up to this id are known.
    known_id: i64,
    /// Those that this process opened or added to.
    touched_here: HashSet<i64>,
    /// Open alerts.
    open: HashMap<i64, Known>,
}

/// What is known of an open alert.
#[derive(Debug, Clone, Copy)]
struct Known {
    severity: Severity,
    /// Whether it was told of, so that its end is worth telling.
    is_told: bool,
}

impl Outbox {
    /// Alerts up to this id are known.
    pub(super) fn new(sender: mpsc::Sender<RaisedAlerts>, known_id: i64) -> Self {
        Self {
            sender,
            waiting: Vec::new(),
            retry_at: None,
            known_id,
            touched_here: HashSet::new(),
            open: HashMap::new(),
        }
    }

    /// Notes that this process has opened alerts or added to them.
    pub(super) fn touched_here(&mut self, alerts: &[Alert]) {
        self.touched_here.extend(alerts.iter().map(|alert| alert.id));
    }

    /// Reads the alerts and tells of those that are new and open, or only just over, have become graver or have ended, and
    /// are not muted; answers all of them, in the order in which to look at them, and the mutes.
    pub(super) fn refresh(&mut self, store: &Store, book: &MetricBook, now_ms: i64) -> Result<Told, StoreError> {
        let mutes = store.mutes(now_ms)?;
        let is_told = |alert: &Alert| Mute::covering(&mutes, &alert.metric, alert.rule, now_ms).is_none();
        let mut opened = store.alerts_after(self.known_id, ALERTS_SHOWN)?;
        self.known_id = opened.last().map_or(self.known_id, |newest| newest.id);
        let is_past = |alert: &Alert| now_ms.saturating_sub(alert.last.timestamp_ms) > JUST_OVER_MS;
        opened.retain(|alert| alert.state != AlertState::Recovered || !is_past(alert));
        let mut alerts = store.alerts(ALERTS_SHOWN)?;
        by_priority(&mut alerts, |metric| book.is_user_facing(metric), now_ms);
        let listed = || alerts.iter().filter(|alert| alert.state != AlertState::Recovered);
        let listed_ids: HashSet<i64> = listed().map(|alert| alert.id).collect();
        // They are over, or graver ones have taken their places.
        let gone: Vec<i64> = self.open.keys().copied().filter(|id| !listed_ids.contains(id)).collect();
        let (mut ended, unlisted): (Vec<_>, Vec<_>) =
            store.alerts_by_id(&gone)?.into_iter().partition(|alert| alert.state == AlertState::Recovered);
        ended.retain(|alert| self.open[&alert.id].is_told && is_told(alert));
        let open = || listed().chain(&unlisted);
        let risen = open().filter(|alert| alert.is_firing() && self.is_graver(alert));
        let news = risen.chain(&opened).filter(|alert| is_told(alert)).cloned();
        let (here, elsewhere): (Vec<_>, Vec<_>) = news.partition(|alert| self.touched_here.contains(&alert.id));
        let was_told = |alert: &Alert| match self.open.get(&alert.id) {
            Some(known) if alert.severity == known.severity => known.is_told,
            Some(known) => known.is_told || is_told(alert),
            None => is_told(alert),
        };
        let known = |alert: &Alert| (alert.id, Known { severity: alert.severity, is_told: was_told(alert) });
        // What was read last counts.
        let now_open = opened.iter().chain(open()).map(known).collect();
        self.open = now_open;
        for (alerts, ended, inserted_here) in [(here, Vec::new(), true), (elsewhere, ended, false)] {
            if !(alerts.is_empty() && ended.is_empty()) && self.waiting.len() < MOST_WAITING {
                self.waiting.push(RaisedAlerts { alerts, ended, inserted_here });
            }
        }
        self.touched_here.retain(|&id| id > self.known_id);
        self.flush();
        let unusual_runs = runs::unusual_runs(store, now_ms)?.into();
        Ok(Told { alerts: alerts.into(), unusual_runs, mutes: mutes.into() })
    }

    /// Whether an alert that was known has become graver.
    pub(super) fn is_graver(&self, alert: &Alert) -> bool {
        self.open.get(&alert.id).is_some_and(|known| alert.severity > known.severity)
    }

    /// The newest alert that was told of.
    pub(super) const fn known_id(&self) -> i64 {
        self.known_id
    }

    /// Sends what waits, as far as the dashboard takes it.
    pub(super) fn flush(&mut self) {
        self.retry_at = None;
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        while let Some(message) = waiting.next() {
            if let Err(TrySendError::Full(message)) = self.sender.try_send(message) {
                self.waiting = std::iter::once(message).chain(waiting).collect();
                self.retry_at = Some(Instant::now() + RETRY);
                return;
            }
        }
    }

    /// When to call [`Outbox::flush`] again.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ControlLimits, Ending, Finding, LimitType, Point, Recovery, Rule};

    fn finding(sample_id: i64, severity: Severity) -> Finding {
        Finding {
            metric: format!("m{sample_id}").into(),
            rule: Rule::Surprise,
            limit_type: LimitType::Ucl,
            severity,
            sample_id,
            evidence: vec![Point { timestamp_ms: 1_000, value: 1.0 }],
            limits: ControlLimits::new(0.0, 1.0),
            description: String::new(),
            explanations: Vec::new(),
        }
    }

    #[test]
    fn what_graver_alerts_push_out_of_the_list_is_told_of_when_it_ends_or_becomes_graver() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("perftop.db")).unwrap();
        let (sender, mut messages) = mpsc::channel(8);
        let mut outbox = Outbox::new(sender, 0);
        let mut refresh = |store: &Store| {
            outbox.refresh(store, &MetricBook::default(), 2_000).unwrap();
            let message = messages.try_recv().ok();
            message.map(|RaisedAlerts { alerts, ended, .. }| (alerts.len(), ended.len()))
        };
        let warnings = [finding(1, Severity::Warning), finding(2, Severity::Warning)];
        store.record(&warnings, &[], 2, 0, 2_000).unwrap();
        assert_eq!(refresh(&store), Some((2, 0)));
        let graver: Vec<_> = (3..).take(ALERTS_SHOWN).map(|id| finding(id, Severity::Critical)).collect();
        store.record(&graver, &[], 1_000, 0, 2_000).unwrap();
        assert_eq!(refresh(&store), Some((ALERTS_SHOWN, 0)));
        assert_eq!(refresh(&store), None);

        let over = Recovery {
            metric: "m1".into(),
            rule: Rule::Surprise,
            sample_id: 1_001,
            timestamp_ms: 1_500,
            ending: Ending::Recovered,
        };
        store.record(&[], &[over], 1_001, 0, 2_000).unwrap();
        assert_eq!(refresh(&store), Some((0, 1)), "the first of the two that are not listed");
        let risen = Finding { sample_id: 1_002, ..finding(2, Severity::Critical) };
        store.record(&[risen], &[], 1_002, 0, 2_000).unwrap();
        assert_eq!(refresh(&store), Some((1, 0)));
        assert_eq!(refresh(&store), None);
    }
}
