//! Lines of any format to samples and rejects; finds out the format when nobody said.

use super::csv::Csv;
use super::format::{Format, Guess, guess};
use super::reject::Reason;
use super::results::Collector;
use super::sink::Sink;
use super::timestamp::{self, TimestampUnit};
use super::{influx, jsonl, prometheus};
use crate::model::NewSample;

/// How an input is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// The format; found out from the first lines when it is not said.
    pub format: Option<Format>,
    /// The unit of timestamps that are numbers; what the format has by default when it is not said.
    pub unit: Option<TimestampUnit>,
    /// When the input was written, in ms since the Unix epoch: the date of documents that have none.
    pub written_ms: Option<i64>,
}

impl Reading {
    /// JSON Lines with timestamps in milliseconds.
    pub const JSONL: Self = Self { format: Some(Format::Jsonl), unit: None, written_ms: None };

    /// The date of what has none: when it was written, if that is an instant that a sample may have.
    pub(super) fn date(&self, now_ms: i64) -> i64 {
        self.written_ms.filter(|at_ms| timestamp::in_range(*at_ms, now_ms).is_ok()).unwrap_or(now_ms)
    }
}

/// What a format has to remember from line to line.
#[derive(Debug, Clone)]
pub(super) enum Decoder {
    /// No line has told the format yet; whether there was one with text.
    Undecided { is_first: bool },
    /// One line, one sample.
    Jsonl,
    /// A header, then rows.
    Csv(Box<Csv>),
    /// One line, one sample.
    Prometheus,
    /// One line, a sample a field.
    Influx,
    /// A tool's results.
    Document(Collector),
    /// The rest of a document that is too long.
    Overlong,
}

impl Decoder {
    pub fn new(format: Option<Format>) -> Self {
        match format {
            None => Self::Undecided { is_first: true },
            Some(Format::Jsonl) => Self::Jsonl,
            Some(Format::Csv) => Self::Csv(Box::default()),
            Some(Format::Prometheus) => Self::Prometheus,
            Some(Format::Influx) => Self::Influx,
            Some(Format::Results(tool)) => Self::Document(Collector::new(Some(tool))),
        }
    }

    /// Whether every line stands for itself from now on.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Undecided { .. } => false,
            Self::Csv(csv) => csv.has_header(),
            _ => true,
        }
    }

    /// Whether what was read last goes on in the next line.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Csv(csv) if csv.is_open())
    }

    /// Reads a line that is not JSON Lines. Empty lines count for some formats.
    pub fn read(&mut self, line: &[u8], reading: Reading, sink: &mut Sink<'_>) {
        let is_empty = line.iter().all(u8::is_ascii_whitespace);
        let taken = match self {
            Self::Csv(csv) => {
                csv.read(line, sink);
                return;
            }
            Self::Document(document) => {
                if document.add(line) {
                    return;
                }
                *self = Self::Overlong;
                Err(Reason::DocumentTooLong)
            }
            Self::Overlong => return,
            _ if is_empty => return,
            Self::Undecided { is_first } => match guess(line, std::mem::replace(is_first, false)) {
                Guess::Is(format) => {
                    *self = Self::new(Some(format));
                    return self.read(line, reading, sink);
                }
                Guess::Document => {
                    *self = Self::Document(Collector::new(None));
                    return self.read(line, reading, sink);
                }
                Guess::Comment => return,
                Guess::Nothing => unknown(line, reading, sink).map(|sample| sink.batch.samples.push(sample)),
            },
            Self::Jsonl => json_line(line, reading, sink).map(|sample| sink.batch.samples.push(sample)),
            Self::Prometheus => prometheus::read(line, sink),
            Self::Influx => influx::read(line, sink),
        };
        if let Err(reason) = taken {
            sink.reject(sink.line, line, reason);
        }
    }

    /// The input has ended: what waited for more does not wait any longer.
    pub fn finish(&mut self, reading: Reading, sink: &mut Sink<'_>) {
        match self {
            Self::Csv(csv) => csv.close(sink),
            Self::Document(document) => document.finish(reading.date(sink.now_ms), sink),
            _ => {}
        }
    }
}

fn json_line(line: &[u8], reading: Reading, sink: &mut Sink<'_>) -> Result<NewSample, Reason> {
    jsonl::parse(line, reading.unit.unwrap_or_default(), sink.now_ms, sink.dictionary)
}

/// A line that no format knows is refused as the JSON it most likely should have been.
fn unknown(line: &[u8], reading: Reading, sink: &mut Sink<'_>) -> Result<NewSample, Reason> {
    json_line(line, reading, sink).map_err(|reason| Reason::UnknownFormat(Box::new(reason)))
}
