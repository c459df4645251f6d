//! What `cargo bench` prints, of criterion's benchmarks and of the standard library's: each is a run.

use super::outcome::Outcome;
use crate::ingest::reject::Reason;
use crate::model::{RunExit, measure};

/// What the test harness exits with when a benchmark has panicked.
const PANICKED: i32 = 101;

/// Whether a line is one of such an output, and of nothing else.
pub(super) fn is_line(line: &str) -> bool {
    let is_harness = line.strip_prefix("running ").is_some_and(|rest| {
        let count = rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"));
        count.is_some_and(|count| count.parse::<u32>().is_ok())
    });
    // What cargo says on stderr comes first when both go into one file.
    let is_cargo = line.starts_with("Running ") && line.contains("(target/") && line.ends_with(')')
        || line.starts_with("Compiling ") && line.contains(" v")
        || line.starts_with("Finished `bench` profile");
    is_harness
        || is_cargo
        || line.starts_with("Benchmarking ")
        || of_harness(line).is_some()
        || estimate(line).is_some()
}

pub(super) fn read(text: &str) -> Vec<Result<Outcome, (u64, Reason)>> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut before = "";
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((name, measured)) = of_harness(line.trim()) {
            outcomes.push(measured.outcome(number, name));
        } else if let Some((name, time_ms)) = estimate(line) {
            // A long name stands alone in the line before.
            let mut outcome = Outcome::new(number, if name.is_empty() { before } else { name });
            outcome.measure(measure::DURATION, time_ms);
            outcomes.push(outcome);
        } else if let Some((measure, rate)) = throughput(line)
            && let Some(last) = outcomes.last_mut()
        {
            last.measure(measure, rate);
        }
        before = if line.trim().is_empty() { before } else { line.trim() };
    }
    outcomes.into_iter().map(Ok).collect()
}

/// What the standard library's harness says of a benchmark.
enum Measured {
    Failed,
    /// In ns per iteration, and in MB per second where the benchmark says how much it does.
    Time(f64, Option<f64>),
}

impl Measured {
    fn outcome(self, line: u64, name: &str) -> Outcome {
        let mut outcome = Outcome::new(line, name);
        match self {
            Self::Failed => outcome.exit = RunExit::Code(PANICKED),
            Self::Time(ns, megabytes) => {
                outcome.measure(measure::DURATION, ns / 1e6);
                outcome.measure("bytes_per_second", megabytes.map(|megabytes| megabytes * 1e6));
            }
        }
        outcome
    }
}

/// `test sums::push ... bench:       1,508.38 ns/iter (+/- 902.23) = 19320 MB/s`.
fn of_harness(line: &str) -> Option<(&str, Measured)> {
    let (name, said) = line.strip_prefix("test ")?.split_once(" ... ")?;
    if said.trim() == "FAILED" {
        return Some((name.trim(), Measured::Failed));
    }
    let (time, rest) = said.strip_prefix("bench:")?.split_once(" ns/iter")?;
    let rate = rest.split_once(" = ").and_then(|(_, rate)| number(rate.trim().strip_suffix(" MB/s")?));
    Some((name.trim(), Measured::Time(number(time)?, rate)))
}

fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', "").parse().ok()
}

/// The middle of criterion's estimate in ms: `sort/64   time:   [63.230 ns 89.159 ns 104.86 ns]`. Changes are in percent.
fn estimate(line: &str) -> Option<(&str, f64)> {
    let (name, rest) = line.split_once("time:")?;
    let (time, unit) = middle(rest)?;
    let per_ms = match unit {
        "ps" => 1e9,
        "ns" => 1e6,
        "µs" | "us" => 1e3,
        "ms" => 1.0,
        "s" => 1e-3,
        _ => return None,
    };
    Some((name.trim(), time / per_ms))
}

/// How much a second: `thrpt:  [610.31 Melem/s 717.82 Melem/s 1.0122 Gelem/s]`.
fn throughput(line: &str) -> Option<(&'static str, f64)> {
    let (rate, unit) = middle(line.trim().strip_prefix("thrpt:")?)?;
    let unit = unit.strip_suffix("/s")?;
    let (name, base, prefix) = match (unit.strip_suffix("elem"), unit.strip_suffix("iB"), unit.strip_suffix('B')) {
        (Some(prefix), ..) => ("elements_per_second", 1e3_f64, prefix),
        (_, Some(prefix), _) => ("bytes_per_second", 1024.0, prefix),
        (.., Some(prefix)) => ("bytes_per_second", 1e3, prefix),
        _ => return None,
    };
    let (_, power) =
        ["", "K", "M", "G", "T"].into_iter().zip(0..).find(|(known, _)| known.eq_ignore_ascii_case(prefix))?;
    Some((name, rate * base.powi(power)))
}

/// The second of three numbers with a unit each.
fn middle(text: &str) -> Option<(f64, &str)> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    match inside.split_whitespace().collect::<Vec<_>>()[..] {
        [_, _, number, unit, _, _] => Some((number.parse().ok()?, unit)),
        _ => None,
    }
}
