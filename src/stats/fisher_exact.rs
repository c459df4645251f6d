//! Whether two groups differ in how often something happened.

use statrs::distribution::{Discrete as _, Hypergeometric};

/// Tables whose probabilities differ by less than this share are equally likely: they differ by rounding.
const EQUALLY_LIKELY: f64 = 1e-7;

/// Probability of two groups that differ as much as these or more, if it happens in both equally often: the sum over all
/// tables with the same margins that are no likelier than this one (Fisher 1935, The logic of inductive inference,
/// two-sided). Of each group: how often it happened, and how often it did not.
#[must_use]
pub fn fisher_exact(first: [u64; 2], second: [u64; 2]) -> f64 {
    let (happened, of_first) = (first[0] + second[0], first[0] + first[1]);
    let all = of_first + second[0] + second[1];
    let Ok(tables) = Hypergeometric::new(all, happened, of_first) else { return 1.0 };
    let limit = tables.pmf(first[0]) * (1.0 + EQUALLY_LIKELY);
    let least = (happened + of_first).saturating_sub(all);
    let chances = (least..=happened.min(of_first)).map(|count| tables.pmf(count));
    chances.filter(|chance| *chance <= limit).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // scipy 1.17: scipy.stats.fisher_exact([[3, 2], [0, 5]]).pvalue
    #[rstest]
    #[case([3, 2], [0, 5], 0.166_666_666_666_666_66)]
    #[case([5, 0], [0, 5], 0.007_936_507_936_507_938)]
    #[case([6, 7], [1, 11], 0.073_043_478_260_869_56)]
    #[case([9, 4], [1, 11], 0.003_607_484_183_604_792)]
    #[case([2, 3], [8, 2], 0.250_749_250_749_250_75)]
    #[case([9, 16], [1, 24], 0.010_580_541_940_288_988)]
    #[case([30, 20], [43, 7], 0.006_251_136_873_704_207)]
    #[case::never([0, 5], [0, 5], 1.0)]
    #[case::always([5, 0], [7, 0], 1.0)]
    #[case::nothing([0, 0], [0, 0], 1.0)]
    fn probabilities_are_those_of_scipy(#[case] first: [u64; 2], #[case] second: [u64; 2], #[case] expected: f64) {
        for found in [fisher_exact(first, second), fisher_exact(second, first)] {
            assert!((found / expected - 1.0).abs() < 1e-9, "{found}");
        }
    }
}
