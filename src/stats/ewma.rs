//! The chart of an exponentially weighted moving average.

/// An EWMA chart (Roberts 1959, Technometrics 1(3)): how much the newest value counts, and how wide its limits are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EwmaChart {
    /// The share of the newest value, above 0 and up to 1.
    pub lambda: f64,
    /// Half the distance of the limits, in standard deviations of the average.
    pub width: f64,
}

impl EwmaChart {
    /// Weight and width that signal once in 500 normal values, and soonest on a shift of one standard deviation
    /// (Lucas & Saccucci 1990, Technometrics 32(1), Table 3).
    pub const USUAL: Self = Self { lambda: 0.2, width: 2.962 };

    /// The average after `value`, in its unit; `before` is the one before it, or the centre line.
    #[must_use]
    pub fn step(&self, before: f64, value: f64) -> f64 {
        self.lambda * value + (1.0 - self.lambda) * before
    }

    /// How far the limits lie from the centre line after `n` values whose standard deviation is `sigma`, in its unit:
    /// width * sigma * sqrt(lambda / (2 - lambda) * (1 - (1 - lambda)^(2n))) (Lucas & Saccucci 1990, eq. 3).
    #[must_use]
    pub fn half_width(&self, sigma: f64, n: usize) -> f64 {
        let fading = (1.0 - self.lambda).powi(i32::try_from(n.saturating_mul(2)).unwrap_or(i32::MAX));
        self.width * sigma * (self.lambda / (2.0 - self.lambda) * (1.0 - fading)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook 6.3.2.4: lambda 0.3, target 50, sd 2.0539.
    const VALUES: [f64; 20] = [
        52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4,
        53.6, 52.1,
    ];
    const AVERAGES: [f64; 20] = [
        50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38, 49.92,
        50.73, 51.23, 51.94, 51.99,
    ];

    #[test]
    fn averages_and_limits_are_those_of_the_handbook() {
        let chart = EwmaChart { lambda: 0.3, width: 3.0 };
        let mut average = 50.0;
        for (value, published) in VALUES.into_iter().zip(AVERAGES) {
            average = chart.step(average, value);
            assert!((average - published).abs() < 0.005 + 1e-9, "{average} instead of {published}");
        }
        let settled = chart.half_width(2.0539, usize::MAX);
        assert!((50.0 + settled - 52.5884).abs() < 5e-5, "{settled}");
        assert!((50.0 - settled - 47.4115).abs() < 1e-4, "{settled}");
    }

    #[test]
    fn limits_begin_at_those_of_one_value_and_widen() {
        let chart = EwmaChart::USUAL;
        // One value alone has the weight lambda, so its average has lambda standard deviations.
        assert!((chart.half_width(1.0, 1) - 0.2 * 2.962).abs() < 1e-12);
        assert!(chart.half_width(1.0, 2) > chart.half_width(1.0, 1));
        // A weight of one forgets everything: a chart of single values.
        assert!((EwmaChart { lambda: 1.0, width: 3.0 }.half_width(2.0, 1) - 6.0).abs() < 1e-12);
    }
}
