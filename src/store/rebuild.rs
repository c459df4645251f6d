//! Makes everything that is derived from the log anew, while others read and write.
//!
//! Stretch by stretch of the log, its hours are entered as if somebody had changed them, and made anew as
//! those are: readers see each hour as it was or as it will be. How far it is stands in the store, so whoever
//! comes after a kill goes on from there. Hours whose rows are no longer kept stay as they are.

use std::collections::{BTreeMap, HashMap};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::part::MetricRef;
use super::schema::State;
use super::{Store, StoreError, detector_states, hour, log, old_rows, repair, totals};

/// What was made anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Samples looked at by this call.
    pub samples: u64,
    /// Whether an earlier call had been interrupted and was completed.
    pub was_resumed: bool,
}

/// Rows of the log in one step, and the rest after it that lets other writers in.
const STEP_ROWS: usize = 100_000;
const REST: Duration = Duration::from_millis(1);

/// Rows rolled up at once before and after.
const ROLL_UP_ROWS: usize = 20_000;

/// A stretch of the log.
struct Stretch {
    /// By metric, the hours it has rows of, and the first and the last id of those.
    hours: HashMap<String, BTreeMap<i64, (i64, i64)>>,
    last_id: i64,
    /// Samples of hours of which every row is kept.
    samples: u64,
}

impl Store {
    /// Makes everything derived from the log anew. `progress` hears how many ids were looked at, and of how
    /// many. Others may read and write meanwhile; when it is interrupted, the next call goes on.
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, StoreError> {
        self.roll_up_all()?;
        let resumed = self.read("see how far it is", |conn| State::RebuiltUpTo.get(conn))?;
        let mut after_id = resumed.unwrap_or(i64::MIN);
        let mut samples = 0;
        // What comes in from now on is rolled up as ever.
        let until_id = self.newest_id()?;
        while after_id < until_id {
            let stretch = self.read("read samples", |conn| Stretch::read(conn, after_id, until_id))?;
            after_id = stretch.last_id;
            samples += stretch.samples;
            self.write("enter hours", |transaction| {
                stretch.enter(transaction)?;
                State::RebuiltUpTo.set(transaction, stretch.last_id)
            })?;
            self.roll_up_all()?;
            progress(after_id.max(0).cast_unsigned(), until_id.cast_unsigned());
        }
        // An hour of which the log has no row was not met.
        if resumed.is_some() || samples != self.read("count samples", totals::of_kept_hours)? {
            self.read("look for hours", |conn| hour::existing(conn, i64::MIN..=i64::MAX))?
                .into_iter()
                .try_for_each(|hour| self.write("enter hours", |transaction| enter_stored(transaction, hour)))?;
            self.roll_up_all()?;
        }
        self.write("count samples", |transaction| {
            count_again(transaction)?;
            detector_states::forget(transaction)?;
            State::RebuiltUpTo.clear(transaction)
        })?;
        Ok(Rebuilt { samples, was_resumed: resumed.is_some() })
    }

    /// Rolls up everything that waits, and makes every hour anew that was entered.
    pub(super) fn roll_up_all(&mut self) -> Result<(), StoreError> {
        while self.roll_up(ROLL_UP_ROWS)?.remaining {
            thread::sleep(REST);
        }
        Ok(())
    }
}

impl Stretch {
    /// The next rows after an id, up to another. At the end it has the last id, whether there is such a row or not.
    fn read(conn: &Connection, after_id: i64, until_id: i64) -> rusqlite::Result<Self> {
        let kept_from_ms = State::PrunedBefore.get(conn)?.unwrap_or(i64::MIN);
        let kept_from_hour = old_rows::first_kept_hour(conn)?;
        let mut stretch = Self { hours: HashMap::new(), last_id: until_id, samples: 0 };
        let mut rows = 0;
        log::visit_after(conn, after_id, STEP_ROWS, |id, row| {
            if id > until_id {
                return;
            }
            rows += 1;
            if rows == STEP_ROWS {
                stretch.last_id = id;
            }
            let Some(row) = row.filter(|row| row.timestamp_ms >= kept_from_ms) else { return };
            let hour = hour::hour_of(row.timestamp_ms);
            stretch.samples += u64::from(hour >= kept_from_hour);
            if !stretch.hours.contains_key(row.metric) {
                stretch.hours.insert(row.metric.to_owned(), BTreeMap::new());
            }
            if let Some(hours) = stretch.hours.get_mut(row.metric) {
                hours.entry(hour).or_insert((id, id)).1 = id;
            }
        })?;
        Ok(stretch)
    }

    fn enter(&self, conn: &Connection) -> rusqlite::Result<()> {
        for (metric, hours) in &self.hours {
            hours.iter().try_for_each(|(hour, ids)| repair::mark_rows(conn, metric, *hour, *ids))?;
        }
        Ok(())
    }
}

/// Enters an hour of every metric that has it, when the log has its rows.
fn enter_stored(conn: &Connection, hour: i64) -> rusqlite::Result<()> {
    if hour < old_rows::first_kept_hour(conn)? {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "SELECT m.name, h.first_id, h.last_id FROM perftop_hour h JOIN perftop_metric m ON m.id = h.metric_id
         WHERE h.hour = ?1",
    )?;
    let mut rows = statement.query([hour])?;
    while let Some(row) = rows.next()? {
        repair::mark_rows(conn, row.get_ref(0)?.as_str()?, hour, (row.get(1)?, row.get(2)?))?;
    }
    Ok(())
}

/// Counts each metric's samples again, and looks where it begins and ends.
fn count_again(conn: &Connection) -> rusqlite::Result<()> {
    let metrics: Vec<(i64, String, i64)> = conn
        .prepare(
            "SELECT m.id, m.name, coalesce(h.n, 0) - m.n FROM perftop_metric m
             LEFT JOIN (SELECT metric_id, sum(n) AS n FROM perftop_hour GROUP BY metric_id) h ON h.metric_id = m.id",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, name, more) in &metrics {
        let metric = MetricRef { id: *id, name };
        totals::changed(conn, metric, *more, i64::MIN)?;
        totals::changed(conn, metric, 0, i64::MAX)?;
    }
    Ok(())
}
