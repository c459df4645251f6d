//! `perftop status`: one line for a status bar, quickly.

use std::io::{self, Write as _};

use super::context::Context;
use super::exit::Exit;
use super::{output, store};
use crate::model::{Alert, Mute};
use crate::report::status_line;

/// Alerts looked at; a status line counts no farther.
const LOOKED_AT: usize = 1_000;

/// Arguments of `perftop status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// At most 40 cells, with tmux' colours: for `#(perftop status --tmux)`
    #[arg(long)]
    tmux: bool,
}

/// Prints the line. The exit code says whether an alert fires that is worth a toast.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let toasted = context.config.alerts.toast_severity;
    let mut firing = store.alerts(LOOKED_AT)?;
    let (now_ms, mutes) = (context.now_ms(), store.mutes(context.now_ms())?);
    let is_muted = |alert: &Alert| Mute::covering(&mutes, &alert.metric, alert.rule, now_ms).is_some();
    firing.retain(|alert: &Alert| alert.is_firing() && alert.severity >= toasted && !is_muted(alert));
    let line = status_line(&firing, output::look(context).symbols, args.tmux);
    writeln!(io::stdout(), "{line}")?;
    Ok(if firing.is_empty() { Exit::Ok } else { Exit::Found })
}
