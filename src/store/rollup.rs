//! Moves the log into the derived tables, in the order of arrival, each row once.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension};

use super::chunk::Stored;
use super::contexts::Contexts;
use super::dense;
use super::hour::{self, HourRow};
use super::part::{MetricRef, PART_SAMPLES};
use super::pending::{HourRows, Pending, Row};
use super::schema::{self, State};
use super::{Store, StoreError, day, detector_states, log, repair};

/// What one step of the roll-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollUp {
    /// Samples moved; junk rows among them are passed over.
    pub moved: usize,
    /// Whether the log has more.
    pub remaining: bool,
}

impl Store {
    /// Moves up to `max_rows` rows of the log, oldest first, into the derived tables, and makes hours anew of
    /// which rows were deleted or changed, in transactions of about 10 ms.
    ///
    /// Any process may call this at any time. What the derived tables hold afterwards does not depend on
    /// who moved which rows in how many steps, but for which days have a short form. A log that was started anew empties them first.
    pub fn roll_up(&mut self, max_rows: usize) -> Result<RollUp, StoreError> {
        self.notice_new_log()?;
        repair::step(self)?;
        day::step(self)?;
        let ends = self.read("look for new samples", log::ends)?;
        let newest_id = ends.newest_id;
        if ends.rolled_up_to >= newest_id {
            return Ok(RollUp { moved: 0, remaining: self.has_more_to_make()? });
        }
        let mut pending = match self.pending.take() {
            Some(pending) if pending.is_true(ends) && !pending.rows().is_empty() => pending,
            _ => self.read("read new samples", |conn| Pending::read(conn, max_rows))?,
        };
        // Rows after the last one that is there were deleted before anybody saw them.
        let is_end = self.read("look for new samples", |conn| log::is_end(conn, pending.last_id()))?;
        let up_to_id = if is_end { newest_id.max(pending.last_id()) } else { pending.last_id() };
        let mut moved = 0;
        loop {
            let step = pending.step();
            let is_last = step == pending.rows().len();
            let step_ends_at = if is_last { up_to_id } else { pending.rows()[step - 1].id };
            if !self.write_step(&mut pending, step, step_ends_at)? {
                return Ok(RollUp { moved, remaining: true });
            }
            moved += step;
            if is_last {
                return Ok(RollUp { moved, remaining: up_to_id < newest_id || self.has_more_to_make()? });
            }
        }
    }

    /// Whether hours wait to be made anew, or days to be made.
    fn has_more_to_make(&self) -> Result<bool, StoreError> {
        self.read("look for changed samples", |conn| Ok(repair::is_wanted(conn)? || day::is_wanted(conn)?))
    }

    /// Up to which row the log is in the derived tables.
    pub fn rolled_up_to(&self) -> Result<i64, StoreError> {
        self.read("look for new samples", log::rolled_up_to)
    }

    /// Rolls up what this connection has appended, as much of it as fills whole steps.
    pub(super) fn roll_up_waiting(&mut self) -> Result<(), StoreError> {
        let Some(mut pending) = self.pending.take_if(|pending| pending.full_step().is_some()) else { return Ok(()) };
        while let Some(step) = pending.full_step() {
            let up_to_id = pending.rows()[step - 1].id;
            if !self.write_step(&mut pending, step, up_to_id)? {
                return Ok(());
            }
        }
        self.pending = Some(pending);
        Ok(())
    }

    /// Moves a step of the log into the derived tables, and lets others write if another step follows; false when
    /// somebody else has moved the watermark.
    fn write_step(&mut self, pending: &mut Pending, step: usize, up_to_id: i64) -> Result<bool, StoreError> {
        let began = Instant::now();
        // Before the lock is taken.
        let hours = pending.by_hour(step);
        let mut contexts = std::mem::take(&mut self.contexts);
        let written = self.write("roll up samples", |transaction| {
            if !is_same_log(transaction)? || !pending.is_true(log::ends(transaction)?) {
                return Ok(false);
            }
            store(transaction, &mut contexts, pending, &hours)?;
            State::RolledUpTo.set(transaction, up_to_id)?;
            State::Emptied.clear(transaction)?;
            Ok(true)
        });
        // After a failure numbers may be known that were never stored.
        if written.is_ok() {
            self.contexts = contexts;
        }
        let is_mine = written?;
        if is_mine {
            pending.pass(step, up_to_id);
            if pending.full_step().is_some() {
                self.rest(began.elapsed())?;
            }
        }
        Ok(is_mine)
    }

    /// Empties the derived tables when the log was started anew.
    fn notice_new_log(&mut self) -> Result<(), StoreError> {
        if self.read("look for new samples", is_same_log)? {
            return Ok(());
        }
        self.pending = None;
        self.contexts = Contexts::default();
        self.write("forget the old log", |transaction| {
            if !is_same_log(transaction)? {
                forget_derived(transaction)?;
                schema::watch_log(transaction)?;
            }
            Ok(())
        })
    }
}

/// Whether the log is still the one that was rolled up. Ids of one that was started anew begin at 1 again; they may
/// have passed the watermark before anybody looks.
pub(super) fn is_same_log(conn: &Connection) -> rusqlite::Result<bool> {
    let rolled_up_to = log::rolled_up_to(conn)?;
    let begins_again = || {
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM performance_samples WHERE id BETWEEN 1 AND ?1)")?
            .query_row([rolled_up_to], |row| row.get::<_, bool>(0))
    };
    Ok(schema::is_log_watched(conn)?
        && log::newest_id(conn)? >= rolled_up_to
        && !(State::Emptied.get(conn)?.is_some() && begins_again()?))
}

/// Empties the derived tables: all hours are others now. Metrics keep their ids.
fn forget_derived(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "DELETE FROM perftop_chunk;
         DELETE FROM perftop_dense;
         DELETE FROM perftop_day;
         DELETE FROM perftop_hour;
         DELETE FROM perftop_dirty;
         -- Ids begin at 1 again: an alert of the old log must not be taken for one of the new.
         UPDATE perftop_alert SET first_sample_id = -id;
         UPDATE perftop_alert SET recovered_at = updated_at, ended_ms = last_ms, closed_as = 'forgotten'
         WHERE recovered_at IS NULL;
         UPDATE perftop_metric SET n = 0, first_ms = NULL, last_ms = NULL;",
    )?;
    let marks = [
        State::RolledUpTo,
        State::JudgedUpTo,
        State::LearnUpTo,
        State::LearnBefore,
        State::PrunedBefore,
        State::PrunedUpTo,
        State::RebuiltUpTo,
        State::Emptied,
    ];
    marks.into_iter().try_for_each(|mark| mark.clear(conn))?;
    detector_states::forget(conn)?;
    repair::count(conn)
}

/// Puts samples into their places.
fn store(conn: &Connection, contexts: &mut Contexts, pending: &Pending, hours: &[HourRows]) -> rusqlite::Result<()> {
    let mut targets: Vec<Option<Target<'_>>> = pending.metrics().iter().map(|_| None).collect();
    let mut numbers = vec![None; pending.contexts().len()];
    let mut samples = Vec::new();
    for HourRows { hour, metric, rows } in hours {
        let name = &pending.metrics()[*metric as usize];
        let target = match &mut targets[*metric as usize] {
            Some(target) => target,
            missing => missing.insert(Target::find(conn, name)?),
        };
        samples.clear();
        for row in rows {
            let number = match &mut numbers[row.context as usize] {
                Some(number) => *number,
                missing => *missing.insert(contexts.number(conn, &pending.contexts()[row.context as usize])?),
            };
            samples.push(Stored { point: row.point, context: number });
        }
        target.add(conn, *hour, rows, &mut samples)?;
    }
    targets.iter().flatten().try_for_each(|target| target.close(conn))
}

/// Where the samples of a metric go, and what came to it.
#[derive(Debug)]
struct Target<'a> {
    metric: MetricRef<'a>,
    /// The newest hour before this batch; a later one need not be looked for.
    newest_hour: Option<i64>,
    /// Hours that were touched.
    touched: Vec<i64>,
    added: u64,
    first_ms: i64,
    last_ms: i64,
}

impl<'a> Target<'a> {
    /// Looks a metric up, or enters it.
    fn find(conn: &Connection, name: &'a str) -> rusqlite::Result<Self> {
        let found = conn
            .prepare_cached("SELECT id, last_ms FROM perftop_metric WHERE name = ?1")?
            .query_row([name], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional()?;
        let (id, last_ms) = match found {
            Some(found) => found,
            None => (conn.prepare_cached("INSERT INTO perftop_metric (name, n) VALUES (?1, 0)")?.insert([name])?, None),
        };
        Ok(Self {
            metric: MetricRef { id, name },
            newest_hour: last_ms.map(hour::hour_of),
            touched: Vec::new(),
            added: 0,
            first_ms: i64::MAX,
            last_ms: i64::MIN,
        })
    }

    /// Adds samples, in the order of arrival, to their hour.
    fn add(&mut self, conn: &Connection, hour: i64, rows: &[Row], new: &mut Vec<Stored>) -> rusqlite::Result<()> {
        let metric = self.metric;
        self.touched.push(hour);
        self.added += new.len() as u64;
        let times = || new.iter().map(|sample| sample.point.timestamp_ms);
        self.first_ms = times().fold(self.first_ms, i64::min);
        self.last_ms = times().fold(self.last_ms, i64::max);
        let known = if self.newest_hour.is_none_or(|newest| newest < hour) {
            None
        } else {
            HourRow::find(conn, hour, metric.id)?
        };
        let mut of_hour = known.unwrap_or_default();
        for row in rows {
            of_hour.push(row.id, row.point.value);
        }
        of_hour.write(conn, hour, metric.id)?;
        let (part, mut samples) = if known.is_some() { self.open_part(conn, hour)? } else { (0, Vec::new()) };
        if samples.is_empty() {
            return metric.write_parts(conn, hour, part, new);
        }
        samples.append(new);
        metric.write_parts(conn, hour, part, &mut samples)
    }

    /// The part of an hour that has room, and what is in it.
    fn open_part(&self, conn: &Connection, hour: i64) -> rusqlite::Result<(i64, Vec<Stored>)> {
        let mut samples = Vec::new();
        Ok(match self.metric.read_last_part(conn, hour, &mut samples)? {
            Ok(None) => (0, samples),
            Ok(Some(part)) if samples.len() < PART_SAMPLES => (part, samples),
            Ok(Some(part)) => (part + 1, Vec::new()),
            Err(error) => {
                tracing::warn!("{}; it is made anew from the samples", self.metric.damage(hour, error));
                repair::mark(conn, self.metric, hour)?;
                // Beside the damaged part, until the hour is made anew.
                (self.metric.next_part(conn, hour)?, Vec::new())
            }
        })
    }

    /// Keeps what depends on whole hours in step, once all samples are in their places.
    fn close(&self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "UPDATE perftop_metric SET n = n + ?2, first_ms = min(coalesce(first_ms, ?3), ?3),
               last_ms = max(coalesce(last_ms, ?4), ?4) WHERE id = ?1",
        )?
        .execute((self.metric.id, self.added.cast_signed(), self.first_ms, self.last_ms))?;
        let newest_hour = self.newest_hour.unwrap_or(i64::MIN).max(hour::hour_of(self.last_ms));
        let left_behind = self.newest_hour.filter(|hour| *hour < newest_hour && !self.touched.contains(hour));
        for &hour in left_behind.iter().chain(&self.touched) {
            dense::refresh(conn, self.metric, hour, newest_hour)?;
        }
        let ended = left_behind.filter(|hour| day::day_of(*hour) < day::day_of(newest_hour));
        ended.map_or(Ok(()), |hour| day::ended(conn, self.metric.id, hour))
    }
}
