//! A program run to its end, and what that took: the kernel's own account of the process (`wait4`).

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub wall: Duration,
    /// In user and kernel mode, of all threads.
    pub cpu: Duration,
    /// The most memory that was resident at once. Not below this program's own peak, which the kernel passes
    /// on to children.
    pub peak_bytes: u64,
}

impl Usage {
    /// What two processes took, one after the other.
    pub fn then(self, next: Self) -> Self {
        let peak_bytes = self.peak_bytes.max(next.peak_bytes);
        Self { wall: self.wall + next.wall, cpu: self.cpu + next.cpu, peak_bytes }
    }
}

/// Runs `command` to its end, its standard output into the file `output`.
///
/// # Panics
/// When the program cannot be started or fails.
pub fn run(command: &mut Command, output: &Path) -> Usage {
    let stdout = File::create(output).expect("a file for the output");
    let started = Instant::now();
    let child = command.stdout(stdout).stderr(Stdio::inherit()).spawn();
    finish(child.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display())), started)
}

/// Waits for a program that was begun at `started`.
///
/// # Panics
/// When the program fails.
pub fn finish(child: Child, started: Instant) -> Usage {
    let taken = child.wait4().expect("a child to wait for");
    assert!(taken.status.success(), "a program of the benchmark failed: {}", taken.status);
    let rusage = taken.rusage;
    Usage { wall: started.elapsed(), cpu: rusage.utime + rusage.stime, peak_bytes: rusage.maxrss }
}

/// Lets the disk come to rest, so that no program pays for the write-back of the one before.
pub fn settle() {
    rustix::fs::sync();
}

/// Empties the kernel's page cache; `false` when only root may.
pub fn forget_files() -> bool {
    settle();
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// What the files below `dir` take on the disk, in bytes.
pub fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    let bytes = |entry: fs::DirEntry| {
        let metadata = entry.metadata().expect("metadata");
        if metadata.is_dir() { disk_bytes(&entry.path()) } else { metadata.blocks() * 512 }
    };
    entries.map(bytes).sum()
}

/// An empty directory at `path`.
pub fn fresh_dir(path: &Path) {
    if path.exists() {
        fs::remove_dir_all(path).expect("the directory can be removed");
    }
    fs::create_dir_all(path).expect("the directory can be made");
}
