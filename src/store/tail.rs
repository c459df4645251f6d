//! What is new in the log.

use std::collections::HashMap;

use rusqlite::Connection;

use super::schema::State;
use super::{Store, StoreError, hour, log, repair, rollup};
use crate::model::{MetricName, Point, Sample, TimeRange};

/// New rows of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct TailBatch {
    /// The samples among them, in the order of their ids.
    pub samples: Vec<Sample>,
    /// The id of the last row looked at; where to go on.
    pub last_id: i64,
    /// Rows that are no samples: a value that is no finite number, a timestamp that is no integer.
    pub skipped: u64,
}

/// The samples of a metric that are still to be judged: how often each (timestamp, bits of the value) occurs.
type Waiting = HashMap<(i64, u64), u32>;

/// The history that was there on first contact, to be learned in silence, whoever comes to it and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldHistory {
    /// The newest row on first contact.
    pub up_to_id: i64,
    /// Rows dated from this time on are judged all the same, in ms.
    pub before_ms: i64,
}

impl OldHistory {
    /// Whether a row belongs to it.
    #[must_use]
    pub const fn contains(&self, id: i64, timestamp_ms: i64) -> bool {
        id <= self.up_to_id && timestamp_ms < self.before_ms
    }

    fn get(conn: &Connection) -> rusqlite::Result<Option<Self>> {
        let (up_to_id, before_ms) = (State::LearnUpTo.get(conn)?, State::LearnBefore.get(conn)?);
        Ok(up_to_id.zip(before_ms).map(|(up_to_id, before_ms)| Self { up_to_id, before_ms }))
    }

    /// Whether it is not, or not yet, to be set.
    fn is_settled(conn: &Connection) -> rusqlite::Result<bool> {
        let newest_id = log::newest_id(conn)?;
        let is_known = Self::get(conn)?.is_some_and(|old| old.up_to_id <= newest_id);
        Ok(is_known || newest_id == 0 || State::JudgedUpTo.get(conn)?.is_some())
    }
}

impl Store {
    /// The history to be learned in silence; on first contact, with a log that was never judged and is not
    /// empty, that is what it holds dated before `before_ms`, from then on.
    pub fn old_history(&mut self, before_ms: i64) -> Result<Option<OldHistory>, StoreError> {
        let known = self.read("read the detector's mark", |conn| {
            Ok(if OldHistory::is_settled(conn)? { Some(OldHistory::get(conn)?) } else { None })
        })?;
        if let Some(known) = known {
            return Ok(known);
        }
        self.write("set the detector's first mark", |transaction| {
            if !OldHistory::is_settled(transaction)? {
                State::LearnUpTo.set(transaction, log::newest_id(transaction)?)?;
                State::LearnBefore.set(transaction, before_ms)?;
            }
            OldHistory::get(transaction)
        })
    }

    /// The last id up to which all rows are old history, as far as the hours say so without reading the log.
    pub fn old_up_to(&self, old: OldHistory) -> Result<i64, StoreError> {
        self.read("look for samples to judge", |conn| {
            let rolled_up_to = log::rolled_up_to(conn)?;
            let first_recent: Option<i64> = conn
                .prepare_cached("SELECT min(first_id) FROM perftop_hour WHERE hour >= ?1")?
                .query_row([hour::hour_of(old.before_ms)], |row| row.get(0))?;
            Ok(first_recent.map_or(rolled_up_to, |first_id| rolled_up_to.min(first_id - 1)).min(old.up_to_id))
        })
    }

    /// Visits the samples of every metric in order of time, without those of the log after `after_id` of which
    /// `is_waiting`, given id and timestamp, is true. All of it is one state of the store: what is committed meanwhile
    /// is neither visited nor waited for.
    ///
    /// `range` gives the range from the oldest timestamp that waits. Holds 16 bytes and some more for each sample
    /// that waits.
    pub fn visit_judged(
        &self,
        after_id: i64,
        is_waiting: &dyn Fn(i64, i64) -> bool,
        range: &dyn Fn(Option<i64>) -> TimeRange,
        visit: &mut dyn FnMut(&MetricName, &[Point]),
    ) -> Result<(), StoreError> {
        self.read("read what was judged", |conn| {
            let mut waiting: HashMap<MetricName, Waiting> = HashMap::new();
            let mut oldest_ms: Option<i64> = None;
            log::visit_after(conn, after_id, usize::MAX, |id, row| {
                if let Some(row) = row.filter(|row| is_waiting(id, row.timestamp_ms)) {
                    let of_metric = waiting.entry(self.names.borrow_mut().shared(row.metric)).or_default();
                    *of_metric.entry(key(&row.point())).or_default() += 1;
                    oldest_ms = Some(oldest_ms.map_or(row.timestamp_ms, |oldest_ms| oldest_ms.min(row.timestamp_ms)));
                }
            })?;
            self.visit_series_of(conn, range(oldest_ms), &mut |metric, points| {
                if let Some(mut of_metric) = waiting.remove(metric) {
                    points.retain(|point| !take(&mut of_metric, point));
                }
                visit(metric, points);
            })
        })
    }

    /// Up to `max` rows of the log after a row, oldest first.
    pub fn tail(&self, after_id: i64, max: usize) -> Result<TailBatch, StoreError> {
        self.read("read new samples", |conn| {
            let mut batch = TailBatch { samples: Vec::new(), last_id: after_id, skipped: 0 };
            let names = &mut *self.names.borrow_mut();
            log::visit_after(conn, after_id, max, |id, row| {
                batch.last_id = id;
                match row {
                    Some(row) => batch.samples.push(Sample {
                        id,
                        metric: names.shared(row.metric),
                        value: row.value,
                        timestamp_ms: row.timestamp_ms,
                    }),
                    None => batch.skipped += 1,
                }
            })?;
            Ok(batch)
        })
    }

    /// The highest id the log ever gave out, 0 when it is empty. When it is lower than an id seen before,
    /// the log was emptied or replaced and everything known of it is void.
    pub fn newest_id(&self) -> Result<i64, StoreError> {
        self.read("look for new samples", log::newest_id)
    }

    /// Whether rows that are rolled up were deleted or changed, or the log was started anew, and nobody has rolled
    /// that up yet.
    pub fn has_changed_rows(&self) -> Result<bool, StoreError> {
        self.read("look for changed samples", |conn| Ok(repair::is_wanted(conn)? || !rollup::is_same_log(conn)?))
    }

    /// How often that was rolled up: a number that changes whenever old samples have become others.
    pub fn repairs(&self) -> Result<i64, StoreError> {
        self.read("look for changed samples", repair::done)
    }

    /// A number that changes whenever another connection has committed something.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.conn
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|source| StoreError::from_sqlite(&self.path, "look for changes", source))
    }
}

fn key(point: &Point) -> (i64, u64) {
    (point.timestamp_ms, point.value.to_bits())
}

/// Takes one sample out of those that wait; false when there is no such one.
fn take(waiting: &mut Waiting, point: &Point) -> bool {
    let Some(count) = waiting.get_mut(&key(point)).filter(|count| **count > 0) else { return false };
    *count -= 1;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NewSample;

    /// What is committed while series are read is not part of them, and does not wait either.
    #[test]
    fn what_waits_and_what_is_known_are_of_one_instant() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("perftop.db");
        let sample = |value| NewSample { metric: "m".into(), value, timestamp_ms: 5, context_json: None };
        Store::open(&path).unwrap().append(&[sample(1.0), sample(2.0), sample(1.0)], None, 5).unwrap();
        let add_one = |_| {
            Store::open(&path).unwrap().append(&[sample(3.0)], None, 5).unwrap();
            TimeRange { from_ms: 0, until_ms: 10 }
        };
        let mut seen = Vec::new();
        let store = Store::open(&path).unwrap();
        let mut visit = |_: &MetricName, points: &[Point]| seen.extend(points.iter().map(|point| point.value));
        store.visit_judged(2, &|_, _| true, &add_one, &mut visit).unwrap();
        assert_eq!(seen.len(), 2, "one of the equal samples waits, the new one is neither");
        assert!(seen.iter().all(|&value| value < 2.5), "{seen:?}");
        assert_eq!(store.newest_id().unwrap(), 4);
    }

    #[test]
    fn what_is_old_is_known_from_the_hours() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("perftop.db")).unwrap();
        let day_ms = 24 * hour::HOUR_MS;
        let sample = |timestamp_ms| NewSample { metric: "m".into(), value: 1.0, timestamp_ms, context_json: None };
        let rows: Vec<NewSample> = [0, 1, 2, day_ms + 5, 3].map(sample).into();
        store.append(&rows, None, 0).unwrap();
        let old = OldHistory { up_to_id: 5, before_ms: day_ms };
        assert_eq!(store.old_up_to(old).unwrap(), 0, "nothing is rolled up");
        while store.roll_up(2).unwrap().remaining {}
        assert_eq!(store.old_up_to(old).unwrap(), 3, "what came after a recent row may be recent, too");
        assert_eq!(store.old_up_to(OldHistory { before_ms: 2 * day_ms, ..old }).unwrap(), 5);
        assert_eq!(store.old_up_to(OldHistory { up_to_id: 2, ..old }).unwrap(), 2);
    }
}
