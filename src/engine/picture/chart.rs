//! The chart of one metric: its points, the limits of the window, and where they are broken.

use std::ops::Range;

use super::summary::Series;
use super::thin::thin;
use crate::detect::{Charted, Charting, Residuals, Signal};
use crate::model::time::Zone;
use crate::model::{ChartData, MetricBook, MetricName, Point, SpcChart, Subject, TimeRange, Violation};
use crate::store::StoreError;

/// What the user has said of metrics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) book: &'a MetricBook,
    pub(super) min_samples: u64,
    /// The zone whose times of the day have habits.
    pub(super) zone: &'a Zone,
}

/// Which chart of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The series, which is `metric` or a segment of it.
    pub(super) name: &'a MetricName,
    pub(super) metric: &'a str,
    pub(super) chart: SpcChart,
    pub(super) on: Subject,
    /// The stretch of time that says what is normal.
    pub(super) window: TimeRange,
    /// The one on screen.
    pub(super) shown: TimeRange,
}

/// The chart that is asked for; `read` reads the points of a stretch of time, and `hours` are the means of earlier hours.
///
/// It is followed through the whole window, so that zooming does not change where it signals.
pub(super) fn chart(
    Asked { name, metric, chart, on, window, shown }: Asked<'_>,
    series: Option<&Series>,
    Settings { book, min_samples, zone }: Settings<'_>,
    read: &dyn Fn(TimeRange) -> Result<Vec<Point>, StoreError>,
    hours: &[(i64, f64)],
) -> Result<ChartData, StoreError> {
    let reach = TimeRange { from_ms: window.from_ms.min(shown.from_ms), until_ms: window.until_ms.max(shown.until_ms) };
    let all = read(reach)?;
    let values: Vec<f64> = all.iter().map(|point| point.value).collect();
    let told = Charting { baseline: series.and_then(Series::limits), rules: book.rules(metric), min_samples };
    let normal = places(&all, window);
    let residuals = match on {
        Subject::Raw => None,
        Subject::Residuals => Residuals::of(&all, normal.clone(), hours, zone),
    };
    let taken_out = residuals.as_ref().map(|residuals| residuals.taken_out);
    let charted = match residuals {
        Some(residuals) => Charted::of_residuals(chart, &values, residuals, normal, told),
        None => Charted::new(chart, &values, normal, told),
    };
    let shown_places = places(&all, shown);
    let later_count = (all.len() - shown_places.end) as u64;
    let shown_places = shown_places.start.max(charted.first()).min(shown_places.end)..shown_places.end;
    let mut signals = charted.signals.clone();
    signals.retain(|signal| shown_places.contains(&signal.at));
    let height = |at: usize| charted.mark(at).map_or(values[at], |mark| mark.farther());
    let kept = thin(shown_places.clone(), height, &mut signals);
    let violation = |signal: &Signal| Violation {
        point: all[signal.at],
        rule: signal.rule,
        began_ms: signal.began.map(|at| all[at].timestamp_ms),
    };
    Ok(ChartData {
        metric: MetricName::clone(name),
        unit: book.unit(metric),
        chart,
        on,
        taken_out,
        range: shown,
        points: kept.iter().map(|&at| all[at]).collect(),
        marks: kept.iter().filter_map(|&at| charted.mark(at)).collect(),
        sample_count: shown_places.len() as u64,
        later_count,
        baseline: series.and_then(|series| series.summary.baseline),
        limits: charted.limits,
        min_samples,
        violations: signals.iter().map(violation).collect(),
        evidence: Vec::new(),
        module: None,
    })
}

/// The places of a stretch of time among `points`, oldest first.
fn places(points: &[Point], range: TimeRange) -> Range<usize> {
    let until = points.partition_point(|point| point.timestamp_ms < range.until_ms);
    points.partition_point(|point| point.timestamp_ms < range.from_ms).min(until)..until
}
