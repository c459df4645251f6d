//! Against scipy 1.17.1 (exact permutations of ranks, `mannwhitneyu`, `ttest_ind`) and published figures.

use proptest::prelude::*;

use super::*;

const BEFORE: [f64; 5] = [12.1, 11.8, 12.9, 12.4, 11.5];
const AFTER: [f64; 5] = [12.6, 13.4, 13.1, 12.2, 14.0];

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} for {expected}");
}

#[test]
fn small_samples_are_compared_exactly() {
    let found = MannWhitney::of(&BEFORE, &AFTER).unwrap();
    assert_near(found.p_above, 0.027_777_777_777_777_776);
    assert_near(found.p_below, 0.984_126_984_126_984_1);
    assert_near(found.superiority, 0.88);
    let ties = MannWhitney::of(&[1.0, 2.0, 2.0, 3.0, 5.0, 5.0], &[2.0, 3.0, 3.0, 5.0, 6.0, 7.0, 7.0]).unwrap();
    assert_near(ties.p_above, 0.065_268_065_268_065_26);
    assert_near(ties.p_below, 0.955_710_955_710_955_7);
    assert_near(ties.superiority, 0.761_904_761_904_761_9);
}

#[test]
fn the_clearest_ranks_have_the_least_probability() {
    for (n, m) in [(5, 5), (6, 1), (3, 8)] {
        let values = |from: usize, count: usize| (from..from + count).map(|value| value as f64).collect::<Vec<_>>();
        let found = MannWhitney::of(&values(0, n), &values(n, m)).unwrap();
        assert_near(MannWhitney::least_p(n, m), found.p_above);
    }
}

#[test]
fn large_samples_are_compared_by_the_normal_distribution() {
    let first: Vec<f64> = (0..40).map(f64::from).collect();
    let second: Vec<f64> = (0..45).map(|i| f64::from(i) * 1.1 + 0.05).collect();
    let found = MannWhitney::of(&first, &second).unwrap();
    assert_near(found.p_above, 0.063_308_136_780_948_89);
    assert_near(found.p_below, 0.937_778_232_747_437_4);
    let coarse = |values: &[f64]| values.iter().map(|value| (value / 4.0).floor()).collect::<Vec<_>>();
    let ties = MannWhitney::of(&coarse(&first), &coarse(&second)).unwrap();
    assert_near(ties.p_above, 0.087_453_330_742_115_05);
    assert_near(shift(&first, &second, 0.95).unwrap().estimate, 4.75);
    assert_near(shift(&coarse(&first), &coarse(&second), 0.95).unwrap().estimate, 1.0);
}

/// Permeability of the human placenta (Hollander & Wolfe 1973, p. 69): W = 35, one-sided p .1272, difference .305, and
/// 95 % from -.15 to .76, as R's `wilcox.test` has them.
#[test]
fn the_placenta_of_hollander_and_wolfe() {
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let earlier = [1.15, 0.88, 0.90, 0.74, 1.21];
    let ranks = MannWhitney::of(&earlier, &term).unwrap();
    assert_near(ranks.superiority * 50.0, 35.0);
    assert_near(ranks.p_above, 0.127_206_127_206_127_2);
    assert_near(ranks.p_two_sided(), 0.254_412_254_412_254_4);
    let shift = shift(&earlier, &term, 0.95).unwrap();
    assert_near(shift.estimate, 0.305);
    let (low, high) = shift.interval.unwrap();
    assert_near(low, -0.15);
    assert_near(high, 0.76);
}

#[test]
fn means_against_their_spread() {
    let found = Student::of(&BEFORE, &AFTER).unwrap();
    assert_near(found.p_above(), 0.024_163_355_700_768_944);
    assert_near(found.standard_error, 0.395_221_456_907_390_25);
    assert_near(found.detectable(0.01, 0.8), 1.496_051_133_038_560_9);
    // One value against many: what the next one may be.
    let one = Student::of(&BEFORE, &[15.0]).unwrap();
    assert_near(one.degrees, 4.0);
}

#[test]
fn constants_that_differ_are_certain_and_equal_ones_are_not() {
    assert_near(Student::of(&[2.0; 4], &[3.0; 4]).unwrap().p_above(), 0.0);
    assert_near(Student::of(&[3.0; 4], &[2.0; 4]).unwrap().p_above(), 1.0);
    assert_near(Student::of(&[2.0; 4], &[2.0; 4]).unwrap().p_above(), 1.0);
    let equal = MannWhitney::of(&[2.0; 4], &[2.0; 4]).unwrap();
    assert_eq!((equal.p_above, equal.p_below, equal.superiority), (1.0, 1.0, 0.5));
    let many = MannWhitney::of(&[2.0; 40], &[2.0; 40]).unwrap();
    assert_eq!((many.p_above, many.p_below), (1.0, 1.0));
}

#[test]
fn nothing_is_said_of_too_few() {
    assert_eq!(MannWhitney::of(&[], &[1.0]), None);
    assert_eq!(shift(&[1.0], &[], 0.95), None);
    assert_eq!(Student::of(&[1.0], &[2.0]), None);
    let few = shift(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 0.95).unwrap();
    assert_eq!((few.estimate, few.interval), (3.0, None), "of 20 ways to deal out the ranks each is too likely");
}

proptest! {
    /// The median of differences that were all written down.
    #[test]
    fn the_shift_is_the_median_of_all_differences(
        first in proptest::collection::vec(-1e6..1e6_f64, 1..30),
        second in proptest::collection::vec(prop_oneof![-1e6..1e6_f64, Just(0.0)], 1..30),
    ) {
        let mut all: Vec<f64> = second.iter().flat_map(|y| first.iter().map(move |x| y - x)).collect();
        all.sort_by(f64::total_cmp);
        let median = f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2]);
        let found = shift(&first, &second, 0.9).unwrap();
        prop_assert!((found.estimate - median).abs() < 1e-9);
        if let Some((low, high)) = found.interval {
            prop_assert!(low <= median && median <= high && all.contains(&low) && all.contains(&high));
        }
    }

    /// Exchanged samples say the opposite.
    #[test]
    fn tests_are_symmetric(
        first in proptest::collection::vec(0..9_i32, 1..12),
        second in proptest::collection::vec(0..9_i32, 1..12),
    ) {
        let floats = |values: &[i32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let (first, second) = (floats(&first), floats(&second));
        let (one, other) = (MannWhitney::of(&first, &second).unwrap(), MannWhitney::of(&second, &first).unwrap());
        prop_assert!((one.p_above - other.p_below).abs() < 1e-12);
        prop_assert!((one.superiority + other.superiority - 1.0).abs() < 1e-12);
        prop_assert!(one.p_above + one.p_below >= 1.0 - 1e-12);
    }
}
