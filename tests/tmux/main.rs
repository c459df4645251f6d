//! perftop in a real tmux, with no configuration of the user's: what a pane, a window list and a status
//! line show of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]
#![allow(clippy::print_stderr, reason = "a test that skips says so")]

mod server;
#[path = "../support/store.rs"]
mod store;

use rustix::process::test_kill_process;

use server::Server;
use store::TestStore;

fn calm_store() -> TestStore {
    let store = TestStore::new();
    store.calm_past("latency");
    store
}

#[test]
fn a_pane_of_40_by_10_shows_what_matters() {
    let store = calm_store();
    let Some(tmux) = Server::start(&store, 40, 10) else { return };
    tmux.wait_for("latency");
    assert_eq!(tmux.value("#{pane_width}x#{pane_height}"), "40x10");
    store.insert("latency", 900.0);
    tmux.wait_for("900");
}

#[test]
fn a_critical_alert_marks_the_window_the_title_and_the_pane() {
    let store = calm_store();
    let Some(tmux) = Server::start(&store, 100, 30) else { return };
    tmux.wait_for("latency");
    tmux.wait_until("title", || tmux.value("#{pane_title}") == "perftop");
    assert_eq!(tmux.value("#{@perftop}"), "");
    // The bell marks windows that are not in front.
    tmux.run(&["new-window", "-t", "t:1", "sh"]);
    store.insert("latency", 900.0);
    tmux.wait_until("mark of a bell", || tmux.value("#{window_bell_flag}") == "1");
    tmux.wait_until("count in the title", || tmux.value("#{pane_title}").ends_with('!'));
    let count = tmux.value("#{pane_title}").replace("perftop ", "");
    tmux.wait_until("count on the pane", || tmux.value("#{@perftop}") == count);
    tmux.send("A");
    tmux.wait_until("title without a count", || tmux.value("#{pane_title}") == "perftop");
    tmux.wait_until("pane without a count", || tmux.value("#{@perftop}").is_empty());
}

#[test]
fn the_title_is_given_back() {
    let store = calm_store();
    let Some(tmux) = Server::start(&store, 100, 30) else { return };
    tmux.wait_for("latency");
    tmux.run(&["set-option", "-g", "remain-on-exit", "on"]);
    tmux.wait_until("title", || tmux.value("#{pane_title}") == "perftop");
    tmux.send("q");
    tmux.wait_until("end", || tmux.value("#{pane_dead}") == "1");
    assert_ne!(tmux.value("#{pane_title}"), "perftop");
}

#[test]
fn copying_goes_through_tmuxs_buffer() {
    let store = calm_store();
    let Some(tmux) = Server::start(&store, 100, 30) else { return };
    tmux.wait_for("latency");
    tmux.send("y");
    tmux.wait_for("copied");
    assert!(tmux.run(&["show-buffer"]).contains("latency"));
}

#[test]
fn killing_the_session_leaves_no_process() {
    let store = calm_store();
    let Some(tmux) = Server::start(&store, 100, 30) else { return };
    tmux.wait_for("latency");
    let pid = tmux.pid();
    // Keeps the server alive to be asked.
    tmux.run(&["new-session", "-d", "-s", "other", "sh"]);
    tmux.run(&["kill-session", "-t", "t"]);
    tmux.wait_until("end of the process", || test_kill_process(pid).is_err());
}
