//! Pure functions and small accumulators: moments, quantiles, sketches of them, fences, the trend test, correlation, change
//! points, control charts, isolation forests, comparisons of two samples.
//!
//! Knows numbers only: no metric, no store, no clock. Values are expected to be finite.

mod binomial;
mod change_point;
mod correlation;
mod cusum;
mod ewma;
mod false_discovery;
mod fences;
mod fisher_exact;
mod grid;
mod isolation_forest;
mod moments;
mod moving_range;
pub(crate) mod packed;
mod pareto;
mod profile;
mod quantile;
mod rarity;
mod reservoir;
mod sieve;
mod sketch;
mod trend;
mod two_samples;

pub use binomial::at_least;
pub use change_point::change_point;
pub use correlation::correlation;
pub use cusum::{Cusum, CusumChart};
pub use ewma::EwmaChart;
pub use false_discovery::false_discovery;
pub use fences::Fences;
pub use fisher_exact::fisher_exact;
pub use isolation_forest::IsolationForest;
pub use moments::Moments;
pub use moving_range::{MOVING_RANGE_LIMIT, average_moving_range, sigma_of_moving_range};
pub(crate) use profile::Profile;
pub use quantile::{baseline, quantiles};
pub(crate) use rarity::{Rarity, Surprise, logs};
pub(crate) use reservoir::CAPACITY;
pub use sieve::Sieve;
pub use sketch::{RELATIVE_ERROR, Sketch, SketchError};
pub use trend::{Line, line, trend};
pub use two_samples::{MannWhitney, Shift, Student, shift};
