//! The process group of a command that may run for so long only: it is ended as a whole.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::signals::{Signals, Waited};

/// How often a group is looked at whose leader has ended; nothing tells when its last process does.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Sends a signal to every process of the group; that there is none any more is no error.
pub(super) fn signal(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

/// The leader has ended: lets the others end, too, until `deadline`, and then kills those that are left.
pub(super) fn clear(group: Pid, deadline: Instant, signals: &mut Signals) -> io::Result<()> {
    while test_kill_process_group(group) != Err(Errno::SRCH) {
        let now = Instant::now();
        if now >= deadline {
            signal(group, Signal::KILL);
            return Ok(());
        }
        let next = (now + LOOK_EVERY).min(deadline);
        while signals.wait(Some(next), None)? == Waited::Woken {
            signals.heard();
        }
    }
    Ok(())
}
