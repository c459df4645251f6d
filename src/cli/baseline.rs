//! `perftop baseline [METRIC]`: what is normal, over 24 hours, a week and thirty days.

use super::args::FormatArg;
use super::context::Context;
use super::exit::Exit;
use super::{output, store};
use crate::model::{MetricName, Point, Window};
use crate::report::{BaselineRow, Baselines};
use crate::stats;
use crate::store::{Store, StoreError};

/// Arguments of `perftop baseline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this metric
    metric: Option<String>,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints them, worked out afresh from the samples.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let only = args.metric.as_deref().map(|name| store::metric(&store, name)).transpose()?;
    let mut baselines = Vec::new();
    for metric in store.metrics()?.iter().filter(|metric| only.as_ref().is_none_or(|only| only == *metric)) {
        baselines.extend(rows(&store, metric, context)?);
    }
    output::print(context, &Baselines { baselines }, args.format.format)?;
    Ok(Exit::Ok)
}

fn rows(store: &Store, metric: &MetricName, context: &Context) -> Result<Vec<BaselineRow>, StoreError> {
    let now_ms = context.now_ms();
    let points = store.points(metric, Window::D30.range_at(now_ms))?;
    let row = |window: Window| {
        let range = window.range_at(now_ms);
        let inside = |point: &&Point| range.contains(point.timestamp_ms);
        let mut values: Vec<f64> = points.iter().filter(inside).map(|point| point.value).collect();
        BaselineRow {
            metric: metric.to_string(),
            unit: context.config.book.unit(metric),
            window: window.as_str(),
            baseline: stats::baseline(&mut values),
        }
    };
    Ok(Window::BASELINES.into_iter().map(row).collect())
}
