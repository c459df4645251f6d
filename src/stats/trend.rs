//! Where a series is heading: a straight line through bucket means, and whether its slope is more than
//! noise.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::model::Trend;

/// Below this many buckets with values nothing is said.
const FEWEST_BUCKETS: usize = 8;
/// A slope this likely without any trend is not one (two-sided).
const SIGNIFICANCE: f64 = 0.05;
/// The line must climb at least this many standard deviations of the values around it over its length:
/// with hundreds of buckets a slope can be certain and yet too small to see.
const SMALLEST_CHANGE_SD: f64 = 1.0;

/// A least-squares line through evenly spaced values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change from the first value's place to the last one's.
    pub change: f64,
    /// Standard deviation of the values around the line, divisor n-2.
    pub residual_sd: f64,
    /// Probability of a slope at least this steep if there were none: two-sided t-test with n-2 degrees
    /// of freedom (Draper & Smith 1998, Applied Regression Analysis, 1.4).
    pub p_value: f64,
    /// Mean of the values.
    pub mean: f64,
}

impl Line {
    /// Whether the values climb or fall for sure: no slope at all would be less likely than `significance` to look like
    /// it, and it is more than rounding, which tilts the line through a constant.
    #[must_use]
    pub fn is_sure(&self, significance: f64) -> bool {
        self.p_value < significance && self.change.abs() > 1e-9 * self.mean.abs()
    }
}

/// The line through `buckets`, evenly spaced, `None` for a gap. `None` below three values.
#[must_use]
pub fn line(buckets: &[Option<f64>]) -> Option<Line> {
    let points = || buckets.iter().enumerate().filter_map(|(i, value)| value.map(|value| (i as f64, value)));
    let n = points().count();
    if n < 3 {
        return None;
    }
    let count = n as f64;
    // Values are brought to at most 1, so that squares of the largest numbers stay finite.
    let scale = points().map(|(_, y)| y.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let mean_x = points().map(|(x, _)| x / count).sum::<f64>();
    let mean_y = points().map(|(_, y)| y / scale / count).sum::<f64>();
    let (mut sxx, mut sxy) = (0.0, 0.0);
    for (x, y) in points() {
        sxx += (x - mean_x) * (x - mean_x);
        sxy += (x - mean_x) * (y / scale - mean_y);
    }
    let slope = sxy / sxx;
    let residual_square = |(x, y): (f64, f64)| (y / scale - mean_y - slope * (x - mean_x)).powi(2);
    let residual_sd = (points().map(residual_square).sum::<f64>() / (count - 2.0)).sqrt();
    let length = points().map(|(x, _)| x).next_back().unwrap_or(0.0) - points().map(|(x, _)| x).next().unwrap_or(0.0);
    Some(Line {
        change: slope * length * scale,
        residual_sd: residual_sd * scale,
        p_value: slope_p_value(slope, residual_sd / sxx.sqrt(), count - 2.0),
        mean: mean_y * scale,
    })
}

fn slope_p_value(slope: f64, standard_error: f64, degrees: f64) -> f64 {
    if slope == 0.0 {
        return 1.0;
    }
    if standard_error == 0.0 {
        return 0.0;
    }
    let statistic = (slope / standard_error).abs();
    if !statistic.is_finite() {
        // Not a number: there is no line through such values. Infinite: no noise around it.
        return if statistic.is_nan() { 1.0 } else { 0.0 };
    }
    StudentsT::new(0.0, 1.0, degrees).map_or(1.0, |t| 2.0 * t.sf(statistic))
}

/// The verdict on `buckets` (see [`line()`]): rising or falling only when the slope is significant at 5 %
/// and the line's change over its length is at least one standard deviation of the values around it.
#[must_use]
pub fn trend(buckets: &[Option<f64>]) -> Trend {
    if buckets.iter().flatten().count() < FEWEST_BUCKETS {
        return Trend::Unknown;
    }
    let Some(line) = line(buckets) else { return Trend::Unknown };
    if !line.is_sure(SIGNIFICANCE) || line.change.abs() < SMALLEST_CHANGE_SD * line.residual_sd {
        return Trend::Flat;
    }
    let pct = percent_of_mean(&line, buckets);
    if line.change > 0.0 { Trend::Rising { pct } } else { Trend::Falling { pct } }
}

/// The change in percent of the mean; of the largest value when the values cancel out.
fn percent_of_mean(line: &Line, buckets: &[Option<f64>]) -> f64 {
    let largest = buckets.iter().flatten().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let reference = if line.mean.abs() > 1e-9 * largest { line.mean.abs() } else { largest };
    100.0 * (line.change / reference).abs()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[rstest]
    #[case(f64::INFINITY)]
    #[case(f64::NAN)]
    #[case(f64::MAX)]
    #[case(5e-324)]
    fn no_value_is_too_odd_for_a_verdict(#[case] odd: f64) {
        let alternating: Vec<f64> = (0..40).map(|i| if i % 2 == 0 { odd } else { -odd }).collect();
        assert!(matches!(trend(&some(&alternating)), Trend::Flat | Trend::Rising { .. } | Trend::Falling { .. }));
        assert!(line(&some(&alternating)).unwrap().p_value <= 1.0);
    }

    // scipy 1.17: r = scipy.stats.linregress(range(10), [3, 5, 4, 6, 8, 7, 9, 9, 12, 10]); r.slope * 9, r.pvalue
    #[test]
    fn slope_and_p_value_equal_scipy() {
        let found = line(&some(&[3.0, 5.0, 4.0, 6.0, 8.0, 7.0, 9.0, 9.0, 12.0, 10.0])).unwrap();
        assert!((found.change - 7.909_090_909_090_909).abs() < 1e-12, "{found:?}");
        assert!((found.p_value / 5.260_279_205_635_773e-5 - 1.0).abs() < 1e-6, "{found:?}");
        assert!((found.residual_sd - 1.023_955_491_456_952_2).abs() < 1e-12, "{found:?}");
    }

    // scipy 1.17: linregress([0, 2, 3, 7, 11], [1, 4, 2, 3, 5]); the gaps are left out
    #[test]
    fn gaps_are_left_out() {
        let mut buckets = vec![None; 12];
        for (x, y) in [(0, 1.0), (2, 4.0), (3, 2.0), (7, 3.0), (11, 5.0)] {
            buckets[x] = Some(y);
        }
        let found = line(&buckets).unwrap();
        assert!((found.change - 2.992_227_979_274_611).abs() < 1e-12, "{found:?}");
        assert!((found.p_value - 0.139_428_010_204_407_65).abs() < 1e-6, "{found:?}");
    }

    fn noisy(slope: f64) -> Vec<Option<f64>> {
        (0..240).map(|i| Some(100.0 + slope * f64::from(i) / 239.0 + f64::from(i * 7_919 % 101) / 10.0)).collect()
    }

    #[rstest]
    #[case::up(noisy(20.0), true)]
    #[case::sure_but_small(noisy(1.2), false)]
    fn a_trend_must_be_sure_and_visible(#[case] buckets: Vec<Option<f64>>, #[case] is_rising: bool) {
        assert_eq!(matches!(trend(&buckets), Trend::Rising { .. }), is_rising, "{:?}", line(&buckets));
    }

    #[test]
    fn a_fall_is_given_in_percent_of_the_mean() {
        let buckets: Vec<_> = (0..=10).map(|i| Some(110.0 - 2.0 * f64::from(i))).collect();
        let Trend::Falling { pct } = trend(&buckets) else { panic!("{:?}", trend(&buckets)) };
        assert!((pct - 20.0).abs() < 1e-9, "{pct}");
    }

    #[rstest]
    #[case::constant(vec![Some(0.1); 50], Trend::Flat)]
    #[case::few(vec![Some(1.0), Some(2.0), None, Some(3.0)], Trend::Unknown)]
    #[case::none(vec![None; 240], Trend::Unknown)]
    fn little_or_nothing_is_no_trend(#[case] buckets: Vec<Option<f64>>, #[case] expected: Trend) {
        assert_eq!(trend(&buckets), expected);
    }

    #[test]
    fn the_largest_numbers_have_a_trend_too() {
        let buckets: Vec<_> = (0..20).map(|i| Some(f64::from(i - 10) * 1e306)).collect();
        assert!(matches!(trend(&buckets), Trend::Rising { pct } if pct.is_finite()));
    }
}
