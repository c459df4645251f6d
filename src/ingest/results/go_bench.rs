//! What `go test -bench` prints, or the events of `go test -json` that hold it: each line of a benchmark is a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::outcome::Outcome;
use crate::ingest::reject::Reason;
use crate::model::{Environment, RunExit, measure};

const PREFIX: &str = "Benchmark";
const FAILED: &str = "--- FAIL: ";

/// Whether a line is one of such an output, and of nothing else.
pub(super) fn is_line(line: &str) -> bool {
    let is_header = ["goos: ", "goarch: ", "pkg: "].iter().any(|header| line.starts_with(header));
    is_header || line.starts_with(PREFIX) && (line.contains(" ns/op") || line.contains(FAILED))
}

/// An event of `go test -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    package: Option<String>,
    output: Option<String>,
}

/// What the lines before a benchmark say of where it ran.
#[derive(Default, Clone)]
struct Place {
    os: String,
    machine: String,
    cpu: String,
    package: String,
}

/// A benchmark's line, taken apart.
struct Line {
    /// Where it stands, from 1.
    number: u64,
    name: String,
    place: Place,
    /// What it measured; nothing when it failed.
    measures: Option<BTreeMap<String, f64>>,
}

pub(super) fn read(text: &str) -> Vec<Result<Outcome, (u64, Reason)>> {
    let lines = if text.trim_start().starts_with('{') { of_events(text) } else { of_text(text) };
    let procs = procs(&lines);
    let packages: HashMap<&str, HashSet<&str>> = lines.iter().fold(HashMap::new(), |mut packages, line| {
        packages.entry(&*line.name).or_insert_with(HashSet::new).insert(&*line.place.package);
        packages
    });
    let outcome = |line: &Line| {
        let name = procs.and_then(|procs| line.name.strip_suffix(&format!("-{procs}"))).unwrap_or(&line.name);
        let is_unique = packages.get(&*line.name).is_none_or(|packages| packages.len() < 2);
        let Place { os, machine, cpu, package } = &line.place;
        let module = if is_unique { name.to_owned() } else { format!("{package}.{name}") };
        let mut outcome = Outcome::new(line.number, module);
        outcome.tag("package", package.clone());
        let environment = Environment { cpu: cpu.clone(), cores: procs.unwrap_or(1), os: format!("{os} {machine}") };
        outcome.environment = (!cpu.is_empty()).then_some(environment);
        match &line.measures {
            Some(measures) => outcome.measures.clone_from(measures),
            None => outcome.exit = RunExit::Code(1),
        }
        Ok(outcome)
    };
    lines.iter().map(outcome).collect()
}

/// How many processors Go used: it is the end of every name, unless it is 1.
fn procs(lines: &[Line]) -> Option<u32> {
    let of = |line: &Line| line.name.rsplit_once('-')?.1.parse().ok();
    let first = of(lines.first()?)?;
    lines.iter().all(|line| of(line) == Some(first)).then_some(first)
}

fn of_text(text: &str) -> Vec<Line> {
    let mut place = Place::default();
    (1..).zip(text.lines()).filter_map(|(number, line)| benchmark(number, line, &mut place)).collect()
}

/// A line of output may come in several events; packages take turns.
fn of_events(text: &str) -> Vec<Line> {
    let mut packages: BTreeMap<String, (String, Place)> = BTreeMap::new();
    let mut lines = Vec::new();
    for (number, event) in (1..).zip(text.lines()) {
        let Ok(Event { package, output: Some(output) }) = serde_json::from_str(event) else { continue };
        let (pending, place) = packages.entry(package.unwrap_or_default()).or_default();
        pending.push_str(&output);
        while let Some(end) = pending.find('\n') {
            lines.extend(benchmark(number, &pending[..end], place));
            pending.drain(..=end);
        }
    }
    lines
}

/// What a line says: of the place, which is kept, or of a benchmark.
fn benchmark(number: u64, line: &str, place: &mut Place) -> Option<Line> {
    let headers = [("goos: ", 0), ("goarch: ", 1), ("cpu: ", 2), ("pkg: ", 3)];
    if let Some((value, which)) = headers.iter().find_map(|(name, which)| Some((line.strip_prefix(name)?, *which))) {
        let field = [&mut place.os, &mut place.machine, &mut place.cpu, &mut place.package].into_iter().nth(which)?;
        value.trim().clone_into(field);
        return None;
    }
    let (name, measures) = if let Some((_, failed)) = line.split_once(FAILED) {
        (failed.split_whitespace().next()?, None)
    } else {
        let (name, rest) = line.split_once(char::is_whitespace)?;
        (name, Some(measures(rest)?))
    };
    let is_benchmark = name.starts_with(PREFIX);
    is_benchmark.then(|| Line { number, name: name.to_owned(), place: place.clone(), measures })
}

/// How often it ran, then numbers, each with its unit.
fn measures(text: &str) -> Option<BTreeMap<String, f64>> {
    let mut words = text.split_whitespace();
    words.next()?.parse::<u64>().ok()?;
    let mut measures = BTreeMap::new();
    while let (Some(number), Some(unit)) = (words.next(), words.next()) {
        let number: f64 = number.parse().ok()?;
        let (name, value) = match unit {
            "ns/op" => (measure::DURATION.to_owned(), number / 1e6),
            "B/op" => ("allocated_bytes".to_owned(), number),
            "allocs/op" => ("allocations".to_owned(), number),
            "MB/s" => ("bytes_per_second".to_owned(), number * 1e6),
            // The benchmark's own: `hits/op`.
            _ => (unit.replace('/', "_per_"), number),
        };
        measures.insert(name, value);
    }
    (!measures.is_empty()).then_some(measures)
}
