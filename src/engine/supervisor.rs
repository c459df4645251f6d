//! Threads that come back: each task runs on a thread of its own, and one that fails or panics is shown
//! in the health line and started again, sooner at first and later when it keeps failing.
//!
//! Knows nothing of what the tasks do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::board::Board;

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_mins(1);

/// What a task returns when it cannot go on; the text is shown to the user.
pub(super) type TaskResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Wakes one task. What there is to do stands elsewhere, so rings that come together count once.
#[derive(Debug, Clone)]
pub(super) struct Waker {
    bell: SyncSender<()>,
    stopping: Arc<AtomicBool>,
}

impl Waker {
    /// Tells the task to look.
    pub(super) fn wake(&self) {
        // A full channel means that a ring is waiting already; a closed one, that the task has ended.
        let _ = self.bell.try_send(());
    }

    /// Tells the task to end.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake();
    }
}

/// Where a task waits.
#[derive(Debug)]
pub(super) struct Mailbox {
    bell: Receiver<()>,
    stopping: Arc<AtomicBool>,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Somebody rang.
    Rung,
    /// Nobody rang in time.
    TimedOut,
    /// The task shall end.
    Stop,
}

impl Mailbox {
    /// Waits for a ring, at most `timeout`; without one, for as long as it takes.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> Wait {
        let rung = match timeout {
            Some(timeout) => self.bell.recv_timeout(timeout),
            None => self.bell.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match rung {
            _ if self.is_stopping() => Wait::Stop,
            Ok(()) => Wait::Rung,
            Err(RecvTimeoutError::Timeout) => Wait::TimedOut,
            Err(RecvTimeoutError::Disconnected) => Wait::Stop,
        }
    }

    /// Whether the task shall end; for checks between two steps of long work.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits the whole time, whoever rings. `false` when the task shall end.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if self.wait(Some(left)) == Wait::Stop {
                return false;
            }
        }
    }
}

/// A mailbox and the bell to it.
pub(super) fn mailbox() -> (Waker, Mailbox) {
    let (bell, rung) = sync_channel(1);
    let stopping = Arc::new(AtomicBool::new(false));
    (Waker { bell, stopping: Arc::clone(&stopping) }, Mailbox { bell: rung, stopping })
}

/// Runs `task` on a thread called `name` until it returns `Ok`. An error or a panic is shown on the board
/// under that name, and the task is started again after a back-off; the task clears its entry once it
/// works again.
pub(super) fn supervise(
    name: &'static str,
    mailbox: Mailbox,
    board: Board,
    mut task: impl FnMut(&Mailbox) -> TaskResult + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let mut back_off = FIRST_BACK_OFF;
        loop {
            let started = Instant::now();
            let problem = match catch_unwind(AssertUnwindSafe(|| task(&mailbox))) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => format!("the {name} task panicked: {}", panic_text(&*panic)),
            };
            if started.elapsed() > LONGEST_BACK_OFF {
                back_off = FIRST_BACK_OFF;
            }
            tracing::error!(task = name, retry_in_s = back_off.as_secs(), "{problem}");
            board.report(name, &problem);
            if !mailbox.sleep(back_off) {
                return;
            }
            back_off = (back_off * 2).min(LONGEST_BACK_OFF);
        }
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn rings_that_come_together_count_once() {
        let (waker, mailbox) = mailbox();
        waker.wake();
        waker.wake();
        assert_eq!(mailbox.wait(Some(LONG)), Wait::Rung);
        assert_eq!(mailbox.wait(Some(Duration::ZERO)), Wait::TimedOut);
        waker.stop();
        assert_eq!(mailbox.wait(None), Wait::Stop);
    }

    #[test]
    fn a_task_that_panics_or_fails_is_shown_and_comes_back() {
        let (waker, own_mailbox) = mailbox();
        let (rung, health) = mailbox();
        let board = Board::new(rung);
        let mut starts = 0;
        let thread = supervise("clumsy", own_mailbox, board.clone(), move |_| {
            starts += 1;
            match starts {
                1 => panic!("dropped the tray"),
                2 => Err("no tray left".into()),
                _ => Ok(()),
            }
        })
        .unwrap();
        assert_eq!(health.wait(Some(LONG)), Wait::Rung);
        assert_eq!(board.read().problem.unwrap(), "the clumsy task panicked: dropped the tray");
        assert_eq!(health.wait(Some(LONG)), Wait::Rung);
        assert_eq!(board.read().problem.unwrap(), "no tray left");
        thread.join().unwrap();
        drop(waker);
    }
}
