//! Which files of the drop directory are for us.
//!
//! A look at the directory alone; nothing is opened here.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Format;
use super::dropfile::identity;
use crate::model::FileIdentity;

/// A file, as the directory shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it lies.
    pub path: PathBuf,
    /// What makes it the same file after a rename.
    pub identity: FileIdentity,
    /// What changes whenever somebody writes to it.
    pub stamp: Stamp,
    /// Whether its name says that it is for us.
    pub has_our_name: bool,
}

/// What changes whenever somebody writes to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

/// Whether a file of this name is for us: it has the ending of a format, and is not hidden. A producer can
/// write under any other name (`.tmp`, `.part`) and rename when it is done.
#[must_use]
pub fn is_ours(name: &OsStr) -> bool {
    let path = Path::new(name);
    let has_ending = Format::of_path(path).is_some() || path.extension() == Some(OsStr::new("json"));
    has_ending && !is_hidden(name)
}

/// Whether it is one, or was perhaps before it was rotated (`app.jsonl.1`): its writer may not know yet.
#[must_use]
pub fn was_ours(name: &OsStr) -> bool {
    is_ours(name) || Path::new(name).file_stem().is_some_and(|stem| stem != name && was_ours(stem))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// The files that are not hidden, by name. Links, pipes, devices and sub-directories are passed over.
pub fn list(dir: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_hidden(&name) {
            continue;
        }
        // A file that goes away between being listed and being looked at was none.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let stamp = Stamp { len: metadata.len(), modified: metadata.modified().ok() };
            let has_our_name = is_ours(&name);
            found.push(Found { path: entry.path(), identity: identity(&metadata), stamp, has_our_name });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("samples.jsonl", true)]
    #[case("with space \u{1b}.jsonl", true)]
    #[case(".hidden.jsonl", false)]
    #[case(".jsonl", false)]
    #[case("samples.jsonl.tmp", false)]
    #[case("samples.jsonl.part", false)]
    #[case("samples.json", true)]
    #[case("samples.csv", true)]
    #[case("samples.prom", true)]
    #[case("samples.lp", true)]
    #[case("samples.txt", false)]
    #[case("jsonl", false)]
    fn names_decide(#[case] name: &str, #[case] ours: bool) {
        assert_eq!(is_ours(OsStr::new(name)), ours);
    }

    #[rstest]
    #[case("app.jsonl", true)]
    #[case("app.jsonl.1", true)]
    #[case("app.csv.1.old", true)]
    #[case(".app.jsonl.1", false)]
    #[case("app.log.1", false)]
    #[case("1", false)]
    fn a_rotated_name_is_known(#[case] name: &str, #[case] was: bool) {
        assert_eq!(was_ours(OsStr::new(name)), was);
    }

    #[test]
    fn only_regular_files_are_listed_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["b.jsonl", "a.jsonl", "c.txt", ".hidden.jsonl"] {
            fs::write(at(name), "").unwrap();
        }
        fs::create_dir(at("d.jsonl")).unwrap();
        symlink(at("a.jsonl"), at("e.jsonl")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("f.jsonl"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let listed: Vec<_> =
            list(dir.path()).unwrap().into_iter().map(|found| (found.path, found.has_our_name)).collect();
        assert_eq!(listed, [(at("a.jsonl"), true), (at("b.jsonl"), true), (at("c.txt"), false)]);
    }

    #[test]
    fn writing_changes_the_stamp_and_renaming_does_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.jsonl"), "1").unwrap();
        let first = list(dir.path()).unwrap().remove(0);
        fs::rename(&first.path, dir.path().join("b.jsonl")).unwrap();
        let renamed = list(dir.path()).unwrap().remove(0);
        assert_eq!((renamed.identity, renamed.stamp), (first.identity, first.stamp));
        fs::write(&renamed.path, "12").unwrap();
        assert_ne!(list(dir.path()).unwrap().remove(0).stamp, first.stamp);
    }
}
