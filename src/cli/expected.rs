//! `perftop baseline --kind KIND`: what series are expected to be, by baselines that move along with them.

use std::sync::Arc;

use super::context::Context;
use super::exit::Refusal;
use super::segments::{self, Series};
use crate::detect::{ExpectedHour, expected, looks_back_ms};
use crate::model::{Expectation, MetricName, Segment, TimeRange};
use crate::report::{Expected, ExpectedRow, ExpectedSeries};
use crate::store::Store;

const HOUR_MS: i64 = 3_600_000;
/// Hours that are told of, the running one being the last.
const HOURS: i64 = 24;

/// What is expected of one series, of all metrics, or of their segments by some tags.
pub(super) fn report(
    store: &Store,
    kind: Expectation,
    series: Option<Series>,
    by: &[Arc<str>],
    context: &Context,
) -> anyhow::Result<Expected> {
    let now_ms = context.now_ms();
    let last_ms = now_ms.div_euclid(HOUR_MS) * HOUR_MS;
    let from_ms = last_ms - (HOURS - 1) * HOUR_MS - looks_back_ms(kind);
    let range = TimeRange { from_ms, until_ms: now_ms.saturating_add(1) };
    let zone = context.config.display.zone();
    let wanted = match series {
        Some(series) if by.is_empty() => vec![series],
        None if by.is_empty() => store.metrics()?.into_iter().map(Series::Metric).collect(),
        series => apart(store, series.as_ref().map(|series| &**series.metric()), by, range, context)?,
    };
    let mut report = Expected { kind, series: Vec::new(), zone: zone.clone() };
    for series in wanted {
        let (points, segment) = match &series {
            Series::Metric(metric) => (store.points(metric, range)?, None),
            Series::Segment(segment) => (store.segment_points(segment, range, range)?, Some(segment)),
        };
        let hours = expected(kind, &points, last_ms, HOURS, &|ms| ms.saturating_add(zone.offset_ms(ms)));
        report.series.push(ExpectedSeries {
            metric: series.metric().to_string(),
            part: segment.map(Into::into),
            unit: context.config.book.unit(series.metric()),
            by_hour: hours.into_iter().map(row).collect(),
        });
    }
    if report.series.iter().all(|series| series.by_hour.iter().all(|row| row.expected.is_none() && row.count == 0)) {
        return Err(Refusal::not_enough_data(format!("no samples that a {kind} baseline could look back on")).into());
    }
    Ok(report)
}

/// The segments that have samples in a range.
fn apart(
    store: &Store,
    only: Option<&str>,
    tags: &[Arc<str>],
    range: TimeRange,
    context: &Context,
) -> anyhow::Result<Vec<Series>> {
    segments::check_tags(store, only, tags)?;
    let mut found: Vec<Segment> = Vec::new();
    store.visit_segments(only, tags, &[range], &mut |metric: &MetricName, segments| {
        found.extend(segments.parts.into_iter().map(|(values, _)| segments::segment(metric, tags, values)));
        if segments.limited.is_any() {
            segments::say_limited(context, metric, segments.limited);
        }
    })?;
    Ok(found.into_iter().map(Series::Segment).collect())
}

fn row(hour: ExpectedHour) -> ExpectedRow {
    let ExpectedHour { hour_ms, expected, found } = hour;
    ExpectedRow { hour_ms, expected, count: found.n, mean: (found.n > 0).then_some(found.mean) }
}
