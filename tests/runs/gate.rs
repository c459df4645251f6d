//! The gate over simulated histories: rarely wrong where nothing changed, and not blind where something did.

use fastrand::Rng;
use perftop::model::Direction;
use perftop::runs::{Evidence, GateOptions, Verdict, judge};

use crate::histories::{EVERY, Noise};

const TRIALS: usize = 4_000;

/// The share of comparisons with a verdict.
fn rate(noise: Noise, (before, after): (usize, usize), step: f64, verdict: Verdict) -> f64 {
    let mut rng = Rng::with_seed(11);
    let is = |_: &usize| {
        let (before, after) = noise.runs(before, after, step, &mut rng);
        let evidence =
            Evidence { before, after, direction: Direction::Lower, noise: 0.0, is_comparable: true, has_failed: false };
        judge(&[evidence], &GateOptions::default())[0].verdict == verdict
    };
    (0..TRIALS).filter(is).count() as f64 / TRIALS as f64
}

/// One in a hundred over all kinds of noise, and for none of them more than half a percent above: by chance, with so
/// many trials, a rate of 1 % is seen as up to 1.5 %.
#[test]
fn one_in_a_hundred_unchanged_comparisons_is_called_a_regression_at_most() {
    for sides in [(5, 5), (30, 5)] {
        let rates = EVERY.map(|noise| rate(noise, sides, 0.0, Verdict::Regression));
        assert!(rates.iter().all(|&rate| rate <= 0.015), "{sides:?}: {rates:?}");
        assert!(rates.iter().sum::<f64>() / rates.len() as f64 <= 0.01, "{sides:?}: {rates:?}");
    }
}

#[test]
fn a_tenth_more_at_three_percent_of_noise_is_found_with_five_runs_a_side() {
    let found = rate(Noise::LogNormal(0.03), (5, 5), 0.1, Verdict::Regression);
    assert!(found >= 0.945, "{found}");
    assert!(rate(Noise::LogNormal(0.01), (5, 5), 0.05, Verdict::Regression) > 0.9);
    assert!(rate(Noise::LogNormal(0.1), (30, 5), 0.25, Verdict::Regression) > 0.9);
}

#[test]
fn less_than_the_least_effect_is_none() {
    assert!(rate(Noise::LogNormal(0.01), (30, 10), 0.01, Verdict::Regression) < 0.001);
    assert!(rate(Noise::LogNormal(0.03), (30, 10), -0.1, Verdict::Improvement) > 0.95);
}

/// A history that drifts slowly is not called one until the newest runs have left the scatter of those before.
#[test]
fn a_slow_drift_is_called_when_it_has_become_large() {
    let drifting = |rise: f64| {
        let mut rng = Rng::with_seed(5);
        let calls = |_: &usize| {
            let (before, after) = Noise::LogNormal(0.03).runs(30, 5, 0.0, &mut rng);
            let risen = |values: Vec<f64>, from: usize| -> Vec<f64> {
                values.iter().zip(from..).map(|(value, run)| value * (1.0 + rise * run as f64)).collect()
            };
            let evidence = Evidence {
                before: risen(before, 0),
                after: risen(after, 30),
                direction: Direction::Lower,
                noise: 0.0,
                is_comparable: true,
                has_failed: false,
            };
            judge(&[evidence], &GateOptions::default())[0].verdict == Verdict::Regression
        };
        (0..1_000).filter(calls).count()
    };
    assert!(drifting(0.0) < 15, "nothing drifts");
    assert!(drifting(0.01) > 900, "a percent with each run");
}
