//! What `wrk` prints: one run per test. The URL is its name; percentiles are there with `--latency`.

use super::outcome::Outcome;
use crate::ingest::reject::Reason;
use crate::model::measure;

/// A report as far as it was read.
struct Report {
    outcome: Outcome,
    requests: Option<f64>,
    /// Answers that say that something went wrong.
    refused: f64,
    /// Connections that broke, and waits that were too long.
    broken: f64,
}

/// Whether a line begins the report of a test: `Running 2s test @ http://127.0.0.1/`.
pub(super) fn begins(line: &str) -> bool {
    test(line).is_some()
}

/// How long a test takes in ms, and its URL.
fn test(line: &str) -> Option<(f64, &str)> {
    let (length, url) = line.trim().strip_prefix("Running ")?.split_once(" test @ ")?;
    Some((time_ms(length)?, url.trim()))
}

pub(super) fn read(text: &str) -> Vec<Result<Outcome, (u64, Reason)>> {
    let mut reports: Vec<Report> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((took_ms, url)) = test(line) {
            let mut outcome = Outcome::new(number, url);
            outcome.took_ms = took_ms;
            reports.push(Report { outcome, requests: None, refused: 0.0, broken: 0.0 });
        } else if let Some(report) = reports.last_mut() {
            report.take(line.trim());
        }
    }
    reports.into_iter().map(Report::finish).collect()
}

impl Report {
    /// Takes what a line says, if it says anything that we ask.
    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["Latency", mean, _, max, _] => {
                self.outcome.measure(measure::API_LATENCY, time_ms(mean));
                self.outcome.measure("max_ms", time_ms(max));
            }
            [percentile @ ("50%" | "90%" | "99%"), time] => {
                self.outcome.measure(&format!("p{}_ms", percentile.trim_end_matches('%')), time_ms(time));
            }
            [count, "requests", "in", took, ..] => {
                self.requests = count.parse().ok();
                self.outcome.took_ms = time_ms(took.trim_end_matches(',')).unwrap_or(self.outcome.took_ms);
            }
            ["Socket", "errors:", ref errors @ ..] => {
                let count = |error: &&str| error.trim_end_matches(',').parse::<f64>().ok();
                self.broken += errors.iter().filter_map(count).sum::<f64>();
            }
            ["Non-2xx", "or", "3xx", "responses:", count] => self.refused += count.parse().unwrap_or(0.0),
            ["Requests/sec:", rate] => self.outcome.measure("requests_per_second", rate.parse().ok()),
            ["Transfer/sec:", rate] => self.outcome.measure("received_bytes_per_second", bytes(rate)),
            _ => {}
        }
    }

    fn finish(mut self) -> Result<Outcome, (u64, Reason)> {
        let Some(requests) = self.requests else { return Err((self.outcome.line, Reason::Unfinished)) };
        // A request that times out may be answered later and counts twice, and so does one whose connection a server closes
        // after its answer: only answers tell whether there was a good one.
        let failed = self.refused + self.broken;
        if requests > self.refused {
            self.outcome.measure("errors_percent", (failed / requests).min(1.0) * 100.0);
        } else {
            self.outcome.errors((failed > 0.0).then_some(100.0));
        }
        Ok(self.outcome)
    }
}

/// `1.73ms`, `2s`.
fn time_ms(text: &str) -> Option<f64> {
    scaled(text, &[("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)])
}

/// `584.73KB`: wrk's prefixes are binary.
fn bytes(text: &str) -> Option<f64> {
    let binary = |power: i32| 1024_f64.powi(power);
    scaled(text, &[("B", 1.0), ("KB", binary(1)), ("MB", binary(2)), ("GB", binary(3)), ("TB", binary(4))])
}

/// A number with a unit right behind it.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<f64>().ok()? * factor)
}
