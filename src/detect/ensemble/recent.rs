//! The last hundred samples of a series, and the forest that was grown from them.

use crate::stats::{Fences, IsolationForest, Line, Moments, line};

/// How many samples are looked back on, and the fewest of them.
pub(super) const SPAN: usize = 100;
pub(super) const FEWEST: usize = 30;
/// The forest is grown anew after so many samples: a tenth of the window has changed then, which is what it takes for odd.
/// Growing it costs as much as judging some dozens of samples.
const GROWN_EVERY: u32 = 10;
/// The seed of every forest: the same samples are judged the same.
const SEED: u64 = 42;

/// The values before the one to be judged, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Recent {
    values: Vec<f64>,
    forest: Option<Grown>,
    since_grown: u32,
}

/// A forest, and the score beyond which a value counts as odd to it.
#[derive(Debug, Clone, PartialEq)]
struct Grown {
    forest: IsolationForest,
    threshold: f64,
}

impl Recent {
    /// Takes in a value that was judged.
    pub(super) fn push(&mut self, value: f64) {
        if self.values.len() == SPAN {
            self.values.remove(0);
        }
        self.values.push(value);
        self.since_grown = self.since_grown.saturating_add(1);
    }

    /// Whether there are enough of them, and not all the same: after a hundred equal values a different one is not as
    /// rare as a value beyond 3 standard deviations.
    pub(super) fn is_enough(&self) -> bool {
        self.values.len() >= FEWEST && self.values.iter().any(|value| value.to_bits() != self.values[0].to_bits())
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn moments(&self) -> Moments {
        Moments::of(&self.values)
    }

    /// The fences; `None` when the middle half is one value, which says nothing of how far others may be.
    pub(super) fn fences(&self, multiplier: f64) -> Option<Fences> {
        Fences::of(&mut self.values.clone(), multiplier).filter(|fences| fences.q1 < fences.q3)
    }

    /// The line through the last hundred values, the new one being the last of them.
    pub(super) fn line_to(&self, value: f64) -> Option<Line> {
        let begin = (self.values.len() + 1).saturating_sub(SPAN);
        let points: Vec<Option<f64>> = self.values[begin..].iter().chain([&value]).copied().map(Some).collect();
        line(&points)
    }

    /// The score of a value in the isolation forest, and whether that is among the highest `contamination` of those that
    /// it was grown from.
    pub(super) fn isolation(&mut self, value: f64, contamination: f64) -> Option<(f64, bool)> {
        if self.forest.is_none() || self.since_grown >= GROWN_EVERY {
            let forest = IsolationForest::grow(&self.values, SEED)?;
            let threshold = forest.threshold(&self.values, contamination)?;
            self.forest = Some(Grown { forest, threshold });
            self.since_grown = 0;
        }
        let grown = self.forest.as_ref()?;
        let score = grown.forest.score(value);
        // What differs by rounding alone is as odd as what is not.
        Some((score, score > grown.threshold + 1e-9))
    }
}
