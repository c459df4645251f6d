//! Taking samples in, beside the importers of other programs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use crate::child::{self, Usage};
use crate::data::{Format, Rows, Truth};
use crate::results::{Results, Table, median, short};
use crate::{Plan, duckdb, perftop, sqlite, victoria};

/// The same rows in the words of each program.
pub struct Inputs {
    pub json_lines: PathBuf,
    csv: PathBuf,
    prometheus: PathBuf,
    pub truth: Truth,
}

impl Inputs {
    pub fn make(plan: &Plan, rows: Rows) -> io::Result<Self> {
        let path = |name: &str| plan.dir.join(name);
        let (json_lines, csv, prometheus) = (path("samples.jsonl"), path("samples.csv"), path("samples.prom"));
        let mut files = [File::create(&json_lines)?, File::create(&csv)?, File::create(&prometheus)?];
        let formats = [Format::JsonLines, Format::Csv, Format::Prometheus];
        let mut outputs = Vec::new();
        for (format, file) in formats.into_iter().zip(&mut files) {
            outputs.push((format, file as &mut dyn Write));
        }
        let truth = rows.write(&mut outputs)?;
        let line_bytes = fs::metadata(&json_lines)?.len() as f64 / truth.rows as f64;
        eprintln!("{} samples, {line_bytes:.1} bytes a line of JSON", truth.rows);
        Ok(Self { json_lines, csv, prometheus, truth })
    }
}

/// A program that takes the samples in.
struct Peer {
    name: &'static str,
    /// Where its files stay for the parts that follow.
    dir: &'static str,
    /// Whether it goes on with what the one before it in the round has left; such a one has no bar, and one round.
    continues: bool,
    import: fn(&Inputs, &Path) -> Usage,
    truth: fn(&Plan, &Path) -> Truth,
}

const SQLITE: Peer = Peer {
    name: "sqlite3 .import",
    dir: "sqlite",
    continues: false,
    import: |inputs, dir| sqlite::import(&inputs.csv, dir, false),
    truth: |_, dir| sqlite::truth(&dir.join("import.db")),
};

/// In the order of each round; perftop first.
const PEERS: [Peer; 6] = [
    Peer { name: "perftop ingest", dir: "perftop", continues: false, import: ours, truth: our_truth },
    SQLITE,
    Peer { name: "sqlite3 .import, then CREATE INDEX", continues: true, import: |_, dir| sqlite::index(dir), ..SQLITE },
    Peer {
        name: "sqlite3 .import, indexed table",
        import: |inputs, dir| sqlite::import(&inputs.csv, dir, true),
        ..SQLITE
    },
    Peer {
        name: "DuckDB read_json, 1 thread",
        dir: "duckdb",
        continues: false,
        import: |inputs, dir| duckdb::load(&inputs.json_lines, dir),
        truth: |plan, dir| duckdb::baselines(dir, plan.rows.now_ms).truth(),
    },
    Peer {
        name: "VictoriaMetrics /import/prometheus",
        dir: "victoria",
        continues: false,
        import: |inputs, dir| victoria::import(&inputs.prometheus, dir),
        truth: |plan, dir| victoria::truth(dir, plan.rows.now_ms),
    },
];

fn ours(inputs: &Inputs, dir: &Path) -> Usage {
    child::run(perftop(dir).args(["ingest", "--quiet"]).arg(&inputs.json_lines), &dir.join("said"))
}

fn our_truth(_: &Plan, dir: &Path) -> Truth {
    let (log, derived) = (sqlite::truth(&store_in(dir)), sqlite::rolled_up(&store_in(dir)));
    assert!(log.agrees(derived), "the roll-ups hold {derived:?}, the log {log:?}");
    log
}

/// perftop's store below a home directory.
pub fn store_in(home: &Path) -> PathBuf {
    home.join("perftop.db")
}

/// Fills a store through a pipe, so that the lines need no disk.
pub fn through_a_pipe(rows: Rows, home: &Path) -> io::Result<(Usage, Truth)> {
    child::fresh_dir(home);
    child::settle();
    let started = Instant::now();
    let mut ingest = perftop(home).args(["ingest", "--quiet", "-"]).stdin(Stdio::piped()).spawn()?;
    let mut pipe = ingest.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let truth = rows.write(&mut [(Format::JsonLines, &mut pipe)])?;
    drop(pipe);
    Ok((child::finish(ingest, started), truth))
}

/// What the rounds of one program took.
struct Found {
    name: &'static str,
    rounds: Vec<Usage>,
    disk_bytes: u64,
}

impl Found {
    fn median(&self, of: fn(&Usage) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    fn wall_s(&self) -> f64 {
        self.median(|usage| usage.wall.as_secs_f64())
    }

    fn cpu_s(&self) -> f64 {
        self.median(|usage| usage.cpu.as_secs_f64())
    }

    fn peak_mb(&self) -> f64 {
        self.median(|usage| usage.peak_bytes as f64 / 1e6)
    }
}

/// Lets each program import the same samples into a fresh store, in turn, round after round.
pub fn side_by_side(plan: &Plan, inputs: &Inputs, results: &mut Results) {
    let mut found = PEERS.map(|peer| Found { name: peer.name, rounds: Vec::new(), disk_bytes: 0 });
    for round in 0..plan.rounds {
        let mut before = None;
        for (peer, found) in PEERS.iter().zip(&mut found).filter(|(peer, _)| round == 0 || !peer.continues) {
            let usage = take_turn(peer, &plan.dir.join(peer.dir), inputs, before);
            before = Some(usage);
            let (wall_s, cpu_s) = (usage.wall.as_secs_f64(), usage.cpu.as_secs_f64());
            eprintln!("round {}, {}: {wall_s:.2} s, {cpu_s:.2} s of CPU", round + 1, peer.name);
            found.rounds.push(usage);
            found.disk_bytes = child::disk_bytes(&plan.dir.join(peer.dir));
            if round == 0 {
                let truth = (peer.truth)(plan, &plan.dir.join(peer.dir));
                assert!(inputs.truth.agrees(truth), "{} holds {truth:?}, not {:?}", peer.name, inputs.truth);
            }
        }
    }
    hold(&found, inputs.truth.rows, results);
    results.table(beside(&found, inputs.truth.rows));
}

fn take_turn(peer: &Peer, dir: &Path, inputs: &Inputs, before: Option<Usage>) -> Usage {
    if !peer.continues {
        child::fresh_dir(dir);
    }
    child::settle();
    let usage = (peer.import)(inputs, dir);
    before.filter(|_| peer.continues).map_or(usage, |before| before.then(usage))
}

fn hold([ours, bare, _, indexed, duckdb, victoria]: &[Found; 6], rows: u64, results: &mut Results) {
    results.times("ingest: wall of `sqlite3 .import` over ours", bare.wall_s() / ours.wall_s(), 3.0);
    results.times("ingest: CPU of `sqlite3 .import` over ours", bare.cpu_s() / ours.cpu_s(), 2.5);
    results.times(
        "ingest: wall of `sqlite3 .import` into an indexed table over ours",
        indexed.wall_s() / ours.wall_s(),
        7.0,
    );
    results.at_most("ingest: our wall over DuckDB's", ours.wall_s() / duckdb.wall_s(), 1.5, "x");
    results.at_most("ingest: our wall over VictoriaMetrics'", ours.wall_s() / victoria.wall_s(), 1.0, "x");
    results.at_most("ingest: peak memory", ours.peak_mb(), 40.0, "MB");
    results.at_most("disk: everything", ours.disk_bytes as f64 / rows as f64, 100.0, "B/sample");
}

fn beside(found: &[Found; 6], rows: u64) -> Table {
    let cells = |program: &Found| {
        let walls: Vec<String> = program.rounds.iter().map(|usage| short(usage.wall.as_secs_f64())).collect();
        vec![
            program.name.to_owned(),
            short(program.wall_s()),
            walls.join(", "),
            short(program.cpu_s()),
            short(program.peak_mb()),
            short(program.disk_bytes as f64 / rows as f64),
            format!("{:.2}x", program.wall_s() / found[0].wall_s()),
            format!("{:.2}x", program.cpu_s() / found[0].cpu_s()),
        ]
    };
    Table {
        title: format!("Taking in {rows} samples"),
        head: vec!["program", "wall s", "rounds", "CPU s", "peak MB", "B/sample", "wall / ours", "CPU / ours"],
        rows: found.iter().map(cells).collect(),
    }
}
