//! Stopping in the background, as ctrl-z does to any program.
//!
//! Raw mode makes ctrl-z a byte, and listening to `SIGTSTP` takes its default action away, so the
//! program stops itself with `SIGSTOP`.

use std::io;

use rustix::process::{Signal, getpgid, getpid, getsid, kill_current_process_group, kill_process};

/// Who stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole job, as the terminal does it for ctrl-z: under `cargo run` the shell waits for cargo.
    Job,
    /// This process alone: it alone was sent `SIGTSTP`.
    Process,
}

/// Whether a shell with job control stands above this job, so that `fg` can bring it back. Where the
/// job is the session's own (a tmux pane that runs perftop directly), nobody could; the kernel
/// discards `SIGTSTP` there, too.
#[must_use]
pub fn can_come_back() -> bool {
    match (getpgid(None), getsid(None)) {
        (Ok(job), Ok(session)) => job != session,
        _ => false,
    }
}

/// Stops. Returns some time after the program has been continued; `SIGCONT` tells when.
pub fn stop(scope: Scope) -> io::Result<()> {
    match scope {
        Scope::Job => kill_current_process_group(Signal::STOP)?,
        Scope::Process => kill_process(getpid(), Signal::STOP)?,
    }
    Ok(())
}
