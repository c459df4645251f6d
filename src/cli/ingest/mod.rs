//! `perftop ingest`: files or standard input into the store.

mod checkpoints;
mod courtesy;
mod feed;
mod patience;
mod progress;
mod rejects;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use self::checkpoints::Checkpoints;
use self::courtesy::Courtesy;
use self::feed::{Feeding, Message, Plan};
use self::patience::until_not_busy;
use self::progress::Progress;
use self::rejects::RejectLog;
use super::Context;
use super::exit::Exit;
use crate::ingest::{Batch, Format, Reading, TimestampUnit};
use crate::model::UnknownWord;
use crate::model::text::printable_short;
use crate::report;
use crate::store::Store;

/// How long nothing comes through a pipe before the user is told what we wait for.
const SILENCE: Duration = Duration::from_secs(5);
/// After a signal: how long nothing comes before all that was read has arrived.
const DRAINED: Duration = Duration::from_millis(200);
/// The pause between two steps of the roll-up that lets other writers in.
const WRITER_PAUSE: Duration = Duration::from_millis(1);
/// Rows rolled up in one transaction.
const ROLL_UP_ROWS: usize = 10_000;

/// Arguments of `perftop ingest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of samples; `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Stop at the first line that is not taken, and store nothing at all
    #[arg(long)]
    strict: bool,

    /// Keep all lines that are not taken in this file, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// What the samples are written in: jsonl, csv, prometheus, influx, hyperfine; auto goes by a file's
    /// ending, else by the first line
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format)]
    format: Asked,

    /// The unit of timestamps that are numbers: s, ms, us or ns; by default what the format says (ms, for
    /// influx ns)
    #[arg(long, value_name = "UNIT")]
    timestamp_unit: Option<TimestampUnit>,

    /// How to write the closing line: text to stderr, or json to stdout
    #[arg(long, value_name = "HOW", default_value = "text", value_parser = text_or_json)]
    summary: report::Format,
}

/// A format, or none to be found out.
#[derive(Debug, Clone, Copy)]
struct Asked(Option<Format>);

fn format(word: &str) -> Result<Asked, UnknownWord> {
    if word == "auto" { Ok(Asked(None)) } else { word.parse().map(|format| Asked(Some(format))) }
}

fn text_or_json(word: &str) -> Result<report::Format, String> {
    match word {
        "text" => Ok(report::Format::Text),
        "json" => Ok(report::Format::Json),
        _ => Err("expected text or json".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    if let Some(rejects) = args.rejects.as_deref() {
        rejects::refuse_input(rejects, &args.files)?;
    }
    let mut store = Store::open(&context.config.store.path)?;
    let checkpoints = Checkpoints::take_over(&mut store)?;
    let rejects = RejectLog::new(args.rejects.as_deref())?;
    let plan = Plan {
        inputs: args.files.clone(),
        strict: args.strict,
        reading: Reading { format: args.format.0, unit: args.timestamp_unit, written_ms: None },
        clock: context.clock.clone(),
    };
    let waits_for_stdin = plan.reads_stdin() && !args.strict;
    if plan.reads_stdin() && io::stdin().is_terminal() {
        context.say(
            "reading samples from the terminal, one JSON object a line; ctrl-d ends, `perftop ingest --help` helps",
        );
    }
    let progress = Progress::new(context.quiet, plan.total_bytes());
    let Feeding { messages, stopped } = feed::start(plan)?;
    let tally = Tally::default();
    let mut ingest = Ingest {
        context,
        store,
        rejects,
        progress,
        checkpoints,
        courtesy: Courtesy::default(),
        stopped,
        tally,
        started: Instant::now(),
    };
    let end = ingest.take_all(&messages, waits_for_stdin)?;
    ingest.finish(end, args.summary)
}

/// How the messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Everything was read.
    Complete,
    /// `--strict` met a line that was not taken, or an input that could not be read.
    Refused,
    /// A signal asked to finish.
    Signal(u8),
}

/// What was done, for the closing line.
#[derive(Debug, Default, Clone, Serialize)]
struct Tally {
    samples: u64,
    metrics: u64,
    rejected: u64,
    unreadable: u64,
}

/// The closing line as JSON.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    #[serde(flatten)]
    tally: &'a Tally,
    seconds: f64,
    samples_per_second: f64,
}

struct Ingest<'a> {
    context: &'a Context,
    store: Store,
    rejects: RejectLog,
    progress: Progress,
    checkpoints: Checkpoints,
    courtesy: Courtesy,
    /// A signal came, whether or not its message has arrived.
    stopped: Arc<AtomicBool>,
    tally: Tally,
    started: Instant,
}

impl Ingest<'_> {
    fn take_all(&mut self, messages: &Receiver<Message>, waits_for_stdin: bool) -> anyhow::Result<End> {
        let mut says_what_it_waits_for = waits_for_stdin && !io::stdin().is_terminal();
        let mut signal = None;
        loop {
            let patience = if signal.is_some() { DRAINED } else { SILENCE };
            let message = match (messages.recv_timeout(patience), signal) {
                (Ok(message), _) => message,
                (Err(RecvTimeoutError::Timeout), None) => {
                    if std::mem::take(&mut says_what_it_waits_for) {
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
                    self.keep(&input, &batch)?;
                    self.progress.show(bytes, self.tally.samples);
                }
                Message::Unreadable { input, error } => {
                    self.tally.unreadable += 1;
                    let shown = printable_short(&input, 200);
                    self.progress.above(|| {
                        let _ = writeln!(io::stderr(), "perftop: cannot read `{shown}`: {error}");
                    });
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

    fn keep(&mut self, input: &str, batch: &Batch) -> anyhow::Result<()> {
        self.tally.rejected += batch.rejects.len() as u64;
        let (rejects, context) = (&mut self.rejects, self.context);
        if !batch.rejects.is_empty() {
            self.progress.above(|| rejects.keep(context, input, &batch.rejects))?;
        }
        if batch.samples.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let (store, progress, stopped) = (&mut self.store, &self.progress, &self.stopped);
        let append = || store.append(&batch.samples, None, context.now_ms());
        // Nothing is lost meanwhile: the reader waits for us, and the producer for the reader.
        let wait = "waiting for the store: another program holds its lock and should end its transaction";
        let say = || progress.above(|| context.say(wait));
        until_not_busy(append, say, || stopped.load(Ordering::Acquire))
            .with_context(|| format!("stopped after {} samples", self.tally.samples))?;
        self.tally.samples += batch.samples.len() as u64;
        self.checkpoints.written(batch.samples.len(), &self.store)?;
        self.courtesy.rest(&self.store, began.elapsed())?;
        Ok(())
    }

    fn finish(mut self, end: End, summary: report::Format) -> anyhow::Result<Exit> {
        if self.tally.samples > 0 {
            self.store.check_in_place()?;
        }
        if end == End::Complete && self.tally.samples > 0 {
            self.progress.say("summing up hours");
            while self.store.roll_up(ROLL_UP_ROWS)?.remaining {
                thread::sleep(WRITER_PAUSE);
            }
            // Standard input cannot be read again: what is said to be stored shall survive a power cut.
            self.store.flush()?;
        }
        self.progress.end();
        self.rejects.finish(self.context)?;
        self.close(end, summary)?;
        Ok(match end {
            End::Signal(number) => Exit::Signal(number),
            _ if self.tally.unreadable > 0 => Exit::Io,
            _ if self.tally.rejected > 0 => Exit::Found,
            _ => Exit::Ok,
        })
    }

    fn close(&self, end: End, summary: report::Format) -> io::Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        let tally = &self.tally;
        let samples_per_second = (tally.samples as f64 / seconds.max(1e-9)).round();
        if summary == report::Format::Json {
            let summary = Summary { schema: "perftop.ingest/1", tally, seconds, samples_per_second };
            return writeln!(io::stdout(), "{}", serde_json::to_string(&summary)?);
        }
        let how = match end {
            End::Complete => "",
            End::Refused => "nothing was stored (--strict): ",
            End::Signal(_) => "interrupted: ",
        };
        let Tally { samples, metrics, rejected, .. } = tally;
        let of = if end == End::Complete { format!(" of {}", counted(*metrics, "metric")) } else { String::new() };
        let text = format!(
            "{how}{}{of}, {rejected} rejected, in {seconds:.2} s ({samples_per_second} samples/s)",
            counted(*samples, "sample")
        );
        self.context.say(&text);
        Ok(())
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
