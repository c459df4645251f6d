//! The words of the program as plain data: what a sample, a baseline, a finding or an alert is.
//!
//! Knows nobody, does no I/O, reads no clock.

mod alert;
mod attention;
mod baseline;
mod book;
mod budget;
mod chart;
mod command;
mod detector_state;
mod expectation;
mod finding;
mod incident;
mod metric;
mod module_view;
mod mute;
mod priority;
mod run;
mod run_anomaly;
mod run_rule;
mod sample;
mod segment;
mod sensitivity;
mod snapshot;
mod source;
mod split;
pub mod text;
pub mod time;
mod watching;
mod window;

pub use alert::{Account, Alert, AlertState, Anomaly, Precision};
pub use attention::{Attention, Tally};
pub use baseline::{Baseline, ControlLimits};
pub use book::{MetricBook, MetricSettings};
pub use budget::Budget;
pub use chart::{ChartData, ChartMark, Lines, Rhythm, SpcChart, Subject, TakenOut, Violation};
pub use command::Command;
pub use detector_state::DetectorState;
pub use expectation::Expectation;
pub use finding::{Ending, Explanation, Finding, LimitType, Recovery, Rule, Severity};
pub use incident::{Beginning, Companion, Incident, Membership};
pub use metric::{Direction, MetricName, Unit, is_of_runs};
pub use module_view::{MeasureColumn, ModuleView, PhaseView, RunCell, RunMark, RunView};
pub use mute::Mute;
pub use priority::by_priority;
pub use run::{Accepted, Environment, NewRun, Phase, Run, RunExit, measure, metric_of, usual_direction};
pub use run_anomaly::{
    ERROR_PERCENT, FAILURES_IN_A_ROW, RecordedRunAnomaly, RunAnomaly, RunAnomalyState, RunJudgement,
};
pub use run_rule::{QueueLimit, QueueLimitError, RunRule, RunThresholds};
pub use sample::{NewSample, Point, Sample};
pub use segment::{Limited, Segment, SegmentParseError, TagValue};
pub use sensitivity::Sensitivity;
pub use snapshot::{Health, SPARK_BUCKETS, SeriesSummary, Snapshot, Status, Trend, ViewRequest};
pub use source::{FileIdentity, SourceOffset};
pub use split::{Grouping, Split, SplitRequest};
pub use time::TimeRange;
pub use watching::{SurpriseCourse, TOASTS_OVER_MS, ToastRate, Watching};
pub use window::{Window, WindowParseError};

/// The closed set of words a user may write for a model type, with the message that lists them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}`: expected one of {expected}")]
pub struct UnknownWord {
    /// What was being named, such as `unit`.
    pub what: &'static str,
    /// What the user wrote.
    pub found: String,
    /// The words that are understood, separated by commas.
    pub expected: &'static str,
}
