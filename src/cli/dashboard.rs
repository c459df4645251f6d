//! `perftop dashboard`: the table once, as text; what bare `perftop` does without a terminal.

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{output, store};
use crate::app::Filter;
use crate::model::{ViewRequest, Window};
use crate::report::{Dashboard, Format};

/// Arguments of `perftop dashboard`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How far to look back: 1h, 6h, 24h, 7d, 30d or all
    #[arg(long, short, value_name = "SPAN")]
    pub window: Option<Window>,

    /// Show only metrics that match
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// How to write it.
    #[command(flatten)]
    pub format: FormatArg,
}

/// Prints the table.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    print(context, args.window, args.filter.as_deref(), args.format.format)
}

/// Prints the table over a window, of the metrics that match.
pub fn print(context: &Context, window: Option<Window>, filter: Option<&str>, format: Format) -> anyhow::Result<Exit> {
    let filter: Filter =
        filter.unwrap_or_default().parse().map_err(|error| Refusal::usage(format!("--filter: {error}")))?;
    let store = store::open(context)?;
    let window = window.unwrap_or(context.config.display.window);
    let snapshot = store::snapshot(context, &store, &ViewRequest { window, ..ViewRequest::default() })?;
    let toasted = context.config.alerts.toast_severity;
    let report =
        Dashboard::new(&snapshot, toasted, snapshot.series.iter().filter(|series| filter.lets_through(series)));
    output::print(context, &report, format)?;
    Ok(Exit::Ok)
}
