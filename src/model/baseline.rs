//! What is normal for a series over a window, and the control limits that follow.

use serde::Serialize;

/// Summary statistics of a series over a window.
///
/// `std_dev` is the sample standard deviation (divisor n-1; 0 when n = 1). Percentiles interpolate
/// linearly at rank q*(n-1), the definition numpy calls `linear` (Hyndman & Fan 1996, type 7).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// Number of samples.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation.
    pub std_dev: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Whether the percentiles are those of the samples. Otherwise they are read off a sketch, within 0.5 % of
    /// the value; what else there is stays exact.
    pub exact: bool,
}

/// Shewhart control limits: centre line = mean, limits = mean +- 3 sd (Shewhart 1931).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ControlLimits {
    /// Centre line.
    pub center: f64,
    /// One standard deviation.
    pub sigma: f64,
}

impl ControlLimits {
    /// Limits from a mean and a standard deviation.
    #[must_use]
    pub const fn new(mean: f64, std_dev: f64) -> Self {
        Self { center: mean, sigma: std_dev }
    }

    /// Upper control limit.
    #[must_use]
    pub fn ucl(&self) -> f64 {
        self.at(3.0)
    }

    /// Lower control limit.
    #[must_use]
    pub fn lcl(&self) -> f64 {
        self.at(-3.0)
    }

    /// The line `sigmas` standard deviations above the centre (below, when negative).
    #[must_use]
    pub fn at(&self, sigmas: f64) -> f64 {
        self.sigma.mul_add(sigmas, self.center)
    }

    /// How many standard deviations `value` lies from the centre; `None` when there is no spread.
    #[must_use]
    pub fn z(&self, value: f64) -> Option<f64> {
        (self.sigma > 0.0).then(|| (value - self.center) / self.sigma)
    }
}

impl From<&Baseline> for ControlLimits {
    fn from(baseline: &Baseline) -> Self {
        Self::new(baseline.mean, baseline.std_dev)
    }
}
