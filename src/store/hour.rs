//! One hour of one metric in the derived tables: its moments, and its exact samples in parts.
//!
//! Hours are UTC hours since the Unix epoch. A part holds at most [`PART_POINTS`] samples, sorted by
//! time; a late sample goes into the newest part, so parts of an hour may overlap in time. All parts
//! of an hour in order, sorted by time without changing the order of equals, are the hour's samples in
//! the order of time and arrival.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, Row};

use super::chunk;
use super::log;
use crate::model::{Point, TimeRange, text, time};
use crate::stats::Moments;

const HOUR_MS: i64 = 3_600_000;

/// Samples in a part: bounds what a late sample makes the roll-up rewrite.
pub(super) const PART_POINTS: usize = chunk::MAX_SAMPLES;

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

/// Sorts by time, equals in the order they came; costs one look when nothing was late.
pub(super) fn sort(points: &mut [Point]) {
    if !points.is_sorted_by_key(|point| point.timestamp_ms) {
        points.sort_by_key(|point| point.timestamp_ms);
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

/// The moments of an hour, empty when it has none yet.
pub(super) fn moments(conn: &Connection, metric_id: i64, hour: i64) -> rusqlite::Result<Moments> {
    conn.prepare_cached("SELECT n, mean, m2, min, max FROM perftop_hour WHERE metric_id = ?1 AND hour = ?2")?
        .query_row((metric_id, hour), |row| read_moments(row, 0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// Writes the moments of an hour.
pub(super) fn write_moments(conn: &Connection, metric_id: i64, hour: i64, moments: &Moments) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO perftop_hour (metric_id, hour, n, mean, m2, min, max)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((metric_id, hour, moments.n.cast_signed(), moments.mean, moments.m2, moments.min, moments.max))?;
    Ok(())
}

/// Which metric's samples are read or written.
#[derive(Debug, Clone, Copy)]
pub(super) struct MetricRef<'name> {
    pub id: i64,
    pub name: &'name str,
}

impl<'name> MetricRef<'name> {
    /// Looks a metric up; `None` when nothing of it was rolled up yet.
    pub(super) fn find(conn: &Connection, name: &'name str) -> rusqlite::Result<Option<Self>> {
        conn.prepare_cached("SELECT id FROM perftop_metric WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()
            .map(|id| id.map(|id| Self { id, name }))
    }

    /// Appends the samples of these hours to `out`, by hour and within it by part. A damaged hour is read
    /// from the log instead, which is slow and right.
    pub(super) fn read_hours(
        self,
        conn: &Connection,
        hours: RangeInclusive<i64>,
        out: &mut Vec<Point>,
    ) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "SELECT hour, data FROM perftop_chunk WHERE metric_id = ?1 AND hour BETWEEN ?2 AND ?3 ORDER BY hour, part",
        )?;
        let mut rows = statement.query((self.id, hours.start(), hours.end()))?;
        let (mut current, mut hour_begin, mut is_damaged) = (None, 0, false);
        while let Some(row) = rows.next()? {
            let hour: i64 = row.get(0)?;
            if current != Some(hour) {
                (current, hour_begin, is_damaged) = (Some(hour), out.len(), false);
            }
            if is_damaged {
                continue;
            }
            if let Err(error) = decode_part(hour, row, out)? {
                self.warn(hour, error);
                is_damaged = true;
                out.truncate(hour_begin);
                self.read_hour_from_log(conn, hour, out)?;
            }
        }
        Ok(())
    }

    /// The moments of these hours, by hour.
    pub(super) fn hour_moments(
        self,
        conn: &Connection,
        hours: RangeInclusive<i64>,
    ) -> rusqlite::Result<BTreeMap<i64, Moments>> {
        conn.prepare_cached(
            "SELECT hour, n, mean, m2, min, max FROM perftop_hour WHERE metric_id = ?1 AND hour BETWEEN ?2 AND ?3",
        )?
        .query_map((self.id, hours.start(), hours.end()), |row| Ok((row.get(0)?, read_moments(row, 1)?)))?
        .collect()
    }

    /// The newest part of an hour into `out`: its number, or `None` when the hour has none. `Err` when
    /// it is damaged.
    pub(super) fn read_last_part(
        self,
        conn: &Connection,
        hour: i64,
        out: &mut Vec<Point>,
    ) -> rusqlite::Result<Result<Option<i64>, chunk::ChunkError>> {
        let mut statement = conn.prepare_cached(
            "SELECT part, data FROM perftop_chunk WHERE metric_id = ?1 AND hour = ?2 ORDER BY part DESC LIMIT 1",
        )?;
        let mut rows = statement.query((self.id, hour))?;
        let Some(row) = rows.next()? else { return Ok(Ok(None)) };
        let part = row.get(0)?;
        Ok(decode_part(hour, row, out)?.map(|()| Some(part)))
    }

    /// Writes samples in the order of arrival as the parts of an hour from `part` on.
    pub(super) fn write_parts(
        self,
        conn: &Connection,
        hour: i64,
        part: i64,
        points: &mut [Point],
    ) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT OR REPLACE INTO perftop_chunk (metric_id, hour, part, data) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut data = Vec::new();
        for (part, points) in (part..).zip(points.chunks_mut(PART_POINTS)) {
            sort(points);
            let samples: Vec<_> = points.iter().map(|&point| chunk::Stored { point, context: 0 }).collect();
            chunk::encode(start_ms(hour), &samples, &mut data);
            statement.execute((self.id, hour, part, &data))?;
        }
        Ok(())
    }

    /// Writes an hour that is not stored, from its samples in the order of arrival.
    pub(super) fn write_hour(self, conn: &Connection, hour: i64, points: &mut [Point]) -> rusqlite::Result<()> {
        let moments: Moments = points.iter().map(|point| point.value).collect();
        write_moments(conn, self.id, hour, &moments)?;
        self.write_parts(conn, hour, 0, points)
    }

    /// Replaces everything stored of an hour by these samples, given in the order of arrival.
    pub(super) fn replace_hour(self, conn: &Connection, hour: i64, points: &mut [Point]) -> rusqlite::Result<()> {
        conn.prepare_cached("DELETE FROM perftop_chunk WHERE metric_id = ?1 AND hour = ?2")?
            .execute((self.id, hour))?;
        conn.prepare_cached("DELETE FROM perftop_hour WHERE metric_id = ?1 AND hour = ?2")?.execute((self.id, hour))?;
        if points.is_empty() { Ok(()) } else { self.write_hour(conn, hour, points) }
    }

    /// Appends what the log says of an hour, of rows that are rolled up, in the order of arrival.
    pub(super) fn read_hour_from_log(self, conn: &Connection, hour: i64, out: &mut Vec<Point>) -> rusqlite::Result<()> {
        let last_ms = start_ms(hour).saturating_add(HOUR_MS - 1);
        let mut statement = conn.prepare_cached(
            "SELECT id, metric_name, value, timestamp FROM performance_samples
             WHERE id <= ?1 AND metric_name = ?2 AND timestamp BETWEEN ?3 AND ?4 ORDER BY id",
        )?;
        let mut rows = statement.query((log::rolled_up_to(conn)?, self.name, start_ms(hour), last_ms))?;
        while let Some(row) = rows.next()? {
            if let (_, Some(sample)) = log::LogRow::read(row)? {
                out.push(sample.point());
            }
        }
        Ok(())
    }

    /// Says in the log file which hour of which metric is damaged.
    pub(super) fn warn(self, hour: i64, error: chunk::ChunkError) {
        tracing::warn!("{}; reading it from the samples instead", self.damage(hour, error));
    }

    /// Names a damaged hour for a person.
    pub(super) fn damage(self, hour: i64, error: chunk::ChunkError) -> String {
        let metric = text::printable_short(self.name, 80);
        format!("the stored hour {} of `{metric}` is damaged: {error}", time::rfc3339(start_ms(hour)))
    }
}

/// Decodes the `data` in column 1 of a row.
fn decode_part(hour: i64, row: &Row<'_>, out: &mut Vec<Point>) -> rusqlite::Result<Result<(), chunk::ChunkError>> {
    let data = row.get_ref(1)?.as_bytes().unwrap_or_default();
    Ok(chunk::decode_points(start_ms(hour), data, out))
}
