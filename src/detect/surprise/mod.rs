//! The surprise detector: how unlike its own past a metric is, in one number.
//!
//! Twenty-two features of the last samples are each ranked among their own earlier values; the -ln of how rare each is are
//! summed as squares, on the scale of the values and, where all are positive, on that of their logarithms. One pass, no
//! look ahead, constant memory.

mod decision;
mod features;
mod novelty;
mod reason;
mod scale;
mod window;

pub use decision::{Thresholds, Verdict};
pub use reason::Reason;

use decision::Decision;
use scale::Scale;

use crate::model::Severity;

/// A metric is of positive values when its first ones are.
const SIGN_SAMPLES: u64 = 100;
/// Samples after a message in which only a graver one follows; and runs.
const PAUSE: u32 = 110;
const PAUSE_OF_RUNS: u32 = 10;
/// A change of the level by less than this share is not critical.
const CRITICAL_CHANGE: f64 = 0.5;

/// A metric as the surprise detector knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Surprising {
    linear: Scale,
    logarithmic: Option<Scale>,
    samples: u64,
    least_positive: f64,
    decision: Decision,
}

impl Surprising {
    pub(crate) fn new() -> Self {
        Self {
            linear: Scale::new(),
            logarithmic: Some(Scale::new()),
            samples: 0,
            least_positive: f64::INFINITY,
            decision: Decision::new(),
        }
    }

    /// Judges the next value by what came before it, then learns it. The time is that of the clock on the wall: ms
    /// since the Unix epoch, plus the time zone's offset.
    ///
    /// `of_runs` is how surprising it is among the last runs, for a metric of runs.
    pub(crate) fn judge(&mut self, wall_ms: i64, value: f64, of_runs: Option<f64>, thresholds: &Thresholds) -> Verdict {
        let surprise = self.surprise(wall_ms, value).max(of_runs.unwrap_or(0.0));
        let is_small = surprise >= thresholds.critical && !self.is_large_change(value);
        let most = if is_small { Severity::Warning } else { Severity::Critical };
        let pause = if of_runs.is_some() { PAUSE_OF_RUNS } else { PAUSE };
        self.decision.step(surprise, thresholds, most, pause)
    }

    /// How surprising the next value is, in nats.
    fn surprise(&mut self, wall_ms: i64, value: f64) -> f64 {
        self.samples += 1;
        if value > 0.0 {
            self.least_positive = self.least_positive.min(value);
        } else if self.samples <= SIGN_SAMPLES {
            self.logarithmic = None;
        }
        let linear = self.linear.judge(wall_ms, value);
        match &mut self.logarithmic {
            // What is not positive after all counts as half the least that was.
            Some(scale) => {
                let positive = if value > 0.0 { value } else { self.least_positive / 2.0 };
                f64::midpoint(linear, scale.judge(wall_ms, positive.max(f64::MIN_POSITIVE).ln()))
            }
            None => linear,
        }
    }

    fn is_large_change(&self, value: f64) -> bool {
        self.linear.shown(0).is_none_or(|(_, usual)| (value - usual).abs() >= CRITICAL_CHANGE * usual.abs())
    }

    /// Why the last value was surprising, the strongest reason first.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        reason::reasons(&self.linear)
    }

    /// Between which values the middle 98 % of the samples lie, for [`Surprising::is_within`]; `None` before there are
    /// some.
    pub(crate) fn band(&self) -> Option<(f32, f32)> {
        self.linear.band()
    }

    /// Whether a value lies in a band.
    pub(crate) fn is_within(&self, band: (f32, f32), value: f64) -> bool {
        self.linear.is_within(band, value)
    }
}
