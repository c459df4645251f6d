//! Other programs that hold on to the store, or crowd around it.

use std::fs;
use std::process::{Command, Stdio};

use crate::outsider::Outsider;
use crate::place::Place;
use crate::series::Series;
use crate::terminal::wait_for_condition;

/// What a long reader leaves of the write-ahead log: `journal_size_limit`, and some for what is being written.
const LARGEST_LOG: u64 = 9 << 20;

fn log_bytes(place: &Place) -> u64 {
    fs::metadata(place.store().with_extension("db-wal")).map_or(0, |found| found.len())
}

#[test]
fn a_log_held_back_by_a_long_reader_shrinks_when_the_reader_ends() {
    const LINES: u32 = 100_000;
    const OUTSIDE: u32 = 220_000;
    let place = Place::new();
    let [ingested, outside] = ["ingested", "outside"].map(Series::new);
    let _dashboard = place.dashboard();
    let reader = Outsider::reading(&place.store());
    Outsider::inserting_at_once(&place.store(), outside, OUTSIDE).finish();
    place.home.write("input.jsonl", ingested.lines(0..LINES));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    assert!(log_bytes(&place) > LARGEST_LOG, "the reader holds nothing back: {} bytes", log_bytes(&place));
    reader.finish();
    wait_for_condition("small log", || (log_bytes(&place) <= LARGEST_LOG).then_some(()));
    for (series, count) in [(ingested, LINES), (outside, OUTSIDE)] {
        place.assert_holds(series, 0..count);
    }
    place.assert_sound();
}

#[test]
fn programs_that_crowd_around_the_lock_lose_nothing() {
    const LINES: u32 = 20_000;
    const OUTSIDE: u32 = 300;
    let place = Place::new();
    let [dropped, ingested] = ["dropped", "ingested"].map(Series::new);
    let others = ["one", "two", "three", "four", "five"].map(Series::new);
    let dashboard = place.dashboard();
    let crowd = others.map(|series| Outsider::inserting(&place.store(), series, OUTSIDE));
    place.put("a.jsonl", &dropped.lines(0..LINES));
    place.home.write("input.jsonl", ingested.lines(0..LINES));
    let answer = place.home.run("ingest input.jsonl");
    assert_eq!(answer.code, Some(0), "{answer:?}");
    crowd.into_iter().for_each(Outsider::finish);
    place.wait_for_rows(dropped, LINES);
    dashboard.wait_for("five");
    place.settle();
    for (series, count) in [(dropped, LINES), (ingested, LINES)].into_iter().chain(others.map(|other| (other, OUTSIDE)))
    {
        place.assert_holds(series, 0..count);
    }
    place.assert_sound();
}

/// Ctrl-z while the dashboard is busy writing: it may not take the lock along.
#[test]
fn a_dashboard_that_is_stopped_locks_nobody_out() {
    const LINES: u32 = 25_000;
    const STOPS: u32 = 8;
    let place = Place::new();
    let [dropped, outside] = ["dropped", "outside"].map(Series::new);
    let mut shell = place.dashboard_under(&["bash", "--norc", "--noprofile", "-i"]);
    shell.send(&format!("{}\r", env!("CARGO_BIN_EXE_perftop")));
    shell.wait_until("dashboard", |seen| seen.screen().alternate_screen().then_some(()));
    let mut stopped_at_work = 0;
    for stop in 0..STOPS {
        let (from, until) = (stop * LINES, (stop + 1) * LINES);
        place.put(&format!("{stop}.jsonl"), &dropped.lines(from..until));
        place.wait_for_rows(dropped, from + 1);
        shell.send("\x1a");
        shell.wait_until("shell", |seen| (!seen.screen().alternate_screen()).then_some(()));
        shell.wait_for("Stopped");
        stopped_at_work += u32::from(place.rows(dropped) < until);
        place.insert(outside, stop);
        shell.send("clear; fg\r");
        shell.wait_until("dashboard", |seen| seen.screen().alternate_screen().then_some(()));
        place.wait_for_rows(dropped, until);
    }
    assert!(stopped_at_work > 0, "each time it had nothing left to write");
    place.settle();
    place.assert_holds(dropped, 0..STOPS * LINES);
    place.assert_holds(outside, 0..STOPS);
    place.assert_sound();
}

/// Longer than any wait for it: until both the dashboard and the ingest have said what they wait for.
#[test]
fn a_lock_that_is_held_for_long_is_spoken_of_and_waited_for() {
    const LINES: u32 = 5_000;
    let place = Place::new();
    let [dropped, ingested] = ["dropped", "ingested"].map(Series::new);
    let dashboard = place.dashboard();
    place.settle();
    let holder = Outsider::holding_the_lock(&place.store());
    place.put("a.jsonl", &dropped.lines(0..LINES));
    let said = place.home.path("said");
    let mut ingest = Command::new(env!("CARGO_BIN_EXE_perftop"))
        .arg("ingest")
        .arg(place.home.write("input.jsonl", ingested.lines(0..LINES)))
        .envs(place.home.environment())
        .stdin(Stdio::null())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    dashboard.wait_for("another program holds the lock");
    wait_for_condition("word of the lock", || {
        fs::read_to_string(&said)
            .unwrap()
            .contains("waiting for the store: another program holds its lock")
            .then_some(())
    });
    holder.finish();
    assert_eq!(ingest.wait().unwrap().code(), Some(0));
    place.wait_for_rows(dropped, LINES);
    dashboard.wait_without("another program holds the lock");
    place.settle();
    place.assert_holds(dropped, 0..LINES);
    place.assert_holds(ingested, 0..LINES);
    place.assert_sound();
}
