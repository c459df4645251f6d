//! Stores in every state a command can find one in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use perftop::clock::Clock;
use perftop::model::NewSample;
use perftop::store::Store;
use rusqlite::Connection;

use crate::home::Home;

const MINUTE_MS: i64 = 60_000;

/// Samples of each metric of [`filled`].
pub const SAMPLES: i64 = 400;

/// The three tables as another program would create them.
const CONTRACT: &str = "
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

/// Values that wander about 0 within +-1, the same ones every time, never two on one side for long.
fn wobble(i: i64) -> f64 {
    let side = if i % 2 == 0 { 1.0 } else { -1.0 };
    side * (0.2 + 0.8 * ((i * 37 % 100) as f64 / 100.0))
}

pub fn now_ms() -> i64 {
    Clock::System.now_ms()
}

/// One sample a minute up to now of three metrics; the newest response time is far beyond its limits,
/// everything else is quiet, and no two alike. Nothing is judged yet.
pub fn samples() -> Vec<NewSample> {
    let now_ms = now_ms();
    let series: [(&str, f64, f64); 3] =
        [("api_response_time", 145.0, 10.0), ("cache_hit_percent", 97.0, 0.5), ("heap_bytes", 39e6, 1e6)];
    let mut samples = Vec::new();
    for i in 0..SAMPLES {
        for (place, (metric, mean, spread)) in (0..).zip(series) {
            let is_drift = i == SAMPLES - 1 && metric == "api_response_time";
            let value = if is_drift { 245.0 } else { mean + spread * wobble(i + 10 * place) };
            let timestamp_ms = now_ms - (SAMPLES - 1 - i) * MINUTE_MS;
            samples.push(NewSample { metric: Arc::from(metric), value, timestamp_ms, context_json: None });
        }
    }
    samples
}

/// The default store of this home with [`samples`].
pub fn filled(home: &Home) {
    append(&home.store(), &samples());
}

/// Puts samples into a store, which is created if need be.
pub fn append(path: &Path, samples: &[NewSample]) {
    let mut store = Store::open(path).expect("a store");
    store.append(samples, None, Clock::System.now_ms()).expect("samples are taken");
}

/// A sample of now.
pub fn sample(metric: &str, value: f64) -> NewSample {
    NewSample { metric: Arc::from(metric), value, timestamp_ms: Clock::System.now_ms(), context_json: None }
}

/// A store with every table and not one sample.
pub fn empty(home: &Home) {
    drop(Store::open(&home.store()).expect("a store"));
}

/// A store that another program made: its three tables with [`samples`], nothing of ours.
pub fn bare(home: &Home) {
    fs::create_dir_all(home.store().parent().expect("a parent")).expect("a directory");
    let mut connection = Connection::open(home.store()).expect("a database");
    connection.execute_batch(CONTRACT).expect("tables");
    let transaction = connection.transaction().expect("a transaction");
    for sample in samples() {
        transaction
            .execute(
                "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)",
                (&*sample.metric, sample.value, sample.timestamp_ms),
            )
            .expect("a row");
    }
    transaction.commit().expect("a commit");
}

/// A store that may only be read. (Root may write all the same, and gets the same answers.)
pub fn read_only(home: &Home) {
    bare(home);
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o444)).expect("permissions");
}

/// A file that is no store.
pub fn garbage(home: &Home) {
    home.write("data/perftop/perftop.db", "this is not a database, and long enough to have a header".repeat(100));
}
