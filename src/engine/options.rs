//! What the engine is told at its start, and the words it exchanges with the dashboard.

use std::path::PathBuf;

use crate::detect::DetectOptions;
use crate::model::time::Zone;
use crate::model::{Alert, MetricBook, RunThresholds};

/// What the engine works on and by which rules.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The store; created when it does not exist.
    pub store_path: PathBuf,
    /// The watched drop directory, if there is to be one; created when it does not exist.
    pub drop_dir: Option<PathBuf>,
    /// Units, directions and rules by metric.
    pub book: MetricBook,
    /// How samples are judged.
    pub detect: DetectOptions,
    /// The zone whose times of the day have habits.
    pub zone: Zone,
    /// How long a rule must be silent on a metric before its alert counts as recovered, in ms. Findings
    /// that come sooner belong to the same alert.
    pub cooldown_ms: i64,
    /// How many runs of a module are kept.
    pub keep_runs: usize,
    /// How far runs may go before they are unlike the others.
    pub run_thresholds: RunThresholds,
    /// Samples older than this are deleted once a day, what they were rolled up to stays; `None` keeps everything.
    pub retention_ms: Option<i64>,
    /// What is rolled up is deleted once a day when it is older than this; `None` keeps everything.
    pub rollup_retention_ms: Option<i64>,
}

impl EngineOptions {
    /// Defaults over the store at `store_path`: no drop directory, everything is kept.
    #[must_use]
    pub fn new(store_path: PathBuf) -> Self {
        Self {
            store_path,
            drop_dir: None,
            book: MetricBook::default(),
            detect: DetectOptions::default(),
            zone: Zone::utc(),
            cooldown_ms: 15 * 60_000,
            keep_runs: 100,
            run_thresholds: RunThresholds::default(),
            retention_ms: None,
            rollup_retention_ms: None,
        }
    }
}

/// Alerts that were raised, became graver or ended since the last message, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedAlerts {
    /// The alerts that were raised or became graver; their rows are in the store.
    pub alerts: Vec<Alert>,
    /// Those that ended.
    pub ended: Vec<Alert>,
    /// Whether this process wrote the rows, so that only one of several panes rings the bell.
    pub inserted_here: bool,
}
