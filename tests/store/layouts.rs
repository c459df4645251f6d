//! Stores of earlier layouts (`data/README.md`) open, and hold afterwards what they held.

use std::fs;
use std::process::{Command, Stdio};

use perftop::store::{Store, StoreError};
use rusqlite::Connection;

use crate::support::{ALWAYS, Place, roll_up_all};

const STORE_VAR: &str = "PERFTOP_TEST_OLD_STORE";

/// A copy of the store of a layout.
fn of_layout(number: u32) -> Place {
    let place = Place::new();
    let kept = format!("{}/tests/store/data/layout-{number}.db", env!("CARGO_MANIFEST_DIR"));
    fs::copy(kept, &place.path).unwrap();
    place
}

fn layout(place: &Place) -> i64 {
    place.raw().query_row("SELECT v FROM perftop_state WHERE k = 'schema_version'", [], |row| row.get(0)).unwrap()
}

/// What the store of layout 1 holds, by its maker.
fn assert_holds_layout_1(store: &Store) {
    for (metric, sum) in [("api_response_time", 21_818.036), ("cache_hit_percent", 14_549.229)] {
        let points = store.points(metric, ALWAYS).unwrap();
        assert_eq!(points.len(), 150);
        let found: f64 = points.iter().map(|point| point.value).sum();
        assert!((found - sum).abs() < 1e-6, "{metric}: {found}");
    }
    assert_eq!(store.totals().unwrap().sample_count, 300);
}

fn assert_migrated(place: &Place) {
    let mut store = place.open();
    assert_eq!(layout(place), store.check().unwrap().known_layout);
    assert_holds_layout_1(&store);
    roll_up_all(&mut store, 50);
    assert_holds_layout_1(&store);
    let hours = store.hours("api_response_time", ALWAYS).unwrap();
    assert_eq!(hours.iter().map(|(_, hour)| hour.n).sum::<u64>(), 150);
    let alerts = store.alerts(10).unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!((&*alerts[0].metric, alerts[0].peak_value.to_bits()), ("api_response_time", 245.0_f64.to_bits()));
    assert_eq!(store.judged_up_to().unwrap(), Some(300));
    let number = |sql: &str| place.raw().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM spc_anomalies"), 1);
    assert_eq!(number("SELECT count(*) FROM performance_baselines"), 6);
    assert_eq!(number("SELECT offset FROM perftop_file WHERE path = CAST('drop/samples.jsonl' AS BLOB)"), 29_362);
    assert_eq!(number("SELECT lines FROM perftop_file"), 300);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn layout_1_becomes_todays() {
    let place = of_layout(1);
    assert_eq!(layout(&place), 1);
    assert_migrated(&place);
}

#[test]
fn layout_1_can_be_read_as_it_is() {
    let place = of_layout(1);
    assert_holds_layout_1(&Store::open_read(&place.path).unwrap());
    assert_eq!(layout(&place), 1);
}

/// What a started process does.
#[test]
#[ignore = "runs as a process of its own, started by another test"]
fn opener() {
    drop(Store::open(std::env::var_os(STORE_VAR).unwrap().as_ref()).unwrap());
}

#[test]
fn a_migration_is_done_or_not_when_its_process_is_killed() {
    let mut seen = [0; 2];
    for trial in 0..24_u32 {
        let place = of_layout(1);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "layouts::opener", "--ignored", "--quiet"])
            .env(STORE_VAR, &place.path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The file's write-ahead log appears when it is opened; it is killed at different steps after that.
        let beside = place.path.with_extension("db-wal");
        while !beside.exists() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        for _ in 0..trial * 400 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let found = layout(&place);
        assert!((1..=2).contains(&found), "layout {found}");
        seen[usize::try_from(found - 1).unwrap()] += 1;
        assert_migrated(&place);
    }
    assert!(seen[0] > 0, "none was killed before it was done: {seen:?}");
}

#[test]
fn a_newer_layout_is_refused_and_left_alone() {
    let place = of_layout(1);
    place.raw().execute("UPDATE perftop_state SET v = 99 WHERE k = 'schema_version'", []).unwrap();
    for opened in [Store::open(&place.path), Store::open_read(&place.path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    }
    assert_eq!(layout(&place), 99);
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let place = Place::new();
    Connection::open(&place.path).unwrap().execute_batch("CREATE TABLE users (name TEXT)").unwrap();
    let before = fs::read(&place.path).unwrap();
    for opened in [Store::open(&place.path), Store::open_read(&place.path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
    assert!(fs::read(&place.path).unwrap() == before);
}
