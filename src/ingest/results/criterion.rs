//! criterion's `new/estimates.json`: one run, of the time of one iteration. The benchmark's name stands in the file beside
//! it, or shows in the path.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::{Origin, Outcomes, digest};
use super::outcome::Outcome;
use super::tool::Tool;
use crate::ingest::limits::MAX_LINE_BYTES;
use crate::ingest::reject::Reason;
use crate::model::measure;

const ESTIMATES: &str = "estimates.json";
/// Where criterion puts what it measured last, beside what it measured before and how they differ.
const NEWEST: &str = "new";
/// Directories in directories: a group, a function and a parameter are three.
const MAX_DEPTH: usize = 16;

/// In nanoseconds.
#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    median: Estimate,
    /// Where iterations were sampled in growing numbers: criterion's own choice then.
    slope: Option<Estimate>,
    std_dev: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Identity {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    #[serde(alias = "BytesDecimal")]
    Bytes(f64),
    Elements(f64),
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

pub(super) fn read(document: &str, origin: &Origin<'_>) -> Outcomes {
    let Estimates { mean, median, slope, std_dev } = serde_json::from_str(document)?;
    let Some(std_dev) = std_dev else {
        let complaint = "this is how the last two measurements differ: take new/estimates.json".to_owned();
        return Ok(vec![Err((1, Reason::NotOf { tool: Tool::Criterion.as_str(), complaint }))]);
    };
    let identity = origin.path.and_then(identity);
    let name = identity.as_ref().map(|identity| identity.full_id.clone()).or_else(|| origin.path.and_then(of_path));
    let mut outcome = Outcome::new(1, name.unwrap_or_else(|| Tool::Criterion.as_str().to_owned()));
    outcome.identity = Some(digest(&format!("{}\n{document}", outcome.module)));
    let typical_ns = slope.as_ref().unwrap_or(&mean).point_estimate;
    outcome.measure(measure::DURATION, typical_ns / 1e6);
    outcome.measure("median_ms", median.point_estimate / 1e6);
    outcome.measure("sd_ms", std_dev.point_estimate / 1e6);
    match identity.and_then(|identity| identity.throughput).filter(|_| typical_ns > 0.0) {
        Some(Throughput::Bytes(bytes)) => outcome.measure("bytes_per_second", bytes / typical_ns * 1e9),
        Some(Throughput::Elements(elements)) => outcome.measure("elements_per_second", elements / typical_ns * 1e9),
        Some(Throughput::Other(_)) | None => {}
    }
    Ok(vec![Ok(outcome)])
}

/// What criterion wrote beside the estimates.
fn identity(estimates: &Path) -> Option<Identity> {
    let mut text = String::new();
    let file = File::open(estimates.with_file_name("benchmark.json")).ok()?;
    file.take(MAX_LINE_BYTES as u64).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// The directories between `criterion` and `new`.
fn of_path(estimates: &Path) -> Option<String> {
    let names: Vec<String> =
        estimates.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let of_benchmark = &names[..names.len().checked_sub(2)?];
    let from = of_benchmark.iter().rposition(|name| name == "criterion").map_or(0, |at| at + 1);
    let name = of_benchmark[from..].join("/");
    (!name.is_empty()).then_some(name)
}

/// What was measured last of every benchmark under a directory such as `target/criterion`, by path.
pub fn under(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    find(dir, MAX_DEPTH, &mut found)?;
    found.sort();
    Ok(found)
}

fn find(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // What a link points to lies elsewhere, and perhaps above.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let estimates = entry.path().join(ESTIMATES);
        if entry.file_name() == NEWEST && estimates.is_file() {
            found.push(estimates);
        } else if depth > 0 {
            find(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}
