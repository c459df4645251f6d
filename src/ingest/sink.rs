//! Where the formats put what they read: samples held to the limits, runs, and rejects with their line.

use std::path::Path;

use super::dictionary::Dictionary;
use super::reject::{Reason, Reject};
use super::results::{self, Fault, Origin, Tool};
use super::timestamp::{self, TimestampUnit};
use super::{Batch, jsonl};
use crate::model::NewSample;

/// Takes what a format reads from a line.
pub(super) struct Sink<'a> {
    /// Where it goes.
    pub batch: &'a mut Batch,
    /// Names and contexts seen so far.
    pub dictionary: &'a mut Dictionary,
    /// The unit the user asked for.
    pub unit: Option<TimestampUnit>,
    /// Dates what has no date; ms since the Unix epoch.
    pub now_ms: i64,
    /// The number of the line last read.
    pub line: u64,
    /// The file that is read, if it is one.
    pub path: Option<&'a Path>,
}

impl Sink<'_> {
    /// Takes a sample; `context` is a flat JSON object, or nothing.
    pub fn sample(&mut self, name: &str, value: &str, timestamp_ms: i64, context: &str) -> Result<(), Reason> {
        self.number(name, jsonl::parse_value(value)?, timestamp_ms, context)
    }

    /// As [`Sink::sample`], with a value that is a number already.
    pub fn number(&mut self, name: &str, value: f64, timestamp_ms: i64, context: &str) -> Result<(), Reason> {
        jsonl::check_name(name)?;
        if !value.is_finite() {
            return Err(Reason::NotFinite(value.to_string()));
        }
        let context_json = if context.is_empty() { None } else { self.dictionary.context(context)? };
        let metric = self.dictionary.name(name);
        self.batch.samples.push(NewSample { metric, value, timestamp_ms, context_json });
        Ok(())
    }

    /// When something was measured: a number in the unit asked for, else in `unit`, or an instant as text.
    pub fn timestamp(&self, text: &str, unit: TimestampUnit) -> Result<i64, Reason> {
        timestamp::parse_timestamp(text, self.unit.unwrap_or(unit), self.now_ms)
    }

    /// Takes the runs of the tools' documents in a text, which follows `before` lines. Takes nothing, and answers `true`,
    /// when the text ends within a document and `may_go_on`.
    pub fn document(
        &mut self,
        text: &[u8],
        tool: Option<Tool>,
        origin: &Origin<'_>,
        before: u64,
        may_go_on: bool,
    ) -> bool {
        let found = results::read(text, tool, origin);
        if may_go_on && found.faults.iter().any(|fault| fault.is_early_end) {
            return true;
        }
        self.batch.runs.extend(found.runs);
        let lines = text.split(|&byte| byte == b'\n');
        let count = memchr::memchr_iter(b'\n', text).count() as u64;
        for Fault { line, reason, .. } in found.faults {
            // What ends early ends behind its last line.
            let line = line.clamp(1, count.max(1));
            let shown = lines.clone().nth(line as usize - 1).map(results::shown).unwrap_or_default();
            self.reject(before + line, shown, reason);
        }
        false
    }

    /// Keeps a line that was not taken, or what was not taken of it.
    pub fn reject(&mut self, line: u64, text: &[u8], reason: Reason) {
        let text = String::from_utf8_lossy(text).into_owned();
        self.batch.rejects.push(Reject { line, reason, text });
    }
}
