//! How easily detectors raise an alert.

use std::fmt;
use std::str::FromStr;

use super::{Budget, UnknownWord};

/// Which thresholds the detectors of a metric go by. What each makes of it stands in `docs/detection.md`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Fewer alerts, and more that is missed.
    Low,
    /// The thresholds that were measured to be good for most metrics.
    #[default]
    Medium,
    /// More is found, and more of it is nothing.
    High,
}

impl Sensitivity {
    /// Every one, the least first.
    pub const EVERY: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// How many false alarms it stands for, where the user does not say so.
    #[must_use]
    pub const fn budget(self) -> Budget {
        match self {
            Self::Low => Budget::MONTHLY,
            Self::Medium => Budget::WEEKLY,
            Self::High => Budget::DAILY,
        }
    }

    /// The word for it in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sensitivity {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|sensitivity| sensitivity.as_str() == word).ok_or_else(|| UnknownWord {
            what: "sensitivity",
            found: word.to_owned(),
            expected: "low, medium, high",
        })
    }
}
