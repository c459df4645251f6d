//! Where the time goes: which modules and phases take most of it, and which take more than they did.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::Comparison;
use super::history::comparable;
use crate::model::{NewRun, Run, measure};

/// The newest runs are compared with as many before, so many at most,
const GROWTH_RUNS: usize = 25;
/// and so many at least.
const FEWEST_RUNS: usize = 5;
/// A change this likely by chance is none.
pub const GROWTH_SIGNIFICANCE: f64 = 0.01;

/// A module or one of its phases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bottleneck {
    /// What was executed.
    pub module: Arc<str>,
    /// Its part; `None` for the whole.
    pub phase: Option<Arc<str>>,
    /// All the time it took, failed runs and all, in ms.
    pub total_ms: f64,
    /// As a share of what all modules took.
    pub share: f64,
    /// How many runs had it.
    pub runs: usize,
    /// How it has changed; `None` when there are too few runs to tell.
    pub growth: Option<Growth>,
}

/// The newest runs against those before them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Growth {
    /// The change in percent (Hodges-Lehmann).
    pub change_percent: f64,
    /// Probability of ranks as far apart when nothing has changed (Mann-Whitney).
    pub p_value: f64,
    /// Runs before,
    pub before: usize,
    /// and newest ones.
    pub newest: usize,
}

impl Growth {
    /// Whether it takes more time for sure.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.p_value < GROWTH_SIGNIFICANCE && self.change_percent > 0.0
    }

    fn of(values: &[f64]) -> Option<Self> {
        let newest = GROWTH_RUNS.min(values.len() / 2);
        if newest < FEWEST_RUNS {
            return None;
        }
        let (before, after) = values.split_at(values.len() - newest);
        let before = &before[before.len().saturating_sub(GROWTH_RUNS)..];
        let found = Comparison::of(before, after, GROWTH_SIGNIFICANCE)?;
        Some(Self {
            change_percent: 100.0 * found.change?.estimate,
            p_value: found.p_value,
            before: before.len(),
            newest,
        })
    }
}

/// The modules and their phases, those that took most time first. Each item of `modules` holds the runs of one module, in
/// the order in which they began.
#[must_use]
pub fn bottlenecks(modules: &[impl AsRef<[Run]>]) -> Vec<Bottleneck> {
    let mut found: Vec<Bottleneck> = modules.iter().flat_map(|runs| of_module(runs.as_ref())).collect();
    let whole_ms: f64 = found.iter().filter(|one| one.phase.is_none()).map(|one| one.total_ms).sum();
    for one in &mut found {
        one.share = if whole_ms > 0.0 { one.total_ms / whole_ms } else { 0.0 };
    }
    found.sort_by(|one, other| other.total_ms.total_cmp(&one.total_ms));
    found
}

fn of_module(runs: &[Run]) -> Vec<Bottleneck> {
    let Some(newest) = runs.last() else { return Vec::new() };
    let mut places: HashMap<Option<&str>, usize> = HashMap::new();
    let mut found: Vec<(Bottleneck, Vec<f64>)> = Vec::new();
    for (run, comparable) in runs.iter().zip(comparable(runs)) {
        for (phase, duration_ms) in parts(&run.run) {
            let place = *places.entry(phase.map(|name| &**name)).or_insert(found.len());
            if place == found.len() {
                let (module, phase) = (Arc::clone(&newest.run.module), phase.cloned());
                found
                    .push((Bottleneck { module, phase, total_ms: 0.0, share: 0.0, runs: 0, growth: None }, Vec::new()));
            }
            let (one, values) = &mut found[place];
            one.total_ms += duration_ms;
            one.runs += 1;
            values.extend(comparable.map(|_| duration_ms));
        }
    }
    found.into_iter().map(|(one, values)| Bottleneck { growth: Growth::of(&values), ..one }).collect()
}

/// The time of the whole and of its phases, in ms.
fn parts(run: &NewRun) -> impl Iterator<Item = (Option<&Arc<str>>, f64)> {
    let whole = run.measured(measure::DURATION).map(|duration_ms| (None, duration_ms));
    whole.into_iter().chain(run.phases.iter().map(|phase| (Some(&phase.name), phase.duration_ms)))
}
