//! Notices that the terminal is gone, also where no signal says so.
//!
//! Once a terminal has hung up, crossterm 0.29 never returns from reading it (crossterm-rs/crossterm#793):
//! whoever reads then spins for ever, and that may be the loop itself. So it is a thread of its own that
//! waits, asking the kernel for nothing but the hang-up, and that sees to it that the program ends.

use std::future::pending;
use std::io;
use std::process;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::oneshot;

use super::run::LONGEST_WRITE;
use super::signals::Ending;
use crate::engine;

/// How long the loop may take to hear of it. A loop that reads a terminal which has gone never does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Listens for the hang-up. Dropping it says that the loop has ended.
pub struct HangUp {
    gone: oneshot::Receiver<()>,
    _listening: Sender<()>,
}

impl HangUp {
    /// Watches the terminal on standard output from now on. A loop that does not end soon after the
    /// terminal has gone is taken for stuck, and the program is ended without it.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn watch() -> io::Result<Self> {
        let (tell, gone) = oneshot::channel();
        let (listening, loop_ended) = mpsc::channel();
        thread::Builder::new().name("hang-up".to_owned()).spawn(move || {
            if wait() {
                // Nobody listens any more: then the program is on its way out.
                let _ = tell.send(());
                end_if_stuck(&loop_ended);
            }
        })?;
        Ok(Self { gone, _listening: listening })
    }

    /// Returns when the terminal is gone, and never where nothing can tell. Dropping the future loses nothing.
    pub async fn gone(&mut self) {
        if self.gone.is_terminated() || (&mut self.gone).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// Waits for the hang-up. `false` where the system cannot tell.
fn wait() -> bool {
    let out = io::stdout();
    let mut terminal = [PollFd::new(&out, PollFlags::empty())];
    loop {
        match poll(&mut terminal, None) {
            Ok(_) => return terminal[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "main waits for the loop, which will never end")]
fn end_if_stuck(loop_ended: &Receiver<()>) {
    if loop_ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        tracing::warn!("the terminal is gone, and reading it never returned: ended all the same");
        let _held = engine::hold_writes(LONGEST_WRITE);
        process::exit(128 + i32::from(Ending::HangUp.number()));
    }
}
