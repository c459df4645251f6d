//! `perftop ingest --follow` and `--watch`: whatever happens to the files, each line is taken once.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::home::{Answer, Home};
use crate::terminal::{Terminal, command, wait_for_condition};

struct Log {
    home: Home,
}

impl Log {
    fn new() -> Self {
        Self { home: Home::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn follow(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_perftop"))
            .args(["ingest", "--follow", "--db"])
            .arg(self.path("p.db"))
            .arg(self.path("a.log"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Ends it as ctrl-c does, and says what it said.
    fn end(&self, child: Child) -> Answer {
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        self.home.answer(&child.wait_with_output().unwrap())
    }

    fn stored(&self) -> Vec<f64> {
        let read = || -> rusqlite::Result<Vec<f64>> {
            let store = Connection::open(self.path("p.db"))?;
            let mut rows = store.prepare("SELECT value FROM performance_samples ORDER BY id")?;
            rows.query_map([], |row| row.get(0))?.collect()
        };
        // Before the store is made there is nothing in it.
        read().unwrap_or_default()
    }

    fn wait_for(&self, expected: &[f64]) {
        wait_for_condition(&format!("{expected:?} in the store"), || {
            (self.stored().len() >= expected.len()).then_some(())
        });
        assert_eq!(self.stored(), expected);
    }
}

fn line(value: u32) -> String {
    format!("cpu value={value}\n")
}

#[test]
fn a_rotated_and_truncated_file_is_followed_and_a_torn_line_waits() {
    let log = Log::new();
    let child = log.follow();
    log.append("a.log", &line(1));
    log.wait_for(&[1.0]);
    log.append("a.log", "cpu val");
    log.append("a.log", "ue=2\n");
    log.wait_for(&[1.0, 2.0]);

    fs::rename(log.path("a.log"), log.path("a.log.1")).unwrap();
    log.append("a.log.1", &line(3));
    log.append("a.log", &line(4));
    log.wait_for(&[1.0, 2.0, 3.0, 4.0]);
    log.append("a.log.1", &line(5));
    log.wait_for(&[1.0, 2.0, 3.0, 4.0, 5.0]);

    fs::write(log.path("a.log"), line(6)).unwrap();
    log.wait_for(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    fs::remove_file(log.path("a.log")).unwrap();
    log.append("a.log", &line(7));
    log.wait_for(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let answer = log.end(child);
    assert_eq!(answer.code, Some(130), "{}", answer.stderr);
    assert!(answer.stderr.contains("interrupted: 7 samples, 0 rejected"), "{}", answer.stderr);
}

#[test]
fn a_later_start_goes_on_where_the_first_stopped_though_the_file_was_renamed_meanwhile() {
    let log = Log::new();
    log.append("a.log", &line(1));
    let first = log.follow();
    log.wait_for(&[1.0]);
    log.end(first);
    log.append("a.log", &(line(2) + "no sample\n"));
    fs::rename(log.path("a.log"), log.path("a.log.1")).unwrap();
    log.append("a.log", &line(3));
    let second = log.follow();
    log.wait_for(&[1.0, 2.0, 3.0]);
    let answer = log.end(second);
    assert!(
        answer.stderr.contains("a.log:2: not line protocol") || answer.stderr.contains("a.log:3: not line protocol"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("interrupted: 2 samples, 1 rejected"), "{}", answer.stderr);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let home = Home::new();
    assert_eq!(home.run("ingest --follow").code, Some(2));
    assert_eq!(home.run("ingest --follow -").code, Some(2));
    assert_eq!(home.run("ingest --follow --strict a.log").code, Some(2));
    assert_eq!(home.run("ingest --follow --format hyperfine a.json").code, Some(2));
    assert_eq!(home.run("ingest --watch").code, Some(2));
}

#[test]
fn the_dashboard_shows_what_comes_through_a_pipe_and_stays_when_it_ends() {
    let home = Home::new();
    let mut shell = command("sh");
    shell.env("HOME", home.path(""));
    shell.env("PERFTOP_DB", home.path("p.db"));
    shell.arg("-c");
    shell.arg(format!(
        "printf 'bad\\n{{\"metric\":\"through_a_pipe\",\"value\":7}}\\n' | '{}' ingest --watch",
        env!("CARGO_BIN_EXE_perftop")
    ));
    let mut terminal = Terminal::start(shell, 110, 30);
    terminal.wait_for("through_a_pipe");
    terminal.wait_for("1 rejected");
    terminal.wait_for("the input has ended: 1 sample, 1 rejected");
    terminal.send("3");
    terminal.wait_for("Time series");
    terminal.send("q");
    terminal.wait_restored(1);
}
