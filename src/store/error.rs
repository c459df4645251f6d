//! What can go wrong with the store, as a person should read it: the path, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::model::text;

/// A path as a message may show it.
fn shown(path: &Path) -> String {
    text::printable(&path.to_string_lossy()).into_owned()
}

/// The store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file.
    #[error(
        "there is no store at `{}`: put samples in first (`perftop ingest`), or name another with --db",
        shown(path)
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The directory could not be made.
    #[error("cannot create the directory of the store `{}`: {source}; name another place with --db", shown(path))]
    Directory {
        /// The store's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is not a SQLite database: move it away, or name another store with --db", shown(path))]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the program wrote it.
    #[error(
        "the store `{}` was written by a newer perftop (layout {found}, this one knows {known}): \
         update perftop, or name another store with --db",
        shown(path)
    )]
    Newer {
        /// The store's path.
        path: PathBuf,
        /// The layout found.
        found: i64,
        /// The newest layout this program knows.
        known: i64,
    },
    /// The file, its directory or its file system does not let us in.
    #[error("store `{}`: no permission to {doing}: check the rights of the file and of its directory", shown(path))]
    Permission {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// Another program holds the lock.
    #[error(
        "store `{}`: could not {doing}, another program holds the lock: end its transaction and try again",
        shown(path)
    )]
    Busy {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// No room.
    #[error("store `{}`: no room to {doing}, nothing was lost: free disk space and try again", shown(path))]
    Full {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file is damaged.
    #[error(
        "store `{}`: could not {doing}, the file is damaged ({source}): run `perftop doctor`, or restore a copy",
        shown(path)
    )]
    Damaged {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Another process has read the same stretch of the same file.
    #[error(
        "`{}` was being read by another perftop (the ledger says {found}, expected {expected}): read on from there",
        shown(path)
    )]
    SourceMoved {
        /// The file that was read.
        path: PathBuf,
        /// The offset this process started from.
        expected: u64,
        /// The offset the ledger holds.
        found: u64,
    },
    /// Anything else SQLite reports.
    #[error("store `{}`: could not {doing}: {source}", shown(path))]
    Sqlite {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Sorts what SQLite reported while `doing` something by what the user can do about it.
    pub(super) fn from_sqlite(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                Self::Permission { path, doing }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing },
            Some(ErrorCode::DiskFull) => Self::Full { path, doing },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, doing, source },
            _ => Self::Sqlite { path, doing, source },
        }
    }
}
