//! `perftop status`: one line for a status bar, quickly.

use std::io::{self, Write as _};

use super::context::Context;
use super::exit::Exit;
use super::{judged, output, store};
use crate::engine;
use crate::model::{Attention, RunAnomaly, by_priority};
use crate::report::status_line;

/// Alerts looked at: as many as a dashboard lists.
const LOOKED_AT: usize = 500;

/// Arguments of `perftop status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// At most 40 cells, with tmux' colours: for `#(perftop status --tmux)`
    #[arg(long)]
    tmux: bool,
}

/// Prints the line. The exit code says whether an alert fires that is worth a toast, or a run is an anomaly.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let mut store = store::open(context)?;
    judged::new_runs_if_writable(context, &mut store)?;
    let now_ms = context.now_ms();
    let mut alerts = store.alerts(LOOKED_AT)?;
    by_priority(&mut alerts, |metric| context.config.book.is_user_facing(metric), now_ms);
    let mutes = store.mutes(now_ms)?;
    let attention = Attention { from: context.config.alerts.toast_severity, mutes: &mutes, now_ms };
    alerts.retain(|alert| attention.is_wanted_by(alert));
    let open = engine::unusual_runs(&store, now_ms)?;
    let runs: Vec<&RunAnomaly> = attention.unusual_runs(&open, &alerts).collect();
    let line = status_line(&alerts, &runs, output::look(context).symbols, args.tmux);
    writeln!(io::stdout(), "{line}")?;
    Ok(if alerts.is_empty() && runs.is_empty() { Exit::Ok } else { Exit::Found })
}
