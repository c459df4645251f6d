//! `lighthouse --output=json`: one run, of loading a page.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::Outcomes;
use super::outcome::Outcome;
use crate::ingest::reject::{Reason, quoted};
use crate::model::RunExit;
use crate::model::time::parse_rfc3339;

/// What is taken of the audits: their times are in ms, the shift of the layout has no unit.
const AUDITS: [(&str, &str); 8] = [
    ("first-contentful-paint", "fcp_ms"),
    ("largest-contentful-paint", "lcp_ms"),
    ("speed-index", "speed_index_ms"),
    ("total-blocking-time", "tbt_ms"),
    ("interactive", "tti_ms"),
    ("server-response-time", "ttfb_ms"),
    ("cumulative-layout-shift", "cls"),
    ("total-byte-weight", "transferred_bytes"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    requested_url: Option<String>,
    final_url: Option<String>,
    fetch_time: String,
    lighthouse_version: String,
    runtime_error: Option<RuntimeError>,
    config_settings: Option<Settings>,
    timing: Option<Timing>,
    audits: BTreeMap<String, Audit>,
    #[serde(default)]
    categories: BTreeMap<String, Category>,
}

#[derive(Deserialize)]
struct RuntimeError {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    form_factor: Option<String>,
}

#[derive(Deserialize)]
struct Timing {
    total: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    numeric_value: Option<f64>,
}

#[derive(Deserialize)]
struct Category {
    score: Option<f64>,
}

pub(super) fn read(document: &str) -> Outcomes {
    let report: Report = serde_json::from_str(document)?;
    let Some(began_ms) = parse_rfc3339(&report.fetch_time) else {
        return Ok(vec![Err((1, Reason::NotAnInstant(quoted(&report.fetch_time))))]);
    };
    let form_factor = report.config_settings.and_then(|settings| settings.form_factor);
    let page = report.requested_url.or(report.final_url).unwrap_or_default();
    // A phone is what Lighthouse takes for granted; times on a desktop are other times.
    let module = match form_factor.as_deref() {
        None | Some("mobile") => page,
        Some(other) => format!("{page} {other}"),
    };
    let mut outcome = Outcome::new(1, module);
    let took_ms = report.timing.map_or(0.0, |timing| timing.total);
    outcome.span_ms = Some((began_ms, began_ms.saturating_add(took_ms as i64)));
    outcome.tag("form_factor", form_factor);
    outcome.tag("version", report.lighthouse_version);
    if let Some(RuntimeError { code }) = report.runtime_error {
        outcome.exit = RunExit::Code(1);
        outcome.tag("error", code);
    }
    for (audit, name) in AUDITS {
        outcome.measure(name, report.audits.get(audit).and_then(|audit| audit.numeric_value));
    }
    for (category, Category { score }) in report.categories {
        let name = if category == "performance" { "score".to_owned() } else { format!("{category}_score") };
        outcome.measure(&name, score.map(|score| score * 100.0));
    }
    Ok(vec![Ok(outcome)])
}
