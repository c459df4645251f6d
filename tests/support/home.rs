//! A home of its own for each test, so that no test sees the user's files or another test's.

use std::fs;
use std::path::PathBuf;
use std::process::{self, Output};

use assert_cmd::Command;
use tempfile::TempDir;

/// A home directory that goes away with the test.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: TempDir::with_prefix("perftop-test-").expect("a temporary directory") }
    }

    /// A path below the home directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Where the store is when nobody says.
    pub fn store(&self) -> PathBuf {
        self.path("data/perftop/perftop.db")
    }

    /// Writes a file, with the directories above it.
    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// The variables that keep a program inside this home.
    pub fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("HOME", self.dir.path().to_path_buf()),
            ("XDG_DATA_HOME", self.path("data")),
            ("XDG_CONFIG_HOME", self.path("config")),
            ("XDG_STATE_HOME", self.path("state")),
        ]
    }

    /// `perftop` with this home and nothing else in its environment; `words` are split at spaces.
    pub fn perftop(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perftop"));
        command
            .args(words.split_whitespace())
            .current_dir(self.dir.path())
            .env_clear()
            .envs(self.environment())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC");
        command
    }

    /// `perftop` with this home, to execute a script for the shell. Whoever runs the tests in the background may have had
    /// signals ignored, and what is ignored stays so.
    pub fn perftop_of(&self, words: &str, script: &str) -> process::Command {
        let mut command = process::Command::new("env");
        command
            .args(["--default-signal", env!("CARGO_BIN_EXE_perftop")])
            .args(words.split_whitespace())
            .args(["--", "sh", "-c", script])
            .env_clear()
            .envs(self.environment())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.dir.path());
        command
    }

    /// Runs `perftop` and takes what it says apart.
    pub fn run(&self, words: &str) -> Answer {
        self.answer(&self.perftop(words).output().expect("perftop starts"))
    }

    /// What it said, with this home's path as `~`.
    pub fn answer(&self, output: &Output) -> Answer {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("perftop speaks UTF-8");
            text.replace(&self.dir.path().display().to_string(), "~")
        };
        Answer { stdout: text(&output.stdout), stderr: text(&output.stderr), code: output.status.code() }
    }

    /// Whether anything was written anywhere in this home.
    pub fn is_untouched(&self) -> bool {
        fs::read_dir(self.dir.path()).expect("the home is readable").next().is_none()
    }
}

/// What a command said and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}
