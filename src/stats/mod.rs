//! Pure functions and small accumulators: moments, quantiles, sketches of them, fences, the trend test,
//! isolation forests.
//!
//! Knows numbers only: no metric, no store, no clock. Values are expected to be finite.

mod fences;
mod isolation_forest;
mod moments;
pub(crate) mod packed;
mod pareto;
mod profile;
mod quantile;
mod rarity;
pub(crate) mod reservoir;
mod sieve;
mod sketch;
mod trend;

pub use fences::Fences;
pub use isolation_forest::IsolationForest;
pub use moments::Moments;
pub(crate) use profile::Profile;
pub use quantile::{baseline, quantiles};
pub(crate) use rarity::{Rarity, Surprise, logs};
pub use sieve::Sieve;
pub use sketch::{RELATIVE_ERROR, Sketch, SketchError};
pub use trend::{Line, line, trend};
