//! Takes out what is old, in steps that let other writers in between: rows of the log at one age, what was
//! made of them at another.
//!
//! A row is only deleted when it is rolled up. With the first one goes the mark `pruned_before_ms`: before it
//! the stored hours are the truth, from it on the log is.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::chunk::Stored;
use super::hour::{self, HourRow};
use super::old_rows::{self, Ids, ROW_MS};
use super::part::MetricRef;
use super::schema::State;
use super::{Store, StoreError, day, ledger, log, replace, schema, totals};

/// What is old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneBefore {
    /// Samples, anomalies and recovered alerts dated before this, in ms, are taken out.
    pub samples_ms: i64,
    /// What is rolled up of samples dated before this, in ms, is taken out; no later than `samples_ms`.
    pub rollups_ms: i64,
}

impl PruneBefore {
    /// Nothing of the future is old, and nothing is rolled up for a shorter time than it is kept.
    fn bounded(self, now_ms: i64) -> Self {
        let samples_ms = self.samples_ms.min(now_ms);
        Self { samples_ms, rollups_ms: self.rollups_ms.min(samples_ms) }
    }
}

/// What was taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of the log.
    pub samples: u64,
    /// Recorded anomalies.
    pub anomalies: u64,
    /// Alerts that had recovered.
    pub alerts: u64,
    /// Hours of the derived tables.
    pub hours: u64,
}

/// Rows looked at in one step: about 10 ms under the write lock.
const STEP_ROWS: u32 = 20_000;

/// Pages given back to the file system in one step.
const STEP_PAGES: i64 = 512;

/// How long a step is followed by a rest.
const SHORTEST_REST: Duration = Duration::from_millis(1);
const LONGEST_REST: Duration = Duration::from_millis(100);

impl Store {
    /// Takes out what is old, and shortens what is kept of files last read before `before.samples_ms`. `progress`
    /// hears how many ids were looked through, of how many.
    ///
    /// When it is interrupted, the next call takes out the rest.
    pub fn prune(
        &mut self,
        before: PruneBefore,
        now_ms: i64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Pruned, StoreError> {
        let before = before.bounded(now_ms);
        let samples = self.prune_log(before.samples_ms, progress)?;
        let hours = self.prune_derived(before.rollups_ms)?;
        let anomalies = self.prune_rows(
            "DELETE FROM spc_anomalies WHERE id IN (SELECT id FROM spc_anomalies WHERE detected_at < ?1 LIMIT ?2)",
            before.samples_ms,
        )?;
        self.prune_rows(
            "DELETE FROM perftop_run_anomaly WHERE id IN
               (SELECT id FROM perftop_run_anomaly WHERE at_ms < ?1 LIMIT ?2)",
            before.samples_ms,
        )?;
        let alerts = self.prune_rows(
            "DELETE FROM perftop_alert WHERE id IN
               (SELECT id FROM perftop_alert WHERE updated_at < ?1 AND recovered_at IS NOT NULL LIMIT ?2)",
            before.samples_ms,
        )?;
        self.prune_rows(ledger::SHORTEN_TAILS, before.samples_ms)?;
        self.give_back_pages()?;
        Ok(Pruned { samples, anomalies, alerts, hours })
    }

    /// What [`Store::prune`] would take out now; changes nothing.
    pub fn prunable(&self, before: PruneBefore, now_ms: i64) -> Result<Pruned, StoreError> {
        let before = before.bounded(now_ms);
        self.read("count what is old", |conn| {
            let count = |sql: &str, before_ms: i64| {
                conn.prepare_cached(sql)?.query_row([before_ms], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
            };
            let mut pruned = Pruned {
                samples: old_rows::count(conn, before.samples_ms)?,
                anomalies: count("SELECT count(*) FROM spc_anomalies WHERE detected_at < ?1", before.samples_ms)?,
                ..Pruned::default()
            };
            if schema::has_derived(conn)? {
                pruned.alerts = count(
                    "SELECT count(*) FROM perftop_alert WHERE updated_at < ?1 AND recovered_at IS NOT NULL",
                    before.samples_ms,
                )?;
                let edge = hour::hour_of(before.rollups_ms);
                pruned.hours = count("SELECT count(*) FROM perftop_hour WHERE hour < ?1", edge)?;
            }
            Ok(pruned)
        })
    }

    /// Whether it is time to prune again, `every_ms` after the last time in whatever process: `None` when it is,
    /// and from now on it is not; else how long it is not yet, in ms.
    pub fn begin_prune(&mut self, now_ms: i64, every_ms: i64) -> Result<Option<i64>, StoreError> {
        self.write("look when it was pruned", |transaction| {
            let last_ms = State::PrunedAt.get(transaction)?;
            // A mark in the future was set by a clock that was wrong.
            let wait_ms = last_ms.filter(|&ms| ms <= now_ms).map_or(0, |ms| ms.saturating_add(every_ms) - now_ms);
            if wait_ms > 0 {
                return Ok(Some(wait_ms));
            }
            State::PrunedAt.set(transaction, now_ms).map(|()| None)
        })
    }

    fn prune_log(&mut self, before_ms: i64, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, StoreError> {
        let mut deleted = 0;
        // What others change meanwhile, or put in late, is rolled up before it goes.
        loop {
            self.roll_up_all()?;
            let (old, up_to_id) = self.read("look for old samples", |conn| {
                Ok((old_rows::find(conn, before_ms)?, log::rolled_up_to(conn)?))
            })?;
            let (rows, is_all) = self.prune_ids(&old, before_ms, progress)?;
            deleted += rows;
            if is_all {
                self.write("remember what is pruned", |transaction| State::PrunedUpTo.set(transaction, up_to_id))?;
                return Ok(deleted);
            }
        }
    }

    /// Deletes old rows of these ids; answers how many, and whether that is all of them.
    fn prune_ids(
        &mut self,
        old: &[Ids],
        before_ms: i64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(u64, bool), StoreError> {
        let total = old.iter().map(Ids::len).sum();
        let (mut deleted, mut looked) = (0, 0);
        for ids in old {
            let mut after_id = ids.after;
            while let Some(last_id) =
                self.read("look for old samples", |conn| ids.step_end(conn, after_id, STEP_ROWS))?
            {
                let step = Ids { after: after_id, last: last_id };
                if self.read("look for old samples", |conn| step.has_old(conn, before_ms))? {
                    match self.delete_step(step, before_ms)? {
                        Some(rows) => deleted += rows,
                        None => return Ok((deleted, false)),
                    }
                }
                progress(looked + ids.until(last_id).len(), total);
                after_id = last_id;
            }
            looked += ids.len();
        }
        Ok((deleted, true))
    }

    /// Deletes the old rows of a step and rests; `None` when some of them have to be rolled up before.
    fn delete_step(&mut self, step: Ids, before_ms: i64) -> Result<Option<u64>, StoreError> {
        self.gently("delete old samples", |transaction| {
            if !is_rolled_up(transaction, step.last, before_ms)? {
                return Ok(None);
            }
            State::Pruning.set(transaction, 1)?;
            let deleted = transaction
                .prepare_cached(&format!(
                    "DELETE FROM performance_samples WHERE id > ?1 AND id <= ?2 AND {ROW_MS} < ?3"
                ))?
                .execute((step.after, step.last, before_ms))?;
            State::Pruning.clear(transaction)?;
            let pruned_before_ms = State::PrunedBefore.get(transaction)?;
            State::PrunedBefore.set(transaction, pruned_before_ms.unwrap_or(i64::MIN).max(before_ms))?;
            Ok(Some(deleted as u64))
        })
    }

    /// Writes, and rests before anything else is done: as long as the lock was held, when others write, too.
    fn gently<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let version = self.data_version()?;
        let started = Instant::now();
        let answer = self.write(doing, |transaction| write(transaction))?;
        let held = started.elapsed();
        let is_shared = self.data_version()? != version;
        thread::sleep(if is_shared { held.min(LONGEST_REST) } else { SHORTEST_REST });
        Ok(answer)
    }

    fn prune_derived(&mut self, before_ms: i64) -> Result<u64, StoreError> {
        let edge = hour::hour_of(before_ms);
        let hours = self.read("look for old hours", |conn| hour::existing(conn, i64::MIN..=edge - 1))?;
        let mut deleted = 0;
        for hour in hours {
            deleted += self.gently("delete old hours", |conn| delete_hour(conn, hour))?;
        }
        let touched: Vec<(i64, String)> = self.read("look for old hours", |conn| {
            conn.prepare_cached("SELECT id, name FROM perftop_metric WHERE first_ms < ?1")?
                .query_map([before_ms], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        for (id, name) in touched {
            self.gently("delete old hours", |conn| cut_hour(conn, MetricRef { id, name: &name }, before_ms))?;
        }
        Ok(deleted)
    }

    fn prune_rows(&mut self, sql: &str, before_ms: i64) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let step = self.gently("tidy up", |conn| conn.prepare_cached(sql)?.execute((before_ms, STEP_ROWS)))?;
            deleted += step as u64;
            if step < STEP_ROWS as usize {
                return Ok(deleted);
            }
        }
    }

    /// Shrinks the file, where it was created to be shrunk.
    fn give_back_pages(&mut self) -> Result<(), StoreError> {
        let mut free = i64::MAX;
        loop {
            let left = self.read("count free pages", |conn| {
                conn.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0))
            })?;
            if left == 0 || left >= free {
                return Ok(());
            }
            free = left;
            self.gently("shrink the file", give_back_step)?;
        }
    }
}

fn give_back_step(conn: &Connection) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
    let mut rows = statement.query([])?;
    // One row for each page: a statement that is not run to its end gives back one page.
    while rows.next()?.is_some() {}
    Ok(())
}

/// Whether every row up to an id is rolled up, also as others have changed it since.
fn is_rolled_up(conn: &Connection, last_id: i64, before_ms: i64) -> rusqlite::Result<bool> {
    let is_changed: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM perftop_dirty WHERE hour <= ?1)")?
        .query_row([hour::hour_of(before_ms)], |row| row.get(0))?;
    Ok(!is_changed && last_id <= log::rolled_up_to(conn)?)
}

/// Takes an hour of all metrics out of the derived tables; answers how many had it.
fn delete_hour(conn: &Connection, hour: i64) -> rusqlite::Result<u64> {
    conn.prepare_cached(
        "UPDATE perftop_metric SET n = perftop_metric.n - h.n FROM perftop_hour h
         WHERE h.hour = ?1 AND h.metric_id = perftop_metric.id",
    )?
    .execute([hour])?;
    let mut deleted = 0;
    for table in ["perftop_chunk", "perftop_dense", "perftop_hour"] {
        deleted = conn.prepare_cached(&format!("DELETE FROM {table} WHERE hour = ?1"))?.execute([hour])? as u64;
    }
    day::forget(conn, hour)?;
    Ok(deleted)
}

/// Cuts the hour an instant lies in, and looks where the metric begins now.
fn cut_hour(conn: &Connection, metric: MetricRef<'_>, before_ms: i64) -> rusqlite::Result<()> {
    let hour = hour::hour_of(before_ms);
    totals::shrunk(conn, metric)?;
    let Some(row) = HourRow::find(conn, hour, metric.id)? else { return Ok(()) };
    let mut samples = Vec::new();
    metric.read_hour(conn, hour, &mut samples)?;
    samples.retain(|sample: &Stored| sample.point.timestamp_ms >= before_ms);
    replace::replace(conn, metric, hour, (row.first_id, row.last_id), &mut samples)
}
