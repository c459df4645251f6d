//! The terminal's modes, and the one list that undoes them.
//!
//! [`Guard`]'s drop, the panic hook, the signals and suspending all take the modes back from this list,
//! so that each is undone once, whoever comes first. Knows nothing of what is drawn.

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableFocusChange, EnableFocusChange};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};

use super::title::{RestoreTitle, SaveTitle};
use crate::model::text::printable_short;

/// Something about the terminal that is not as the user's shell left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Raw,
    AlternateScreen,
    HiddenCursor,
    FocusEvents,
    Title,
}

/// In the order in which they are set. Raw mode comes first: a process in the background is stopped
/// there, before it has written anything over the foreground's screen.
const MODES: [Mode; 5] = [Mode::Raw, Mode::Title, Mode::AlternateScreen, Mode::HiddenCursor, Mode::FocusEvents];

impl Mode {
    fn set(self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Raw => enable_raw_mode(),
            Self::AlternateScreen => execute!(out, EnterAlternateScreen),
            Self::HiddenCursor => execute!(out, Hide),
            Self::FocusEvents => execute!(out, EnableFocusChange),
            Self::Title => execute!(out, SaveTitle),
        }
    }

    fn undo(self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Raw => disable_raw_mode(),
            Self::AlternateScreen => execute!(out, LeaveAlternateScreen),
            Self::HiddenCursor => execute!(out, Show),
            Self::FocusEvents => execute!(out, DisableFocusChange),
            Self::Title => execute!(out, RestoreTitle),
        }
    }
}

/// The modes in force, and the thread that draws while they are.
struct Taken {
    modes: Vec<Mode>,
    owner: Option<ThreadId>,
}

static TAKEN: Mutex<Taken> = Mutex::new(Taken { modes: Vec::new(), owner: None });

fn taken() -> MutexGuard<'static, Taken> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the terminal in the dashboard's modes; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard {
    _only_enter_makes_one: (),
}

impl Guard {
    /// Takes the terminal on standard output for the calling thread, the only one that may draw.
    pub fn enter() -> io::Result<Self> {
        taken().owner = Some(thread::current().id());
        let guard = Self { _only_enter_makes_one: () };
        guard.set_modes()?;
        Ok(guard)
    }

    /// Sets every mode that is not in force: at the start, and after the user has come back with `fg`.
    pub fn set_modes(&self) -> io::Result<()> {
        let mut taken = taken();
        for mode in MODES {
            if !taken.modes.contains(&mode) {
                // Listed first: half a mode is undone too.
                taken.modes.push(mode);
                mode.set(&mut io::stdout())?;
            }
        }
        Ok(())
    }

    /// Gives the terminal back while the guard lives on: for suspending.
    pub fn restore_modes(&self) {
        undo_all(&mut taken());
    }

    /// Forgets the terminal without writing to it: it has hung up.
    pub fn abandon(self) {
        taken().modes.clear();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut taken = taken();
        undo_all(&mut taken);
        taken.owner = None;
    }
}

/// Errors are of no use here: whoever restores is on the way out, and the rest must still be tried.
fn undo_all(taken: &mut Taken) {
    let mut out = io::stdout();
    while let Some(mode) = taken.modes.pop() {
        let _ = mode.undo(&mut out);
    }
}

/// Makes every panic leave a report in the log. A panic of the drawing thread also gives the terminal
/// back and tells the user in five lines; one of another thread leaves the screen alone (its task is
/// supervised and becomes a banner). While no dashboard runs, panics look as they always do.
pub fn install_panic_hook(log: Option<PathBuf>) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let backtrace = std::backtrace::Backtrace::force_capture();
        // One event a line: the log spells line breaks out.
        for line in format!("panic: {info}\n{backtrace}").lines() {
            tracing::error!("{line}");
        }
        match drawing_thread() {
            Owner::Nobody => usual(info),
            Owner::Other => {}
            Owner::Me => {
                undo_all(&mut taken());
                let _ = io::stderr().write_all(report(info, log.as_deref()).as_bytes());
            }
        }
    }));
}

enum Owner {
    Nobody,
    Me,
    Other,
}

/// A panic may come while this very thread holds the list, so the hook never waits for it.
fn drawing_thread() -> Owner {
    let owner = match TAKEN.try_lock() {
        Ok(taken) => taken.owner,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().owner,
        Err(TryLockError::WouldBlock) => None,
    };
    match owner {
        None => Owner::Nobody,
        Some(id) if id == thread::current().id() => Owner::Me,
        Some(_) => Owner::Other,
    }
}

/// Five lines for the user.
fn report(info: &PanicHookInfo<'_>, log: Option<&Path>) -> String {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let log = log.map_or_else(|| "no log file".to_owned(), |path| path.display().to_string());
    format!(
        "perftop: this is a bug in perftop, not in your data\n  what:  {}\n  where: {}\n  log:   {}\n  \
         the store is safe; starting again is, too\n",
        printable_short(what, 200),
        printable_short(&place, 200),
        printable_short(&log, 400),
    )
}
