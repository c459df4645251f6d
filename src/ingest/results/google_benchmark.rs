//! `--benchmark_format=json` of Google Benchmark: each repetition is a run; where only aggregates were reported, their
//! median is, or else their mean.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::document::Outcomes;
use super::outcome::Outcome;
use crate::ingest::reject::{Reason, quoted};
use crate::model::time::parse_rfc3339;
use crate::model::{Environment, RunExit, measure};

#[derive(Deserialize)]
struct Report {
    context: Surroundings,
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Surroundings {
    date: Option<String>,
    host_name: Option<String>,
    library_build_type: Option<String>,
    #[serde(default)]
    num_cpus: u32,
    #[serde(default)]
    caches: Vec<Cache>,
}

#[derive(Deserialize)]
struct Cache {
    level: u32,
    size: u64,
}

#[derive(Deserialize)]
struct Benchmark {
    name: String,
    run_name: Option<String>,
    aggregate_name: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    error_message: Option<String>,
    label: Option<String>,
    real_time: Option<f64>,
    cpu_time: Option<f64>,
    time_unit: Option<String>,
    /// Counters of the library, such as `bytes_per_second`, and of the benchmark, among other things.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// What is numbered, and no counter.
const NOT_COUNTERS: [&str; 7] =
    ["family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations", "big_o"];

pub(super) fn read(document: &str) -> Outcomes {
    let Report { context, benchmarks } = serde_json::from_str(document)?;
    let at_ms = match context.date.as_deref().map(instant).transpose() {
        Ok(at_ms) => at_ms,
        Err(reason) => return Ok(vec![Err((1, reason))]),
    };
    let repeated: HashSet<&str> =
        benchmarks.iter().filter(|one| one.aggregate_name.is_none()).map(Benchmark::module).collect();
    let has_median: HashSet<&str> =
        benchmarks.iter().filter(|one| one.is_aggregate("median")).map(Benchmark::module).collect();
    let is_meant = |one: &&Benchmark| {
        let module = one.module();
        one.aggregate_name.is_none()
            || !repeated.contains(module)
                && (one.is_aggregate("median") || one.is_aggregate("mean") && !has_median.contains(module))
    };
    let outcome = |one: &Benchmark| {
        let mut outcome = one.outcome().map_err(|reason| (1, reason))?;
        outcome.span_ms = at_ms.map(|at_ms| (at_ms, at_ms));
        outcome.environment = context.environment();
        outcome.tag("host", context.host_name.clone());
        outcome.tag("library", context.library_build_type.clone());
        Ok(outcome)
    };
    Ok(benchmarks.iter().filter(is_meant).map(outcome).collect())
}

fn instant(text: &str) -> Result<i64, Reason> {
    parse_rfc3339(text).ok_or_else(|| Reason::NotAnInstant(quoted(text)))
}

impl Surroundings {
    /// The processor's model is not said, and its speed changes: the sizes of its caches stand for it.
    fn environment(&self) -> Option<Environment> {
        let caches: Vec<String> =
            self.caches.iter().map(|cache| format!("L{} {} KiB", cache.level, cache.size / 1024)).collect();
        (self.num_cpus > 0).then(|| Environment { cpu: caches.join(", "), cores: self.num_cpus, os: String::new() })
    }
}

impl Benchmark {
    fn module(&self) -> &str {
        self.run_name.as_deref().unwrap_or(&self.name)
    }

    fn is_aggregate(&self, name: &str) -> bool {
        self.aggregate_name.as_deref() == Some(name)
    }

    fn outcome(&self) -> Result<Outcome, Reason> {
        let mut outcome = Outcome::new(1, self.module());
        outcome.tag("label", self.label.clone());
        if self.error_occurred {
            outcome.exit = RunExit::Code(1);
            outcome.tag("error", self.error_message.clone());
            return Ok(outcome);
        }
        let per_ms = match self.time_unit.as_deref() {
            None | Some("ns") => 1e6,
            Some("us") => 1e3,
            Some("ms") => 1.0,
            Some("s") => 1e-3,
            Some(unit) => return Err(Reason::UnknownUnit(quoted(unit))),
        };
        for (name, value) in self.rest.iter().filter(|(name, _)| !NOT_COUNTERS.contains(&name.as_str())) {
            outcome.measure(name, value.as_f64());
        }
        outcome.measure(measure::DURATION, self.real_time.map(|time| time / per_ms));
        outcome.measure(measure::CPU, self.cpu_time.map(|time| time / per_ms));
        Ok(outcome)
    }
}
