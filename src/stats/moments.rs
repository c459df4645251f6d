//! Count, mean, spread and extremes of a stream of values, in one pass and constant memory.

/// Accumulated moments of a set of values. The default is the empty set.
///
/// Never a sum of squares: values are pushed as by Welford (1962, Technometrics 4) and sets are merged
/// as by Chan, Golub & `LeVeque` (1979, Stanford STAN-CS-79-773), so a small spread around a large mean
/// keeps its digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub n: u64,
    /// Arithmetic mean; 0 of the empty set.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub m2: f64,
    /// Smallest value; positive infinity of the empty set.
    pub min: f64,
    /// Largest value; negative infinity of the empty set.
    pub max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { n: 0, mean: 0.0, m2: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

/// Sums that run side by side, as each addition waits for the one before it.
const LANES: usize = 8;

impl Moments {
    /// The moments of values that are all there: in two passes over the distances from the first of them
    /// (the corrected two-pass algorithm in Chan, Golub & `LeVeque` 1983, The American Statistician 37), without
    /// a division a value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let Some(&first) = values.first() else { return Self::default() };
        let n = values.len() as f64;
        let mean = first + sum(values, |value| value - first) / n;
        let m2 = sum(values, |value| (value - mean) * (value - mean)) - sum(values, |value| value - mean).powi(2) / n;
        if !m2.is_finite() {
            // Distances longer than the largest number: push takes such ways in parts.
            return values.iter().copied().collect();
        }
        let (min, max) = extremes(values);
        Self { n: values.len() as u64, mean, m2: m2.max(0.0), min, max }
    }

    /// Adds one value.
    pub fn push(&mut self, value: f64) {
        self.n += 1;
        let delta = value - self.mean;
        self.mean = moved(self.mean, value, 1.0 / self.n as f64);
        self.m2 += delta * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds all values of another set.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let n = self.n + other.n;
        let delta = other.mean - self.mean;
        let share = other.n as f64 / n as f64;
        self.mean = moved(self.mean, other.mean, share);
        self.m2 += other.m2 + delta * delta * share * self.n as f64;
        self.n = n;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Sample variance, divisor n-1; `None` below two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.n >= 2).then(|| self.m2 / (self.n - 1) as f64)
    }

    /// Sample standard deviation, divisor n-1; `None` below two values.
    #[must_use]
    pub fn std_dev(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.push(value));
        moments
    }
}

fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (rows, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane += term(*value);
        }
    }
    lanes.into_iter().chain(rest.iter().map(|value| term(*value))).sum()
}

/// The smallest and the largest value; infinities the other way round when there are none.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    let (rows, rest) = values.as_chunks::<LANES>();
    let mut lanes = [(f64::INFINITY, f64::NEG_INFINITY); LANES];
    for row in rows {
        for ((min, max), value) in lanes.iter_mut().zip(row) {
            *min = if value < min { *value } else { *min };
            *max = if value > max { *value } else { *max };
        }
    }
    lanes
        .into_iter()
        .chain(rest.iter().map(|&value| (value, value)))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |all, one| (all.0.min(one.0), all.1.max(one.1)))
}

/// `from`, moved by `share` of the way to `to`; the way itself may be longer than the largest number.
fn moved(from: f64, to: f64, share: f64) -> f64 {
    let way = to - from;
    if way.is_finite() { from + way * share } else { from * (1.0 - share) + to * share }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    // python3 -c "import numpy as np; v = [...]; print(np.mean(v), np.std(v, ddof=1))"
    #[rstest]
    #[case::tiny(&[1.0, 2.0], 1.5, std::f64::consts::FRAC_1_SQRT_2)]
    #[case::constant(&[0.1; 7], 0.1, 0.0)]
    #[case::negative(&[-3.5, -1.25, -100.0, -0.5], -26.3125, 49.141_536_656_885_286)]
    #[case::large_mean(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0], 1e9 + 10.0, 5.477_225_575_051_661)]
    #[case::small(&[3e-200, 1e-200, 2e-200], 2e-200, 0.0)]
    #[case::huge(&[1e150, 3e150, 2e150], 2e150, 1e150)]
    fn mean_and_spread_equal_numpy(#[case] values: &[f64], #[case] mean: f64, #[case] std_dev: f64) {
        let moments: Moments = values.iter().copied().collect();
        assert!((moments.mean - mean).abs() <= 1e-14 * mean.abs(), "mean {}", moments.mean);
        let found = moments.std_dev().unwrap();
        assert!((found - std_dev).abs() <= 1e-12 * std_dev.max(mean.abs() * 1e-4), "sd {found}");
    }

    #[test]
    fn a_constant_has_no_spread_at_all() {
        let moments: Moments = std::iter::repeat_n(0.1, 10_000).collect();
        assert_eq!((moments.mean, moments.std_dev()), (0.1, Some(0.0)));
    }

    #[test]
    fn few_values_have_no_spread() {
        assert_eq!(Moments::default().std_dev(), None);
        assert_eq!(Moments::from_iter([5.0]).std_dev(), None);
    }

    /// NIST Statistical Reference Datasets, univariate summary statistics: a first value, then pairs, with the certified
    /// mean and standard deviation. What is lost is what the values lose as floats: 1e7 has nine digits after the point.
    #[rstest]
    #[case::num_acc_1(10_000_001.0, [10_000_003.0, 10_000_002.0], 1, 10_000_002.0, 1.0, 1e-15)]
    #[case::num_acc_2(1.2, [1.1, 1.3], 500, 1.2, 0.1, 1e-14)]
    #[case::num_acc_3(1_000_000.2, [1_000_000.1, 1_000_000.3], 500, 1_000_000.2, 0.1, 1e-9)]
    #[case::num_acc_4(10_000_000.2, [10_000_000.1, 10_000_000.3], 500, 10_000_000.2, 0.1, 1e-8)]
    fn digits_survive_a_mean_far_above_the_spread(
        #[case] first: f64,
        #[case] pair: [f64; 2],
        #[case] pairs: usize,
        #[case] mean: f64,
        #[case] std_dev: f64,
        #[case] tolerance: f64,
    ) {
        let values: Vec<f64> = std::iter::once(first).chain(std::iter::repeat_n(pair, pairs).flatten()).collect();
        for moments in [values.iter().copied().collect::<Moments>(), Moments::of(&values)] {
            assert!((moments.mean / mean - 1.0).abs() <= 1e-15, "mean {}", moments.mean);
            let found = moments.std_dev().unwrap();
            assert!((found / std_dev - 1.0).abs() <= tolerance, "sd {found}");
        }
    }

    #[test]
    fn the_largest_numbers_give_no_nonsense() {
        let moments = Moments::from_iter([f64::MAX, -f64::MAX, f64::MAX, -f64::MAX]);
        assert!(moments.mean.abs() < f64::MAX * 0.4);
        assert_eq!(moments.std_dev(), Some(f64::INFINITY));
        let mut merged = Moments::from_iter([f64::MAX]);
        merged.merge(&Moments::from_iter([-f64::MAX]));
        assert_eq!((merged.mean, merged.m2), (0.0, f64::INFINITY));
    }

    #[rstest]
    #[case::constant(&[0.1; 21])]
    #[case::large_mean(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0])]
    #[case::outlier_first(&[1e12, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])]
    #[case::overflow(&[f64::MAX, -f64::MAX, f64::MAX, -f64::MAX])]
    #[case::underflow(&[3e-200, 1e-200, 2e-200])]
    #[case::empty(&[])]
    fn values_at_once_have_the_moments_of_values_pushed(#[case] values: &[f64]) {
        let (at_once, pushed) = (Moments::of(values), values.iter().copied().collect::<Moments>());
        assert_eq!((at_once.n, at_once.min, at_once.max), (pushed.n, pushed.min, pushed.max));
        assert!((at_once.mean - pushed.mean).abs() <= 1e-14 * pushed.mean.abs(), "{} {}", at_once.mean, pushed.mean);
        let is_near = (at_once.m2 - pushed.m2).abs() <= 1e-12 * pushed.m2;
        assert!(is_near || at_once.m2.total_cmp(&pushed.m2).is_eq(), "{at_once:?} {pushed:?}");
    }

    proptest! {
        #[test]
        fn values_at_once_equal_values_pushed(values in prop::collection::vec(-1e6..1e6_f64, 0..100)) {
            let (at_once, pushed) = (Moments::of(&values), values.iter().copied().collect::<Moments>());
            prop_assert_eq!((at_once.n, at_once.min, at_once.max), (pushed.n, pushed.min, pushed.max));
            prop_assert!((at_once.mean - pushed.mean).abs() <= 1e-9);
            prop_assert!((at_once.m2 - pushed.m2).abs() <= 1e-12 * pushed.m2);
        }

        #[test]
        fn merging_parts_equals_pushing_all(
            values in prop::collection::vec(-1e6..1e6_f64, 1..200),
            cut in 0..200_usize,
        ) {
            let cut = cut.min(values.len());
            let whole: Moments = values.iter().copied().collect();
            let mut merged: Moments = values[..cut].iter().copied().collect();
            merged.merge(&values[cut..].iter().copied().collect());
            prop_assert_eq!(merged.n, whole.n);
            prop_assert_eq!((merged.min, merged.max), (whole.min, whole.max));
            prop_assert!((merged.mean - whole.mean).abs() <= 1e-9 * whole.mean.abs().max(1.0));
            prop_assert!((merged.m2 - whole.m2).abs() <= 1e-9 * whole.m2.max(1.0));
        }
    }
}
