//! Moves the write-ahead log into the database beside a writer in a hurry, on a thread of its own: the disk works
//! while the writer does.
//!
//! The log starts again when all of it was moved and nobody has written meanwhile, so now and then the writer
//! waits for that. It knows how much it has written, not what.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::store::{Store, StoreError};

/// Samples after which it is worth moving what they take, about 16 MB.
const WORTH_SAMPLES: usize = 150_000;
/// A log longer than this is to start again.
const LONG_BYTES: u64 = 96 << 20;

/// The thread that moves the log.
#[derive(Debug)]
pub struct Checkpoints {
    wanted: SyncSender<()>,
    /// The size of the log in bytes, each time it was moved.
    done: Receiver<Result<u64, StoreError>>,
    is_busy: bool,
    samples: usize,
}

impl Checkpoints {
    /// Takes the moving over from `store`.
    pub fn take_over(store: &mut Store) -> anyhow::Result<Self> {
        let beside = Store::open(store.path())?;
        let (wanted, wishes) = sync_channel(1);
        let (answers, done) = sync_channel(1);
        let work = move || {
            while wishes.recv().is_ok() && answers.send(beside.checkpoint()).is_ok() {}
        };
        thread::Builder::new().name("checkpoints".to_owned()).spawn(work)?;
        store.leave_checkpoints()?;
        Ok(Self { wanted, done, is_busy: false, samples: 0 })
    }

    /// `store` has written so many samples more.
    pub fn written(&mut self, samples: usize, store: &Store) -> Result<(), StoreError> {
        self.samples += samples;
        if self.is_busy {
            let Ok(answer) = self.done.try_recv() else { return Ok(()) };
            self.is_busy = false;
            if answer? > LONG_BYTES {
                // Little is left, and nobody writes while we do this: the next write starts the log again.
                store.checkpoint()?;
            }
        }
        if self.samples >= WORTH_SAMPLES {
            self.samples = 0;
            self.is_busy = self.wanted.try_send(()).is_ok();
        }
        Ok(())
    }
}
