//! Whether the database at a path is still the one that was opened.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// Device, inode and time of birth: an inode number alone is given out again.
type Identity = (u64, u64, Option<SystemTime>);

/// Which files make up a database: the file itself, its log and its index. While a connection is open none
/// of them changes its identity, unless somebody deletes or replaces it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DatabaseFiles([Option<Identity>; 3]);

impl DatabaseFiles {
    /// The files of the database at `path`; to be called with a connection to it open.
    pub(super) fn at(path: &Path) -> Self {
        Self(["", "-wal", "-shm"].map(|suffix| {
            let mut file = path.as_os_str().to_owned();
            file.push(suffix);
            fs::metadata(file).ok().map(|found| (found.dev(), found.ino(), found.created().ok()))
        }))
    }

    /// Whether other files lie at `path` now, or none.
    pub(super) fn are_replaced(&self, path: &Path) -> bool {
        self.0[0].is_none() || *self != Self::at(path)
    }
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
}
