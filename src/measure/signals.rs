//! Signals that come while a command runs, and which of them are for the command alone.
//!
//! What the terminal sends (ctrl-c, ctrl-\, its own end) goes to the whole process group, so a command in our group
//! has it already; passed on it would come twice. What another process sends came to us alone, as far as one can know.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

/// Signals that ask for the end.
const ENDING: [Signal; 4] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
/// Signals that mean what their receiver makes of them.
const OTHERS: [Signal; 3] = [Signal::USR1, Signal::USR2, Signal::ALARM];

/// Signals that are caught and mean nothing more: a child ended; a file may not grow, which the write says by itself.
const SILENT: [Signal; 2] = [Signal::CHILD, Signal::XFSZ];

/// The signals of this process, from [`Signals::listen`] on.
#[derive(Debug)]
pub struct Signals {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
    ending: Option<Signal>,
}

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// Which.
    pub signal: Signal,
    /// Whether it came to the whole process group, as the terminal's do.
    pub is_from_terminal: bool,
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// The time has come.
    Due,
    /// Something happened before.
    Woken,
}

impl Signals {
    /// Listens from now on. Signals that whoever started us had us ignore (`nohup`) stay ignored, for the command too.
    /// Ctrl-z is heard on behalf of a command in a process group of its own, which the terminal does not tell of it.
    pub fn listen(has_own_group: bool) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let ignored = ignored();
        let wanted = ENDING.into_iter().chain(OTHERS).chain(has_own_group.then_some(Signal::TSTP));
        let taken = wanted.map(Signal::as_raw).filter(|number| !is_in(ignored, *number));
        let all: Vec<i32> = taken.chain(SILENT.map(Signal::as_raw)).collect();
        Ok(Self { delivery: SignalDelivery::with_pipe(read, write, WithOrigin::default(), all)?, ending: None })
    }

    /// The first signal that asked for the end, whoever sent it.
    #[must_use]
    pub const fn ending(&self) -> Option<Signal> {
        self.ending
    }

    /// Waits until a signal comes, `other` can be read, or `deadline` is there.
    pub(super) fn wait(&mut self, deadline: Option<Instant>, other: Option<BorrowedFd<'_>>) -> io::Result<Waited> {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let sources = [self.delivery.get_read().as_fd()].into_iter().chain(other);
        let mut asked: Vec<PollFd<'_>> =
            sources.map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)).collect();
        match poll(&mut asked, left.map(timespec).as_ref()) {
            Ok(0) => Ok(Waited::Due),
            Ok(_) | Err(Errno::INTR) => Ok(Waited::Woken),
            Err(error) => Err(error.into()),
        }
    }

    /// What came since the last call, in no particular order.
    pub(super) fn heard(&mut self) -> Vec<Heard> {
        let heard: Vec<Heard> = self
            .delivery
            .pending()
            .filter_map(|origin| {
                let signal = Signal::from_named_raw(origin.signal).filter(|signal| !SILENT.contains(signal))?;
                Some(Heard { signal, is_from_terminal: origin.cause == Cause::Kernel })
            })
            .collect();
        let ending = heard.iter().map(|heard| heard.signal).find(|signal| ENDING.contains(signal));
        self.ending = self.ending.or(ending);
        heard
    }

    /// Waits that long, or until a signal asks for the end; answers whether one did.
    pub fn pause(&mut self, span: Duration) -> io::Result<bool> {
        let until = Instant::now() + span;
        loop {
            self.heard();
            if self.ending.is_some() {
                return Ok(true);
            }
            if self.wait(Some(until), None)? == Waited::Due {
                return Ok(false);
            }
        }
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec { tv_sec: span.as_secs().cast_signed(), tv_nsec: i64::from(span.subsec_nanos()) }
}

/// The signals this process was told to ignore, as a set of bits; none where the system does not say.
fn ignored() -> u64 {
    let mut status = [0; 4_096];
    let count = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).unwrap_or_default();
    parse_ignored(&String::from_utf8_lossy(&status[..count]))
}

fn parse_ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

const fn is_in(set: u64, number: i32) -> bool {
    number >= 1 && set >> (number - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_of_ignored_signals_is_read() {
        let status =
            "Name:\tperftop\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000440\n";
        let set = parse_ignored(status);
        assert!(is_in(set, Signal::HUP.as_raw()) && is_in(set, Signal::PIPE.as_raw()));
        assert!(!is_in(set, Signal::TERM.as_raw()) && !is_in(parse_ignored("nothing"), 1));
    }
}
