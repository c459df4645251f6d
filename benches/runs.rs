//! What `perftop run` adds to a command, and whether it measures what hyperfine and GNU time measure. No harness: it
//! prints a table.
//!
//! `cargo bench --bench runs` runs everything; `cargo bench --bench runs -- memory` what is named: overhead, collection,
//! time, memory. Needs `hyperfine` and `/usr/bin/time` (Debian: `apt-get install hyperfine time`). What is compared takes
//! turns, so that both meet the same machine.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use perftop::model::measure;
use perftop::store::Store;
use tempfile::TempDir;

const PERFTOP: &str = env!("CARGO_BIN_EXE_perftop");
/// Turns of the overhead.
const TURNS: usize = 500;
/// Runs whose way into the store is timed.
const COLLECTED: usize = 40;
/// Turns of the time, and runs in each: 50 runs in all.
const TIMED: (usize, usize) = (5, 10);
/// Turns of the memory.
const PEAKS: usize = 5;

/// A named part of the benchmark, in a home of its own.
type Part = (&'static str, fn(&TempDir));

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [Part; 4] = [("overhead", overhead), ("collection", collection), ("time", time), ("memory", memory)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part(&tempfile::tempdir().unwrap());
        }
    }
}

fn row(what: &str, found: impl std::fmt::Display) {
    println!("{what:<52} {found}");
}

/// `perftop run` into a store of its own.
fn perftop_run(home: &TempDir, options: &[&str], command: &[&str]) -> Command {
    let mut perftop = at_home(home, "run");
    perftop.args(options).arg("--").args(command);
    perftop
}

fn at_home(home: &TempDir, command: &str) -> Command {
    let mut perftop = Command::new(PERFTOP);
    perftop.env("HOME", home.path()).env("PERFTOP_KEEP_RUNS", "100000").arg(command).stdin(Stdio::null());
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        perftop.env_remove(name);
    }
    perftop
}

fn store_of(home: &TempDir) -> PathBuf {
    home.path().join(".local/share/perftop/perftop.db")
}

/// The measured values of a module, oldest first.
fn recorded(home: &TempDir, module: &str, name: &str) -> Vec<f64> {
    assert!(at_home(home, "collect").status().unwrap().success());
    let store = Store::open_read(&store_of(home)).unwrap();
    store.runs(module, 100_000).unwrap().iter().filter_map(|run| run.run.measured(name)).collect()
}

fn wall_ms(command: &mut Command) -> f64 {
    let started = Instant::now();
    assert!(command.status().unwrap().success());
    started.elapsed().as_secs_f64() * 1_000.0
}

fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * q).round() as usize]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// From the start of a process to its end, in turns. timeout(1) does nothing but start a command and wait for it.
fn overhead(home: &TempDir) {
    let (mut alone, mut least, mut under) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        alone.push(wall_ms(&mut Command::new("true")));
        least.push(wall_ms(Command::new("timeout").args(["60", "true"])));
        under.push(wall_ms(&mut perftop_run(home, &[], &["true"])));
    }
    for (what, values) in [("`true`", &alone), ("`timeout 60 true`", &least), ("`perftop run -- true`", &under)] {
        let [p10, p50, p90] = [0.1, 0.5, 0.9].map(|q| quantile(values, q));
        row(what, format!("p50 {p50:.2} ms, p10 {p10:.2}, p90 {p90:.2}, mean {:.2}", mean(values)));
    }
    for (what, than) in [("more than `true`", &alone), ("more than `timeout 60 true`", &least)] {
        let more = [0.1, 0.5].map(|q| quantile(&under, q) - quantile(than, q));
        row(what, format!("p50 {:.2} ms, p10 {:.2}, mean {:.2}", more[1], more[0], mean(&under) - mean(than)));
    }
    assert_eq!(recorded(home, "true", measure::DURATION).len(), TURNS, "every run is recorded");
}

/// From the end of a run to its row in the store, when nobody asks for it.
fn collection(home: &TempDir) {
    wall_ms(&mut perftop_run(home, &["--name", "first"], &["true"]));
    recorded(home, "first", measure::DURATION);
    let mut waited = Vec::new();
    for number in 0..COLLECTED {
        let module = format!("run{number}");
        wall_ms(&mut perftop_run(home, &["--name", &module], &["true"]));
        let ended = Instant::now();
        let store = Store::open_read(&store_of(home)).unwrap();
        while store.runs(&module, 1).unwrap().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        waited.push(ended.elapsed().as_secs_f64() * 1_000.0);
    }
    let [p50, p100] = [0.5, 1.0].map(|q| quantile(&waited, q));
    row("from the end of a run to its row", format!("p50 {p50:.0} ms, at most {p100:.0} ms"));
}

/// 50 runs of a command of 100 ms.
fn time(home: &TempDir) {
    let command = ["sleep", "0.1"];
    let mut hyperfine = Vec::new();
    let (turns, runs) = TIMED;
    for turn in 0..turns {
        let export = home.path().join(format!("{turn}.json"));
        let words = ["-N", "-w", "1", "-r", &runs.to_string(), "--export-json", export.to_str().unwrap()];
        let mut peer = Command::new("hyperfine");
        wall_ms(peer.args(words).arg(command.join(" ")).stdout(Stdio::null()).stderr(Stdio::null()));
        hyperfine.extend(times_ms(&export));
        wall_ms(&mut perftop_run(home, &["-q", "--warmup", "1", "--repeat", &runs.to_string()], &command));
    }
    let ours = recorded(home, "sleep", measure::DURATION);
    assert_eq!((ours.len(), hyperfine.len()), (turns * runs, turns * runs));
    let (ours, theirs) = (mean(&ours), mean(&hyperfine));
    row("`sleep 0.1`, mean of 50, hyperfine", format!("{theirs:.3} ms"));
    row("`sleep 0.1`, mean of 50, perftop run", format!("{ours:.3} ms ({:+.2} %)", (ours / theirs - 1.0) * 100.0));
}

fn times_ms(export: &Path) -> Vec<f64> {
    let text = std::fs::read_to_string(export).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    parsed["results"][0]["times"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap() * 1_000.0).collect()
}

/// The peak of commands of some sizes.
fn memory(home: &TempDir) {
    for megabytes in [0, 4, 20, 100, 500] {
        let count = format!("{megabytes}M");
        let block = format!("bs={count}");
        let command: &[&str] =
            if megabytes == 0 { &["true"] } else { &["dd", "if=/dev/zero", "of=/dev/null", &block, "count=1"] };
        let module = format!("m{megabytes}");
        let mut theirs = Vec::new();
        for _ in 0..PEAKS {
            let mut peer = Command::new("/usr/bin/time");
            let output = peer.args(["-f", "%M"]).args(command).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            theirs.push(text.lines().last().unwrap().parse::<f64>().unwrap() * 1_024.0);
            wall_ms(perftop_run(home, &["--name", &module], command).stderr(Stdio::null()));
        }
        let ours = quantile(&recorded(home, &module, measure::MEMORY), 0.5);
        let theirs = quantile(&theirs, 0.5);
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        let more = (ours / theirs - 1.0) * 100.0;
        row(
            &format!("peak of `{}`", command[..command.len().min(4)].join(" ")),
            format!("GNU time {:.2} MiB, perftop run {:.2} MiB ({more:+.2} %)", mib(theirs), mib(ours)),
        );
    }
}
