//! From surprise to a message: thresholds, the pause after a message, and restraint where there were many.

use serde::{Deserialize, Serialize};

use crate::model::{Sensitivity, Severity};

/// Nats from which a surprise is told of, and how gravely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Listed.
    pub info: f64,
    /// Toasted.
    pub warning: f64,
    /// Toasted until seen.
    pub critical: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { info: 17.5, warning: 23.75, critical: 28.0 }
    }
}

impl Thresholds {
    /// The thresholds for a sensitivity: warnings from 27, 23.75 or 20 nats on, and the others in proportion.
    #[must_use]
    pub fn of(sensitivity: Sensitivity) -> Self {
        let Self { info, warning, critical } = Self::default();
        let share = match sensitivity {
            Sensitivity::Low => 27.0 / warning,
            Sensitivity::Medium => 1.0,
            Sensitivity::High => 20.0 / warning,
        };
        Self { info: share * info, warning: share * warning, critical: share * critical }
    }
}

/// Each recent message raises the threshold of the next by this share, each recent toast that of toasts: what is only
/// listed must not keep a toast back.
const RESTRAINT: f64 = 0.1;
const RESTRAINT_OF_TOASTS: f64 = 0.12;
/// A message is half forgotten after 1000 samples.
const FORGET: f64 = 0.999_307_092_8;

/// What was said of late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// Messages and toasts, half forgotten after a while.
    messages: f64,
    toasts: f64,
    /// Samples since the last message.
    since: u32,
    last: Severity,
}

/// What is to be said of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// How surprising it was, in nats.
    pub surprise: f64,
    /// From 0 to 1; 0.5 and more when there is a message that does not only make the last one graver.
    pub score: f64,
    /// The message.
    pub message: Option<Severity>,
}

impl Decision {
    pub(super) const fn new() -> Self {
        Self { messages: 0.0, toasts: 0.0, since: u32::MAX, last: Severity::Info }
    }

    /// What is to be said: nothing graver than `most`, which is `None` for nothing at all, and in a pause of so many samples
    /// after a message only what is graver.
    pub(super) fn step(
        &mut self,
        surprise: f64,
        thresholds: &Thresholds,
        most: Option<Severity>,
        pause: u32,
    ) -> Verdict {
        self.messages *= FORGET;
        self.toasts *= FORGET;
        self.since = self.since.saturating_add(1);
        let of_toasts = 1.0 + RESTRAINT_OF_TOASTS * self.toasts;
        let severity = if surprise >= thresholds.critical * of_toasts {
            Severity::Critical
        } else if surprise >= thresholds.warning * of_toasts {
            Severity::Warning
        } else {
            Severity::Info
        };
        let listed = surprise / (thresholds.info * (1.0 + RESTRAINT * self.messages));
        let ratio = listed.max(surprise / (thresholds.warning * of_toasts));
        let is_over = self.since > pause;
        let message = most
            .filter(|_| ratio >= 1.0)
            .map(|most| severity.min(most))
            .filter(|&severity| is_over || severity > self.last);
        let Some(severity) = message else { return Verdict { surprise, score: 0.49 * ratio.min(1.0), message } };
        if is_over {
            self.messages += 1.0;
            self.since = 0;
        }
        if severity >= Severity::Warning && (is_over || self.last < Severity::Warning) {
            self.toasts += 1.0;
        }
        self.last = severity;
        let score = if is_over { 1.0 - 0.5 * (1.0 - ratio).exp() } else { 0.49 };
        Verdict { surprise, score, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_sensitive_the_lower_every_threshold() {
        let [low, medium, high] = Sensitivity::EVERY.map(Thresholds::of);
        assert_eq!(medium, Thresholds::default());
        assert!((low.warning - 27.0).abs() < 1e-12 && (high.warning - 20.0).abs() < 1e-12);
        assert!(low.info > medium.info && medium.info > high.info);
        assert!(low.critical > medium.critical && medium.critical > high.critical);
    }
}
