//! What was recorded of findings, and what the user is told.

use serde::Serialize;

use super::{ControlLimits, LimitType, MetricName, Point, Rule, Severity};

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
    /// The value that opened it.
    #[serde(skip)]
    pub first: Point,
    /// The value of the newest finding.
    #[serde(skip)]
    pub last: Point,
    /// The value farthest from the centre line so far.
    pub peak_value: f64,
    /// How many findings it gathered.
    pub count: u64,
    /// When it was opened: ms since the Unix epoch.
    pub opened_at_ms: i64,
    /// When the newest finding was recorded.
    pub updated_at_ms: i64,
    /// When it was acknowledged.
    pub acknowledged_at_ms: Option<i64>,
    /// When it recovered.
    pub recovered_at_ms: Option<i64>,
}

impl Alert {
    /// Whether it still wants attention.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.state == AlertState::Firing
    }
}
