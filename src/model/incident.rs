//! Alerts that belong together, and which of them was first.

use std::sync::Arc;

use serde::Serialize;

use super::text::{counted, printable};
use super::{MetricName, Point, Rule};

/// Alerts of several metrics that began together and move together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// Its number: that of the first alert in it.
    pub id: i64,
    /// The metric that is more likely than not to have moved first.
    pub origin: Option<MetricName>,
    /// How sure it is that the first of `alerts` began before those of every other metric, 0 to 1.
    pub certainty: f64,
    /// Its alerts, by their beginning.
    pub alerts: Arc<[Companion]>,
}

/// An alert in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Companion {
    /// The alert.
    pub alert_id: i64,
    /// Its metric.
    pub metric: MetricName,
    /// What it was raised by.
    pub rule: Rule,
    /// From when on the metric was not as before, in ms since the Unix epoch: not later than the sample that raised it.
    pub onset_ms: i64,
    /// Whether it is still open.
    pub is_open: bool,
}

/// An origin that is less sure than this is not named.
const NAMED_FROM: f64 = 0.5;

impl Incident {
    /// The incident of these alerts, the one that began first in front.
    #[must_use]
    pub fn new(id: i64, certainty: f64, alerts: Vec<Companion>) -> Self {
        let origin = alerts.first().filter(|_| certainty >= NAMED_FROM).map(|first| MetricName::clone(&first.metric));
        Self { id, origin, certainty, alerts: alerts.into() }
    }

    /// Its metrics, each once, by their beginning.
    #[must_use]
    pub fn metrics(&self) -> Vec<&MetricName> {
        let mut metrics: Vec<&MetricName> = Vec::new();
        for alert in &*self.alerts {
            if !metrics.contains(&&alert.metric) {
                metrics.push(&alert.metric);
            }
        }
        metrics
    }

    /// Whether an alert is in it.
    #[must_use]
    pub fn contains(&self, alert_id: i64) -> bool {
        self.alerts.iter().any(|alert| alert.alert_id == alert_id)
    }

    /// Whether all of its alerts have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.alerts.iter().any(|alert| alert.is_open)
    }

    /// In a few words: `3 metrics moved together`.
    #[must_use]
    pub fn title(&self) -> String {
        let are_all = |rule: Rule| self.alerts.iter().all(|alert| alert.rule == rule);
        let did = match () {
            () if are_all(Rule::Silence) => "fell silent",
            () if are_all(Rule::Stuck) => "stuck",
            () => "moved",
        };
        format!("{} {did} together", counted(self.metrics().len() as u64, "metric"))
    }

    /// Which were first, as far as that can be told: `api_latency first (96 %), then queue_depth, db_p99`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let metrics = self.metrics();
        let named = |metrics: &[&MetricName]| metrics.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ");
        match &self.origin {
            Some(origin) => {
                format!("{} first ({}), then {}", printable(origin), self.percent(), named(&metrics[1..]))
            }
            None => format!("which was first cannot be told: {}", named(&metrics)),
        }
    }

    /// All of it in a sentence: `incident 7: 3 metrics moved together, api_latency first (96 %), then queue_depth, db_p99`.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("incident {}: {}, {}", self.id, self.title(), self.sentence())
    }

    /// How sure the origin is; never more than could be known: `96 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        format!("{:.0} %", (100.0 * self.certainty).min(99.0))
    }
}

/// An alert as it is compared with others, to see whether they are one incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// The alert.
    pub alert_id: i64,
    /// Its metric.
    pub metric: MetricName,
    /// What it was raised by.
    pub rule: Rule,
    /// When: the time of the sample it was raised on, or at which one was missing; ms since the Unix epoch.
    pub first_ms: i64,
    /// The oldest of the samples that it was raised on.
    pub evidence_ms: i64,
    /// The incident it is in already.
    pub incident_id: Option<i64>,
    /// The samples of its metric around its beginning, by time.
    pub points: Vec<Point>,
}

/// An alert's place in an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Membership {
    /// The alert.
    pub alert_id: i64,
    /// The incident.
    pub incident_id: i64,
    /// From when on its metric was not as before: ms since the Unix epoch.
    pub onset_ms: i64,
    /// How likely that was before all other metrics of the incident, 0 to 1.
    pub chance: f64,
}
