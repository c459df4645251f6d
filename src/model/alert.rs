//! What was recorded of findings, and what the user is told.

use std::sync::Arc;

use serde::Serialize;

use super::text::{counted, printable, value};
use super::time::length;
use super::{
    ControlLimits, Ending, Explanation, Incident, LimitType, MetricName, Point, Rule, Severity, TimeRange, Unit,
};

/// A row of `spc_anomalies`. Other programs may write there too, so what they leave out is optional.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Anomaly {
    /// The row's id.
    pub id: i64,
    /// The series.
    pub metric: MetricName,
    /// The value that completed the rule.
    pub value: f64,
    /// Which limit was broken.
    pub limit_type: Option<LimitType>,
    /// One sentence for a person.
    pub description: Option<String>,
    /// When it was detected: ms since the Unix epoch.
    pub detected_at_ms: i64,
    /// How much it matters.
    pub severity: Severity,
}

/// Where an alert stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Findings keep coming, nobody has said that they know.
    Firing,
    /// Somebody knows.
    Acknowledged,
    /// The series has behaved for the whole recovery time.
    Recovered,
}

impl AlertState {
    /// The word in the store and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Recovered => "recovered",
        }
    }

    /// The state for a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Firing, Self::Acknowledged, Self::Recovered].into_iter().find(|state| state.as_str() == word)
    }
}

/// More alerts of a rule on a series than this within an hour are one that comes and goes.
const FLAPPING: u32 = 3;

/// What the user is told: findings of one rule on one series, gathered while they keep coming.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The row's id.
    pub id: i64,
    /// The series.
    pub metric: MetricName,
    /// The rule that fired.
    pub rule: Rule,
    /// Which limit was broken first.
    pub limit_type: LimitType,
    /// How much it matters.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// One sentence for a person, of the newest finding.
    pub description: String,
    /// The limits of the newest finding.
    pub limits: ControlLimits,
    /// The sample that opened it.
    pub first: Point,
    /// The sample of the newest finding.
    pub last: Point,
    /// The value farthest from the centre line so far.
    pub peak_value: f64,
    /// When that was: ms since the Unix epoch; `None` when an earlier version did not note it.
    pub peak_ms: Option<i64>,
    /// How many findings it gathered.
    pub count: u64,
    /// When it was opened: ms since the Unix epoch.
    pub opened_at_ms: i64,
    /// When the newest finding was recorded.
    pub updated_at_ms: i64,
    /// When it was acknowledged.
    pub acknowledged_at_ms: Option<i64>,
    /// When its end was recorded.
    pub recovered_at_ms: Option<i64>,
    /// When it ended, by the samples.
    pub ended_ms: Option<i64>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// How many alerts of its rule on its series had begun in the hour up to its beginning, this one included.
    pub opened_in_hour: u32,
    /// Whether the user called it true or false.
    pub label: Option<bool>,
    /// When they did.
    pub labelled_at_ms: Option<i64>,
    /// The incident it is in, with others that began together with it.
    pub incident: Option<Arc<Incident>>,
}

impl Alert {
    /// Whether it still wants attention.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.state == AlertState::Firing
    }

    /// Whether it goes on, known or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != AlertState::Recovered
    }

    /// Whether it is one of several in a short time, of which the user is told once.
    #[must_use]
    pub const fn is_flapping(&self) -> bool {
        self.opened_in_hour > FLAPPING
    }

    /// Whether the user was told that it comes and goes.
    #[must_use]
    pub const fn is_repeated_flapping(&self) -> bool {
        self.opened_in_hour > FLAPPING + 1
    }

    /// Its end in words, once it has one: `recovered after 42m, peak 912 ms`.
    #[must_use]
    pub fn end_sentence(&self, unit: Unit) -> Option<String> {
        if self.state != AlertState::Recovered {
            return None;
        }
        let after = match self.lasted_ms(i64::MAX) {
            0 => String::new(),
            lasted_ms => format!(" after {}", length(lasted_ms)),
        };
        let peak = if self.rule == Rule::Silence || self.rule == Rule::Stuck {
            String::new()
        } else {
            format!(", peak {}", value(self.peak_value, unit))
        };
        Some(match self.ending {
            Some(Ending::NewNormal) => format!("the new normal{after}{peak}"),
            Some(Ending::Forgotten) => "forgotten: nothing was heard of it any more".to_owned(),
            Some(Ending::Recovered) | None => format!("recovered{after}{peak}"),
        })
    }

    /// What the user called it, in a word.
    #[must_use]
    pub fn label_word(&self) -> Option<&'static str> {
        self.label.map(|label| if label { "true" } else { "false" })
    }

    /// From the sample that opened it to its end by the samples, or to `now_ms` while it goes on.
    #[must_use]
    pub fn range(&self, now_ms: i64) -> TimeRange {
        let from_ms = self.first.timestamp_ms;
        TimeRange { from_ms, until_ms: from_ms.saturating_add(self.lasted_ms(now_ms)).saturating_add(1) }
    }

    /// How long it lasted by the samples, in ms; up to `now_ms` while it goes on.
    #[must_use]
    pub fn lasted_ms(&self, now_ms: i64) -> i64 {
        let until_ms = match self.state {
            AlertState::Recovered => self.ended_ms.unwrap_or(self.last.timestamp_ms),
            AlertState::Firing | AlertState::Acknowledged => now_ms,
        };
        until_ms.saturating_sub(self.first.timestamp_ms).max(0)
    }
}

/// An alert with everything that is known of why it was raised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Account {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// Why, by its newest finding, the strongest reason first; empty when an earlier version did not note it.
    pub explanations: Vec<Explanation>,
    /// The samples that its findings were made on, oldest first; the newest ones when there are very many.
    pub evidence: Vec<Point>,
}

/// How often the alerts of a rule on a series were worth it, by what the user called them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Precision {
    /// The series.
    pub metric: MetricName,
    /// The rule.
    pub rule: Rule,
    /// Alerts that were called true or false; at least one.
    pub labelled: u64,
    /// Those that were called true.
    pub called_true: u64,
}

impl Precision {
    /// The share that was called true, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.called_true as f64 / self.labelled as f64
    }

    /// In words: `surprise on lcp: 3 of 4 labelled alerts true (75 %)`.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "{} on {}: {} of {} true ({:.0} %)",
            self.rule,
            printable(&self.metric),
            self.called_true,
            counted(self.labelled, "labelled alert"),
            100.0 * self.share()
        )
    }

    /// Of a rule on a series, by the alerts at hand; `None` when none of those has a label.
    #[must_use]
    pub fn among(alerts: &[Alert], metric: &MetricName, rule: Rule) -> Option<Self> {
        let of_kind = alerts.iter().filter(|alert| alert.metric == *metric && alert.rule == rule);
        let (labelled, called_true) = of_kind
            .filter_map(|alert| alert.label)
            .fold((0, 0), |(labelled, called_true), label| (labelled + 1, called_true + u64::from(label)));
        (labelled > 0).then(|| Self { metric: MetricName::clone(metric), rule, labelled, called_true })
    }
}
