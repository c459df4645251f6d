//! Runs made up for tests.

use std::collections::BTreeMap;

use perftop::model::{NewRun, Run, RunExit, measure};

/// A run of `build` that succeeded, with a duration alone; the `number`th, one an hour.
pub fn run(number: i64, duration_ms: f64) -> Run {
    with(number, &[(measure::DURATION, duration_ms)])
}

/// A run of `build` that succeeded, with these measures.
pub fn with(number: i64, measures: &[(&str, f64)]) -> Run {
    let started_ms = number * 3_600_000;
    Run {
        id: number + 1,
        run: NewRun {
            module: "build".into(),
            key: number.to_string(),
            batch: number.to_string(),
            started_ms,
            ended_ms: started_ms + 1_000,
            exit: RunExit::Code(0),
            source: "test".to_owned(),
            commit: None,
            environment: None,
            tags: BTreeMap::new(),
            measures: measures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            phases: Vec::new(),
        },
    }
}

/// The same, and it failed.
pub fn failed(run: Run) -> Run {
    Run { run: NewRun { exit: RunExit::Code(1), ..run.run }, ..run }
}

/// Runs of these durations, in ms.
pub fn durations(durations_ms: &[f64]) -> Vec<Run> {
    (0..).zip(durations_ms).map(|(number, &duration_ms)| run(number, duration_ms)).collect()
}

/// Runs of which `x` failed.
pub fn ends(marks: &str) -> Vec<Run> {
    (0..)
        .zip(marks.chars())
        .map(|(number, mark)| if mark == 'x' { failed(run(number, 100.0)) } else { run(number, 100.0) })
        .collect()
}
