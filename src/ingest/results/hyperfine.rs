//! `hyperfine --export-json`: each execution is a run.
//!
//! hyperfine writes the file anew after every command, with one result more at its end: a result is known by its own
//! text, wherever it stands. It does not say when it ran.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{Outcomes, complaint, digest, line_at};
use super::outcome::Outcome;
use super::tool::Tool;
use crate::ingest::reject::Reason;
use crate::model::{RunExit, measure};

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

/// Times are in seconds.
#[derive(Deserialize)]
struct Benchmark {
    command: String,
    times: Vec<f64>,
    user: Option<f64>,
    system: Option<f64>,
    #[serde(default)]
    memory_usage_byte: Vec<f64>,
    #[serde(default)]
    exit_codes: Vec<Option<i32>>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

pub(super) fn read(document: &str) -> Outcomes {
    let mut outcomes = Vec::new();
    for result in serde_json::from_str::<Export<'_>>(document)?.results {
        let line = line_at(document.as_bytes(), result.get().as_ptr().addr() - document.as_ptr().addr());
        match serde_json::from_str::<Benchmark>(result.get()) {
            Ok(benchmark) => outcomes.extend(benchmark.outcomes(line, digest(result.get())).map(Ok)),
            Err(error) => {
                let reason = Reason::NotOf { tool: Tool::Hyperfine.as_str(), complaint: complaint(&error) };
                outcomes.push(Err((line + error.line() as u64 - 1, reason)));
            }
        }
    }
    Ok(outcomes)
}

impl Benchmark {
    fn outcomes(self, line: u64, identity: u64) -> impl Iterator<Item = Outcome> {
        let tags: BTreeMap<String, String> =
            self.parameters.iter().map(|(name, value)| (name.clone(), said(value))).collect();
        let module = self.module(&tags);
        // Means of the command: they stand with its last execution, once.
        let cpu_ms = self.user.zip(self.system).map(|(user, system)| (user + system) * 1e3);
        let last = self.times.len().saturating_sub(1);
        self.times.into_iter().enumerate().map(move |(execution, seconds)| {
            let mut outcome = Outcome::new(line, module.clone());
            outcome.identity = Some(identity);
            outcome.took_ms = seconds * 1e3;
            outcome.exit = match self.exit_codes.get(execution) {
                None => RunExit::Code(0),
                Some(Some(code)) => RunExit::Code(*code),
                // Ended by a signal; hyperfine keeps its number to itself.
                Some(None) => RunExit::Signal(0),
            };
            outcome.tags.clone_from(&tags);
            outcome.measure(measure::DURATION, seconds * 1e3);
            outcome.measure(measure::MEMORY, self.memory_usage_byte.get(execution).copied());
            outcome.measure(measure::CPU, cpu_ms.filter(|_| execution == last));
            outcome
        })
    }

    /// The command; parameters that do not show in it (it has a name then) tell two of a name apart.
    fn module(&self, parameters: &BTreeMap<String, String>) -> String {
        let hidden = parameters.iter().filter(|(_, value)| !self.command.contains(value.as_str()));
        hidden.fold(self.command.clone(), |module, (name, value)| format!("{module} {name}={value}"))
    }
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
