//! How often the gate calls a regression, by how noisy runs are and how much slower the newest are.
//!
//! `cargo bench --bench gate` prints the table of `docs/ci.md`.
#![allow(clippy::print_stdout, reason = "a table for whoever runs it")]

#[path = "support/histories.rs"]
mod histories;

use fastrand::Rng;
use histories::Noise;
use perftop::model::Direction;
use perftop::runs::{Evidence, GateOptions, Verdict, judge};

/// Comparisons behind each cell.
const TRIALS: usize = 20_000;
const STEPS: [f64; 5] = [0.0, 0.03, 0.05, 0.1, 0.25];
/// Runs before, and newest ones.
const SIDES: [(usize, usize); 4] = [(5, 5), (10, 5), (30, 5), (30, 10)];

fn main() {
    println!(
        "Regressions called in {TRIALS} comparisons, and where nothing changed what is inconclusive, in percent\n"
    );
    println!("| runs before, after | noise | no change: inconclusive | no change | 3 % slower | 5 % | 10 % | 25 % |");
    println!("|---|---|---|---|---|---|---|---|");
    for (before, after) in SIDES {
        for noise in histories::EVERY {
            let share = |step: f64, verdict: Verdict| {
                let mut rng = Rng::with_seed(1);
                let called =
                    (0..TRIALS).filter(|_| found(noise.runs(before, after, step, &mut rng)) == verdict).count();
                format!("{:.1}", 100.0 * called as f64 / TRIALS as f64)
            };
            let not_sure = share(0.0, Verdict::Inconclusive);
            let cells = STEPS.map(|step| share(step, Verdict::Regression));
            println!("| {before}, {after} | {} | {not_sure} | {} |", name(noise), cells.join(" | "));
        }
    }
}

fn name(noise: Noise) -> String {
    match noise {
        Noise::LogNormal(cv) => format!("log-normal, cv {:.0} %", 100.0 * cv),
        Noise::Bimodal(share) => format!("two machines, {:.0} % slow", 100.0 * share),
        Noise::OneSlow => "cv 3 %, one run x 3".to_owned(),
    }
}

fn found((before, after): (Vec<f64>, Vec<f64>)) -> Verdict {
    let evidence =
        Evidence { before, after, direction: Direction::Lower, noise: 0.0, is_comparable: true, has_failed: false };
    judge(&[evidence], &GateOptions::default())[0].verdict
}
