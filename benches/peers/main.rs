//! perftop beside its peers, on the same generated samples, in one run: `benches/run [--small | --large] [PART...]`.
//!
//! - Without a size: 10 million samples, three interleaved rounds, into `benches/RESULTS.md`.
//! - `--small`: 200 000 samples and one round, to check that all programs agree; its times say nothing.
//! - `--large`: perftop alone at 10 and 100 million samples, through a pipe; needs 15 GB of disk.
//!
//! Parts, all without one: ingest (always, for what it leaves behind), baselines, panes, live, writer. A run of
//! some parts is printed alone. `--rounds N` changes their number; `--dir DIR` the place to work in, `target/tmp/peers`,
//! whose content is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a measurement that cannot go on should say so and stop, and says how far it is"
)]
#![expect(clippy::print_stdout, reason = "the report goes to standard output")]

mod baselines;
mod child;
#[path = "../../tests/pty/dashboard.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod dashboard;
mod data;
mod duckdb;
mod ingest;
mod live;
mod machine;
mod pane;
#[path = "../support/process.rs"]
mod process;
mod results;
mod sqlite;
#[path = "../../tests/support/store.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod store;
#[path = "../../tests/support/terminal.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod terminal;
mod victoria;

use std::path::{Path, PathBuf};
use std::process::Command;

use data::Rows;
use ingest::Inputs;
use perftop::clock::Clock;
use results::{Results, Table, short};

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A check.
    Small,
    /// Beside the peers.
    Default,
    /// perftop alone.
    Large,
}

impl Size {
    const fn samples(self) -> u64 {
        match self {
            Self::Small => 200_000,
            Self::Default => 10_000_000,
            Self::Large => 100_000_000,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Default => "10 million samples",
            Self::Large => "100 million samples",
        }
    }

    /// How often to do what is worth doing `full` times when time matters.
    const fn repeats(self, full: usize) -> usize {
        if matches!(self, Self::Small) { full.div_ceil(10) } else { full }
    }
}

/// What is to be measured, and where.
#[derive(Debug)]
pub struct Plan {
    size: Size,
    rows: Rows,
    rounds: usize,
    dir: PathBuf,
    parts: Vec<String>,
}

impl Plan {
    fn from_args() -> Self {
        let mut args = std::env::args().skip(1);
        let mut size = Size::Default;
        let mut rounds = None;
        let mut dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("peers");
        let mut parts = Vec::new();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--small" => size = Size::Small,
                "--large" => size = Size::Large,
                "--rounds" => rounds = args.next().and_then(|rounds| rounds.parse().ok()),
                "--dir" => dir = args.next().expect("--dir needs a directory").into(),
                // Cargo says so to every benchmark.
                "--bench" => {}
                part => parts.push(part.to_owned()),
            }
        }
        let now_ms = Clock::System.now_ms().cast_unsigned();
        let rounds = rounds.unwrap_or(if size == Size::Small { 1 } else { 3 });
        Self { size, rows: Rows { count: size.samples(), now_ms }, rounds, dir, parts }
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

/// `perftop` with a directory of its own.
fn perftop(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perftop"));
    command.env_clear();
    for (name, value) in dashboard::perftop_in(home, &ingest::store_in(home)).iter_full_env_as_str() {
        command.env(name, value);
    }
    command
}

fn main() {
    let plan = Plan::from_args();
    child::fresh_dir(&plan.dir);
    let mut results = Results::default();
    results.table(machine::describe(&plan.dir));
    if plan.size == Size::Large {
        alone(&plan, &mut results);
    } else {
        side_by_side(&plan, &mut results);
    }
    std::fs::remove_dir_all(&plan.dir).expect("the directory can be removed");
    let report = format!("## {}\n\n{}", plan.size.name(), results.report());
    println!("{report}");
    if plan.size != Size::Small && plan.parts.is_empty() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
        results::keep(&kept, plan.size.name(), &report);
    }
}

fn side_by_side(plan: &Plan, results: &mut Results) {
    let inputs = Inputs::make(plan, plan.rows).expect("room for the samples");
    ingest::side_by_side(plan, &inputs, results);
    let home = plan.dir.join("perftop");
    baselines::disk(&home, plan.rows.count, results);
    if plan.wants("baselines") {
        baselines::side_by_side(plan, results);
    }
    if plan.wants("panes") {
        pane::first_contact(&home);
        pane::first_frame(plan, &home, results);
        pane::idle(plan, &home, results);
    }
    if plan.wants("live") {
        live::noticed(plan, &home, results);
    }
    if plan.wants("writer") {
        live::other_writer(plan, &inputs, results);
    }
}

/// perftop at a tenth of the samples and at all of them.
fn alone(plan: &Plan, results: &mut Results) {
    let mut frames = Vec::new();
    let mut peaks = Vec::new();
    for count in [plan.rows.count / 10, plan.rows.count] {
        results.about(&format!("{} M samples, ", count / 1_000_000));
        let home = plan.dir.join(count.to_string());
        let rows = Rows { count, ..plan.rows };
        let (usage, truth) = ingest::through_a_pipe(rows, &home).expect("room for the store");
        let store = ingest::store_in(&home);
        assert!(truth.agrees(sqlite::truth(&store)) && truth.agrees(sqlite::rolled_up(&store)));
        let peak_mb = usage.peak_bytes as f64 / 1e6;
        results.at_most("ingest: peak memory", peak_mb, 40.0, "MB");
        baselines::disk(&home, count, results);
        let mut took = vec![vec![
            "ingest".to_owned(),
            short(usage.wall.as_secs_f64() * 1e3),
            short(usage.cpu.as_secs_f64() * 1e3),
        ]];
        took.extend(baselines::alone(plan, &home, results));
        results.table(Table {
            title: format!("{count} samples"),
            head: vec!["program", "wall ms", "CPU ms"],
            rows: took,
        });
        pane::first_contact(&home);
        frames.push(pane::first_frame(plan, &home, results));
        peaks.push(peak_mb);
    }
    results.about("");
    results.at_most("first full frame: 100 million over 10 million", frames[1] / frames[0], 1.5, "x");
    results.at_most("ingest: peak memory, 100 million over 10 million", peaks[1] / peaks[0], 1.1, "x");
}
