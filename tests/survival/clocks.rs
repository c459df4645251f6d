//! The clock is set back by an hour, as machines do that wake up, and administrators.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use perftop::clock::Clock;
use perftop::engine::{self, EngineOptions};
use perftop::model::{MetricBook, Rule, Snapshot};

use crate::outsider::INSERT;
use crate::place::Place;
use crate::series::Series;
use crate::terminal::TIMEOUT;

const HOUR_MS: i64 = 3_600_000;
const METRIC: &str = "latency";

fn insert(place: &Place, value: f64, timestamp_ms: i64) {
    place.raw().execute(INSERT, (METRIC, value, timestamp_ms)).unwrap();
}

/// The engine itself, in this process, because its clock is ours to set.
#[test]
fn samples_and_alerts_go_on_when_the_clock_is_set_back_by_an_hour() {
    let place = Place::new();
    let start_ms = Series::new("").begin_ms;
    let now = Arc::new(AtomicI64::new(start_ms));
    for minute in 0..180 {
        insert(&place, if minute % 2 == 0 { 99.0 } else { 101.0 }, start_ms - (180 - minute) * 60_000);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let book = MetricBook::default().with_alerts(Rule::EVERY.to_vec());
        let options = EngineOptions { book, ..EngineOptions::new(place.store()) };
        let mut engine = engine::spawn(options, Clock::Fixed(Arc::clone(&now)));
        let mut shows = async |samples: u64, alerts: usize| {
            let holds = |shown: &Arc<Snapshot>| shown.health.sample_count == samples && shown.alerts.len() == alerts;
            let seen = tokio::time::timeout(TIMEOUT, engine.snapshots.wait_for(holds)).await;
            seen.expect("such a picture in time").expect("a running engine");
        };
        shows(180, 0).await;
        insert(&place, 500.0, start_ms);
        shows(181, 1).await;
        now.store(start_ms - HOUR_MS, Ordering::Relaxed);
        // Dated by the clock that was set back: late by the store's time, new by everybody's.
        insert(&place, 100.0, start_ms - HOUR_MS + 1);
        shows(182, 1).await;
        insert(&place, -500.0, start_ms - HOUR_MS + 2);
        // Within the first alert's cool-down or not, it is recorded.
        let recorded = || {
            let count = "SELECT count(*) FROM spc_anomalies WHERE severity = 3";
            place.raw().query_row(count, [], |row| row.get::<_, u32>(0)).unwrap()
        };
        shows(183, 2).await;
        assert_eq!(recorded(), 2);
        engine.shutdown().await;
    });
    let store = perftop::store::Store::open_read(&place.store()).unwrap();
    assert_eq!(store.totals().unwrap().sample_count, 183);
    place.assert_sound();
}
