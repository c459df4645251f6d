//! When a baseline is good enough to judge by.

use crate::model::ControlLimits;

/// A metric that never moved needs this many samples before a different value is news. After n equal
/// values the chance that the next one differs is 1/(n+2) (Laplace 1814, the rule of succession); here it
/// is as small as the chance of a normal value beyond 3 sd, one in 370.
const CONSTANT_SAMPLES: u64 = 370;

/// Control limits from the `count`, mean and standard deviation of a baseline; `None` when the baseline is
/// too thin to judge by.
///
/// A spread of zero gives limits that lie on the centre line, once the metric has been constant for long
/// enough: then every other value is outside.
#[must_use]
pub fn control_limits(count: u64, mean: f64, std_dev: f64, min_samples: u64) -> Option<ControlLimits> {
    // A standard deviation takes two samples, whatever the configuration says.
    let needed = if std_dev > 0.0 { min_samples.max(2) } else { min_samples.max(CONSTANT_SAMPLES) };
    (count >= needed && mean.is_finite() && std_dev.is_finite()).then(|| ControlLimits::new(mean, std_dev))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::thin(29, 1.0, 1.0, false)]
    #[case::enough(30, 1.0, 1.0, true)]
    #[case::constant_for_a_while(369, 1.0, 0.0, false)]
    #[case::constant_for_long(370, 1.0, 0.0, true)]
    #[case::too_wide_to_count(1_000, 1.0, f64::INFINITY, false)]
    fn limits_need_a_baseline(#[case] count: u64, #[case] mean: f64, #[case] sd: f64, #[case] given: bool) {
        assert_eq!(control_limits(count, mean, sd, 30).is_some(), given);
    }
}
