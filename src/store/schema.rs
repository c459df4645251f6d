//! The tables: the contract, ours, and how one layout becomes the next.

use rusqlite::{Connection, OptionalExtension};

/// The contract with other programs, word for word. A store they made has these and nothing else.
const CONTRACT: &str = "
CREATE TABLE IF NOT EXISTS performance_samples (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, value REAL NOT NULL, timestamp INTEGER NOT NULL,
  context_json TEXT, created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000));
CREATE TABLE IF NOT EXISTS performance_baselines (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, window_size TEXT NOT NULL, mean REAL NOT NULL,
  std_dev REAL NOT NULL, p95 REAL NOT NULL, p99 REAL NOT NULL, sample_count INTEGER NOT NULL,
  last_updated INTEGER NOT NULL, UNIQUE(metric_name, window_size));
CREATE TABLE IF NOT EXISTS spc_anomalies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, sample_value REAL NOT NULL,
  control_limit_type TEXT CHECK(control_limit_type IN ('UCL', 'LCL', 'RUN', 'TREND')), rule_description TEXT,
  detected_at INTEGER NOT NULL, severity INTEGER DEFAULT 1);
";

/// Layout n is made from layout n-1 by the n-th entry; the last one is what this program knows.
///
/// Moments are not NOT NULL: SQLite keeps a NaN, which sums of the largest numbers can become, as NULL.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE perftop_state (k TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE perftop_metric (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER);
CREATE TABLE perftop_hour (
  metric_id INTEGER NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL, mean REAL, m2 REAL, min REAL, max REAL,
  PRIMARY KEY (metric_id, hour)) WITHOUT ROWID;
CREATE TABLE perftop_chunk (
  metric_id INTEGER NOT NULL, hour INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (metric_id, hour, part)) WITHOUT ROWID;
CREATE TABLE perftop_file (
  dev INTEGER NOT NULL, ino INTEGER NOT NULL, birth_ns INTEGER NOT NULL, path BLOB NOT NULL,
  offset INTEGER NOT NULL, lines INTEGER NOT NULL, rejected INTEGER NOT NULL, tail BLOB NOT NULL,
  updated_at INTEGER NOT NULL, PRIMARY KEY (dev, ino, birth_ns)) WITHOUT ROWID;
CREATE TABLE perftop_alert (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, rule TEXT NOT NULL, limit_type TEXT NOT NULL,
  severity INTEGER NOT NULL, description TEXT NOT NULL, center REAL, sigma REAL,
  first_sample_id INTEGER NOT NULL, first_ms INTEGER NOT NULL, first_value REAL NOT NULL,
  last_ms INTEGER NOT NULL, last_value REAL NOT NULL, peak_value REAL NOT NULL, count INTEGER NOT NULL,
  opened_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, acknowledged_at INTEGER, recovered_at INTEGER,
  UNIQUE (metric_name, rule, first_sample_id));
CREATE INDEX perftop_alert_open ON perftop_alert (metric_name, rule) WHERE recovered_at IS NULL;
CREATE INDEX perftop_alert_updated ON perftop_alert (updated_at);
",
    "
DROP TABLE perftop_chunk;
DROP TABLE perftop_hour;
CREATE TABLE perftop_hour (
  hour INTEGER NOT NULL, metric_id INTEGER NOT NULL, n INTEGER NOT NULL, mean REAL, m2 REAL, min REAL, max REAL,
  first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, PRIMARY KEY (hour, metric_id)) WITHOUT ROWID;
CREATE TABLE perftop_chunk (
  hour INTEGER NOT NULL, metric_id INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (hour, metric_id, part)) WITHOUT ROWID;
CREATE TABLE perftop_dense (
  hour INTEGER NOT NULL, metric_id INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (hour, metric_id)) WITHOUT ROWID;
CREATE TABLE perftop_context (id INTEGER PRIMARY KEY, tags TEXT NOT NULL UNIQUE);
CREATE TABLE perftop_dirty (
  metric_name TEXT NOT NULL, hour INTEGER NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL,
  changes INTEGER NOT NULL, PRIMARY KEY (metric_name, hour)) WITHOUT ROWID;
-- The log is rolled up anew into the new tables.
UPDATE perftop_metric SET n = 0, first_ms = NULL, last_ms = NULL;
DELETE FROM perftop_state WHERE k = 'rolled_up_to';
INSERT INTO perftop_state (k, v) VALUES ('unrolled_changes', 0);
",
    // Large rows in a table of their key make each comparison on the way to one of them read a whole row: they
    // lie in the order in which they came, found through an index of short rows.
    "
ALTER TABLE perftop_chunk RENAME TO perftop_chunk_2;
CREATE TABLE perftop_chunk (
  hour INTEGER NOT NULL, metric_id INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (hour, metric_id, part));
INSERT INTO perftop_chunk (hour, metric_id, part, data)
SELECT hour, metric_id, part, data FROM perftop_chunk_2 ORDER BY hour, metric_id, part;
DROP TABLE perftop_chunk_2;
ALTER TABLE perftop_dense RENAME TO perftop_dense_2;
CREATE TABLE perftop_dense (
  hour INTEGER NOT NULL, metric_id INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (hour, metric_id));
INSERT INTO perftop_dense (hour, metric_id, data)
SELECT hour, metric_id, data FROM perftop_dense_2 ORDER BY hour, metric_id;
DROP TABLE perftop_dense_2;
CREATE TABLE perftop_day (
  day INTEGER NOT NULL, metric_id INTEGER NOT NULL, stamp INTEGER NOT NULL, data BLOB, PRIMARY KEY (day, metric_id));
CREATE INDEX perftop_day_wanted ON perftop_day (day) WHERE data IS NULL;
INSERT INTO perftop_day (day, metric_id, stamp)
SELECT day, metric_id, random() FROM
  (SELECT DISTINCT hour / 24 - (hour % 24 < 0) AS day, metric_id FROM perftop_dense) d
WHERE day < (SELECT last_ms / 86400000 - (last_ms % 86400000 < 0) FROM perftop_metric WHERE id = d.metric_id);
",
    // What is long comes last: a list of alerts reads the rows without it. No two of our tables, nor one of the
    // contract's, have rows of the same shape, so that a lost page's rows can be told apart (`salvage`).
    "
ALTER TABLE perftop_alert ADD COLUMN peak_ms INTEGER;
ALTER TABLE perftop_alert ADD COLUMN ended_ms INTEGER;
ALTER TABLE perftop_alert ADD COLUMN closed_as TEXT;
ALTER TABLE perftop_alert ADD COLUMN opened_in_hour INTEGER NOT NULL DEFAULT 1;
ALTER TABLE perftop_alert ADD COLUMN label INTEGER;
ALTER TABLE perftop_alert ADD COLUMN labelled_at INTEGER;
ALTER TABLE perftop_alert ADD COLUMN reasons TEXT;
ALTER TABLE perftop_alert ADD COLUMN evidence TEXT;
CREATE TABLE perftop_mute (
  id INTEGER PRIMARY KEY AUTOINCREMENT, created_at INTEGER NOT NULL, until_ms INTEGER, metric_name TEXT, rule TEXT,
  reason TEXT);
CREATE TABLE perftop_monitor (
  metric_id INTEGER PRIMARY KEY, version INTEGER NOT NULL, up_to_id INTEGER NOT NULL, saved_at INTEGER NOT NULL,
  silence BLOB NOT NULL, state BLOB NOT NULL);
",
    // Beside the alerts, as their rows end with what is long. Alerts of before stay alone.
    "
CREATE TABLE perftop_incident (
  alert_id INTEGER PRIMARY KEY, incident_id INTEGER NOT NULL, onset_ms INTEGER NOT NULL, chance REAL NOT NULL);
CREATE INDEX perftop_incident_alerts ON perftop_incident (incident_id);
CREATE INDEX perftop_alert_first ON perftop_alert (first_ms);
CREATE TRIGGER perftop_alert_deleted AFTER DELETE ON perftop_alert
BEGIN
  DELETE FROM perftop_incident WHERE alert_id = old.id;
END;
INSERT INTO perftop_state (k, v) SELECT 'grouped_up_to', coalesce(max(id), 0) FROM perftop_alert;
",
    "
CREATE TABLE perftop_run (
  id INTEGER PRIMARY KEY AUTOINCREMENT, module TEXT NOT NULL, run_key TEXT NOT NULL UNIQUE, batch TEXT NOT NULL,
  started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, exit_code INTEGER, signal INTEGER, source TEXT NOT NULL,
  commit_hash TEXT, environment TEXT, tags TEXT NOT NULL, measures TEXT NOT NULL, phases TEXT NOT NULL);
CREATE INDEX perftop_run_module ON perftop_run (module, started_ms);
CREATE TABLE perftop_accepted (
  id INTEGER PRIMARY KEY AUTOINCREMENT, accepted_at INTEGER NOT NULL, undone_at INTEGER, module TEXT NOT NULL,
  run_count INTEGER NOT NULL, commit_hash TEXT, note TEXT, runs TEXT NOT NULL);
CREATE TABLE perftop_run_anomaly (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, module TEXT NOT NULL, metric TEXT NOT NULL,
  rules TEXT NOT NULL, value REAL NOT NULL, average REAL, deviation_percent REAL, threshold_percent REAL,
  limit_value REAL NOT NULL, at_ms INTEGER NOT NULL, state TEXT NOT NULL, settled_ms INTEGER, UNIQUE (run_id, metric));
CREATE INDEX perftop_run_anomaly_at ON perftop_run_anomaly (at_ms);
CREATE INDEX perftop_run_anomaly_open ON perftop_run_anomaly (module, metric) WHERE state = 'open';
",
];

/// Notices what others delete or change. Of rows that are rolled up already, the hour is entered, to be made
/// anew from the log; changes to later rows are counted, so that nobody rolls up what he has in memory of them.
/// Nothing fires on an insert: whoever appends pays nothing. What we delete ourselves because it is old is not
/// to change what was made from it: `pruning` stands in `perftop_state` meanwhile.
///
/// `t / 3600000 - (t % 3600000 < 0)` is the hour of a time, rounded down also before 1970.
const WATCHERS: &str = "
CREATE TRIGGER IF NOT EXISTS perftop_sample_deleted AFTER DELETE ON performance_samples
BEGIN
  INSERT INTO perftop_dirty (metric_name, hour, first_id, last_id, changes)
  SELECT old.metric_name, old.timestamp / 3600000 - (old.timestamp % 3600000 < 0), old.id, old.id, 1
  WHERE old.id <= (SELECT v FROM perftop_state WHERE k = 'rolled_up_to')
    AND typeof(old.metric_name) = 'text' AND typeof(old.timestamp) = 'integer'
    AND NOT EXISTS (SELECT 1 FROM perftop_state WHERE k = 'pruning')
  ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
    changes = changes + 1;
  UPDATE perftop_state SET v = v + 1 WHERE k = 'unrolled_changes'
    AND old.id > (SELECT coalesce(max(v), 0) FROM perftop_state WHERE k = 'rolled_up_to');
  INSERT INTO perftop_state (k, v) SELECT 'emptied', 1 WHERE NOT EXISTS (SELECT 1 FROM performance_samples)
  ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS perftop_sample_updated
AFTER UPDATE OF id, metric_name, value, timestamp, context_json ON performance_samples
BEGIN
  INSERT INTO perftop_dirty (metric_name, hour, first_id, last_id, changes)
  SELECT old.metric_name, old.timestamp / 3600000 - (old.timestamp % 3600000 < 0), old.id, old.id, 1
  WHERE old.id <= (SELECT v FROM perftop_state WHERE k = 'rolled_up_to')
    AND typeof(old.metric_name) = 'text' AND typeof(old.timestamp) = 'integer'
  ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
    changes = changes + 1;
  INSERT INTO perftop_dirty (metric_name, hour, first_id, last_id, changes)
  SELECT new.metric_name, new.timestamp / 3600000 - (new.timestamp % 3600000 < 0), new.id, new.id, 1
  WHERE new.id <= (SELECT v FROM perftop_state WHERE k = 'rolled_up_to')
    AND typeof(new.metric_name) = 'text' AND typeof(new.timestamp) = 'integer'
  ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
    changes = changes + 1;
  UPDATE perftop_state SET v = v + 1 WHERE k = 'unrolled_changes'
    AND old.id > (SELECT coalesce(max(v), 0) FROM perftop_state WHERE k = 'rolled_up_to');
END;
";

/// The layout this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len().cast_signed() as i64;

/// A number kept in `perftop_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The layout of our tables.
    SchemaVersion,
    /// Every row of the log up to this id is in the derived tables.
    RolledUpTo,
    /// Every row of the log up to this id was judged by the detector.
    JudgedUpTo,
    /// How often everything that detectors had learned was thrown away.
    Forgotten,
    /// It is known of every alert up to this id whether others began together with it.
    GroupedUpTo,
    /// Every run up to this id was judged by those before it.
    RunsJudgedUpTo,
    /// Rows of the log up to this id, the newest on first contact, are learned in silence
    LearnUpTo,
    /// when they are dated before this time, in ms.
    LearnBefore,
    /// Rows dated before this time, in ms, may be gone from the log; what was made from them is what is known.
    PrunedBefore,
    /// Of the hours before that, rows up to this id were deleted.
    PrunedUpTo,
    /// While everything is made anew: up to which id of the log it was.
    RebuiltUpTo,
    /// When old rows were last looked for, in ms.
    PrunedAt,
    /// How often rows after `RolledUpTo` were deleted or changed.
    UnrolledChanges,
    /// How often hours were made anew.
    Repairs,
    /// The last row of the log was deleted since something was rolled up.
    Emptied,
    /// How often everything was flushed to the disk.
    Flushes,
    /// There only while we delete what is old, within one transaction.
    Pruning,
}

impl State {
    /// Its name in the table.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::SchemaVersion => "schema_version",
            Self::RolledUpTo => "rolled_up_to",
            Self::JudgedUpTo => "judged_up_to",
            Self::Forgotten => "forgotten",
            Self::GroupedUpTo => "grouped_up_to",
            Self::RunsJudgedUpTo => "runs_judged_up_to",
            Self::LearnUpTo => "learn_up_to",
            Self::LearnBefore => "learn_before_ms",
            Self::PrunedBefore => "pruned_before_ms",
            Self::PrunedUpTo => "pruned_up_to",
            Self::RebuiltUpTo => "rebuilt_up_to",
            Self::PrunedAt => "pruned_at_ms",
            Self::UnrolledChanges => "unrolled_changes",
            Self::Repairs => "repairs",
            Self::Emptied => "emptied",
            Self::Flushes => "flushes",
            Self::Pruning => "pruning",
        }
    }

    /// The number, or `None` before it was first set. Needs our tables.
    pub(super) fn get(self, conn: &Connection) -> rusqlite::Result<Option<i64>> {
        conn.prepare_cached("SELECT v FROM perftop_state WHERE k = ?1")?
            .query_row([self.key()], |row| row.get(0))
            .optional()
    }

    /// Sets the number.
    pub(super) fn set(self, conn: &Connection, value: i64) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "INSERT INTO perftop_state (k, v) VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
        )?
        .execute((self.key(), value))?;
        Ok(())
    }

    /// Forgets the number.
    pub(super) fn clear(self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached("DELETE FROM perftop_state WHERE k = ?1")?.execute([self.key()])?;
        Ok(())
    }
}

/// Whether the database has a table of this name.
pub(super) fn has_table(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)")?
        .query_row([name], |row| row.get(0))
}

/// Whether our tables are there in the layout of this program; without them only the log can be read.
pub(super) fn has_derived(conn: &Connection) -> rusqlite::Result<bool> {
    has_table(conn, "perftop_dirty")
}

/// Whether alerts have the columns of layout 4; a store of an earlier one that may only be read lacks them.
pub(super) fn has_endings(conn: &Connection) -> rusqlite::Result<bool> {
    has_table(conn, "perftop_mute")
}

/// Whether there is a place for incidents, as of layout 5.
pub(super) fn has_incidents(conn: &Connection) -> rusqlite::Result<bool> {
    has_table(conn, "perftop_incident")
}

/// Whether there is a place for runs, as of layout 6.
pub(super) fn has_runs(conn: &Connection) -> rusqlite::Result<bool> {
    has_table(conn, "perftop_run")
}

/// Whether the database has tables, and none that the contract names.
pub(super) fn is_foreign(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row(
        "SELECT count(*) > 0 AND NOT max(name IN ('performance_samples', 'performance_baselines', 'spc_anomalies'))
         FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        [],
        |row| row.get(0),
    )
}

/// The layout of our tables; 0 when there are none.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    if has_table(conn, "perftop_state")? { Ok(State::SchemaVersion.get(conn)?.unwrap_or(0)) } else { Ok(0) }
}

/// Brings the tables to [`VERSION`]; runs inside the caller's write transaction.
pub(super) fn migrate(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(CONTRACT)?;
    let found = version(conn)?;
    if found < VERSION {
        // Otherwise a table can only be renamed while every view and trigger of other programs makes sense.
        conn.pragma_update(None, "legacy_alter_table", true)?;
        let pending = &mut MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX));
        let migrated = pending.try_for_each(|statements| conn.execute_batch(statements));
        conn.pragma_update(None, "legacy_alter_table", false)?;
        migrated?;
        State::SchemaVersion.set(conn, VERSION)?;
    }
    watch_log(conn)
}

/// Sets the triggers on the log where they are missing.
pub(super) fn watch_log(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(WATCHERS)
}

/// Whether changes to the log are noticed. A log that was dropped and made anew has lost its triggers.
pub(super) fn is_log_watched(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT count(*) = 2 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'performance_samples'
           AND name IN ('perftop_sample_deleted', 'perftop_sample_updated')",
    )?
    .query_row([], |row| row.get(0))
}
