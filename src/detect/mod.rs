//! What is normal and what is not: control limits, run rules, and the detector that judges a series
//! sample by sample.
//!
//! Knows samples and numbers only: nothing here reads a store or a clock.

mod charts;
mod describe;
mod detector;
mod ensemble;
mod expected;
mod incidents;
mod keeping;
mod limits;
mod monitor;
mod monitors;
mod residuals;
mod rolling;
mod series;
mod silence;
mod sparse;
mod stuck;
mod surprise;
mod western_electric;
mod words;

pub use charts::{Charted, Charting};
pub use detector::{DetectOptions, Detector};
pub use expected::{ExpectedHour, expected, looks_back_ms};
pub use incidents::group;
pub use keeping::STATE_VERSION;
pub use limits::control_limits;
pub use monitor::{Change, Monitor, Notice, Trouble};
pub use monitors::{Monitors, Told};
pub use residuals::Residuals;
pub use surprise::{Aim, Reason, Thresholds, Verdict};
pub use western_electric::{Signal, signals};
