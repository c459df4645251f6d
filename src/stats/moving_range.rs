//! The spread of single values as the distances between neighbours show it: what individuals and moving-range
//! charts draw their limits from.

/// The mean range of two normal values in standard deviations (d2 for n = 2; ASTM MNL 7, table of control chart
/// constants).
const D2: f64 = 1.128;

/// The upper limit of a moving range, in average moving ranges: 1 + 3 d3/d2 (D4 for n = 2, same table). The lower one,
/// D3, is zero.
pub const MOVING_RANGE_LIMIT: f64 = 3.267;

/// The mean of `|x[i] - x[i-1]|`, in the unit of the values; `None` below two values.
#[must_use]
pub fn average_moving_range(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut before = None;
    let (mut sum, mut n) = (0.0, 0_u64);
    for value in values {
        if let Some(before) = before.replace(value) {
            sum += f64::abs(value - before);
            n += 1;
        }
    }
    (n > 0).then(|| sum / n as f64)
}

/// The standard deviation that an average moving range speaks of, in the unit of the values: the average over d2
/// (Montgomery, Introduction to Statistical Quality Control, 7th ed., eq. 6.33). Shifts and drifts within the values
/// hardly widen it; autocorrelation narrows it.
#[must_use]
pub fn sigma_of_moving_range(average: f64) -> f64 {
    average / D2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook 6.3.2.2, flow rate of ten batches.
    const FLOW: [f64; 10] = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];

    #[test]
    fn limits_are_those_of_the_handbook() {
        let average = average_moving_range(FLOW).unwrap();
        assert!((average - 1.8778).abs() < 5e-5, "{average}");
        let (mean, sigma) = (FLOW.iter().sum::<f64>() / 10.0, sigma_of_moving_range(average));
        assert!((mean + 3.0 * sigma - 55.8041).abs() < 5e-5);
        assert!((mean - 3.0 * sigma - 45.8159).abs() < 5e-5);
    }

    #[test]
    fn a_range_takes_two_values() {
        assert_eq!(average_moving_range([]), None);
        assert_eq!(average_moving_range([1.0]), None);
        assert_eq!(average_moving_range([1.0, -2.0]), Some(3.0));
    }
}
