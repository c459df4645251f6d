//! The chart of cumulative sums.

/// A tabular CUSUM chart (Page 1954, Biometrika 41; Montgomery, Introduction to Statistical Quality Control, 7th ed.,
/// eqs. 9.2 and 9.3) of values in standard deviations from their target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CusumChart {
    /// What does not add up: half of the shift that is looked for, in standard deviations.
    pub allowance: f64,
    /// A sum beyond this is a signal, in standard deviations.
    pub limit: f64,
}

impl CusumChart {
    /// For shifts of one standard deviation; signals once in 465 normal values (Montgomery, Table 9.3).
    pub const USUAL: Self = Self { allowance: 0.5, limit: 5.0 };
}

/// Both sums, and for how many values each has been above zero. The default is before the first value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cusum {
    /// How far the values have drifted up, in standard deviations; not below 0.
    pub high: f64,
    /// How far they have drifted down; not below 0.
    pub low: f64,
    high_run: usize,
    low_run: usize,
}

impl Cusum {
    /// Adds a value that lies `z` standard deviations from the target: high = max(0, z - k + high), low =
    /// max(0, -z - k + low).
    pub fn push(&mut self, z: f64, chart: &CusumChart) {
        let add = |sum: f64, z: f64| (sum + z - chart.allowance).clamp(0.0, f64::MAX);
        let count = |run: usize, sum: f64| if sum > 0.0 { run + 1 } else { 0 };
        (self.high, self.low) = (add(self.high, z), add(self.low, -z));
        (self.high_run, self.low_run) = (count(self.high_run, self.high), count(self.low_run, self.low));
    }

    /// Whether a sum is beyond the limit; then for how many values, this one included, the values have been shifted by
    /// the chart's own estimate: since that sum was last zero (Montgomery, section 9.1.2, the counter N).
    #[must_use]
    pub fn shifted_for(&self, chart: &CusumChart) -> Option<usize> {
        if self.high > chart.limit { Some(self.high_run) } else { (self.low > chart.limit).then_some(self.low_run) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook 6.3.2.3: target 325, k 0.3175 and h 4.1959 in the unit of the values.
    const MEANS: [f64; 20] = [
        324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600, 324.625, 325.150,
        328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350,
    ];
    /// The handbook's column of the increasing sum, here from the thirteenth value on, and its decreasing one before.
    const HIGH: [f64; 8] = [3.0075, 4.94, 7.4475, 10.63, 11.9875, 14.445, 16.0025, 19.035];
    const LOW: [f64; 12] = [0.0, 0.0075, 0.0, 0.3325, 0.0, 0.0, 0.5575, 0.715, 0.1725, 0.255, 0.3125, 0.0];

    #[test]
    fn sums_and_signal_are_those_of_the_handbook() {
        let chart = CusumChart { allowance: 0.3175, limit: 4.1959 };
        let mut cusum = Cusum::default();
        let mut first = None;
        for (i, mean) in MEANS.into_iter().enumerate() {
            cusum.push(mean - 325.0, &chart);
            if let Some(expected) = LOW.get(i) {
                assert!((cusum.low - expected).abs() < 1e-9, "low {i}: {}", cusum.low);
            } else {
                assert!((cusum.high - HIGH[i - LOW.len()]).abs() < 1e-9, "high {i}: {}", cusum.high);
            }
            first = first.or(cusum.shifted_for(&chart).map(|shifted_for| (i + 1, shifted_for)));
        }
        // Signals at the fourteenth group; the increasing sum was zero up to the twelfth.
        assert_eq!(first, Some((14, 2)));
    }

    #[test]
    fn a_downward_shift_is_found_and_dated() {
        let mut cusum = Cusum::default();
        for z in [0.0, 1.0, 0.0, -2.5, -2.5, -2.5] {
            cusum.push(z, &CusumChart::USUAL);
        }
        assert_eq!((cusum.low, cusum.shifted_for(&CusumChart::USUAL)), (6.0, Some(3)));
    }

    #[test]
    fn the_largest_numbers_stay_numbers() {
        let mut cusum = Cusum::default();
        for z in [f64::MAX, f64::MAX, f64::INFINITY, f64::NEG_INFINITY] {
            cusum.push(z, &CusumChart::USUAL);
        }
        assert_eq!((cusum.high, cusum.low), (0.0, f64::MAX));
    }
}
