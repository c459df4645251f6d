//! Moves the log into the derived tables, in the order of arrival, each row once.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::hour::{self, MetricRef, PART_POINTS};
use super::log;
use super::schema::State;
use super::{Store, StoreError};
use crate::model::{MetricName, Point};

/// What one step of the roll-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollUp {
    /// Samples moved; junk rows among them are passed over.
    pub moved: usize,
    /// Whether the log has more.
    pub remaining: bool,
}

/// A sample on its way into its hour.
#[derive(Debug, Clone, Copy)]
struct Placed {
    /// Index into the batch's metrics.
    metric: usize,
    hour: i64,
    point: Point,
}

/// The samples of one transaction.
#[derive(Debug, Default)]
struct Batch {
    metrics: Vec<MetricName>,
    placed: Vec<Placed>,
    last_id: i64,
    rows: usize,
}

impl Store {
    /// Moves up to `max_rows` rows of the log, oldest first, into the derived tables, in one transaction.
    ///
    /// Any process may call this at any time. What the derived tables hold afterwards does not depend on
    /// who moved which rows in how many steps. A log that was started anew empties them first.
    pub fn roll_up(&mut self, max_rows: usize) -> Result<RollUp, StoreError> {
        let is_done =
            self.read("look for new samples", |conn| Ok(log::rolled_up_to(conn)? == log::newest_id(conn)?))?;
        if is_done {
            return Ok(RollUp { moved: 0, remaining: false });
        }
        self.write("roll up samples", |transaction| {
            let newest_id = log::newest_id(transaction)?;
            if newest_id < log::rolled_up_to(transaction)? {
                forget_derived(transaction)?;
            }
            let mut batch = Batch::read(transaction, max_rows)?;
            batch.store(transaction)?;
            let remaining = batch.rows == max_rows && batch.last_id < newest_id;
            State::RolledUpTo.set(transaction, if remaining { batch.last_id } else { newest_id })?;
            Ok(RollUp { moved: batch.placed.len(), remaining })
        })
    }
}

/// Empties the derived tables. Metrics keep their ids.
fn forget_derived(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "DELETE FROM perftop_chunk;
         DELETE FROM perftop_hour;
         -- Ids begin at 1 again: an alert of the old log must not be taken for one of the new.
         UPDATE perftop_alert SET first_sample_id = -id, recovered_at = coalesce(recovered_at, updated_at);
         UPDATE perftop_metric SET n = 0, first_ms = NULL, last_ms = NULL;",
    )?;
    for mark in [State::RolledUpTo, State::JudgedUpTo, State::LearnUpTo, State::LearnBefore] {
        mark.clear(conn)?;
    }
    Ok(())
}

impl Batch {
    fn read(conn: &Connection, max_rows: usize) -> rusqlite::Result<Self> {
        let mut batch = Self::default();
        let mut index: HashMap<MetricName, usize> = HashMap::new();
        log::visit_after(conn, log::rolled_up_to(conn)?, max_rows, |id, row| {
            batch.rows += 1;
            batch.last_id = id;
            let Some(row) = row else { return };
            let metric = index.get(row.metric).copied().unwrap_or_else(|| {
                let name = MetricName::from(row.metric);
                batch.metrics.push(name.clone());
                index.insert(name, batch.metrics.len() - 1);
                batch.metrics.len() - 1
            });
            batch.placed.push(Placed { metric, hour: hour::hour_of(row.timestamp_ms), point: row.point() });
        })?;
        Ok(batch)
    }

    /// Writes every hour that the batch touches, in the order of the tables' keys.
    fn store(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let targets = self.metrics.iter().map(|name| Target::find(conn, name)).collect::<rusqlite::Result<Vec<_>>>()?;
        // Stable: within an hour the samples stay in the order of arrival.
        self.placed.sort_by_key(|placed| (targets[placed.metric].metric.id, placed.hour));
        let mut points = Vec::new();
        for of_metric in self.placed.chunk_by(|a, b| a.metric == b.metric) {
            let target = targets[of_metric[0].metric];
            for of_hour in of_metric.chunk_by(|a, b| a.hour == b.hour) {
                points.clear();
                points.extend(of_hour.iter().map(|placed| placed.point));
                target.add(conn, of_hour[0].hour, &mut points)?;
            }
            count(conn, target.metric.id, of_metric)?;
        }
        Ok(())
    }
}

/// Where the samples of a metric go.
#[derive(Debug, Clone, Copy)]
struct Target<'name> {
    metric: MetricRef<'name>,
    /// The newest hour that is stored; a later one need not be looked for.
    newest_hour: Option<i64>,
}

impl<'name> Target<'name> {
    /// Looks a metric up, or enters it.
    fn find(conn: &Connection, name: &'name str) -> rusqlite::Result<Self> {
        let found = conn
            .prepare_cached("SELECT id, last_ms FROM perftop_metric WHERE name = ?1")?
            .query_row([name], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional()?;
        let (id, last_ms) = match found {
            Some(found) => found,
            None => (conn.prepare_cached("INSERT INTO perftop_metric (name, n) VALUES (?1, 0)")?.insert([name])?, None),
        };
        Ok(Self { metric: MetricRef { id, name }, newest_hour: last_ms.map(hour::hour_of) })
    }

    /// Adds samples, in the order of arrival, to an hour.
    fn add(&self, conn: &Connection, hour: i64, new: &mut Vec<Point>) -> rusqlite::Result<()> {
        let metric = self.metric;
        if self.newest_hour.is_none_or(|newest| newest < hour) {
            return metric.write_hour(conn, hour, new);
        }
        let mut points = Vec::new();
        let part = match metric.read_last_part(conn, hour, &mut points)? {
            Ok(None) => return metric.write_hour(conn, hour, new),
            Ok(Some(part)) if points.len() < PART_POINTS => part,
            Ok(Some(part)) => {
                points.clear();
                part + 1
            }
            Err(error) => {
                metric.warn(hour, error);
                metric.read_hour_from_log(conn, hour, &mut points)?;
                points.append(new);
                return metric.replace_hour(conn, hour, &mut points);
            }
        };
        // Pushed one by one onto what is there: the same bits, however the log was cut into batches.
        let mut moments = hour::moments(conn, metric.id, hour)?;
        for point in &*new {
            moments.push(point.value);
        }
        hour::write_moments(conn, metric.id, hour, &moments)?;
        points.append(new);
        metric.write_parts(conn, hour, part, &mut points)
    }
}

/// Keeps the metric's totals in step with its hours.
fn count(conn: &Connection, metric_id: i64, added: &[Placed]) -> rusqlite::Result<()> {
    let times = || added.iter().map(|placed| placed.point.timestamp_ms);
    conn.prepare_cached(
        "UPDATE perftop_metric SET n = n + ?2, first_ms = min(coalesce(first_ms, ?3), ?3),
           last_ms = max(coalesce(last_ms, ?4), ?4) WHERE id = ?1",
    )?
    .execute((metric_id, added.len().cast_signed(), times().min(), times().max()))?;
    Ok(())
}
