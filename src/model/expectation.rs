//! Ways to say what a series is expected to be.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::UnknownWord;

/// By what a series is expected to be what it is: baselines that move along with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// A percentile of its last day.
    Rolling,
    /// Its last hours, the newer the more they weigh.
    Smoothed,
    /// The same hour of the week.
    Seasonal,
}

impl Expectation {
    /// Every one.
    pub const EVERY: [Self; 3] = [Self::Rolling, Self::Smoothed, Self::Seasonal];

    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Smoothed => "smoothed",
            Self::Seasonal => "seasonal",
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Expectation {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| UnknownWord {
            what: "kind",
            found: word.to_owned(),
            expected: "rolling, smoothed, seasonal",
        })
    }
}
