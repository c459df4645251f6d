//! Whether the database at a path is still the one that was opened.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Store, StoreError};

/// Device, inode and time of birth: an inode number alone is given out again.
type Identity = (u64, u64, Option<SystemTime>);

/// Which files make up a database: the file itself, its log and its index. While a connection is open none
/// of them changes its identity, unless somebody deletes or replaces it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DatabaseFiles([Option<Identity>; 3]);

impl DatabaseFiles {
    /// The files of the database at `path`; to be called with a connection to it open.
    pub(super) fn at(path: &Path) -> Self {
        let path = real_path(path);
        Self(["", "-wal", "-shm"].map(|suffix| {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            fs::metadata(file).ok().map(|found| (found.dev(), found.ino(), found.created().ok()))
        }))
    }

    /// Whether other files lie at `path` now, or none.
    pub(super) fn are_replaced(&self, path: &Path) -> bool {
        self.0[0].is_none() || *self != Self::at(path)
    }
}

impl Store {
    /// Whether the file was deleted or replaced since it was opened. What is written to it is lost then.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.files.are_replaced(&self.path)
    }

    /// [`StoreError::Replaced`] when [`Store::is_replaced`]: for whoever has said that something is stored.
    pub fn check_in_place(&self) -> Result<(), StoreError> {
        if self.is_replaced() { Err(StoreError::Replaced { path: self.path.clone() }) } else { Ok(()) }
    }
}

/// Where the database is that lies at `path`, or is to be made there: SQLite follows links, and keeps the log and its
/// index beside the file that they lead to.
#[must_use]
pub fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_made_anew_under_the_same_name_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("perftop.db");
        assert!(
            DatabaseFiles::at(&path).are_replaced(&path),
            "a file that is not there is not the one that was opened"
        );
        fs::write(&path, "one").unwrap();
        let files = DatabaseFiles::at(&path);
        fs::write(&path, "more of one").unwrap();
        assert!(!files.are_replaced(&path));
        fs::rename(&path, directory.path().join("kept")).unwrap();
        assert!(files.are_replaced(&path));
        fs::write(&path, "one").unwrap();
        assert!(files.are_replaced(&path));
    }

    #[test]
    fn behind_a_link_the_log_is_looked_for_where_sqlite_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let [real, link] = ["real.db", "link.db"].map(|name| directory.path().join(name));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let files = DatabaseFiles::at(&link);
        assert!(!files.are_replaced(&link));
        fs::write(directory.path().join("real.db-wal"), "").unwrap();
        assert!(files.are_replaced(&link));
    }
}
