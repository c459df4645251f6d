//! What happens when runs were recorded: they are judged, and whoever wants to know is told: the store, `anomalies.log`,
//! the user's hook, and, in a line, the person at the terminal.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::time::Duration;

use serde_json::json;

use super::context::Context;
use crate::config::paths;
use crate::engine::{self, AnomalyLog};
use crate::measure;
use crate::model::text::{printable_json, printable_short};
use crate::model::{RecordedRunAnomaly, RunAnomaly, RunAnomalyState, RunJudgement};
use crate::store::{Store, StoreError};

/// Anomalies of a module among which those of its newest runs are.
const LOOKED_THROUGH: usize = 1_000;

/// What was found of new runs.
#[derive(Debug)]
struct Judged {
    judgements: Vec<RunJudgement>,
}

/// Judges the runs that nobody has judged yet, and tells of what is found. That the log or the hook fails is said, and
/// changes nothing.
pub fn new_runs(context: &Context, store: &mut Store) -> Result<(), StoreError> {
    let config = &context.config.runs;
    let judged = Judged { judgements: engine::judge_runs(store, &config.thresholds, context.now_ms())? };
    if judged.judgements.is_empty() {
        return Ok(());
    }
    let log = paths::anomalies_log();
    if let Err(error) = AnomalyLog::at(log.clone()).append(&judged.judgements) {
        say(&format!("cannot write `{}`: {error}", printable_short(&log.to_string_lossy(), 200)));
    }
    for event in judged.events() {
        let text = judged.event(event, context);
        let timeout = Duration::from_millis(config.hook_timeout_ms.unsigned_abs());
        let store = [("PERFTOP_DB", context.config.store.path.as_os_str())];
        if let Err(error) = measure::call(&config.hook, event, &store, &text, timeout) {
            say(&error.to_string());
        }
    }
    Ok(())
}

impl Judged {
    fn anomalies(&self) -> impl Iterator<Item = &RunAnomaly> {
        self.judgements.iter().flat_map(|judgement| &judgement.anomalies)
    }

    fn recovered(&self) -> impl Iterator<Item = (&str, &str)> {
        self.judgements.iter().flat_map(|RunJudgement { module, recovered, .. }| {
            recovered.iter().map(move |metric| (&**module, &**metric))
        })
    }

    /// What there is to tell: nothing of what is unusual still, for it was told.
    fn events(&self) -> Vec<&'static str> {
        let is_ongoing = self.judgements.iter().any(|judgement| !judgement.ongoing.is_empty());
        let (is_anomaly, is_back) = (self.anomalies().next().is_some(), self.recovered().next().is_some());
        let told = [("anomaly", is_anomaly), ("recovered", is_back), ("ok", !is_anomaly && !is_back && !is_ongoing)];
        told.into_iter().filter(|(_, is_there)| *is_there).map(|(event, _)| event).collect()
    }

    /// What the hook is told.
    fn event(&self, event: &str, context: &Context) -> String {
        let recovered: Vec<_> =
            self.recovered().map(|(module, metric)| json!({"module": module, "metric": metric})).collect();
        let mut modules: Vec<&str> = self.judgements.iter().map(|judgement| &*judgement.module).collect();
        modules.dedup();
        let told = json!({
            "schema": "perftop.run_event/1",
            "event": event,
            "at_ms": context.now_ms(),
            "runs": self.judgements.len(),
            "modules": modules,
            "anomalies": self.anomalies().collect::<Vec<_>>(),
            "recovered": recovered,
            "store": context.config.store.path.to_string_lossy(),
            "anomalies_log": paths::anomalies_log().to_string_lossy(),
        });
        printable_json(&told.to_string()) + "\n"
    }
}

/// The same, where the store can be written; what cannot be written can be read.
pub fn new_runs_if_writable(context: &Context, store: &mut Store) -> Result<(), StoreError> {
    match new_runs(context, store) {
        Err(StoreError::Permission { .. } | StoreError::Busy { .. } | StoreError::Full { .. }) => Ok(()),
        judged => judged,
    }
}

/// Says the status of a module: its anomalies that are open or were found in runs that began at or after `from_ms`, whoever
/// judged them, and what recovered in these. Of runs that all failed there is no performance to speak well of.
pub fn say_of(module: &str, from_ms: i64, has_success: bool, context: &Context) -> Result<(), StoreError> {
    let mut store = Store::open(&context.config.store.path)?;
    new_runs(context, &mut store)?;
    let found = store.run_anomalies(Some(module), i64::MIN, LOOKED_THROUGH)?;
    let is_unusual = |found: &&RecordedRunAnomaly| match found.state {
        RunAnomalyState::Open => true,
        RunAnomalyState::Lasting => found.anomaly.at_ms >= from_ms,
        RunAnomalyState::Recovered => false,
    };
    let is_back = |found: &&RecordedRunAnomaly| {
        found.state == RunAnomalyState::Recovered && found.settled_ms.is_some_and(|at_ms| at_ms >= from_ms)
    };
    let count = found.iter().filter(is_unusual).count();
    let recovered: BTreeSet<&str> = found.iter().filter(is_back).map(|found| &*found.anomaly.metric).collect();
    if count > 0 {
        context.say(&format!("Anomaly detected: {count} anomaly(ies)"));
    }
    let module = printable_short(module, 60);
    for metric in &recovered {
        context.say(&format!("Anomaly recovered: {module} - {}", printable_short(metric, 60)));
    }
    if count == 0 && recovered.is_empty() && has_success {
        context.say("Performance OK");
    }
    Ok(())
}

/// Where nobody reads stderr, as in the background, the log has it.
fn say(line: &str) {
    tracing::warn!("{line}");
    let _ = writeln!(io::stderr(), "perftop: {line}");
}
