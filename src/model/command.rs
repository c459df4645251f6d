//! What a user has changed that is kept.

use super::{MetricName, Rule};

/// What the dashboard asks of the engine besides its view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Somebody knows of these alerts.
    Acknowledge {
        /// Their ids.
        alert_ids: Vec<i64>,
    },
    /// The user calls an alert true or false, or takes it back.
    Label {
        /// Its id.
        alert_id: i64,
        /// What they call it.
        label: Option<bool>,
    },
    /// Tell no more of a rule on a metric for a while.
    Mute {
        /// The metric.
        metric: MetricName,
        /// The rule.
        rule: Rule,
        /// Until when: ms since the Unix epoch.
        until_ms: i64,
    },
    /// Tell again of what these mutes are about.
    Unmute {
        /// Their ids.
        mute_ids: Vec<i64>,
    },
}
