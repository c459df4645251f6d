//! How two rows of numbers move together.

/// Pearson's product-moment correlation (Pearson 1895, Proceedings of the Royal Society 58, 240-242) of pairs: the sum of
/// the products of their deviations from the means, divided by the root of the product of the sums of squares; from -1 to
/// 1, without a unit. `None` when a side never moves, or there are fewer than three pairs.
#[must_use]
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let left = deviations(pairs.iter().map(|pair| pair.0))?;
    let right = deviations(pairs.iter().map(|pair| pair.1))?;
    let sum = |of: &dyn Fn(usize) -> f64| (0..pairs.len()).map(of).sum::<f64>();
    let products = sum(&|at| left[at] * right[at]);
    let squares = sum(&|at| left[at] * left[at]) * sum(&|at| right[at] * right[at]);
    Some((products / squares.sqrt()).clamp(-1.0, 1.0))
}

/// Deviations from the mean, in parts of the largest one: squares of large and of tiny values stay numbers.
fn deviations(values: impl Iterator<Item = f64> + Clone) -> Option<Vec<f64>> {
    let count = values.clone().count() as f64;
    let mean: f64 = values.clone().map(|value| value / count).sum();
    // Halved, as the distance of two finite values need not be one.
    let halves: Vec<f64> = values.map(|value| value / 2.0 - mean / 2.0).collect();
    let largest = halves.iter().fold(0.0_f64, |largest, half| largest.max(half.abs()));
    // Equal values differ from their mean by rounding.
    (largest > 1e-12 * mean.abs()).then(|| halves.iter().map(|half| half / largest).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::change_point::tests::NILE;

    /// `numpy.corrcoef` of numpy 2.4.6.
    #[test]
    fn it_is_what_numpy_says() {
        let of = |left: &[f64], right: &[f64]| {
            correlation(&left.iter().copied().zip(right.iter().copied()).collect::<Vec<_>>()).unwrap()
        };
        let short = of(&[1.0, 2.5, 3.0, 4.2, 4.8, 7.0], &[2.0, 1.9, 4.0, 3.5, 6.1, 5.8]);
        assert!((short - 0.853_072_289_899_591_6).abs() < 1e-14, "{short}");
        let halves = of(&NILE[..50], &NILE[50..]);
        assert!((halves + 0.120_947_031_508_766_87).abs() < 1e-14, "{halves}");
    }

    #[test]
    fn what_never_moves_goes_with_nothing() {
        assert_eq!(correlation(&[(1.0, 0.1), (2.0, 0.1), (3.0, 0.1)]), None);
        assert_eq!(correlation(&[(1.0, 2.0), (2.0, 3.0)]), None, "two pairs always lie on a line");
        let largest = correlation(&[(f64::MAX, 1.0), (-f64::MAX, -1.0), (f64::MAX, 1.0)]).unwrap();
        assert!((largest - 1.0).abs() < 1e-12, "{largest}");
    }

    proptest! {
        #[test]
        fn neither_unit_nor_order_matters(
            pairs in prop::collection::vec((-1e6..1e6f64, -1e6..1e6f64), 3..40), scale in 0.1..9.0f64, shift in -9.0..9.0f64,
        ) {
            let known = correlation(&pairs).unwrap();
            prop_assert!((-1.0..=1.0).contains(&known));
            let mut turned: Vec<_> = pairs.iter().map(|&(left, right)| (shift - scale * right, left)).collect();
            turned.reverse();
            prop_assert!((correlation(&turned).unwrap() + known).abs() < 1e-9);
        }
    }
}
