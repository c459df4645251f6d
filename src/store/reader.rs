//! Series, hours and totals: what was rolled up and the rest of the log, seen as one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::Connection;

use super::part::MetricRef;
use super::{Store, StoreError, groups, hour, log, schema};
use crate::model::{MetricName, Point, TimeRange};
use crate::stats::Moments;

/// The store in a few numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Samples; junk rows are not counted.
    pub sample_count: u64,
    /// Metrics that have samples.
    pub metric_count: u64,
    /// Timestamp of the newest sample.
    pub newest_ms: Option<i64>,
    /// Timestamp of the oldest sample.
    pub oldest_ms: Option<i64>,
    /// As [`Store::newest_id`].
    pub newest_id: i64,
}

impl Totals {
    fn add(&mut self, count: u64, first_ms: i64, last_ms: i64) {
        self.sample_count += count;
        self.oldest_ms = Some(self.oldest_ms.map_or(first_ms, |oldest_ms| oldest_ms.min(first_ms)));
        self.newest_ms = Some(self.newest_ms.map_or(last_ms, |newest_ms| newest_ms.max(last_ms)));
    }
}

impl Store {
    /// Every metric that has samples, by name.
    pub fn metrics(&self) -> Result<Vec<MetricName>, StoreError> {
        self.read("list metrics", |conn| {
            let shared = |name: &str| self.names.borrow_mut().shared(name);
            let mut names: BTreeSet<MetricName> =
                groups::rolled(conn)?.iter().map(|metric| shared(&metric.name)).collect();
            log::visit_unrolled(conn, None, |row| {
                if !names.contains(row.metric) {
                    names.insert(shared(row.metric));
                }
            })?;
            Ok(names.into_iter().collect())
        })
    }

    /// The samples of a metric in a range, by time; equal times in the order of arrival.
    pub fn points(&self, metric: &str, range: TimeRange) -> Result<Vec<Point>, StoreError> {
        self.read("read a series", |conn| points(conn, metric, range))
    }

    /// Visits every metric with its samples in the range, by time, equals in the order of arrival, inside the
    /// caller's transaction; the list is empty when all its samples lie outside, and the visitor may change it.
    /// Holds some metrics in memory at a time, and the samples that are not rolled up yet.
    pub(super) fn visit_series_of(
        &self,
        conn: &Connection,
        range: TimeRange,
        visit: &mut dyn FnMut(&MetricName, &mut Vec<Point>),
    ) -> rusqlite::Result<()> {
        let mut rest = self.unrolled(conn, None)?;
        groups::visit_series(conn, hour::hours_in(range), &mut |metric, mut points| {
            let name = self.names.borrow_mut().shared(&metric.name);
            points.extend(rest.remove(&name).unwrap_or_default());
            cut(&mut points, range);
            visit(&name, &mut points);
            Ok(())
        })?;
        for (name, mut points) in rest {
            cut(&mut points, range);
            visit(&name, &mut points);
        }
        Ok(())
    }

    /// The samples that are not rolled up yet, by metric; of one metric only when it is named.
    pub(super) fn unrolled(
        &self,
        conn: &Connection,
        only: Option<&str>,
    ) -> rusqlite::Result<HashMap<MetricName, Vec<Point>>> {
        let mut names = self.names.borrow_mut();
        let mut rest: HashMap<MetricName, Vec<Point>> = HashMap::new();
        log::visit_unrolled(conn, only, |row| rest.entry(names.shared(row.metric)).or_default().push(row.point()))?;
        Ok(rest)
    }

    /// The hours of a metric that have an instant in the range: when each starts, in ms, and the moments
    /// of the whole hour, also of its samples outside the range.
    pub fn hours(&self, metric: &str, range: TimeRange) -> Result<Vec<(i64, Moments)>, StoreError> {
        self.read("read hours", |conn| {
            let wanted = hour::hours_in(range);
            let mut hours = BTreeMap::new();
            if schema::has_derived(conn)?
                && let Some(metric) = MetricRef::find(conn, metric)?
            {
                hours = metric.hour_moments(conn, wanted.clone())?;
            }
            log::visit_unrolled(conn, Some(metric), |row| {
                let hour = hour::hour_of(row.timestamp_ms);
                if wanted.contains(&hour) {
                    hours.entry(hour).or_default().push(row.value);
                }
            })?;
            Ok(hours.into_iter().map(|(hour, moments)| (hour::start_ms(hour), moments)).collect())
        })
    }

    /// The store in a few numbers; costs no more with more samples.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        self.read("count samples", |conn| {
            let mut totals = Totals { newest_id: log::newest_id(conn)?, ..Totals::default() };
            let mut names: BTreeSet<MetricName> = BTreeSet::new();
            if schema::has_derived(conn)? {
                let mut statement =
                    conn.prepare_cached("SELECT name, n, first_ms, last_ms FROM perftop_metric WHERE n > 0")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    names.insert(row.get(0)?);
                    totals.add(row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?, row.get(3)?);
                }
            }
            log::visit_unrolled(conn, None, |row| {
                totals.add(1, row.timestamp_ms, row.timestamp_ms);
                if !names.contains(row.metric) {
                    names.insert(MetricName::from(row.metric));
                }
            })?;
            totals.metric_count = names.len() as u64;
            Ok(totals)
        })
    }
}

/// The samples of a metric in a range, by time; equal times in the order of arrival.
pub(super) fn points(conn: &Connection, metric: &str, range: TimeRange) -> rusqlite::Result<Vec<Point>> {
    let mut points = Vec::new();
    if schema::has_derived(conn)?
        && let Some(metric) = MetricRef::find(conn, metric)?
    {
        metric.read_hours(conn, hour::hours_in(range), &mut points)?;
    }
    log::visit_unrolled(conn, Some(metric), |row| points.push(row.point()))?;
    cut(&mut points, range);
    Ok(points)
}

/// Sorts and leaves what lies in the range.
pub(super) fn cut(points: &mut Vec<Point>, range: TimeRange) {
    hour::sort(points);
    points.truncate(points.partition_point(|point| point.timestamp_ms < range.until_ms));
    points.drain(..points.partition_point(|point| point.timestamp_ms < range.from_ms));
}
