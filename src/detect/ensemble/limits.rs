//! What the detectors of the last hundred samples go by.

use crate::model::Sensitivity;

/// Thresholds of the four detectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Standard deviations from the mean that a value may be.
    pub sds: f64,
    /// Distances between the quartiles that a value may be beyond them.
    pub multiplier: f64,
    /// A value may be this many times the average.
    pub times: f64,
    /// The share of the last samples that is taken for odd by the isolation forest.
    pub contamination: f64,
    /// A slope is a trend when none would look like it this rarely.
    pub significance: f64,
    /// The votes that make an anomaly: two of three in any case, for the gravest of them weighs 0.4.
    pub votes: f64,
}

impl Limits {
    pub(super) const fn of(sensitivity: Sensitivity) -> Self {
        match sensitivity {
            Sensitivity::Low => {
                Self { sds: 4.0, multiplier: 3.5, times: 3.0, contamination: 0.05, significance: 0.01, votes: 0.7 }
            }
            Sensitivity::Medium => {
                Self { sds: 3.0, multiplier: 2.5, times: 2.0, contamination: 0.1, significance: 0.05, votes: 0.6 }
            }
            Sensitivity::High => {
                Self { sds: 2.5, multiplier: 1.5, times: 1.5, contamination: 0.2, significance: 0.1, votes: 0.6 }
            }
        }
    }
}
