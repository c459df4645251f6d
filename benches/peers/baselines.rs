//! All baselines of a store as a user gets them, and what its file consists of.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::child::{self, Usage};
use crate::data::{METRICS, WINDOWS_MS};
use crate::duckdb::{self, Baselines, Row, by_metric};
use crate::ingest::store_in;
use crate::results::{Results, Table, median, ms, short};
use crate::{Plan, perftop, sqlite};

/// Warm rounds: they take little time.
const ROUNDS: usize = 10;

/// What `perftop baseline --format json` prints.
#[derive(Debug, Deserialize)]
struct Answer {
    baselines: Vec<Row>,
}

/// Runs `perftop baseline` from start to end.
fn ours(home: &Path) -> (Usage, Baselines) {
    let said = home.join("said");
    let usage = child::run(perftop(home).args(["baseline", "--format", "json"]), &said);
    let answer: Answer = serde_json::from_slice(&fs::read(said).expect("an answer")).expect("JSON of this shape");
    (usage, by_metric(answer.baselines))
}

/// Medians over some runs, in ms.
struct Took {
    wall_ms: f64,
    cpu_ms: f64,
}

impl Took {
    fn of(runs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (walls, cpus) = runs.into_iter().unzip();
        Self { wall_ms: median(walls), cpu_ms: median(cpus) }
    }

    fn cells(&self, what: &str) -> Vec<String> {
        vec![what.to_owned(), short(self.wall_ms), short(self.cpu_ms)]
    }
}

fn timed(home: &Path) -> (f64, f64) {
    let (usage, _) = ours(home);
    (ms(usage.wall), ms(usage.cpu))
}

/// With the files in memory.
fn hold_warm(took: &Took, results: &mut Results) -> Vec<String> {
    results.at_most("all baselines, warm: wall", took.wall_ms, 250.0, "ms");
    took.cells("perftop baseline, warm")
}

/// With the files on the disk alone, where we may order that.
fn cold(plan: &Plan, home: &Path, bar_ms: f64, results: &mut Results) -> Vec<String> {
    if !child::forget_files() {
        eprintln!("all baselines, cold: only root can empty the page cache");
        return vec!["perftop baseline, cold".to_owned(), "root only".to_owned(), String::new()];
    }
    let took = Took::of((0..plan.rounds).map(|_| {
        child::forget_files();
        timed(home)
    }));
    results.at_most("all baselines, cold: wall", took.wall_ms, bar_ms, "ms");
    took.cells("perftop baseline, cold")
}

/// Ours alone, on a store of any size.
pub fn alone(plan: &Plan, home: &Path, results: &mut Results) -> [Vec<String>; 2] {
    timed(home);
    let warm = Took::of((0..plan.size.repeats(ROUNDS)).map(|_| timed(home)));
    [hold_warm(&warm, results), cold(plan, home, 1_200.0, results)]
}

/// Ours beside DuckDB's by turns, and the same numbers of both.
pub fn side_by_side(plan: &Plan, results: &mut Results) {
    let (home, theirs) = (plan.dir.join("perftop"), plan.dir.join("duckdb"));
    compare(&ours(&home).1, &duckdb::baselines(&theirs, plan.rows.now_ms).baselines());
    let rounds = (0..plan.size.repeats(ROUNDS)).map(|_| {
        let answer = duckdb::baselines(&theirs, plan.rows.now_ms);
        (timed(&home), (answer.wall_s * 1e3, answer.cpu_s * 1e3))
    });
    let (warm, duckdb): (Vec<_>, Vec<_>) = rounds.unzip();
    let (warm, duckdb) = (Took::of(warm), Took::of(duckdb));
    let rows = vec![
        hold_warm(&warm, results),
        cold(plan, &home, 500.0, results),
        duckdb.cells("DuckDB SQL, 1 thread, warm, without the start of Python"),
    ];
    results.at_most("all baselines: our CPU over DuckDB's", warm.cpu_ms / duckdb.cpu_ms, 1.0, "x");
    results.table(Table {
        title: format!("{METRICS} metrics over {} windows, exact", WINDOWS_MS.len()),
        head: vec!["program", "wall ms", "CPU ms"],
        rows,
    });
}

/// # Panics
/// When a number of a baseline differs by more than 1e-9 of itself.
fn compare(ours: &Baselines, theirs: &Baselines) {
    assert_eq!(ours.len(), METRICS * WINDOWS_MS.len());
    assert!(ours.keys().eq(theirs.keys()), "other metrics or windows");
    for (key, theirs) in theirs {
        let ours = &ours[key];
        assert_eq!(ours.count, theirs.count, "{key:?}");
        let pairs = [
            (ours.mean, theirs.mean),
            (ours.std_dev, theirs.std_dev),
            (ours.min, theirs.min),
            (ours.p50, theirs.p50),
            (ours.p95, theirs.p95),
            (ours.p99, theirs.p99),
            (ours.max, theirs.max),
        ];
        for (ours, theirs) in pairs {
            assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{key:?}: {ours} here, {theirs} in DuckDB");
        }
    }
    eprintln!("{} baselines equal DuckDB's to 1e-9", ours.len());
}

/// Bytes a sample of each table of the store.
pub fn disk(home: &Path, samples: u64, results: &mut Results) {
    let pages = sqlite::pages(&store_in(home));
    let per_sample = |bytes: u64| bytes as f64 / samples as f64;
    let derived = pages.iter().filter(|(table, _)| table.starts_with("perftop_")).map(|(_, bytes)| bytes).sum();
    results.at_most("disk: derived from the log", per_sample(derived), 10.0, "B/sample");
    results.table(Table {
        title: "The store's file".to_owned(),
        head: vec!["table", "B/sample"],
        rows: pages.into_iter().map(|(table, bytes)| vec![table, format!("{:.2}", per_sample(bytes))]).collect(),
    });
}
