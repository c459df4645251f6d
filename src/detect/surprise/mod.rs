//! The surprise detector: how unlike its own past a metric is, in one number.
//!
//! Twenty-two features of the last samples are each ranked among their own earlier values; the -ln of how rare each is are
//! summed as squares, on the scale of the values and, where none is negative, on that of their logarithms or square
//! roots. One pass, no look ahead, constant memory.

mod budget;
mod course;
mod decision;
mod dither;
mod features;
mod labels;
mod novelty;
mod reason;
mod recurrence;
mod scale;
mod transform;
mod window;

pub use budget::Aim;
pub(crate) use budget::Peaks;
pub(crate) use course::Course;
pub use decision::{Thresholds, Verdict};
pub use reason::Reason;

use decision::Decision;
use dither::Dither;
use recurrence::Recurrence;
use scale::Scale;
use transform::Transform;

use serde::{Deserialize, Serialize};

use crate::model::Severity;

/// Samples after a message in which only a graver one follows; and runs.
const PAUSE: u32 = 110;
const PAUSE_OF_RUNS: u32 = 10;

/// Samples after a message in which only a graver one follows.
pub(crate) const fn pause(of_runs: Option<f64>) -> u32 {
    if of_runs.is_some() { PAUSE_OF_RUNS } else { PAUSE }
}

/// Nothing is said before there are so many samples.
pub(crate) const LEARNS: u32 = 100;

/// A change of the level by less than this share is not critical, but for metrics that users feel.
const CRITICAL_CHANGE: f64 = 0.5;

/// A metric as the surprise detector knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Surprising {
    dither: Dither,
    transform: Transform,
    linear: Scale,
    /// The same on the scale of the transform.
    transformed: Scale,
    recurrence: Recurrence,
    decision: Decision,
}

impl Surprising {
    pub(crate) fn new() -> Self {
        Self {
            dither: Dither::new(),
            transform: Transform::new(),
            linear: Scale::new(),
            transformed: Scale::new(),
            recurrence: Recurrence::new(),
            decision: Decision::new(),
        }
    }

    /// Judges the next value by what came before it, then learns it. The time is that of the clock on the wall: ms
    /// since the Unix epoch, plus the time zone's offset.
    ///
    /// `of_runs` is how surprising it is among the last runs, for a metric of runs.
    pub(crate) fn judge(&mut self, wall_ms: i64, value: f64, of_runs: Option<f64>, thresholds: &Thresholds) -> Verdict {
        let found = self.surprise(wall_ms, value);
        let surprise = found.max(of_runs.unwrap_or(0.0));
        let is_small = surprise >= thresholds.critical && !(thresholds.is_user_facing || self.is_large_change(value));
        let most = if is_small { Severity::Warning } else { Severity::Critical };
        let most = Some(most).filter(|_| !self.recurrence.is_usual(wall_ms, surprise));
        self.decision.step((surprise, surprise > found), thresholds, most, pause(of_runs))
    }

    /// How surprising the next value is, in nats.
    fn surprise(&mut self, wall_ms: i64, value: f64) -> f64 {
        if self.transform.see(value) {
            self.transformed = Scale::new();
        }
        let value = value + self.dither.fraction(value);
        let linear = self.linear.judge(wall_ms, value);
        match self.transform.apply(value) {
            Some(transformed) => f64::midpoint(linear, self.transformed.judge(wall_ms, transformed)),
            None => linear,
        }
    }

    fn is_large_change(&self, value: f64) -> bool {
        self.linear.shown(0).is_none_or(|(_, usual)| (value - usual).abs() >= CRITICAL_CHANGE * usual.abs())
    }

    /// Why the last value was surprising, the strongest reason first.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        reason::reasons(&self.linear, self.dither.is_whole())
    }

    /// Between which values the middle 98 % of the samples lie, for [`Surprising::is_within`]; `None` before there are
    /// some.
    pub(crate) fn band(&self) -> Option<(f32, f32)> {
        self.linear.band()
    }

    /// Whether its parts go together.
    pub(crate) fn is_sound(&self) -> bool {
        let are_scales = self.linear.is_sound() && self.transformed.is_sound();
        are_scales && self.dither.is_sound() && self.recurrence.is_sound()
    }

    /// Whether a value lies in a band.
    pub(crate) fn is_within(&self, band: (f32, f32), value: f64) -> bool {
        self.linear.is_within(band, value)
    }
}
