//! What the tasks hand each other: newest values, alerts and commands. Small and bounded; the bulk of the
//! data goes through the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Alert, Command, MetricName, Mute, Point, RunAnomaly, Sample, ToastRate, Watching};

/// What the user is told, and what not.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Told {
    /// Alerts, in the order in which to look at them.
    pub(super) alerts: Arc<[Alert]>,
    /// The anomalies of runs that are open, the newest first.
    pub(super) unusual_runs: Arc<[RunAnomaly]>,
    /// The mutes in force.
    pub(super) mutes: Arc<[Mute]>,
}

/// What is known of how the metric on screen is watched.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Watched {
    /// What its detectors hold of it.
    pub(super) watching: Option<Arc<Watching>>,
    /// How often it was told of.
    pub(super) rate: Option<Arc<ToastRate>>,
    /// Metrics in which a surprise goes on that will soon be over.
    pub(super) recovering: Arc<[MetricName]>,
}

/// State shared by the tasks; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    latest: HashMap<MetricName, Point>,
    newest_id: i64,
    has_begun: bool,
    has_picture: bool,
    has_arrivals: bool,
    told: Told,
    viewed: Option<MetricName>,
    watched: Watched,
    told_alert_id: Option<i64>,
    compared_alert_id: i64,
    commands: Vec<Command>,
    resets: u64,
    /// How often rows were seen to be deleted or changed.
    changes: u64,
}

/// What the tail knows that the publisher shows.
#[derive(Debug, Clone, Default)]
pub(super) struct News {
    /// Newest points since the last time, by metric.
    pub(super) latest: HashMap<MetricName, Point>,
    /// The id of the newest sample seen; 0 before the tail has looked.
    pub(super) newest_id: i64,
    /// Alerts and mutes.
    pub(super) told: Told,
    /// The metric on screen.
    pub(super) watched: Watched,
}

impl Shared {
    /// Samples came in, in the order of their ids.
    pub(super) fn arrived(&self, samples: &[Sample]) {
        let mut state = self.state();
        for sample in samples {
            let point = sample.point();
            match state.latest.get_mut(&sample.metric) {
                Some(latest) if latest.timestamp_ms > point.timestamp_ms => {}
                Some(latest) => *latest = point,
                None => {
                    state.latest.insert(MetricName::clone(&sample.metric), point);
                }
            }
        }
        if let Some(last) = samples.last() {
            state.newest_id = last.id;
            state.has_arrivals = true;
        }
    }

    /// The log ends here when the tail begins.
    pub(super) fn begin_at(&self, newest_id: i64) {
        let mut state = self.state();
        state.newest_id = newest_id;
        state.has_begun = true;
    }

    /// Whether the tail has had the store open.
    pub(super) fn has_begun(&self) -> bool {
        self.state().has_begun
    }

    /// The dashboard has something to show.
    pub(super) fn set_has_picture(&self) {
        self.state().has_picture = true;
    }

    /// Whether the dashboard has something to show.
    pub(super) fn has_picture(&self) -> bool {
        self.state().has_picture
    }

    /// The log was started anew: what was known of it is void.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        state.latest.clear();
        state.newest_id = 0;
        state.told_alert_id = None;
        state.compared_alert_id = 0;
        state.resets += 1;
    }

    /// The alerts and mutes are these now.
    pub(super) fn set_told(&self, told: Told) {
        self.state().told = told;
    }

    /// The alerts, newest first.
    pub(super) fn alerts(&self) -> Arc<[Alert]> {
        Arc::clone(&self.state().told.alerts)
    }

    /// The newest alert that the dashboard was told of; survives a tail that starts again.
    pub(super) fn told_alert_id(&self) -> Option<i64> {
        self.state().told_alert_id
    }

    /// The dashboard was told of the alerts up to this id.
    pub(super) fn set_told_alert_id(&self, alert_id: i64) {
        self.state().told_alert_id = Some(alert_id);
    }

    /// Alerts up to this id were compared with each other, as far as this process knows.
    pub(super) fn compared_alert_id(&self) -> i64 {
        self.state().compared_alert_id
    }

    /// Alerts up to this id were compared with each other.
    pub(super) fn set_compared_alert_id(&self, alert_id: i64) {
        self.state().compared_alert_id = alert_id;
    }

    /// What is new; newest points are handed out once.
    pub(super) fn take_news(&self) -> News {
        let mut state = self.state();
        News {
            latest: std::mem::take(&mut state.latest),
            newest_id: state.newest_id,
            told: state.told.clone(),
            watched: state.watched.clone(),
        }
    }

    /// This metric is on screen now; whether another one was before.
    pub(super) fn set_viewed(&self, viewed: Option<&MetricName>) -> bool {
        let mut state = self.state();
        let has_changed = state.viewed.as_ref() != viewed;
        state.viewed = viewed.cloned();
        has_changed
    }

    /// The metric on screen.
    pub(super) fn viewed(&self) -> Option<MetricName> {
        self.state().viewed.clone()
    }

    /// This is known of it; whether something else was before.
    pub(super) fn set_watched(&self, watched: Watched) -> bool {
        let mut state = self.state();
        let has_changed = state.watched != watched;
        state.watched = watched;
        has_changed
    }

    /// Somebody deleted or changed rows of the log.
    pub(super) fn rows_changed(&self) {
        self.state().changes += 1;
    }

    /// How often that was seen.
    pub(super) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// The id of the newest sample seen.
    pub(super) fn newest_id(&self) -> i64 {
        self.state().newest_id
    }

    /// How often the log was started anew.
    pub(super) fn resets(&self) -> u64 {
        self.state().resets
    }

    /// Whether samples came in since the start.
    pub(super) fn has_arrivals(&self) -> bool {
        self.state().has_arrivals
    }

    /// Leaves a command for the tail.
    pub(super) fn push_command(&self, command: Command) {
        self.state().commands.push(command);
    }

    /// The commands left since the last time.
    pub(super) fn take_commands(&self) -> Vec<Command> {
        std::mem::take(&mut self.state().commands)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every field is replaced whole: a task that panicked while holding the lock left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
