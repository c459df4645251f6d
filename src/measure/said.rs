//! What a command says of itself in `$PERFTOP_DROP`: samples as JSON Lines. Each is kept as it is; the mean of a metric,
//! or the sum where things were counted, becomes a measure of the run.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;

use crate::clock::Clock;
use crate::ingest::reader::{Input, read_batches};
use crate::ingest::{Batch, Dictionary, Reading, Reject, context, jsonl};
use crate::model::text::{counted, printable_short};
use crate::model::{NewSample, measure, metric_of};

/// Names the file in the environment of the command.
pub const VARIABLE: &str = "PERFTOP_DROP";
/// The most samples of a run: what the store takes in one transaction without keeping others waiting.
pub const MAX_SAMPLES: usize = 50_000;
/// How much more than there was at the end is read at most: no less than a reader's block, or some of what was there could be
/// left in one.
const GROWN_BYTES: u64 = 1 << 20;
/// The most metrics of a run that become measures.
pub const MAX_MEASURES: usize = 200;
/// The tag that samples get, unless they have it.
const MODULE_TAG: &str = "module";
/// Lines that are not taken and are spelled out.
const SPELLED_OUT: usize = 5;
/// What is counted, so that lines add up.
const COUNTED: [&str; 2] = [measure::ITEMS, measure::LINES];
/// What a command cannot say of itself, because it is measured.
const MEASURED: [&str; 5] = [measure::DURATION, measure::CPU, measure::CPU_PERCENT, measure::MEMORY, measure::SUCCESS];

/// What was said.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// Measures of the run.
    pub measures: BTreeMap<String, f64>,
    /// The samples, with the module as a tag.
    pub samples: Vec<NewSample>,
    /// What was not taken, with the line; the first few, and how many more.
    pub faults: Vec<String>,
}

/// Takes what was written to the file, which goes. No file, nothing said.
#[must_use]
pub fn take(path: &Path, module: &str, clock: &Clock) -> Said {
    let mut reading = ReadingOn::default();
    let read = match open(path) {
        Ok(None) => return Said::default(),
        Ok(Some(input)) => reading.read(input, clock),
        Err(error) => Err(error),
    };
    if let Err(error) = read {
        reading.faults.push(format!("it cannot be read: {error}"));
    }
    let _ = fs::remove_file(path);
    reading.said(module)
}

/// The file, if it is there. It may be anything: who wrote it is not known.
fn open(path: &Path) -> io::Result<Option<Input>> {
    // Neither waits for a writer (a pipe) nor leads elsewhere (a link).
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) if file.metadata()?.is_file() => Input::new(VARIABLE.to_owned(), file).map(Some),
        Ok(_) => Err(io::Error::other("it is no file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Default)]
struct ReadingOn {
    samples: Vec<NewSample>,
    faults: Vec<String>,
    rejected: u64,
}

impl ReadingOn {
    /// Reads all that is there now, and little more: what a daemon goes on writing has no end.
    fn read(&mut self, mut input: Input, clock: &Clock) -> io::Result<()> {
        let bytes = input.len_bytes().unwrap_or_default() + GROWN_BYTES;
        read_batches(&mut input, Reading::JSONL, clock, &mut Dictionary::default(), |progress| {
            self.keep(progress.batch);
            if self.samples.len() > MAX_SAMPLES || progress.bytes > bytes {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        if self.samples.len() > MAX_SAMPLES {
            self.samples.truncate(MAX_SAMPLES);
            self.faults
                .push(format!("only the first {MAX_SAMPLES} samples of a run are taken: ingest takes any number"));
        }
        Ok(())
    }

    fn keep(&mut self, batch: Batch) {
        self.samples.extend(batch.samples);
        for Reject { line, reason, .. } in batch.rejects {
            self.rejected += 1;
            if self.rejected <= SPELLED_OUT as u64 {
                self.faults.push(format!("line {line}: {reason}"));
            }
        }
    }

    fn said(mut self, module: &str) -> Said {
        let more = self.rejected.saturating_sub(SPELLED_OUT as u64);
        if more > 0 {
            self.faults.push(format!("and {} more not taken", counted(more, "line")));
        }
        let measures = measures(&self.samples, module, &mut self.faults);
        let mut contexts: BTreeMap<Option<Arc<str>>, Option<Arc<str>>> = BTreeMap::new();
        for sample in &mut self.samples {
            let tagged = contexts
                .entry(sample.context_json.clone())
                .or_insert_with_key(|kept| context::with_tag(kept.as_ref(), MODULE_TAG, module));
            sample.context_json.clone_from(tagged);
        }
        Said { measures, samples: self.samples, faults: self.faults }
    }
}

/// The mean of each metric; the sum of what is counted.
fn measures(samples: &[NewSample], module: &str, faults: &mut Vec<String>) -> BTreeMap<String, f64> {
    let mut means: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for sample in samples {
        let (count, mean) = means.entry(&sample.metric).or_default();
        *count += 1.0;
        // Welford (1962), equation for the mean: it stays finite where a sum would not.
        *mean += sample.value / *count - *mean / *count;
    }
    let mut measures = BTreeMap::new();
    for (name, (count, mean)) in means {
        let shown = || printable_short(name, 60);
        if MEASURED.contains(&name) {
            faults.push(format!("`{}` is measured, not said: its samples stand by themselves", shown()));
        } else if let Err(reason) = jsonl::check_name(&metric_of(module, name)) {
            faults.push(format!("`{}` with the module's name before it: {reason}", shown()));
        } else if measures.len() >= MAX_MEASURES {
            faults.push(format!("`{}`: a run has at most {MAX_MEASURES} measures of its own", shown()));
        } else {
            let value = if COUNTED.contains(&name) { mean * count } else { mean };
            if value.is_finite() {
                measures.insert(name.to_owned(), value);
            }
        }
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drop");
        fs::write(&path, text).unwrap();
        let said = take(&path, "build", &Clock::fixed(1_763_700_000_000));
        assert!(!path.exists());
        said
    }

    #[test]
    fn means_and_sums_become_measures_and_samples_are_kept() {
        let said = said(
            r#"{"metric":"api_latency_ms","value":100}
{"metric":"api_latency_ms","value":300,"context":{"endpoint":"/x"}}
{"metric":"items","value":40}
{"metric":"items","value":2}
"#,
        );
        assert_eq!(said.measures, [("api_latency_ms".to_owned(), 200.0), ("items".to_owned(), 42.0)].into());
        let contexts: Vec<_> = said.samples.iter().map(|sample| sample.context_json.as_deref().unwrap()).collect();
        let (alone, beside) = (r#"{"module":"build"}"#, r#"{"endpoint":"/x","module":"build"}"#);
        assert_eq!(contexts, [alone, beside, alone, alone]);
        assert_eq!(said.faults, [""; 0]);
    }

    #[test]
    fn what_is_not_taken_is_told_of() {
        let said = said(&("{\"metric\":\"duration_ms\",\"value\":1}\nnonsense\n".to_owned() + &"x\n".repeat(9)));
        assert_eq!((said.measures.len(), said.samples.len()), (0, 1));
        assert!(said.faults[0].starts_with("line 2: not JSON"), "{:?}", said.faults);
        assert_eq!(
            said.faults[5..],
            ["and 5 lines more not taken", "`duration_ms` is measured, not said: its samples stand by themselves"]
        );
    }

    #[test]
    fn there_is_a_limit() {
        let line = "{\"metric\":\"a\",\"value\":1}\n";
        let all = said(&line.repeat(MAX_SAMPLES));
        assert_eq!((all.samples.len(), all.faults.len()), (MAX_SAMPLES, 0));
        let said = said(&line.repeat(MAX_SAMPLES + 1));
        assert_eq!((said.samples.len(), said.measures["a"]), (MAX_SAMPLES, 1.0));
        assert!(said.faults[0].contains("only the first 50000 samples"), "{:?}", said.faults);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        for path in [pipe, link] {
            let said = take(&path, "build", &Clock::fixed(0));
            assert!(said.samples.is_empty() && said.faults.len() == 1, "{said:?}");
        }
        assert_eq!(take(&dir.path().join("none"), "build", &Clock::fixed(0)), Said::default());
    }
}
