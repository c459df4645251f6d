//! A result as its tool tells it, on its way to a run.

use std::collections::BTreeMap;

use super::document::Origin;
use super::tool::Tool;
use crate::ingest::jsonl;
use crate::ingest::reject::{Reason, quoted};
use crate::ingest::timestamp;
use crate::model::{Environment, NewRun, RunExit, measure, metric_of};

/// How a test ended in which no request was answered as it should.
const NO_ANSWER: i32 = 1;
/// What tools measure beside [`measure`], and is never below zero. A benchmark's own counters may be.
const AMOUNTS: [&str; 13] = [
    "median_ms",
    "sd_ms",
    "mean_ms",
    "min_ms",
    "max_ms",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "iteration_ms",
    "requests_per_second",
    "received_bytes_per_second",
    "errors_percent",
];

/// What a tool says of one run.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The line of the document it begins in, from 1.
    pub line: u64,
    /// What was run, by name.
    pub module: String,
    /// How it ended.
    pub exit: RunExit,
    /// When it began and ended in ms since the Unix epoch, where the document says so.
    pub span_ms: Option<(i64, i64)>,
    /// How long it took in ms, where that says when it began.
    pub took_ms: f64,
    /// What tells it from other results, where it is not the document and its place there.
    pub identity: Option<u64>,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// Where it took place.
    pub environment: Option<Environment>,
    /// What else is said of it.
    pub tags: BTreeMap<String, String>,
    /// What was measured, the unit in the name.
    pub measures: BTreeMap<String, f64>,
}

impl Outcome {
    /// A success, of which nothing else is known yet.
    pub fn new(line: u64, module: impl Into<String>) -> Self {
        Self {
            line,
            module: module.into(),
            exit: RunExit::Code(0),
            span_ms: None,
            took_ms: 0.0,
            identity: None,
            commit: None,
            environment: None,
            tags: BTreeMap::new(),
            measures: BTreeMap::new(),
        }
    }

    /// Adds what was measured, if it was.
    pub fn measure(&mut self, name: &str, value: impl Into<Option<f64>>) {
        if let Some(value) = value.into() {
            self.measures.insert(name.to_owned(), value);
        }
    }

    /// Adds how many of a test's requests were not answered as they should, in percent. A test in which none was has failed:
    /// its times are those of errors.
    pub fn errors(&mut self, percent: Option<f64>) {
        self.measure("errors_percent", percent);
        if percent.is_some_and(|percent| percent >= 100.0) && self.exit.is_success() {
            self.exit = RunExit::Code(NO_ANSWER);
        }
    }

    /// Adds what is said, if it is.
    pub fn tag(&mut self, name: &str, value: impl Into<Option<String>>) {
        if let Some(value) = value.into().filter(|value| !value.is_empty()) {
            self.tags.insert(name.to_owned(), value);
        }
    }

    /// As a run. `ended_ms` is when it ended, unless it says so itself.
    pub fn into_run(self, tool: Tool, origin: &Origin<'_>, key: String, ended_ms: i64) -> Result<NewRun, Reason> {
        let Self { module, measures, .. } = self;
        jsonl::check_name(&module)?;
        for (name, value) in &measures {
            jsonl::check_name(&metric_of(&module, name))?;
            if *value < 0.0 && (measure::is_amount(name) || AMOUNTS.contains(&name.as_str())) {
                return Err(Reason::BelowZero { what: quoted(name), found: *value });
            }
            if !value.is_finite() {
                return Err(Reason::NotANumber { what: quoted(name), found: value.to_string() });
            }
        }
        if self.took_ms < 0.0 {
            return Err(Reason::BelowZero { what: measure::DURATION.to_owned(), found: self.took_ms });
        }
        let (started_ms, ended_ms) =
            self.span_ms.unwrap_or((ended_ms.saturating_sub(self.took_ms.round() as i64), ended_ms));
        for at_ms in [started_ms, ended_ms] {
            timestamp::in_range(at_ms, origin.now_ms)?;
        }
        Ok(NewRun {
            module: module.into(),
            key,
            batch: String::new(),
            started_ms,
            ended_ms: ended_ms.max(started_ms),
            exit: self.exit,
            source: tool.as_str().to_owned(),
            commit: self.commit.filter(|commit| !commit.is_empty()),
            environment: self.environment,
            tags: self.tags,
            measures,
            phases: Vec::new(),
        })
    }
}
