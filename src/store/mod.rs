//! The store: one SQLite file with the samples, what was derived from them, and what was found in them.
//!
//! The three contract tables are the log that other programs read and write too; every `perftop_*` table
//! is derived from it or is bookkeeping of ours. This is the only room that speaks SQL. It knows nothing
//! of detection, of files being read, of time (callers pass `now_ms`) or of who is asking.
//!
//! | file | does |
//! |---|---|
//! | `open`, `schema`, `error` | connections, tables and their versions, what can go wrong |
//! | `writer`, `ledger` | samples in, with how far their file was read, in one transaction |
//! | `log` | rows of the log as samples; what is junk |
//! | `tail`, `reader`, `recent` | what is new; series, hours and totals; what is not rolled up, read once |
//! | `rollup`, `pending`, `repair`, `replace` | the log moved into the derived tables, and what others changed in it |
//! | `hour`, `part`, `chunk`, `dense` | an hour of a metric: moments, exact samples, their bytes, a short form |
//! | `day` | a day of them in its short form |
//! | `windows`, `groups`, `segments` | all series at once over windows; series taken apart by tags |
//! | `contexts`, `totals` | the dictionary of tags; how much there is of each metric |
//! | `alerts`, `incidents`, `mutes`, `anomalies`, `baselines` | what was found, what of it belongs together, what is not told of, and what is normal |
//! | `runs`, `accepted` | what commands cost, with their samples; what they may cost |
//! | `detector_states` | what the detectors have learned |
//! | `files` | is the database at the path still the one that was opened |
//! | `gate`, `courtesy` | holds the writes of this process while it is stopped; rests between them |
//! | `wal` | the write-ahead log as a file |
//! | `prune`, `old_rows` | taking out what is old |
//! | `check`, `network` | is it healthy, and where does it lie |
//! | `rebuild` | everything derived made anew |
//! | `btree` | the file's pages, read without SQLite |
//! | `salvage` | what can still be read of a damaged file, into a new one |

mod accepted;
mod alerts;
mod anomalies;
mod baselines;
mod btree;
mod check;
mod chunk;
mod contexts;
mod courtesy;
mod day;
mod dense;
mod detector_states;
mod error;
mod files;
mod gate;
mod groups;
mod hour;
mod incidents;
mod ledger;
mod log;
mod mutes;
mod network;
mod old_rows;
mod open;
mod part;
mod pending;
mod prune;
mod reader;
mod rebuild;
mod recent;
mod repair;
mod replace;
mod rollup;
mod run_anomalies;
mod runs;
mod salvage;
mod schema;
mod segments;
mod tail;
mod totals;
mod wal;
mod windows;
mod writer;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use alerts::Recorded;
pub use baselines::StoredBaseline;
pub use check::{StoreCheck, StoreSize};
pub use error::StoreError;
pub use files::real_path;
pub use gate::{HeldWrites, hold_writes};
pub use incidents::Ungrouped;
pub use prune::{PruneBefore, Pruned};
pub use reader::Totals;
pub use rebuild::Rebuilt;
pub use rollup::RollUp;
pub use run_anomalies::UnjudgedRuns;
pub use runs::ModuleRuns;
pub use salvage::{Salvaged, SalvagedTable, salvage};
pub use segments::{Baselines, MAX_SEGMENTS, Segments, Tag};
pub use tail::{OldHistory, TailBatch};
pub use windows::{EXACT_SAMPLES, Effort, SeriesWindow};
pub use writer::Appended;

/// One connection to a store. Every method blocks; a thread that must not wait hands it to one that may.
///
/// Reads see one consistent state each. Writes take the write lock at once and give it back before they
/// return; they wait up to ten seconds for another writer.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    path: PathBuf,
    files: files::DatabaseFiles,
    names: RefCell<log::Names>,
    recent: RefCell<recent::Recent>,
    /// What this connection has appended and nobody has rolled up.
    pending: Option<pending::Pending>,
    contexts: contexts::Contexts,
    courtesy: courtesy::Courtesy,
}

impl Store {
    /// The store's path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `read` in one read transaction: whatever it asks, it sees one state of the store.
    fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.conn
            .unchecked_transaction()
            .and_then(|transaction| read(&transaction))
            .map_err(|source| StoreError::from_sqlite(&self.path, doing, source))
    }

    /// Runs `write` in one transaction that holds the write lock from its start: a transaction that first
    /// reads and then asks for the lock is refused when somebody else has written in between.
    fn write<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let _write = gate::begin_write();
        let run = || {
            let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = write(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(|source| StoreError::from_sqlite(&self.path, doing, source))
    }
}
