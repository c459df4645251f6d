//! What was found of a run: which measure was how far from what it used to be, and what became of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text::{counted, number, value};
use super::{MetricName, RunRule, Severity, Unit, measure, metric_of};

/// How many failures in a row, as a metric of a module.
pub const FAILURES_IN_A_ROW: &str = "failures_in_a_row";
/// How many of the last runs failed, as a metric of a module.
pub const ERROR_PERCENT: &str = "error_percent";

/// A run is an anomaly in one of its metrics: the first of those that are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunAnomaly {
    /// The run.
    pub run_id: i64,
    /// What was executed.
    pub module: Arc<str>,
    /// The measure, or [`FAILURES_IN_A_ROW`] or [`ERROR_PERCENT`].
    pub metric: Arc<str>,
    /// The rules that found it; the numbers below are those of the first.
    pub rules: Vec<RunRule>,
    /// The run's value, in the unit of the measure.
    pub value: f64,
    /// What it was on the average before, in the same unit; `None` where that says nothing.
    pub average: Option<f64>,
    /// How far it is from the average, in percent of it.
    pub deviation_percent: Option<f64>,
    /// How far it might have been, in percent of the average: the threshold, or the noise floor where that is farther.
    pub threshold_percent: Option<f64>,
    /// The threshold in the unit of the measure; where the noise floor is farther out, that.
    pub limit: f64,
    /// When the run was over: ms since the Unix epoch.
    pub at_ms: i64,
}

impl RunAnomaly {
    /// Its metric in the log of samples.
    #[must_use]
    pub fn metric_name(&self) -> MetricName {
        metric_of(&self.module, &self.metric)
    }

    /// The metric among whose numbers it is shown: what is counted over several runs has no samples of its own.
    #[must_use]
    pub fn shown_at(&self) -> MetricName {
        metric_of(&self.module, if self.is_counted() { measure::SUCCESS } else { &self.metric })
    }

    /// Whether it is counted over several runs, so that its numbers change with each more while it lasts.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(&*self.metric, FAILURES_IN_A_ROW | ERROR_PERCENT)
    }

    /// How grave it is: what keeps the work from being done is graver than what slows it down.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let is_grave = |rule: &RunRule| matches!(rule, RunRule::BlockerStreak | RunRule::QueueExhaustion);
        if self.rules.iter().any(is_grave) { Severity::Critical } else { Severity::Warning }
    }

    /// What is wrong in a sentence without names from outside.
    #[must_use]
    pub fn told(&self) -> String {
        let unit = Unit::from_name(&self.metric);
        let told = |number| value(number, unit);
        let Some(rule) = self.rules.first() else { return told(self.value) };
        let average = self.average.map(told).unwrap_or_default();
        let threshold = number(self.threshold_percent.unwrap_or_default());
        let side = self.deviation_percent.map(|percent| {
            let side = if percent < 0.0 { "below" } else { "above" };
            format!("{} % {side}", number(percent.abs().round()))
        });
        let side = side.unwrap_or_default();
        let now = told(self.value);
        match rule {
            RunRule::Deviation => {
                format!("{now} is {side} the mean of the 5 runs before ({average}), more than {threshold} %")
            }
            RunRule::TimesAverage => {
                format!("{now} is {side} the average ({average}), and at most {} is expected", told(self.limit))
            }
            RunRule::ZScore => {
                format!("{now} is {side} the average ({average}), and more than {} is rare by chance", told(self.limit))
            }
            RunRule::ErrorSpike => format!("{now} of the last runs failed, {average} of those before"),
            RunRule::BlockerStreak => format!("{} in a row", counted(self.value as u64, "failure")),
            RunRule::QueueExhaustion => format!("{now} in the queue, and {} is the limit", told(self.limit)),
        }
    }
}

/// What became of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunAnomalyState {
    /// It is the newest there is to say.
    Open,
    /// Within a few runs the metric was back.
    Recovered,
    /// It was not: that is what it is now.
    Lasting,
}

impl RunAnomalyState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Recovered => "recovered",
            Self::Lasting => "lasting",
        }
    }

    /// The state of that word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Recovered, Self::Lasting].into_iter().find(|state| state.as_str() == word)
    }
}

/// An anomaly that was recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordedRunAnomaly {
    /// The row's id.
    pub id: i64,
    /// What was found.
    #[serde(flatten)]
    pub anomaly: RunAnomaly,
    /// What became of it.
    pub state: RunAnomalyState,
    /// When the run was over by which that was known: ms since the Unix epoch.
    pub settled_ms: Option<i64>,
}

/// What a run says, given those before it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunJudgement {
    /// The run.
    pub run_id: i64,
    /// What was executed.
    pub module: Arc<str>,
    /// When it was over: ms since the Unix epoch.
    pub at_ms: i64,
    /// What is unusual about it and was not before, one for each metric.
    pub anomalies: Vec<RunAnomaly>,
    /// What is unusual about it still, one for each metric.
    pub ongoing: Vec<RunAnomaly>,
    /// Metrics that are back.
    pub recovered: Vec<Arc<str>>,
    /// Metrics that are not, and will not be waited for any longer.
    pub lasting: Vec<Arc<str>>,
}
