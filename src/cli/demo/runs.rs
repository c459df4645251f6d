//! Runs of a build, as `perftop run` would have recorded them: a month of working days, in which the compiler became slower,
//! a few builds failed and one was disturbed.
//!
//! Pure, as the generator of samples is: the same seed and time give the same runs.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::model::{Environment, NewRun, Phase, RunExit, measure};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const DAYS: i64 = 27;
/// Hours of the day, UTC, at which it is run.
const HOURS: [i64; 5] = [8, 10, 11, 13, 14];
/// Since so many days ago the compiler takes longer.
const SLOWER_FOR_DAYS: i64 = 8;
/// The runs that failed, and one beside which something else kept the machine busy, counted from the oldest.
const FAILED: [usize; 4] = [12, 41, 68, 87];
const DISTURBED: usize = 76;

/// The runs that were over at `now_ms`, the oldest first.
#[must_use]
pub fn history(now_ms: i64, seed: u64) -> Vec<NewRun> {
    let midnight_ms = now_ms - now_ms.rem_euclid(DAY_MS);
    let days = (0..=DAYS).rev().map(|ago| midnight_ms - ago * DAY_MS);
    // 1970-01-01 was a Thursday.
    let working_days = days.filter(|day_ms| !matches!((day_ms / DAY_MS + 3).rem_euclid(7), 5 | 6));
    let mut rng = Rng::with_seed(seed);
    let starts = working_days.flat_map(|day_ms| HOURS.map(|hour| day_ms + hour * HOUR_MS));
    let starts: Vec<i64> = starts.map(|start_ms| start_ms + rng.i64(0..HOUR_MS / 2)).collect();
    let is_over = |start_ms: &i64| *start_ms < now_ms - HOUR_MS / 10;
    starts.into_iter().filter(is_over).enumerate().map(|(number, at_ms)| run(number, at_ms, now_ms, &mut rng)).collect()
}

fn run(number: usize, started_ms: i64, now_ms: i64, rng: &mut Rng) -> NewRun {
    let is_slower = now_ms - started_ms < SLOWER_FOR_DAYS * DAY_MS;
    let mut noisy = |level: f64| level * (0.96 + 0.08 * (rng.f64() + rng.f64()) / 2.0);
    let disturbed = if number == DISTURBED { 1.9 } else { 1.0 };
    let compile_ms = noisy(if is_slower { 49_000.0 } else { 38_000.0 }) * disturbed;
    let test_ms = noisy(61_000.0) * disturbed;
    let has_failed = FAILED.contains(&number);
    // Tests that fail end the build before it is packed.
    let duration_ms = noisy(4_300.0) + compile_ms + test_ms + if has_failed { 0.0 } else { noisy(8_200.0) };
    let phases = [("compile", compile_ms), ("test", test_ms)];
    let measures = [(measure::DURATION, duration_ms), (measure::MEMORY, noisy(2.3e9))];
    NewRun {
        module: "build".into(),
        key: number.to_string(),
        batch: number.to_string(),
        started_ms,
        ended_ms: started_ms + duration_ms as i64,
        exit: RunExit::Code(if has_failed { 101 } else { 0 }),
        source: "run/rusage".to_owned(),
        commit: Some(format!("{:08x}{:032x}", rng.u32(..), rng.u128(..))),
        environment: Some(Environment { cpu: "AMD EPYC 7763".to_owned(), cores: 4, os: "linux x86_64".to_owned() }),
        tags: BTreeMap::new(),
        measures: measures.map(|(name, value)| (name.to_owned(), value)).into(),
        phases: phases.map(|(name, duration_ms)| Phase { name: name.into(), duration_ms }).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Run, RunThresholds};
    use crate::runs::judge_runs;

    const START_MS: i64 = 1_795_183_500_000;

    #[test]
    fn whenever_it_starts_its_runs_are_over_and_none_is_unusual_any_more() {
        for started_ms in (0..14 * 24).step_by(5).map(|hours| START_MS + hours * HOUR_MS) {
            let runs = history(started_ms, 1);
            assert!((85..=100).contains(&runs.len()), "{} runs", runs.len());
            assert!(runs.iter().all(|run| run.ended_ms < started_ms));
            let runs: Vec<Run> = (1..).zip(runs).map(|(id, run)| Run { id, run }).collect();
            let mut open = BTreeSet::new();
            let mut found = 0;
            for judged in judge_runs(&runs, &RunThresholds::default()) {
                for over in judged.recovered.iter().chain(&judged.lasting) {
                    open.remove(over);
                }
                found += judged.anomalies.len();
                open.extend(judged.anomalies.into_iter().map(|anomaly| anomaly.metric));
            }
            assert!(found > 0 && open.is_empty(), "{started_ms}: {found}, {open:?}");
        }
    }
}
