//! What the tests share: a store in a temporary directory, samples, and the log read plainly.

use std::path::PathBuf;

use perftop::model::{NewSample, Point, TimeRange};
use perftop::store::Store;
use rusqlite::Connection;
use tempfile::TempDir;

/// Everything there is.
pub const ALWAYS: TimeRange = TimeRange { from_ms: i64::MIN, until_ms: i64::MAX };

/// A place for a store that goes away with the test.
pub struct Place {
    _dir: TempDir,
    pub path: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("perftop.db");
        Self { _dir: dir, path }
    }

    pub fn open(&self) -> Store {
        Store::open(&self.path).unwrap()
    }

    /// The file as another program sees it.
    pub fn raw(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

pub fn sample(metric: &str, timestamp_ms: i64, value: f64) -> NewSample {
    NewSample { metric: metric.into(), value, timestamp_ms, context_json: None }
}

pub fn point(timestamp_ms: i64, value: f64) -> Point {
    Point { timestamp_ms, value }
}

/// Rolls up to the end of the log, `step` rows at a time; answers how many samples were moved.
pub fn roll_up_all(store: &mut Store, step: usize) -> usize {
    let mut moved = 0;
    loop {
        let done = store.roll_up(step).unwrap();
        moved += done.moved;
        if !done.remaining {
            return moved;
        }
    }
}
