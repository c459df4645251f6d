//! Lines to batches: every line becomes a sample or a reject, and nothing goes missing between them.

use super::dictionary::Dictionary;
use super::jsonl;
use super::lines::Line;
use super::reject::{Reason, Reject};
use super::timestamp::TimestampUnit;
use crate::model::NewSample;

/// How many samples a batch may hold: what the store takes in one short transaction.
pub const BATCH_SAMPLES: usize = 16_384;
/// How many bytes of rejected lines a batch may hold before it is handed on.
const BATCH_REJECTED_BYTES: usize = 4 << 20;

/// What became of a stretch of lines.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// The samples, in the order of their lines.
    pub samples: Vec<NewSample>,
    /// The lines that were not taken, in order.
    pub rejects: Vec<Reject>,
}

impl Batch {
    /// Whether it holds neither a sample nor a reject.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.rejects.is_empty()
    }
}

/// Reads the lines of one input.
#[derive(Debug)]
pub struct LineReader {
    unit: TimestampUnit,
    lines: u64,
    batch: Batch,
    rejected_bytes: usize,
}

impl LineReader {
    /// Reads from the line after `lines` on: 0 at the beginning of an input.
    #[must_use]
    pub fn new(unit: TimestampUnit, lines: u64) -> Self {
        Self { unit, lines, batch: Batch::default(), rejected_bytes: 0 }
    }

    /// Reads one line; an empty one is counted and otherwise ignored.
    pub fn read(&mut self, line: Line<'_>, now_ms: i64, dictionary: &mut Dictionary) {
        self.lines += 1;
        let parsed = match line {
            Line::Whole(bytes) => {
                let text = if self.lines == 1 { without_mark(bytes) } else { bytes };
                if text.iter().all(u8::is_ascii_whitespace) {
                    return;
                }
                jsonl::parse(text, self.unit, now_ms, dictionary).map_err(|reason| (reason, bytes))
            }
            Line::TooLong(head) => Err((Reason::LineTooLong, head)),
        };
        match parsed {
            Ok(sample) => self.batch.samples.push(sample),
            Err((reason, bytes)) => {
                self.rejected_bytes += bytes.len();
                let text = String::from_utf8_lossy(bytes).into_owned();
                self.batch.rejects.push(Reject { line: self.lines, reason, text });
            }
        }
    }

    /// Lines read so far, of the whole input.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether the batch should be handed on before more is read.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.batch.samples.len() >= BATCH_SAMPLES || self.rejected_bytes >= BATCH_REJECTED_BYTES
    }

    /// Whether anything waits to be handed on.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// What was read since the last call.
    pub fn take(&mut self) -> Batch {
        self.rejected_bytes = 0;
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
    use crate::ingest::LineSplitter;

    fn read(text: &[u8]) -> (Batch, u64) {
        let (mut splitter, mut dictionary) = (LineSplitter::default(), Dictionary::default());
        let mut reader = LineReader::new(TimestampUnit::default(), 0);
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
