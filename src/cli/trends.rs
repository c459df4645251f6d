//! `perftop trends METRIC`: where a metric is heading, hour by hour.

use std::collections::BTreeMap;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::segments::Series;
use super::{output, store};
use crate::app::view::bucket;
use crate::model::{Point, SPARK_BUCKETS, TimeRange};
use crate::report::{Hour, Trends};
use crate::stats::{self, Moments};
use crate::store::{Store, StoreError};

const HOUR_MS: i64 = 3_600_000;

/// Arguments of `perftop trends`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The metric, or a segment of it such as 'lcp{page="/"}'
    metric: String,

    /// How many hours to look back
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8784))]
    hours: u32,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints the hours and the direction.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open_unjudged(context)?;
    let series = Series::find(&store, &args.metric)?;
    let now_ms = context.now_ms();
    let range = TimeRange { from_ms: now_ms - i64::from(args.hours) * HOUR_MS, until_ms: now_ms + 1 };
    let (points, by_hour) = read(&store, &series, range)?;
    if points.is_empty() {
        let hours = args.hours;
        return Err(Refusal::not_enough_data(format!("no samples in the last {hours} h: try more --hours")).into());
    }
    let means: Vec<_> = bucket(&points, range, SPARK_BUCKETS).iter().map(|bucket| bucket.map(|b| b.mean)).collect();
    let report = Trends {
        metric: series.name().to_string(),
        unit: context.config.book.unit(series.metric()),
        hours: args.hours,
        trend: stats::trend(&means),
        by_hour: by_hour.into_iter().map(hour).collect(),
        zone: context.config.display.zone(),
    };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}

/// Hours with their moments, by when they start in ms.
type Hours = Vec<(i64, Moments)>;

/// The points in a range, and the moments of the hours it touches.
fn read(store: &Store, series: &Series, range: TimeRange) -> Result<(Vec<Point>, Hours), StoreError> {
    let segment = match series {
        Series::Metric(metric) => return Ok((store.points(metric, range)?, store.hours(metric, range)?)),
        Series::Segment(segment) => segment,
    };
    let hour_of = |ms: i64| ms.div_euclid(HOUR_MS) * HOUR_MS;
    let whole = TimeRange { from_ms: hour_of(range.from_ms), until_ms: hour_of(range.until_ms - 1) + HOUR_MS };
    let mut points = store.segment_points(segment, range, whole)?;
    let mut hours: BTreeMap<i64, Moments> = BTreeMap::new();
    for point in &points {
        hours.entry(hour_of(point.timestamp_ms)).or_default().push(point.value);
    }
    points.retain(|point| range.contains(point.timestamp_ms));
    Ok((points, hours.into_iter().collect()))
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
