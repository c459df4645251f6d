//! The write-ahead log as a file: kept from staying as long as it once had to be.

use std::time::Duration;

use super::open::BUSY_TIMEOUT;
use super::{Store, StoreError, gate};

/// The size the log is cut to, when whoever starts it again is a connection of ours.
pub(super) const SIZE_LIMIT_BYTES: u32 = 8 << 20;

/// Others wait for the lock as long as the log waits for its readers, so that is not long.
const PATIENCE: Duration = Duration::from_millis(20);

impl Store {
    /// Cuts the write-ahead log to nothing when a long reader or a large transaction has left it longer than its
    /// limit. SQLite does so by itself only when the connection that starts the log again has a limit, and other
    /// programs have none. Does nothing while somebody reads what only the log holds: that is for the next time.
    pub fn shrink_log(&mut self) -> Result<(), StoreError> {
        // Beside the file itself, which SQLite finds behind any links.
        let is_long = self
            .conn
            .path()
            .and_then(|path| std::fs::metadata(format!("{path}-wal")).ok())
            .is_some_and(|found| found.len() > u64::from(SIZE_LIMIT_BYTES));
        if !is_long {
            return Ok(());
        }
        let _write = gate::begin_write();
        let run = || {
            self.conn.busy_timeout(PATIENCE)?;
            let cut = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            self.conn.busy_timeout(BUSY_TIMEOUT)?;
            cut
        };
        run().map_err(|source| StoreError::from_sqlite(&self.path, "shorten the write-ahead log", source))
    }
}
