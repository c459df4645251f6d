//! `perftop anomalies`: what was found and recorded.

use std::num::NonZeroUsize;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{output, store};
use crate::model::time::parse_since;
use crate::report::Anomalies;

/// Arguments of `perftop anomalies`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what was detected since: an age (2h, 7d) or an instant (2026-11-21T07:00:00Z)
    #[arg(long, default_value = "7d", value_name = "WHEN", allow_hyphen_values = true)]
    since: String,

    /// Only of this metric
    #[arg(long, short, value_name = "NAME")]
    metric: Option<String>,

    /// At most so many, the newest
    #[arg(long, short = 'n', default_value = "100", value_name = "N")]
    limit: NonZeroUsize,

    #[command(flatten)]
    format: FormatArg,
}

/// Lists them.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let since_ms =
        parse_since(&args.since, context.now_ms()).map_err(|error| Refusal::usage(format!("--since: {error}")))?;
    let limit = args.limit.get();
    let store = store::open(context)?;
    let metric = args.metric.as_deref().map(|name| store::metric(&store, name)).transpose()?;
    let mut anomalies = store.anomalies(metric.as_deref(), since_ms, limit.saturating_add(1))?;
    let is_cut = anomalies.len() > limit;
    anomalies.truncate(limit);
    let units = anomalies.iter().map(|anomaly| context.config.book.unit(&anomaly.metric)).collect();
    let report = Anomalies { since_ms, is_cut, anomalies, units, zone: context.config.display.zone() };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}
