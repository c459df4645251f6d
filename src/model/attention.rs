//! Which alerts want attention, and how many: one count for header, list, pane title and status line.

use std::collections::HashSet;

use super::text::counted;
use super::{Alert, Mute, RunAnomaly, Severity};

/// What decides whether an alert wants attention.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// What is below is only listed.
    pub from: Severity,
    /// The mutes there are.
    pub mutes: &'a [Mute],
    /// The time: ms since the Unix epoch.
    pub now_ms: i64,
}

impl<'a> Attention<'a> {
    /// The anomalies of runs, of those that are open, that are grave enough, not muted, and on a metric of which no alert wants
    /// attention anyway.
    pub fn unusual_runs(self, open: &'a [RunAnomaly], alerts: &'a [Alert]) -> impl Iterator<Item = &'a RunAnomaly> {
        let has_alert = move |metric: &str| alerts.iter().any(|of| *of.metric == *metric && self.is_wanted_by(of));
        open.iter().filter(move |anomaly| self.is_wanted_by_run(anomaly) && !has_alert(&anomaly.metric_name()))
    }

    /// Whether an alert fires, is grave enough, and is not muted.
    #[must_use]
    pub fn is_wanted_by(&self, alert: &Alert) -> bool {
        let is_muted = || Mute::covering(self.mutes, &alert.metric, alert.rule, self.now_ms).is_some();
        alert.is_firing() && alert.severity >= self.from && !is_muted()
    }

    /// Whether an anomaly of a run that is open is grave enough and not muted. Mutes of a rule are of other rules.
    fn is_wanted_by_run(&self, anomaly: &RunAnomaly) -> bool {
        let is_muted = || {
            let covers = |metric: &str| self.mutes.iter().any(|mute| mute.covers_every_rule(metric, self.now_ms));
            covers(&anomaly.metric_name()) || covers(&anomaly.shown_at())
        };
        anomaly.severity() >= self.from && !is_muted()
    }
}

/// How many alerts there are, and in how many incidents some of them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Alerts, each counted, alone or not.
    pub alerts: u64,
    /// Incidents. An alert alone is none.
    pub incidents: u64,
}

impl Tally {
    /// Counts alerts.
    #[must_use]
    pub fn of<'a>(alerts: impl Iterator<Item = &'a Alert>) -> Self {
        let mut incidents = HashSet::new();
        let alerts = alerts.inspect(|alert| incidents.extend(alert.incident.as_ref().map(|incident| incident.id)));
        Self { alerts: alerts.count() as u64, incidents: incidents.len() as u64 }
    }

    /// What is said of the alerts, and how many incidents there are: `9 anomalies, 2 incidents`.
    #[must_use]
    pub fn with_incidents(&self, alerts: &str) -> String {
        match self.incidents {
            0 => alerts.to_owned(),
            incidents => format!("{alerts}, {}", counted(incidents, "incident")),
        }
    }
}
