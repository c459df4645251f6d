//! `perftop ingest`: files or standard input into the store, once or for as long as they grow, with the
//! dashboard over it or without.

mod checkpoints;
mod feed;
mod patience;
mod progress;
mod rejects;
mod summary;
mod watch;
mod writing;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use self::feed::{Feeding, Plan, Stopper};
use self::writing::Ingest;
use super::Context;
use super::exit::{Exit, Refusal};
use super::interrupt::on_interrupt;
use crate::engine::{self, Follower};
use crate::ingest::results::criterion_files;
use crate::ingest::{Format, Reading, TimestampUnit};
use crate::model::UnknownWord;
use crate::report;
use crate::store::Store;

const FORMAT_HELP: &str = "What the files are written in: jsonl, csv, prometheus or influx (samples), or by which tool: \
                           hyperfine, criterion, cargo-bench, pytest-benchmark, google-benchmark, go-bench, k6, oha, wrk, \
                           vegeta or lighthouse (results); auto goes by a file's ending, else by its first line";

/// Arguments of `perftop ingest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of samples or of results, or criterion's directory; `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Go on at the end of the files as they grow, also over rotation and truncation, until interrupted; a
    /// later --follow goes on where this one stopped
    #[arg(long, short = 'F', requires = "files", conflicts_with = "strict")]
    follow: bool,

    /// Show the dashboard meanwhile; it stays open when the input has ended, and quitting it ends both
    #[arg(long, conflicts_with = "strict")]
    watch: bool,

    /// Stop at the first line that is not taken, and store nothing at all
    #[arg(long)]
    strict: bool,

    /// Keep all lines that are not taken in this file, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// What the files are written in
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = format, help = FORMAT_HELP)]
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
    if args.follow && args.files.iter().any(|path| path == Path::new("-")) {
        return Err(Refusal::usage("`--follow` is for files: standard input is read to its end anyway").into());
    }
    if args.follow
        && let Some(Format::Results(tool)) = args.format.0
    {
        let text = format!("`--follow` is for lines: what {} writes is whole, take it without", tool.as_str());
        return Err(Refusal::usage(text).into());
    }
    if args.watch {
        return watch::run(args, context);
    }
    let ingest = Ingest::new(args, context.clone())?;
    let source = Source::open(args, context)?;
    let ender = source.ender();
    on_interrupt(move |number| ender.stop(number))?;
    ingest.take(source)?.finish(args.summary)
}

impl Args {
    /// The files to read: of a directory, what criterion measured last. One without that is left to the reader to refuse.
    fn inputs(&self) -> Vec<PathBuf> {
        let of = |path: &PathBuf| {
            let found = if path.is_dir() { criterion_files(path).unwrap_or_default() } else { Vec::new() };
            if found.is_empty() { vec![path.clone()] } else { found }
        };
        self.files.iter().flat_map(of).collect()
    }

    fn reading(&self) -> Reading {
        Reading { format: self.format.0, unit: self.timestamp_unit, written_ms: None }
    }
}

/// Where the samples come from.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Source {
    /// Inputs that are read to their end.
    Feed { store: Store, feeding: Feeding, total_bytes: Option<u64>, waits_for_stdin: bool },
    /// Files that grow.
    Follow(Follower, Arc<AtomicU8>),
}

impl Source {
    fn open(args: &Args, context: &Context) -> anyhow::Result<Self> {
        let store = Store::open(&context.config.store.path)?;
        if args.follow {
            let follower =
                Follower::begin(store, &args.files, args.reading(), context.config.keep_runs, context.clock.clone())?;
            return Ok(Self::Follow(follower, Arc::default()));
        }
        let plan =
            Plan { inputs: args.inputs(), strict: args.strict, reading: args.reading(), clock: context.clock.clone() };
        let waits_for_stdin = plan.reads_stdin() && !args.strict;
        if plan.reads_stdin() && io::stdin().is_terminal() {
            if args.watch {
                return Err(Refusal::usage("nothing to watch: `producer | perftop ingest --watch`").into());
            }
            context.say("reading samples from the terminal, one a line; ctrl-d ends, `perftop ingest --help` helps");
        }
        let total_bytes = plan.total_bytes();
        Ok(Self::Feed { store, feeding: feed::start(plan)?, total_bytes, waits_for_stdin })
    }

    fn ender(&self) -> Ender {
        match self {
            Self::Feed { feeding, .. } => Ender::Feed(feeding.stopper.clone()),
            Self::Follow(follower, signal) => Ender::Follow(follower.stopper(), Arc::clone(signal)),
        }
    }
}

/// Ends a source early, from another thread.
enum Ender {
    Feed(Stopper),
    Follow(engine::Stop, Arc<AtomicU8>),
}

impl Ender {
    /// Ends it because of a signal.
    fn stop(&self, number: u8) {
        match self {
            Self::Feed(stopper) => stopper.stop(number),
            Self::Follow(stop, signal) => {
                signal.store(number, Ordering::Release);
                stop.stop();
            }
        }
    }
}
