//! What the tests share: a store in a temporary directory, an outside writer, an engine under observation.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use perftop::clock::Clock;
use perftop::engine::{self, EngineHandle, EngineOptions, RaisedAlerts};
use perftop::model::{Alert, Anomaly, MetricBook, NewSample, Rule, Snapshot};
use perftop::store::Store;
use tempfile::TempDir;
use tokio::time::timeout;

/// How long anything may take before a test gives up. A picture rests thirty times as long as it took, so that on
/// a busy machine the next one may be half a minute away.
pub const PATIENCE: Duration = Duration::from_mins(2);

pub const NOW_MS: i64 = 1_700_000_000_000;
pub const METRIC: &str = "api_response_time";

/// Normal numbers from a fixed seed: splitmix64 (Steele, Lea & Flood 2014) and Box & Muller (1958).
pub struct Normal {
    state: u64,
}

impl Normal {
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn next(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A directory with a store.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// A place whose store holds an hour of calm history of [`METRIC`] and was judged to its end.
    pub fn calm() -> Self {
        let place = Self::new();
        place.append(&calm(60, NOW_MS - 3_600_000));
        let mut store = place.store();
        engine::catch_up(&mut store, &place.options(), &Clock::fixed(NOW_MS)).unwrap();
        place
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("perftop.db")
    }

    pub fn store(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    pub fn options(&self) -> EngineOptions {
        // The run rules: one value is enough to raise an alert.
        let book = MetricBook::default().with_alerts(Rule::EVERY.to_vec());
        EngineOptions { book, ..EngineOptions::new(self.path()) }
    }

    /// Appends through the program's own writer.
    pub fn append(&self, samples: &[NewSample]) {
        self.store().append(samples, None, NOW_MS).unwrap();
    }

    pub fn anomalies(&self) -> Vec<Anomaly> {
        self.store().anomalies(None, 0, 1_000).unwrap()
    }

    pub fn alerts(&self) -> Vec<Alert> {
        self.store().alerts(1_000).unwrap()
    }
}

/// Another program that knows nothing but the contract.
pub fn insert_from_outside(path: &Path, metric: &str, value: f64, timestamp_ms: i64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let insert = "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)";
    connection.execute(insert, (metric, value, timestamp_ms)).unwrap();
}

pub fn sample(metric: &str, value: f64, timestamp_ms: i64) -> NewSample {
    NewSample { metric: metric.into(), value, timestamp_ms, context_json: None }
}

/// One value a minute around 100, turn about below and above, so that no rule fires; sd about 1.
pub fn calm(count: i64, from_ms: i64) -> Vec<NewSample> {
    (0..count).map(|i| sample(METRIC, if i % 2 == 0 { 99.0 } else { 101.0 }, from_ms + i * 60_000)).collect()
}

/// Runs a test inside a runtime like the program's.
pub fn in_runtime<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

/// An engine, and what it has told so far.
pub struct Watched {
    pub handle: EngineHandle,
}

impl Watched {
    pub fn start(options: EngineOptions, clock: Clock) -> Self {
        Self { handle: engine::spawn(options, clock) }
    }

    /// The next message about raised alerts.
    pub async fn raised(&mut self) -> RaisedAlerts {
        timeout(PATIENCE, self.handle.alerts.recv()).await.expect("an alert in time").expect("a running engine")
    }

    /// The first picture of which `holds` is true.
    pub async fn picture(&mut self, holds: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let wait = self.handle.snapshots.wait_for(|snapshot| snapshot.generation > 0 && holds(snapshot));
        timeout(PATIENCE, wait).await.expect("such a picture in time").expect("a running engine").clone()
    }

    /// Waits until everything in the store is judged, so that what comes next is new.
    pub async fn settled(&mut self) {
        self.picture(|snapshot| snapshot.health.backlog == 0).await;
    }
}
