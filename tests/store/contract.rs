//! Stores that other programs made, and rows that they put in.

use perftop::store::Store;
use rusqlite::Connection;

use crate::support::{ALWAYS, Place, point, roll_up_all, sample};

/// What other programs are told.
const MANUAL: &str = include_str!("../../docs/store.md");

/// The part of the manual between two marks.
fn manual(from: &str, until: &str) -> &'static str {
    let (_, rest) = MANUAL.split_once(from).unwrap();
    rest.split_once(until).unwrap().0
}

/// The tables as the manual has them, by name.
fn tables(conn: &Connection) -> Vec<(String, String)> {
    const NAMES: &str = "'performance_samples', 'performance_baselines', 'spc_anomalies'";
    conn.prepare(&format!("SELECT name, sql FROM sqlite_schema WHERE name IN ({NAMES}) ORDER BY name"))
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn the_manual_has_the_tables_that_are_created() {
    let place = Place::new();
    drop(place.open());
    let other = Connection::open_in_memory().unwrap();
    other.execute_batch(manual("```sql", "```")).unwrap();
    assert_eq!(tables(&place.raw()), tables(&other));
    assert_eq!(tables(&other).len(), 3);
}

/// A store in rollback-journal mode with three samples, made without us.
fn bare() -> (Place, Connection) {
    let place = Place::new();
    let other = place.raw();
    let (samples, _) = manual("```sql", "```").split_once(';').unwrap();
    other.execute_batch(samples).unwrap();
    for (timestamp_ms, value) in [(3_000, 3.0), (1_000, 1.0), (2_000, 2.0)] {
        other
            .execute(
                "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('lcp', ?1, ?2)",
                (value, timestamp_ms),
            )
            .unwrap();
    }
    (place, other)
}

#[test]
fn a_bare_store_is_read_as_it_is() {
    let (place, other) = bare();
    let store = Store::open_read(&place.path).unwrap();
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), [point(1_000, 1.0), point(2_000, 2.0), point(3_000, 3.0)]);
    assert_eq!(store.totals().unwrap().sample_count, 3);
    assert_eq!(store.metrics().unwrap(), ["lcp".into()]);
    assert_eq!(store.hours("lcp", ALWAYS).unwrap()[0].1.n, 3);
    assert_eq!(store.tail(0, 10).unwrap().samples.len(), 3);
    assert_eq!((store.judged_up_to().unwrap(), store.newest_id().unwrap()), (None, 3));
    assert!(store.alerts(10).unwrap().is_empty());
    assert!(store.anomalies(None, 0, 10).unwrap().is_empty());
    assert!(store.baselines(None).unwrap().is_empty());
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    let tables: i64 =
        other.query_row("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'perftop%'", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
}

#[test]
fn a_bare_store_gets_our_tables_and_keeps_its_rows() {
    let (place, other) = bare();
    let mut store = place.open();
    assert_eq!(roll_up_all(&mut store, 2), 3);
    other
        .execute("INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('lcp', 4, 4000)", [])
        .unwrap();
    assert_eq!(store.points("lcp", ALWAYS).unwrap().len(), 4);
    assert_eq!(roll_up_all(&mut store, 2), 1);
    assert_eq!(store.points("lcp", ALWAYS).unwrap()[3], point(4_000, 4.0));
}

#[test]
fn a_store_that_cannot_have_a_write_ahead_log_works_without() {
    let (place, _) = bare();
    drop(place.open());
    let other = place.raw();
    let count = || other.query_row("SELECT count(*) FROM performance_samples", [], |row| row.get::<_, i64>(0)).unwrap();
    count();
    other.pragma_update(None, "journal_mode", "delete").unwrap();
    other.execute_batch("BEGIN").unwrap();
    count();
    let mut store = place.open();
    assert_eq!(store.check().unwrap().journal_mode, "delete");
    assert_eq!(store.totals().unwrap().sample_count, 3);
    other.execute_batch("COMMIT").unwrap();
    store.append(&[sample("lcp", 5_000, 5.0)], None, 0).unwrap();
    assert_eq!(roll_up_all(&mut store, 100), 4);
}

#[test]
fn junk_is_skipped_and_counted() {
    let (place, other) = bare();
    let mut store = place.open();
    other
        .execute_batch(
            "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES
               ('lcp', 'fast', 1), ('lcp', 9e999, 1), ('lcp', -9e999, 1), ('lcp', x'00ff', 1), ('lcp', 1, 'noon'),
               ('lcp', 1, 1.5), (x'ff', 1, 1), ('lcp', 7, 7000), ('lcp', '8.5', '8000')",
        )
        .unwrap();
    let tail = store.tail(3, 100).unwrap();
    assert_eq!((tail.samples.len(), tail.skipped, tail.last_id), (2, 7, 12));
    let before = (store.totals().unwrap(), store.points("lcp", ALWAYS).unwrap());
    assert_eq!(before.0.sample_count, 5);
    assert_eq!(before.1[4], point(8_000, 8.5));
    assert_eq!(roll_up_all(&mut store, 2), 5);
    assert_eq!((store.totals().unwrap(), store.points("lcp", ALWAYS).unwrap()), before);
}

#[test]
fn a_log_that_was_started_anew_is_noticed() {
    let (place, other) = bare();
    let mut store = place.open();
    roll_up_all(&mut store, 100);
    store.record(&[], &[], 3, 0, 0).unwrap();
    other.execute_batch("DELETE FROM performance_samples; DELETE FROM sqlite_sequence").unwrap();
    assert_eq!(store.newest_id().unwrap(), 0);
    store.append(&[sample("fcp", 1, 1.0)], None, 0).unwrap();
    assert_eq!(roll_up_all(&mut store, 100), 1);
    assert_eq!(store.metrics().unwrap(), ["fcp".into()]);
    assert_eq!((store.totals().unwrap().sample_count, store.judged_up_to().unwrap()), (1, None));
}

#[test]
fn deleted_rows_do_not_look_like_a_new_log() {
    let (place, other) = bare();
    let store = place.open();
    other.execute_batch("DELETE FROM performance_samples").unwrap();
    assert_eq!(store.newest_id().unwrap(), 3);
}
