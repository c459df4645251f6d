//! `perftop supervise`: a job that repeats, is restarted, and goes on where it was.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use perftop::model::{Run, RunAnomalyState};
use perftop::store::Store;
use rustix::process::{Pid, Signal, kill_process};

use crate::home::Home;
use crate::terminal::{is_running, wait_for_condition};

/// A supervisor at work, read line by line.
struct Supervised {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Supervised {
    fn start(home: &Home, options: &str, script: &str) -> Self {
        let mut child = home
            .perftop_of(&format!("supervise --name job {options}"), script)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The line that begins so.
    fn line_of(&mut self, start: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(start) {
                return line;
            }
            assert!(!line.is_empty(), "it ended before it said `{start}`");
        }
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_raw(self.child.id().cast_signed()).unwrap(), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

fn runs(home: &Home) -> Vec<Run> {
    Store::open_read(&home.store()).unwrap().runs("job", 100).unwrap()
}

fn tag(run: &Run, key: &str) -> i64 {
    run.run.tags[&format!("supervise.{key}")].parse().unwrap()
}

#[test]
fn it_runs_again_and_again_and_tells_how_it_is() {
    let home = Home::new();
    let mut job = Supervised::start(&home, "--every 50ms", "true");
    let first = job.line();
    assert!(
        first.starts_with("job: iteration 1, ok in ")
            && first.contains(", 0 restarts, 1 module tracked, 0 anomalies in the last hour, next in "),
        "{first}"
    );
    assert_eq!(job.line(), "Performance OK");
    job.line_of("job: iteration 3, ");
    assert_eq!(job.end(Signal::TERM), Some(143));
    let runs = runs(&home);
    let began: Vec<i64> = runs.iter().map(|run| tag(run, "began_ms")).collect();
    assert!(began.windows(2).all(|pair| pair[1] - pair[0] >= 50), "{began:?}");
    assert!(runs.iter().map(|run| tag(run, "iteration")).eq(1..=runs.len().cast_signed() as i64));
}

#[test]
fn a_job_that_fails_is_restarted_and_then_waits() {
    let home = Home::new();
    let mut job = Supervised::start(&home, "--every 1h --restarts 2 --backoff 10ms", "exit 3");
    assert!(job.line().contains("iteration 1, FAILED (exit code 3) in "));
    assert!(job.line().contains(", 1 restart, "), "nothing is well that failed");
    let last = job.line();
    let is_an_hour = last.ends_with("next in 1h") || last.contains("next in 59m");
    assert!(last.contains("iteration 1, ") && last.contains(", 2 restarts, ") && is_an_hour, "{last}");
    assert_eq!(job.line(), "Anomaly detected: 1 anomaly(ies)", "three in a row");
    assert_eq!(job.end(Signal::INT), Some(130));
    assert_eq!(runs(&home).iter().map(|run| tag(run, "restart")).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_streak_is_one_anomaly_until_it_is_over() {
    let home = Home::new();
    let mut job = Supervised::start(&home, "--every 20ms --restarts 0", "[ -e mended ]");
    job.line_of("Anomaly detected: ");
    for _ in 0..3 {
        assert!(job.line().contains(", 1 anomaly in the last hour, "), "once");
        assert_eq!(job.line(), "Anomaly detected: 1 anomaly(ies)", "that is how it is");
    }
    home.write("mended", "");
    job.line_of("Anomaly recovered: job - failures_in_a_row");
    job.line_of("Performance OK");
    job.end(Signal::TERM);
    let store = Store::open_read(&home.store()).unwrap();
    let found = store.run_anomalies(Some("job"), 0, 100).unwrap();
    assert!(found.len() == 1 && found[0].state == RunAnomalyState::Recovered, "{found:?}");
}

#[test]
fn its_own_restart_changes_nothing() {
    let home = Home::new();
    let mut job = Supervised::start(&home, "--every 1h", "true");
    job.line_of("job: iteration 1, ");
    job.line_of("Performance OK");
    assert_eq!(job.end(Signal::KILL), None);
    // The same job, and it is not due.
    let job = Supervised::start(&home, "--every 1h", "true");
    wait_for_condition("a supervisor that waits", || {
        let lock = std::fs::read_dir(home.path("state/perftop")).ok()?.flatten().next()?;
        std::fs::File::open(lock.path()).ok()?.try_lock().is_err().then_some(())
    });
    let second = home.run("supervise --name job --every 1s -- true");
    assert_eq!(second.code, Some(2));
    assert_eq!(second.stderr, "perftop: `job` is supervised already: give this job another --name\n");
    assert_eq!(job.end(Signal::TERM), Some(143));
    assert_eq!(runs(&home).len(), 1);
    // What is due goes on counting.
    let mut job = Supervised::start(&home, "--every 1ms", "true");
    job.line_of("job: iteration 2, ");
    job.end(Signal::TERM);
}

#[test]
fn the_job_ends_with_it_and_has_not_failed() {
    let home = Home::new();
    let job = Supervised::start(&home, "--every 1h", "echo $$ > pid; exec sleep 1000");
    let pid = wait_for_condition("the job", || {
        let text = std::fs::read_to_string(home.path("pid")).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    });
    assert_eq!(job.end(Signal::TERM), Some(143));
    wait_for_condition("the end of the job", || (!is_running(pid)).then_some(()));
    assert!(!home.store().exists() || runs(&home).is_empty());
}

#[test]
fn a_command_that_is_not_there_is_said_at_once() {
    let home = Home::new();
    assert_eq!(home.run("supervise --every 1h -- /no/such/job").code, Some(127));
    assert_eq!(home.run("supervise --every 0s -- true").code, Some(2));
    assert_eq!(home.run("supervise -- true").code, Some(2));
}
