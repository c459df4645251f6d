//! What is measured: a metric's name, its unit and which way is better.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::UnknownWord;

/// A metric's name, exactly as it was given. It is data from outside: before it is shown anywhere it
/// goes through [`super::text::printable`].
pub type MetricName = Arc<str>;

/// What a metric's values count. Decides how they are written, never how they are judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Unit {
    /// A bare number.
    #[default]
    None,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes, written with binary multiples (KiB, MiB).
    Bytes,
    /// Percent, 0 to 100.
    Percent,
    /// A number of things, written with decimal multiples (k, M).
    Count,
}

/// Whether a metric's samples are of runs of a build, a test or a job, by the words people use in such names: they come
/// now and then, and there will never be thousands of them.
#[must_use]
pub fn is_of_runs(metric: &str) -> bool {
    let mut words = metric.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| ["duration", "build", "ci", "job", "elapsed"].contains(&word))
}

impl Unit {
    const WORDS: &'static str = "none, ms, s, bytes, %, count";

    /// The word used in configuration and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::Percent => "%",
            Self::Count => "count",
        }
    }

    /// A guess from the endings people use in metric names (`_ms`, `_seconds`, `_bytes`, `_percent`,
    /// `_total`); `None` when the name says nothing.
    #[must_use]
    pub fn from_name(metric: &str) -> Self {
        let ends = |endings: &[&str]| endings.iter().any(|ending| metric.ends_with(ending));
        if ends(&["_ms", "_millis", "_milliseconds", "response_time", "_latency"]) {
            Self::Milliseconds
        } else if ends(&["_seconds", "_secs", "_sec", "_s"]) {
            Self::Seconds
        } else if ends(&["_bytes", "_memory", "_rss"]) {
            Self::Bytes
        } else if ends(&["_percent", "_pct", "_ratio_percent", "_usage"]) {
            Self::Percent
        } else if ends(&["_total", "_count"]) {
            Self::Count
        } else {
            Self::None
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Unit {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word {
            "none" | "" => Self::None,
            "ms" | "milliseconds" => Self::Milliseconds,
            "s" | "seconds" => Self::Seconds,
            "bytes" | "B" => Self::Bytes,
            "%" | "percent" => Self::Percent,
            "count" => Self::Count,
            _ => return Err(UnknownWord { what: "unit", found: word.to_owned(), expected: Self::WORDS }),
        })
    }
}

impl TryFrom<String> for Unit {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.as_str().to_owned()
    }
}

/// Which way is better; decides whether a change is good news.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Neither way is better: any unusual value is worth a look.
    #[default]
    Either,
    /// Lower is better, as for a latency.
    Lower,
    /// Higher is better, as for a hit rate.
    Higher,
}
