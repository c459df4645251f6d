//! `perftop baseline [METRIC]`: what is normal, over 24 hours, a week and thirty days.

use super::args::FormatArg;
use super::context::Context;
use super::exit::Exit;
use super::{output, store};
use crate::model::Window;
use crate::report::{BaselineRow, Baselines};
use crate::store::EXACT_SAMPLES;

/// Arguments of `perftop baseline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this metric
    metric: Option<String>,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints them, worked out afresh.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let only = args.metric.as_deref().map(|name| store::metric(&store, name)).transpose()?;
    let now_ms = context.now_ms();
    let ranges = Window::BASELINES.map(|window| window.range_at(now_ms));
    let mut baselines = Vec::new();
    store.visit_baselines(only.as_deref(), &ranges, EXACT_SAMPLES, &mut |metric, found| {
        for (window, &baseline) in Window::BASELINES.into_iter().zip(found) {
            baselines.push(BaselineRow {
                metric: metric.to_string(),
                unit: context.config.book.unit(metric),
                window: window.as_str(),
                baseline,
            });
        }
    })?;
    output::print(context, &Baselines { baselines }, args.format.format)?;
    Ok(Exit::Ok)
}
