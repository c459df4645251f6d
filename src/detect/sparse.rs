//! Series of few samples, such as the durations of builds: judged by their last hundred values, as there will never be
//! thousands to compare with.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::surprise::Thresholds;

/// The values that are remembered, and the fewest to judge by. The newer half of them has no say, unless there are few: a
/// slow drift must not become what it is compared with.
const KNOWN: usize = 100;
const FEWEST: usize = 16;
const FEW: usize = 32;
/// The weight of the newest value in the moving mean that finds small lasting shifts (Roberts 1959, Control chart tests
/// based on geometric moving averages).
const WEIGHT: f64 = 0.3;
/// The standard deviation of normal values by their median absolute deviation (Rousseeuw & Croux 1993).
const SD_OF_MAD: f64 = 1.482_6;
/// 4.2 robust standard deviations are worth a warning.
const NATS_PER_SD: f64 = Thresholds::USUAL.warning / 4.2;
/// Values that hardly ever differ have no deviation; this share of their size is taken for one.
const LEAST_SD: f64 = 0.01;

/// A series as this detector knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sparse {
    values: VecDeque<f64>,
    means: VecDeque<f64>,
    mean: Option<f64>,
}

impl Sparse {
    /// How surprising the next value is, or the moving mean with it, in nats: by how many robust standard deviations
    /// it is away from the older half of those before; `None` while too few are known. Then learns it. Positive values
    /// are compared by their logarithms.
    pub(crate) fn judge(&mut self, value: f64) -> Option<f64> {
        let value = if value > 0.0 { value.ln() } else { value };
        let mean = self.mean.map_or(value, |mean| mean + WEIGHT * (value - mean));
        self.mean = Some(mean);
        let n = self.values.len();
        let old = n.div_ceil(2).max(n.min(FEW));
        let distance = (n >= FEWEST).then(|| {
            let values = deviations(self.values.iter().take(old), value).abs();
            NATS_PER_SD * values.max(deviations(self.means.iter().take(old), mean).abs())
        });
        if n == KNOWN {
            self.values.pop_front();
            self.means.pop_front();
        }
        self.values.push_back(value);
        self.means.push_back(mean);
        distance
    }

    /// Whether its parts go together.
    pub(crate) fn is_sound(&self) -> bool {
        self.values.len() == self.means.len() && self.values.len() <= KNOWN
    }
}

/// How many robust standard deviations a value is away from the median of others.
fn deviations<'a>(known: impl Iterator<Item = &'a f64>, value: f64) -> f64 {
    let mut known: Vec<f64> = known.copied().collect();
    let center = median(&mut known);
    for known in &mut known {
        *known = (*known - center).abs();
    }
    let spread = SD_OF_MAD * median(&mut known);
    (value - center) / spread.max(LEAST_SD)
}

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Durations around 300 s, a few percent up and down.
    fn calm(n: usize) -> Vec<f64> {
        (0..n).map(|at| 300.0 + (at * 7919 % 23) as f64).collect()
    }

    fn last(values: Vec<f64>) -> Option<f64> {
        let mut sparse = Sparse::default();
        values.into_iter().map(|value| sparse.judge(value)).last().flatten()
    }

    #[test]
    fn it_needs_some_runs_first() {
        assert_eq!(last(calm(FEWEST)), None);
        assert!(last(calm(FEWEST + 1)).is_some());
    }

    #[test]
    fn a_long_run_and_a_lasting_shift_are_surprising_and_calm_ones_are_not() {
        let warning = Thresholds::USUAL.warning;
        assert!((FEWEST + 1..120).all(|n| last(calm(n)).is_some_and(|surprise| surprise < warning)));
        assert!(last([calm(60), vec![450.0]].concat()).is_some_and(|surprise| surprise > warning));
        assert!(last([calm(60), vec![345.0; 4]].concat()).is_some_and(|surprise| surprise > warning));
    }

    #[test]
    fn any_numbers_are_survived() {
        for value in [0.0, -1.0, f64::MAX, f64::MIN, 5e-324] {
            assert!(last([vec![value; 70], vec![1.0]].concat()).is_some_and(|surprise| !surprise.is_nan()), "{value}");
        }
    }
}
