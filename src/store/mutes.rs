//! Mutes: what is recorded and not told of, in the store, so that every pane keeps quiet and a restart changes nothing.

use rusqlite::{Connection, Row};

use super::{Store, StoreError, schema};
use crate::model::{Mute, Rule};

impl Store {
    /// The mutes that are in force, the newest first.
    pub fn mutes(&self, now_ms: i64) -> Result<Vec<Mute>, StoreError> {
        self.read("read mutes", |conn| if schema::has_endings(conn)? { in_force(conn, now_ms) } else { Ok(Vec::new()) })
    }

    /// Mutes a rule on a metric (`None` for all of them) until `until_ms` (`None` for ever), instead of the mute of
    /// the same that may be there.
    pub fn mute(
        &mut self,
        metric: Option<&str>,
        rule: Option<Rule>,
        until_ms: Option<i64>,
        reason: Option<&str>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.write("mute", |transaction| {
            forget_ended(transaction, now_ms)?;
            let rule = rule.map(Rule::as_str);
            transaction
                .prepare_cached("DELETE FROM perftop_mute WHERE metric_name IS ?1 AND rule IS ?2")?
                .execute((metric, rule))?;
            transaction
                .prepare_cached(
                    "INSERT INTO perftop_mute (created_at, until_ms, metric_name, rule, reason)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((now_ms, until_ms, metric, rule, reason))?;
            Ok(())
        })
    }

    /// Ends the mutes of a metric (`None` for those of every metric), of one rule or of whatever rule; how many were in
    /// force.
    pub fn unmute(&mut self, metric: Option<&str>, rule: Option<Rule>, now_ms: i64) -> Result<usize, StoreError> {
        self.write("unmute", |transaction| {
            forget_ended(transaction, now_ms)?;
            transaction
                .prepare_cached("DELETE FROM perftop_mute WHERE metric_name IS ?1 AND (?2 IS NULL OR rule IS ?2)")?
                .execute((metric, rule.map(Rule::as_str)))
        })
    }

    /// Ends these mutes.
    pub fn end_mutes(&mut self, ids: &[i64]) -> Result<(), StoreError> {
        self.write("unmute", |transaction| {
            let mut statement = transaction.prepare_cached("DELETE FROM perftop_mute WHERE id = ?1")?;
            ids.iter().try_for_each(|id| statement.execute([id]).map(drop))
        })
    }

    /// Ends every mute; how many were in force.
    pub fn unmute_all(&mut self, now_ms: i64) -> Result<usize, StoreError> {
        self.write("unmute", |transaction| {
            forget_ended(transaction, now_ms)?;
            transaction.execute("DELETE FROM perftop_mute", [])
        })
    }
}

fn in_force(conn: &Connection, now_ms: i64) -> rusqlite::Result<Vec<Mute>> {
    let found = conn
        .prepare_cached(
            "SELECT id, metric_name, rule, until_ms, reason, created_at FROM perftop_mute
             WHERE until_ms IS NULL OR until_ms > ?1 ORDER BY created_at DESC, id DESC",
        )?
        .query_map([now_ms], read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A row; `None` when it is of a rule that this program does not know.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Mute>> {
    let rule = row.get::<_, Option<String>>(2)?.map(|word| word.parse::<Rule>()).transpose();
    let Ok(rule) = rule else { return Ok(None) };
    Ok(Some(Mute {
        id: row.get(0)?,
        metric: row.get(1)?,
        rule,
        until_ms: row.get(3)?,
        reason: row.get(4)?,
        created_at_ms: row.get(5)?,
    }))
}

fn forget_ended(conn: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM perftop_mute WHERE until_ms <= ?1")?.execute([now_ms])?;
    Ok(())
}
