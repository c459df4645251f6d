//! Everything that can wake the loop, as one stream: signals first, then keys, then the engine.

use std::future::ready;
use std::io;
use std::sync::Arc;

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::hang_up::HangUp;
use super::signals::{Caught, Ending, Signals};
use crate::app::Notice;
use crate::engine::RaisedAlerts;
use crate::model::Snapshot;

/// How many answers of effects may wait; the user gives far fewer orders than that at a time.
const NOTICES: usize = 16;

/// A channel for answers of effects, and for what others have to say to the user.
#[must_use]
pub fn notices() -> (mpsc::Sender<Notice>, mpsc::Receiver<Notice>) {
    mpsc::channel(NOTICES)
}

/// Why the loop woke.
#[derive(Debug)]
pub enum Wake {
    /// A signal.
    Signal(Caught),
    /// A key, the focus.
    Terminal(TerminalEvent),
    /// The terminal can no longer be read.
    TerminalEnded(io::Result<()>),
    /// Alerts were raised.
    Alerts(RaisedAlerts),
    /// There is a new picture.
    Snapshot(Arc<Snapshot>),
    /// An effect was carried out, or failed.
    Notice(Notice),
    /// The engine has ended although nobody asked it to.
    EngineEnded,
    /// The time asked for has come.
    Time,
}

/// Everything that can wake the loop.
pub struct Sources<'a> {
    signals: Signals,
    hang_up: HangUp,
    terminal: EventStream,
    alerts: &'a mut mpsc::Receiver<RaisedAlerts>,
    snapshots: &'a mut watch::Receiver<Arc<Snapshot>>,
    notices: mpsc::Receiver<Notice>,
    /// A closed channel is always ready; once closed it is left out.
    engine_ended: bool,
}

impl<'a> Sources<'a> {
    /// Listens to the engine's channels, to notices, to the signals and to the terminal.
    pub fn listen(
        alerts: &'a mut mpsc::Receiver<RaisedAlerts>,
        snapshots: &'a mut watch::Receiver<Arc<Snapshot>>,
        notices: mpsc::Receiver<Notice>,
    ) -> io::Result<Self> {
        Ok(Self {
            signals: Signals::listen()?,
            hang_up: HangUp::watch()?,
            terminal: EventStream::new(),
            alerts,
            snapshots,
            notices,
            engine_ended: false,
        })
    }

    /// Waits for whatever comes first, at the latest until `until`.
    pub async fn next(&mut self, until: Instant) -> Wake {
        tokio::select! {
            biased;
            wake = self.any() => wake,
            () = sleep_until(until) => Wake::Time,
        }
    }

    /// What is there already, without waiting.
    pub async fn ready(&mut self) -> Option<Wake> {
        tokio::select! {
            biased;
            wake = self.any() => Some(wake),
            () = ready(()) => None,
        }
    }

    /// Dropping the future loses nothing.
    async fn any(&mut self) -> Wake {
        let wake = tokio::select! {
            biased;
            caught = self.signals.next() => Wake::Signal(caught),
            () = self.hang_up.gone() => Wake::Signal(Caught::End(Ending::HangUp)),
            event = self.terminal.next() => match event {
                Some(Ok(event)) => Wake::Terminal(event),
                Some(Err(error)) => Wake::TerminalEnded(Err(error)),
                None => Wake::TerminalEnded(Ok(())),
            },
            raised = self.alerts.recv(), if !self.engine_ended => raised.map_or(Wake::EngineEnded, Wake::Alerts),
            Some(notice) = self.notices.recv() => Wake::Notice(notice),
            changed = self.snapshots.changed(), if !self.engine_ended => match changed {
                Ok(()) => Wake::Snapshot(Arc::clone(&self.snapshots.borrow_and_update())),
                Err(_) => Wake::EngineEnded,
            },
        };
        self.engine_ended |= matches!(wake, Wake::EngineEnded);
        wake
    }
}
