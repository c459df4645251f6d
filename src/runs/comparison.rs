//! Two groups of values side by side: how far apart they are, how sure that is, and what they could not have shown.

use serde::Serialize;

use crate::stats::{MannWhitney, Student, quantiles, shift};

/// Intervals hold the true shift with this probability.
pub const CONFIDENCE: f64 = 0.95;
/// The smallest difference that could have been shown is found with this probability (Cohen 1988, 2.4).
pub const POWER: f64 = 0.8;
/// Mean differences count only while the ranks do not say otherwise: one slow run is no shift. At .05, of runs on two
/// machines more than 1 % were called a regression where nothing had changed (`cargo bench --bench gate`).
const RANKS_AGREE: f64 = 0.038;

/// One of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Side {
    /// Values in it.
    pub count: usize,
    /// Their median, in the unit of the metric.
    pub median: f64,
    /// The smallest,
    pub min: f64,
    /// and the largest.
    pub max: f64,
}

/// A change from the first group to the second, as a share of the first: 0.1 is 10 % more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// The best guess: the Hodges-Lehmann shift.
    pub estimate: f64,
    /// Where the true one lies with [`CONFIDENCE`]; `None` when there are too few values to say.
    pub interval: Option<(f64, f64)>,
    /// The smallest that a test at the significance asked for would have found with [`POWER`].
    pub detectable: f64,
}

/// How two groups of values differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// The first group, which the second is compared with.
    pub first: Side,
    /// The second group.
    pub second: Side,
    /// The Hodges-Lehmann shift in the unit of the metric,
    pub shift: f64,
    /// and where the true one lies with [`CONFIDENCE`].
    pub shift_interval: Option<(f64, f64)>,
    /// The shift as a share of the first group; `None` when that lies around 0.
    pub change: Option<Change>,
    /// Probability of ranks at least this far apart, either way, when nothing differs (Mann-Whitney).
    pub p_value: f64,
    /// Probability that a value of the second group is above one of the first: 0.5 when neither is.
    pub superiority: f64,
    /// Probability of a shift up at least as clear as this when nothing differs.
    pub p_above: f64,
    /// The same of a shift down.
    pub p_below: f64,
}

/// On what scale values are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// All are positive: what is multiplied there is added here, and one slow run weighs less.
    Logs,
    /// As they are, in parts of this.
    Parts(f64),
    /// As they are: there is nothing to compare a change with.
    Plain,
}

impl Comparison {
    /// Compares `second` with `first`; `significance` is that of the difference which could have been found. `None` when
    /// one of them is empty.
    ///
    /// `p_above` and `p_below` join two tests: of means of logarithms with a common spread (Student), as long as the ranks
    /// agree, and of ranks (Mann-Whitney) doubled, so that a shift is found with few runs and one outlier hides none.
    #[must_use]
    pub fn of(first: &[f64], second: &[f64], significance: f64) -> Option<Self> {
        let sides = (Side::of(first)?, Side::of(second)?);
        let scale = Scale::of(first, second, sides.0.median);
        let scaled = |values: &[f64]| values.iter().map(|&value| scale.scaled(value)).collect::<Vec<_>>();
        let (one, other) = (scaled(first), scaled(second));
        let ranks = MannWhitney::of(&one, &other)?;
        let means = Student::of(&one, &other);
        let p_above = joined(means.map(|means| means.p_above()), ranks.p_above);
        let p_below = joined(Student::of(&other, &one).map(|means| means.p_above()), ranks.p_below);
        let moved = shift(first, second, CONFIDENCE)?;
        let means_count = means.filter(|_| can_differ(first.len(), second.len()));
        let detectable = means_count.map_or(f64::INFINITY, |means| means.detectable(significance, POWER));
        let change = scale.is_relative().then(|| shift(&one, &other, CONFIDENCE)).flatten().map(|moved| Change {
            estimate: scale.change(moved.estimate),
            interval: moved.interval.map(|(low, high)| (scale.change(low), scale.change(high))),
            detectable: scale.change(detectable),
        });
        Some(Self {
            first: sides.0,
            second: sides.1,
            shift: moved.estimate,
            shift_interval: moved.interval,
            change,
            p_value: ranks.p_two_sided(),
            superiority: ranks.superiority,
            p_above,
            p_below,
        })
    }

    /// The change of a single value of the second group against the middle of the first; `None` when that lies around 0.
    #[must_use]
    pub fn change_of(&self, value: f64) -> Option<f64> {
        let before = self.first.median;
        (self.change.is_some() && before != 0.0).then(|| (value - before) / before.abs())
    }
}

/// Whether so many values can be shown to differ at all: ranks of fewer never agree with any means.
pub(super) fn can_differ(first: usize, second: usize) -> bool {
    MannWhitney::least_p(first, second) <= RANKS_AGREE
}

/// One probability of two tests of the same.
fn joined(of_means: Option<f64>, of_ranks: f64) -> f64 {
    let of_means = of_means.filter(|_| of_ranks <= RANKS_AGREE).unwrap_or(1.0);
    of_means.min(2.0 * of_ranks).min(1.0)
}

impl Side {
    fn of(values: &[f64]) -> Option<Self> {
        let [min, median, max] = quantiles(&mut values.to_vec(), [0.0, 0.5, 1.0])?;
        Some(Self { count: values.len(), median, min, max })
    }
}

impl Scale {
    fn of(first: &[f64], second: &[f64], middle: f64) -> Self {
        let is_positive = first.iter().chain(second).all(|&value| value > 0.0);
        if is_positive {
            Self::Logs
        } else if middle == 0.0 {
            Self::Plain
        } else {
            Self::Parts(middle.abs())
        }
    }

    fn is_relative(self) -> bool {
        self != Self::Plain
    }

    fn scaled(self, value: f64) -> f64 {
        match self {
            Self::Logs => value.ln(),
            Self::Parts(of) => value / of,
            Self::Plain => value,
        }
    }

    /// A shift on this scale as a share.
    fn change(self, shift: f64) -> f64 {
        match self {
            Self::Logs => shift.exp_m1(),
            Self::Parts(_) | Self::Plain => shift,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_said_as_a_share_and_in_the_unit() {
        let first = [100.0, 101.0, 99.0, 102.0, 98.0];
        let second = first.map(|value| value * 1.1);
        let found = Comparison::of(&first, &second, 0.01).unwrap();
        let change = found.change.unwrap();
        assert!((change.estimate - 0.1).abs() < 0.005, "{change:?}");
        assert!((found.shift - 10.0).abs() < 0.5);
        let (low, high) = change.interval.unwrap();
        assert!(low > 0.05 && high < 0.15 && change.detectable < 0.05);
        assert!(found.p_above < 0.001 && found.p_below > 0.9 && found.superiority > 0.99);
        assert_eq!(found.change_of(120.0), Some(0.2));
    }

    #[test]
    fn one_slow_run_neither_makes_a_shift_nor_hides_one() {
        let calm = [100.0, 101.0, 99.0, 102.0, 98.0];
        let outlier = [100.5, 99.5, 101.5, 100.2, 400.0];
        assert!(Comparison::of(&calm, &outlier, 0.01).unwrap().p_above > 0.1);
        let slower = [110.5, 109.5, 111.5, 110.2, 400.0];
        assert!(Comparison::of(&calm, &slower, 0.01).unwrap().p_above < 0.01);
    }

    #[test]
    fn what_lies_around_zero_has_no_share() {
        let found = Comparison::of(&[-1.0, 0.0, 1.0], &[1.0, 2.0, 3.0], 0.01).unwrap();
        assert_eq!((found.change, found.shift, found.change_of(2.0)), (None, 2.0, None));
        let negative = Comparison::of(&[-10.0, -10.0, -10.0], &[-5.0, -5.0, -5.0], 0.01).unwrap();
        assert!((negative.change.unwrap().estimate - 0.5).abs() < 1e-12, "half of it up");
        assert_eq!(Comparison::of(&[], &[1.0], 0.01), None);
    }

    #[test]
    fn too_few_are_said_to_have_shown_nothing() {
        let found = Comparison::of(&[100.0], &[110.0], 0.01).unwrap();
        assert!(found.change.unwrap().detectable.is_infinite());
        assert!(found.p_above > 0.4);
        let one = Comparison::of(&[100.0, 101.0, 99.0, 100.0, 100.5], &[200.0], 0.01).unwrap();
        assert!(one.change.unwrap().detectable.is_infinite(), "ranks of one beside five agree with nothing: {one:?}");
    }
}
