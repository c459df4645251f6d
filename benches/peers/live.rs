//! Other programs at work on the same store: how soon a dashboard notices them, and how long they wait.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use perftop::clock::Clock;
use rusqlite::Connection;

use crate::data::metric_name;
use crate::ingest::{Inputs, store_in};
use crate::results::{Delays, Results, Table};
use crate::terminal::{TIMEOUT, Terminal};
use crate::{Plan, child, perftop, sqlite};

/// How often a row is looked for, and so how exact the delays are.
const LOOK_EVERY: Duration = Duration::from_micros(20);
const STREAM_PAUSE_MS: std::ops::Range<u64> = 15..30;
/// Longer than the dashboard looks again after a file event.
const LONE_PAUSE_MS: std::ops::Range<u64> = 1_100..1_600;
const WRITE_EVERY: Duration = Duration::from_millis(20);

const INSERT: &str = "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES (?1, ?2, ?3)";

/// A program that inserts a row at a time, each in a transaction of its own.
struct Outsider {
    db: Connection,
    spikes: u64,
}

impl Outsider {
    fn at(store: &Path) -> Self {
        let db = sqlite::open(store);
        db.busy_timeout(Duration::from_secs(10)).expect("a timeout");
        db.pragma_update(None, "synchronous", "NORMAL").expect("a mode");
        Self { db, spikes: 0 }
    }

    fn insert(&self, metric: &str, value: f64) {
        let insert = self.db.prepare_cached(INSERT);
        insert.and_then(|mut insert| insert.execute((metric, value, Clock::System.now_ms()))).expect("an insert");
    }

    /// A value beyond every limit, each time of the next metric.
    fn spike(&mut self) {
        let metrics = crate::data::METRICS as u64;
        let (metric, turn) = (self.spikes % metrics, self.spikes / metrics);
        self.spikes += 1;
        self.insert(&metric_name(metric as usize), 1e9 * 1e3_f64.powi(turn as i32));
    }

    /// The highest id of a table.
    fn newest(&self, table: &str) -> i64 {
        let newest = format!("SELECT coalesce(max(id), 0) FROM {table}");
        self.db.prepare_cached(&newest).and_then(|mut newest| newest.query_row([], |row| row.get(0))).expect("an id")
    }

    /// How long until `table` has a row with a higher id, after `act`.
    fn until_row(&mut self, table: &str, act: impl FnOnce(&mut Self)) -> Duration {
        let before = self.newest(table);
        act(self);
        let started = Instant::now();
        while self.newest(table) <= before {
            assert!(started.elapsed() < TIMEOUT, "no row in {table}");
            thread::sleep(LOOK_EVERY);
        }
        started.elapsed()
    }
}

fn pause(range: std::ops::Range<u64>) {
    thread::sleep(Duration::from_millis(fastrand::u64(range)));
}

/// From the commit of an outlier, in another process, to the dashboard's own row about it: it was noticed, read,
/// judged and recorded.
pub fn noticed(plan: &Plan, home: &Path, results: &mut Results) {
    let pane = quiet_pane(home);
    let mut outsider = Outsider::at(&store_in(home));
    let mut spikes = |count: usize, gaps: std::ops::Range<u64>| {
        Delays::new((0..count).map(|_| {
            pause(gaps.clone());
            outsider.until_row("spc_anomalies", Outsider::spike)
        }))
    };
    // The detectors learn a metric's history when its first sample comes.
    let first = spikes(crate::data::METRICS, STREAM_PAUSE_MS);
    let stream = spikes(plan.size.repeats(400), STREAM_PAUSE_MS);
    let lone = spikes(plan.size.repeats(20), LONE_PAUSE_MS);
    let dropped = drop_files(plan, home, &mut outsider);
    drop(pane);
    results.at_most("an outside commit to noticed and recorded, in a stream: p50", stream.quantile(0.5), 1.0, "ms");
    results.at_most("an outside commit to noticed and recorded, in a stream: p99", stream.quantile(0.99), 10.0, "ms");
    results.at_most("a lone outside commit to noticed and recorded: longest", lone.longest(), 300.0, "ms");
    results.at_most("a dropped one-line file to its row: p99", dropped.quantile(0.99), 20.0, "ms");
    let cells =
        |what: &str, delays: &Delays| [vec![what.to_owned(), delays.len().to_string()], delays.cells()].concat();
    results.table(Table {
        title: "How soon a dashboard acts, ms".to_owned(),
        head: vec!["on", "n", "p50", "p95", "p99", "longest"],
        rows: vec![
            cells("the first commit of a metric that was never judged", &first),
            cells("a commit every 15 to 30 ms", &stream),
            cells("a commit every 1.1 to 1.6 s", &lone),
            cells("a dropped file of one line", &dropped),
        ],
    });
}

fn quiet_pane(home: &Path) -> Terminal {
    let pane = crate::pane::start(home);
    crate::process::wait_for_quiet(pane.pid());
    pane
}

/// From the renaming of a file into the drop directory to its row.
fn drop_files(plan: &Plan, home: &Path, outsider: &mut Outsider) -> Delays {
    let (outside, drop_dir) = (home.join("next.jsonl"), home.join("data/perftop/drop"));
    assert!(drop_dir.is_dir(), "the dashboard watches {}", drop_dir.display());
    Delays::new((0..plan.size.repeats(200)).map(|file| {
        pause(STREAM_PAUSE_MS);
        let now_ms = Clock::System.now_ms();
        let line = format!("{{\"metric_name\":\"dropped_ms\",\"value\":{file},\"timestamp\":{now_ms}}}\n");
        fs::write(&outside, line).expect("a file");
        outsider.until_row("performance_samples", |_| {
            fs::rename(&outside, drop_dir.join(format!("{file}.jsonl"))).expect("a dropped file");
        })
    }))
}

/// How long a program that inserts a row every 20 ms waits while all samples are taken in.
pub fn other_writer(plan: &Plan, inputs: &Inputs, results: &mut Results) {
    let home = plan.dir.join("contended");
    child::fresh_dir(&home);
    child::run(perftop(&home).args(["record", "outside_ms", "1"]), &home.join("said"));
    child::settle();
    let outsider = Outsider::at(&store_in(&home));
    let mut ingest = perftop(&home).args(["ingest", "--quiet"]).arg(&inputs.json_lines).spawn().expect("perftop");
    let mut waits = Vec::new();
    let status = loop {
        if let Some(status) = ingest.try_wait().expect("a child") {
            break status;
        }
        let started = Instant::now();
        outsider.insert("outside_ms", 1.0);
        waits.push(started.elapsed());
        thread::sleep(WRITE_EVERY.saturating_sub(started.elapsed()));
    };
    assert!(status.success(), "the ingest ended with {status}");
    let rows = sqlite::truth(&store_in(&home)).rows;
    assert_eq!(rows, inputs.truth.rows + waits.len() as u64 + 1, "rows of both writers");
    let waits = Delays::new(waits);
    results.at_most("another writer's wait during a bulk ingest: p95", waits.quantile(0.95), 40.0, "ms");
    results.at_most("another writer's wait during a bulk ingest: longest", waits.longest(), 250.0, "ms");
    results.table(Table {
        title: "An INSERT of another program during a bulk ingest, ms".to_owned(),
        head: vec!["n", "p50", "p95", "p99", "longest"],
        rows: vec![[vec![waits.len().to_string()], waits.cells()].concat()],
    });
    fs::remove_dir_all(home).expect("the directory can be removed");
}
