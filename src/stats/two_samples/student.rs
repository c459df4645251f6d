//! Student's test of two samples with one spread, and the smallest difference that it would have shown.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::stats::Moments;

/// The means of two samples against their common spread (Student 1908; Snedecor & Cochran 1989, 6.8).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Student {
    /// Mean of the second minus mean of the first.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Degrees of freedom: n + m - 2.
    pub degrees: f64,
}

impl Student {
    /// Compares `second` with `first`; `None` below three values in all, or when one of them is empty.
    #[must_use]
    pub fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        let (n, m) = (first.len() as f64, second.len() as f64);
        let degrees = n + m - 2.0;
        if first.is_empty() || second.is_empty() || degrees < 1.0 {
            return None;
        }
        let (before, after) = (Moments::of(first), Moments::of(second));
        let variance = (before.m2 + after.m2) / degrees;
        let standard_error = (variance * (1.0 / n + 1.0 / m)).sqrt();
        Some(Self { difference: after.mean - before.mean, standard_error, degrees })
    }

    /// Probability of a difference at least this far above 0 when there is none.
    #[must_use]
    pub fn p_above(&self) -> f64 {
        let statistic = self.difference / self.standard_error;
        if statistic.is_nan() {
            // Equal constants.
            return 1.0;
        }
        if statistic.is_infinite() {
            return if statistic > 0.0 { 0.0 } else { 1.0 };
        }
        self.distribution().map_or(1.0, |t| t.sf(statistic))
    }

    /// The difference that is found with probability `power` by a test at the one-sided level `significance`, with spreads
    /// and numbers as they are (Cohen 1988, 2.4, with quantiles of t for those of the normal).
    #[must_use]
    pub fn detectable(&self, significance: f64, power: f64) -> f64 {
        let Some(t) = self.distribution() else { return f64::INFINITY };
        (t.inverse_cdf(1.0 - significance) + t.inverse_cdf(power)) * self.standard_error
    }

    fn distribution(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.degrees).ok()
    }
}
