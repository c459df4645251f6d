//! Runs: what a module (a named command or job) cost each time it was executed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Direction, MetricName, NewSample};

/// What is measured of a run, by name. The unit is the last word, as in the names of metrics; whatever else a module
/// measures of itself stands beside these.
pub mod measure {
    /// Wall time.
    pub const DURATION: &str = "duration_ms";
    /// User and system CPU time, of the command and all it waited for.
    pub const CPU: &str = "cpu_ms";
    /// CPU time in percent of wall time: 100 for one core that was busy throughout.
    pub const CPU_PERCENT: &str = "cpu_percent";
    /// Peak memory.
    pub const MEMORY: &str = "memory_bytes";
    /// What a call to the outside took, on the mean: said by the module itself.
    pub const API_LATENCY: &str = "api_latency_ms";
    /// Things that were done: said by the module itself.
    pub const ITEMS: &str = "items";
    /// Lines that were done: said by the module itself.
    pub const LINES: &str = "lines";
    /// How long it was expected to take: said by the module itself.
    pub const ESTIMATE: &str = "estimate_ms";
    /// [`ITEMS`] in an hour at the same pace.
    pub const ITEMS_PER_HOUR: &str = "items_per_hour";
    /// [`LINES`] in an hour at the same pace.
    pub const LINES_PER_HOUR: &str = "lines_per_hour";
    /// How many times faster it was than [`ESTIMATE`] said.
    pub const SPEED_UP: &str = "speed_up";
    /// 1 for a run that succeeded, 0 for one that did not.
    pub const SUCCESS: &str = "success";

    /// Whether a measure is a time, a size or a number of things, which is never below zero.
    #[must_use]
    pub fn is_amount(name: &str) -> bool {
        matches!(
            name,
            DURATION
                | CPU
                | CPU_PERCENT
                | MEMORY
                | API_LATENCY
                | ITEMS
                | LINES
                | ESTIMATE
                | ITEMS_PER_HOUR
                | LINES_PER_HOUR
                | SPEED_UP
        )
    }
}

/// Tags by which a supervisor knows its own runs begin so. They differ from run to run, and are no part of a sample's context.
pub const OWN_TAGS: &str = "supervise.";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunExit {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It took longer than it was given and was ended.
    TimedOut,
}

impl RunExit {
    /// Whether it did what it was to do.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for RunExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(0) => f.write_str("ok"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut => f.write_str("out of time"),
        }
    }
}

/// Where a run took place. Times of different environments are not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Environment {
    /// The processor's model.
    pub cpu: String,
    /// How many of its cores could be used.
    pub cores: u32,
    /// The operating system and its machine, such as `linux x86_64`.
    pub os: String,
}

/// A part of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: Arc<str>,
    /// How long it took, in ms.
    pub duration_ms: f64,
}

/// A run on its way into the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// What was executed, by name.
    pub module: Arc<str>,
    /// Tells this run from every other, so that none is recorded twice.
    pub key: String,
    /// Runs that were made to be judged together share it: those of one `--repeat`, or of one file.
    pub batch: String,
    /// When it began: ms since the Unix epoch.
    pub started_ms: i64,
    /// When it was over: ms since the Unix epoch. Its samples bear this time.
    pub ended_ms: i64,
    /// How it ended.
    pub exit: RunExit,
    /// What measured it, such as `run` or `hyperfine`; with how memory was found out, where that is known.
    pub source: String,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Where it took place, where that is known.
    pub environment: Option<Environment>,
    /// What the user says of it.
    pub tags: BTreeMap<String, String>,
    /// What was measured, by name ([`measure`]); finite.
    pub measures: BTreeMap<String, f64>,
    /// Its parts in the order in which they began.
    pub phases: Vec<Phase>,
}

/// A run that was recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The row's id; rises in the order in which runs were recorded.
    pub id: i64,
    /// What is known of it.
    #[serde(flatten)]
    pub run: NewRun,
}

/// Runs of a module that the user has accepted as what is normal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accepted {
    /// The version: rises with each that is accepted.
    pub id: i64,
    /// When: ms since the Unix epoch.
    pub accepted_at_ms: i64,
    /// Of which module.
    pub module: Arc<str>,
    /// Why, in the user's words.
    pub note: Option<String>,
    /// The runs.
    pub runs: Vec<NewRun>,
}

impl NewRun {
    /// What a measure was; `None` when it was not taken.
    #[must_use]
    pub fn measured(&self, name: &str) -> Option<f64> {
        self.measures.get(name).copied()
    }

    /// A measure that no run can have: a time or a size below zero.
    #[must_use]
    pub fn impossible(&self) -> Option<(&str, f64)> {
        let measures = self.measures.iter().filter(|(name, _)| measure::is_amount(name));
        let phases = self.phases.iter().map(|phase| (&*phase.name, phase.duration_ms));
        measures.map(|(name, &value)| (name.as_str(), value)).chain(phases).find(|(_, value)| *value < 0.0)
    }

    /// Its samples in the log: one of each measure, of its success and of each phase.
    #[must_use]
    pub fn samples(&self) -> Vec<NewSample> {
        let success = (measure::SUCCESS.to_owned(), f64::from(u8::from(self.exit.is_success())));
        let measures = self.measures.iter().map(|(name, &value)| (name.clone(), value));
        let phases =
            self.phases.iter().map(|phase| (format!("{}.{}", phase.name, measure::DURATION), phase.duration_ms));
        let named = measures.chain([success]).chain(phases);
        let context_json = self.context_json();
        named
            .map(|(name, value)| NewSample {
                metric: metric_of(&self.module, &name),
                value,
                timestamp_ms: self.ended_ms,
                context_json: context_json.clone(),
            })
            .collect()
    }

    /// What the user says of the run, as the context of its samples; `None` when there is nothing.
    fn context_json(&self) -> Option<Arc<str>> {
        let said: BTreeMap<&str, &str> = self
            .tags
            .iter()
            .filter(|(key, _)| !key.starts_with(OWN_TAGS))
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        if said.is_empty() { None } else { serde_json::to_string(&said).ok().map(Arc::from) }
    }
}

/// Which way is better for a measure, by its name: less time and memory, more that is done.
#[must_use]
pub fn usual_direction(name: &str) -> Direction {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if name == measure::CPU_PERCENT {
        Direction::Either
    } else if ends(&["_per_hour", "_per_second", "speed_up", "score", measure::SUCCESS]) {
        Direction::Higher
    } else if ends(&["_ns", "_us", "_ms", "_seconds", "_bytes", "_errors", "_percent", "allocations", "cls"]) {
        Direction::Lower
    } else {
        Direction::Either
    }
}

/// The metric that a module's measure is recorded as.
#[must_use]
pub fn metric_of(module: &str, measure: &str) -> MetricName {
    format!("{module}.{measure}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;

    #[test]
    fn the_samples_of_a_run_bear_its_name_and_its_end() {
        let run = NewRun {
            module: "build".into(),
            key: "1".into(),
            batch: "1".into(),
            started_ms: 1_000,
            ended_ms: 1_250,
            exit: RunExit::Code(1),
            source: "run".into(),
            commit: None,
            environment: None,
            tags: BTreeMap::new(),
            measures: [(measure::DURATION.to_owned(), 250.0)].into(),
            phases: vec![Phase { name: "link".into(), duration_ms: 90.0 }],
        };
        let samples = run.samples();
        let told: Vec<_> = samples.iter().map(|sample| (&*sample.metric, sample.value, sample.timestamp_ms)).collect();
        assert_eq!(
            told,
            [
                ("build.duration_ms", 250.0, 1_250),
                ("build.success", 0.0, 1_250),
                ("build.link.duration_ms", 90.0, 1_250)
            ]
        );
    }

    #[test]
    fn the_names_of_measures_say_their_unit() {
        let units = [measure::DURATION, measure::CPU, measure::CPU_PERCENT, measure::MEMORY].map(Unit::from_name);
        assert_eq!(units, [Unit::Milliseconds, Unit::Milliseconds, Unit::Percent, Unit::Bytes]);
    }
}
