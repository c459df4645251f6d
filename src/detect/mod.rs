//! What is normal and what is not: control limits, run rules, and the detector that judges a series
//! sample by sample.
//!
//! Knows samples and numbers only: nothing here reads a store or a clock.

mod describe;
mod detector;
mod limits;
mod rolling;
mod western_electric;

pub use detector::{DetectOptions, Detector};
pub use limits::control_limits;
pub use western_electric::violations;
