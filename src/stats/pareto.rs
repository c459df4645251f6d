//! A tail beyond a threshold, as a generalised Pareto distribution.

use serde::{Deserialize, Serialize};

/// A fitted tail.
///
/// What exceeds a high threshold of almost any distribution is nearly generalised Pareto (Pickands 1975, Statistical
/// inference using extreme order statistics, theorem 7).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ParetoTail {
    /// Scale: the unit of exceedances, > 0.
    scale: f64,
    /// Shape: 0 for an exponential tail, more for a heavier one.
    shape: f64,
}

/// Bounded tails are taken for exponential ones: the bound may only not have been reached yet. Tails so heavy that they
/// have no variance cannot be told from their moments.
const SHAPES: std::ops::RangeInclusive<f64> = 0.0..=0.45;
/// Below it the tail is exponential but for rounding.
const EXPONENTIAL: f64 = 1e-3;

impl ParetoTail {
    /// Beyond it lies nothing.
    pub(crate) const NONE: Self = Self { scale: f64::MIN_POSITIVE, shape: 0.0 };

    /// Fits a tail to exceedances by the method of moments (Hosking & Wallis 1987, Parameter and quantile estimation for
    /// the generalized Pareto distribution, section 3). Their mean counts as at least `smallest_mean`, so that
    /// values that hardly differ do not make every next one impossible.
    pub(crate) fn fit(exceedances: impl Iterator<Item = f64> + Clone, smallest_mean: f64) -> Self {
        let n = exceedances.clone().count().max(1) as f64;
        let found_mean = exceedances.clone().sum::<f64>() / n;
        let mean = found_mean.max(smallest_mean).max(f64::MIN_POSITIVE);
        let variance = exceedances.map(|exceedance| exceedance * exceedance).sum::<f64>() / n - found_mean * found_mean;
        // Below the square of the mean the shape would be negative: a bounded tail.
        let ratio = mean * mean / variance.max(1e-12 * mean * mean);
        let shape = (0.5 * (1.0 - ratio)).clamp(*SHAPES.start(), *SHAPES.end());
        Self { scale: mean * (1.0 - shape), shape }
    }

    /// -ln of the probability of an exceedance beyond `exceedance`, in nats.
    pub(crate) fn surprise(self, exceedance: f64) -> f64 {
        let Self { scale, shape } = self;
        if shape < EXPONENTIAL { exceedance / scale } else { (shape * exceedance / scale).ln_1p() / shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `scipy.stats.genpareto.logsf(x, shape, scale=scale)`, scipy 1.17.
    #[test]
    fn the_tail_is_that_of_scipy() {
        let cases = [
            (0.0, 2.0, 5.0, 2.5),
            (0.2, 1.5, 4.0, 2.137_220_074_134_697_6),
            (0.45, 0.3, 12.0, 6.543_197_731_480_978),
            (0.1, 10.0, 0.5, 0.049_875_415_110_390_744),
        ];
        for (shape, scale, exceedance, expected) in cases {
            let surprise = ParetoTail { scale, shape }.surprise(exceedance);
            assert!((surprise - expected).abs() < 1e-12 * expected, "{shape} {scale} {exceedance}: {surprise}");
        }
    }

    #[test]
    fn moments_give_back_the_tail_they_came_from() {
        // Quantiles of the distribution at evenly spaced probabilities.
        let quantiles = |shape: f64, scale: f64| {
            (0..200_000).map(move |i| scale / shape * ((1.0 - (f64::from(i) + 0.5) / 200_000.0).powf(-shape) - 1.0))
        };
        for (shape, scale) in [(0.1, 3.0), (0.2, 0.5), (0.3, 1e6)] {
            let tail = ParetoTail::fit(quantiles(shape, scale), 0.0);
            assert!((tail.shape - shape).abs() < 0.02, "{shape}: {tail:?}");
            assert!((tail.scale / scale - 1.0).abs() < 0.02, "{scale}: {tail:?}");
        }
    }

    #[test]
    fn equal_exceedances_make_an_exponential_tail() {
        let tail = ParetoTail::fit([2.0; 20].into_iter(), 0.5);
        assert_eq!(tail, ParetoTail { scale: 2.0, shape: 0.0 });
        let tail = ParetoTail::fit([0.0; 20].into_iter(), 0.5);
        assert_eq!(tail, ParetoTail { scale: 0.5, shape: 0.0 });
    }
}
