//! An hour of a metric with other samples than before: everything that is derived from them follows.

use rusqlite::Connection;

use super::chunk::Stored;
use super::hour::{self, HourRow};
use super::part::MetricRef;
use super::{dense, totals};

/// Replaces everything stored of an hour by these samples, given in the order of arrival; their rows lie
/// between two ids of the log.
pub(super) fn replace(
    conn: &Connection,
    metric: MetricRef<'_>,
    hour: i64,
    (first_id, last_id): (i64, i64),
    samples: &mut [Stored],
) -> rusqlite::Result<()> {
    let before = HourRow::find(conn, hour, metric.id)?.unwrap_or_default();
    hour::delete(conn, hour, metric.id)?;
    let moments = samples.iter().map(|sample| sample.point.value).collect();
    let row = HourRow { moments, first_id, last_id };
    if !samples.is_empty() {
        row.write(conn, hour, metric.id)?;
        metric.write_parts(conn, hour, 0, samples)?;
    }
    totals::changed(conn, metric, row.moments.n.cast_signed() - before.moments.n.cast_signed(), hour)?;
    match totals::newest_hour(conn, metric.id)? {
        Some(newest_hour) => dense::refresh(conn, metric, hour, newest_hour),
        None => Ok(()),
    }
}
