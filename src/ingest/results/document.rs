//! A text that may hold documents, to runs and rejects.

use std::path::Path;

use crc::{CRC_64_XZ, Crc};
use serde_json::value::RawValue;

use super::outcome::Outcome;
use super::tool::Tool;
use super::{
    cargo_bench, criterion, go_bench, google_benchmark, hyperfine, k6, lighthouse, oha, pytest_benchmark, vegeta, wrk,
};
use crate::ingest::limits::{KEPT_OF_LONG_LINE_BYTES, MAX_DOCUMENT_BYTES};
use crate::ingest::reject::Reason;
use crate::ingest::sink::Sink;
use crate::model::NewRun;

/// Where a text comes from.
#[derive(Debug, Clone, Copy)]
pub(in crate::ingest) struct Origin<'a> {
    /// Its file, if it has one.
    pub path: Option<&'a Path>,
    /// When it was written, or now: what does not say when it ran is dated so. Ms since the Unix epoch.
    pub at_ms: i64,
    /// Now, in ms since the Unix epoch.
    pub now_ms: i64,
}

impl Origin<'_> {
    /// The name of the file without its ending, or the tool: what a result is called that has no name.
    pub fn name(&self, tool: Tool) -> String {
        let stem = self.path.and_then(Path::file_stem);
        stem.map_or_else(|| tool.as_str().to_owned(), |stem| stem.to_string_lossy().into_owned())
    }
}

/// Why a document, or a part of it, was not taken.
#[derive(Debug)]
pub(in crate::ingest) struct Fault {
    /// The line of the text, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// The text ends too early: more may come.
    pub is_early_end: bool,
}

/// What a text holds.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Found {
    /// The runs, in their order.
    pub runs: Vec<NewRun>,
    /// What was not taken.
    pub faults: Vec<Fault>,
}

/// What a tool's own file makes of a document.
pub(super) type Outcomes = Result<Vec<Result<Outcome, (u64, Reason)>>, serde_json::Error>;

/// Reads all documents of a text, of `tool` or of the ones that show.
pub(in crate::ingest) fn read(bytes: &[u8], tool: Option<Tool>, origin: &Origin<'_>) -> Found {
    let mut found = Found::default();
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let (line, is_early_end) = (line_at(bytes, at), error.error_len().is_none());
            found.faults.push(Fault { line, reason: Reason::NotUtf8(at), is_early_end });
            return found;
        }
    };
    match tool {
        Some(tool) if tool.writes_text() => found.take_text(tool, text, origin),
        _ => found.take_json(tool, text, origin),
    }
    found
}

impl Found {
    fn take_text(&mut self, tool: Tool, text: &str, origin: &Origin<'_>) {
        let outcomes = match tool {
            Tool::GoBench => go_bench::read(text),
            Tool::Wrk => wrk::read(text),
            _ => cargo_bench::read(text),
        };
        // Few digits may come again in another run: when it was written tells them apart.
        self.take(tool, outcomes, origin, digest(text) ^ origin.at_ms.cast_unsigned(), 0);
    }

    fn take_json(&mut self, asked: Option<Tool>, text: &str, origin: &Origin<'_>) {
        for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            match document {
                Ok(document) => self.take_document(asked, text, document.get(), origin),
                Err(error) => {
                    let (line, is_early_end) = (error.line() as u64, is_at_end(text, &error));
                    self.faults.push(Fault { line, reason: Reason::NotJson(error.to_string()), is_early_end });
                }
            }
        }
    }

    fn take_document(&mut self, asked: Option<Tool>, text: &str, document: &str, origin: &Origin<'_>) {
        let before = line_at(text.as_bytes(), document.as_ptr().addr() - text.as_ptr().addr()) - 1;
        let Some(tool) = asked.or_else(|| Tool::of_json(document)) else {
            self.faults.push(Fault { line: before + 1, reason: Reason::UnknownDocument, is_early_end: false });
            return;
        };
        let outcomes = match tool {
            Tool::Hyperfine => hyperfine::read(document),
            Tool::Criterion => criterion::read(document, origin),
            Tool::PytestBenchmark => pytest_benchmark::read(document),
            Tool::GoogleBenchmark => google_benchmark::read(document),
            Tool::K6 => k6::read(document, origin),
            Tool::Oha => oha::read(document, origin),
            Tool::Vegeta => vegeta::read(document, origin),
            Tool::Lighthouse => lighthouse::read(document),
            Tool::CargoBench | Tool::GoBench | Tool::Wrk => return,
        };
        match outcomes {
            Ok(outcomes) => self.take(tool, outcomes, origin, digest(document), before),
            Err(error) => {
                let reason = Reason::NotOf { tool: tool.as_str(), complaint: complaint(&error) };
                self.faults.push(Fault { line: before + error.line() as u64, reason, is_early_end: false });
            }
        }
    }

    /// Takes the results of a document that begins after `before` lines. What does not say when it ran ended when the
    /// next one began, and the last when the document was written.
    fn take(
        &mut self,
        tool: Tool,
        outcomes: Vec<Result<Outcome, (u64, Reason)>>,
        origin: &Origin<'_>,
        document: u64,
        before: u64,
    ) {
        if outcomes.is_empty() {
            let reason = Reason::NotOf { tool: tool.as_str(), complaint: "no result in it".to_owned() };
            self.faults.push(Fault { line: before + 1, reason, is_early_end: false });
        }
        let (mut runs, mut ended_ms) = (Vec::new(), origin.at_ms as f64);
        for (place, outcome) in outcomes.into_iter().enumerate().rev() {
            let taken = outcome.and_then(|outcome| {
                let (line, took_ms) = (outcome.line, outcome.took_ms);
                let key = format!("file:{}:{:016x}:{place}", tool.as_str(), outcome.identity.unwrap_or(document));
                let run = outcome.into_run(tool, origin, key, ended_ms as i64).map_err(|reason| (line, reason))?;
                ended_ms -= took_ms;
                Ok(run)
            });
            match taken {
                Ok(run) => runs.push(NewRun { batch: format!("{}:{document:016x}", tool.as_str()), ..run }),
                Err((line, reason)) => self.faults.push(Fault { line: before + line, reason, is_early_end: false }),
            }
        }
        runs.reverse();
        self.runs.extend(runs);
    }
}

/// Whether an error stands at the end of a text: a number that is cut off is one, too.
fn is_at_end(text: &str, error: &serde_json::Error) -> bool {
    let text = text.trim_end();
    let last_line = text.rfind('\n').map_or(0, |end| end + 1);
    let is_last = error.line() as u64 == line_at(text.as_bytes(), text.len());
    error.is_eof() || is_last && error.column() >= text.len() - last_line
}

/// Tells texts apart.
pub(super) fn digest(text: &str) -> u64 {
    Crc::<u64>::new(&CRC_64_XZ).checksum(text.as_bytes())
}

/// The number of the line that a byte of a text stands in, from 1.
pub(super) fn line_at(text: &[u8], offset: usize) -> u64 {
    1 + memchr::memchr_iter(b'\n', &text[..offset.min(text.len())]).count() as u64
}

/// What JSON's reader says, without where: that is the line of the reject.
pub(super) fn complaint(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

/// What of a text is kept to be shown.
pub(in crate::ingest) fn shown(text: &[u8]) -> &[u8] {
    &text[..text.len().min(KEPT_OF_LONG_LINE_BYTES)]
}

/// A document as it comes in, line by line.
#[derive(Debug, Clone)]
pub(in crate::ingest) struct Collector {
    tool: Option<Tool>,
    text: Vec<u8>,
    lines: u64,
}

impl Collector {
    /// Nothing has come yet.
    pub const fn new(tool: Option<Tool>) -> Self {
        Self { tool, text: Vec::new(), lines: 0 }
    }

    /// Takes a line; `false` when the document has become too long to be held.
    pub fn add(&mut self, line: &[u8]) -> bool {
        self.lines += 1;
        if self.text.len() + line.len() < MAX_DOCUMENT_BYTES {
            self.text.extend_from_slice(line);
            self.text.push(b'\n');
            return true;
        }
        false
    }

    /// Takes the runs of everything that has come.
    pub fn finish(&mut self, at_ms: i64, sink: &mut Sink<'_>) {
        let Self { tool, text, lines } = std::mem::replace(self, Self::new(self.tool));
        let origin = Origin { path: sink.path, at_ms, now_ms: sink.now_ms };
        sink.document(&text, tool, &origin, sink.line - lines, false);
    }
}
