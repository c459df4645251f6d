//! The commit that is checked out, read from the repository's files: starting git would cost more than a short run.
//!
//! gitrepository-layout(5) and gitglossary(7) say where it stands: `HEAD` names a commit, or a reference that is a file
//! of its own or a line of `packed-refs`. A worktree's own directory is named by its `.git` file.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Build services that check out without a repository say here what it was.
const VARIABLES: [&str; 2] = ["GITHUB_SHA", "CI_COMMIT_SHA"];
/// The most that is read of a file of references.
const MAX_BYTES: u64 = 16 << 20;
/// References that name references: git follows five.
const MAX_STEPS: usize = 5;

/// The commit that is checked out in `directory` or above; where there is no repository, what the environment says.
#[must_use]
pub fn checked_out(directory: &Path, env: impl Fn(&str) -> Option<String>) -> Option<String> {
    let found = directory.ancestors().find_map(repository);
    match found {
        Some(git) => head(&git),
        None => VARIABLES.into_iter().find_map(|name| commit(&env(name)?)),
    }
}

/// The repository's directory, if one begins in this directory.
fn repository(directory: &Path) -> Option<PathBuf> {
    let git = directory.join(".git");
    if fs::metadata(&git).ok()?.is_dir() {
        return Some(git);
    }
    let text = read(&git).ok()?;
    text.strip_prefix("gitdir:").map(|path| directory.join(path.trim()))
}

fn head(git: &Path) -> Option<String> {
    // References of a worktree are in the repository it belongs to.
    let common = read(&git.join("commondir")).map_or_else(|_| git.to_owned(), |path| git.join(path.trim()));
    let mut text = read(&git.join("HEAD")).ok()?;
    for _ in 0..MAX_STEPS {
        let Some(name) = text.strip_prefix("ref:").map(str::trim) else { return commit(&text) };
        if !is_reference(name) {
            return None;
        }
        let loose = read(&git.join(name)).or_else(|_| read(&common.join(name)));
        text = match loose {
            Ok(text) => text,
            Err(_) => packed(&read(&common.join("packed-refs")).ok()?, name)?.to_owned(),
        };
    }
    None
}

/// Whether it leads to a reference and nowhere else.
fn is_reference(name: &str) -> bool {
    name.starts_with("refs/") && !name.contains("..")
}

fn packed<'a>(lines: &'a str, name: &str) -> Option<&'a str> {
    lines
        .lines()
        .find_map(|line| line.split_once(' ').filter(|(_, of)| of.trim_end() == name))
        .map(|(commit, _)| commit)
}

/// A commit's name, in whole: SHA-1 or SHA-256.
fn commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_name = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| text.to_ascii_lowercase())
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // A pipe that lies there is not waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "9cfd88a40f2f0c9d3e1f8a1b0c2d3e4f5a6b7c8d";
    const TWO: &str = "2d3388b40f2f0c9d3e1f8a1b0c2d3e4f5a6b7c8d";

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What is found below `at` of a tree of files, with a build service that says [`TWO`].
    fn found(files: &[(&str, &str)], at: &str) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), files);
        fs::create_dir_all(dir.path().join(at)).unwrap();
        checked_out(&dir.path().join(at), |name| (name == "GITHUB_SHA").then(|| TWO.to_owned()))
    }

    #[test]
    fn a_branch_is_a_file_or_a_line() {
        let head = (".git/HEAD", "ref: refs/heads/main\n");
        let line = format!("{ONE}\n");
        assert_eq!(found(&[head, (".git/refs/heads/main", &line)], "src/deep").as_deref(), Some(ONE));
        let packed = format!("# pack-refs with: peeled\n{TWO} refs/heads/main2\n{ONE} refs/heads/main\n^{TWO}\n");
        assert_eq!(found(&[head, (".git/packed-refs", &packed)], "").as_deref(), Some(ONE));
        assert_eq!(found(&[head], ""), None, "no commit yet");
    }

    #[test]
    fn what_is_no_repository_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join(".git");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(checked_out(dir.path(), |_| None), None);
    }

    #[test]
    fn a_detached_head_names_the_commit() {
        assert_eq!(found(&[(".git/HEAD", ONE)], "").as_deref(), Some(ONE));
    }

    #[test]
    fn a_worktree_leads_to_its_repository() {
        let files = [
            ("tree/.git", "gitdir: ../main/.git/worktrees/tree\n"),
            ("main/.git/worktrees/tree/HEAD", "ref: refs/heads/side\n"),
            ("main/.git/worktrees/tree/commondir", "../..\n"),
            ("main/.git/refs/heads/side", ONE),
        ];
        assert_eq!(found(&files, "tree/src").as_deref(), Some(ONE));
    }

    #[test]
    fn without_a_repository_the_build_service_is_asked() {
        assert_eq!(found(&[], "").as_deref(), Some(TWO));
    }

    #[test]
    fn references_that_lead_elsewhere_are_not_followed() {
        for name in ["refs/../../secret", "/etc/passwd", "../secret"] {
            let head = format!("ref: {name}\n");
            assert_eq!(found(&[(".git/HEAD", &head), ("secret", ONE)], ""), None, "{name}");
        }
        let circle = [(".git/HEAD", "ref: refs/heads/a"), (".git/refs/heads/a", "ref: refs/heads/a")];
        assert_eq!(found(&circle, ""), None);
    }
}
