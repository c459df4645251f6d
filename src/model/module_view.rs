//! The module that a metric belongs to, as its expanded view shows it: its newest runs and where their time goes.

use std::sync::Arc;

use super::{MetricName, Point, RunExit, Unit};

/// A module with its newest runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleView {
    /// Its name.
    pub module: Arc<str>,
    /// The metric on screen, which is one of its measures.
    pub metric: MetricName,
    /// What is told of each run; the metric on screen is among it, unless it says no more than whether runs succeeded.
    pub columns: Vec<MeasureColumn>,
    /// The runs, the oldest first.
    pub runs: Vec<RunView>,
    /// Their parts, those that take most time first.
    pub phases: Vec<PhaseView>,
}

/// A measure of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureColumn {
    /// Its name, without that of the module.
    pub name: Arc<str>,
    /// Its unit.
    pub unit: Unit,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// When it was over: ms since the Unix epoch.
    pub ended_ms: i64,
    /// How it ended.
    pub exit: RunExit,
    /// The commit that was checked out.
    pub commit: Option<Arc<str>>,
    /// Whether it took place in another environment than the newest, and is compared with none of those shown.
    pub is_elsewhere: bool,
    /// What was measured, by column.
    pub cells: Vec<Option<RunCell>>,
    /// The measure on screen.
    pub shown: Option<RunCell>,
}

/// What was measured of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunCell {
    /// The value, in the unit of its column.
    pub value: f64,
    /// Whether it is unlike the other runs.
    pub is_outlier: bool,
}

/// A part of the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseView {
    /// Its name.
    pub name: Arc<str>,
    /// How long it takes, in ms (arithmetic mean).
    pub average_ms: f64,
    /// Its part of all the time the runs took, 0 to 1.
    pub share: f64,
    /// How much more time it takes than it did, in percent; `None` where that is not sure.
    pub growth_percent: Option<f64>,
}

/// A sample on a chart that is worth a mark, because of the run it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunMark {
    /// The sample.
    pub point: Point,
    /// Whether the run failed; else its value is unlike those of the others.
    pub has_failed: bool,
}

impl ModuleView {
    /// How many of the runs succeeded.
    #[must_use]
    pub fn successes(&self) -> usize {
        self.runs.iter().filter(|run| run.exit.is_success()).count()
    }

    /// Whether the metric on screen says of each run whether it succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let measure = self.metric.strip_prefix(&*self.module).and_then(|rest| rest.strip_prefix('.'));
        measure == Some(super::measure::SUCCESS)
    }

    /// What is to be marked on the chart of the metric on screen, the oldest first.
    #[must_use]
    pub fn marks(&self) -> Vec<RunMark> {
        let mark = |run: &RunView| {
            let RunCell { value, is_outlier } = run.shown?;
            let has_failed = !run.exit.is_success();
            let point = Point { timestamp_ms: run.ended_ms, value };
            (has_failed || is_outlier).then_some(RunMark { point, has_failed })
        };
        self.runs.iter().filter_map(mark).collect()
    }
}
