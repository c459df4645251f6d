//! How likely so many out of so many are.

use statrs::distribution::{Binomial, DiscreteCDF as _};

/// Probability of at least `count` events in `trials`, each with probability `chance`.
#[must_use]
pub fn at_least(count: u64, trials: u64, chance: f64) -> f64 {
    match (count.checked_sub(1), Binomial::new(chance, trials)) {
        (Some(below), Ok(events)) => events.sf(below),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As scipy's `binom.sf(count - 1, trials, chance)` has them.
    #[test]
    fn probabilities_are_those_of_scipy() {
        for (count, trials, chance, expected) in
            [(3, 10, 0.05, 0.011_503_557), (1, 10, 0.1, 0.651_321_56), (10, 10, 0.5, 0.000_976_562_5), (0, 5, 0.2, 1.0)]
        {
            assert!((at_least(count, trials, chance) - expected).abs() < 1e-8, "{count} of {trials}");
        }
    }

    #[test]
    fn what_is_no_probability_says_nothing() {
        assert!((at_least(1, 2, f64::NAN) - 1.0).abs() < f64::EPSILON);
    }
}
