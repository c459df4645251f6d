//! `pytest --benchmark-json`, and what `--benchmark-save` keeps: each round of a benchmark that has few is a run; one of
//! many rounds is one run.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::document::Outcomes;
use super::outcome::Outcome;
use crate::ingest::reject::{Reason, quoted};
use crate::model::time::parse_rfc3339;
use crate::model::{Environment, measure};

/// Rounds that are runs of their own, at most.
const FEW_ROUNDS: usize = 30;

#[derive(Deserialize)]
struct Report {
    machine_info: Machine,
    commit_info: Option<Commit>,
    datetime: Option<String>,
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Machine {
    #[serde(default)]
    system: String,
    #[serde(default, rename = "machine")]
    architecture: String,
    cpu: Option<Cpu>,
    python_version: Option<String>,
}

#[derive(Deserialize)]
struct Cpu {
    // Older files have it by the shorter name.
    #[serde(alias = "brand", default)]
    brand_raw: String,
    #[serde(default)]
    count: u32,
}

#[derive(Deserialize)]
struct Commit {
    id: Option<String>,
    branch: Option<String>,
    #[serde(default)]
    dirty: bool,
}

#[derive(Deserialize)]
struct Benchmark {
    name: String,
    fullname: String,
    group: Option<String>,
    #[serde(default)]
    extra_info: BTreeMap<String, Value>,
    stats: Stats,
}

/// Times are in seconds, of one iteration.
#[derive(Deserialize)]
struct Stats {
    min: f64,
    max: f64,
    mean: f64,
    median: f64,
    #[serde(default)]
    data: Vec<f64>,
}

pub(super) fn read(document: &str) -> Outcomes {
    let report: Report = serde_json::from_str(document)?;
    let mut times_named: HashMap<&str, usize> = HashMap::new();
    for benchmark in &report.benchmarks {
        *times_named.entry(&benchmark.name).or_default() += 1;
    }
    let span_ms = match report.datetime.as_deref().map(instant).transpose() {
        Ok(at_ms) => at_ms.map(|at_ms| (at_ms, at_ms)),
        Err(reason) => return Ok(vec![Err((1, reason))]),
    };
    let mut outcomes = Vec::new();
    for benchmark in &report.benchmarks {
        let is_unique = times_named.get(&*benchmark.name) == Some(&1);
        let mut outcome = Outcome::new(1, if is_unique { &benchmark.name } else { &benchmark.fullname });
        outcome.span_ms = span_ms;
        outcome.environment = report.machine_info.environment();
        outcome.tag("python", report.machine_info.python_version.clone());
        outcome.tag("group", benchmark.group.clone());
        if let Some(commit) = &report.commit_info {
            outcome.commit.clone_from(&commit.id);
            outcome.tag("branch", commit.branch.clone());
            outcome.tag("dirty", commit.dirty.then(|| "true".to_owned()));
        }
        for (name, value) in &benchmark.extra_info {
            outcome.measure(name, value.as_f64());
            outcome.tag(name, value.as_str().map(str::to_owned));
        }
        outcomes.extend(benchmark.stats.runs(&outcome).into_iter().map(Ok));
    }
    Ok(outcomes)
}

/// Older files say UTC without saying so.
fn instant(text: &str) -> Result<i64, Reason> {
    let at_ms = parse_rfc3339(text).or_else(|| parse_rfc3339(&format!("{text}Z")));
    at_ms.ok_or_else(|| Reason::NotAnInstant(quoted(text)))
}

impl Machine {
    fn environment(&self) -> Option<Environment> {
        let os = format!("{} {}", self.system.to_lowercase(), self.architecture);
        self.cpu.as_ref().map(|cpu| Environment { cpu: cpu.brand_raw.clone(), cores: cpu.count, os })
    }
}

impl Stats {
    /// What `said` has for all of them, with the times of each.
    fn runs(&self, said: &Outcome) -> Vec<Outcome> {
        let measured = |seconds: &[(&str, f64)]| {
            let mut run = said.clone();
            for (name, seconds) in seconds {
                run.measure(name, seconds * 1e3);
            }
            run
        };
        if (1..=FEW_ROUNDS).contains(&self.data.len()) {
            return self.data.iter().map(|&seconds| measured(&[(measure::DURATION, seconds)])).collect();
        }
        let Self { min, max, mean, median, .. } = *self;
        vec![measured(&[(measure::DURATION, median), ("mean_ms", mean), ("min_ms", min), ("max_ms", max)])]
    }
}
