//! Rests between two transactions, so that other programs get to write while we do.
//!
//! SQLite lets nobody queue for its lock: who finds it taken tries again after 1, 2, 5, ... 100 ms. A writer that
//! is hardly ever without it keeps the others out for seconds.

use std::thread;
use std::time::Duration;

use super::{Store, StoreError};

/// The rest while nobody else was seen to write.
const SHORT: Duration = Duration::from_millis(1);
/// For so many transactions after somebody else has written, the lock is free as long as it was held.
const GENEROUS: u32 = 200;

/// When and how long to rest.
#[derive(Debug, Default)]
pub(super) struct Courtesy {
    /// `None` before the first rest: who has written before does not count.
    data_version: Option<i64>,
    generous: u32,
}

impl Store {
    /// Rests after writes that took `held`, when more are to follow: others get to write.
    pub fn rest(&mut self, held: Duration) -> Result<(), StoreError> {
        let data_version = self.data_version()?;
        let courtesy = &mut self.courtesy;
        if courtesy.data_version.replace(data_version).is_some_and(|known| known != data_version) {
            courtesy.generous = GENEROUS;
        }
        courtesy.generous = courtesy.generous.saturating_sub(1);
        thread::sleep(if courtesy.generous > 0 { held.max(SHORT) } else { SHORT });
        Ok(())
    }
}
