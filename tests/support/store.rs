//! A store as another program made it: the contract's tables and nothing else, filled by plain INSERTs.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use tempfile::TempDir;

/// The contract tables, as other programs create them.
pub const CONTRACT: &str = "
CREATE TABLE performance_samples (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, value REAL NOT NULL, timestamp INTEGER NOT NULL,
  context_json TEXT, created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000));
CREATE TABLE performance_baselines (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, window_size TEXT NOT NULL, mean REAL NOT NULL,
  std_dev REAL NOT NULL, p95 REAL NOT NULL, p99 REAL NOT NULL, sample_count INTEGER NOT NULL,
  last_updated INTEGER NOT NULL, UNIQUE(metric_name, window_size));
CREATE TABLE spc_anomalies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL, sample_value REAL NOT NULL,
  control_limit_type TEXT CHECK(control_limit_type IN ('UCL', 'LCL', 'RUN', 'TREND')), rule_description TEXT,
  detected_at INTEGER NOT NULL, severity INTEGER DEFAULT 1);";

/// A store in a directory of its own, with a second program's connection to it.
pub struct TestStore {
    /// Where everything of the test lives.
    pub dir: TempDir,
    /// The other program's connection.
    pub db: Connection,
}

impl TestStore {
    /// A store with the contract's tables, empty.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Connection::open(dir.path().join("perftop.db")).expect("a database");
        db.busy_timeout(Duration::from_secs(30)).expect("a timeout");
        db.execute_batch(CONTRACT).expect("tables");
        Self { dir, db }
    }

    /// Where the store is.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("perftop.db")
    }

    /// Inserts one sample taken now.
    pub fn insert(&self, metric: &str, value: f64) {
        self.insert_at(metric, value, now_ms());
    }

    /// Inserts one sample.
    pub fn insert_at(&self, metric: &str, value: f64, timestamp_ms: i64) {
        self.db
            .prepare_cached("INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![metric, value, timestamp_ms]))
            .expect("an insert");
    }

    /// Gives a metric a calm past: a sample a minute over the last three hours, in turn 1 below and 1
    /// above 100, so that mean and deviation are known (100 and 1) and no run rule fires.
    pub fn calm_past(&self, metric: &str) {
        let now_ms = now_ms();
        self.db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for minute in (1..=180).rev() {
            let value = if minute % 2 == 0 { 99.0 } else { 101.0 };
            self.insert_at(metric, value, now_ms - minute * 60_000);
        }
        self.db.execute_batch("COMMIT").expect("a commit");
    }
}

/// Milliseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the other program has its own clock")]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since.as_millis()).expect("a time before the end of time")
}
