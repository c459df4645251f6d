//! Hours of which rows were deleted or changed by another program are made anew from the log.
//!
//! Triggers on the log enter them in `perftop_dirty`, with the range of ids that the rows had. The log is read
//! without a lock; what was read is written when nobody has changed anything in between.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::chunk::Stored;
use super::contexts::{self, Contexts};
use super::hour::{self, HourRow};
use super::part::MetricRef;
use super::schema::State;
use super::{Store, StoreError, log, replace};
use crate::model::MetricName;

/// Hours made anew in one transaction, and samples that they may hold together.
const STEP_HOURS: i64 = 256;
const STEP_SAMPLES: u64 = 200_000;

/// An hour that is to be made anew.
#[derive(Debug)]
struct Dirty {
    metric: MetricName,
    hour: i64,
    /// Where its rows are and were.
    first_id: i64,
    last_id: i64,
    /// How often it was entered: differs when something has changed in between.
    changes: i64,
    /// Samples that no longer stand in the log, then those that do, in the order of arrival.
    kept: Vec<Stored>,
    found: Vec<(Stored, Option<Box<str>>)>,
}

/// Makes some hours anew.
pub(super) fn step(store: &mut Store) -> Result<(), StoreError> {
    let read = store.read("look for changed samples", |conn| {
        let mut dirty = list(conn)?;
        let up_to_id = log::rolled_up_to(conn)?;
        if !dirty.is_empty() {
            read_kept(conn, &mut dirty)?;
            read_log(conn, &mut dirty, up_to_id)?;
        }
        Ok((dirty, up_to_id))
    });
    let (dirty, up_to_id) = read?;
    if dirty.is_empty() {
        return Ok(());
    }
    let mut contexts = std::mem::take(&mut store.contexts);
    let is_written = store.write("roll up changed samples", |transaction| {
        if log::rolled_up_to(transaction)? != up_to_id {
            return Ok(());
        }
        dirty.iter().try_for_each(|dirty| write(transaction, &mut contexts, dirty))?;
        count(transaction)
    });
    if is_written.is_ok() {
        store.contexts = contexts;
    }
    is_written
}

/// Has an hour made anew that was found to be damaged.
pub(super) fn mark(conn: &Connection, metric: MetricRef<'_>, hour: i64) -> rusqlite::Result<()> {
    let row = HourRow::find(conn, hour, metric.id)?.unwrap_or_default();
    mark_rows(conn, metric.name, hour, (row.first_id, row.last_id))
}

/// Has an hour made anew whose rows have ids between these two and those of its stored ones.
pub(super) fn mark_rows(
    conn: &Connection,
    metric: &str,
    hour: i64,
    (first_id, last_id): (i64, i64),
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO perftop_dirty (metric_name, hour, first_id, last_id, changes) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id),
           last_id = max(last_id, excluded.last_id), changes = changes + 1",
    )?
    .execute((metric, hour, first_id, last_id))?;
    Ok(())
}

fn list(conn: &Connection) -> rusqlite::Result<Vec<Dirty>> {
    let mut statement = conn.prepare_cached(
        "SELECT d.metric_name, d.hour, min(d.first_id, coalesce(h.first_id, d.first_id)),
           max(d.last_id, coalesce(h.last_id, d.last_id)), d.changes, coalesce(h.n, 0)
         FROM perftop_dirty d LEFT JOIN perftop_metric m ON m.name = d.metric_name
           LEFT JOIN perftop_hour h ON h.hour = d.hour AND h.metric_id = m.id
         ORDER BY d.first_id LIMIT ?1",
    )?;
    let mut rows = statement.query([STEP_HOURS])?;
    let (mut dirty, mut samples) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        samples += row.get::<_, i64>(5)?.cast_unsigned();
        if samples > STEP_SAMPLES && !dirty.is_empty() {
            break;
        }
        dirty.push(Dirty {
            metric: row.get(0)?,
            hour: row.get(1)?,
            first_id: row.get(2)?,
            last_id: row.get(3)?,
            changes: row.get(4)?,
            kept: Vec::new(),
            found: Vec::new(),
        });
    }
    Ok(dirty)
}

/// What is known of samples whose rows are no longer kept.
fn read_kept(conn: &Connection, dirty: &mut [Dirty]) -> rusqlite::Result<()> {
    let Some(pruned_before_ms) = State::PrunedBefore.get(conn)? else { return Ok(()) };
    for dirty in dirty.iter_mut().filter(|dirty| hour::start_ms(dirty.hour) < pruned_before_ms) {
        if let Some(metric) = MetricRef::find(conn, &dirty.metric)? {
            metric.read_hour(conn, dirty.hour, &mut dirty.kept)?;
            dirty.kept.retain(|sample| sample.point.timestamp_ms < pruned_before_ms);
        }
    }
    Ok(())
}

/// One look through the stretch of the log in which all of them lie.
fn read_log(conn: &Connection, dirty: &mut [Dirty], up_to_id: i64) -> rusqlite::Result<()> {
    let pruned_before_ms = State::PrunedBefore.get(conn)?.unwrap_or(i64::MIN);
    let first_id = dirty.iter().map(|dirty| dirty.first_id).min().unwrap_or(i64::MAX);
    let last_id = dirty.iter().map(|dirty| dirty.last_id).max().unwrap_or(i64::MIN).min(up_to_id);
    let names: Vec<(MetricName, i64)> =
        dirty.iter().map(|dirty| (MetricName::clone(&dirty.metric), dirty.hour)).collect();
    let place: BTreeMap<(&str, i64), usize> =
        names.iter().zip(0..).map(|((metric, hour), at)| ((&**metric, *hour), at)).collect();
    log::visit_between(conn, first_id, last_id, &mut |_, row| {
        let Some(row) = row.filter(|row| row.timestamp_ms >= pruned_before_ms) else { return };
        if let Some(&at) = place.get(&(row.metric, hour::hour_of(row.timestamp_ms))) {
            let sample = Stored { point: row.point(), context: 0 };
            dirty[at].found.push((sample, row.context.map(Box::from)));
        }
    })
}

fn write(conn: &Connection, contexts: &mut Contexts, dirty: &Dirty) -> rusqlite::Result<()> {
    let is_same = conn
        .prepare_cached("DELETE FROM perftop_dirty WHERE metric_name = ?1 AND hour = ?2 AND changes = ?3")?
        .execute((&*dirty.metric, dirty.hour, dirty.changes))?
        == 1;
    let Some(metric) = MetricRef::find(conn, &dirty.metric)?.filter(|_| is_same) else {
        return if is_same && !dirty.found.is_empty() { enter(conn, contexts, dirty) } else { Ok(()) };
    };
    rewrite(conn, contexts, metric, dirty)
}

/// A row was renamed to a metric that was never heard of.
fn enter(conn: &Connection, contexts: &mut Contexts, dirty: &Dirty) -> rusqlite::Result<()> {
    let id = conn.prepare_cached("INSERT INTO perftop_metric (name, n) VALUES (?1, 0)")?.insert([&*dirty.metric])?;
    rewrite(conn, contexts, MetricRef { id, name: &dirty.metric }, dirty)
}

fn rewrite(conn: &Connection, contexts: &mut Contexts, metric: MetricRef<'_>, dirty: &Dirty) -> rusqlite::Result<()> {
    let mut samples = dirty.kept.clone();
    for (sample, context) in &dirty.found {
        let context = context.as_deref().map_or(Ok(contexts::NONE), |text| contexts.number(conn, text))?;
        samples.push(Stored { context, ..*sample });
    }
    replace::replace(conn, metric, dirty.hour, (dirty.first_id, dirty.last_id), &mut samples)
}

/// Hours were made anew.
pub(super) fn count(conn: &Connection) -> rusqlite::Result<()> {
    State::Repairs.set(conn, done(conn)? + 1)
}

/// How often hours were made anew.
pub(super) fn done(conn: &Connection) -> rusqlite::Result<i64> {
    Ok(State::Repairs.get(conn)?.unwrap_or(0))
}

/// Whether hours wait to be made anew.
pub(super) fn is_wanted(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM perftop_dirty)")?.query_row([], |row| row.get(0))
}
