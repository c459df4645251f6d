//! The exact samples of an hour of a metric, in parts.
//!
//! A part holds at most [`PART_SAMPLES`] samples, sorted by time; a late sample goes into the newest part, so
//! parts of an hour may overlap in time. All parts of an hour in order, sorted by time without changing the
//! order of equals, are the hour's samples in the order of time and arrival.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension as _};

use super::chunk::{self, ChunkError, Stored};
use super::contexts::{self, Contexts, Found};
use super::hour::{self, HourRow, start_ms};
use super::log;
use super::schema::State;
use crate::model::{Point, text, time};
use crate::stats::Moments;

/// Samples in a part: bounds what a late sample makes the roll-up rewrite.
pub(super) const PART_SAMPLES: usize = 4096;

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

    /// Appends what `decode` makes of the parts of these hours to `out`, by hour and within it by part.
    pub(super) fn read_hours<T: FromStored>(
        self,
        conn: &Connection,
        hours: RangeInclusive<i64>,
        out: &mut Vec<T>,
    ) -> rusqlite::Result<()> {
        for hour in self.existing_hours(conn, hours)? {
            self.read_hour(conn, hour, out)?;
        }
        Ok(())
    }

    /// The hours in a range in which the metric has samples, in order.
    pub(super) fn existing_hours(self, conn: &Connection, hours: RangeInclusive<i64>) -> rusqlite::Result<Vec<i64>> {
        let (first, last): (Option<i64>, Option<i64>) = conn
            .prepare_cached("SELECT first_ms, last_ms FROM perftop_metric WHERE id = ?1")?
            .query_row([self.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(first), Some(last)) = (first.map(hour::hour_of), last.map(hour::hour_of)) else {
            return Ok(Vec::new());
        };
        let mut hours = hour::existing(conn, *hours.start().max(&first)..=*hours.end().min(&last))?;
        let mut is_there =
            conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM perftop_hour WHERE hour = ?1 AND metric_id = ?2)")?;
        let mut error = None;
        hours.retain(|hour| {
            is_there.query_row((hour, self.id), |row| row.get(0)).unwrap_or_else(|e| {
                error = Some(e);
                false
            })
        });
        error.map_or(Ok(hours), Err)
    }

    /// The moments of these hours, by hour.
    pub(super) fn hour_moments(
        self,
        conn: &Connection,
        hours: RangeInclusive<i64>,
    ) -> rusqlite::Result<BTreeMap<i64, Moments>> {
        let hours = self.existing_hours(conn, hours)?;
        let of = |hour| Ok((hour, HourRow::find(conn, hour, self.id)?.unwrap_or_default().moments));
        hours.into_iter().map(of).collect()
    }

    /// The first hour from `from` on in which the metric has samples, or the last one up to it. Passes over
    /// the hours of other metrics in between.
    pub(super) fn nearest_hour(self, conn: &Connection, from: i64, is_forward: bool) -> rusqlite::Result<Option<i64>> {
        let (beyond, order) = if is_forward { (">=", "ASC") } else { ("<=", "DESC") };
        conn.prepare_cached(&format!(
            "SELECT hour FROM perftop_hour WHERE hour {beyond} ?1 AND metric_id = ?2 ORDER BY hour {order} LIMIT 1"
        ))?
        .query_row((from, self.id), |row| row.get(0))
        .optional()
    }

    /// Appends the samples of an hour to `out`, by part. A damaged hour is read from the log instead, which is
    /// slow and right.
    pub(super) fn read_hour<T: FromStored>(
        self,
        conn: &Connection,
        hour: i64,
        out: &mut Vec<T>,
    ) -> rusqlite::Result<()> {
        let mut statement =
            conn.prepare_cached("SELECT data FROM perftop_chunk WHERE hour = ?1 AND metric_id = ?2 ORDER BY part")?;
        let mut rows = statement.query((hour, self.id))?;
        let begin = out.len();
        while let Some(row) = rows.next()? {
            let data = row.get_ref(0)?.as_bytes().unwrap_or_default();
            if let Err(error) = T::decode(start_ms(hour), data, out) {
                out.truncate(begin);
                return self.read_damaged(conn, hour, error, out);
            }
        }
        Ok(())
    }

    /// Reads a damaged hour from the log.
    pub(super) fn read_damaged<T: FromStored>(
        self,
        conn: &Connection,
        hour: i64,
        error: ChunkError,
        out: &mut Vec<T>,
    ) -> rusqlite::Result<()> {
        let what = self.damage(hour, error);
        let pruned_before_ms = State::PrunedBefore.get(conn)?.unwrap_or(i64::MIN);
        if start_ms(hour) < pruned_before_ms {
            tracing::warn!("{what}, and the samples it was made from are no longer kept");
        } else {
            tracing::warn!("{what}; reading it from the samples instead");
        }
        let mut contexts = Contexts::default();
        let mut failed = Ok(());
        self.read_hour_from_log(conn, hour, &mut |_, sample, text| {
            let found = text.map_or(Ok(Found::Number(contexts::NONE)), |text| contexts.find(conn, text));
            match found {
                Ok(Found::Number(context)) => out.push(T::of(Stored { context, ..sample })),
                // Cannot be: it was entered when the row was rolled up.
                Ok(Found::New(_)) => out.push(T::of(Stored { context: contexts::OTHER, ..sample })),
                Err(error) => failed = Err(error),
            }
        })?;
        failed
    }

    /// Visits what the log says of an hour, of rows that are rolled up, in the order of arrival: id, sample
    /// (its context unknown) and context as it stands in the log.
    pub(super) fn read_hour_from_log(
        self,
        conn: &Connection,
        hour: i64,
        visit: &mut dyn FnMut(i64, Stored, Option<&str>),
    ) -> rusqlite::Result<()> {
        let row = HourRow::find(conn, hour, self.id)?.unwrap_or_default();
        let up_to_id = row.last_id.min(log::rolled_up_to(conn)?);
        log::visit_between(conn, row.first_id, up_to_id, &mut |id, row| {
            if let Some(row) = row.filter(|row| row.metric == self.name && hour::hour_of(row.timestamp_ms) == hour) {
                visit(id, Stored { point: row.point(), context: 0 }, row.context);
            }
        })
    }

    /// The newest part of an hour into `out`: its number, or `None` when the hour has none. `Err` when
    /// it is damaged.
    pub(super) fn read_last_part(
        self,
        conn: &Connection,
        hour: i64,
        out: &mut Vec<Stored>,
    ) -> rusqlite::Result<Result<Option<i64>, ChunkError>> {
        let mut statement = conn.prepare_cached(
            "SELECT part, data FROM perftop_chunk WHERE hour = ?1 AND metric_id = ?2 ORDER BY part DESC LIMIT 1",
        )?;
        let mut rows = statement.query((hour, self.id))?;
        let Some(row) = rows.next()? else { return Ok(Ok(None)) };
        let part = row.get(0)?;
        let data = row.get_ref(1)?.as_bytes().unwrap_or_default();
        Ok(chunk::decode(start_ms(hour), data, out).map(|()| Some(part)))
    }

    /// The number after the newest part of an hour.
    pub(super) fn next_part(self, conn: &Connection, hour: i64) -> rusqlite::Result<i64> {
        conn.prepare_cached("SELECT coalesce(max(part), -1) + 1 FROM perftop_chunk WHERE hour = ?1 AND metric_id = ?2")?
            .query_row((hour, self.id), |row| row.get(0))
    }

    /// Writes samples in the order of arrival as the parts of an hour from `part` on.
    pub(super) fn write_parts(
        self,
        conn: &Connection,
        hour: i64,
        part: i64,
        samples: &mut [Stored],
    ) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached(
            "INSERT INTO perftop_chunk (hour, metric_id, part, data) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hour, metric_id, part) DO UPDATE SET data = excluded.data",
        )?;
        let mut data = Vec::new();
        for (part, samples) in (part..).zip(samples.chunks_mut(PART_SAMPLES)) {
            hour::sort(samples);
            chunk::encode(start_ms(hour), samples, &mut data);
            statement.execute((hour, self.id, part, &data))?;
        }
        Ok(())
    }

    /// Names a damaged hour for a person.
    pub(super) fn damage(self, hour: i64, error: ChunkError) -> String {
        let metric = text::printable_short(self.name, 80);
        format!("the stored hour {} of `{metric}` is damaged: {error}", time::rfc3339(start_ms(hour)))
    }
}

/// What can be read out of a part.
pub(super) trait FromStored: Sized {
    /// Appends the samples of a part to `out`; leaves it as it was when the part is damaged.
    fn decode(start_ms: i64, data: &[u8], out: &mut Vec<Self>) -> Result<(), ChunkError>;
    /// The same of one sample.
    fn of(sample: Stored) -> Self;
}

impl FromStored for Stored {
    fn decode(start_ms: i64, data: &[u8], out: &mut Vec<Self>) -> Result<(), ChunkError> {
        chunk::decode(start_ms, data, out)
    }

    fn of(sample: Stored) -> Self {
        sample
    }
}

impl FromStored for Point {
    fn decode(start_ms: i64, data: &[u8], out: &mut Vec<Self>) -> Result<(), ChunkError> {
        chunk::decode_points(start_ms, data, out)
    }

    fn of(sample: Stored) -> Self {
        sample.point
    }
}

impl FromStored for f64 {
    fn decode(_start_ms: i64, data: &[u8], out: &mut Vec<Self>) -> Result<(), ChunkError> {
        chunk::decode_values(data, out)
    }

    fn of(sample: Stored) -> Self {
        sample.point.value
    }
}
