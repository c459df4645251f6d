//! The write-ahead log as a file: brought to the disk for good, and kept from staying as long as it once had to be.

use std::time::Duration;

use super::open::BUSY_TIMEOUT;
use super::schema::State;
use super::{Store, StoreError, gate};

/// The size the log is cut to, when whoever starts it again is a connection of ours.
pub(super) const SIZE_LIMIT_BYTES: u32 = 8 << 20;

/// The cache of a connection that writes in bulk.
const BULK_CACHE_KIB: i64 = 4096;

/// `PRAGMA synchronous = FULL`, as a number.
const SYNCHRONOUS_FULL: i64 = 2;

/// Others wait for the lock as long as the log waits for its readers, so that is not long.
const PATIENCE: Duration = Duration::from_millis(20);

impl Store {
    /// Waits until everything committed so far would survive a power failure: for input that cannot be read
    /// again.
    ///
    /// That takes a commit of its own with `synchronous = FULL`, which writes the whole log to the disk before it
    /// returns. A checkpoint does so only when it finds something to move, and nobody in its way.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let set = |store: &Self, how: i64| {
            let set = store.conn.pragma_update(None, "synchronous", how);
            set.map_err(|source| StoreError::from_sqlite(&store.path, "flush to disk", source))
        };
        let before =
            self.read("flush to disk", |conn| conn.pragma_query_value(None, "synchronous", |row| row.get(0)))?;
        set(self, SYNCHRONOUS_FULL)?;
        // Something must differ, or there is nothing to commit.
        let flushed = self.write("flush to disk", |transaction| {
            let flushes = State::Flushes.get(transaction)?.unwrap_or(0);
            State::Flushes.set(transaction, flushes.wrapping_add(1))
        });
        set(self, before)?;
        flushed
    }

    /// Moves what is in the write-ahead log into the database, as far as its readers let it, without keeping
    /// anybody from reading or writing; answers the size of the log in bytes.
    pub fn checkpoint(&self) -> Result<u64, StoreError> {
        let run = || {
            let page_bytes: i64 = self.conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let pages: i64 = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))?;
            Ok(pages.max(0).cast_unsigned() * page_bytes.cast_unsigned())
        };
        run().map_err(|source| StoreError::from_sqlite(&self.path, "move the write-ahead log", source))
    }

    /// From now on somebody else calls [`Store::checkpoint`] and, at the end, [`Store::shrink_log`]; until then each
    /// write of this connection does so now and then. A log that is started again stays as long as it is: it will be
    /// needed, and cutting it off costs more than a transaction. Pages that are filled again and again stay in memory.
    pub fn leave_checkpoints(&mut self) -> Result<(), StoreError> {
        let set = |what, to: i64| self.conn.pragma_update(None, what, to);
        set("wal_autocheckpoint", 0)
            .and_then(|()| set("journal_size_limit", -1))
            .and_then(|()| set("cache_size", -BULK_CACHE_KIB))
            .map_err(|source| StoreError::from_sqlite(&self.path, "set up the write-ahead log", source))
    }

    /// Cuts the write-ahead log to nothing when a long reader or a large transaction has left it longer than its
    /// limit. SQLite does so by itself only when the connection that starts the log again has a limit, and other
    /// programs have none. Whether it is short now: while somebody reads what only the log holds, it stays.
    pub fn shrink_log(&mut self) -> Result<bool, StoreError> {
        if !self.is_log_long() {
            return Ok(true);
        }
        let _write = gate::begin_write();
        let run = || {
            self.conn.busy_timeout(PATIENCE)?;
            let cut = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            self.conn.busy_timeout(BUSY_TIMEOUT)?;
            cut
        };
        run().map_err(|source| StoreError::from_sqlite(&self.path, "shorten the write-ahead log", source))?;
        Ok(!self.is_log_long())
    }

    fn is_log_long(&self) -> bool {
        // Beside the file itself, which SQLite finds behind any links.
        let log = self.conn.path().and_then(|path| std::fs::metadata(format!("{path}-wal")).ok());
        log.is_some_and(|found| found.len() > u64::from(SIZE_LIMIT_BYTES))
    }
}
