//! Phases: what a command was doing when, as it says itself in `$PERFTOP_PHASES`, a line for each that begins.
//!
//! A line is `NAME`, which begins when the line was written, or `MS NAME` with ms since the Unix epoch, fraction and all;
//! `perftop phase` writes the second. A phase lasts until the next one or the end of the run.
//!
//! The file is looked at now and then, and its own time tells when the newest line was written. Being told of each line
//! would cost more: Linux takes some 10 ms to stop watching a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::OFlags;

use super::faults::Faults;
use crate::clock::Clock;
use crate::ingest::limits::MIN_TIMESTAMP_MS;
use crate::ingest::{Line, LineSplitter};
use crate::model::text::{printable_short, value};
use crate::model::{Phase, Unit};

/// Names the file in the environment of the command.
pub const VARIABLE: &str = "PERFTOP_PHASES";
/// How often the file is looked at, so how much too late a line without a time may count when another follows soon.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The longest name of a phase.
pub const MAX_NAME_BYTES: usize = 200;
/// The most phases of a run that are told apart.
pub const MAX_PHASES: usize = 100;
/// The most that is read of a run's lines.
const MAX_BYTES: u64 = 1 << 20;
/// How much too early a file's time may be: it is that of the kernel's last tick.
const TICK_MS: f64 = 20.0;
/// How far a time may lie outside of the run: clocks are set.
const TOLERANCE_MS: f64 = 1_000.0;

/// A phase begins.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    /// The number of its line, from 1.
    line: u64,
    name: String,
    /// ms since the Unix epoch.
    at_ms: f64,
    /// The same as it was written, where it was.
    written: Option<String>,
}

/// Why a line is no phase.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PhaseFault {
    /// There is no name.
    #[error("no name")]
    NoName,
    /// The name is too long.
    #[error("the name is {0} bytes long, more than {MAX_NAME_BYTES}")]
    TooLong(usize),
    /// The name goes over lines, or has a NUL.
    #[error("a name is one line without NUL")]
    NotALine,
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The time is not one of this run.
    #[error("`{}` is no time of this run in ms since 1970", printable_short(.0, 60))]
    NotNow(String),
    /// There are too many.
    #[error("there are {MAX_PHASES} phases already")]
    TooMany,
}

/// The phases of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phases {
    /// Each with all the time it took, in the order in which they first began.
    pub phases: Vec<Phase>,
    /// What was not taken: `line 3: no name`, the first few, and how many more.
    pub faults: Vec<String>,
}

/// The lines of a run as they come.
#[derive(Debug)]
pub struct PhaseLines {
    path: PathBuf,
    file: io::Take<File>,
    splitter: LineSplitter,
    taken: Taken,
    /// Whether what was read once is there no more.
    is_overwritten: bool,
}

#[derive(Debug, Default)]
struct Taken {
    lines: u64,
    marks: Vec<Mark>,
    faults: Faults,
}

impl PhaseLines {
    /// Creates the file, which must not be there yet; it goes with this.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
        let (splitter, taken) = (LineSplitter::default(), Taken::default());
        Ok(Self { path, file: file.take(MAX_BYTES), splitter, taken, is_overwritten: false })
    }

    /// Where lines are written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lines that have come.
    pub(super) fn read(&mut self) {
        // A file of ours that cannot be read has no lines.
        let Ok(metadata) = self.file.get_ref().metadata() else { return };
        let taken = MAX_BYTES - self.file.limit();
        self.is_overwritten |= metadata.len() < taken;
        if metadata.len() <= taken {
            return;
        }
        let written = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written_ms = written.unwrap_or_default().as_secs_f64() * 1_000.0;
        let mut block = [0; 4_096];
        while let Ok(count @ 1..) = self.file.read(&mut block) {
            self.splitter.feed(&block[..count], |line| self.taken.line(line, written_ms));
        }
    }

    /// The run is over.
    pub(super) fn finish(mut self, began_ms: f64, ended_ms: f64) -> Phases {
        self.read();
        let is_cut = self.file.get_ref().metadata().is_ok_and(|metadata| metadata.len() > MAX_BYTES);
        let is_lost = self.is_overwritten || self.is_replaced();
        let Self { splitter, taken, .. } = &mut self;
        if !is_cut {
            splitter.finish(|line| taken.line(line, ended_ms));
        }
        let mut phases = std::mem::take(taken).phases(began_ms, ended_ms);
        if is_cut {
            let most = value(MAX_BYTES as f64, Unit::Bytes);
            phases.faults.push(format!("only the first {most} is read: write a line when a phase begins, and no more"));
        }
        if is_lost {
            phases
                .faults
                .push("lines may be lost, for the file was overwritten or deleted: append to it (`>>`)".to_owned());
        }
        phases
    }

    /// Whether another file is in its place, or none.
    fn is_replaced(&self) -> bool {
        let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let here = self.file.get_ref().metadata().map(of);
        fs::symlink_metadata(&self.path).map(of).ok() != here.ok()
    }
}

impl Drop for PhaseLines {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Taken {
    fn line(&mut self, line: Line<'_>, written_ms: f64) {
        self.lines += 1;
        // It was not written before the line that stands before it.
        let before_ms = self.marks.last().map(|mark| mark.at_ms).filter(|at_ms| at_ms - written_ms < TICK_MS);
        let written_ms = before_ms.map_or(written_ms, |at_ms| written_ms.max(at_ms));
        let parsed = match line {
            Line::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => return,
            Line::Whole(bytes) => str::from_utf8(bytes).map_err(|_| PhaseFault::NotUtf8),
            Line::TooLong(head) => Err(PhaseFault::TooLong(head.len())),
        };
        match parsed.and_then(|text| parse(text, self.lines, written_ms)) {
            Ok(mark) => self.marks.push(mark),
            Err(fault) => self.faults.add(|| told(self.lines, &fault)),
        }
    }

    /// Phases from marks in any order.
    fn phases(mut self, began_ms: f64, ended_ms: f64) -> Phases {
        let (earliest, latest) = (began_ms - TOLERANCE_MS, ended_ms + TOLERANCE_MS);
        let mut marks = std::mem::take(&mut self.marks);
        marks.retain(|mark| {
            let is_of_run = (earliest..=latest).contains(&mark.at_ms);
            if !is_of_run {
                let written = || mark.written.clone().unwrap_or_else(|| mark.at_ms.to_string());
                self.faults.add(|| told(mark.line, &PhaseFault::NotNow(written())));
            }
            is_of_run
        });
        marks.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
        let mut phases: Vec<Phase> = Vec::new();
        for (index, mark) in marks.iter().enumerate() {
            let until_ms = marks.get(index + 1).map_or(ended_ms, |next| next.at_ms);
            let [from_ms, until_ms] = [mark.at_ms, until_ms].map(|at_ms| at_ms.clamp(began_ms, ended_ms));
            let duration_ms = until_ms - from_ms;
            if let Some(phase) = phases.iter_mut().find(|phase| *phase.name == *mark.name) {
                phase.duration_ms += duration_ms;
            } else if phases.len() < MAX_PHASES {
                phases.push(Phase { name: mark.name.as_str().into(), duration_ms });
            } else {
                self.faults.add(|| told(mark.line, &PhaseFault::TooMany));
            }
        }
        Phases { phases, faults: self.faults.told("line") }
    }
}

fn told(line: u64, fault: &PhaseFault) -> String {
    format!("line {line}: {fault}")
}

/// Reads a line without its end.
fn parse(text: &str, line: u64, written_ms: f64) -> Result<Mark, PhaseFault> {
    let text = text.trim();
    let timed = text.split_once(char::is_whitespace).and_then(|(time, name)| Some((instant(time)?, time, name.trim())));
    let (at_ms, written, name) =
        timed.map_or((written_ms, None, text), |(at_ms, time, name)| (at_ms, Some(time.to_owned()), name));
    check_name(name)?;
    Ok(Mark { line, name: name.to_owned(), at_ms, written })
}

/// A number that is an instant rather than the beginning of a name.
fn instant(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|at_ms| is_number && *at_ms >= MIN_TIMESTAMP_MS as f64)
}

/// Checks the name of a phase, wherever it comes from.
pub fn check_name(name: &str) -> Result<(), PhaseFault> {
    if name.is_empty() {
        Err(PhaseFault::NoName)
    } else if name.len() > MAX_NAME_BYTES {
        Err(PhaseFault::TooLong(name.len()))
    } else if name.contains(['\0', '\n', '\r']) {
        Err(PhaseFault::NotALine)
    } else {
        Ok(())
    }
}

/// The phase cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The name is none.
    #[error("`{}`: {fault}", printable_short(name, 60))]
    Name {
        /// As it was given.
        name: String,
        /// Why not.
        fault: PhaseFault,
    },
    /// Whoever listened does no more.
    #[error("the run this is a phase of is over")]
    Over,
    /// The file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Says that a phase begins now, in the file that `$PERFTOP_PHASES` names.
pub fn begin(path: &Path, name: &str, clock: &Clock) -> Result<(), BeginError> {
    check_name(name.trim()).map_err(|fault| BeginError::Name { name: name.to_owned(), fault })?;
    let line = format!("{:.3} {}\n", clock.now_fraction_ms(), name.trim());
    // A pipe that nobody reads, if somebody has put one there, is not waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let write = || OpenOptions::new().append(true).custom_flags(flags).open(path)?.write_all(line.as_bytes());
    write().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BeginError::Over,
        _ => BeginError::Unwritable { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests;
