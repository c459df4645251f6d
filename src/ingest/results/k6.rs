//! What k6 sums up of a test: `--summary-export`, or the data that `handleSummary` gets, as JSON. One run.
//!
//! It says neither when nor what it tested: the run is dated and called by the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::document::{Origin, Outcomes};
use super::outcome::Outcome;
use super::tool::Tool;
use crate::model::{RunExit, measure};

/// k6's own exit code when a threshold was crossed.
const THRESHOLDS_CROSSED: i32 = 99;

#[derive(Deserialize)]
struct Summary {
    metrics: BTreeMap<String, Metric>,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "testRunDurationMs")]
    test_run_duration_ms: Option<f64>,
}

/// `handleSummary` has the numbers in `values`, an export beside the thresholds.
#[derive(Deserialize)]
struct Metric {
    values: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    thresholds: BTreeMap<String, Threshold>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Threshold {
    /// In an export: whether it was crossed.
    Crossed(bool),
    /// In `handleSummary`: whether it was kept.
    Kept { ok: bool },
}

pub(super) fn read(document: &str, origin: &Origin<'_>) -> Outcomes {
    let Summary { metrics, state } = serde_json::from_str(document)?;
    let of = |metric: &str, value: &str| {
        let metric = metrics.get(metric)?;
        metric.values.as_ref().unwrap_or(&metric.rest).get(value)?.as_f64()
    };
    let share = |metric: &str| of(metric, "rate").or_else(|| of(metric, "value"));
    let mut outcome = Outcome::new(1, origin.name(Tool::K6));
    outcome.took_ms = state.and_then(|state| state.test_run_duration_ms).unwrap_or(0.0);
    let is_crossed =
        |threshold: &Threshold| matches!(threshold, Threshold::Crossed(true) | Threshold::Kept { ok: false });
    if metrics.values().flat_map(|metric| metric.thresholds.values()).any(is_crossed) {
        outcome.exit = RunExit::Code(THRESHOLDS_CROSSED);
    }
    outcome.measure(measure::API_LATENCY, of("http_req_duration", "avg"));
    outcome.measure("p50_ms", of("http_req_duration", "med"));
    outcome.measure("p90_ms", of("http_req_duration", "p(90)"));
    outcome.measure("p95_ms", of("http_req_duration", "p(95)"));
    outcome.measure("p99_ms", of("http_req_duration", "p(99)"));
    outcome.measure("max_ms", of("http_req_duration", "max"));
    outcome.measure("iteration_ms", of("iteration_duration", "avg"));
    outcome.measure("requests_per_second", of("http_reqs", "rate"));
    outcome.measure("received_bytes_per_second", of("data_received", "rate"));
    outcome.errors(share("http_req_failed").map(|share| share * 100.0));
    outcome.measure("failed_checks_percent", share("checks").map(|share| (1.0 - share) * 100.0));
    Ok(vec![Ok(outcome)])
}
