//! Other programs: processes that know the contract's table and nothing of perftop. They are this test
//! program, started again to run one ignored test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use crate::series::Series;

const STORE_VAR: &str = "PERFTOP_TEST_STORE";
const ROLE_VAR: &str = "PERFTOP_TEST_ROLE";

/// What the process says once it is where it should be.
const READY: &str = "ready";

/// How long it waits for a lock; nobody should hold one for that long.
const PATIENCE: Duration = Duration::from_mins(2);

pub const INSERT: &str = "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)";

/// A running process of another program. Dropping it kills it.
pub struct Outsider {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it still says goes nowhere, but somebody must hold the other end.
    _stdout: BufReader<ChildStdout>,
}

impl Outsider {
    /// Inserts the samples `0..count` of a series, a transaction each.
    pub fn inserting(store: &Path, series: Series, count: u32) -> Self {
        Self::start(store, &format!("insert {} {} {count}", series.metric, series.begin_ms))
    }

    /// Inserts the samples `0..count` of a series in one transaction.
    pub fn inserting_at_once(store: &Path, series: Series, count: u32) -> Self {
        Self::start(store, &format!("insert-at-once {} {} {count}", series.metric, series.begin_ms))
    }

    /// Holds the write lock until [`Outsider::finish`].
    pub fn holding_the_lock(store: &Path) -> Self {
        Self::start(store, "hold-lock")
    }

    /// Reads, and goes on reading the same state of the store until [`Outsider::finish`].
    pub fn reading(store: &Path) -> Self {
        Self::start(store, "read")
    }

    fn start(store: &Path, role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "outsider::worker", "--ignored", "--nocapture"])
            .env(STORE_VAR, store)
            .env(ROLE_VAR, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let is_ready = stdout.by_ref().lines().map_while(Result::ok).any(|line| line == READY);
        assert!(is_ready, "{role} did not begin");
        let stdin = child.stdin.take();
        Self { child, stdin, _stdout: stdout }
    }

    /// Lets it end, and waits until it has.
    pub fn finish(mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Outsider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "runs as a process of its own, started by the other tests"]
fn worker() {
    let mut connection = Connection::open(std::env::var_os(STORE_VAR).unwrap()).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    let role = std::env::var(ROLE_VAR).unwrap();
    match &*role.split(' ').collect::<Vec<_>>() {
        ["insert", metric, begin_ms, count] => {
            say_ready();
            insert(&connection, metric, begin_ms, count);
        }
        ["insert-at-once", metric, begin_ms, count] => {
            say_ready();
            let transaction = connection.transaction().unwrap();
            insert(&transaction, metric, begin_ms, count);
            transaction.commit().unwrap();
        }
        ["hold-lock"] => {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            wait_for_the_end();
        }
        ["read"] => {
            connection.execute_batch("BEGIN; SELECT count(*) FROM performance_samples").unwrap();
            wait_for_the_end();
        }
        _ => panic!("no such role: {role}"),
    }
}

fn insert(connection: &Connection, metric: &str, begin_ms: &str, count: &str) {
    let series = Series { metric: "", begin_ms: begin_ms.parse().unwrap() };
    let mut insert = connection.prepare(INSERT).unwrap();
    for (timestamp_ms, value) in series.samples(0..count.parse().unwrap()) {
        insert.execute((metric, value, timestamp_ms)).unwrap();
    }
}

#[expect(clippy::print_stdout, reason = "the test that started it reads it")]
fn say_ready() {
    println!("{READY}");
}

/// Until the test closes the pipe.
fn wait_for_the_end() {
    say_ready();
    let _ = std::io::stdin().read(&mut [0]);
}
