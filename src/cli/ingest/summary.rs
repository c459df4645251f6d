//! What an ingest did, in one line: for people on stderr, or as JSON on stdout.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::cli::Context;
use crate::model::text::counted;
use crate::report::Format;

/// How the messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was read.
    Complete,
    /// `--strict` met a line that was not taken, or an input that could not be read.
    Refused,
    /// A signal asked to finish.
    Signal(u8),
}

/// What was done, for the closing line.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Tally {
    /// Runs that were read,
    pub runs: u64,
    /// and how many of them were not recorded before.
    pub new_runs: u64,
    /// Samples that were stored.
    pub samples: u64,
    /// Different metrics among them.
    pub metrics: u64,
    /// Lines that were not taken.
    pub rejected: u64,
    /// Inputs that could not be read, or not to their end.
    pub unreadable: u64,
}

/// The closing line as JSON.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    #[serde(flatten)]
    tally: &'a Tally,
    seconds: f64,
    samples_per_second: f64,
}

impl Tally {
    /// What was stored: runs, samples or both.
    pub fn stored(&self) -> String {
        let samples = counted(self.samples, "sample");
        let known = match self.runs - self.new_runs {
            0 => String::new(),
            known => format!(" ({known} of them recorded before)"),
        };
        match (self.runs, self.samples) {
            (0, _) => samples,
            (runs, 0) => counted(runs, "run") + &known,
            (runs, _) => format!("{}{known}, {samples}", counted(runs, "run")),
        }
    }

    /// Says what was done in `seconds`.
    pub fn say(&self, end: End, seconds: f64, format: Format, context: &Context) -> io::Result<()> {
        let samples_per_second = (self.samples as f64 / seconds.max(1e-9)).round();
        if format == Format::Json {
            let summary = Summary { schema: "perftop.ingest/1", tally: self, seconds, samples_per_second };
            return writeln!(io::stdout(), "{}", serde_json::to_string(&summary)?);
        }
        let how = match end {
            End::Complete => "",
            End::Refused => "nothing was stored (--strict): ",
            End::Signal(_) => "interrupted: ",
        };
        let of = if end == End::Complete && (self.samples > 0 || self.runs == 0) {
            format!(" of {}", counted(self.metrics, "metric"))
        } else {
            String::new()
        };
        let rate = if self.samples == 0 && self.runs > 0 {
            String::new()
        } else {
            format!(" ({samples_per_second} samples/s)")
        };
        context.say(&format!("{how}{}{of}, {} rejected, in {seconds:.2} s{rate}", self.stored(), self.rejected));
        Ok(())
    }
}
