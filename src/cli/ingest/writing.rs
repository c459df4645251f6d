//! The writing half of an ingest: what was read goes into the store, and what was not taken is told.

use std::io::{self, IsTerminal as _, Write as _};
use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::checkpoints::Checkpoints;
use super::feed::{Feeding, Message};
use super::patience::until_not_busy;
use super::progress::Progress;
use super::rejects::RejectLog;
use super::summary::{End, Tally};
use super::{Args, Source};
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::engine::{Followed, Follower, Intake};
use crate::ingest::{Batch, Reject};
use crate::model::text::printable_short;
use crate::report::Format;
use crate::store::{Store, StoreError};

/// How long nothing comes through a pipe before the user is told what we wait for.
const SILENCE: Duration = Duration::from_secs(5);
/// After a signal: how long nothing comes before all that was read has arrived.
const DRAINED: Duration = Duration::from_millis(200);
/// The pause between two steps of the roll-up that lets other writers in.
const WRITER_PAUSE: Duration = Duration::from_millis(1);
/// Rows rolled up in one transaction.
const ROLL_UP_ROWS: usize = 10_000;
/// Runs recorded in one transaction.
const RUNS_AT_ONCE: usize = 500;
/// What is said when another program keeps us waiting. Nothing is lost meanwhile: the reader waits for us, and
/// the producer for the reader.
const BUSY: &str = "waiting for the store: another program holds its lock and should end its transaction";

/// An ingest at work.
pub struct Ingest {
    context: Context,
    rejects: RejectLog,
    progress: Progress,
    tally: Tally,
    started: Instant,
    /// The dashboard's health line, when there is one over us.
    intake: Option<Intake>,
}

/// A store that is written to in a hurry.
struct Bulk {
    store: Store,
    checkpoints: Checkpoints,
}

/// An ingest that has ended.
pub struct Ended {
    ingest: Ingest,
    store: Store,
    end: End,
}

impl Ingest {
    /// Nothing was read yet.
    pub fn new(args: &Args, context: Context) -> anyhow::Result<Self> {
        Ok(Self {
            rejects: RejectLog::new(args.rejects.as_deref())?,
            progress: Progress::new(true, None),
            tally: Tally::default(),
            started: Instant::now(),
            intake: None,
            context,
        })
    }

    /// Talks to the dashboard instead of the terminal.
    pub fn beside(mut self, intake: Intake) -> Self {
        self.context.quiet = true;
        self.intake = Some(intake);
        self
    }

    /// Takes everything there is, or until it is stopped.
    pub fn take(mut self, source: Source) -> anyhow::Result<Ended> {
        let (store, end) = match source {
            Source::Feed { mut store, feeding, total_bytes, waits_for_stdin } => {
                self.progress = Progress::new(self.context.quiet, total_bytes);
                let checkpoints = Checkpoints::take_over(&mut store)?;
                let mut bulk = Bulk { store, checkpoints };
                let end = self.take_all(&mut bulk, &feeding, waits_for_stdin)?;
                (bulk.store, end)
            }
            Source::Follow(mut follower, signal) => {
                let end = self.follow(&mut follower, &signal)?;
                self.tally.metrics = follower.metric_count();
                (follower.into_store(), end)
            }
        };
        Ok(Ended { ingest: self, store, end })
    }

    fn take_all(&mut self, bulk: &mut Bulk, feeding: &Feeding, waits_for_stdin: bool) -> anyhow::Result<End> {
        let mut says_what_it_waits_for = waits_for_stdin && !io::stdin().is_terminal();
        let mut signal = None;
        loop {
            let patience = if signal.is_some() { DRAINED } else { SILENCE };
            let message = match (feeding.messages.recv_timeout(patience), signal) {
                (Ok(message), _) => message,
                (Err(RecvTimeoutError::Timeout), None) => {
                    if mem::take(&mut says_what_it_waits_for) {
                        self.progress
                            .above(|| self.context.say("waiting for lines on stdin (is the producer buffering?)"));
                    }
                    continue;
                }
                (Err(_), Some(number)) => return Ok(End::Signal(number)),
                (Err(RecvTimeoutError::Disconnected), None) => return Ok(End::Complete),
            };
            match message {
                Message::Read { input, batch, bytes } => {
                    self.keep(bulk, feeding, &input, &batch)?;
                    self.progress.show(bytes, self.tally.samples);
                }
                Message::Unreadable { input, error } => {
                    self.tally.unreadable += 1;
                    self.say_unreadable(&input, &error);
                }
                Message::Done { metrics } => {
                    self.tally.metrics = metrics;
                    return Ok(signal.map_or(End::Complete, End::Signal));
                }
                Message::Refused => return Ok(End::Refused),
                Message::Signal(number) => signal = Some(number),
            }
        }
    }

    fn keep(&mut self, bulk: &mut Bulk, feeding: &Feeding, input: &str, batch: &Batch) -> anyhow::Result<()> {
        self.reject(input, &batch.rejects)?;
        let (progress, context) = (&self.progress, &self.context);
        let say = || progress.above(|| context.say(BUSY));
        for runs in batch.runs.chunks(RUNS_AT_ONCE) {
            let record = || bulk.store.record_runs(runs, context.config.keep_runs, context.now_ms());
            let new = until_not_busy(record, say, || feeding.stopper.is_stopped())
                .with_context(|| format!("stopped after {} runs", self.tally.runs))?;
            self.tally.runs += runs.len() as u64;
            self.tally.new_runs += new as u64;
        }
        if batch.samples.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let append = || bulk.store.append(&batch.samples, None, context.now_ms());
        until_not_busy(append, say, || feeding.stopper.is_stopped())
            .with_context(|| format!("stopped after {} samples", self.tally.samples))?;
        self.tally.samples += batch.samples.len() as u64;
        bulk.checkpoints.written(batch.samples.len(), &bulk.store)?;
        bulk.store.rest(began.elapsed())?;
        Ok(())
    }

    /// Takes what comes into files that grow, until a signal.
    fn follow(&mut self, follower: &mut Follower, signal: &AtomicU8) -> anyhow::Result<End> {
        loop {
            let mut said = Ok(());
            let mut says_busy = true;
            while let Err(error) =
                follower.look(|followed| said = mem::replace(&mut said, Ok(())).and(self.hear(followed)))
            {
                let is_busy = matches!(error, StoreError::Busy { .. });
                if !is_busy || signal.load(Ordering::Acquire) != 0 {
                    return Err(error).with_context(|| format!("stopped after {} samples", self.tally.samples));
                }
                if mem::take(&mut says_busy) {
                    self.context.say(BUSY);
                }
            }
            said?;
            if !follower.wait() {
                return Ok(End::Signal(signal.load(Ordering::Acquire)));
            }
        }
    }

    fn hear(&mut self, followed: Followed<'_>) -> anyhow::Result<()> {
        match followed {
            Followed::Stored { path, samples, rejects } => {
                self.tally.samples += samples;
                self.reject(&path.display().to_string(), rejects)
            }
            Followed::Unreadable { path, error } => {
                self.say_unreadable(&path.display().to_string(), error);
                Ok(())
            }
        }
    }

    fn reject(&mut self, input: &str, rejected: &[Reject]) -> anyhow::Result<()> {
        self.tally.rejected += rejected.len() as u64;
        if let Some(intake) = &self.intake {
            intake.add_rejected(rejected.len() as u64);
        }
        if rejected.is_empty() {
            return Ok(());
        }
        let (rejects, context) = (&mut self.rejects, &self.context);
        Ok(self.progress.above(|| rejects.keep(context, input, rejected))?)
    }

    fn say_unreadable(&self, input: &str, error: &io::Error) {
        let text = format!("cannot read `{}`: {error}", printable_short(input, 200));
        match &self.intake {
            Some(intake) => intake.report(&text),
            None => self.progress.above(|| {
                let _ = writeln!(io::stderr(), "perftop: {text}");
            }),
        }
    }
}

impl Ended {
    /// What was done.
    pub const fn tally(&self) -> &Tally {
        &self.ingest.tally
    }

    /// Sums up, and says what was done.
    pub fn finish(self, summary: Format) -> anyhow::Result<Exit> {
        let Self { mut ingest, mut store, end } = self;
        let has_stored = ingest.tally.samples > 0 || ingest.tally.new_runs > 0;
        if has_stored {
            store.check_in_place()?;
        }
        if end == End::Complete && has_stored {
            ingest.progress.say("summing up hours");
            while store.roll_up(ROLL_UP_ROWS)?.remaining {
                thread::sleep(WRITER_PAUSE);
            }
            // Standard input cannot be read again: what is said to be stored shall survive a power cut.
            store.flush()?;
            store.shrink_log()?;
        }
        ingest.progress.end();
        ingest.rejects.finish(&ingest.context)?;
        let tally = &ingest.tally;
        tally.say(end, ingest.started.elapsed().as_secs_f64(), summary, &ingest.context)?;
        Ok(match end {
            End::Signal(number) => Exit::Signal(number),
            _ if tally.unreadable > 0 => Exit::Io,
            _ if tally.rejected > 0 => Exit::Found,
            _ => Exit::Ok,
        })
    }
}
