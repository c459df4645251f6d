//! `perftop alerts`: what the user was told, how it went on, and how often it was worth it.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{output, store};
use crate::engine;
use crate::model::time::parse_since;
use crate::model::{Alert, MetricName, Rule, ToastRate, by_priority};
use crate::report::{AlertRow, Alerts};
use crate::store::Store;

/// Arguments of `perftop alerts`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what began since or is still open: an age (2h, 7d) or an instant (2026-11-21T07:00:00Z)
    #[arg(long, default_value = "7d", value_name = "WHEN", allow_hyphen_values = true)]
    since: String,

    /// Only of this metric
    #[arg(long, short, value_name = "NAME")]
    metric: Option<String>,

    /// At most so many: open ones, then the newest
    #[arg(long, short = 'n', default_value = "100", value_name = "N")]
    limit: NonZeroUsize,

    #[command(flatten)]
    format: FormatArg,
}

/// Lists them.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let now_ms = context.now_ms();
    let since_ms = parse_since(&args.since, now_ms).map_err(|error| Refusal::usage(format!("--since: {error}")))?;
    let limit = args.limit.get();
    let store = store::open(context)?;
    let metric = args.metric.as_deref().map(|name| store::metric(&store, name)).transpose()?;
    let mut alerts = store.alerts_since(metric.as_deref(), since_ms, limit.saturating_add(1))?;
    let is_cut = alerts.len() > limit;
    alerts.truncate(limit);
    by_priority(&mut alerts, |metric| context.config.book.is_user_facing(metric), now_ms);
    let mut precision = store.precision()?;
    precision.retain(|precision| metric.as_ref().is_none_or(|metric| precision.metric == *metric));
    let mutes = store.mutes(now_ms)?;
    let toast_rates = toast_rates(&store, &alerts, context, now_ms)?;
    let row = |alert| AlertRow::new(alert, &context.config.book, &mutes, now_ms);
    let alerts = alerts.into_iter().map(row).collect();
    let report = Alerts { since_ms, is_cut, alerts, precision, toast_rates, zone: context.config.display.zone() };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}

/// How often the metrics were told of that have an alert of surprise among these.
fn toast_rates(store: &Store, alerts: &[Alert], context: &Context, now_ms: i64) -> anyhow::Result<Vec<ToastRate>> {
    let surprising: BTreeSet<&MetricName> =
        alerts.iter().filter(|alert| alert.rule == Rule::Surprise).map(|alert| &alert.metric).collect();
    let told = (&context.config.book, &context.config.display.zone());
    let rates = surprising.into_iter().map(|metric| engine::toast_rate(store, told, metric, now_ms));
    Ok(rates.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}
