//! What is derived from the log made anew from it, whatever became of it, and however often it is interrupted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use perftop::model::Point;
use perftop::store::{PruneBefore, Store};

use crate::support::{ALWAYS, Place, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;

fn filled(samples: i64, each_hour: i64) -> (Place, Store) {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..samples)
        .map(|index| sample(if index % 2 == 0 { "lcp" } else { "fcp" }, index * HOUR_MS / each_hour, index as f64))
        .collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 20_000);
    (place, store)
}

/// All that can be read of it.
fn all(store: &Store) -> Vec<(Vec<Point>, u64)> {
    let of = |metric: &str| {
        let hours = store.hours(metric, ALWAYS).unwrap();
        (store.points(metric, ALWAYS).unwrap(), hours.iter().map(|(_, hour)| hour.n).sum())
    };
    ["fcp", "lcp"].map(of).into()
}

#[test]
fn whatever_became_of_the_derived_tables() {
    for harm in [
        "DELETE FROM perftop_chunk WHERE hour % 3 = 0",
        "DELETE FROM perftop_hour; DELETE FROM perftop_chunk; UPDATE perftop_metric SET n = 7, first_ms = 5, last_ms = 9",
        "UPDATE perftop_hour SET n = n + 1, mean = 0 WHERE metric_id = 1",
        "UPDATE perftop_chunk SET data = x'0102'",
        "INSERT INTO perftop_hour SELECT hour + 1000, metric_id, n, mean, m2, min, max, first_id, last_id
         FROM perftop_hour",
        "DROP TRIGGER perftop_sample_deleted; DELETE FROM performance_samples WHERE id < 0",
    ] {
        let (place, mut store) = filled(2_000, 40);
        let (before, totals) = (all(&store), store.totals().unwrap());
        place.raw().execute_batch(harm).unwrap();
        store.rebuild(&mut |_, _| ()).unwrap();
        assert_eq!(all(&store), before, "{harm}");
        assert_eq!(store.totals().unwrap(), totals, "{harm}");
        let check = store.check().unwrap();
        assert_eq!((check.problems, check.changed_hours), (vec![], 0), "{harm}");
    }
}

#[test]
fn hours_whose_rows_are_no_longer_kept_stay() {
    let (place, mut store) = filled(2_000, 40);
    let before = all(&store);
    let old = PruneBefore { samples_ms: 20 * HOUR_MS + 7, rollups_ms: 0 };
    store.prune(old, i64::MAX, &mut |_, _| ()).unwrap();
    place.raw().execute_batch("DELETE FROM perftop_chunk WHERE hour > 20").unwrap();
    assert_ne!(all(&store), before);
    store.rebuild(&mut |_, _| ()).unwrap();
    assert_eq!(all(&store), before);
}

#[test]
fn it_goes_on_where_it_was_interrupted() {
    let (place, mut store) = filled(150_000, 5_000);
    let before = all(&store);
    place.raw().execute_batch("DELETE FROM perftop_chunk WHERE hour % 2 = 0").unwrap();
    let interrupted = catch_unwind(AssertUnwindSafe(|| store.rebuild(&mut |_, _| panic!("interrupted")))).is_err();
    assert!(interrupted);
    drop(store);
    let mut store = place.open();
    let rebuilt = store.rebuild(&mut |_, _| ()).unwrap();
    assert!(rebuilt.was_resumed && rebuilt.samples == 50_000, "{rebuilt:?}");
    assert_eq!(all(&store), before);
    assert!(!store.rebuild(&mut |_, _| ()).unwrap().was_resumed);
}

#[test]
fn what_comes_in_meanwhile_is_there_once() {
    let (place, mut store) = filled(150_000, 5_000);
    let mut other = place.open();
    let mut late = Vec::new();
    let mut add = |done, _| {
        let new = sample("lcp", 77, done as f64);
        late.push(new.value);
        other.append(&[new], None, 0).unwrap();
        roll_up_all(&mut other, 1_000);
    };
    store.rebuild(&mut add).unwrap();
    roll_up_all(&mut store, 1_000);
    let points = store.points("lcp", ALWAYS).unwrap();
    assert_eq!(points.len(), 75_000 + late.len());
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn a_day_of_nothing_does_not_wait_for_ever() {
    let place = Place::new();
    let mut store = place.open();
    place.raw().execute("INSERT INTO perftop_day (day, metric_id, stamp) VALUES (1, 999, 1)", []).unwrap();
    let calls = (1..10).find(|_| !store.roll_up(10).unwrap().remaining);
    assert_eq!(calls, Some(1));
    assert_eq!(place.raw().query_row("SELECT count(*) FROM perftop_day", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn what_the_detectors_know_goes_with_what_it_was_made_from() {
    let (place, mut store) = filled(2_000, 40);
    let known = |sql: &str| {
        place.raw().execute_batch(sql).unwrap();
        place.raw().execute_batch("INSERT INTO perftop_monitor VALUES (1, 1, 1, 1, x'01', x'02')").unwrap();
    };
    let left =
        || place.raw().query_row("SELECT count(*) FROM perftop_monitor", [], |row| row.get::<_, i64>(0)).unwrap();
    known("");
    store.roll_up(1).unwrap();
    assert_eq!(left(), 1, "the log is the same");
    store.rebuild(&mut |_, _| ()).unwrap();
    assert_eq!(left(), 0, "made anew");
    known("DELETE FROM performance_samples; DELETE FROM sqlite_sequence");
    store.roll_up(1).unwrap();
    assert_eq!(left(), 0, "another log");
}
