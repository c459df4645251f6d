//! Metrics taken apart by the tags of their samples: baselines, pictures and points of each segment.
//!
//! One metric at a time, hour by hour. At most [`MAX_SEGMENTS`] of a metric are told apart, the largest ones;
//! the others are summed up as one, and the answer says so.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::Connection;

use super::chunk::Stored;
use super::groups::{self, Rolled};
use super::windows::{EXACT_SAMPLES, SeriesWindow};
use super::{Store, StoreError, hour, log, schema};
use crate::model::{Baseline, Limited, MetricName, Point, Segment, TagValue, TimeRange};

use self::bands::Bands;
use self::labels::{Labels, UNTOLD};
use self::pieces::Pieces;

mod bands;
mod labels;
mod pieces;
mod tags;

pub use tags::Tag;

/// Segments of a metric that are told apart, besides the sum of all others.
pub const MAX_SEGMENTS: usize = 200;

/// Values of a metric held in memory; where there are more, the larger segments are read off sketches.
const HELD_VALUES: u64 = 4_000_000;

/// The segments of one metric, by their values.
#[derive(Debug, Clone)]
pub struct Segments<T> {
    /// What was asked of each segment that has samples, by the values of the tags, in the order of the tags.
    pub parts: Vec<(Vec<TagValue>, T)>,
    /// What was not told apart.
    pub limited: Limited,
}

/// A baseline over each of some ranges; `None` where there is no sample.
pub type Baselines = Vec<Option<Baseline>>;

/// What is asked.
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    tags: &'a [Arc<str>],
    ranges: &'a [TimeRange],
    /// Stretches of the first range for a sparkline; 0 for none.
    buckets: usize,
}

/// A sample that is not rolled up yet, and the label of its segment.
type Unrolled = (Point, u32);

impl Store {
    /// Visits every metric, by name, with the baselines of its segments over each of the ranges; of one metric
    /// only when it is named. Percentiles are exact while a segment holds few enough samples, as said in
    /// [`Baseline::exact`].
    pub fn visit_segments(
        &self,
        metric: Option<&str>,
        tags: &[Arc<str>],
        ranges: &[TimeRange],
        visit: &mut dyn FnMut(&MetricName, Segments<Baselines>),
    ) -> Result<(), StoreError> {
        let request = Request { tags, ranges, buckets: 0 };
        let answers = self.read("read the segments of series", |conn| {
            self.take_apart(conn, metric, request, &mut |pieces| pieces.baselines())
        })?;
        for (name, segments) in answers {
            visit(&name, segments);
        }
        Ok(())
    }

    /// What a picture shows of the segments of a metric: a window cut into `buckets`.
    pub fn segment_windows(
        &self,
        metric: &str,
        tags: &[Arc<str>],
        range: TimeRange,
        buckets: usize,
    ) -> Result<Segments<SeriesWindow>, StoreError> {
        let request = Request { tags, ranges: &[range], buckets };
        let mut answers = self.read("read the segments of a series", |conn| {
            self.take_apart(conn, Some(metric), request, &mut |pieces| pieces.windows())
        })?;
        Ok(answers.remove(metric).unwrap_or_else(|| Segments { parts: Vec::new(), limited: Limited::default() }))
    }

    /// The samples of a segment in a range, by time; equal times in the order of arrival. `window` is the
    /// stretch by which segments are told apart: it decides what `other` is.
    pub fn segment_points(
        &self,
        segment: &Segment,
        window: TimeRange,
        range: TimeRange,
    ) -> Result<Vec<Point>, StoreError> {
        let (tags, values): (Vec<_>, Vec<_>) = segment.tags.iter().cloned().unzip();
        self.read("read a segment", |conn| {
            let mut labels = Labels::read(conn, &tags)?;
            let rest = self.unrolled_labels(conn, Some(&segment.metric), &mut labels)?.remove(&segment.metric);
            let rest = rest.unwrap_or_default();
            let metrics = groups::rolled(conn)?;
            let rolled = metrics.iter().find(|metric| *metric.name == *segment.metric);
            let Some(wanted) = labels.label(&values) else { return Ok(Vec::new()) };
            let told = Told::choose(conn, rolled, &rest, &labels, &Bands::of(&[window]))?;
            let is_in = |label| told.place(label) == told.place(wanted);
            let mut points = Vec::new();
            visit_hours(conn, rolled, range, &mut |_, samples| {
                let inside = samples.iter().filter(|sample| is_in(labels.of_number(sample.context)));
                points.extend(inside.map(|sample| sample.point));
            })?;
            points.extend(rest.into_iter().filter(|&(_, label)| is_in(label)).map(|(point, _)| point));
            points.retain(|point| range.contains(point.timestamp_ms));
            // Hours come newest first, and within each the order of arrival stands.
            points.sort_by_key(|point| point.timestamp_ms);
            Ok(points)
        })
    }

    /// Takes metrics apart, one after the other.
    fn take_apart<T>(
        &self,
        conn: &Connection,
        only: Option<&str>,
        request: Request<'_>,
        finish: &mut dyn FnMut(Pieces) -> Vec<T>,
    ) -> rusqlite::Result<BTreeMap<MetricName, Segments<T>>> {
        let mut labels = Labels::read(conn, request.tags)?;
        let mut rest = self.unrolled_labels(conn, only, &mut labels)?;
        let mut metrics = groups::rolled(conn)?;
        metrics.retain(|metric| only.is_none_or(|only| metric.name == only));
        let mut done = BTreeMap::new();
        for metric in &metrics {
            let name = self.names.borrow_mut().shared(&metric.name);
            let rest = rest.remove(&name).unwrap_or_default();
            done.insert(name, take_apart_one(conn, Some(metric), &rest, &labels, request, finish)?);
        }
        for (name, rest) in rest {
            done.insert(name, take_apart_one(conn, None, &rest, &labels, request, finish)?);
        }
        Ok(done)
    }

    /// The samples that are not rolled up yet, with their labels, by metric.
    fn unrolled_labels(
        &self,
        conn: &Connection,
        only: Option<&str>,
        labels: &mut Labels,
    ) -> rusqlite::Result<HashMap<MetricName, Vec<Unrolled>>> {
        let mut names = self.names.borrow_mut();
        let mut rest: HashMap<MetricName, Vec<Unrolled>> = HashMap::new();
        let mut failed = Ok(());
        log::visit_unrolled(conn, only, |row| match labels.of_text(conn, row.context) {
            Ok(label) => rest.entry(names.shared(row.metric)).or_default().push((row.point(), label)),
            Err(error) => failed = Err(error),
        })?;
        failed.map(|()| rest)
    }
}

fn take_apart_one<T>(
    conn: &Connection,
    rolled: Option<&Rolled>,
    rest: &[Unrolled],
    labels: &Labels,
    request: Request<'_>,
    finish: &mut dyn FnMut(Pieces) -> Vec<T>,
) -> rusqlite::Result<Segments<T>> {
    let bands = Bands::of(request.ranges);
    let told = Told::choose(conn, rolled, rest, labels, &bands)?;
    let held = rolled.map_or(0, |metric| metric.n) + rest.len() as u64;
    let exact = if held <= HELD_VALUES { EXACT_SAMPLES } else { HELD_VALUES / MAX_SEGMENTS as u64 };
    let mut pieces = Pieces::new(told.kept.len() + 1, bands, request, exact);
    // Where each number of the dictionary leads, in one look.
    let place_of: Vec<u32> = labels.by_number().iter().map(|&label| told.place(label)).collect();
    let other = told.kept.len() as u32;
    let mut unkept_samples = 0;
    visit_hours(conn, rolled, pieces.reach(), &mut |hour, samples| {
        unkept_samples += pieces.take_hour(hour, samples, &mut |number| {
            let place = place_of.get(number as usize).copied().unwrap_or(other);
            (place, labels.is_unkept(labels.of_number(number)))
        });
    })?;
    for &(point, label) in rest {
        let is_inside = pieces.take_unrolled(point, told.place(label));
        unkept_samples += u64::from(is_inside && labels.is_unkept(label));
    }
    let limited = Limited { segments: told.folded, samples: told.folded_samples, unkept_samples };
    let names = told.kept.iter().map(|&label| labels.values(label)).chain([labels.values(UNTOLD)]);
    let has_samples: Vec<bool> = pieces.sizes().map(|n| n > 0).collect();
    let mut parts: Vec<(Vec<TagValue>, T)> = names
        .zip(finish(pieces))
        .zip(has_samples)
        .filter_map(|((values, part), has_samples)| has_samples.then(|| (values.to_vec(), part)))
        .collect();
    parts.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Segments { parts, limited })
}

/// Which segments of a metric are told apart.
#[derive(Debug)]
struct Told {
    /// Their labels.
    kept: Vec<u32>,
    /// Their places by label; what has none is `other`.
    places: HashMap<u32, u32, foldhash::fast::RandomState>,
    folded: u64,
    folded_samples: u64,
}

impl Told {
    /// The largest segments in these bands. Looks through the samples only when the dictionary knows more.
    fn choose(
        conn: &Connection,
        rolled: Option<&Rolled>,
        rest: &[Unrolled],
        labels: &Labels,
        bands: &Bands,
    ) -> rusqlite::Result<Self> {
        let mut counts: Vec<(u64, u32)> = (0..labels.len() as u32).map(|label| (0, label)).collect();
        if labels.len() > MAX_SEGMENTS {
            visit_hours(conn, rolled, bands.reach(), &mut |hour, samples| {
                let whole = bands.of_hour(hour);
                for sample in samples {
                    if whole.is_some() || bands.at(sample.point.timestamp_ms).is_some() {
                        counts[labels.of_number(sample.context) as usize].0 += 1;
                    }
                }
            })?;
            for (point, label) in rest {
                counts[*label as usize].0 += u64::from(bands.at(point.timestamp_ms).is_some());
            }
            counts.retain(|&(count, label)| count > 0 && label != UNTOLD);
            counts.sort_by_key(|&(count, label)| (std::cmp::Reverse(count), label));
        } else {
            counts.retain(|&(_, label)| label != UNTOLD);
        }
        let folded = counts.split_off(counts.len().min(MAX_SEGMENTS));
        let kept: Vec<u32> = counts.into_iter().map(|(_, label)| label).collect();
        Ok(Self {
            places: kept.iter().copied().zip(0..).collect(),
            kept,
            folded: folded.len() as u64,
            folded_samples: folded.iter().map(|(count, _)| count).sum(),
        })
    }

    fn place(&self, label: u32) -> u32 {
        self.places.get(&label).copied().unwrap_or(self.kept.len() as u32)
    }
}

/// Visits the hours of a metric that have an instant in the range, newest first.
fn visit_hours(
    conn: &Connection,
    rolled: Option<&Rolled>,
    range: TimeRange,
    visit: &mut dyn FnMut(i64, &[Stored]),
) -> rusqlite::Result<()> {
    let Some(metric) = rolled.filter(|_| range.from_ms < range.until_ms) else { return Ok(()) };
    debug_assert!(schema::has_derived(conn).unwrap_or(true), "a metric is rolled up");
    let hours = hour::hours_in(range);
    let hours = hour::existing(conn, *hours.start().max(&metric.first_hour)..=*hours.end().min(&metric.last_hour))?;
    let mut samples = Vec::new();
    for hour in hours.into_iter().rev() {
        samples.clear();
        metric.as_ref().read_hour(conn, hour, &mut samples)?;
        if !samples.is_empty() {
            visit(hour, &samples);
        }
    }
    Ok(())
}
