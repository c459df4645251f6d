//! Quantiles by selection, and the baseline they complete.

use super::Moments;
use super::moments::extremes;
use crate::model::Baseline;

/// Quantiles of `values` by linear interpolation at rank q*(n-1) (Hyndman & Fan 1996, type 7; numpy's
/// default). `at` holds fractions of 0 to 1, rising. `None` when there are no values. Reorders `values`.
#[must_use]
pub fn quantiles<const N: usize>(values: &mut [f64], at: [f64; N]) -> Option<[f64; N]> {
    let last = values.len().checked_sub(1)?;
    let mut selected_to = 0;
    Some(at.map(|q| {
        let rank = q.clamp(0.0, 1.0) * last as f64;
        let below = (rank.floor() as usize).clamp(selected_to, last);
        let (_, low, above) = values[selected_to..].select_nth_unstable_by(below - selected_to, f64::total_cmp);
        let low = *low;
        let share = rank - below as f64;
        selected_to = below;
        if share <= 0.0 || above.is_empty() { low } else { between(low, extremes(above).0, share) }
    }))
}

/// Linear interpolation, from the nearer end as numpy does it.
pub(super) fn between(low: f64, high: f64, share: f64) -> f64 {
    let way = high - low;
    if !way.is_finite() {
        low * (1.0 - share) + high * share
    } else if share < 0.5 {
        low + way * share
    } else {
        high - way * (1.0 - share)
    }
}

/// The baseline of finite `values` in any order; `None` when there are none. Reorders `values`.
#[must_use]
pub fn baseline(values: &mut [f64]) -> Option<Baseline> {
    let moments = Moments::of(values);
    let [p50, p95, p99] = quantiles(values, [0.5, 0.95, 0.99])?;
    Some(Baseline {
        count: moments.n,
        mean: moments.mean,
        std_dev: moments.std_dev().unwrap_or(0.0),
        min: moments.min,
        max: moments.max,
        p50,
        p95,
        p99,
        exact: true,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-12 * expected.abs()
    }

    // python3 -c "import numpy as np; v = [...]; print(np.percentile(v, [50, 95, 99]))"
    #[rstest]
    #[case::one(&[7.0], [7.0, 7.0, 7.0])]
    #[case::two(&[2.0, 1.0], [1.5, 1.95, 1.99])]
    #[case::constant(&[0.1; 9], [0.1, 0.1, 0.1])]
    #[case::negative(&[-3.5, -1.25, -100.0, -0.5], [-2.375, -0.612_5, -0.522_5])]
    #[case::huge(&[1e300, -1e300, 3e299], [3e299, 9.3e299, 9.86e299])]
    #[case::ten(&[9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0, 0.0], [4.5, 8.55, 8.91])]
    fn quantiles_equal_numpy(#[case] values: &[f64], #[case] expected: [f64; 3]) {
        let found = quantiles(&mut values.to_vec(), [0.5, 0.95, 0.99]).unwrap();
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(near(found, expected), "{found} is not {expected}");
        }
    }

    // numpy 2: v = np.array([(i * 7919) % 1009 for i in range(1, 1009)]) ** 1.5 / 13 - 500
    //          print(np.mean(v), np.std(v, ddof=1), v.min(), v.max(), np.percentile(v, [50, 95, 99]))
    #[test]
    fn a_baseline_equals_numpy() {
        let mut values: Vec<f64> =
            (1..1_009_u32).map(|i| f64::from(i * 7_919 % 1_009).powf(1.5) / 13.0 - 500.0).collect();
        let found = baseline(&mut values).unwrap();
        let pairs = [
            (found.mean, 485.929_351_012_946_7),
            (found.std_dev, 739.304_285_040_930_3),
            (found.min, -499.923_076_923_076_9),
            (found.max, 1_961.769_835_279_791_6),
            (found.p50, 371.662_903_461_451_4),
            (found.p95, 1_779.643_353_230_327_2),
            (found.p99, 1_924.972_267_957_321),
        ];
        assert_eq!(found.count, 1_008);
        for (found, expected) in pairs {
            assert!((found - expected).abs() <= 1e-11 * expected.abs(), "{found} is not {expected}");
        }
    }

    #[test]
    fn no_values_have_no_baseline() {
        assert_eq!(baseline(&mut []), None);
        assert_eq!(quantiles(&mut [], [0.5]), None);
    }

    proptest! {
        #[test]
        fn selection_equals_sorting(mut values in prop::collection::vec(-1e9..1e9_f64, 1..300)) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = [0.0, 0.1, 0.5, 0.5, 0.95, 0.99, 1.0];
            let expected = at.map(|q| {
                let rank = q * (sorted.len() - 1) as f64;
                let low = sorted[rank.floor() as usize];
                low + (sorted[rank.ceil() as usize] - low) * rank.fract()
            });
            let found = quantiles(&mut values, at).unwrap();
            for (found, expected) in found.into_iter().zip(expected) {
                prop_assert!((found - expected).abs() <= 1e-6, "{} is not {}", found, expected);
            }
        }
    }
}
