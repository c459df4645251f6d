//! What producers and administrators do to drop files and to their directory.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::place::{Place, kill};
use crate::series::Series;

/// Far less than the look of last resort: what comes within it was announced by the file system.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn a_torn_last_line_is_taken_once_when_it_is_completed_whoever_is_killed_in_between() {
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    let mut file = place.append("torn.jsonl");
    for index in 0..5 {
        let line = dropped.line(index);
        let (head, rest) = line.split_at(line.len() / 2);
        let dashboard = place.dashboard();
        file.write_all(head.as_bytes()).unwrap();
        place.settle();
        assert_eq!(place.rows(dropped), index);
        kill(dashboard);
        file.write_all(rest.as_bytes()).unwrap();
    }
    let _last = place.dashboard();
    place.settle();
    place.assert_holds(dropped, 0..5);
    place.assert_sound();
}

#[test]
fn a_copy_counts_again_and_a_renamed_or_linked_file_does_not() {
    const LINES: u32 = 1_000;
    let place = Place::new();
    let [kept, copied] = ["kept", "copied"].map(Series::new);
    let _dashboard = place.dashboard();
    place.put("kept.jsonl", &kept.lines(0..LINES));
    place.put("copied.jsonl", &copied.lines(0..LINES));
    place.wait_for_rows(copied, LINES);
    fs::rename(place.dropped("kept.jsonl"), place.dropped("renamed.jsonl")).unwrap();
    fs::hard_link(place.dropped("renamed.jsonl"), place.dropped("linked.jsonl")).unwrap();
    fs::copy(place.dropped("copied.jsonl"), place.dropped("copy.jsonl")).unwrap();
    place.wait_for_rows(copied, 2 * LINES);
    // Dropped a second time under its old name: moved over the first one.
    place.put("copied.jsonl", &copied.lines(0..LINES));
    place.wait_for_rows(copied, 3 * LINES);
    place.settle();
    place.assert_holds(kept, 0..LINES);
    place.assert_holds_times(copied, 0..LINES, 3);
    place.assert_sound();
}

/// As logrotate does it: the writer goes on with the file it has open until it is told.
#[test]
fn a_file_that_is_rotated_while_it_is_written_loses_no_line() {
    const LINES: u32 = 500;
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    let mut dashboard = place.dashboard();
    let mut file = place.append("app.jsonl");
    for generation in 0..4 {
        let from = generation * 2 * LINES;
        file.write_all(dropped.lines(from..from + LINES).as_bytes()).unwrap();
        place.wait_for_rows(dropped, from + 1);
        if generation == 2 {
            kill(dashboard);
            dashboard = place.dashboard();
        }
        fs::rename(place.dropped("app.jsonl"), place.dropped(&format!("app.jsonl.{generation}"))).unwrap();
        let mut next = place.append("app.jsonl");
        file.write_all(dropped.lines(from + LINES..from + 2 * LINES).as_bytes()).unwrap();
        std::mem::swap(&mut file, &mut next);
    }
    place.wait_for_rows(dropped, 8 * LINES);
    place.settle();
    place.assert_holds(dropped, 0..8 * LINES);
    place.assert_sound();
}

#[test]
fn a_file_that_is_truncated_is_taken_from_its_beginning() {
    const LINES: u32 = 300;
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    let _dashboard = place.dashboard();
    let mut file = place.append("app.jsonl");
    for generation in 0..5 {
        let from = generation * LINES;
        file.write_all(dropped.lines(from..from + LINES).as_bytes()).unwrap();
        place.wait_for_rows(dropped, from + LINES);
        OpenOptions::new().write(true).truncate(true).open(place.dropped("app.jsonl")).unwrap();
    }
    place.settle();
    place.assert_holds(dropped, 0..5 * LINES);
    place.assert_sound();
}

#[test]
fn a_drop_directory_that_is_removed_and_made_again_is_watched_again() {
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    let _dashboard = place.dashboard();
    place.put("0.jsonl", &dropped.line(0));
    place.wait_for_rows(dropped, 1);
    for round in 1..4 {
        fs::remove_dir_all(place.dropped("")).unwrap();
        fs::create_dir(place.dropped("")).expect("nobody makes it again at once");
        place.put("a.jsonl", &dropped.line(2 * round - 1));
        place.wait_for_rows(dropped, 2 * round);
        let put_at = Instant::now();
        place.put("b.jsonl", &dropped.line(2 * round));
        place.wait_for_rows(dropped, 2 * round + 1);
        assert!(put_at.elapsed() < SOON, "the new directory is not watched");
    }
    fs::rename(place.dropped(""), place.home.path("moved away")).unwrap();
    crate::terminal::wait_for_condition("a drop directory", || place.dropped("").is_dir().then_some(()));
    place.settle();
    place.assert_holds(dropped, 0..7);
    place.assert_sound();
}

#[test]
fn two_dashboards_over_one_drop_directory_take_each_line_once() {
    const LINES: u32 = 10_000;
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    place.put("early.jsonl", &dropped.lines(0..LINES));
    let _dashboards = [place.dashboard(), place.dashboard()];
    let mut file = place.append("growing.jsonl");
    for from in (LINES..2 * LINES).step_by(100) {
        file.write_all(dropped.lines(from..from + 100).as_bytes()).unwrap();
    }
    place.put("late.jsonl", &dropped.lines(2 * LINES..2 * LINES + 500));
    place.wait_for_rows(dropped, 2 * LINES + 500);
    place.settle();
    place.assert_holds(dropped, 0..2 * LINES + 500);
    place.assert_sound();
}

/// A plain ingest keeps no ledger: what is given twice counts twice.
#[test]
fn two_ingests_of_one_file_at_once_count_it_twice() {
    const LINES: u32 = 20_000;
    let (place, series) = (Place::new(), Series::new("ingested"));
    place.home.write("input.jsonl", series.lines(0..LINES));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(place.home.run("ingest input.jsonl").code, Some(0)));
        }
    });
    place.assert_holds_times(series, 0..LINES, 2);
    place.assert_sound();
}
