//! Accepted runs: what a module may cost from now on, by the user. The runs themselves are kept with it, as they outlive
//! the newest that are kept of each module; what is undone stays, as a version of before.

use rusqlite::Row;

use super::{Store, StoreError, schema};
use crate::model::{Accepted, NewRun};

const COLUMNS: &str = "id, accepted_at, module, note, runs";

impl Store {
    /// Accepts runs of a module as what is normal from now on.
    pub fn accept_runs(
        &mut self,
        module: &str,
        runs: &[NewRun],
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<i64, StoreError> {
        let (count, commit) = (runs.len(), runs.last().and_then(|run| run.commit.as_deref()));
        let runs = serde_json::to_string(runs).unwrap_or_default();
        self.write("accept runs", |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO perftop_accepted (accepted_at, module, run_count, commit_hash, note, runs)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute((now_ms, module, i64::try_from(count).unwrap_or(i64::MAX), commit, note, runs))?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Takes back what was accepted last of a module; what it was, `None` when nothing is accepted.
    pub fn undo_accepted(&mut self, module: &str, now_ms: i64) -> Result<Option<Accepted>, StoreError> {
        self.write("undo accepted runs", |transaction| {
            let undone = transaction
                .prepare_cached(&format!(
                    "UPDATE perftop_accepted SET undone_at = ?2 WHERE id =
                       (SELECT max(id) FROM perftop_accepted WHERE module = ?1 AND undone_at IS NULL)
                     RETURNING {COLUMNS}"
                ))?
                .query_map((module, now_ms), read)?
                .next()
                .transpose()?;
            Ok(undone)
        })
    }

    /// What was accepted of a module and not undone, the newest first.
    pub fn accepted(&self, module: &str) -> Result<Vec<Accepted>, StoreError> {
        self.read("read accepted runs", |conn| {
            if !schema::has_runs(conn)? {
                return Ok(Vec::new());
            }
            conn.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM perftop_accepted WHERE module = ?1 AND undone_at IS NULL ORDER BY id DESC"
            ))?
            .query_map([module], read)?
            .collect()
        })
    }
}

/// Runs that cannot be read, because another program wrote them, are none.
fn read(row: &Row<'_>) -> rusqlite::Result<Accepted> {
    Ok(Accepted {
        id: row.get(0)?,
        accepted_at_ms: row.get(1)?,
        module: row.get(2)?,
        note: row.get(3)?,
        runs: serde_json::from_str(row.get_ref(4)?.as_str()?).unwrap_or_default(),
    })
}
