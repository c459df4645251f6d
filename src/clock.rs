//! The only place that reads the time.
//!
//! Everything that needs "now" is handed a [`Clock`] (or a plain `now_ms`), so tests hold time still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Tells the time in milliseconds since the Unix epoch, UTC.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that stands still until a test moves it.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `now_ms` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn fixed(now_ms: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now_ms)))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
            Self::System => jiff::Timestamp::now().as_millisecond(),
            Self::Fixed(now_ms) => now_ms.load(Ordering::Relaxed),
        }
    }

    /// The same with its fraction: to about a quarter of a microsecond, which is what 64 bits hold of today.
    #[must_use]
    pub fn now_fraction_ms(&self) -> f64 {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
            Self::System => jiff::Timestamp::now().as_nanosecond() as f64 / 1e6,
            Self::Fixed(now_ms) => now_ms.load(Ordering::Relaxed) as f64,
        }
    }

    /// Moves a fixed clock on; the system clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(now_ms) = self {
            let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            now_ms.fetch_add(by_ms, Ordering::Relaxed);
        }
    }
}
