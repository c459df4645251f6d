//! What `hyperfine --export-json` writes: a document whose runs become samples.
//!
//! The document is read as a whole, its results one by one: hyperfine writes the file anew after every
//! command, with one result more at its end, and those that were taken before shall not be taken again.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::context;
use super::reject::Reason;
use super::sink::Sink;

const TIME: &str = "hyperfine.time_seconds";
const USER: &str = "hyperfine.user_seconds";
const SYSTEM: &str = "hyperfine.system_seconds";
const MEMORY: &str = "hyperfine.memory_bytes";

/// Whether a first line, trimmed, begins such a document.
pub(super) fn begins(line: &str) -> bool {
    let rest = line.strip_prefix('{').unwrap_or(line).trim_start();
    rest.is_empty() || rest.strip_prefix("\"results\"").is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// The results of the documents in a text, and where and why it ends early.
#[derive(Debug)]
pub(super) struct Document<'a> {
    text: &'a str,
    results: Vec<&'a str>,
    /// What stopped the reading.
    pub fault: Option<Fault>,
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct Fault {
    /// The text ends too early: more may come.
    pub is_early_end: bool,
    /// The line of the text, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}

#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Outcome {
    command: String,
    times: Vec<f64>,
    user: Option<f64>,
    system: Option<f64>,
    #[serde(default)]
    memory_usage_byte: Vec<f64>,
    #[serde(default)]
    exit_codes: Vec<Option<i32>>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

impl<'a> Document<'a> {
    /// Takes a text apart; one document may follow another.
    pub fn new(bytes: &'a [u8]) -> Self {
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let line = 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
                let fault = Fault { is_early_end: error.error_len().is_none(), line, reason: Reason::NotUtf8(at) };
                return Self { text: "", results: Vec::new(), fault: Some(fault) };
            }
        };
        let (mut results, mut fault) = (Vec::new(), None);
        for export in serde_json::Deserializer::from_str(text).into_iter::<Export<'a>>() {
            match export {
                Ok(Export { results: more }) => results.extend(more.iter().map(|raw| raw.get())),
                Err(error) => {
                    let reason = Reason::NotHyperfine(error.to_string());
                    fault = Some(Fault { is_early_end: error.is_eof(), line: error.line() as u64, reason });
                }
            }
        }
        Self { text, results, fault }
    }

    /// The results, each with the bytes of the text it stands in.
    pub fn results(&self) -> impl Iterator<Item = (Range<usize>, &'a str)> + '_ {
        self.results.iter().map(|result| {
            let from = result.as_ptr().addr() - self.text.as_ptr().addr();
            (from..from + result.len(), *result)
        })
    }

    /// The number of the line that a byte of the text stands in, from 1.
    pub fn line_at(&self, offset: usize) -> u64 {
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..offset]).count() as u64
    }
}

/// Takes the samples of a result, dated `at_ms`: hyperfine does not say when it ran.
pub(super) fn take(result: &str, at_ms: i64, sink: &mut Sink<'_>) -> Result<(), Reason> {
    let outcome: Outcome = serde_json::from_str(result).map_err(|error| {
        let complaint = error.to_string();
        Reason::NotHyperfine(complaint.split(" at line ").next().unwrap_or_default().to_owned())
    })?;
    let context = outcome.context(None);
    for (run, seconds) in outcome.times.iter().enumerate() {
        match outcome.exit_codes.get(run) {
            None | Some(Some(0)) => sink.number(TIME, *seconds, at_ms, &context)?,
            Some(code) => sink.number(TIME, *seconds, at_ms, &outcome.context(Some(&ending(*code))))?,
        }
    }
    for bytes in &outcome.memory_usage_byte {
        sink.number(MEMORY, *bytes, at_ms, &context)?;
    }
    for (name, mean) in [(USER, outcome.user), (SYSTEM, outcome.system)] {
        if let Some(seconds) = mean {
            sink.number(name, seconds, at_ms, &context)?;
        }
    }
    Ok(())
}

/// How a run ended that failed.
fn ending(exit_code: Option<i32>) -> String {
    exit_code.map_or_else(|| "signal".to_owned(), |code| code.to_string())
}

impl Outcome {
    /// The command, its parameters, and how a run ended, when it failed.
    fn context(&self, exit_code: Option<&str>) -> String {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parameters: Vec<(&String, String)> =
            self.parameters.iter().map(|(name, value)| (name, text(value))).collect();
        let tags = [("command", &*self.command)].into_iter();
        let tags = tags.chain(parameters.iter().map(|(name, value)| (&***name, &**value)));
        context::object(tags.chain(exit_code.map(|code| ("exit_code", code))))
    }
}

/// A document as it comes in, line by line.
#[derive(Debug, Clone, Default)]
pub(super) struct Collector {
    text: Vec<u8>,
    lines: u64,
}

impl Collector {
    /// Takes a line; `false` when the document has become too long to be held.
    pub fn add(&mut self, line: &[u8]) -> bool {
        self.lines += 1;
        if self.text.len() + line.len() < super::limits::MAX_DOCUMENT_BYTES {
            self.text.extend_from_slice(line);
            self.text.push(b'\n');
            return true;
        }
        false
    }

    /// Takes the samples of everything that has come.
    pub fn finish(&mut self, at_ms: i64, sink: &mut Sink<'_>) {
        let Self { text, lines } = std::mem::take(self);
        let before = sink.line - lines;
        let document = Document::new(&text);
        for (range, result) in document.results() {
            if let Err(reason) = take(result, at_ms, sink) {
                sink.reject(before + document.line_at(range.start), shown(result.as_bytes()), reason);
            }
        }
        if let Some(Fault { line, reason, .. }) = &document.fault {
            // What ends early ends behind its last line.
            let line = (*line).min(lines);
            let text = text.split(|&byte| byte == b'\n').nth(line.saturating_sub(1) as usize).unwrap_or_default();
            sink.reject(before + line, shown(text), reason.clone());
        }
    }
}

/// What of a text is kept to be shown.
pub(super) fn shown(text: &[u8]) -> &[u8] {
    &text[..text.len().min(super::limits::KEPT_OF_LONG_LINE_BYTES)]
}

#[cfg(test)]
mod tests;
