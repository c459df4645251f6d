//! What the figures were found on: the machine, and the version of every program.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::duckdb;
use crate::results::Table;

/// The machine and the programs as a table.
pub fn describe(dir: &Path) -> Table {
    let version = |program: &str, option: &str| first_line(Command::new(program).arg(option));
    let rows = [
        ("processor", format!("{}, {} cores", processor(), cores())),
        ("memory", format!("{:.1} GiB", memory_gib())),
        ("kernel", read("/proc/sys/kernel/osrelease")),
        ("file system", first_line(Command::new("stat").args(["--file-system", "--format=%T"]).arg(dir))),
        ("load before (1, 5, 15 min)", read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(", ")),
        (
            "perftop",
            format!("{}, {}", version(env!("CARGO_BIN_EXE_perftop"), "--version"), version("rustc", "--version")),
        ),
        ("sqlite3", version("sqlite3", "--version").split(' ').next().unwrap_or_default().to_owned()),
        ("SQLite in perftop", rusqlite::version().to_owned()),
        ("DuckDB", duckdb::version()),
        ("VictoriaMetrics", package_version("victoria-metrics")),
        ("htop", version("htop", "--version")),
    ];
    Table {
        title: "Found on".to_owned(),
        head: vec!["what", "which"],
        rows: rows.map(|(what, which)| vec![what.to_owned(), which]).to_vec(),
    }
}

/// Debian's build does not tell by itself.
fn package_version(package: &str) -> String {
    first_line(Command::new("dpkg-query").args(["--show", "--showformat=${Version}", package]))
}

/// The first line that a program prints.
pub fn first_line(command: &mut Command) -> String {
    let program = command.get_program().display().to_string();
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).expect("Linux").trim().to_owned()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn processor() -> String {
    let text = read("/proc/cpuinfo");
    let name = text.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    name.unwrap_or("unknown").to_owned()
}

fn memory_gib() -> f64 {
    let text = read("/proc/meminfo");
    let kib = text.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
    kib.expect("the first line is the total") / f64::from(1 << 20)
}
