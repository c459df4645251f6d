//! What makes a run an anomaly: the rules and their thresholds.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Unit, metric_of};

/// A rule that runs are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunRule {
    /// Far from the mean of the few runs before it.
    Deviation,
    /// So many times as long as runs take on the average.
    TimesAverage,
    /// So many standard deviations above the mean.
    ZScore,
    /// More of the last runs failed than those before let expect.
    ErrorSpike,
    /// Failures in a row.
    BlockerStreak,
    /// A queue is longer than it may be.
    QueueExhaustion,
}

impl RunRule {
    /// Every rule.
    pub const EVERY: [Self; 6] = [
        Self::Deviation,
        Self::TimesAverage,
        Self::ZScore,
        Self::ErrorSpike,
        Self::BlockerStreak,
        Self::QueueExhaustion,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deviation => "deviation",
            Self::TimesAverage => "times-average",
            Self::ZScore => "z-score",
            Self::ErrorSpike => "error-spike",
            Self::BlockerStreak => "blocker-streak",
            Self::QueueExhaustion => "queue-exhaustion",
        }
    }

    /// The rule of that word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|rule| rule.as_str() == word)
    }
}

impl fmt::Display for RunRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far runs may go before they are anomalies.
#[derive(Debug, Clone, PartialEq)]
pub struct RunThresholds {
    /// From the mean of the five runs before, in percent of it, either way.
    pub deviation_percent: f64,
    /// So many times the average duration.
    pub times_average: f64,
    /// So many standard deviations above the mean.
    pub z_score: f64,
    /// Failures among the last ten runs that are a spike when those before let expect fewer.
    pub error_spike: u32,
    /// Failures in a row.
    pub streak: u32,
    /// How long queues may be.
    pub queue_limits: Vec<QueueLimit>,
    /// Differences of times up to this are noise. In ms.
    pub noise_ms: f64,
    /// Differences of memory up to this are noise. In bytes.
    pub noise_bytes: f64,
    /// A measure that is back within so many runs has recovered; one that is not is the new normal.
    pub recover_within: usize,
}

impl RunThresholds {
    /// What differences of a measure are noise, in its unit: of times and of memory; of anything else none are.
    #[must_use]
    pub fn noise(&self, measure: &str) -> f64 {
        match Unit::from_name(measure) {
            Unit::Milliseconds => self.noise_ms,
            Unit::Bytes => self.noise_bytes,
            _ => 0.0,
        }
    }
}

impl Default for RunThresholds {
    fn default() -> Self {
        Self {
            deviation_percent: 25.0,
            times_average: 2.0,
            z_score: 3.0,
            error_spike: 3,
            streak: 3,
            queue_limits: Vec::new(),
            noise_ms: 10.0,
            noise_bytes: 1_048_576.0,
            recover_within: 3,
        }
    }
}

/// How long a queue may be.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueLimit {
    /// The measure, or the metric of one module's.
    pub name: Arc<str>,
    /// What it may be at most.
    pub limit: f64,
}

impl QueueLimit {
    /// Whether it is the limit of this module's measure.
    #[must_use]
    pub fn is_of(&self, module: &str, measure: &str) -> bool {
        *self.name == *measure || *self.name == *metric_of(module, measure)
    }
}

/// The text is no limit of a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no limit of a queue: write queue_depth=1000")]
pub struct QueueLimitError(pub String);

impl FromStr for QueueLimit {
    type Err = QueueLimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || QueueLimitError(text.to_owned());
        let (name, limit) = text.rsplit_once('=').ok_or_else(refuse)?;
        let limit = limit.trim().parse().ok().filter(|limit: &f64| limit.is_finite()).ok_or_else(refuse)?;
        let name = name.trim();
        if name.is_empty() { Err(refuse()) } else { Ok(Self { name: name.into(), limit }) }
    }
}

impl fmt::Display for QueueLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_queues_are_read_and_written() {
        let limit: QueueLimit = "import.queue_depth = 1000".parse().unwrap();
        assert_eq!(
            (&*limit.name, limit.limit, limit.to_string().as_str()),
            ("import.queue_depth", 1_000.0, "import.queue_depth=1000")
        );
        assert!(limit.is_of("import", "queue_depth") && !limit.is_of("export", "queue_depth"));
        assert!("queue_depth=5".parse::<QueueLimit>().unwrap().is_of("any", "queue_depth"));
        for text in ["queue_depth", "=5", "a=", "a=nan", "a=inf"] {
            assert!(text.parse::<QueueLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_of_rules_come_back() {
        assert!(RunRule::EVERY.into_iter().all(|rule| RunRule::from_word(rule.as_str()) == Some(rule)));
    }
}
