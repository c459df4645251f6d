//! Alerts on their way to the dashboard: which are new, and whether this process opened them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::options::RaisedAlerts;
use super::shared::Told;
use crate::model::{Alert, AlertState, Mute};
use crate::store::{Store, StoreError};

/// Alerts read and shown at most.
pub(super) const ALERTS_SHOWN: usize = 500;
/// Alerts kept for a dashboard that does not take them; the rows are in the store anyway.
const MOST_WAITING: usize = 64;
const RETRY: Duration = Duration::from_millis(100);

/// Tells of each new alert once.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: mpsc::Sender<RaisedAlerts>,
    waiting: Vec<RaisedAlerts>,
    retry_at: Option<Instant>,
    /// Alerts up to this id are known.
    known_id: i64,
    opened_here: HashSet<i64>,
}

impl Outbox {
    /// Alerts up to this id are known.
    pub(super) fn new(sender: mpsc::Sender<RaisedAlerts>, known_id: i64) -> Self {
        Self { sender, waiting: Vec::new(), retry_at: None, known_id, opened_here: HashSet::new() }
    }

    /// Notes that this process has opened alerts.
    pub(super) fn opened_here(&mut self, alerts: &[Alert]) {
        self.opened_here.extend(alerts.iter().map(|alert| alert.id));
    }

    /// Reads the alerts and tells of those that are new, still open and not muted; answers all of them, open and grave
    /// ones first, and the mutes.
    pub(super) fn refresh(&mut self, store: &Store, now_ms: i64) -> Result<Told, StoreError> {
        let mutes = store.mutes(now_ms)?;
        let opened = store.alerts_after(self.known_id, ALERTS_SHOWN)?;
        self.known_id = opened.last().map_or(self.known_id, |newest| newest.id);
        let is_muted = |alert: &Alert| Mute::covering(&mutes, &alert.metric, alert.rule, now_ms).is_some();
        let open = opened.into_iter().filter(|alert| alert.state != AlertState::Recovered && !is_muted(alert));
        let (here, elsewhere): (Vec<_>, Vec<_>) = open.partition(|alert| self.opened_here.contains(&alert.id));
        for (alerts, inserted_here) in [(here, true), (elsewhere, false)] {
            if !alerts.is_empty() && self.waiting.len() < MOST_WAITING {
                self.waiting.push(RaisedAlerts { alerts, inserted_here });
            }
        }
        self.opened_here.retain(|&id| id > self.known_id);
        self.flush();
        Ok(Told { alerts: store.alerts(ALERTS_SHOWN)?.into(), mutes: mutes.into() })
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
