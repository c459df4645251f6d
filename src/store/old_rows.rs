//! Where in the log old rows stand. Ids rise with arrival, not with time; so the ids are those that were given
//! out before the time, and those that the stored hours before the time say.

use rusqlite::{Connection, OptionalExtension as _};

use super::schema::{self, State};
use super::{hour, log};

/// When a row was measured; for a row that does not say, when it was stored.
pub(super) const ROW_MS: &str = "CASE WHEN typeof(timestamp) IN ('integer', 'real') THEN timestamp ELSE created_at END";

/// Ids after `after` up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub after: i64,
    pub last: i64,
}

impl Ids {
    /// How many there are, of those that SQLite gives out.
    pub(super) fn len(&self) -> u64 {
        self.last.max(0).abs_diff(self.after.max(0))
    }

    /// Those up to an id.
    pub(super) fn until(self, last: i64) -> Self {
        Self { last, ..self }
    }

    /// The last id of a step of `rows` rows after `after_id`; `None` when there are no more.
    pub(super) fn step_end(self, conn: &Connection, after_id: i64, rows: u32) -> rusqlite::Result<Option<i64>> {
        conn.prepare_cached(
            "SELECT max(id) FROM (SELECT id FROM performance_samples WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)",
        )?
        .query_row((after_id, self.last, rows), |row| row.get(0))
    }

    /// Whether one of them is old.
    pub(super) fn has_old(self, conn: &Connection, before_ms: i64) -> rusqlite::Result<bool> {
        conn.prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM performance_samples WHERE id > ?1 AND id <= ?2 AND {ROW_MS} < ?3)"
        ))?
        .query_row((self.after, self.last, before_ms), |row| row.get(0))
    }
}

/// The stretches of ids among which every row dated before a time is, apart from junk that was put in later
/// than the rows around it.
pub(super) fn find(conn: &Connection, before_ms: i64) -> rusqlite::Result<Vec<Ids>> {
    let mut found = vec![Ids { after: i64::MIN, last: stored_before(conn, before_ms)? }];
    let rolled_up_to = log::rolled_up_to(conn)?;
    // What is not rolled up stands in no hour.
    found.push(Ids { after: rolled_up_to, last: log::newest_id(conn)? });
    if schema::has_derived(conn)? {
        found.extend(of_hours(conn, before_ms)?);
    }
    Ok(merged(found))
}

/// The first hour of which no row was deleted because it was old.
pub(super) fn first_kept_hour(conn: &Connection) -> rusqlite::Result<i64> {
    let pruned_before_ms = State::PrunedBefore.get(conn)?;
    Ok(pruned_before_ms.map_or(i64::MIN, |ms| hour::hour_of(ms.saturating_sub(1)) + 1))
}

/// How many rows are dated before a time.
pub(super) fn count(conn: &Connection, before_ms: i64) -> rusqlite::Result<u64> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT count(*) FROM performance_samples WHERE id > ?1 AND id <= ?2 AND {ROW_MS} < ?3"
    ))?;
    let of = |ids: &Ids| statement.query_row((ids.after, ids.last, before_ms), |row| row.get::<_, i64>(0));
    let counts = find(conn, before_ms)?.iter().map(of).collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(counts.into_iter().sum::<i64>().cast_unsigned())
}

/// The ids of the rows that the old hours were made of; of hours that were pruned before, only of rows that came
/// in since.
fn of_hours(conn: &Connection, before_ms: i64) -> rusqlite::Result<Vec<Ids>> {
    let pruned_before_ms = State::PrunedBefore.get(conn)?;
    let pruned_hour = pruned_before_ms.map_or(i64::MIN, hour::hour_of);
    let pruned_up_to = State::PrunedUpTo.get(conn)?.unwrap_or(0);
    conn.prepare_cached(
        "SELECT min(CASE WHEN hour < ?2 THEN max(first_id, ?3 + 1) ELSE first_id END) - 1, max(last_id)
         FROM perftop_hour WHERE hour <= ?1 AND (hour >= ?2 OR last_id > ?3) GROUP BY hour",
    )?
    .query_map((hour::hour_of(before_ms), pruned_hour, pruned_up_to), |row| {
        Ok(Ids { after: row.get(0)?, last: row.get(1)? })
    })?
    .collect()
}

/// The last id that was given out before a time, by halves: rows are stored in the order of their ids.
fn stored_before(conn: &Connection, before_ms: i64) -> rusqlite::Result<i64> {
    let mut at_or_after =
        conn.prepare_cached("SELECT id, created_at FROM performance_samples WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    let (mut low, mut high) = (0, log::newest_id(conn)?);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let found: Option<(i64, Option<i64>)> =
            at_or_after.query_row([middle], |row| Ok((row.get(0)?, row.get_ref(1)?.as_i64().ok()))).optional()?;
        match found {
            Some((id, stored_ms)) if id <= high && stored_ms.is_some_and(|ms| ms < before_ms) => low = id,
            _ => high = middle - 1,
        }
    }
    Ok(low)
}

/// The same ids in stretches that do not overlap, in order.
fn merged(mut ids: Vec<Ids>) -> Vec<Ids> {
    ids.retain(|ids| ids.after < ids.last);
    ids.sort_by_key(|ids| ids.after);
    let mut merged: Vec<Ids> = Vec::new();
    for ids in ids {
        match merged.last_mut() {
            Some(before) if ids.after <= before.last => before.last = before.last.max(ids.last),
            _ => merged.push(ids),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_become_one() {
        let ids = |after, last| Ids { after, last };
        let all = vec![ids(20, 30), ids(5, 9), ids(9, 12), ids(6, 7), ids(40, 40)];
        assert_eq!(merged(all), [ids(5, 12), ids(20, 30)]);
    }
}
