//! Rows of the log as samples. SQLite lets other programs store anything anywhere; what is a sample and
//! what is junk is decided here and nowhere else.

use std::collections::HashSet;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::schema::{self, State};
use crate::model::{MetricName, Point};

/// A row of the log that is a sample; borrows the metric's name from the row.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogRow<'row> {
    pub metric: &'row str,
    pub value: f64,
    pub timestamp_ms: i64,
    /// As it stands there; whether it can be read is another question.
    pub context: Option<&'row str>,
}

impl<'row> LogRow<'row> {
    /// The id of a row with the columns id, name, value, timestamp and context, and the sample in it; `None`
    /// when the name is no text, the value no finite number or the timestamp no integer.
    pub(super) fn read(row: &'row Row<'_>) -> rusqlite::Result<(i64, Option<Self>)> {
        let sample = Self::from_columns(row.get_ref(1)?, row.get_ref(2)?, row.get_ref(3)?);
        let context = row.get_ref(4)?.as_str().ok();
        Ok((row.get(0)?, sample.map(|sample| Self { context, ..sample })))
    }

    fn from_columns(name: ValueRef<'row>, value: ValueRef<'_>, timestamp: ValueRef<'_>) -> Option<Self> {
        let metric = name.as_str().ok()?;
        let timestamp_ms = timestamp.as_i64().ok()?;
        let value = match value {
            ValueRef::Real(value) => value,
            ValueRef::Integer(value) => value as f64,
            _ => return None,
        };
        value.is_finite().then_some(Self { metric, value, timestamp_ms, context: None })
    }

    /// The value at its time.
    pub(super) const fn point(&self) -> Point {
        Point { timestamp_ms: self.timestamp_ms, value: self.value }
    }
}

/// Metric names seen so far, so that a name is held in memory once.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<MetricName>);

impl Names {
    /// The shared copy of a name.
    pub(super) fn shared(&mut self, name: &str) -> MetricName {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let name = MetricName::from(name);
        self.0.insert(name.clone());
        name
    }
}

/// Up to which id the log is in the derived tables; 0 when there are none.
pub(super) fn rolled_up_to(conn: &Connection) -> rusqlite::Result<i64> {
    if schema::has_derived(conn)? { Ok(State::RolledUpTo.get(conn)?.unwrap_or(0)) } else { Ok(0) }
}

/// Visits up to `max` rows of the log after an id, in the order of their ids; `None` for junk.
pub(super) fn visit_after(
    conn: &Connection,
    after_id: i64,
    max: usize,
    mut visit: impl FnMut(i64, Option<LogRow<'_>>),
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT id, metric_name, value, timestamp, context_json FROM performance_samples
         WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    visit_rows(statement.query((after_id, i64::try_from(max).unwrap_or(i64::MAX)))?, &mut visit)
}

/// Visits the rows of the log from one id to another, both included; `None` for junk.
pub(super) fn visit_between(
    conn: &Connection,
    first_id: i64,
    last_id: i64,
    visit: &mut dyn FnMut(i64, Option<LogRow<'_>>),
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT id, metric_name, value, timestamp, context_json FROM performance_samples
         WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    visit_rows(statement.query((first_id, last_id))?, visit)
}

fn visit_rows(mut rows: rusqlite::Rows<'_>, visit: &mut dyn FnMut(i64, Option<LogRow<'_>>)) -> rusqlite::Result<()> {
    while let Some(row) = rows.next()? {
        let (id, sample) = LogRow::read(row)?;
        visit(id, sample);
    }
    Ok(())
}

/// Visits the samples of the log that are not in the derived tables yet, in the order of their ids; of
/// one metric only when it is named.
pub(super) fn visit_unrolled(
    conn: &Connection,
    metric: Option<&str>,
    mut visit: impl FnMut(LogRow<'_>),
) -> rusqlite::Result<()> {
    let after_id = rolled_up_to(conn)?;
    visit_after(conn, after_id, usize::MAX, |_, row| {
        if let Some(row) = row.filter(|row| metric.is_none_or(|metric| metric == row.metric)) {
            visit(row);
        }
    })
}

/// Where the log ends, and where what was made of it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub newest_id: i64,
    pub rolled_up_to: i64,
    /// How often rows in between were deleted or changed.
    pub changes: i64,
}

/// Where the log ends.
pub(super) fn ends(conn: &Connection) -> rusqlite::Result<Ends> {
    let changes = State::UnrolledChanges.get(conn)?.unwrap_or(0);
    Ok(Ends { newest_id: newest_id(conn)?, rolled_up_to: rolled_up_to(conn)?, changes })
}

/// Whether no row follows this one.
pub(super) fn is_end(conn: &Connection, id: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM performance_samples WHERE id > ?1)")?
        .query_row([id], |row| row.get(0))
}

/// The highest id the log ever gave out; it falls only when the log was started anew.
pub(super) fn newest_id(conn: &Connection) -> rusqlite::Result<i64> {
    let newest: i64 =
        conn.prepare_cached("SELECT coalesce(max(id), 0) FROM performance_samples")?.query_row([], |row| row.get(0))?;
    if !schema::has_table(conn, "sqlite_sequence")? {
        return Ok(newest);
    }
    let given: i64 = conn
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'performance_samples'")?
        .query_row([], |row| row.get(0))?;
    Ok(newest.max(given))
}
