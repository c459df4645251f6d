//! The gate's test of itself: how often it calls a regression where nothing has changed.

use fastrand::Rng;
use serde::Serialize;

use super::gate::{Evidence, GateOptions, Verdict, judge};
use crate::model::Direction;

/// Splits that are judged: a rate of 1 % is known within half a percent.
const SPLITS: usize = 1_000;
/// The same history gives the same answer.
const SEED: u64 = 1;

/// How often a gate was wrong where nothing had changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// Comparisons that were made.
    pub splits: usize,
    /// Of them, how many had a regression in any metric,
    pub regressions: usize,
    /// and how many an improvement.
    pub improvements: usize,
    /// Runs that stood for those before,
    pub before: usize,
    /// and for the newest.
    pub after: usize,
}

/// Deals out the runs of a history by chance, again and again, to those before and `after` newest ones, and has them
/// judged. `runs` holds for each run the value of each metric, `metrics` which way is better for it and what is noise. `None` when they are too few to be dealt out.
///
/// What changed within the history is spread over both sides, so this is the rate of false alarms from noise alone.
#[must_use]
pub fn self_test(
    runs: &[Vec<Option<f64>>],
    metrics: &[(Direction, f64)],
    after: usize,
    options: &GateOptions,
) -> Option<SelfTest> {
    let before = runs.len().checked_sub(after).filter(|&before| before > 0 && after > 0)?;
    let mut rng = Rng::with_seed(SEED);
    let mut order: Vec<&Vec<Option<f64>>> = runs.iter().collect();
    let (mut regressions, mut improvements) = (0, 0);
    for _ in 0..SPLITS {
        rng.shuffle(&mut order);
        let (newest, others) = order.split_at(after);
        let of = |runs: &[&Vec<Option<f64>>], metric: usize| runs.iter().filter_map(|run| run[metric]).collect();
        let evidence: Vec<Evidence> = metrics
            .iter()
            .enumerate()
            .map(|(metric, &(direction, noise))| Evidence {
                before: of(others, metric),
                after: of(newest, metric),
                direction,
                noise,
                is_comparable: true,
            })
            .collect();
        let judged = judge(&evidence, options);
        let has = |verdict| usize::from(judged.iter().any(|judged| judged.verdict == verdict));
        regressions += has(Verdict::Regression);
        improvements += has(Verdict::Improvement);
    }
    Some(SelfTest { splits: SPLITS, regressions, improvements, before, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_alone_is_rarely_a_regression_and_never_with_a_large_effect_asked_for() {
        let mut rng = Rng::with_seed(7);
        let runs: Vec<_> = (0..35).map(|_| vec![Some(100.0 * (1.0 + 0.1 * (rng.f64() - 0.5)))]).collect();
        let found = self_test(&runs, &[(Direction::Lower, 0.0)], 5, &GateOptions::default()).unwrap();
        assert_eq!((found.before, found.after, found.splits), (30, 5, SPLITS));
        assert!(found.regressions <= SPLITS / 100, "{found:?}");
        let blind = GateOptions { significance: 1.0, min_effect: 0.0, ..GateOptions::default() };
        let found = self_test(&runs, &[(Direction::Lower, 0.0)], 5, &blind).unwrap();
        assert!(found.regressions > SPLITS / 20, "a test that asks for nothing finds something: {found:?}");
        assert_eq!(self_test(&runs[..5], &[(Direction::Lower, 0.0)], 5, &blind), None);
    }
}
