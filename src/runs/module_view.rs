//! What the dashboard shows of a module: its runs, which of them are unlike the others, and where their time goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bottlenecks::{Bottleneck, Growth, bottlenecks};
use super::history::comparable;
use crate::model::{
    MeasureColumn, MetricName, ModuleView, NewRun, PhaseView, Run, RunCell, RunThresholds, RunView, Unit, measure,
};
use crate::stats::Fences;

/// Told of every run that has it, the most telling first.
const COLUMNS: [&str; 7] = [
    measure::DURATION,
    measure::CPU,
    measure::MEMORY,
    measure::API_LATENCY,
    measure::ITEMS_PER_HOUR,
    measure::LINES_PER_HOUR,
    measure::SPEED_UP,
];
/// Fewer values than these have no outliers.
const FEWEST_VALUES: usize = 8;
/// Interquartile ranges beyond the quartiles: what lies farther is "far out" (Tukey 1977, Exploratory Data Analysis, 2D).
/// Of independent normal values two in a million do.
const FENCE: f64 = 3.0;

/// The module with its runs, in their order; `metric` is one of its measures, and `anomalies` are the runs that were recorded
/// as such, with the measure. `None` when no run has the measure.
#[must_use]
pub fn module_view(
    metric: &MetricName,
    runs: &[Run],
    anomalies: &BTreeSet<(i64, Arc<str>)>,
    thresholds: &RunThresholds,
) -> Option<ModuleView> {
    let module = Arc::clone(&runs.last()?.run.module);
    let on_screen = metric.strip_prefix(&*module)?.strip_prefix('.')?;
    let is_taken = |name: &str| runs.iter().any(|run| value(&run.run, name).is_some());
    if !is_taken(on_screen) {
        return None;
    }
    // The one on screen is told wherever there is room for two.
    let beside = (on_screen != measure::SUCCESS).then_some(on_screen);
    let mut names: Vec<&str> = Vec::new();
    for name in COLUMNS[..1].iter().copied().chain(beside).chain(COLUMNS).filter(|name| is_taken(name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cells = |name: &str| cells(runs, name, anomalies, thresholds.noise(name));
    let columns: Vec<Vec<Option<RunCell>>> = names.iter().map(|name| cells(name)).collect();
    let shown = cells(on_screen);
    let environment = runs.last().and_then(|newest| newest.run.environment.clone());
    let view = |(place, Run { run, .. }): (usize, &Run)| RunView {
        ended_ms: run.ended_ms,
        exit: run.exit,
        commit: run.commit.as_deref().map(Arc::from),
        is_elsewhere: run.environment != environment,
        cells: columns.iter().map(|column| column[place]).collect(),
        shown: shown[place],
    };
    Some(ModuleView {
        module,
        metric: MetricName::clone(metric),
        columns: names.iter().map(|&name| MeasureColumn { name: name.into(), unit: Unit::from_name(name) }).collect(),
        runs: runs.iter().enumerate().map(view).collect(),
        phases: phases(runs),
    })
}

/// What was measured of a run, its success and its phases among it.
fn value(run: &NewRun, name: &str) -> Option<f64> {
    let phase = || {
        let phase = name.strip_suffix(measure::DURATION)?.strip_suffix('.')?;
        run.phases.iter().find(|part| *part.name == *phase).map(|part| part.duration_ms)
    };
    let success = || (name == measure::SUCCESS).then(|| f64::from(u8::from(run.exit.is_success())));
    run.measured(name).or_else(success).or_else(phase)
}

/// A measure of every run. Outliers are those that were recorded as anomalies, and what is far out among the runs that can
/// be compared with the newest, by more than noise.
fn cells(runs: &[Run], name: &str, anomalies: &BTreeSet<(i64, Arc<str>)>, noise: f64) -> Vec<Option<RunCell>> {
    let measure: Arc<str> = name.into();
    let compared: Vec<Option<f64>> = comparable(runs).map(|run| value(run?, name)).collect();
    let fences = if name == measure::SUCCESS { None } else { fences(compared.iter().flatten().copied()) };
    let cell = |(Run { id, run }, compared): (&Run, &Option<f64>)| {
        let is_beyond = |(fences, value): (Fences, f64)| {
            !(fences.lower..=fences.upper).contains(&value) && (value - fences.median).abs() > noise
        };
        let is_far_out = fences.zip(*compared).is_some_and(is_beyond);
        let is_anomaly = !anomalies.is_empty() && anomalies.contains(&(*id, Arc::clone(&measure)));
        value(run, name).map(|value| RunCell { value, is_outlier: is_far_out || is_anomaly })
    };
    runs.iter().zip(&compared).map(cell).collect()
}

/// Between which values lies what is not far out; `None` for too few values, and for those of which half are equal.
fn fences(values: impl Iterator<Item = f64>) -> Option<Fences> {
    let mut values: Vec<f64> = values.collect();
    if values.len() < FEWEST_VALUES {
        return None;
    }
    Fences::of(&mut values, FENCE).filter(|fences| fences.q1 < fences.q3)
}

/// The phases of the runs that can be compared with the newest.
fn phases(runs: &[Run]) -> Vec<PhaseView> {
    let all_ms: f64 = comparable(runs).filter_map(|run| run?.measured(measure::DURATION)).sum();
    let phase = |part: &Bottleneck| {
        let name = part.phase.clone()?;
        let parts = comparable(runs).flatten().flat_map(|run| &run.phases).filter(|phase| phase.name == name);
        let (runs, total_ms) = parts.fold((0_u32, 0.0), |(runs, sum_ms), phase| (runs + 1, sum_ms + phase.duration_ms));
        let growth_percent = part.growth.filter(Growth::is_sure).map(|growth| growth.change_percent);
        let share = if all_ms > 0.0 { total_ms / all_ms } else { 0.0 };
        (runs > 0).then(|| PhaseView { name, average_ms: total_ms / f64::from(runs), share, growth_percent })
    };
    let mut phases: Vec<PhaseView> = bottlenecks(&[runs]).iter().filter_map(phase).collect();
    phases.sort_by(|one, other| other.share.total_cmp(&one.share));
    phases
}
