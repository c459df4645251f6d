//! Hours: which one an instant lies in, and what is stored of one hour of one metric besides its samples.
//!
//! Hours are UTC hours since the Unix epoch. The tables are in the order of hours first: what is new goes to
//! their end, what is old leaves from their start, and a window is one stretch of them.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::model::{Point, TimeRange};
use crate::stats::Moments;

use super::chunk::Stored;
use super::day;

pub(super) const HOUR_MS: i64 = 3_600_000;

/// The hour an instant lies in.
pub(super) const fn hour_of(timestamp_ms: i64) -> i64 {
    timestamp_ms.div_euclid(HOUR_MS)
}

/// The first instant of an hour; the hour before time began starts when time begins.
pub(super) const fn start_ms(hour: i64) -> i64 {
    hour.saturating_mul(HOUR_MS)
}

/// The hours that have an instant inside a range.
pub(super) const fn hours_in(range: TimeRange) -> RangeInclusive<i64> {
    hour_of(range.from_ms)..=hour_of(range.until_ms.saturating_sub(1))
}

/// Whether a range holds every instant of an hour.
pub(super) const fn is_within(hour: i64, range: TimeRange) -> bool {
    range.from_ms <= start_ms(hour) && start_ms(hour).saturating_add(HOUR_MS) <= range.until_ms
}

/// Something that has a time.
pub(super) trait Timed {
    fn timestamp_ms(&self) -> i64;
}

impl Timed for Point {
    fn timestamp_ms(&self) -> i64 {
        self.timestamp_ms
    }
}

impl Timed for Stored {
    fn timestamp_ms(&self) -> i64 {
        self.point.timestamp_ms
    }
}

/// Sorts by time, equals in the order they came; costs one look when nothing was late.
pub(super) fn sort<T: Timed>(samples: &mut [T]) {
    if !samples.is_sorted_by_key(T::timestamp_ms) {
        samples.sort_by_key(T::timestamp_ms);
    }
}

/// What is stored of one hour of one metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct HourRow {
    /// Moments of its samples.
    pub moments: Moments,
    /// The lowest id among its rows.
    pub first_id: i64,
    /// The highest id among its rows.
    pub last_id: i64,
}

impl Default for HourRow {
    fn default() -> Self {
        Self { moments: Moments::default(), first_id: i64::MAX, last_id: i64::MIN }
    }
}

impl HourRow {
    /// Adds a sample. One by one in the order of arrival: the same bits, however the log was cut into steps.
    pub(super) fn push(&mut self, id: i64, value: f64) {
        self.moments.push(value);
        self.first_id = self.first_id.min(id);
        self.last_id = self.last_id.max(id);
    }

    pub(super) fn find(conn: &Connection, hour: i64, metric_id: i64) -> rusqlite::Result<Option<Self>> {
        conn.prepare_cached(
            "SELECT n, mean, m2, min, max, first_id, last_id FROM perftop_hour WHERE hour = ?1 AND metric_id = ?2",
        )?
        .query_row((hour, metric_id), |row| {
            Ok(Self { moments: read_moments(row, 0)?, first_id: row.get(5)?, last_id: row.get(6)? })
        })
        .optional()
    }

    pub(super) fn write(&self, conn: &Connection, hour: i64, metric_id: i64) -> rusqlite::Result<()> {
        let Moments { n, mean, m2, min, max } = self.moments;
        conn.prepare_cached(
            "INSERT OR REPLACE INTO perftop_hour (hour, metric_id, n, mean, m2, min, max, first_id, last_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((hour, metric_id, n.cast_signed(), mean, m2, min, max, self.first_id, self.last_id))?;
        Ok(())
    }
}

/// The columns `n, mean, m2, min, max` of a row, from `first` on.
pub(super) fn read_moments(row: &Row<'_>, first: usize) -> rusqlite::Result<Moments> {
    let number = |at: usize| row.get::<_, Option<f64>>(first + at).map(|number| number.unwrap_or(f64::NAN));
    Ok(Moments {
        n: row.get::<_, i64>(first)?.cast_unsigned(),
        mean: number(1)?,
        m2: number(2)?,
        min: number(3)?,
        max: number(4)?,
    })
}

/// The hours in a range in which any metric has samples, in order; each costs one look into the index.
pub(super) fn existing(conn: &Connection, hours: RangeInclusive<i64>) -> rusqlite::Result<Vec<i64>> {
    let mut next = conn.prepare_cached("SELECT hour FROM perftop_hour WHERE hour BETWEEN ?1 AND ?2 LIMIT 1")?;
    let (mut from, until) = hours.into_inner();
    let mut found = Vec::new();
    while let Some(hour) = next.query_row((from, until), |row| row.get(0)).optional()? {
        found.push(hour);
        from = hour + 1;
    }
    Ok(found)
}

/// Takes an hour of a metric out of the derived tables.
pub(super) fn delete(conn: &Connection, hour: i64, metric_id: i64) -> rusqlite::Result<()> {
    for table in ["perftop_chunk", "perftop_dense", "perftop_hour"] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE hour = ?1 AND metric_id = ?2"))?
            .execute((hour, metric_id))?;
    }
    day::changed(conn, metric_id, hour, false)
}
