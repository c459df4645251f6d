//! CSV with a header, wide (a timestamp and one column a metric) or long (one row a sample).
//!
//! Splitting is csv-core's, fed line by line, so that a quoted field may go on over several lines and every
//! reject still has its own. Which columns mean what stands in `header`.

mod header;

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use self::header::{Header, Shape};
use super::context;
use super::limits::MAX_RECORD_BYTES;
use super::reject::{Reason, quoted};
use super::sink::Sink;
use super::timestamp::TimestampUnit;

/// What may stand between two cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads an input of this format.
#[derive(Debug)]
pub(super) struct Csv {
    header: Option<Header>,
    delimiter: u8,
    cells: Cells,
    /// The lines of a record whose quotes are open.
    open: Vec<Vec<u8>>,
    open_bytes: usize,
}

/// Whether a line is a header.
pub(super) fn is_header(line: &[u8]) -> bool {
    find_header(line).is_ok()
}

/// Finds the header's meaning, and the delimiter by which it has one.
fn find_header(line: &[u8]) -> Result<(Header, u8), Reason> {
    let mut first_reason = None;
    for delimiter in DELIMITERS {
        let mut cells = Cells::new(delimiter);
        let found = if cells.feed(line) { Header::new(&cells.texts()?) } else { Err(Reason::OpenQuote) };
        match found {
            Ok(header) => return Ok((header, delimiter)),
            Err(reason) => first_reason = first_reason.or(Some(reason)),
        }
    }
    Err(first_reason.unwrap_or(Reason::NoColumns))
}

impl Default for Csv {
    fn default() -> Self {
        let delimiter = DELIMITERS[0];
        Self { header: None, delimiter, cells: Cells::new(delimiter), open: Vec::new(), open_bytes: 0 }
    }
}

/// By reading its open record again: of a cloned reader csv-core 0.1.13 leaves the classes of bytes behind, and no
/// delimiter is found any more.
impl Clone for Csv {
    fn clone(&self) -> Self {
        let Self { header, delimiter, open, open_bytes, .. } = self;
        let mut cells = Cells::new(*delimiter);
        for line in open {
            cells.feed(line);
        }
        Self { header: header.clone(), delimiter: *delimiter, cells, open: open.clone(), open_bytes: *open_bytes }
    }
}

impl Csv {
    /// Whether the header was read.
    pub fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Whether the last record goes on in the next line.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Reads a line; an empty one is part of a record when its quotes are open, and nothing otherwise.
    pub fn read(&mut self, line: &[u8], sink: &mut Sink<'_>) {
        if self.open.is_empty() && line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let Some(header) = &self.header else {
            match find_header(line) {
                Ok((header, delimiter)) => {
                    (self.header, self.delimiter, self.cells) = (Some(header), delimiter, Cells::new(delimiter));
                }
                Err(reason) => sink.reject(sink.line, line, reason),
            }
            return;
        };
        let is_whole = self.cells.feed(line);
        if is_whole && (self.open.is_empty() || is_well_quoted(&self.joined_with(line), self.delimiter)) {
            let first_line = sink.line - self.open.len() as u64;
            let text = if self.open.is_empty() { Cow::Borrowed(line) } else { Cow::Owned(self.joined_with(line)) };
            let taken = self.cells.texts().and_then(|cells| take(header, &cells, (first_line, &text), sink));
            if let Err(reason) = taken {
                sink.reject(first_line, &text, reason);
            }
            self.clear();
            return;
        }
        self.open.push(line.to_vec());
        self.open_bytes += line.len() + 1;
        if is_whole || self.open_bytes > MAX_RECORD_BYTES {
            self.close(sink);
        }
    }

    /// A quote was opened for good or by mistake: its line is rejected, and the ones after it are read for themselves.
    pub fn close(&mut self, sink: &mut Sink<'_>) {
        let last_line = sink.line;
        while !self.open.is_empty() {
            let lines = std::mem::take(&mut self.open);
            self.clear();
            let first_line = last_line + 1 - lines.len() as u64;
            sink.reject(first_line, &lines[0], Reason::OpenQuote);
            for (line, number) in lines[1..].iter().zip(first_line + 1..) {
                sink.line = number;
                self.read(line, sink);
            }
        }
        sink.line = last_line;
    }

    fn joined_with(&self, line: &[u8]) -> Vec<u8> {
        let lines: Vec<&[u8]> = self.open.iter().map(Vec::as_slice).chain([line]).collect();
        lines.join(&b'\n')
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.open.clear();
        self.open_bytes = 0;
    }
}

/// Whether each quote of a record stands where one may. csv-core takes others as they come, and a stray one
/// would make all lines up to the next one of them a single name.
fn is_well_quoted(record: &[u8], delimiter: u8) -> bool {
    let mut is_inside = false;
    for at in memchr::memchr_iter(b'"', record) {
        let after = record.get(at + 1).copied();
        let before = at.checked_sub(1).map(|at| record[at]);
        let is_good = if is_inside {
            after.is_none_or(|byte| byte == b'"' || byte == delimiter)
        } else {
            before.is_none_or(|byte| byte == b'"' || byte == delimiter)
        };
        if !is_good {
            return false;
        }
        is_inside = !is_inside;
    }
    !is_inside
}

/// Takes the samples of a row. An error is one of the whole row.
fn take(header: &Header, cells: &[&str], (line, text): (u64, &[u8]), sink: &mut Sink<'_>) -> Result<(), Reason> {
    if cells.len() != header.columns {
        return Err(Reason::CellCount { found: cells.len(), expected: header.columns });
    }
    let timestamp_ms = match header.timestamp {
        None => sink.now_ms,
        Some(at) => sink.timestamp(cells[at].trim(), TimestampUnit::Milliseconds)?,
    };
    match &header.shape {
        Shape::Long { metric, value, context: None, tags } => {
            let tags = tags.iter().map(|(name, at)| (&**name, cells[*at])).filter(|(_, tag)| !tag.is_empty());
            let context = context::object(tags);
            sink.sample(cells[*metric], cells[*value].trim(), timestamp_ms, &context)
        }
        Shape::Long { metric, value, context: Some(at), .. } => {
            sink.sample(cells[*metric], cells[*value].trim(), timestamp_ms, cells[*at].trim())
        }
        Shape::Wide { metrics } => {
            for (name, at) in metrics {
                let cell = cells[*at].trim();
                // A cell left empty was not measured.
                if cell.is_empty() {
                    continue;
                }
                if sink.sample(name, cell, timestamp_ms, "").is_err() {
                    let reason = Reason::NotANumber { what: quoted(name), found: quoted(cell) };
                    sink.reject(line, text, reason);
                }
            }
            Ok(())
        }
    }
}

/// The cells of a record, as csv-core finds them.
#[derive(Debug)]
struct Cells {
    reader: Reader,
    bytes: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self { reader, bytes: Vec::new(), filled: 0, ends: Vec::new(), count: 0 }
    }

    /// Takes a line; whether the record ends with it.
    fn feed(&mut self, line: &[u8]) -> bool {
        // No line has more bytes of cells, or more cells, than it has bytes and an end.
        self.bytes.resize(self.filled + line.len() + 1, 0);
        self.ends.resize(self.count + line.len() + 2, 0);
        let mut is_whole = false;
        // To csv-core nothing is the end of everything.
        for part in [line, b"\n"].into_iter().filter(|part| !part.is_empty()) {
            let (bytes, ends) = (&mut self.bytes[self.filled..], &mut self.ends[self.count..]);
            let (result, _, written, ended) = self.reader.read_record(part, bytes, ends);
            self.filled += written;
            self.count += ended;
            is_whole = result == ReadRecordResult::Record;
        }
        is_whole
    }

    fn texts(&self) -> Result<Vec<&str>, Reason> {
        let mut from = 0;
        let cut = |&end: &usize| {
            let cell = &self.bytes[std::mem::replace(&mut from, end)..end];
            str::from_utf8(cell).map_err(|_| Reason::CellNotUtf8)
        };
        self.ends[..self.count].iter().map(cut).collect()
    }

    fn clear(&mut self) {
        self.reader.reset();
        (self.filled, self.count) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
