//! Which tools there are, and which of them wrote a text.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{cargo_bench, go_bench, wrk};

/// A tool whose results are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `hyperfine --export-json`.
    Hyperfine,
    /// `target/criterion/**/new/estimates.json`.
    Criterion,
    /// What `cargo bench` prints, with criterion or without.
    CargoBench,
    /// `pytest --benchmark-json`.
    PytestBenchmark,
    /// `--benchmark_format=json` of Google Benchmark.
    GoogleBenchmark,
    /// What `go test -bench` prints, with `-json` or without.
    GoBench,
    /// `k6 run --summary-export`, or the data that `handleSummary` gets.
    K6,
    /// `oha --output-format json`.
    Oha,
    /// What `wrk` prints.
    Wrk,
    /// `vegeta report -type=json`.
    Vegeta,
    /// `lighthouse --output=json`.
    Lighthouse,
}

/// What the first line of an input says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Beginning {
    /// A document: of this tool, or of one that the rest has to tell.
    Document(Option<Tool>),
    /// Something else.
    Other,
}

impl Tool {
    /// Every tool.
    pub const EVERY: [Self; 11] = [
        Self::Hyperfine,
        Self::Criterion,
        Self::CargoBench,
        Self::PytestBenchmark,
        Self::GoogleBenchmark,
        Self::GoBench,
        Self::K6,
        Self::Oha,
        Self::Wrk,
        Self::Vegeta,
        Self::Lighthouse,
    ];

    /// The word on the command line; also what the source of its runs is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hyperfine => "hyperfine",
            Self::Criterion => "criterion",
            Self::CargoBench => "cargo-bench",
            Self::PytestBenchmark => "pytest-benchmark",
            Self::GoogleBenchmark => "google-benchmark",
            Self::GoBench => "go-bench",
            Self::K6 => "k6",
            Self::Oha => "oha",
            Self::Wrk => "wrk",
            Self::Vegeta => "vegeta",
            Self::Lighthouse => "lighthouse",
        }
    }

    /// Whether it writes text for people, and not JSON.
    pub(super) const fn writes_text(self) -> bool {
        matches!(self, Self::CargoBench | Self::GoBench | Self::Wrk)
    }

    /// The tool that wrote a JSON document, by the names of its members.
    pub(super) fn of_json(text: &str) -> Option<Self> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let has = |names: &[&str]| names.iter().all(|&name| members.contains_key(name));
        // A sample in JSON Lines may have any members beside these.
        if has(&["value"]) && (has(&["metric"]) || has(&["metric_name"])) {
            return None;
        }
        let by_members: [(&[&str], Self); 9] = [
            (&["benchmarks", "machine_info"], Self::PytestBenchmark),
            (&["benchmarks", "context"], Self::GoogleBenchmark),
            (&["lighthouseVersion", "audits"], Self::Lighthouse),
            (&["summary", "latencyPercentiles"], Self::Oha),
            (&["latencies", "status_codes"], Self::Vegeta),
            (&["metrics", "root_group"], Self::K6),
            (&["mean", "median"], Self::Criterion),
            (&["Action", "Package"], Self::GoBench),
            (&["results"], Self::Hyperfine),
        ];
        by_members.into_iter().find(|(names, _)| has(names)).map(|(_, tool)| tool)
    }

    fn of_text_line(line: &str) -> Option<Self> {
        if go_bench::is_line(line) {
            Some(Self::GoBench)
        } else if wrk::begins(line) {
            Some(Self::Wrk)
        } else {
            cargo_bench::is_line(line).then_some(Self::CargoBench)
        }
    }
}

impl Beginning {
    /// Looks at a line, trimmed. A JSON document has to begin an input; text for people may come after other lines.
    pub fn of(line: &str, is_first: bool) -> Self {
        if !line.starts_with('{') {
            return Tool::of_text_line(line).map_or(Self::Other, |tool| Self::Document(Some(tool)));
        }
        if !is_first {
            return Self::Other;
        }
        let rest = line[1..].trim_start();
        let is_results = rest.strip_prefix("\"results\"").is_some_and(|rest| rest.trim_start().starts_with(':'));
        match Tool::of_json(line) {
            // Events of `go test -json` are lines; other documents may be followed by more of them.
            Some(tool) => Self::Document((tool == Tool::GoBench).then_some(tool)),
            None if rest.is_empty() => Self::Document(None),
            None if is_results && serde_json::from_str::<IgnoredAny>(line).is_err() => Self::Document(None),
            None => Self::Other,
        }
    }
}
