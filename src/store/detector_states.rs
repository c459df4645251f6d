//! What the detectors have learned of each metric. Derived: it can be learned again from the log.

use rusqlite::{Connection, OptionalExtension as _};

use super::hour::{self, HourRow};
use super::part::MetricRef;
use super::schema::{self, State};
use super::{Store, StoreError, reader};
use crate::model::{DetectorState, MetricName, Point, TimeRange};

impl Store {
    /// When samples of each metric come, of those whose state is of a version.
    pub fn detector_pulses(&self, version: i64) -> Result<Vec<(MetricName, Vec<u8>)>, StoreError> {
        self.read("read detectors' states", |conn| {
            if !schema::has_endings(conn)? {
                return Ok(Vec::new());
            }
            let names = &mut *self.names.borrow_mut();
            conn.prepare_cached(
                "SELECT name, silence FROM perftop_monitor JOIN perftop_metric ON id = metric_id WHERE version = ?1",
            )?
            .query_map([version], |row| Ok((names.shared(row.get_ref(0)?.as_str()?), row.get(1)?)))?
            .collect()
        })
    }

    /// What was kept of a metric; `None` when nothing was, or by another version.
    pub fn detector_state(&self, metric: &MetricName, version: i64) -> Result<Option<DetectorState>, StoreError> {
        self.read("read a detector's state", |conn| {
            if !schema::has_endings(conn)? {
                return Ok(None);
            }
            let read = |row: &rusqlite::Row<'_>| {
                let (up_to_id, pulse, learned) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(DetectorState { metric: MetricName::clone(metric), version, up_to_id, pulse, learned })
            };
            conn.prepare_cached(
                "SELECT up_to_id, silence, state FROM perftop_monitor JOIN perftop_metric ON id = metric_id
                 WHERE name = ?1 AND version = ?2",
            )?
            .query_row((&**metric, version), read)
            .optional()
        })
    }

    /// How often everything that was kept was thrown away, as it was learned from a log that is another now. Who goes on
    /// with what he learned before that is not heard any more.
    pub fn forgotten(&self) -> Result<i64, StoreError> {
        self.read("read detectors' states", |conn| if schema::has_derived(conn)? { forgotten(conn) } else { Ok(0) })
    }

    /// Keeps states, but for those of metrics of which somebody has kept a later one. Nothing is kept of a metric that is
    /// not rolled up yet, nor of rows that are not marked as judged: whoever goes on there will learn them. `false`, and
    /// nothing is kept, when they were learned before everything was forgotten for more than the `known` time.
    pub fn keep_detector_states(
        &mut self,
        states: &[DetectorState],
        known: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write("keep detectors' states", |transaction| {
            if forgotten(transaction)? != known {
                return Ok(false);
            }
            let judged = State::JudgedUpTo.get(transaction)?.unwrap_or(0);
            let mut statement = transaction.prepare_cached(
                "INSERT INTO perftop_monitor (metric_id, version, up_to_id, saved_at, silence, state)
                 SELECT id, ?2, ?3, ?4, ?5, ?6 FROM perftop_metric WHERE name = ?1
                 ON CONFLICT DO UPDATE SET version = excluded.version, up_to_id = excluded.up_to_id,
                   saved_at = excluded.saved_at, silence = excluded.silence, state = excluded.state
                 WHERE excluded.up_to_id > up_to_id OR excluded.version <> version",
            )?;
            for state in states.iter().filter(|state| state.up_to_id <= judged) {
                let DetectorState { metric, version, up_to_id, pulse, learned } = state;
                statement.execute((&**metric, version, up_to_id, now_ms, pulse, learned))?;
            }
            Ok(true)
        })
    }

    /// Marks the rows up to an id as judged in which nothing was found; `false`, and nothing is marked, when they were read
    /// before everything was forgotten for more than the `known` time.
    pub fn mark_judged(&mut self, up_to_id: i64, known: i64) -> Result<bool, StoreError> {
        self.write("mark samples as judged", |transaction| {
            if forgotten(transaction)? != known {
                return Ok(false);
            }
            if State::JudgedUpTo.get(transaction)?.is_none_or(|judged| judged < up_to_id) {
                State::JudgedUpTo.set(transaction, up_to_id)?;
            }
            Ok(true)
        })
    }

    /// Visits metrics with up to about `most` of their last samples in a range each, by time; of what is not rolled up the
    /// rows up to an id. Who asks again reads of that only what is new.
    pub fn visit_last(
        &self,
        wanted: &[(MetricName, TimeRange)],
        up_to_id: i64,
        most: usize,
        visit: &mut dyn FnMut(&MetricName, &[Point]),
    ) -> Result<(), StoreError> {
        self.read("read what was judged", |conn| {
            let recent = &mut *self.recent.borrow_mut();
            recent.read_on(conn, &mut self.names.borrow_mut(), up_to_id)?;
            for (metric, range) in wanted {
                let mut points = Vec::new();
                if let Some(found) = MetricRef::find(conn, metric)? {
                    read_last(conn, found, *range, most, &mut points)?;
                }
                points.extend(recent.of(metric));
                reader::cut(&mut points, *range);
                visit(metric, &points[points.len().saturating_sub(most)..]);
            }
            Ok(())
        })
    }
}

fn forgotten(conn: &Connection) -> rusqlite::Result<i64> {
    Ok(State::Forgotten.get(conn)?.unwrap_or(0))
}

/// Throws away what detectors have learned, also what is still in the memory of those who run.
pub(super) fn forget(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM perftop_monitor", [])?;
    State::Forgotten.set(conn, forgotten(conn)? + 1)
}

/// Reads the hours of a range from its end on, until there are enough samples.
fn read_last(
    conn: &Connection,
    metric: MetricRef<'_>,
    range: TimeRange,
    most: usize,
    points: &mut Vec<Point>,
) -> rusqlite::Result<()> {
    let hours = metric.existing_hours(conn, hour::hours_in(range))?;
    let (mut first, mut samples) = (hours.len(), 0);
    while first > 0 && samples < most as u64 {
        first -= 1;
        samples += HourRow::find(conn, hours[first], metric.id)?.unwrap_or_default().moments.n;
    }
    hours[first..].iter().try_for_each(|&hour| metric.read_hour(conn, hour, points))
}
