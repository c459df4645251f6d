//! `perftop demo`: the real program in a terminal; the real detector finds what drifts and nothing else.

use std::fs;

use perftop::model::Severity;
use perftop::store::Store;

use crate::home::Home;
use crate::terminal::{Terminal, command};

#[test]
fn the_first_drift_is_toasted_healthy_metrics_are_not_and_nothing_is_left_behind() {
    let home = Home::new();
    let folders = home.path("tmp");
    fs::create_dir(&folders).unwrap();
    let mut demo = command(env!("CARGO_BIN_EXE_perftop"));
    demo.arg("demo");
    demo.env("TMPDIR", &folders);
    demo.env("HOME", home.path(""));
    let mut terminal = Terminal::start(demo, 120, 40);
    terminal.wait_for("requests_per_second");
    terminal.wait_for("(highest in");

    let folder = fs::read_dir(&folders).unwrap().next().unwrap().unwrap().path();
    let store = Store::open_read(&folder.join("perftop.db")).unwrap();
    let alerts = store.alerts(100).unwrap();
    // What was over before the start is listed, and not toasted.
    let mut told = alerts.iter().filter(|alert| alert.severity > Severity::Info && alert.is_firing()).peekable();
    assert!(told.peek().is_some() && told.all(|alert| &*alert.metric == "api_response_time"), "{alerts:?}");
    drop(store);

    terminal.send("q");
    terminal.wait_restored(0);
    assert_eq!(fs::read_dir(&folders).unwrap().count(), 0, "the folder goes with the demo");
}

#[test]
fn without_a_terminal_it_says_that_it_needs_one() {
    let home = Home::new();
    let answer = home.run("demo");
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("in a terminal"), "{}", answer.stderr);
    assert!(home.is_untouched(), "nothing is written");
}
