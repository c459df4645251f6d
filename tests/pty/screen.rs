//! What reaches the terminal: sizes, colours, bytes.

use rstest::rstest;

use crate::dashboard::{calm_store, perftop, start, started};
use crate::store::TestStore;
use crate::terminal::Terminal;

/// From nothing at all to more than a large screen, in an order that jumps.
const STORM: [(u16, u16); 14] = [
    (1, 1),
    (220, 70),
    (2, 40),
    (40, 2),
    (20, 4),
    (80, 24),
    (0, 0),
    (19, 3),
    (100, 30),
    (3, 70),
    (60, 16),
    (220, 1),
    (40, 10),
    (100, 30),
];

#[test]
fn a_storm_of_sizes_ends_with_the_last_one_drawn() {
    let store = calm_store();
    let mut terminal = start(&store);
    for tab in ["1", "2", "3"] {
        terminal.send(tab);
        for (columns, rows) in STORM {
            terminal.resize(columns, rows);
        }
        terminal.wait_until("footer in the last line", |seen| {
            seen.screen().rows(0, 100).last().filter(|line| line.contains("? help"))
        });
        terminal.wait_for("latency");
    }
    terminal.send("q");
    terminal.wait_restored(0);
}

#[rstest]
#[case(1, 1)]
#[case(2, 1)]
#[case(20, 4)]
#[case(40, 10)]
#[case(220, 70)]
fn every_size_starts_and_takes_keys(#[case] columns: u16, #[case] rows: u16) {
    let store = calm_store();
    let mut terminal = Terminal::start(perftop(&store), columns, rows);
    terminal.wait_until("first frame", |seen| seen.screen().alternate_screen().then_some(()));
    terminal.send("23?q");
    terminal.send("\u{3}");
    terminal.wait_restored(0);
}

#[test]
fn a_dumb_terminal_is_survived() {
    let store = calm_store();
    let mut dumb = perftop(&store);
    dumb.env("TERM", "dumb");
    let mut terminal = started(dumb, 80, 24);
    terminal.send("q");
    terminal.wait_restored(0);
}

/// Parameters of every SGR sequence among `bytes`.
fn sgr_parameters(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let mut parameters = Vec::new();
    for rest in text.split("\x1b[").skip(1) {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(rest.len());
        if rest[end..].starts_with('m') {
            parameters.extend(rest[..end].split(';').filter_map(|parameter| parameter.parse::<u16>().ok()));
        }
    }
    parameters
}

#[test]
fn no_color_sends_no_colour_and_keeps_the_selection() {
    let store = calm_store();
    let mut colourless = perftop(&store);
    colourless.env("NO_COLOR", "1");
    let mut terminal = started(colourless, 100, 30);
    store.insert("latency", 900.0);
    terminal.wait_for("900");
    terminal.wait_until("selection in reverse", |seen| {
        let (rows, columns) = seen.screen().size();
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        cells.filter_map(|(row, column)| seen.screen().cell(row, column)).any(vt100::Cell::inverse).then_some(())
    });
    terminal.send("2");
    terminal.send("?");
    terminal.wait_for("go to the next tab");
    terminal.send("\u{3}");
    terminal.wait_restored(0);
    let parameters = terminal.look(|seen| sgr_parameters(seen.bytes()));
    assert!(parameters.contains(&7), "{parameters:?}");
    assert!(parameters.iter().all(|parameter| *parameter < 30), "colours among {parameters:?}");
}

#[test]
fn colour_is_there_unless_refused() {
    let store = calm_store();
    let terminal = start(&store);
    let parameters = terminal.look(|seen| sgr_parameters(seen.bytes()));
    assert!(parameters.iter().any(|parameter| (30..=37).contains(parameter)), "{parameters:?}");
}

#[test]
fn without_utf8_every_byte_is_ascii() {
    let store = calm_store();
    store.calm_past("caf\u{e9}_\u{8ab0}");
    let mut ascii = perftop(&store);
    ascii.env("LC_ALL", "C");
    let mut terminal = started(ascii, 100, 30);
    store.insert("latency", 900.0);
    terminal.wait_for("900");
    for keys in ["2", "3", "a", "q", "?"] {
        terminal.send(keys);
    }
    terminal.wait_for("go to the next tab");
    terminal.send("\u{3}");
    terminal.wait_restored(0);
    terminal.look(|seen| {
        let strange = seen.bytes().iter().position(|byte| !byte.is_ascii());
        let around = strange.map(|at| String::from_utf8_lossy(&seen.bytes()[at.saturating_sub(40)..]));
        assert!(strange.is_none(), "{:?}", around.map(|text| text.chars().take(80).collect::<String>()));
    });
}

/// Names are data: none of them may steer the terminal.
#[test]
fn hostile_names_are_shown_not_obeyed() {
    let long = "x".repeat(10_000);
    let hostile =
        ["\x1b]2;owned\x07", "a\nb\r\x1b[2Jc", "\u{202e}reversed", "\u{1f600}\u{fe0f}", long.as_str(), "\x1b[31mred"];
    let store = TestStore::new();
    store.calm_past("latency");
    for name in hostile {
        store.calm_past(name);
        store.insert(name, 900.0);
    }
    let mut terminal = start(&store);
    terminal.wait_for("^[]2;owned");
    for keys in ["2", "j", "j", "j", "3", "a", "j", "j", "q", "1"] {
        terminal.send(keys);
    }
    terminal.send("\u{3}");
    terminal.wait_restored(0);
    terminal.look(|seen| {
        let sent = String::from_utf8_lossy(seen.bytes());
        for raw in ["\x1b]2;owned", "\x1b[2Jc", "\u{202e}", "\x1b[31mred"] {
            assert!(!sent.contains(raw), "{raw:?} was sent raw");
        }
    });
}
