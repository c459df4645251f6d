//! The chart of one metric: its points, the limits of the window, and where they are broken.

use super::summary::Series;
use super::thin::thin;
use crate::detect::violations;
use crate::model::{ChartData, MetricBook, MetricName, Point, TimeRange};
use crate::store::StoreError;

/// What the user has said of metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) book: &'a MetricBook,
    pub(super) min_samples: u64,
}

/// The chart of the series `name`, which is `metric` or a segment of it: over the second of the two ranges, with
/// the limits of the first, the window. `read` reads its points.
///
/// Rules are followed through the whole window, so that zooming does not change which points they mark.
pub(super) fn chart(
    name: &MetricName,
    metric: &str,
    series: Option<&Series>,
    (window, shown): (TimeRange, TimeRange),
    Settings { book, min_samples }: Settings<'_>,
    read: &dyn Fn(TimeRange) -> Result<Vec<Point>, StoreError>,
) -> Result<ChartData, StoreError> {
    let reach = TimeRange { from_ms: window.from_ms.min(shown.from_ms), until_ms: window.until_ms.max(shown.until_ms) };
    let mut points = read(reach)?;
    let limits = series.and_then(Series::limits);
    let mut marked = limits.map(|limits| violations(&points, &limits, book.rules(metric))).unwrap_or_default();
    marked.retain(|violation| shown.contains(violation.point.timestamp_ms));
    cut(&mut points, shown);
    let sample_count = points.len() as u64;
    let points = thin(points, &mut marked);
    Ok(ChartData {
        metric: MetricName::clone(name),
        unit: book.unit(metric),
        range: shown,
        points,
        sample_count,
        baseline: series.and_then(|series| series.summary.baseline),
        limits,
        min_samples,
        violations: marked,
        evidence: Vec::new(),
    })
}

fn cut(points: &mut Vec<Point>, range: TimeRange) {
    points.truncate(points.partition_point(|point| point.timestamp_ms < range.until_ms));
    points.drain(..points.partition_point(|point| point.timestamp_ms < range.from_ms));
}
