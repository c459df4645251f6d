//! Where a row of numbers has changed its level.

/// How likely it is that the mean of `values`, normal with a spread of their own, changed with each of them, given that it
/// changed once and with none before `from`: the posterior of Smith (1975, Biometrika 62, 407-416, unknown means and
/// variance) with every place as likely before,
///
/// p(k) ~ (k (n - k))^(-1/2) * RSS(k)^(-(n - 2) / 2),
///
/// RSS being what is left of the squares around the means of the first k values and of the others. The i-th number is the
/// probability, 0 to 1, that `values[from + i]` is the first of the new level; they add up to 1. Empty when there is no
/// such place: `from` is at least 1 and below the number of values.
#[must_use]
pub fn change_point(values: &[f64], from: usize) -> Vec<f64> {
    let n = values.len();
    if from == 0 || from >= n {
        return Vec::new();
    }
    let mean: f64 = values.iter().map(|value| value / n as f64).sum();
    let largest = values.iter().map(|value| (value / 2.0 - mean / 2.0).abs()).fold(f64::MIN_POSITIVE, f64::max);
    let scaled: Vec<f64> = values.iter().map(|value| (value / 2.0 - mean / 2.0) / largest).collect();
    let total: f64 = scaled.iter().sum();
    let squares: f64 = scaled.iter().map(|value| value * value).sum();
    let mut before: f64 = scaled[..from].iter().sum();
    let logs: Vec<f64> = (from..n)
        .map(|k| {
            let (first, rest) = (k as f64, (n - k) as f64);
            let left = squares - before * before / first - (total - before).powi(2) / rest;
            before += scaled[k];
            // Of levels without any spread rounding would leave nothing, or less.
            let left = left.max(squares * f64::EPSILON).max(f64::MIN_POSITIVE);
            -0.5 * (first * rest).ln() - 0.5 * (n as f64 - 2.0) * left.ln()
        })
        .collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|part| part / sum).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The flow of the Nile at Aswan, 1871 to 1970, in 10^8 m³ (Cobb 1978, Biometrika 65, 243-251, who finds 1898 to be
    /// the last year of the old level).
    pub(crate) const NILE: [f64; 100] = [
        1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0, 1110.0, 994.0,
        1020.0, 960.0, 1180.0, 799.0, 958.0, 1140.0, 1100.0, 1210.0, 1150.0, 1250.0, 1260.0, 1220.0, 1030.0, 1100.0,
        774.0, 840.0, 874.0, 694.0, 940.0, 833.0, 701.0, 916.0, 692.0, 1020.0, 1050.0, 969.0, 831.0, 726.0, 456.0,
        824.0, 702.0, 1120.0, 1100.0, 832.0, 764.0, 821.0, 768.0, 845.0, 864.0, 862.0, 698.0, 845.0, 744.0, 796.0,
        1040.0, 759.0, 781.0, 865.0, 845.0, 944.0, 984.0, 897.0, 822.0, 1010.0, 771.0, 676.0, 649.0, 846.0, 812.0,
        742.0, 801.0, 1040.0, 860.0, 874.0, 848.0, 890.0, 744.0, 749.0, 838.0, 1050.0, 918.0, 986.0, 797.0, 923.0,
        975.0, 815.0, 1020.0, 906.0, 901.0, 1170.0, 912.0, 746.0, 919.0, 718.0, 714.0, 740.0,
    ];

    /// The formula in numpy 2.4.6, with the sums of squares of both parts taken one by one.
    #[test]
    fn the_nile_changed_after_1898() {
        let found = change_point(&NILE, 1);
        assert_eq!(found.len(), 99);
        let of_year = |year: usize| found[year - 1871 - 1];
        for (year, expected) in [
            (1899, 0.764_344_369_581_175_5),
            (1898, 0.120_877_670_703_412_15),
            (1897, 0.057_086_355_585_136_78),
            (1900, 0.044_158_307_579_019_62),
        ] {
            assert!((of_year(year) - expected).abs() < 1e-10, "{year}: {}", of_year(year));
        }
    }

    #[test]
    fn a_clear_step_is_found_where_it_is() {
        let found = change_point(&[4.1, 3.9, 4.0, 4.4, 3.7, 4.2, 6.9, 7.3, 7.0], 1);
        assert!((found[5] - 0.999_898_310).abs() < 1e-8, "{found:?}");
        assert!((found[0] - 2.272_683_65e-6).abs() < 1e-12, "{found:?}");
        let without_spread = change_point(&[1.0, 1.0, 1.0, 2.0, 2.0], 2);
        assert!(without_spread[1] > 0.999_999, "{without_spread:?}");
    }

    #[test]
    fn where_there_is_no_place_nothing_is_said() {
        assert!(change_point(&[1.0, 2.0], 0).is_empty());
        assert!(change_point(&[1.0, 2.0], 2).is_empty());
        assert!(change_point(&[], 1).is_empty());
    }

    proptest! {
        #[test]
        fn they_are_probabilities(values in prop::collection::vec(-1e300..1e300f64, 2..80), from in 1usize..80) {
            let found = change_point(&values, from);
            prop_assert_eq!(found.len(), values.len().saturating_sub(from));
            prop_assert!(found.iter().all(|chance| (0.0..=1.0).contains(chance)));
            prop_assert!(found.is_empty() || (found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
