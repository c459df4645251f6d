//! `perftop ingest --watch`: the dashboard over the store while samples come in.
//!
//! The ingest has a thread of its own and talks to the health line; the dashboard's keys come from the
//! terminal even though standard input is the samples.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::channel;
use std::thread;

use super::writing::{Ended, Ingest};
use super::{Args, Source};
use crate::app::{App, Notice};
use crate::cli::Context;
use crate::cli::exit::{Exit, Refusal};
use crate::cli::store::engine_options;
use crate::cli::tui::{self, Beside};

/// Runs the ingest and the dashboard until the user has seen enough.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    if !io::stdout().is_terminal() {
        return Err(Refusal::usage("`--watch` draws a dashboard: run it in a terminal").into());
    }
    let ingest = Ingest::new(args, context.clone())?;
    let source = Source::open(args, context)?;
    let ender = source.ender();
    let (begin, begun) = channel::<Beside>();
    thread::scope(|scope| {
        let worker = scope.spawn(move || begun.recv().ok().map(|beside| take(ingest, source, &beside)));
        let app = App::new(tui::app_options(context), context.now_ms());
        let shown = tui::show(context, engine_options(context), app, |beside| drop(begin.send(beside)));
        // What was read by now is stored; a producer that goes on finds its pipe closed.
        ender.stop(0);
        let ended = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let exit = shown?;
        let Some(ended) = ended.transpose()? else { return Ok(exit) };
        let ingested = ended.finish(args.summary)?;
        Ok(match (exit, ingested) {
            (Exit::Ok, Exit::Signal(_)) => Exit::Ok,
            (Exit::Ok, ingested) => ingested,
            (exit, _) => exit,
        })
    })
}

/// Takes the samples, and tells the dashboard when there are no more.
fn take(ingest: Ingest, source: Source, beside: &Beside) -> anyhow::Result<Ended> {
    let ended = ingest.beside(beside.intake.clone()).take(source);
    let notice = match &ended {
        Ok(ended) => {
            let tally = ended.tally();
            let text = format!("the input has ended: {}, {} rejected", tally.stored(), tally.rejected);
            Notice { is_error: false, text }
        }
        Err(error) => {
            let text = format!("{error:#}");
            beside.intake.report(&text);
            Notice { is_error: true, text }
        }
    };
    // Nobody listens any more when the dashboard was left first.
    drop(beside.notices.blocking_send(notice));
    ended
}
