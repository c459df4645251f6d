//! Takes what is new in an open file into the store, each line once, whoever else reads the same file.
//!
//! Knows neither how the file was found nor what its rejects are worth saying.

use std::io;
use std::time::Duration;

use crate::clock::Clock;
use crate::ingest::dropfile::{Cursor, DropFile, Writer};
use crate::ingest::{Batch, Dictionary};
use crate::store::{Store, StoreError};

/// The pause after each transaction that lets other writers in.
const WRITER_PAUSE: Duration = Duration::from_millis(1);

/// Takes files into a store.
#[derive(Debug)]
pub(super) struct Taker {
    /// Where the samples go, and how far each file was read.
    pub(super) store: Store,
    clock: Clock,
    /// How many runs of a module are kept.
    keep_runs: usize,
    dictionary: Dictionary,
}

/// Where taking a file ended.
#[derive(Debug)]
pub(super) struct Taken {
    /// Where it goes on.
    pub(super) cursor: Cursor,
    /// Whether a line waits there for its end.
    pub(super) is_torn: bool,
}

impl Taker {
    /// Takes into this store.
    pub(super) fn new(store: Store, clock: Clock, keep_runs: usize) -> Self {
        Self { store, clock, keep_runs, dictionary: Dictionary::default() }
    }

    /// How many different metrics were taken.
    pub(super) fn metric_count(&self) -> u64 {
        self.dictionary.metric_count()
    }

    /// Where reading goes on: where the caller or else the ledger knows that it stood.
    pub(super) fn resume(&self, file: &DropFile, known: Option<Cursor>) -> Result<io::Result<Cursor>, StoreError> {
        let known = match known {
            Some(cursor) => Some(cursor),
            None => self.store.source(&file.identity())?.map(Cursor::from),
        };
        Ok(file.resume(known))
    }

    /// Takes a file to its end, or until `is_stopping`. What was stored is told to `stored` at once.
    pub(super) fn take(
        &mut self,
        file: &DropFile,
        mut cursor: Cursor,
        writer: Writer,
        mut stored: impl FnMut(&Cursor, &Batch),
        is_stopping: impl Fn() -> bool,
    ) -> Result<io::Result<Taken>, StoreError> {
        loop {
            let before = cursor.at.offset;
            let now_ms = self.clock.now_ms();
            let step = match file.step(&mut cursor, writer, now_ms, &mut self.dictionary) {
                Ok(step) => step,
                Err(error) => return Ok(Err(error)),
            };
            if cursor.at.offset != before {
                // Whoever takes them a second time finds them recorded.
                self.store.record_runs(&step.batch.runs, self.keep_runs, now_ms)?;
                match self.store.append(&step.batch.samples, Some(&cursor.at), now_ms) {
                    Ok(_) => {}
                    Err(StoreError::SourceMoved { .. }) => {
                        // Somebody else took this stretch: go on from where they are.
                        cursor = match self.resume(file, None)? {
                            Ok(cursor) => cursor,
                            Err(error) => return Ok(Err(error)),
                        };
                        continue;
                    }
                    Err(error) => return Err(error),
                }
                cursor.stored();
                stored(&cursor, &step.batch);
                std::thread::sleep(WRITER_PAUSE);
            }
            if !step.has_more || is_stopping() {
                return Ok(Ok(Taken { cursor, is_torn: step.is_torn }));
            }
        }
    }
}
