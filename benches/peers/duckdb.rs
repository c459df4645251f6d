//! DuckDB, through its Python package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::child::{Usage, run};
use crate::data::{Truth, WINDOWS_MS};

/// The numbers that a baseline is made of, by metric and window.
pub type Baselines = BTreeMap<(String, String), Numbers>;

/// What both programs say of a metric over a window, under the same names.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Numbers {
    pub count: u64,
    pub mean: f64,
    pub std_dev: f64,
    pub min: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// A row of either program's answer.
#[derive(Debug, Deserialize)]
pub struct Row {
    metric: String,
    window: String,
    #[serde(flatten)]
    numbers: Numbers,
}

/// What `duckdb_baselines.py` prints.
#[derive(Debug, Deserialize)]
pub struct Answer {
    pub wall_s: f64,
    pub cpu_s: f64,
    count: u64,
    sum: f64,
    baselines: Vec<Row>,
}

impl Answer {
    pub fn truth(&self) -> Truth {
        Truth { rows: self.count, sum: self.sum }
    }

    pub fn baselines(self) -> Baselines {
        by_metric(self.baselines)
    }
}

pub fn by_metric(rows: Vec<Row>) -> Baselines {
    rows.into_iter().map(|row| ((row.metric, row.window), row.numbers)).collect()
}

fn python(script: &str) -> Command {
    let interpreter = std::env::var_os("PERFTOP_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(interpreter);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(script));
    command
}

fn database(dir: &Path) -> PathBuf {
    dir.join("samples.duckdb")
}

/// `read_json` into a table of a new file, with its closing checkpoint.
pub fn load(json_lines: &Path, dir: &Path) -> Usage {
    run(python("duckdb_load.py").args([json_lines, &database(dir)]), &dir.join("said"))
}

pub fn baselines(dir: &Path, now_ms: u64) -> Answer {
    let said = dir.join("said");
    let mut command = python("duckdb_baselines.py");
    command.arg(database(dir)).arg(now_ms.to_string());
    run(command.args(WINDOWS_MS.map(|(name, span_ms)| format!("{name}={span_ms}"))), &said);
    serde_json::from_slice(&fs::read(said).expect("an answer")).expect("JSON of the script's shape")
}

pub fn version() -> String {
    let mut command = Command::new(python("").get_program());
    crate::machine::first_line(command.args(["-c", "import duckdb, sys; print(duckdb.__version__)"]))
}
