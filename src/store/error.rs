//! What can go wrong with the store, as a person should read it: the path, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

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
    #[error(
        "`{}` is not a SQLite database, or its beginning is damaged: if it was a store, save what can be read with \
         `perftop doctor --salvage NEW.db`, else name another store with --db",
        shown(path)
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A directory stands in place of the file.
    #[error("`{}` is a directory: name a file with --db", shown(path))]
    NotAFile {
        /// The directory.
        path: PathBuf,
    },
    /// A SQLite database that has tables, and none of ours.
    #[error(
        "`{}` is a SQLite database of another program, it has no table performance_samples: name another store \
         with --db",
        shown(path)
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("`{}` is empty: there is nothing to save in it, restore a copy", shown(path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read at all.
    #[error("cannot read `{}`: {source}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file keeps its texts in a form that only SQLite reads.
    #[error("`{}` keeps text as UTF-16, which cannot be saved here: `sqlite3 FILE .recover` can", shown(path))]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// Something stands where a new store should be written.
    #[error("`{}` exists already: name a file that does not; nothing was written", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A new store cannot be written.
    #[error("cannot write `{}`: {source}; name another place", shown(path))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
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
        "store `{}`: could not {doing}, the file is damaged ({said}): save what can be read with \
         `perftop doctor --salvage NEW.db`, or restore a copy",
        shown(path)
    )]
    Damaged {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        said: rusqlite::Error,
    },
    /// The disk does not answer.
    #[error(
        "store `{}`: could not {doing}, the disk reports an error: check it, copy the file to a sound one, and save \
         what can be read with `perftop doctor --salvage NEW.db`",
        shown(path)
    )]
    Disk {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file is not the one that was opened.
    #[error(
        "the store `{}` was deleted or replaced while it was in use, and what was put in went with it: put it in again",
        shown(path)
    )]
    Replaced {
        /// The store's path.
        path: PathBuf,
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
    #[error("store `{}`: could not {doing}: {said}", shown(path))]
    Sqlite {
        /// The store's path.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        said: rusqlite::Error,
    },
}

impl StoreError {
    /// Sorts what SQLite reported while `doing` something by what the user can do about it.
    pub(super) fn from_sqlite(path: &Path, doing: &'static str, said: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let extended = said.sqlite_error().map(|error| error.extended_code);
        match said.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                Self::Permission { path, doing }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing },
            Some(ErrorCode::DiskFull) => Self::Full { path, doing },
            // The file of shared memory beside the store cannot grow.
            Some(ErrorCode::SystemIoFailure) if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) => {
                Self::Full { path, doing }
            }
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, doing, said },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, doing },
            _ => Self::Sqlite { path, doing, said },
        }
    }
}
