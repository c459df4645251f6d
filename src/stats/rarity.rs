//! How rare a value is after those before it: by its rank among them, and beyond them by a fitted tail.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::pareto::ParetoTail;
use super::reservoir::{CAPACITY, Reservoir};

/// The share of the sample on each side to which a tail is fitted, and the fewest values for it.
const TAIL_SHARE: f64 = 0.03;
const FEWEST_IN_TAIL: usize = 5;
/// No value is rarer than e^-30: a fitted tail says nothing of what lies so far out.
const RAREST: f64 = 30.0;
/// A tail is believed as far as there is evidence for it: with `n` independent values by n / (n + 5).
const DOUBT: f64 = 3.0;
/// The mean exceedance counts as at least this share of the distance from the median to the threshold.
const SMALLEST_MEAN: f64 = 0.02;

/// ln(0), which is not used, ln(1), ln(2), ...
static LN: LazyLock<Logs> = LazyLock::new(|| std::array::from_fn(|n| (n.max(1) as f64).ln()));

/// The logarithms of whole numbers that [`Rarity::judge`] needs.
pub(crate) type Logs = [f64; CAPACITY + 2];

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
    threshold: i16,
    pareto: ParetoTail,
}

impl Rarity {
    /// Keeps a sample of the last values, every `stride`-th in the long run.
    pub(crate) fn new(stride: u32) -> Self {
        let nowhere = |threshold| Tail { threshold, pareto: ParetoTail::NONE };
        Self { sample: Reservoir::new(stride), upper: nowhere(i16::MAX), lower: nowhere(i16::MIN) }
    }

    /// Whether its parts go together, for a sample of every `stride`-th value.
    pub(crate) fn is_sound(&self, stride: u32) -> bool {
        self.sample.is_sound(stride)
    }

    /// The middle of the sample; `None` when it is empty.
    pub(crate) fn median(&self) -> Option<f32> {
        let codes = self.sample.codes();
        codes.get(codes.len() / 2).map(|&code| self.sample.value(code))
    }

    /// The values that leave a share of the sample on either side, and what is taken for equal to them; `None` when it is
    /// empty.
    pub(crate) fn band(&self, share: f64) -> Option<(f32, f32)> {
        let codes = self.sample.codes();
        let outside = (codes.len() as f64 * share) as usize;
        let (&low, &high) = (codes.get(outside)?, codes.get(codes.len() - 1 - outside)?);
        Some((self.sample.value(low.saturating_sub(1)), self.sample.value(high.saturating_add(1))))
    }

    /// How rare a value is; then learns it. `independent` is how many independent values were seen.
    #[inline]
    pub(crate) fn judge(&mut self, value: f32, independent: impl Fn() -> f64, logs: &Logs) -> Surprise {
        let code = self.sample.code(value);
        let less = self.sample.less(code);
        let surprise = self.surprise(code, less, independent, logs);
        self.learn(value, less);
        surprise
    }

    /// Learns a value without an opinion on it.
    pub(crate) fn remember(&mut self, value: f32) {
        self.learn(value, self.sample.less(self.sample.code(value)));
    }

    #[inline]
    fn surprise(&self, code: i16, less: usize, independent: impl Fn() -> f64, logs: &Logs) -> Surprise {
        let n = self.sample.len();
        // The value itself counts, so that none is impossible.
        let by_rank = |beyond: usize| logs[n + 1] - logs[beyond + 1];
        let by_tail = |tail: &Tail| {
            let exceedance = f64::from(self.sample.value(code)) - f64::from(self.sample.value(tail.threshold));
            let independent = independent();
            let beyond = tail.pareto.surprise(exceedance.abs()) * independent / (independent + DOUBT);
            (by_rank(in_tail(n)) + beyond).min(RAREST)
        };
        let above = if code > self.upper.threshold { by_tail(&self.upper) } else { by_rank(n - less) };
        let below = if code < self.lower.threshold {
            by_tail(&self.lower)
        } else {
            by_rank(self.sample.not_greater(code, less))
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
        let codes = self.sample.codes();
        let n = codes.len();
        if n <= 2 * in_tail {
            return;
        }
        let value = |code: i16| f64::from(self.sample.value(code));
        let median = value(codes[n / 2]);
        let tail = |threshold: i16, beyond: &[i16]| {
            let from = value(threshold);
            let exceedances = beyond.iter().map(|&code| (value(code) - from).abs());
            let smallest_mean = (SMALLEST_MEAN * (from - median).abs()).max(1e-9 * (from.abs() + 1e-9));
            Tail { threshold, pareto: ParetoTail::fit(exceedances, smallest_mean) }
        };
        let upper = tail(codes[n - 1 - in_tail], &codes[n - in_tail..]);
        let lower = tail(codes[in_tail], &codes[..in_tail]);
        (self.upper, self.lower) = (upper, lower);
    }
}

fn in_tail(n: usize) -> usize {
    ((TAIL_SHARE * n as f64) as usize).max(FEWEST_IN_TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0, 1, ... 255 in an order without a pattern.
    fn learned() -> Rarity {
        let mut rarity = Rarity::new(32);
        (0..256_u32).for_each(|at| rarity.remember((at * 617 % 256) as f32));
        rarity
    }

    #[test]
    fn inside_it_is_the_logarithm_of_the_rank() {
        for (value, at_least, at_most) in [(128.0, 128, 129), (127.5, 128, 128), (26.0, 230, 27), (230.0, 26, 231)] {
            let found = learned().judge(value, || 1e9, logs());
            let share = |count: i32| -(f64::from(count + 1) / 257.0).ln();
            assert!((found.above - share(at_least)).abs() < 1e-9, "{value}: {found:?}");
            assert!((found.below - share(at_most)).abs() < 1e-9, "{value}: {found:?}");
        }
    }

    #[test]
    fn beyond_it_grows_with_the_distance_and_alike_on_both_sides() {
        let at = |value: f32| learned().judge(value, || 1e9, logs());
        let mut last = 0.0;
        for distance in [0.0, 1.0, 10.0, 100.0, 1000.0] {
            let (above, below) = (at(255.0 + distance).above, at(-distance).below);
            assert!((above - below).abs() < 0.05 * above, "{distance}: {above} {below}");
            assert!(above >= last && above <= RAREST, "{distance}: {above}");
            last = above;
        }
        assert!((last - RAREST).abs() < 1e-9, "{last}");
        let doubtful = learned().judge(300.0, || 5.0, logs()).above;
        assert!(doubtful < at(300.0).above, "what is hardly known is believed less");
    }

    #[test]
    fn what_is_always_the_same_is_no_surprise_and_anything_else_is() {
        let mut rarity = Rarity::new(32);
        (0..500).for_each(|_| rarity.remember(7.0));
        assert_eq!(rarity.clone().judge(7.0, || 500.0, logs()), Surprise { above: 0.0, below: 0.0 });
        assert!(rarity.judge(7.001, || 500.0, logs()).above > 20.0);
    }
}
