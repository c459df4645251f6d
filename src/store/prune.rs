//! Takes out what is older than an instant, in steps that let other writers in between.

use rusqlite::Connection;

use super::chunk::Stored;
use super::hour::{self, HourRow};
use super::part::MetricRef;
use super::schema::State;
use super::{Store, StoreError, gate, ledger, replace, schema, totals};

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

/// When a row was measured; for a row that does not say, when it was stored.
const ROW_MS: &str = "CASE WHEN typeof(timestamp) IN ('integer', 'real') THEN timestamp ELSE created_at END";

impl Store {
    /// Takes out samples, anomalies and recovered alerts from before `before_ms`, which never reaches
    /// beyond `now_ms`, and shortens what is kept of files last read before it. `progress` hears how many
    /// samples are out so far.
    ///
    /// When it is interrupted, the next call takes out the rest.
    pub fn prune(&mut self, before_ms: i64, now_ms: i64, progress: &mut dyn FnMut(u64)) -> Result<Pruned, StoreError> {
        let before_ms = before_ms.min(now_ms);
        let samples = self.prune_log(before_ms, progress)?;
        let hours = self.prune_derived(before_ms)?;
        let anomalies = self.prune_rows(
            "DELETE FROM spc_anomalies WHERE id IN (SELECT id FROM spc_anomalies WHERE detected_at < ?1 LIMIT ?2)",
            before_ms,
        )?;
        let alerts = self.prune_rows(
            "DELETE FROM perftop_alert WHERE id IN
               (SELECT id FROM perftop_alert WHERE updated_at < ?1 AND recovered_at IS NOT NULL LIMIT ?2)",
            before_ms,
        )?;
        self.prune_rows(ledger::SHORTEN_TAILS, before_ms)?;
        self.give_back_pages()?;
        Ok(Pruned { samples, anomalies, alerts, hours })
    }

    /// What [`Store::prune`] would take out now; changes nothing.
    pub fn prunable(&self, before_ms: i64, now_ms: i64) -> Result<Pruned, StoreError> {
        let before_ms = before_ms.min(now_ms);
        self.read("count what is old", |conn| {
            let count = |sql: &str, before: i64| {
                conn.prepare_cached(sql)?.query_row([before], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
            };
            let mut pruned = Pruned {
                samples: count(&format!("SELECT count(*) FROM performance_samples WHERE {ROW_MS} < ?1"), before_ms)?,
                anomalies: count("SELECT count(*) FROM spc_anomalies WHERE detected_at < ?1", before_ms)?,
                ..Pruned::default()
            };
            if schema::has_derived(conn)? {
                pruned.alerts = count(
                    "SELECT count(*) FROM perftop_alert WHERE updated_at < ?1 AND recovered_at IS NOT NULL",
                    before_ms,
                )?;
                let edge = hour::hour_of(before_ms);
                pruned.hours = count("SELECT count(*) FROM perftop_hour WHERE hour < ?1", edge)?;
            }
            Ok(pruned)
        })
    }

    /// Ids rise with arrival, not with time, so every row is looked at; the write lock is only taken for
    /// steps that have something to delete.
    fn prune_log(&mut self, before_ms: i64, progress: &mut dyn FnMut(u64)) -> Result<u64, StoreError> {
        let (mut deleted, mut after_id) = (0, i64::MIN);
        while let Some(last_id) = self.read("look for old samples", |conn| step_end(conn, after_id))? {
            if self.read("look for old samples", |conn| has_old(conn, after_id, last_id, before_ms))? {
                deleted += self.write("delete old samples", |transaction| {
                    State::Pruning.set(transaction, 1)?;
                    let deleted = transaction
                        .prepare_cached(&format!(
                            "DELETE FROM performance_samples WHERE id > ?1 AND id <= ?2 AND {ROW_MS} < ?3"
                        ))?
                        .execute((after_id, last_id, before_ms))?;
                    State::Pruning.clear(transaction)?;
                    Ok(deleted)
                })? as u64;
                progress(deleted);
            }
            after_id = last_id;
        }
        Ok(deleted)
    }

    fn prune_derived(&mut self, before_ms: i64) -> Result<u64, StoreError> {
        let edge = hour::hour_of(before_ms);
        let hours = self.read("look for old hours", |conn| hour::existing(conn, i64::MIN..=edge - 1))?;
        let mut deleted = 0;
        for hour in hours {
            deleted += self.write("delete old hours", |transaction| delete_hour(transaction, hour))?;
        }
        let touched: Vec<(i64, String)> = self.read("look for old hours", |conn| {
            conn.prepare_cached("SELECT id, name FROM perftop_metric WHERE first_ms < ?1")?
                .query_map([before_ms], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        for (id, name) in touched {
            self.write("delete old hours", |transaction| {
                cut_hour(transaction, MetricRef { id, name: &name }, before_ms)
            })?;
        }
        Ok(deleted)
    }

    fn prune_rows(&mut self, sql: &str, before_ms: i64) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let step =
                self.write("tidy up", |transaction| transaction.prepare_cached(sql)?.execute((before_ms, STEP_ROWS)))?;
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
            let _write = gate::begin_write();
            give_back_step(&self.conn)
                .map_err(|source| StoreError::from_sqlite(&self.path, "shrink the file", source))?;
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

fn step_end(conn: &Connection, after_id: i64) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT max(id) FROM (SELECT id FROM performance_samples WHERE id > ?1 ORDER BY id LIMIT ?2)")?
        .query_row((after_id, STEP_ROWS), |row| row.get(0))
}

fn has_old(conn: &Connection, after_id: i64, last_id: i64, before_ms: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM performance_samples WHERE id > ?1 AND id <= ?2 AND {ROW_MS} < ?3)"
    ))?
    .query_row((after_id, last_id, before_ms), |row| row.get(0))
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
