//! From surprise to a message: thresholds, the pause after a message, and restraint where there were many.

use serde::{Deserialize, Serialize};

use crate::model::Severity;

/// Nats from which a surprise is told of, and how gravely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Listed.
    pub info: f64,
    /// Toasted.
    pub warning: f64,
    /// Toasted until seen.
    pub critical: f64,
    /// Whether a change is critical however small it is: people who use the product feel the metric.
    pub is_user_facing: bool,
}

impl Thresholds {
    /// Those that were measured to be good for most metrics.
    pub const USUAL: Self = Self { info: 17.5, warning: 22.5, critical: 28.0, is_user_facing: false };

    /// Toasts from so many nats on, and the others in proportion.
    #[must_use]
    pub(super) fn from_toasts_at(warning: f64) -> Self {
        let share = warning / Self::USUAL.warning;
        Self { info: share * Self::USUAL.info, warning, critical: share * Self::USUAL.critical, ..Self::USUAL }
    }
}

/// Each recent message raises the threshold of the next by this share, each recent toast that of toasts: what is only
/// listed must not keep a toast back.
const RESTRAINT: f64 = 0.1;
const RESTRAINT_OF_TOASTS: f64 = 0.12;
/// A metric that is hardly known is trusted as little as one that has toasted so often of late: tails fitted to a hundred
/// values promise more than they know. Without it, healthy metrics have 2 to 20 times as many false toasts in their first
/// thousand samples as later.
const UNKNOWN: f64 = 5.0;
/// A message is half forgotten after 1000 samples.
const FORGET: f64 = 0.999_307_092_8;

/// What was said of late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// Messages and toasts, half forgotten after a while.
    messages: f64,
    toasts: f64,
    /// What is left of the doubt in a metric that is hardly known.
    unknown: f64,
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
    /// Whether it is no news, however surprising, as it comes at this time of most days.
    pub is_usual: bool,
}

impl Decision {
    pub(super) const fn new() -> Self {
        Self { messages: 0.0, toasts: 0.0, unknown: UNKNOWN, since: u32::MAX, last: Severity::Info }
    }

    /// What is to be said: nothing graver than `most`, which is `None` for nothing at all, and in a pause of so many samples
    /// after a message only what is graver. `is_sure` says that no fitted tail was needed to find it.
    pub(super) fn step(
        &mut self,
        (surprise, is_sure): (f64, bool),
        thresholds: &Thresholds,
        most: Option<Severity>,
        pause: u32,
    ) -> Verdict {
        self.messages *= FORGET;
        self.toasts *= FORGET;
        self.unknown *= FORGET;
        self.since = self.since.saturating_add(1);
        let doubt = if is_sure { 0.0 } else { self.unknown };
        let of_toasts = 1.0 + RESTRAINT_OF_TOASTS * (self.toasts + doubt);
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
        let is_usual = most.is_none();
        let message = most
            .filter(|_| ratio >= 1.0)
            .map(|most| severity.min(most))
            .filter(|&severity| is_over || severity > self.last);
        let Some(severity) = message else {
            return Verdict { surprise, score: 0.49 * ratio.min(1.0), message, is_usual };
        };
        if is_over {
            self.messages += 1.0;
            self.since = 0;
        }
        if severity >= Severity::Warning && (is_over || self.last < Severity::Warning) {
            self.toasts += 1.0;
        }
        self.last = severity;
        let score = if is_over { 1.0 - 0.5 * (1.0 - ratio).exp() } else { 0.49 };
        Verdict { surprise, score, message, is_usual }
    }
}
