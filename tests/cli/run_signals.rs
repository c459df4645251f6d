//! Signals, time and processes that outlive: what `perftop run` passes on, ends and leaves alone.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use perftop::model::RunExit;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::home::Home;
use crate::run::{recorded, run_script};
use crate::terminal::{Terminal, command, is_running, wait_for_condition};

/// `perftop run` at work, read line by line.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(home: &Home, options: &str, script: &str) -> Self {
        let mut child = home
            .perftop_of(&format!("run {options}"), script)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed()).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// What it still said, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None, "perftop itself was killed");
        (rest, status.code())
    }
}

fn pid(line: &str) -> Pid {
    Pid::from_raw(line.trim().parse().unwrap()).unwrap()
}

/// A shell that hears signals. One that waits for `sleep` in the background would have to kill it, and a shell that has not yet
/// become `sleep` loses that signal.
const REST: &str = "while :; do sleep 0.05; done";

#[rstest]
#[case(Signal::INT, "INT")]
#[case(Signal::TERM, "TERM")]
#[case(Signal::HUP, "HUP")]
#[case(Signal::QUIT, "QUIT")]
#[case(Signal::USR1, "USR1")]
#[case(Signal::USR2, "USR2")]
fn a_signal_reaches_the_command_which_decides(
    #[case] signal: Signal,
    #[case] name: &str,
    #[values("", "--timeout 1h")] options: &str,
) {
    let home = Home::new();
    let script = format!("trap 'echo heard {name}; exit 9' {name}; echo ready; {REST}");
    let mut running = Running::start(&home, options, &script);
    assert_eq!(running.line(), "ready");
    running.signal(signal);
    assert_eq!(running.end(), (format!("heard {name}\n"), Some(9)));
    assert_eq!(recorded(&home, "sh")[0].exit, RunExit::Code(9));
}

#[rstest]
#[case(Signal::INT, 130)]
#[case(Signal::TERM, 143)]
fn a_command_that_a_signal_ends_is_recorded_so(#[case] signal: Signal, #[case] code: i32) {
    let home = Home::new();
    let mut running = Running::start(&home, "--name server", "echo ready; exec sleep 1000");
    assert_eq!(running.line(), "ready");
    running.signal(signal);
    assert_eq!(running.end(), (String::new(), Some(code)));
    assert_eq!(recorded(&home, "server")[0].exit, RunExit::Signal(signal.as_raw()));
}

#[test]
fn a_command_that_kills_itself_is_128_and_the_signal() {
    let home = Home::new();
    assert_eq!(run_script(&home, "", "kill -9 $$").code, Some(137));
    assert_eq!(recorded(&home, "sh")[0].exit, RunExit::Signal(9));
}

#[test]
fn a_signal_that_was_to_be_ignored_stays_ignored() {
    let home = Home::new();
    let nohup = format!("trap '' HUP; exec {} run -- sh -c 'kill -HUP $$; echo alive'", env!("CARGO_BIN_EXE_perftop"));
    let output = Command::new("sh")
        .args(["-c", &nohup])
        .env_clear()
        .envs(home.environment())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"alive\n"[..]));
}

/// The terminal sends to both, so nothing is passed on.
#[rstest]
fn ctrl_c_reaches_the_command_once(#[values("", "--timeout 1h ")] options: &str) {
    let home = Home::new();
    let mut perftop = command(env!("CARGO_BIN_EXE_perftop"));
    let script = "n=0; trap 'n=$((n+1)); echo heard' INT; trap 'echo interrupts $n; exit 3' TERM; echo ready;";
    let script = format!("{script} {REST}");
    perftop.args(["run"]);
    perftop.args(options.split_whitespace());
    perftop.args(["--", "sh", "-c", &script]);
    for (name, value) in home.environment() {
        perftop.env(name, value);
    }
    perftop.env("PATH", "/usr/bin:/bin");
    perftop.cwd(home.path(""));
    let mut terminal = Terminal::start(perftop, 80, 24);
    terminal.wait_for("ready");
    terminal.send("\u{3}");
    terminal.wait_for("heard");
    terminal.signal(Signal::TERM);
    terminal.wait_for("interrupts 1");
    assert_eq!(terminal.wait_exit().exit_code(), 3);
}

/// In a group of its own it has only what perftop passes on. In perftop's it would have each twice, see `docs/runs.md`.
#[test]
fn a_signal_to_the_group_reaches_a_command_with_a_timeout_once() {
    let home = Home::new();
    let script = "n=0; trap 'n=$((n+1)); echo heard' USR1; trap 'echo signals $n; exit 3' TERM; echo ready;";
    let mut running = Running::start(&home, "--timeout 1h", &format!("{script} {REST}"));
    assert_eq!(running.line(), "ready");
    kill_process_group(running.pid(), Signal::USR1).unwrap();
    assert_eq!(running.line(), "heard");
    running.signal(Signal::TERM);
    assert_eq!(running.end(), ("signals 1\n".to_owned(), Some(3)));
}

#[test]
fn time_over_ends_the_command_and_all_it_started() {
    let home = Home::new();
    let mut running = Running::start(&home, "--name slow --timeout 300ms", "sleep 1000 & echo $!; wait");
    let started = pid(&running.line());
    assert_eq!(running.end(), (String::new(), Some(124)));
    wait_for_condition("the end of what it started", || (!is_running(started)).then_some(()));
    let run = recorded(&home, "slow").remove(0);
    assert_eq!(run.exit, RunExit::TimedOut);
    assert!(run.measured("duration_ms").unwrap() >= 300.0);
}

#[test]
fn what_does_not_hear_is_killed() {
    let home = Home::new();
    let stubborn = "trap '' TERM; sleep 1000 & echo $!; wait";
    let mut running = Running::start(&home, "--timeout 0.1", stubborn);
    let started = pid(&running.line());
    assert_eq!(running.end(), (String::new(), Some(124)));
    wait_for_condition("the end of what it started", || (!is_running(started)).then_some(()));
}

#[test]
fn a_daemon_outlives_the_run() {
    let home = Home::new();
    for options in ["", "--timeout 1h"] {
        let mut running = Running::start(&home, options, "setsid sleep 1000 > /dev/null 2>&1 & echo $!");
        let daemon = pid(&running.line());
        assert_eq!(running.end(), (String::new(), Some(0)));
        assert!(is_running(daemon));
        kill_process(daemon, Signal::KILL).unwrap();
    }
    assert_eq!(recorded(&home, "sh").len(), 2);
}

#[test]
fn a_signal_ends_the_repetition() {
    let home = Home::new();
    let mut running = Running::start(&home, "--name bench --repeat 1000 --cooldown 1h", "echo ran");
    assert_eq!(running.line(), "ran");
    running.signal(Signal::TERM);
    assert_eq!(running.end(), (String::new(), Some(143)));
    assert!(recorded(&home, "bench").len() <= 1, "the signal came while it ran, or while it rested");
}
