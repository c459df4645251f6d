//! `perftop trends METRIC`: where a metric is heading, hour by hour.

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{output, store};
use crate::app::view::bucket;
use crate::model::{SPARK_BUCKETS, TimeRange};
use crate::report::{Hour, Trends};
use crate::stats::{self, Moments};

const HOUR_MS: i64 = 3_600_000;

/// Arguments of `perftop trends`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The metric
    metric: String,

    /// How many hours to look back
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8784))]
    hours: u32,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints the hours and the direction.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let metric = store::metric(&store, &args.metric)?;
    let now_ms = context.now_ms();
    let range = TimeRange { from_ms: now_ms - i64::from(args.hours) * HOUR_MS, until_ms: now_ms + 1 };
    let points = store.points(&metric, range)?;
    if points.is_empty() {
        let hours = args.hours;
        return Err(Refusal::not_enough_data(format!("no samples in the last {hours} h: try more --hours")).into());
    }
    let means: Vec<_> = bucket(&points, range, SPARK_BUCKETS).iter().map(|bucket| bucket.map(|b| b.mean)).collect();
    let report = Trends {
        metric: metric.to_string(),
        unit: context.config.book.unit(&metric),
        hours: args.hours,
        trend: stats::trend(&means),
        by_hour: store.hours(&metric, range)?.into_iter().map(hour).collect(),
        zone: context.config.display.zone(),
    };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}

fn hour((hour_ms, moments): (i64, Moments)) -> Hour {
    Hour {
        hour_ms,
        count: moments.n,
        mean: moments.mean,
        std_dev: moments.std_dev(),
        min: moments.min,
        max: moments.max,
    }
}
