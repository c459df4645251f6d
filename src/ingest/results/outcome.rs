//! A result as its tool tells it, on its way to a run.

use std::collections::BTreeMap;

use super::document::Origin;
use super::tool::Tool;
use crate::ingest::jsonl;
use crate::ingest::reject::{Reason, quoted};
use crate::ingest::timestamp;
use crate::model::{Environment, NewRun, RunExit, metric_of};

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
            if !value.is_finite() {
                return Err(Reason::NotANumber { what: quoted(name), found: value.to_string() });
            }
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
