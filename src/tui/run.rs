//! The loop: one task owns the dashboard's state and the terminal. It sleeps until something happens,
//! takes in all that has happened, and draws once.

use std::env;
use std::io::{self, Stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use rustix::termios::tcgetwinsize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::{Desk, done, failed};
use super::guard::Guard;
use super::input::{Input, input};
use super::pace::{Cause, Pacer};
use super::screen::Screen;
use super::signals::{Caught, Ending};
use super::sources::{Sources, Wake};
use super::suspend::{self, Scope};
use super::title::{Bell, SetTitle, badge, title};
use super::tmux::{Badge, Pane};
use super::{content, summary};
use crate::app::{self, App, Effect, Event, Notice};
use crate::clock::Clock;
use crate::engine::{self, EngineHandle};
use crate::model::{Command, Snapshot};
use crate::render;
use crate::ui::{self, Look};

/// The longest sleep where something on the screen goes out of date at a time of day: the clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// How long the engine's writes under way may take to end before the program is stopped all the same.
pub(super) const LONGEST_WRITE: Duration = Duration::from_millis(500);
/// How much is taken in before a frame is drawn, so that a flood cannot keep the screen still.
const MOST_AT_ONCE: usize = 256;
/// The shortest sleep until something on the screen goes out of date.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);

/// What the dashboard is started with.
pub struct Dashboard {
    /// Its state.
    pub app: App,
    /// How it looks.
    pub look: Look,
    /// The time.
    pub clock: Clock,
    /// Whether to speak to tmux where there is one.
    pub tmux: bool,
}

/// How the dashboard ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user had seen enough; one line about what was left.
    Quit {
        /// How many metrics, which alerts.
        summary: String,
    },
    /// A signal, or a terminal that is gone.
    Signal(Ending),
}

/// Runs the dashboard on the terminal until the user or a signal ends it. The terminal is given back
/// before this returns, whatever happens.
///
/// # Errors
/// When the terminal refuses.
pub async fn run(
    dashboard: Dashboard,
    engine: &mut EngineHandle,
    (notices, heard): (mpsc::Sender<Notice>, mpsc::Receiver<Notice>),
) -> io::Result<Outcome> {
    // Signals are heard before there is anything to undo.
    let mut sources = Sources::listen(&mut engine.alerts, &mut engine.snapshots, heard)?;
    let guard = Guard::enter()?;
    let desk = Desk { views: engine.views.clone(), commands: engine.commands.clone(), notices };
    let mut running = Running::new(dashboard, guard, desk)?;
    let ended = running.run(&mut sources).await;
    running.leave(ended)
}

struct Running {
    app: App,
    look: Look,
    clock: Clock,
    guard: Guard,
    screen: Screen<Stdout>,
    pacer: Pacer,
    desk: Desk,
    badge: Option<Badge>,
    /// Alerts firing as the title tells it; `None` before the first title.
    titled: Option<usize>,
    /// Stopped in the background: the screen belongs to the shell.
    is_stopped: bool,
    ended: Option<Ended>,
}

/// Why the loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Quit,
    Signal(Ending),
}

impl Running {
    fn new(dashboard: Dashboard, guard: Guard, desk: Desk) -> io::Result<Self> {
        let Dashboard { app, look, clock, tmux } = dashboard;
        let (width, height) = terminal_size()?;
        let mut running = Self {
            app,
            look,
            clock,
            guard,
            screen: Screen::new(io::stdout(), width, height),
            pacer: Pacer::new(),
            desk,
            badge: Pane::from_env().filter(|_| tmux).map(Badge::new),
            titled: None,
            is_stopped: false,
            ended: None,
        };
        running.apply(Event::Resize { width, height }, Cause::Input)?;
        running.desk.view(running.app.view_request());
        Ok(running)
    }

    /// Draws the first frame before the first answer, then goes on until something ends it.
    async fn run(&mut self, sources: &mut Sources<'_>) -> io::Result<Ended> {
        loop {
            if let Some(ended) = self.ended {
                return Ok(ended);
            }
            self.draw_if_due()?;
            let wake = sources.next(self.next_wake()).await;
            self.take(wake)?;
            for _ in 0..MOST_AT_ONCE {
                let Some(wake) = sources.ready().await else { break };
                self.take(wake)?;
            }
        }
    }

    /// When the loop must wake although nothing happens.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let due = self.pacer.due(now).filter(|_| !self.is_stopped);
        let changes = self.app.next_deadline_ms().map(|at_ms| {
            let in_ms = at_ms.saturating_sub(self.clock.now_ms()).max(0).unsigned_abs();
            now + Duration::from_millis(in_ms).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
        });
        [due, changes].into_iter().flatten().fold(now + LONGEST_SLEEP, Instant::min)
    }

    fn take(&mut self, wake: Wake) -> io::Result<()> {
        match wake {
            Wake::Signal(Caught::End(ending)) => self.ended = Some(Ended::Signal(ending)),
            Wake::Signal(Caught::Stop) => self.stop(Scope::Process)?,
            Wake::Signal(Caught::Continued) => self.come_back()?,
            Wake::Signal(Caught::Resized) => self.take_size()?,
            Wake::Terminal(event) => match input(&event) {
                Some(Input::Key(key)) => self.apply(Event::Key(key), Cause::Input)?,
                Some(Input::Focus(focused)) => self.pacer.set_focused(focused),
                None => {}
            },
            Wake::TerminalEnded(Ok(())) => self.ended = Some(Ended::Signal(Ending::HangUp)),
            Wake::TerminalEnded(Err(error)) => return Err(error),
            Wake::Alerts(raised) => {
                let event = Event::Alerts { raised: raised.alerts, inserted_here: raised.inserted_here };
                self.apply(event, Cause::Input)?;
                if !raised.ended.is_empty() {
                    self.apply(Event::Ended(raised.ended), Cause::Input)?;
                }
            }
            Wake::Snapshot(snapshot) => {
                // The first answer to what was asked for: the user waits for it as for a key's frame.
                let is_same = |last: &Arc<Snapshot>| last.request == snapshot.request && !last.series.is_empty();
                let is_more_of_the_same = self.app.snapshot.as_ref().is_some_and(is_same);
                let cause = if is_more_of_the_same { Cause::Data } else { Cause::Input };
                self.apply(Event::Snapshot(snapshot), cause)?;
            }
            Wake::Notice(notice) => self.notice(notice)?,
            Wake::EngineEnded => self.notice(failed("the engine has ended: what you see stands still".to_owned()))?,
            Wake::Time => self.pass_time()?,
        }
        Ok(())
    }

    fn apply(&mut self, event: Event, cause: Cause) -> io::Result<()> {
        let effects = app::update(&mut self.app, event, self.clock.now_ms());
        self.pacer.want(cause);
        effects.into_iter().try_for_each(|effect| self.carry_out(effect))
    }

    fn notice(&mut self, notice: Notice) -> io::Result<()> {
        self.apply(Event::Notice(notice), Cause::Input)
    }

    fn command(&mut self, command: Command) -> io::Result<()> {
        self.desk.command(command).map_or(Ok(()), |notice| self.notice(notice))
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::View(request) => self.desk.view(request),
            Effect::Ask(command) => return self.command(command),
            Effect::Copy(text) => return self.copy(text),
            Effect::CopyView => return self.copy(render::text(self.screen.shown())),
            Effect::Export(format) => {
                let directory = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
                match content::export(&self.app, self.screen.shown(), format) {
                    Ok(Some(export)) => self.desk.export(export, directory),
                    Ok(None) => return self.notice(failed("there are no data to write yet".to_owned())),
                    Err(error) => return self.notice(failed(format!("not written: {error}"))),
                }
            }
            Effect::Bell => return self.screen.control(&Bell),
            Effect::Redraw => return self.take_size(),
            Effect::Suspend => return self.stop(Scope::Job),
            Effect::Quit => self.ended = Some(Ended::Quit),
        }
        Ok(())
    }

    fn copy(&mut self, text: String) -> io::Result<()> {
        if self.badge.is_some() {
            self.desk.copy_through_tmux(text);
            return Ok(());
        }
        self.screen.control(&CopyToClipboard::to_clipboard_from(text))?;
        self.notice(done(
            "sent to the terminal's clipboard (OSC 52); some terminals must be told to take it".to_owned(),
        ))
    }

    /// Draws every cell of a screen of which nothing is known but its size.
    fn take_size(&mut self) -> io::Result<()> {
        let (width, height) = terminal_size()?;
        self.screen.resize(width, height);
        self.apply(Event::Resize { width, height }, Cause::Input)
    }

    fn stop(&mut self, scope: Scope) -> io::Result<()> {
        if !suspend::can_come_back() {
            return self.notice(failed("there is no shell here to bring perftop back".to_owned()));
        }
        self.guard.restore_modes();
        self.is_stopped = true;
        // Stopped in the middle of a write it would lock every other program out of the store.
        let _held = engine::hold_writes(LONGEST_WRITE);
        suspend::stop(scope)
    }

    /// Also after a `SIGSTOP` that nobody announced: the shell has had the terminal meanwhile.
    fn come_back(&mut self) -> io::Result<()> {
        self.guard.restore_modes();
        self.guard.set_modes()?;
        self.is_stopped = false;
        self.titled = None;
        self.take_size()
    }

    fn pass_time(&mut self) -> io::Result<()> {
        if self.app.next_deadline_ms().is_some_and(|at_ms| at_ms <= self.clock.now_ms()) {
            self.apply(Event::Wake, Cause::Data)?;
        }
        Ok(())
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        if self.is_stopped || !self.pacer.is_due(Instant::now()) {
            return Ok(());
        }
        let Self { app, look, screen, .. } = self;
        screen.draw(|area, buf| ui::draw(app, look, area, buf))?;
        self.pacer.drawn(Instant::now());
        self.tell_firing()
    }

    /// Pane title and tmux option, when the number of firing alerts has changed.
    fn tell_firing(&mut self) -> io::Result<()> {
        let firing = self.app.attention_count();
        if self.titled == Some(firing) {
            return Ok(());
        }
        self.titled = Some(firing);
        if let Some(option) = &self.badge {
            option.set((firing > 0).then(|| badge(firing)));
        }
        self.screen.control(&SetTitle(title(firing)))
    }

    /// Gives the terminal back. A terminal that cannot be written to has hung up.
    fn leave(self, ended: io::Result<Ended>) -> io::Result<Outcome> {
        if let Some(badge) = self.badge {
            badge.clear();
        }
        let ended = match ended {
            Err(_) if terminal_size().is_err() => Ended::Signal(Ending::HangUp),
            ended => ended?,
        };
        match ended {
            Ended::Quit => Ok(Outcome::Quit { summary: summary::line(&self.app) }),
            Ended::Signal(Ending::HangUp) => {
                self.guard.abandon();
                Ok(Outcome::Signal(Ending::HangUp))
            }
            Ended::Signal(ending) => Ok(Outcome::Signal(ending)),
        }
    }
}

/// Columns and rows of the terminal on standard output.
fn terminal_size() -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(io::stdout())?;
    Ok((size.ws_col, size.ws_row))
}
