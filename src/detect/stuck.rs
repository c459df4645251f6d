//! Values that do not move although they used to.

use serde::{Deserialize, Serialize};

use crate::model::Sensitivity;

/// No shorter run counts.
const SHORTEST_RUN: u32 = 5;
/// One that is so many times as rare in nats is grave.
const GRAVE: f64 = 4.0;
/// A run is stuck when it is rarer than e to minus this by how often equal values followed each other before.
const fn rarest(sensitivity: Sensitivity) -> f64 {
    match sensitivity {
        Sensitivity::Low => 40.0,
        Sensitivity::Medium => 25.0,
        Sensitivity::High => 18.0,
    }
}

/// So many pairs are remembered; then older ones count half.
const PAIRS: u32 = 8192;

/// A series as this detector knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stuck {
    last: Option<f64>,
    lowest: f64,
    highest: f64,
    /// Pairs of neighbours outside of stuck runs, and how many of them were equal.
    pairs: u32,
    ties: u32,
    /// Equal values at the end.
    run: u32,
    rests: bool,
}

/// What a value changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StuckChange {
    /// So many values in a row are the same.
    Stuck {
        /// How many.
        run: u32,
    },
    /// They still are, for so long that it is grave.
    LongStuck {
        /// How many.
        run: u32,
    },
    /// The values move again.
    Moves,
}

impl Stuck {
    /// Judges the next value.
    pub(crate) fn step(&mut self, value: f64, sensitivity: Sensitivity) -> Option<StuckChange> {
        let Some(last) = self.last.replace(value) else {
            (self.lowest, self.highest, self.run) = (value, value, 1);
            return None;
        };
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        if value.to_bits() != last.to_bits() {
            if !self.rests {
                self.learn();
            }
            self.run = 1;
            return std::mem::take(&mut self.rests).then_some(StuckChange::Moves);
        }
        self.run = self.run.saturating_add(1);
        // No errors, all memory in use: at an end of what there is, values may rest.
        let is_at_end = value <= self.lowest || value >= self.highest;
        if is_at_end || self.run < SHORTEST_RUN {
            return None;
        }
        let tie = (f64::from(self.ties) + 1.0) / (f64::from(self.pairs) + 2.0);
        let rarity = |run: u32| -f64::from(run) * tie.ln();
        if self.rests {
            // Nothing is learned of a run that is stuck, so it becomes grave with one of its values.
            let limit = GRAVE * rarest(sensitivity);
            let has_become_grave = rarity(self.run) >= limit && rarity(self.run - 1) < limit;
            return has_become_grave.then_some(StuckChange::LongStuck { run: self.run });
        }
        self.rests = rarity(self.run) >= rarest(sensitivity);
        self.rests.then_some(StuckChange::Stuck { run: self.run })
    }

    /// Whether its parts go together.
    pub(crate) const fn is_sound(&self) -> bool {
        self.last.is_none() || self.run > 0
    }

    /// Learns a run that is over: the pairs in it, and the one that ended it.
    const fn learn(&mut self) {
        self.pairs = self.pairs.saturating_add(self.run);
        self.ties = self.ties.saturating_add(self.run - 1);
        if self.pairs > PAIRS {
            self.pairs /= 2;
            self.ties /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(values: impl IntoIterator<Item = f64>) -> Vec<(usize, StuckChange)> {
        changes_at(Sensitivity::Medium, values)
    }

    fn changes_at(sensitivity: Sensitivity, values: impl IntoIterator<Item = f64>) -> Vec<(usize, StuckChange)> {
        let mut stuck = Stuck::default();
        values.into_iter().enumerate().filter_map(|(at, value)| Some((at, stuck.step(value, sensitivity)?))).collect()
    }

    fn moving(n: usize) -> Vec<f64> {
        (0..n).map(|at| (at * 7919 % 101) as f64).collect()
    }

    #[test]
    fn a_run_of_what_used_to_move_is_stuck_until_it_moves() {
        // 100 pairs and no tie: e^-25 is reached by 25 / ln 102 = 5.4, so by 6 equal values.
        let values = [moving(101), vec![50.5; 20], moving(3)].concat();
        assert_eq!(changes(values), [(106, StuckChange::Stuck { run: 6 }), (121, StuckChange::Moves)]);
    }

    #[test]
    fn what_stays_stuck_becomes_grave_once() {
        // e^-100 is reached by 100 / ln 102 = 21.6, so by 22 equal values.
        let values = [moving(101), vec![50.5; 60], moving(3)].concat();
        let [stuck, grave, moves] = changes(values)[..] else { panic!("three changes") };
        assert_eq!((stuck, grave), ((106, StuckChange::Stuck { run: 6 }), (122, StuckChange::LongStuck { run: 22 })));
        assert_eq!(moves, (161, StuckChange::Moves));
    }

    #[test]
    fn the_more_sensitive_the_shorter_is_a_run_that_is_stuck() {
        // ln 102 = 4.6 for each equal value: 40 nats by 9, 25 by 6, and no run of fewer than 5 counts.
        let values = [moving(101), vec![50.5; 12]].concat();
        let runs = Sensitivity::EVERY.map(|sensitivity| changes_at(sensitivity, values.clone()));
        assert_eq!(runs, [9, 6, 5].map(|run| vec![(100 + run as usize, StuckChange::Stuck { run })]));
    }

    #[test]
    fn values_that_often_rest_may_rest() {
        let steps = (0..2_000).map(|at| f64::from(at / 10 * 7919 % 101));
        assert_eq!(changes(steps), []);
    }

    #[test]
    fn an_end_of_the_range_is_not_stuck() {
        let errors = [moving(101), vec![0.0; 500], moving(50), vec![100.0; 500]].concat();
        assert_eq!(changes(errors), []);
        assert_eq!(changes([3.0; 500]), []);
    }
}
