//! `perftop demo`: the ordinary dashboard over a store of its own, fed with samples of a made-up system.
//!
//! Nothing is faked past the samples: history goes through the reader into the store, and what follows
//! through the drop directory, where the real detector finds the drifts.

pub mod generator;
mod live;
pub mod profile;
pub mod runs;

use std::time::Instant;

use tempfile::TempDir;

use self::generator::Generator;
use self::live::Live;
use self::profile::Profile;
use super::exit::Exit;
use super::store::engine_options;
use super::{Context, Refusal, tui};
use crate::app::{App, AppOptions};
use crate::engine;
use crate::ingest::{Dictionary, LineReader, LineSplitter, Reading, jsonl};
use crate::model::Window;
use crate::store::Store;

/// The same samples at every start.
const SEED: u64 = 1;
/// Rows rolled up in one transaction.
const ROLL_UP_ROWS: usize = 50_000;

/// Arguments of `perftop demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep the folder with the store and the samples
    #[arg(long)]
    keep: bool,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    if !Context::is_interactive() {
        return Err(Refusal::usage("the demo draws a dashboard: run `perftop demo` in a terminal").into());
    }
    let mut folder = tempfile::Builder::new().prefix("perftop-demo-").tempdir()?;
    folder.disable_cleanup(args.keep);
    let profile = Profile::built_in()?;
    let context = in_folder(context, &folder, &profile);
    let mut generator = Generator::new(&profile, SEED, context.now_ms());

    let started = Instant::now();
    let mut store = Store::open(&context.config.store.path)?;
    store.record_runs(&runs::history(context.now_ms(), SEED), context.config.keep_runs, context.now_ms())?;
    engine::judge_runs(&mut store, &context.config.runs.thresholds, context.now_ms())?;
    let samples = load_history(&mut store, &mut generator, context.now_ms())?;
    drop(store);
    context.say(&format!("{samples} samples of history in {:.1} s", started.elapsed().as_secs_f64()));

    let live = Live::start(generator, &context.config.store.drop_dir, context.clock.clone())?;
    let options = AppOptions { window: Window::H1, ..tui::app_options(&context) };
    let mut app = App::new(options, context.now_ms());
    app.selected = profile.first_drift().cloned();
    let exit = tui::show(&context, engine_options(&context), app, |_| ());
    live.stop();
    if args.keep {
        context.say(&format!("kept in {}", folder.path().display()));
    }
    exit
}

/// The user's own configuration over the demo's store, drop directory and metrics.
fn in_folder(context: &Context, folder: &TempDir, profile: &Profile) -> Context {
    let mut context = context.clone();
    context.config.store.path = folder.path().join("perftop.db");
    context.config.store.drop_dir = folder.path().join("drop");
    context.config.store.retention_ms = None;
    context.config.book = profile.book();
    context
}

/// Puts the samples up to `now_ms` into the store, as the lines a user would send.
fn load_history(store: &mut Store, generator: &mut Generator, now_ms: i64) -> anyhow::Result<u64> {
    let (mut splitter, mut dictionary) = (LineSplitter::default(), Dictionary::default());
    let mut reader = LineReader::new(Reading::JSONL, 0);
    let mut stored = 0;
    let mut keep = |reader: &mut LineReader| {
        let batch = reader.take();
        anyhow::ensure!(batch.rejects.is_empty(), "the demo's own samples were rejected: {:?}", batch.rejects.first());
        stored += batch.samples.len() as u64;
        store.append(&batch.samples, None, now_ms)?;
        Ok(())
    };
    for sample in generator.until(now_ms) {
        splitter.feed(jsonl::line(&sample).as_bytes(), |line| reader.read(line, now_ms, &mut dictionary));
        if reader.is_full() {
            keep(&mut reader)?;
        }
    }
    keep(&mut reader)?;
    while store.roll_up(ROLL_UP_ROWS)?.remaining {}
    Ok(stored)
}
