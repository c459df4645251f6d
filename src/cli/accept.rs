//! `perftop accept`: makes what the newest runs cost the new normal, and takes that back.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::collect;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::gate::modules;
use crate::model::text::{counted, printable, printable_short};
use crate::model::{NewRun, Run};
use crate::runs::{FEWEST_BEFORE, Selector, newest};
use crate::store::Store;

/// A note is one line of a list.
const MOST_NOTE_CHARS: usize = 200;

/// Arguments of `perftop accept`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The modules; all that have runs when none is named
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,

    /// Which runs: last:N, runs:FROM..TO, tag:KEY=VALUE or commit:HASH; without it the newest batch
    #[arg(long, value_name = "RUNS")]
    runs: Option<Selector>,

    /// Why, for whoever looks at the list
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// Write them to a file for `perftop gate --baseline file:PATH` and leave the store alone
    #[arg(long, value_name = "PATH", conflicts_with_all = ["note", "undo", "list"])]
    file: Option<PathBuf>,

    /// Take back what was accepted last
    #[arg(long, conflicts_with_all = ["runs", "note", "list"])]
    undo: bool,

    /// List what is accepted
    #[arg(long, conflicts_with_all = ["runs", "note"])]
    list: bool,
}

/// Accepts.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    collect::bring_in(context);
    let mut store = Store::open_existing(&context.config.store.path)?;
    let modules = modules(&store, &args.modules)?;
    if args.list {
        return list(&store, &modules, context);
    }
    if args.undo {
        return undo(&mut store, &modules, context);
    }
    let note = args.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > MOST_NOTE_CHARS) {
        return Err(Refusal::usage(format!("--note: at most {MOST_NOTE_CHARS} characters")).into());
    }
    let chosen = modules.iter().map(|module| chosen(args, &store, module)).collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = &args.file {
        let lines = chosen.iter().flatten().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        fs::write(file, lines.join("\n") + "\n").with_context(|| format!("cannot write `{}`", file.display()))?;
        return Ok(Exit::Ok);
    }
    for (module, runs) in modules.iter().zip(&chosen) {
        let version = store.accept_runs(module, runs, note, context.now_ms())?;
        let count = counted(runs.len() as u64, "run");
        writeln!(io::stdout(), "accepted {count} of {} as version {version}", printable(module))?;
    }
    Ok(Exit::Ok)
}

/// The runs of a module that are to be accepted: those that succeeded.
fn chosen(args: &Args, store: &Store, module: &str) -> anyhow::Result<Vec<NewRun>> {
    let runs = store.runs(module, usize::MAX)?;
    let chosen: Vec<&Run> = match &args.runs {
        Some(selector) => selector.of(&runs).into_iter().filter(|run| run.run.exit.is_success()).collect(),
        None => newest(&runs, None).0,
    };
    let shown = || printable_short(module, 60);
    if chosen.is_empty() {
        let text = format!("no such run of `{}` succeeded: nothing is accepted", shown());
        return Err(Refusal::not_enough_data(text).into());
    }
    if chosen.len() < FEWEST_BEFORE {
        return Err(Refusal::not_enough_data(format!(
            "{} of `{}` succeeded, and the gate compares with {FEWEST_BEFORE} at least: nothing is accepted; \
             measure more, or take older ones with --runs last:{FEWEST_BEFORE}",
            counted(chosen.len() as u64, "such run"),
            shown()
        ))
        .into());
    }
    Ok(chosen.into_iter().map(|run| run.run.clone()).collect())
}

fn undo(store: &mut Store, modules: &[String], context: &Context) -> anyhow::Result<Exit> {
    let mut undone = 0;
    for module in modules {
        if let Some(accepted) = store.undo_accepted(module, context.now_ms())? {
            undone += 1;
            writeln!(io::stdout(), "took back version {} of {}", accepted.id, printable(module))?;
        }
    }
    if undone == 0 {
        return Err(Refusal::usage("nothing is accepted that could be taken back").into());
    }
    Ok(Exit::Ok)
}

fn list(store: &Store, modules: &[String], context: &Context) -> anyhow::Result<Exit> {
    let zone = context.config.display.zone();
    let mut out = io::stdout().lock();
    let mut is_empty = true;
    for module in modules {
        for accepted in store.accepted(module)? {
            let note = accepted.note.as_ref().map_or_else(String::new, |note| format!(": {}", printable(note)));
            is_empty = false;
            let count = counted(accepted.runs.len() as u64, "run");
            let at = zone.full(accepted.accepted_at_ms);
            writeln!(out, "version {}  {}  {count}, {at}{note}", accepted.id, printable(module))?;
        }
    }
    if is_empty {
        context.say("nothing is accepted: `perftop accept` makes the newest runs the new normal");
    }
    Ok(Exit::Ok)
}
