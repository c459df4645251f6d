//! `perftop collect`: takes finished runs out of the spool into the store. Every command that opens the store does so
//! first; this one is started by `perftop run` when it is through.

use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use super::context::Context;
use super::exit::Exit;
use super::judged;
use crate::config::paths;
use crate::measure::spool::{self, Place, Spool};
use crate::model::text::counted;
use crate::store::{Store, StoreError};

/// How long runs gather before they are taken in: what is run again and again is taken in together, and what comes right
/// after a run has the machine to itself.
const GATHERING: Duration = Duration::from_millis(100);

/// Arguments of `perftop collect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Wait for more to come, and leave it to whoever is at it already
    #[arg(long, hide = true)]
    after_run: bool,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    if args.after_run {
        if let Err(error) = in_the_background(context) {
            tracing::warn!("runs wait to be recorded: {error:#}");
        }
    } else {
        take_in(context)?;
    }
    Ok(Exit::Ok)
}

/// Until nothing waits. Whoever finds that somebody is at it has written his run before, so it is found here.
fn in_the_background(context: &Context) -> anyhow::Result<()> {
    // The terminal's signals are for the commands in front of it.
    let _ = rustix::process::setsid();
    let spool = spool(context);
    if spool.waiting().is_empty() {
        return Ok(());
    }
    while let Some(turn) = spool.in_first(Place::turn)? {
        thread::sleep(GATHERING);
        let taken = take_in(context)?;
        drop(turn);
        spool.clean(&context.clock);
        if taken == 0 || spool.waiting().is_empty() {
            break;
        }
    }
    Ok(())
}

/// Where the runs of the configured store wait.
#[must_use]
pub fn spool(context: &Context) -> Spool {
    Spool::of(&context.config.store.path, &paths::log_dir())
}

/// Takes in what waits, before the store is read or shown. That it cannot be is said: it goes on waiting.
pub fn bring_in(context: &Context) {
    if let Err(error) = take_in(context) {
        say_waiting(context, &error);
    }
}

/// Takes in what waits, and says the status of a module whose runs began at or after `from_ms`; whether any of them succeeded
/// is `has_success`.
pub fn bring_in_and_tell(module: &str, from_ms: i64, has_success: bool, context: &Context) {
    if let Err(error) = take_in(context).and_then(|_| judged::say_of(module, from_ms, has_success, context)) {
        say_waiting(context, &error);
    }
}

fn say_waiting(context: &Context, error: &StoreError) {
    let waiting = counted(spool(context).waiting().len() as u64, "run");
    let _ = writeln!(io::stderr(), "perftop: {waiting} not recorded yet: {error}");
}

/// Takes in what waits, and has it judged; answers how many runs are waiting no more. Opens the store only when there are
/// any.
fn take_in(context: &Context) -> Result<usize, StoreError> {
    let mut store = None;
    let mut taken = 0;
    for path in spool(context).waiting() {
        let held = match spool::hold(&path, context.now_ms()) {
            Ok(Some(held)) => held,
            Ok(None) => continue,
            Err(junk) => {
                let _ = writeln!(io::stderr(), "perftop: {junk}");
                continue;
            }
        };
        let store = match &mut store {
            Some(store) => store,
            None => store.insert(Store::open(&context.config.store.path)?),
        };
        store.record_run_with(&held.record.run, &held.record.samples, context.config.keep_runs, context.now_ms())?;
        taken += usize::from(held.delete());
    }
    // Recorded they are; the next command judges what this one cannot.
    if let Some(Err(error)) = store.map(|mut store| judged::new_runs(context, &mut store)) {
        tracing::warn!("runs wait to be judged: {error}");
    }
    Ok(taken)
}
