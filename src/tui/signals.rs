//! The signals that end, stop and continue the program.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Somebody asked for the end: `SIGTERM`.
    Terminate,
    /// Ctrl-C from outside; the key itself comes as a key in raw mode: `SIGINT`.
    Interrupt,
    /// `SIGQUIT`.
    Quit,
    /// The terminal is gone; nothing may be written to it any more: `SIGHUP`.
    HangUp,
}

impl Ending {
    /// The signal's number, which POSIX fixes for these four.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }
}

/// What a signal asks of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caught {
    /// End, in order.
    End(Ending),
    /// Stop until continued: `SIGTSTP`.
    Stop,
    /// The program was stopped and runs again: `SIGCONT`.
    Continued,
    /// The terminal has another size, or had one for a moment: `SIGWINCH`.
    Resized,
}

/// Listens to the signals; from the first call on their default action is off for good.
pub struct Signals {
    hang_up: Stream,
    terminate: Stream,
    interrupt: Stream,
    quit: Stream,
    stop: Stream,
    continued: Stream,
    resized: Stream,
}

impl Signals {
    /// Starts to listen.
    pub fn listen() -> io::Result<Self> {
        // tokio names no kind for the job control signals; their numbers differ between systems.
        let by_number = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(by_number(rustix::process::Signal::TSTP))?,
            continued: signal(by_number(rustix::process::Signal::CONT))?,
            resized: signal(SignalKind::window_change())?,
        })
    }

    /// The next signal. Dropping the future loses none.
    pub async fn next(&mut self) -> Caught {
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => Caught::End(Ending::HangUp),
            _ = self.terminate.recv() => Caught::End(Ending::Terminate),
            _ = self.interrupt.recv() => Caught::End(Ending::Interrupt),
            _ = self.quit.recv() => Caught::End(Ending::Quit),
            _ = self.stop.recv() => Caught::Stop,
            _ = self.continued.recv() => Caught::Continued,
            _ = self.resized.recv() => Caught::Resized,
        }
    }
}
