//! `oha --output-format json`: one run. It says neither when nor what it tested: the run is dated and called by the file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{Origin, Outcomes};
use super::outcome::Outcome;
use super::tool::Tool;
use crate::model::measure;

/// Requests that oha itself ended because the time was over: no error of who was to answer.
const OUT_OF_TIME: &str = "aborted due to deadline";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    /// In seconds, by names such as `p99`.
    latency_percentiles: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    status_code_distribution: BTreeMap<String, u64>,
    #[serde(default)]
    error_distribution: BTreeMap<String, u64>,
}

/// Times are in seconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    total: f64,
    slowest: Option<f64>,
    average: Option<f64>,
    requests_per_sec: Option<f64>,
    size_per_sec: Option<f64>,
}

pub(super) fn read(document: &str, origin: &Origin<'_>) -> Outcomes {
    let report: Report = serde_json::from_str(document)?;
    let Report { summary, latency_percentiles: percentiles, .. } = &report;
    let mut outcome = Outcome::new(1, origin.name(Tool::Oha));
    outcome.took_ms = summary.total * 1e3;
    outcome.measure(measure::API_LATENCY, summary.average.map(|seconds| seconds * 1e3));
    outcome.measure("max_ms", summary.slowest.map(|seconds| seconds * 1e3));
    for percentile in ["p50", "p90", "p95", "p99"] {
        let seconds = percentiles.get(percentile).copied().flatten();
        outcome.measure(&format!("{percentile}_ms"), seconds.map(|seconds| seconds * 1e3));
    }
    outcome.measure("requests_per_second", summary.requests_per_sec);
    outcome.measure("received_bytes_per_second", summary.size_per_sec);
    outcome.errors(report.errors_percent());
    Ok(vec![Ok(outcome)])
}

impl Report {
    /// Requests that had no answer, or one that says that it went wrong (400 and above).
    fn errors_percent(&self) -> Option<f64> {
        let is_wrong = |(status, _): &(&String, &u64)| status.parse().is_ok_and(|status: u16| status >= 400);
        let is_missed = |(error, _): &(&String, &u64)| *error != OUT_OF_TIME;
        let wrong = sum(self.status_code_distribution.iter().filter(is_wrong));
        let unanswered = sum(self.error_distribution.iter().filter(is_missed));
        let all = sum(self.status_code_distribution.iter()).saturating_add(unanswered);
        (all > 0).then(|| wrong.saturating_add(unanswered) as f64 / all as f64 * 100.0)
    }
}

fn sum<'a>(counts: impl Iterator<Item = (&'a String, &'a u64)>) -> u64 {
    counts.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}
