//! What a panic leaves on the terminal. The program has no panic to order, so the test runs bodies of
//! its own, in a terminal, under the program's guard and hook.

use std::io::Write as _;

use perftop::tui::guard;

use crate::terminal::{Terminal, command};

/// Runs an ignored test of this very file as a program of its own.
fn start(body: &str) -> Terminal {
    let mut program = command(std::env::current_exe().expect("tests have a path"));
    program.args([&format!("panics::{body}"), "--exact", "--ignored", "--nocapture"]);
    Terminal::start(program, 80, 24)
}

#[test]
fn a_panic_while_drawing_is_reported_on_the_screen_of_the_shell() {
    let mut terminal = start("drawing_thread_panics");
    terminal.wait_restored(101);
    terminal.look(|seen| {
        let text = seen.text();
        for part in ["this is a bug in perftop", "no metric ^[[2J there", "tests/pty/panics.rs", "/log/of/the/test"] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
    });
}

#[test]
fn a_panic_in_the_background_leaves_the_screen_alone() {
    let mut terminal = start("other_thread_panics");
    terminal.wait_restored(0);
    let text = terminal.look(|seen| String::from_utf8_lossy(seen.bytes()).into_owned());
    assert!(text.contains("still drawing"), "{text:?}");
    assert!(!text.contains("background trouble"), "{text:?}");
}

#[test]
#[ignore = "a body for `a_panic_while_drawing_is_reported_on_the_screen_of_the_shell`"]
fn drawing_thread_panics() {
    guard::install_panic_hook(Some("/log/of/the/test".into()));
    let _guard = guard::Guard::enter().unwrap();
    panic!("no metric \x1b[2J there");
}

#[test]
#[ignore = "a body for `a_panic_in_the_background_leaves_the_screen_alone`"]
fn other_thread_panics() {
    guard::install_panic_hook(None);
    let _guard = guard::Guard::enter().unwrap();
    let background = std::thread::spawn(|| panic!("background trouble"));
    assert!(background.join().is_err());
    writeln!(std::io::stdout(), "still drawing").unwrap();
}
