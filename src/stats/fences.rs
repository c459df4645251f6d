//! Between which values most others lie, by the quartiles.

use super::quantiles;

/// The middle half of some values, and how far beyond it one may lie (Tukey 1977, Exploratory Data Analysis, 2D).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fences {
    /// First quartile less the multiplier times their distance.
    pub lower: f64,
    /// First quartile.
    pub q1: f64,
    /// The median.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Third quartile plus the multiplier times their distance.
    pub upper: f64,
}

impl Fences {
    /// The fences around `values`; `None` when there are none. Quartiles as in [`quantiles()`]. Reorders `values`.
    #[must_use]
    pub fn of(values: &mut [f64], multiplier: f64) -> Option<Self> {
        let [q1, median, q3] = quantiles(values, [0.25, 0.5, 0.75])?;
        let reach = multiplier * (q3 - q1);
        Some(Self { lower: q1 - reach, q1, median, q3, upper: q3 + reach })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // numpy 2.4: q1, m, q3 = np.percentile([3, 5, 4, 6, 8, 7, 9, 9, 12, 40], [25, 50, 75]); q1 - 2.5 * (q3 - q1), ...
    #[test]
    fn fences_equal_numpy() {
        let found = Fences::of(&mut [3.0, 5.0, 4.0, 6.0, 8.0, 7.0, 9.0, 9.0, 12.0, 40.0], 2.5).unwrap();
        assert_eq!(found, Fences { lower: -4.125, q1: 5.25, median: 7.5, q3: 9.0, upper: 18.375 });
        assert_eq!(Fences::of(&mut [], 2.5), None);
    }
}
