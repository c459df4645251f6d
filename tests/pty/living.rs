//! The store changes under the dashboard, and keys change what it shows.

use rstest::rstest;

use crate::dashboard::{calm_store, perftop, start, started};
use crate::store::TestStore;

/// How many anomalies of `latency` at what the tests insert the store holds.
fn recorded(store: &TestStore) -> i64 {
    let count = "SELECT count(*) FROM spc_anomalies WHERE metric_name = 'latency' AND sample_value > 800";
    store.db.query_row(count, [], |row| row.get(0)).expect("a count")
}

#[test]
fn keys_choose_tabs_filter_help_and_end() {
    let store = calm_store();
    store.calm_past("memory_bytes");
    let mut terminal = start(&store);
    terminal.wait_for("memory_bytes");
    terminal.send("/mem\r");
    terminal.wait_without("latency");
    terminal.send("/\u{7f}\u{7f}\u{7f}\r");
    terminal.wait_for("latency");
    terminal.send("2");
    terminal.wait_for("UCL");
    terminal.send("?");
    terminal.wait_for("go to the next tab");
    terminal.send("q");
    terminal.wait_without("go to the next tab");
    terminal.send("q");
    terminal.wait_restored(0);
}

#[test]
fn another_programs_insert_shows_up() {
    let store = calm_store();
    let terminal = start(&store);
    store.insert("arrived_later", 1.0);
    terminal.wait_for("arrived_later");
}

#[test]
fn a_sample_beyond_its_limits_becomes_a_toast() {
    let store = calm_store();
    let terminal = start(&store);
    store.insert("latency", 900.0);
    terminal.wait_for("900, usually ");
    terminal.wait_until("bell", |seen| seen.bytes().contains(&0x07).then_some(()));
}

#[rstest]
#[case("c", "perftop-baselines.csv", "metric,")]
#[case("j", "perftop-baselines.json", "\"schema\"")]
#[case("s", "perftop-baselines.svg", "<svg ")]
fn an_export_lands_in_the_working_directory(#[case] key: &str, #[case] file: &str, #[case] holds: &str) {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.send("E");
    terminal.send(key);
    terminal.wait_for(file);
    let content = std::fs::read_to_string(store.dir.path().join(file)).expect("the file is there");
    assert!(content.contains(holds) && content.contains("latency"), "{content}");
}

#[test]
fn what_is_copied_goes_to_the_terminal_outside_of_tmux() {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.send("y");
    terminal.wait_for("OSC 52");
    terminal.look(|seen| assert!(String::from_utf8_lossy(seen.bytes()).contains("\x1b]52;c;")));
}

#[test]
fn two_panes_show_one_anomaly_and_share_what_is_acknowledged() {
    let store = calm_store();
    let mut first = start(&store);
    let second = started(perftop(&store), 100, 30);
    store.insert("latency", 900.0);
    for pane in [&first, &second] {
        pane.wait_for("900, usually ");
        pane.wait_for("1 critical");
    }
    assert_eq!(recorded(&store), 1);
    first.send("A");
    second.wait_without("1 critical");
    assert_eq!(recorded(&store), 1);
}
