//! Lines to batches: every line becomes a sample, part of a run or a reject, and nothing goes missing between them.

use std::path::{Path, PathBuf};

use super::decoder::{Decoder, Reading};
use super::dictionary::Dictionary;
use super::format;
use super::jsonl;
use super::lines::Line;
use super::reject::{Reason, Reject};
use super::sink::Sink;
use crate::model::{NewRun, NewSample};

/// How many samples a batch may hold: what the store takes in one short transaction.
pub const BATCH_SAMPLES: usize = 8_192;
/// How many bytes of rejected lines a batch may hold before it is handed on.
const BATCH_REJECTED_BYTES: usize = 4 << 20;

/// What became of a stretch of lines.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// The samples, in the order of their lines.
    pub samples: Vec<NewSample>,
    /// The runs, in the order of their documents.
    pub runs: Vec<NewRun>,
    /// The lines that were not taken, in order.
    pub rejects: Vec<Reject>,
}

impl Batch {
    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.runs.is_empty() && self.rejects.is_empty()
    }
}

/// Reads the lines of one input.
#[derive(Debug)]
pub struct LineReader {
    reading: Reading,
    /// The file the lines are of, if they are of one.
    path: Option<PathBuf>,
    decoder: Decoder,
    lines: u64,
    batch: Batch,
    /// Rejects whose bytes are counted, and those bytes.
    counted: (usize, usize),
}

impl LineReader {
    /// Reads from the line after `lines` on: 0 at the beginning of an input.
    #[must_use]
    pub fn new(reading: Reading, lines: u64) -> Self {
        let decoder = Decoder::new(reading.format);
        Self { reading, path: None, decoder, lines, batch: Batch::default(), counted: (0, 0) }
    }

    /// The same, of a file: what a tool does not name is called by it.
    #[must_use]
    pub fn of_file(self, path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), ..self }
    }

    /// Reads one line; an empty one is counted and otherwise ignored.
    pub fn read(&mut self, line: Line<'_>, now_ms: i64, dictionary: &mut Dictionary) {
        self.lines += 1;
        match line {
            Line::Whole(bytes) => {
                let is_first = self.lines == 1;
                let text = if is_first { without_mark(bytes) } else { bytes };
                if let Some(reason) = is_first.then(|| format::encoded(text)).flatten() {
                    let (_, _, mut sink) = self.parts(now_ms, dictionary);
                    sink.reject(1, text, reason);
                } else if matches!(self.decoder, Decoder::Jsonl) {
                    self.read_json(text, now_ms, dictionary);
                } else {
                    let (decoder, reading, mut sink) = self.parts(now_ms, dictionary);
                    decoder.read(text, reading, &mut sink);
                }
            }
            Line::TooLong(head) => {
                let (_, _, mut sink) = self.parts(now_ms, dictionary);
                sink.reject(sink.line, head, Reason::LineTooLong);
            }
        }
    }

    /// The format that is the rule, without a detour.
    fn read_json(&mut self, text: &[u8], now_ms: i64, dictionary: &mut Dictionary) {
        if text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match jsonl::parse(text, self.reading.unit.unwrap_or_default(), now_ms, dictionary) {
            Ok(sample) => self.batch.samples.push(sample),
            Err(reason) => {
                let text = String::from_utf8_lossy(text).into_owned();
                self.batch.rejects.push(Reject { line: self.lines, reason, text });
            }
        }
    }

    /// The input has ended: what waited for more lines is taken or rejected.
    pub fn finish(&mut self, now_ms: i64, dictionary: &mut Dictionary) {
        let (decoder, reading, mut sink) = self.parts(now_ms, dictionary);
        decoder.finish(reading, &mut sink);
    }

    fn parts<'a>(&'a mut self, now_ms: i64, dictionary: &'a mut Dictionary) -> (&'a mut Decoder, Reading, Sink<'a>) {
        let Self { reading, path, decoder, lines, batch, .. } = self;
        let path = path.as_deref();
        (decoder, *reading, Sink { batch, dictionary, unit: reading.unit, now_ms, line: *lines, path })
    }

    /// Learns the format and the header from the beginning of an input that is read on from further down.
    pub(super) fn learn(&mut self, line: Line<'_>) {
        let lines = std::mem::take(&mut self.lines);
        self.read(line, 0, &mut Dictionary::default());
        self.lines = lines;
        self.take();
    }

    /// Whether the format and its header are known.
    pub(super) fn is_settled(&self) -> bool {
        self.decoder.is_settled()
    }

    /// Whether lines are JSON objects, which say themselves that they are whole.
    pub(super) const fn is_json(&self) -> bool {
        matches!(self.decoder, Decoder::Jsonl)
    }

    /// Whether what was read last goes on in the next line.
    pub(super) fn is_open(&self) -> bool {
        self.decoder.is_open()
    }

    /// Whether a line would be taken as it is.
    pub(super) fn would_take(&self, line: Line<'_>, now_ms: i64) -> bool {
        let mut trial = Self { decoder: self.decoder.clone(), ..Self::new(self.reading, self.lines) };
        trial.read(line, now_ms, &mut Dictionary::default());
        !trial.batch.samples.is_empty() && trial.batch.rejects.is_empty()
    }

    /// Lines read so far, of the whole input.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether the batch should be handed on before more is read.
    #[must_use]
    pub fn is_full(&mut self) -> bool {
        let (rejects, bytes) = &mut self.counted;
        for reject in &self.batch.rejects[*rejects..] {
            *bytes += reject.text.len();
        }
        *rejects = self.batch.rejects.len();
        self.batch.samples.len() >= BATCH_SAMPLES || *bytes >= BATCH_REJECTED_BYTES
    }

    /// Whether anything waits to be handed on.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// What was read since the last call.
    pub fn take(&mut self) -> Batch {
        self.counted = (0, 0);
        std::mem::take(&mut self.batch)
    }
}

/// A first line without the byte-order mark that some editors put there.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::results::Tool;
    use crate::ingest::{Format, LineSplitter};

    fn read(text: &[u8]) -> (Batch, u64) {
        let (mut splitter, mut dictionary) = (LineSplitter::default(), Dictionary::default());
        let mut reader = LineReader::new(Reading::JSONL, 0);
        splitter.feed(text, |line| reader.read(line, 0, &mut dictionary));
        splitter.finish(|line| reader.read(line, 0, &mut dictionary));
        (reader.take(), reader.lines())
    }

    #[test]
    fn rejects_carry_the_number_of_their_line() {
        let (batch, lines) =
            read(b"\xef\xbb\xbf{\"metric\":\"a\",\"value\":1}\r\n\r\nbad\n  \n{\"metric\":\"a\",\"value\":2}");
        assert_eq!(lines, 5);
        assert_eq!(batch.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [1.0, 2.0]);
        assert_eq!(batch.rejects.iter().map(|reject| (reject.line, &*reject.text)).collect::<Vec<_>>(), [(3, "bad")]);
    }

    #[test]
    fn a_mark_on_a_later_line_is_no_mark() {
        let (batch, _) = read(b"\n\xef\xbb\xbf{\"metric\":\"a\",\"value\":1}\n");
        assert_eq!(batch.rejects.len(), 1);
    }

    /// Lines that are nearly right in some format.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop::sample::select(vec![
            "metric,value,timestamp",
            "timestamp;cpu",
            "\"",
            ",",
            ";",
            "\t",
            "\n",
            "\r\n",
            "{",
            "}",
            "=",
            " ",
            "#",
            "\\",
            "cpu",
            "1",
            "-",
            "NaN",
            "1e999",
            "1700000000000",
            "{\"results\":[",
            "{\"command\":\"c\",\"times\":[1]}",
            "]}",
            "# TYPE cpu gauge",
            "cpu{a=\"b\"} 1",
            "cpu,a=b c=1i,d=\"e\"",
            "\0",
            "\u{e9}",
            "\u{feff}",
        ]);
        prop_oneof![
            3 => prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
            1 => prop::collection::vec(any::<u8>(), 0..200),
        ]
    }

    fn read_as(format: Option<Format>, text: &[u8]) -> Batch {
        let (mut splitter, mut dictionary) = (LineSplitter::default(), Dictionary::default());
        let mut reader = LineReader::new(Reading { format, ..Reading::default() }, 0);
        splitter.feed(text, |line| reader.read(line, 1_763_700_000_000, &mut dictionary));
        splitter.finish(|line| reader.read(line, 1_763_700_000_000, &mut dictionary));
        reader.finish(1_763_700_000_000, &mut dictionary);
        reader.take()
    }

    proptest! {
        #[test]
        fn any_text_is_survived_in_any_format(text in hostile(), format in prop::sample::select(vec![
            None, Some(Format::Jsonl), Some(Format::Csv), Some(Format::Prometheus), Some(Format::Influx), Some(Format::Results(Tool::Hyperfine)), Some(Format::Results(Tool::CargoBench)),
        ])) {
            let batch = read_as(format, &text);
            let lines = 1 + memchr::memchr_iter(b'\n', &text).count() as u64;
            prop_assert!(batch.samples.iter().all(|sample| sample.value.is_finite() && !sample.metric.is_empty()));
            prop_assert!(batch.rejects.iter().all(|reject| (1..=lines).contains(&reject.line)), "{batch:?}");
        }

        #[test]
        fn every_line_of_a_line_format_is_a_sample_or_a_reject(
            lines in prop::collection::vec("[ -~]{0,30}|cpu 1|cpu value=1", 0..20),
            format in prop::sample::select(vec![Format::Prometheus, Format::Influx]),
        ) {
            let batch = read_as(Some(format), lines.join("\n").as_bytes());
            let counted = lines.iter().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')).count();
            prop_assert!(batch.samples.len() + batch.rejects.len() >= counted);
        }

        #[test]
        fn every_row_of_a_csv_is_a_sample_or_a_reject(rows in prop::collection::vec("[a-c,1-3\"]{0,6}|cpu,1", 0..20)) {
            let text = "metric,value\n".to_owned() + &rows.join("\n") + "\n";
            let batch = read_as(Some(Format::Csv), text.as_bytes());
            let mut lines: Vec<u64> = batch.rejects.iter().map(|reject| reject.line).collect();
            lines.dedup();
            prop_assert_eq!(lines.len(), batch.rejects.len(), "a row is rejected once");
            // A record over several lines is one row; whole rows without quotes are counted each.
            if !text.contains('"') {
                let with_text = rows.iter().filter(|row| !row.is_empty()).count();
                prop_assert_eq!(batch.samples.len() + batch.rejects.len(), with_text);
            }
        }
    }

    proptest! {
        #[test]
        fn every_line_with_text_is_a_sample_or_a_reject(
            lines in prop::collection::vec(
                prop_oneof![
                    Just(r#"{"metric":"a","value":1}"#.to_owned()),
                    "[ -~]{0,30}",
                    Just(String::new()),
                ],
                0..40,
            )
        ) {
            let (batch, count) = read(lines.iter().flat_map(|line| [line, "\n"].concat().into_bytes()).collect::<Vec<_>>().as_slice());
            let with_text = lines.iter().filter(|line| !line.trim().is_empty()).count();
            prop_assert_eq!(count, lines.len() as u64);
            prop_assert_eq!(batch.samples.len() + batch.rejects.len(), with_text);
        }
    }
}
