//! One execution of a command: started, waited for, ended when its time is over.
//!
//! The command is in our process group, as it would be without us, so what the terminal or a job's owner sends to the
//! group reaches it once. Only one that may run for so long has a group of its own: everything it started can then be
//! ended without meeting anybody else.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getgid, getpid, kill_process};
use wait4::Wait4 as _;

use super::group;
use super::phases::{LOOK_EVERY, PhaseLines, Phases};
use super::said;
use super::signals::{Heard, Signals, Waited};
use crate::clock::Clock;
use crate::model::RunExit;

/// How long a command whose time is over may take to end on SIGTERM, before SIGKILL ends it.
pub const TERMINATION_GRACE: Duration = Duration::from_secs(5);

/// A command to be executed.
#[derive(Debug, Clone, Copy)]
pub struct Execution<'a> {
    /// The program: a path, or a name that is looked for on the `PATH`.
    pub program: &'a OsStr,
    /// What it is told.
    pub args: &'a [OsString],
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Where it may say what it measures itself.
    pub drop: Option<&'a Path>,
}

/// What an execution cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// How it ended.
    pub exit: RunExit,
    /// When it began, in ms since the Unix epoch, with the fraction.
    pub began_ms: f64,
    /// Wall time, by a clock that nobody sets.
    pub duration: Duration,
    /// User and system time of the process and of all that it and its children waited for.
    pub cpu: Duration,
    /// The peak of the largest of these processes, in bytes.
    pub peak_bytes: u64,
    /// Its parts.
    pub phases: Phases,
}

/// The command was not executed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is none of that name.
    #[error("no such command")]
    Missing,
    /// There is one, and it cannot be executed.
    #[error("it cannot be executed: {0}")]
    NotExecutable(io::Error),
    /// It was started, and could not be waited for.
    #[error("it cannot be waited for: {0}")]
    Lost(io::Error),
}

impl StartError {
    /// What a shell answers with.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Missing => 127,
            Self::NotExecutable(_) | Self::Lost(_) => 126,
        }
    }
}

/// Executes a command; `started` is called once it runs, and should not take long.
pub fn execute(
    execution: &Execution<'_>,
    mut phases: Option<PhaseLines>,
    signals: &mut Signals,
    clock: &Clock,
    started: impl FnOnce(),
) -> Result<Measured, StartError> {
    let mut command = command(execution, phases.as_ref().map(PhaseLines::path));
    let (began_ms, began) = (clock.now_fraction_ms(), Instant::now());
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StartError::Missing,
        _ => StartError::NotExecutable(error),
    })?;
    started();
    let mut running = Running::new(child, execution.timeout.map(|timeout| began + timeout));
    let usage = running.wait(signals, phases.as_mut()).map_err(StartError::Lost)?;
    let duration = began.elapsed();
    if let (Stage::Ending | Stage::Killed, Some(group)) = (running.stage, running.group) {
        let deadline = running.deadline.unwrap_or_else(Instant::now);
        group::clear(group, deadline, signals).map_err(StartError::Lost)?;
    }
    let ended_ms = began_ms + duration.as_secs_f64() * 1_000.0;
    Ok(Measured {
        exit: match (running.stage, usage.status.signal()) {
            (Stage::Running, None) => RunExit::Code(usage.status.code().unwrap_or_default()),
            (Stage::Running, Some(signal)) => RunExit::Signal(signal),
            (Stage::Ending | Stage::Killed, _) => RunExit::TimedOut,
        },
        began_ms,
        duration,
        cpu: usage.rusage.utime + usage.rusage.stime,
        peak_bytes: usage.rusage.maxrss,
        phases: phases.map(|lines| lines.finish(began_ms, ended_ms)).unwrap_or_default(),
    })
}

fn command(execution: &Execution<'_>, phases: Option<&Path>) -> Command {
    let mut command = Command::new(execution.program);
    command.args(execution.args);
    // Made by fork: Linux counts the memory of whoever makes a process by vfork as that process's own peak. Asking for
    // the group id that we have changes nothing else.
    command.gid(getgid().as_raw());
    for (name, path) in [(super::phases::VARIABLE, phases), (said::VARIABLE, execution.drop)] {
        match path {
            Some(path) => command.env(name, path),
            None => command.env_remove(name),
        };
    }
    if execution.timeout.is_some() {
        command.process_group(0);
    }
    command
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Its time was over, and it was asked to end.
    Ending,
    /// It did not.
    Killed,
}

/// A command that has not ended.
struct Running {
    child: Child,
    pid: Option<Pid>,
    /// Its process group, when that is its own.
    group: Option<Pid>,
    stage: Stage,
    /// When the stage is over.
    deadline: Option<Instant>,
    /// Can be read when it has ended. The signal of that tells too, unless whoever started us blocked it.
    ended: Option<OwnedFd>,
}

impl Running {
    fn new(child: Child, deadline: Option<Instant>) -> Self {
        let pid = Pid::from_raw(child.id().cast_signed());
        let group = pid.filter(|_| deadline.is_some());
        let ended = pid.and_then(end_of);
        Self { child, pid, group, stage: Stage::Running, deadline, ended }
    }

    fn wait(&mut self, signals: &mut Signals, mut phases: Option<&mut PhaseLines>) -> io::Result<wait4::ResUse> {
        loop {
            if let Some(usage) = self.child.try_wait4()? {
                return Ok(usage);
            }
            for heard in signals.heard() {
                self.pass_on(heard);
            }
            if let Some(phases) = &mut phases {
                phases.read();
            }
            let look = phases.as_ref().map(|_| Instant::now() + LOOK_EVERY);
            let until = self.deadline.into_iter().chain(look).min();
            let is_due = signals.wait(until, self.ended.as_ref().map(OwnedFd::as_fd))? == Waited::Due;
            if is_due && self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.time_is_over();
            }
        }
    }

    fn pass_on(&self, heard: Heard) {
        match (self.group, self.pid) {
            (Some(group), _) if heard.signal == Signal::TSTP => {
                group::signal(group, Signal::TSTP);
                // Until the shell lets us go on.
                let _ = kill_process(getpid(), Signal::STOP);
                group::signal(group, Signal::CONT);
            }
            // As it would reach all of them if they were in our group.
            (Some(group), _) => group::signal(group, heard.signal),
            (_, Some(pid)) if !heard.is_from_terminal => {
                let _ = kill_process(pid, heard.signal);
            }
            _ => {}
        }
    }

    fn time_is_over(&mut self) {
        let Some(group) = self.group else { return };
        match self.stage {
            Stage::Running => {
                group::signal(group, Signal::TERM);
                // A stopped process hears nothing but this.
                group::signal(group, Signal::CONT);
                self.stage = Stage::Ending;
                self.deadline = Some(Instant::now() + TERMINATION_GRACE);
            }
            Stage::Ending | Stage::Killed => {
                group::signal(group, Signal::KILL);
                self.stage = Stage::Killed;
                self.deadline = None;
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn end_of(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_of(_: Pid) -> Option<OwnedFd> {
    None
}
