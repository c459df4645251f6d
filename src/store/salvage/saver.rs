//! The saved rows on their way into a new store, and what is known to be missing among them.

use std::ops::RangeInclusive;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::table::Table;
use super::tree::Span;
use crate::store::schema::State;

/// Rows in one transaction.
const ROWS_PER_TRANSACTION: u64 = 50_000;

/// Puts rows into a new store. What it wrote last is only there after [`Saver::commit`].
pub(super) struct Saver<'a> {
    conn: &'a Connection,
    rows: u64,
    progress: &'a mut dyn FnMut(u64),
}

/// A value as it stood in the damaged store.
struct AsFound<'a>(ValueRef<'a>);

impl ToSql for AsFound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl<'a> Saver<'a> {
    /// `progress` hears how many rows were saved so far.
    pub(super) fn new(conn: &'a Connection, progress: &'a mut dyn FnMut(u64)) -> rusqlite::Result<Self> {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { conn, rows: 0, progress })
    }

    /// Saves a row; where one of its key is saved already, that one stays.
    pub(super) fn save(&mut self, table: &Table, row_id: i64, values: &[ValueRef<'_>]) -> rusqlite::Result<()> {
        let id = table.has_row_ids().then_some(ValueRef::Integer(row_id));
        let rest = if id.is_some() { &values[1..] } else { values };
        let insert = table.insert_sql(values.len());
        let values = id.iter().chain(rest).map(|value| AsFound(*value));
        self.conn.prepare_cached(&insert)?.execute(params_from_iter(values))?;
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_PER_TRANSACTION) {
            self.conn.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            (self.progress)(self.rows);
        }
        Ok(())
    }

    /// Makes the rows stay.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.conn.execute_batch("COMMIT")
    }
}

/// Where it was lost up to which alert it is known what belongs together, it counts as known of all: they stay as they are.
pub(super) fn settle_incidents(conn: &Connection) -> rusqlite::Result<()> {
    if State::GroupedUpTo.get(conn)?.is_none() {
        let newest_id = conn.query_row("SELECT coalesce(max(id), 0) FROM perftop_alert", [], |row| row.get(0))?;
        State::GroupedUpTo.set(conn, newest_id)?;
    }
    Ok(())
}

/// How many rows of a table were saved.
pub(super) fn count(conn: &Connection, table: &Table) -> rusqlite::Result<u64> {
    conn.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}

/// The highest id that was saved; 0 when none was.
pub(super) fn newest_id(conn: &Connection, table: &Table) -> rusqlite::Result<i64> {
    conn.query_row(&format!("SELECT coalesce(max(id), 0) FROM {}", table.name), [], |row| row.get(0))
}

/// Ids are not given out again that the damaged store had given out.
pub(super) fn continue_ids(conn: &Connection, table: &Table, given_id: i64) -> rusqlite::Result<()> {
    let is_known =
        conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", (table.name, given_id))?;
    if is_known == 0 {
        conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table.name, given_id))?;
    }
    Ok(())
}

/// The ids between 1 and `newest_id` that lie where rows could not be read, and were not saved from elsewhere.
pub(super) fn missing(
    conn: &Connection,
    table: &Table,
    unreadable: &[Span],
    newest_id: i64,
) -> rusqlite::Result<Vec<RangeInclusive<i64>>> {
    let mut statement =
        conn.prepare(&format!("SELECT id FROM {} WHERE id > ?1 AND id <= ?2 ORDER BY id", table.name))?;
    let mut ranges: Vec<RangeInclusive<i64>> = Vec::new();
    let mut add = |first: i64, last: i64| match ranges.last_mut() {
        _ if first > last => {}
        Some(before) if first <= before.end().saturating_add(1) => {
            *before = *before.start()..=last.max(*before.end());
        }
        _ => ranges.push(first..=last),
    };
    let mut spans: Vec<Span> = unreadable.to_vec();
    spans.sort_by_key(|span| span.after);
    for span in spans {
        let (mut after, last) = (span.after.max(0), span.last.min(newest_id));
        let mut rows = statement.query((after, last))?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            add(after + 1, id - 1);
            after = id;
        }
        add(after.saturating_add(1), last);
    }
    Ok(ranges)
}
