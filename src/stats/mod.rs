//! Pure functions and small accumulators: moments, quantiles, the trend test.
//!
//! Knows numbers only: no metric, no store, no clock. Values are expected to be finite.

mod moments;
mod quantile;
mod sketch;
mod trend;

pub use moments::Moments;
pub use quantile::{baseline, quantiles};
pub use sketch::Sketch;
pub use trend::{Line, line, trend};
