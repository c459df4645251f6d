//! Rests between two transactions, so that other programs get to write while we do.
//!
//! SQLite lets nobody queue for its lock: who finds it taken tries again after 1, 2, 5, ... 100 ms. A writer that
//! is hardly ever without it keeps the others out for seconds.

use std::thread;
use std::time::Duration;

use crate::store::{Store, StoreError};

/// The rest while nobody else was seen to write.
const SHORT: Duration = Duration::from_millis(1);
/// For so many transactions after somebody else has written, the lock is free as long as it was held.
const GENEROUS: u32 = 200;

/// When and how long to rest.
#[derive(Debug)]
pub struct Courtesy {
    data_version: i64,
    generous: u32,
}

impl Courtesy {
    /// Who has written before does not count.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self { data_version: store.data_version()?, generous: 0 })
    }

    /// Rests after a transaction that took `held`.
    pub fn rest(&mut self, store: &Store, held: Duration) -> Result<(), StoreError> {
        let data_version = store.data_version()?;
        if std::mem::replace(&mut self.data_version, data_version) != data_version {
            self.generous = GENEROUS;
        }
        self.generous = self.generous.saturating_sub(1);
        thread::sleep(if self.generous > 0 { held.max(SHORT) } else { SHORT });
        Ok(())
    }
}
