//! A view as a file: never over an existing one, and whole or not at all.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What goes into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What the file is called, without a number and its extension.
    pub stem: String,
    /// The extension, without its dot.
    pub extension: &'static str,
    /// The content.
    pub content: String,
}

/// How many files of one name there may be before somebody should clean up.
const MOST_OF_ONE_NAME: usize = 1_000;

/// Writes the file into `directory` and answers with its path: `perftop-baselines.csv`, or
/// `perftop-baselines-2.csv` where that exists.
///
/// # Errors
/// When the directory cannot be written to, or holds a thousand files of that name.
pub fn write(export: &Export, directory: &Path) -> io::Result<PathBuf> {
    // A temporary file is private; a report is as readable as any file of the user's, less the umask.
    let readable = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(directory)?;
    file.write_all(export.content.as_bytes())?;
    file.as_file().sync_all()?;
    for number in 1..=MOST_OF_ONE_NAME {
        let path = directory.join(name(export, number));
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => file = refused.file,
            Err(refused) => return Err(refused.error),
        }
    }
    Err(io::Error::other(format!("there are {MOST_OF_ONE_NAME} files called {} already", export.stem)))
}

fn name(export: &Export, number: usize) -> String {
    let Export { stem, extension, .. } = export;
    if number == 1 { format!("{stem}.{extension}") } else { format!("{stem}-{number}.{extension}") }
}

/// A name from outside as part of a file name: letters, digits, `_`, `-` and `.`, at most 64 of them.
#[must_use]
pub fn file_name_part(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    name.chars().map(safe).take(64).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let export = |content: &str| Export { stem: "view".to_owned(), extension: "csv", content: content.to_owned() };
        let first = write(&export("one"), directory.path()).unwrap();
        let second = write(&export("two"), directory.path()).unwrap();
        assert_eq!(first, directory.path().join("view.csv"));
        assert_eq!(second, directory.path().join("view-2.csv"));
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(second).unwrap(), "two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing else is left behind");
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let export = Export { stem: "view".to_owned(), extension: "csv", content: String::new() };
        let error = write(&export, Path::new("/nowhere/to/be/found")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[rstest]
    #[case("api_response_time", "api_response_time")]
    #[case("../../etc/passwd", ".._.._etc_passwd")]
    #[case("a b\u{1b}[2J", "a_b__2J")]
    fn names_from_outside_cannot_leave_the_directory(#[case] name: &str, #[case] part: &str) {
        assert_eq!(file_name_part(name), part);
    }
}
