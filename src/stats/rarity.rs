//! How rare a value is after those before it: by its rank among them, and beyond them by a fitted tail.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::pareto::ParetoTail;
use super::reservoir::{Reservoir, rounded};

/// The share of the sample on each side to which a tail is fitted, and the fewest values for it.
const TAIL_SHARE: f64 = 0.03;
const FEWEST_IN_TAIL: usize = 5;
/// No value is rarer than e^-30: a fitted tail says nothing of what lies so far out.
const RAREST: f64 = 30.0;
/// A tail is believed as far as there is evidence for it: with `n` independent values by n / (n + 5).
const DOUBT: f64 = 3.0;
/// The mean exceedance counts as at least this share of the distance from the median to the threshold.
const SMALLEST_MEAN: f64 = 0.02;

/// Capacities are below it.
const MOST_VALUES: usize = 1024;
/// ln(0), which is not used, ln(1), ln(2), ...
static LN: LazyLock<Logs> = LazyLock::new(|| std::array::from_fn(|n| (n.max(1) as f64).ln()));

/// The logarithms of whole numbers that [`Rarity::judge`] needs.
pub(crate) type Logs = [f64; MOST_VALUES + 2];

/// They are looked up once for many.
pub(crate) fn logs() -> &'static Logs {
    &LN
}

/// -ln of the probability of a value at least as high, and at least as low, in nats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Surprise {
    /// Of a value this high or higher.
    pub above: f64,
    /// Of a value this low or lower.
    pub below: f64,
}

/// What is usual in a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rarity {
    sample: Reservoir,
    upper: Tail,
    lower: Tail,
}

/// One end of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Tail {
    /// Where it begins.
    threshold: f64,
    pareto: ParetoTail,
    /// Of a value at the threshold.
    surprise: f64,
}

impl Rarity {
    /// Keeps a sample of up to `capacity` values, a multiple of 64 and at most 1024, of the last `capacity * stride`.
    pub(crate) const fn new(capacity: usize, stride: u32) -> Self {
        let nowhere = Tail { threshold: f64::NAN, pareto: ParetoTail::NONE, surprise: 0.0 };
        Self { sample: Reservoir::new(capacity, stride), upper: nowhere, lower: nowhere }
    }

    /// The middle of the sample; `None` when it is empty.
    pub(crate) fn median(&self) -> Option<f32> {
        self.sample.get(self.sample.len() / 2)
    }

    /// The values, as exactly as they are kept, that leave a share of the sample on either side; `None` when it is empty.
    pub(crate) fn band(&self, share: f64) -> Option<(f32, f32)> {
        let n = self.sample.len();
        let outside = (n as f64 * share) as usize;
        Some((self.sample.get(outside)?, self.sample.get(n - 1 - outside)?))
    }

    /// How rare a value is; then learns it. `independent` is how many independent values were seen.
    #[inline]
    pub(crate) fn judge(&mut self, value: f32, independent: f64, logs: &Logs) -> Surprise {
        let value = rounded(value);
        let less = self.sample.less(value);
        let surprise = self.surprise(value, less, independent, logs);
        self.learn(value, less);
        surprise
    }

    /// Learns a value without an opinion on it.
    pub(crate) fn remember(&mut self, value: f32) {
        let value = rounded(value);
        self.learn(value, self.sample.less(value));
    }

    #[inline]
    fn surprise(&self, value: f32, less: usize, independent: f64, logs: &Logs) -> Surprise {
        let n = self.sample.len();
        let belief = || independent / (independent + DOUBT);
        let x = f64::from(value);
        // The value itself counts, so that none is impossible.
        let by_rank = |beyond: usize| logs[n + 1] - logs[beyond + 1];
        let above = if x > self.upper.threshold {
            self.upper.surprise(x - self.upper.threshold, belief())
        } else {
            by_rank(n - less)
        };
        let below = if x < self.lower.threshold {
            self.lower.surprise(self.lower.threshold - x, belief())
        } else {
            by_rank(self.sample.not_greater(value, less))
        };
        Surprise { above, below }
    }

    #[inline]
    fn learn(&mut self, value: f32, less: usize) {
        if let Some((first, end)) = self.sample.offer(value, less) {
            let in_tail = in_tail(self.sample.len());
            if first <= in_tail || end + in_tail + 1 >= self.sample.len() {
                self.fit(in_tail);
            }
        }
    }

    fn fit(&mut self, in_tail: usize) {
        let n = self.sample.len();
        if n <= 2 * in_tail {
            return;
        }
        let at = |rank: usize| f64::from(self.sample.get(rank).unwrap_or_default());
        let median = at(n / 2);
        let surprise = LN[n + 1] - LN[in_tail + 1];
        let tail = |threshold: f64, beyond: std::ops::Range<usize>| {
            let exceedances = self.sample.values(beyond).map(|value| (f64::from(value) - threshold).abs());
            let smallest_mean = (SMALLEST_MEAN * (threshold - median).abs()).max(1e-9 * (threshold.abs() + 1e-9));
            Tail { threshold, pareto: ParetoTail::fit(exceedances, smallest_mean), surprise }
        };
        let (upper, lower) = (tail(at(n - 1 - in_tail), n - in_tail..n), tail(at(in_tail), 0..in_tail));
        (self.upper, self.lower) = (upper, lower);
    }
}

impl Tail {
    #[inline]
    fn surprise(&self, exceedance: f64, belief: f64) -> f64 {
        (self.surprise + self.pareto.surprise(exceedance) * belief).min(RAREST)
    }
}

fn in_tail(n: usize) -> usize {
    ((TAIL_SHARE * n as f64) as usize).max(FEWEST_IN_TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0, 1, ... 999 in an order without a pattern.
    fn learned() -> Rarity {
        let mut rarity = Rarity::new(1024, 4);
        (0..1000_u32).for_each(|at| rarity.remember((at * 617 % 1000) as f32));
        rarity
    }

    #[test]
    fn inside_it_is_the_logarithm_of_the_rank() {
        for (value, at_least, at_most) in [(500.0, 500, 501), (499.5, 500, 500), (100.0, 900, 101), (900.0, 100, 901)] {
            let found = learned().judge(value, 1e9, logs());
            let share = |count: i32| -(f64::from(count + 1) / 1001.0).ln();
            assert!((found.above - share(at_least)).abs() < 1e-9, "{value}: {found:?}");
            assert!((found.below - share(at_most)).abs() < 1e-9, "{value}: {found:?}");
        }
    }

    #[test]
    fn beyond_it_grows_with_the_distance_and_alike_on_both_sides() {
        let at = |value: f32| learned().judge(value, 1e9, logs());
        let mut last = 0.0;
        for distance in [0.0, 1.0, 10.0, 100.0, 1000.0] {
            let (above, below) = (at(999.0 + distance).above, at(-distance).below);
            assert!((above - below).abs() < 0.05 * above, "{distance}: {above} {below}");
            assert!(above >= last && above <= RAREST, "{distance}: {above}");
            last = above;
        }
        assert!((last - RAREST).abs() < 1e-9, "{last}");
        let doubtful = learned().judge(1_200.0, 5.0, logs()).above;
        assert!(doubtful < at(1_200.0).above, "what is hardly known is believed less");
    }

    #[test]
    fn what_is_always_the_same_is_no_surprise_and_anything_else_is() {
        let mut rarity = Rarity::new(1024, 4);
        (0..500).for_each(|_| rarity.remember(7.0));
        assert_eq!(rarity.clone().judge(7.0, 500.0, logs()), Surprise { above: 0.0, below: 0.0 });
        assert!(rarity.judge(7.001, 500.0, logs()).above > 20.0);
    }
}
