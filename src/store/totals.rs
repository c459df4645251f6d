//! How many samples a metric has and from when to when, kept in step with its hours.

use rusqlite::Connection;

use super::hour;
use super::old_rows;
use super::part::MetricRef;
use crate::model::Point;

/// The newest hour of a metric.
pub(super) fn newest_hour(conn: &Connection, metric_id: i64) -> rusqlite::Result<Option<i64>> {
    let newest_ms: Option<i64> = conn
        .prepare_cached("SELECT last_ms FROM perftop_metric WHERE id = ?1")?
        .query_row([metric_id], |row| row.get(0))?;
    Ok(newest_ms.map(hour::hour_of))
}

/// Samples in the hours of which every row is kept.
pub(super) fn of_kept_hours(conn: &Connection) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT coalesce(sum(n), 0) FROM perftop_hour WHERE hour >= ?1")?
        .query_row([old_rows::first_kept_hour(conn)?], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}

/// An hour of a metric was replaced, cut or deleted, by which it has so many more samples.
pub(super) fn changed(conn: &Connection, metric: MetricRef<'_>, more: i64, hour: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE perftop_metric SET n = n + ?2 WHERE id = ?1")?.execute((metric.id, more))?;
    let (first, last) = end_hours(conn, metric)?;
    if first.is_some_and(|first| first < hour) && last.is_some_and(|last| hour < last) {
        return Ok(());
    }
    find_ends(conn, metric, first.unwrap_or(hour).min(hour), last.unwrap_or(hour).max(hour))
}

/// Hours of a metric were deleted, wherever.
pub(super) fn shrunk(conn: &Connection, metric: MetricRef<'_>) -> rusqlite::Result<()> {
    match end_hours(conn, metric)? {
        (Some(first), Some(last)) => find_ends(conn, metric, first, last),
        _ => Ok(()),
    }
}

fn end_hours(conn: &Connection, metric: MetricRef<'_>) -> rusqlite::Result<(Option<i64>, Option<i64>)> {
    let hour = |ms: Option<i64>| ms.map(hour::hour_of);
    conn.prepare_cached("SELECT first_ms, last_ms FROM perftop_metric WHERE id = ?1")?
        .query_row([metric.id], |row| Ok((hour(row.get(0)?), hour(row.get(1)?))))
}

/// Looks for the first and the last sample of a metric, none of which lies beyond these hours.
fn find_ends(conn: &Connection, metric: MetricRef<'_>, first: i64, last: i64) -> rusqlite::Result<()> {
    let (first, last) = (metric.nearest_hour(conn, first, true)?, metric.nearest_hour(conn, last, false)?);
    let first_ms = first.map(|hour| ends_ms(conn, metric, hour)).transpose()?.and_then(|ends| ends.0);
    let last_ms = last.map(|hour| ends_ms(conn, metric, hour)).transpose()?.and_then(|ends| ends.1);
    conn.prepare_cached("UPDATE perftop_metric SET first_ms = ?2, last_ms = ?3 WHERE id = ?1")?
        .execute((metric.id, first_ms, last_ms))?;
    Ok(())
}

/// The times of the first and the last sample of an hour.
fn ends_ms(conn: &Connection, metric: MetricRef<'_>, hour: i64) -> rusqlite::Result<(Option<i64>, Option<i64>)> {
    let mut points: Vec<Point> = Vec::new();
    metric.read_hour(conn, hour, &mut points)?;
    let times = || points.iter().map(|point| point.timestamp_ms);
    Ok((times().min(), times().max()))
}
