//! File events that are lost or cannot be had.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::chance::skipped;
use crate::place::Place;
use crate::series::Series;
use crate::terminal::{Terminal, state, wait_for_condition};

fn stop(terminal: &Terminal) {
    terminal.signal(Signal::STOP);
    let stat = format!("/proc/{}/stat", terminal.pid());
    wait_for_condition("stop", || (state(&fs::read_to_string(&stat).unwrap()) == Some('T')).then_some(()));
}

/// More events than the kernel keeps, while the dashboard is stopped; those of the drop file come after them.
#[test]
fn what_is_dropped_while_the_queue_of_events_overflows_is_taken() {
    const LINES: u32 = 1_000;
    let (place, dropped) = (Place::new(), Series::new("dropped"));
    let dashboard = place.dashboard();
    place.settle();
    stop(&dashboard);
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .map_or(16_384, |queue| queue.trim().parse::<u32>().unwrap());
    let [one, other] = ["one.part", "other.part"].map(|name| place.dropped(name));
    fs::write(&one, "").unwrap();
    // Two events a rename, and none of them alike: equal ones would be merged.
    for _ in 0..=queue / 2 {
        fs::rename(&one, &other).unwrap();
        fs::rename(&other, &one).unwrap();
    }
    place.put("late.jsonl", &dropped.lines(0..LINES));
    dashboard.signal(Signal::CONT);
    place.wait_for_rows(dropped, LINES);
    place.settle();
    place.assert_holds(dropped, 0..LINES);
    place.assert_sound();
}

/// In a user namespace of its own the dashboard has a limit of its own, and no other program feels it.
#[test]
fn without_file_events_it_polls() {
    const LINES: u32 = 1_000;
    const NO_EVENTS: &str = "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$0\"";
    let can = Command::new("unshare").args(["-Ur", "sh", "-c", NO_EVENTS, "true"]).output();
    if !can.is_ok_and(|tried| tried.status.success()) {
        return skipped("user namespaces");
    }
    let place = Place::new();
    let [dropped, outside] = ["dropped", "outside"].map(Series::new);
    let dashboard = place.dashboard_under(&["unshare", "-Ur", "sh", "-c", NO_EVENTS, env!("CARGO_BIN_EXE_perftop")]);
    place.settle();
    let log = fs::read_dir(place.home.path("state/perftop")).unwrap().map(|entry| entry.unwrap().path());
    let log: String = log.filter_map(|path| fs::read_to_string(path).ok()).collect();
    assert!(log.contains("no file events"), "{log}");
    place.put("late.jsonl", &dropped.lines(0..LINES));
    place.insert(outside, 0);
    place.wait_for_rows(dropped, LINES);
    dashboard.wait_for("outside");
    place.settle();
    place.assert_holds(dropped, 0..LINES);
    place.assert_holds(outside, 0..1);
    place.assert_sound();
}
