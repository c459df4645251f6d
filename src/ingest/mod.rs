//! Bytes to samples and runs: the formats, readers, and the drop directory's bookkeeping.
//!
//! Every line ends as a sample, as part of a run, or as a [`Reject`] with its number and a reason. Knows nothing of the
//! store: what was read is handed on in batches.
//!
//! | file | does |
//! |---|---|
//! | `reader`, `lines`, `batch` | an input to blocks, lines and batches |
//! | `format`, `decoder`, `sink` | which format it is; lines of any of them to samples and rejects |
//! | `jsonl`, `csv`, `prometheus`, `influx` | one format of samples each |
//! | `results` | what tools that measure write of their results, to runs: one file per tool |
//! | `timestamp`, `context`, `limits`, `reject` | what holds for all of them |
//! | `dictionary` | texts that come again and again are kept once |
//! | `dropdir`, `dropfile` | files that grow, and how far they were taken |

mod batch;
pub mod context;
mod csv;
mod decoder;
mod dictionary;
pub mod dropdir;
pub mod dropfile;
mod format;
#[cfg(test)]
mod fuzz;
mod influx;
pub mod jsonl;
pub mod limits;
mod lines;
mod prometheus;
pub mod reader;
mod reject;
pub mod results;
mod sink;
mod timestamp;

pub use batch::{BATCH_SAMPLES, Batch, LineReader};
pub use decoder::Reading;
pub use dictionary::Dictionary;
pub use format::Format;
pub use lines::{Line, LineSplitter};
pub use reject::{Reason, Reject};
pub use timestamp::{TimestampUnit, parse_timestamp};

/// A whole text as one input of a format, for the tests of the formats.
#[cfg(test)]
fn read_text(format: Format, text: &str) -> Batch {
    const NOW_MS: i64 = 1_763_700_000_000;
    let mut dictionary = Dictionary::default();
    let mut splitter = LineSplitter::default();
    let mut reader = LineReader::new(Reading { format: Some(format), ..Reading::default() }, 0);
    splitter.feed(text.as_bytes(), |line| reader.read(line, NOW_MS, &mut dictionary));
    splitter.finish(|line| reader.read(line, NOW_MS, &mut dictionary));
    reader.finish(NOW_MS, &mut dictionary);
    reader.take()
}
