//! Days in their short form: what a baseline over weeks of dense hours reads in the place of 24 of them.
//!
//! A short form of a day is made from those of its hours, once the metric has samples of a later day, and made anew
//! when one of them has changed. Both wait in the table (`data` is NULL) for the next roll-up, which reads the hours
//! without a lock. A day that has none, or none yet, is read by its hours.

use std::ops::RangeInclusive;

use rusqlite::Connection;

use super::dense::{self, SLOTS, Slot};
use super::hour::HourRow;
use super::part::MetricRef;
use super::{Store, StoreError};
use crate::stats::{Moments, Sketch};

const HOURS: i64 = 24;

/// Days made in one transaction.
const STEP_DAYS: i64 = 64;

/// The day an hour lies in, as a UTC day since the Unix epoch.
pub(super) const fn day_of(hour: i64) -> i64 {
    hour.div_euclid(HOURS)
}

/// The hours of a day.
pub(super) const fn hours_of(day: i64) -> RangeInclusive<i64> {
    let first = day.saturating_mul(HOURS);
    first..=first.saturating_add(HOURS - 1)
}

/// An hour of a metric has changed. Its day waits to be made anew, or, where `is_wanted`, to be made.
pub(super) fn changed(conn: &Connection, metric_id: i64, hour: i64, is_wanted: bool) -> rusqlite::Result<()> {
    let sql = if is_wanted {
        "INSERT INTO perftop_day (day, metric_id, stamp) VALUES (?1, ?2, random())
         ON CONFLICT (day, metric_id) DO UPDATE SET stamp = random(), data = NULL"
    } else {
        "UPDATE perftop_day SET stamp = random(), data = NULL WHERE day = ?1 AND metric_id = ?2"
    };
    conn.prepare_cached(sql)?.execute((day_of(hour), metric_id))?;
    Ok(())
}

/// The day of an hour has ended: it waits to be made when any of its hours has a short form.
pub(super) fn ended(conn: &Connection, metric_id: i64, hour: i64) -> rusqlite::Result<()> {
    let mut is_dense =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM perftop_dense WHERE hour = ?1 AND metric_id = ?2)")?;
    for hour in hours_of(day_of(hour)) {
        if is_dense.query_row((hour, metric_id), |row| row.get(0))? {
            return changed(conn, metric_id, hour, true);
        }
    }
    Ok(())
}

/// Hours of every metric were deleted: their days are read by what is left of them.
pub(super) fn forget(conn: &Connection, hour: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM perftop_day WHERE day = ?1")?.execute([day_of(hour)])?;
    Ok(())
}

/// Whether days wait to be made.
pub(super) fn is_wanted(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM perftop_day WHERE data IS NULL)")?.query_row([], |row| row.get(0))
}

/// A day that was made.
struct Made {
    day: i64,
    metric_id: i64,
    /// Drawn anew with each change: differs when it has changed since.
    stamp: i64,
    /// `None` when it has no samples any more.
    data: Option<Vec<u8>>,
}

/// Makes some days that wait.
pub(super) fn step(store: &mut Store) -> Result<(), StoreError> {
    let made = store.read("read the hours of days", |conn| {
        let mut statement = conn.prepare_cached(
            "SELECT d.day, d.metric_id, d.stamp, coalesce(m.name, '') FROM perftop_day d
             LEFT JOIN perftop_metric m ON m.id = d.metric_id WHERE d.data IS NULL ORDER BY d.day LIMIT ?1",
        )?;
        let mut rows = statement.query([STEP_DAYS])?;
        let mut made = Vec::new();
        while let Some(row) = rows.next()? {
            let (day, metric_id, stamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let name: String = row.get(3)?;
            let data = make(conn, MetricRef { id: metric_id, name: &name }, day)?;
            made.push(Made { day, metric_id, stamp, data });
        }
        Ok(made)
    })?;
    if made.is_empty() {
        return Ok(());
    }
    store.write("write days", |transaction| made.iter().try_for_each(|made| made.write(transaction)))
}

impl Made {
    fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let key = (self.day, self.metric_id, self.stamp);
        match &self.data {
            Some(data) => conn
                .prepare_cached("UPDATE perftop_day SET data = ?4 WHERE day = ?1 AND metric_id = ?2 AND stamp = ?3")?
                .execute((key.0, key.1, key.2, data)),
            None => conn
                .prepare_cached("DELETE FROM perftop_day WHERE day = ?1 AND metric_id = ?2 AND stamp = ?3")?
                .execute(key),
        }?;
        Ok(())
    }
}

/// A day in its short form, from its hours.
fn make(conn: &Connection, metric: MetricRef<'_>, day: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let (mut moments, mut sketch) = (Moments::default(), Sketch::default());
    let mut dense = conn.prepare_cached("SELECT data FROM perftop_dense WHERE hour = ?1 AND metric_id = ?2")?;
    for hour in hours_of(day) {
        if HourRow::find(conn, hour, metric.id)?.is_none() {
            continue;
        }
        let mut rows = dense.query((hour, metric.id))?;
        let data = rows.next()?.and_then(|row| row.get_ref(0).ok()?.as_bytes().ok());
        let short = data.and_then(|data| dense::decode(data).ok());
        if let Some(short) = short.filter(|short| sketch.merge_encoded(short.sketch).is_ok()) {
            moments.merge(&short.moments);
            continue;
        }
        let mut values: Vec<f64> = Vec::new();
        metric.read_hour(conn, hour, &mut values)?;
        moments.merge(&Moments::of(&values));
        sketch.add_many(&values);
    }
    Ok((moments.n > 0).then(|| {
        let mut data = Vec::new();
        dense::encode(&moments, [Slot::default(); SLOTS], &sketch, &mut data);
        data
    }))
}
