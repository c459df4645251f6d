//! What a long history takes, 20 modules with 1000 runs each: reading and analysing it out of the store, and the dashboard
//! from its start in a real terminal to its table, and to a module's runs.
//!
//! `cargo bench --bench history` prints it; `docs/runs.md` has the figures.
#![allow(clippy::print_stdout, reason = "figures for whoever runs it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot go on should say so and stop")]

#[path = "../tests/pty/dashboard.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod dashboard;
#[path = "../tests/support/store.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod store;
#[path = "../tests/support/terminal.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fastrand::Rng;
use perftop::engine::judge_runs;
use perftop::model::{Environment, NewRun, Phase, Run, RunExit, RunThresholds, measure};
use perftop::runs::{History, bottlenecks};
use perftop::store::Store;

use dashboard::perftop_in;
use store::now_ms;
use terminal::Terminal;

const MODULES: usize = 20;
const RUNS: usize = 1_000;
const HOUR_MS: i64 = 3_600_000;
const PHASES: [&str; 4] = ["fetch", "parse", "load", "report"];
/// Of so many the median counts.
const TRIALS: usize = 9;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("perftop.db")).unwrap();
    let mut rng = Rng::with_seed(1);
    let oldest_ms = now_ms() - (RUNS + 1).cast_signed() as i64 * HOUR_MS;
    for module in 0..MODULES {
        let runs: Vec<NewRun> = (0..RUNS).map(|number| run(module, number, oldest_ms, &mut rng)).collect();
        store.record_runs(&runs, RUNS, 0).unwrap();
    }
    let began = Instant::now();
    let judged = judge_runs(&mut store, &RunThresholds::default(), 0).unwrap().len();
    println!("judging {judged} new runs: {:.0} ms", began.elapsed().as_secs_f64() * 1_000.0);

    let times_ms: Vec<[f64; 2]> = (0..TRIALS).map(|_| analysed(&store)).collect();
    let read_ms = median(times_ms.iter().map(|[read, _]| *read));
    let all_ms = median(times_ms.iter().map(|[read, analysed]| read + analysed));
    println!(
        "{MODULES} modules, {RUNS} runs each, read and analysed: {all_ms:.0} ms (median), {read_ms:.0} ms of it to read them"
    );

    let next = run(0, RUNS, oldest_ms, &mut rng);
    let began = Instant::now();
    store.record_runs(&[next], RUNS, 0).unwrap();
    judge_runs(&mut store, &RunThresholds::default(), 0).unwrap();
    println!("one more run, recorded and judged: {:.1} ms", began.elapsed().as_secs_f64() * 1_000.0);
    drop(store);

    let [first_ms, _] = dashboard_up(dir.path());
    println!("dashboard to its table, of runs that no dashboard has seen: {first_ms:.0} ms");
    // Rolled up and judged, as after any command that reads samples.
    let mut status = Command::new(env!("CARGO_BIN_EXE_perftop"));
    status.args(["status", "--db"]).arg(dir.path().join("perftop.db")).env("HOME", dir.path());
    assert!(status.output().expect("an answer").status.code() < Some(2));
    let starts: Vec<[f64; 2]> = (0..TRIALS).map(|_| dashboard_up(dir.path())).collect();
    let [table_ms, runs_ms] = [0, 1].map(|which| median(starts.iter().map(|start| start[which])));
    println!("dashboard to its table: {table_ms:.0} ms (median); from `enter` to a module's runs: {runs_ms:.0} ms");
}

fn median(times_ms: impl Iterator<Item = f64>) -> f64 {
    let mut times_ms: Vec<f64> = times_ms.collect();
    times_ms.sort_by(f64::total_cmp);
    times_ms[times_ms.len() / 2]
}

/// How long the dashboard takes to its table, and from `enter` to the runs of the first module, in ms.
fn dashboard_up(home: &Path) -> [f64; 2] {
    let began = Instant::now();
    let mut terminal = Terminal::start(perftop_in(home, &home.join("perftop.db")), 200, 50);
    terminal.wait_for("module-0");
    let table_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let began = Instant::now();
    terminal.send("\r");
    terminal.wait_for("last runs");
    let runs_ms = began.elapsed().as_secs_f64() * 1_000.0;
    terminal.send("Q");
    terminal.wait_restored(0);
    [table_ms, runs_ms]
}

/// What reading took, and what analysing, in ms.
fn analysed(store: &Store) -> [f64; 2] {
    let began = Instant::now();
    let modules = store.modules().unwrap();
    let runs: Vec<Vec<Run>> = modules.iter().map(|module| store.runs(&module.module, RUNS).unwrap()).collect();
    let read_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let histories: Vec<History> = runs.iter().filter_map(|runs| History::of(runs)).collect();
    let places = bottlenecks(&runs);
    let elapsed_ms = began.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!((histories.len(), places.len()), (MODULES, MODULES * (1 + PHASES.len())));
    [read_ms, elapsed_ms - read_ms]
}

fn run(module: usize, number: usize, oldest_ms: i64, rng: &mut Rng) -> NewRun {
    let duration_ms = 1_000.0 * (1.0 + 0.2 * rng.f64());
    let started_ms = oldest_ms + number.cast_signed() as i64 * HOUR_MS;
    let measures = [
        (measure::DURATION, duration_ms),
        (measure::CPU, duration_ms * 0.8),
        (measure::CPU_PERCENT, 80.0),
        (measure::MEMORY, 5e7 + 1e6 * rng.f64()),
        (measure::API_LATENCY, 40.0 + rng.f64()),
        (measure::ITEMS, 500.0),
        (measure::ITEMS_PER_HOUR, 500.0 * 3_600_000.0 / duration_ms),
    ];
    NewRun {
        module: format!("module-{module:02}").into(),
        key: format!("{module}-{number}"),
        batch: number.to_string(),
        started_ms,
        ended_ms: started_ms + duration_ms as i64,
        exit: RunExit::Code(i32::from(rng.u8(..) < 5)),
        source: "run/rusage".to_owned(),
        commit: Some("9cfd88a40f2f0c9d3e1f8a1b0c2d3e4f5a6b7c8d".to_owned()),
        environment: Some(Environment { cpu: "AMD EPYC 7763".to_owned(), cores: 2, os: "linux x86_64".to_owned() }),
        tags: [("branch".to_owned(), "main".to_owned())].into(),
        measures: measures.map(|(name, value)| (name.to_owned(), value)).into(),
        phases: PHASES.map(|name| Phase { name: name.into(), duration_ms: duration_ms / 4.0 }).to_vec(),
    }
}
