//! `vegeta report -type=json`: one run, called by the file, for the report does not say what was attacked.

use serde::Deserialize;

use super::document::{Origin, Outcomes};
use super::outcome::Outcome;
use super::tool::Tool;
use crate::ingest::reject::{Reason, quoted};
use crate::model::measure;
use crate::model::time::parse_rfc3339;

/// Times are in nanoseconds.
#[derive(Deserialize)]
struct Report {
    latencies: Latencies,
    bytes_in: Option<Bytes>,
    earliest: Option<String>,
    end: Option<String>,
    duration: Option<f64>,
    wait: Option<f64>,
    throughput: Option<f64>,
    success: f64,
}

#[derive(Deserialize)]
struct Latencies {
    mean: f64,
    max: f64,
    #[serde(rename = "50th")]
    p50: Option<f64>,
    #[serde(rename = "90th")]
    p90: Option<f64>,
    #[serde(rename = "95th")]
    p95: Option<f64>,
    #[serde(rename = "99th")]
    p99: Option<f64>,
}

#[derive(Deserialize)]
struct Bytes {
    total: f64,
}

pub(super) fn read(document: &str, origin: &Origin<'_>) -> Outcomes {
    let report: Report = serde_json::from_str(document)?;
    let mut outcome = Outcome::new(1, origin.name(Tool::Vegeta));
    let instant = |text: &String| parse_rfc3339(text).ok_or_else(|| (1, Reason::NotAnInstant(quoted(text))));
    let began_and_ended = report.earliest.as_ref().zip(report.end.as_ref());
    match began_and_ended.map(|(began, ended)| Ok((instant(began)?, instant(ended)?))).transpose() {
        Ok(span_ms) => outcome.span_ms = span_ms,
        Err(fault) => return Ok(vec![Err(fault)]),
    }
    let took_ns = report.duration.unwrap_or(0.0) + report.wait.unwrap_or(0.0);
    outcome.took_ms = took_ns / 1e6;
    let Latencies { mean, max, p50, p90, p95, p99 } = report.latencies;
    let latencies = [
        (measure::API_LATENCY, Some(mean)),
        ("max_ms", Some(max)),
        ("p50_ms", p50),
        ("p90_ms", p90),
        ("p95_ms", p95),
        ("p99_ms", p99),
    ];
    for (name, ns) in latencies {
        outcome.measure(name, ns.map(|ns| ns / 1e6));
    }
    // Answers, as with the other tools; vegeta's rate is of what it sent.
    outcome.measure("requests_per_second", report.throughput);
    let per_second = |bytes: Bytes| (took_ns > 0.0).then(|| bytes.total / took_ns * 1e9);
    outcome.measure("received_bytes_per_second", report.bytes_in.and_then(per_second));
    outcome.errors(Some((1.0 - report.success) * 100.0));
    Ok(vec![Ok(outcome)])
}
