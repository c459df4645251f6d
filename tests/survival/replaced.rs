//! The store is deleted, replaced, emptied or moved behind a link while dashboards run.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::outsider::INSERT;
use crate::place::Place;
use crate::series::Series;
use crate::terminal::wait_for_condition;

/// Far less than the look of last resort: what comes within it was announced by the file system.
const SOON: Duration = Duration::from_secs(8);

fn remove(store: &Path, suffixes: &[&str]) {
    for suffix in suffixes {
        let mut path = store.as_os_str().to_owned();
        path.push(suffix);
        let _ = fs::remove_file(path);
    }
}

#[test]
fn a_deleted_store_is_made_again_and_what_lies_in_the_drop_directory_is_taken_into_it() {
    const LINES: u32 = 1_000;
    let place = Place::new();
    let [dropped, outside] = ["dropped", "outside"].map(Series::new);
    let dashboards = [place.dashboard(), place.dashboard()];
    for round in 0..3 {
        place.put(&format!("{round}.jsonl"), &dropped.lines(round * LINES..(round + 1) * LINES));
        place.wait_for_rows(dropped, (round + 1) * LINES);
        remove(&place.store(), &["", "-wal", "-shm"]);
        wait_for_condition("store", || fs::metadata(place.store()).is_ok_and(|found| found.len() > 0).then_some(()));
        wait_for_condition("samples", || {
            let count = "SELECT count(*) FROM performance_samples WHERE metric_name = 'dropped'";
            let rows = place.raw().query_row(count, [], |row| row.get::<_, u32>(0));
            (rows == Ok((round + 1) * LINES)).then_some(())
        });
    }
    place.insert(outside, 0);
    for dashboard in &dashboards {
        dashboard.wait_for("outside");
    }
    place.settle();
    place.assert_holds(dropped, 0..3 * LINES);
    place.assert_holds(outside, 0..1);
    place.assert_sound();
}

#[test]
fn a_store_that_is_replaced_by_another_is_taken_up_and_nobody_steps_in_between() {
    let place = Place::new();
    let [before, after] = ["before", "after"].map(Series::new);
    place.home.write("other.jsonl", after.lines(0..1_000));
    assert_eq!(place.home.run("--db other.db ingest other.jsonl").code, Some(0));
    let dashboard = place.dashboard();
    place.insert(before, 0);
    dashboard.wait_for("before");
    remove(&place.store(), &["", "-wal", "-shm"]);
    assert!(!place.store().exists());
    fs::rename(place.home.path("other.db"), place.store()).unwrap();
    dashboard.wait_for("after");
    dashboard.wait_without("before");
    place.insert(after, 1_000);
    place.put("a.jsonl", &after.lines(1_001..2_000));
    place.wait_for_rows(after, 2_000);
    place.assert_holds(after, 0..2_000);
    place.assert_sound();
}

#[test]
fn a_store_that_is_emptied_begins_anew() {
    let place = Place::new();
    let [before, after] = ["before", "after"].map(Series::new);
    place.home.write("input.jsonl", before.lines(0..2_000));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    let dashboard = place.dashboard();
    dashboard.wait_for("before");
    place.raw().execute_batch("BEGIN; DELETE FROM performance_samples; DELETE FROM sqlite_sequence; COMMIT").unwrap();
    dashboard.wait_without("before");
    place.home.write("input.jsonl", after.lines(0..2_500));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    dashboard.wait_for("after");
    place.assert_holds(after, 0..2_500);
    place.assert_sound();
}

/// Nobody was there to see it happen: what was derived from the old log must not stay on the screen.
#[test]
fn a_store_that_was_emptied_while_no_dashboard_ran_shows_nothing_of_before() {
    let remade = "CREATE TABLE remade AS SELECT * FROM performance_samples WHERE 0; DROP TABLE performance_samples;
        CREATE TABLE performance_samples (id INTEGER PRIMARY KEY AUTOINCREMENT, metric_name TEXT NOT NULL,
            value REAL NOT NULL, timestamp INTEGER NOT NULL, context_json TEXT,
            created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now') * 1000))";
    for emptied in ["DELETE FROM performance_samples; DELETE FROM sqlite_sequence", remade] {
        let place = Place::new();
        let [before, after] = ["before", "after"].map(Series::new);
        place.home.write("input.jsonl", before.lines(0..2_000));
        assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
        place.raw().execute_batch(&format!("BEGIN; {emptied}; COMMIT")).unwrap();
        let dashboard = place.dashboard();
        dashboard.wait_for("quit");
        dashboard.wait_without("before");
        place.home.write("input.jsonl", after.lines(0..2_500));
        assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
        dashboard.wait_for("after");
        dashboard.wait_without("before");
        place.assert_holds(after, 0..2_500);
        place.assert_sound();
    }
}

/// Who was told that samples are stored must be told that they are gone.
#[test]
fn an_ingest_whose_store_is_deleted_does_not_say_that_it_is_stored() {
    let (place, series) = (Place::new(), Series::new("ingested"));
    let mut ingest = Command::new(env!("CARGO_BIN_EXE_perftop"))
        .arg("ingest")
        .envs(place.home.environment())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = ingest.stdin.take().unwrap();
    stdin.write_all(series.lines(0..10).as_bytes()).unwrap();
    place.wait_for_rows(series, 10);
    remove(&place.store(), &["", "-wal", "-shm"]);
    drop(stdin);
    let answer = place.home.answer(&ingest.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(5), "{answer:?}");
    assert!(answer.stderr.contains("was deleted or replaced while it was in use"), "{answer:?}");
}

/// SQLite keeps the log beside the file that the link leads to, so that is where the events are.
#[test]
fn a_store_behind_a_link_is_watched_where_it_is() {
    let (place, series) = (Place::new(), Series::new("outside"));
    remove(&place.store(), &["", "-wal", "-shm"]);
    fs::create_dir(place.home.path("elsewhere")).unwrap();
    let real = place.home.path("elsewhere/real.db");
    drop(perftop::store::Store::open(&real).unwrap());
    std::os::unix::fs::symlink(&real, place.store()).unwrap();
    let dashboard = place.dashboard();
    place.settle();
    let inserted_at = Instant::now();
    place.insert(series, 0);
    dashboard.wait_for("outside");
    assert!(inserted_at.elapsed() < SOON, "no events from behind the link");
    place.assert_holds(series, 0..1);
    place.assert_sound();
}

/// Ids begin at 1 again and have passed where they stood, all before anybody looks.
#[test]
fn a_log_that_is_started_anew_and_grows_past_its_old_end_at_once_is_taken_from_its_beginning() {
    let place = Place::new();
    let [before, after] = ["before", "after"].map(Series::new);
    place.home.write("input.jsonl", before.lines(0..1_000));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    let mut raw = place.raw();
    let transaction = raw.transaction().unwrap();
    transaction.execute_batch("DELETE FROM performance_samples; DELETE FROM sqlite_sequence").unwrap();
    for (timestamp_ms, value) in after.samples(0..1_500) {
        transaction.execute(INSERT, (after.metric, value, timestamp_ms)).unwrap();
    }
    transaction.commit().unwrap();
    place.assert_holds(after, 0..1_500);
    place.assert_sound();
}
