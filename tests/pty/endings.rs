//! Every way out gives the terminal back.

use rstest::rstest;
use rustix::process::Signal;

use crate::dashboard::{calm_store, perftop, start, started};
use crate::terminal::{Terminal, command, is_running, wait_for_condition};

#[test]
fn quitting_leaves_one_line_behind() {
    let store = calm_store();
    let mut terminal = start(&store);
    assert!(terminal.look(|seen| seen.screen().alternate_screen() && seen.screen().hide_cursor()));
    terminal.send("q");
    terminal.wait_restored(0);
    terminal.wait_for("perftop: 1 metric, no alert firing");
}

#[rstest]
#[case(Signal::TERM, 143)]
#[case(Signal::INT, 130)]
#[case(Signal::QUIT, 131)]
fn signals_end_it_in_order(#[case] signal: Signal, #[case] code: u32) {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.signal(signal);
    terminal.wait_restored(code);
}

#[test]
fn a_hang_up_ends_it_without_a_word() {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.signal(Signal::HUP);
    assert_eq!(terminal.wait_exit().exit_code(), 129);
    assert!(terminal.look(|seen| seen.screen().alternate_screen()), "nothing is written after the hang-up");
}

#[test]
fn a_store_that_cannot_be_opened_is_said_on_the_shells_screen() {
    let store = calm_store();
    std::fs::write(store.dir.path().join("junk.db"), "this is no database, however long one looks at it").unwrap();
    let mut broken = perftop(&store);
    broken.env("PERFTOP_DB", store.dir.path().join("junk.db"));
    let mut terminal = Terminal::start(broken, 100, 30);
    terminal.wait_for("junk.db");
    terminal.wait_restored(5);
}

#[test]
fn a_window_that_is_closed_leaves_no_process() {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.vanish();
    assert_eq!(terminal.wait_exit().exit_code(), 129);
}

/// Without a controlling terminal there is no hang-up signal; only looking can tell.
#[test]
fn a_terminal_that_vanishes_without_a_signal_leaves_no_process() {
    let store = calm_store();
    let mut without_job_control = perftop(&store);
    without_job_control.set_controlling_tty(false);
    let mut terminal = started(without_job_control, 100, 30);
    let pid = terminal.pid();
    terminal.vanish();
    assert_eq!(terminal.wait_exit().exit_code(), 129);
    assert!(!is_running(pid));
}

#[test]
fn ctrl_z_and_fg_work_again_and_again() {
    let store = calm_store();
    let mut shell = command("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    for (name, value) in perftop(&store).iter_full_env_as_str() {
        shell.env(name, value);
    }
    shell.env("PS1", "ready> ");
    let mut terminal = Terminal::start(shell, 100, 30);
    terminal.wait_for("ready>");
    terminal.send(&format!("{}\r", env!("CARGO_BIN_EXE_perftop")));
    terminal.wait_for("latency");
    for _ in 0..2 {
        terminal.send("\x1a");
        terminal.wait_until("shell", |seen| (!seen.screen().alternate_screen()).then_some(()));
        terminal.wait_for("Stopped");
        terminal.send("clear; fg\r");
        terminal.wait_until("dashboard", |seen| {
            (seen.screen().alternate_screen() && seen.text().contains("latency")).then_some(())
        });
    }
    terminal.send("q");
    terminal.wait_for("perftop: 1 metric");
    terminal.send("exit\r");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
}

/// Where no shell could bring it back (perftop is what the pane runs), ctrl-z must not freeze it.
#[test]
fn ctrl_z_without_a_shell_is_refused() {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.send("\x1a");
    terminal.wait_for("no shell");
    terminal.send("q");
    terminal.wait_restored(0);
}

#[test]
fn a_stop_that_nobody_announced_is_survived() {
    let store = calm_store();
    let mut terminal = start(&store);
    terminal.signal(Signal::STOP);
    let stat = format!("/proc/{}/stat", terminal.pid());
    wait_for_condition("stop", || {
        let stat = std::fs::read_to_string(&stat).unwrap();
        (crate::terminal::state(&stat) == Some('T')).then_some(())
    });
    let before = terminal.look(|seen| seen.bytes().len());
    terminal.signal(Signal::CONT);
    terminal.wait_until("full redraw", |seen| {
        String::from_utf8_lossy(&seen.bytes()[before..]).contains("latency").then_some(())
    });
    terminal.send("q");
    terminal.wait_restored(0);
}
