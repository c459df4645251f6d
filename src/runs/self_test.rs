//! The gate's test of itself: how often it calls a regression where nothing has changed.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde::Serialize;

use super::gate::{Evidence, GateOptions, Verdict, judge};
use crate::model::Direction;

/// Deals that are made: a rate of 1 % is known within half a percent.
const DEALS: usize = 1_000;
/// The same history gives the same answer.
const SEED: u64 = 1;

/// How often a gate was wrong where nothing had changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// Comparisons that were made, all of them different.
    pub splits: usize,
    /// Of them, how many had a regression in any metric,
    pub regressions: usize,
    /// and how many an improvement.
    pub improvements: usize,
    /// Batches that were dealt out.
    pub batches: usize,
    /// Runs that stood for those before,
    pub before: usize,
    /// and for the newest, as far as batches come out even.
    pub after: usize,
}

/// The value of each metric in one run.
pub type Row = Vec<Option<f64>>;

/// Deals out the batches of a history by chance, again and again, to those before and at least `after` newest runs, and has
/// them judged. `metrics` holds for each metric which way is better and what is noise. `None` when they are too few for
/// any deal to be judged.
///
/// Runs of a batch are made one after the other and share what they began with, so they stay together: dealt out one by
/// one they would be more alike on both sides than a new batch is to those before.
#[must_use]
pub fn self_test(
    batches: &[Vec<Row>],
    metrics: &[(Direction, f64)],
    after: usize,
    options: &GateOptions,
) -> Option<SelfTest> {
    let mut rng = Rng::with_seed(SEED);
    let mut order: Vec<usize> = (0..batches.len()).collect();
    let mut seen = BTreeSet::new();
    let (mut splits, mut regressions, mut improvements) = (0, 0, 0);
    for _ in 0..DEALS {
        rng.shuffle(&mut order);
        let (newest, others) = order.split_at(enough(batches, &order, after));
        let mut deal = newest.to_vec();
        deal.sort_unstable();
        if !seen.insert(deal) {
            continue;
        }
        let of = |dealt: &[usize], metric: usize| {
            dealt.iter().flat_map(|&batch| &batches[batch]).filter_map(|run| run[metric]).collect()
        };
        let evidence = metrics.iter().enumerate().map(|(metric, &(direction, noise))| Evidence {
            before: of(others, metric),
            after: of(newest, metric),
            direction,
            noise,
            is_comparable: true,
            has_failed: false,
        });
        let judged = judge(&evidence.collect::<Vec<_>>(), options);
        let has = |verdict| usize::from(judged.iter().any(|judged| judged.verdict == verdict));
        splits += usize::from(judged.iter().any(|judged| judged.verdict != Verdict::NotEnoughData));
        regressions += has(Verdict::Regression);
        improvements += has(Verdict::Improvement);
    }
    let runs: usize = batches.iter().map(Vec::len).sum();
    (splits > 0).then(|| SelfTest {
        splits,
        regressions,
        improvements,
        batches: batches.len(),
        before: runs.saturating_sub(after),
        after,
    })
}

/// How many of the batches, in this order, hold so many runs.
fn enough(batches: &[Vec<Row>], order: &[usize], runs: usize) -> usize {
    let mut held = 0;
    let is_short = |batch: &&usize| {
        let is_short = held < runs;
        held += batches[**batch].len();
        is_short
    };
    order.iter().take_while(is_short).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWER: [(Direction, f64); 1] = [(Direction::Lower, 0.0)];

    fn row(value: f64) -> Row {
        vec![Some(value)]
    }

    #[test]
    fn noise_alone_is_rarely_a_regression_and_never_with_a_large_effect_asked_for() {
        let mut rng = Rng::with_seed(7);
        let runs: Vec<_> = (0..35).map(|_| vec![row(100.0 * (1.0 + 0.1 * (rng.f64() - 0.5)))]).collect();
        let found = self_test(&runs, &LOWER, 5, &GateOptions::default()).unwrap();
        assert_eq!((found.before, found.after, found.batches), (30, 5, 35));
        assert!(found.splits > DEALS - 20, "hardly any deal comes twice: {found:?}");
        assert!(found.regressions <= DEALS / 100, "{found:?}");
        let blind = GateOptions { significance: 1.0, min_effect: 0.0, ..GateOptions::default() };
        let found = self_test(&runs, &LOWER, 5, &blind).unwrap();
        assert!(found.regressions > DEALS / 20, "a test that asks for nothing finds something: {found:?}");
        assert_eq!(self_test(&runs[..5], &LOWER, 5, &blind), None);
    }

    #[test]
    fn what_a_batch_has_in_common_counts() {
        // Every start of the machine is some percent off, and the runs of one start hardly differ.
        let batches: Vec<Vec<Row>> = (0..8)
            .map(|batch| {
                (0..5).map(|run| row(100.0 + f64::from(batch * 37 % 8) * 2.0 + f64::from(run) * 0.1)).collect()
            })
            .collect();
        let together = self_test(&batches, &LOWER, 5, &GateOptions::default()).unwrap();
        assert_eq!((together.splits, together.batches, together.before, together.after), (8, 8, 35, 5));
        assert!(together.regressions * 8 >= together.splits, "{together:?}");
        let apart: Vec<Vec<Row>> = batches.into_iter().flatten().map(|run| vec![run]).collect();
        let apart = self_test(&apart, &LOWER, 5, &GateOptions::default()).unwrap();
        assert!(apart.regressions * 50 < apart.splits, "dealt out one by one nothing shows: {apart:?}");
    }

    #[test]
    fn batches_that_do_not_come_out_even_are_dealt_out_whole() {
        let batch = |count: usize| vec![row(100.0); count];
        let found = self_test(&[batch(3), batch(3), batch(9)], &LOWER, 5, &GateOptions::default()).unwrap();
        // Both small ones, or the large one; a small one with the large one leaves too few before.
        assert_eq!((found.splits, found.regressions, found.before, found.after), (2, 0, 10, 5));
    }
}
