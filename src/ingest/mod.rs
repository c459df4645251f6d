//! Bytes to samples: the JSON Lines format, readers, and the drop directory's bookkeeping.
//!
//! Every line ends as a sample or as a [`Reject`] with its number and a reason. Knows nothing of the
//! store: what was read is handed on in batches.

mod batch;
pub mod context;
mod dictionary;
pub mod dropdir;
pub mod dropfile;
pub mod jsonl;
pub mod limits;
mod lines;
pub mod reader;
mod reject;
mod timestamp;

pub use batch::{BATCH_SAMPLES, Batch, LineReader};
pub use dictionary::Dictionary;
pub use lines::{Line, LineSplitter};
pub use reject::{Reason, Reject};
pub use timestamp::{TimestampUnit, parse_timestamp};
