//! Trailing spans of time: `24h`, `7d`, `all`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TimeRange;

/// A trailing span of time that a view or a baseline looks back over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Window {
    /// One hour.
    H1,
    /// Six hours.
    H6,
    /// One day.
    #[default]
    H24,
    /// One week.
    D7,
    /// Thirty days.
    D30,
    /// Everything the store has.
    All,
}

const HOUR_MS: i64 = 3_600_000;

impl Window {
    /// Every window, shortest first.
    pub const EVERY: [Self; 6] = [Self::H1, Self::H6, Self::H24, Self::D7, Self::D30, Self::All];

    /// The windows whose baselines are written to `performance_baselines`.
    pub const BASELINES: [Self; 3] = [Self::H24, Self::D7, Self::D30];

    /// The word for it in the store, on the command line and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::H1 => "1h",
            Self::H6 => "6h",
            Self::H24 => "24h",
            Self::D7 => "7d",
            Self::D30 => "30d",
            Self::All => "all",
        }
    }

    /// Its length in ms; `None` for [`Window::All`].
    #[must_use]
    pub const fn span_ms(self) -> Option<i64> {
        match self {
            Self::H1 => Some(HOUR_MS),
            Self::H6 => Some(6 * HOUR_MS),
            Self::H24 => Some(24 * HOUR_MS),
            Self::D7 => Some(7 * 24 * HOUR_MS),
            Self::D30 => Some(30 * 24 * HOUR_MS),
            Self::All => None,
        }
    }

    /// The half-open range `[now - span, now]`; samples dated after `now_ms` are outside it.
    #[must_use]
    pub const fn range_at(self, now_ms: i64) -> TimeRange {
        let from_ms = match self.span_ms() {
            Some(span_ms) => now_ms.saturating_sub(span_ms),
            None => i64::MIN,
        };
        TimeRange { from_ms, until_ms: now_ms.saturating_add(1) }
    }

    /// The next longer window, or itself.
    #[must_use]
    pub fn longer(self) -> Self {
        Self::EVERY.into_iter().find(|&window| window > self).unwrap_or(self)
    }

    /// The next shorter window, or itself.
    #[must_use]
    pub fn shorter(self) -> Self {
        Self::EVERY.into_iter().rev().find(|&window| window < self).unwrap_or(self)
    }

    /// The next longer window; after the longest comes the shortest.
    #[must_use]
    pub fn next(self) -> Self {
        if self == Self::All { Self::H1 } else { self.longer() }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not one of the windows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown window `{0}`: expected one of 1h, 6h, 24h, 7d, 30d, all")]
pub struct WindowParseError(pub String);

impl FromStr for Window {
    type Err = WindowParseError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|window| window.as_str() == word).ok_or_else(|| WindowParseError(word.to_owned()))
    }
}

impl TryFrom<String> for Window {
    type Error = WindowParseError;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.as_str().to_owned()
    }
}
