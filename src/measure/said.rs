//! What a command says of itself in `$PERFTOP_DROP`: samples as JSON Lines. Each is kept as it is; the mean of a metric,
//! or the sum where things were counted, becomes a measure of the run.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::faults::Faults;
use crate::clock::Clock;
use crate::ingest::{Batch, Dictionary, LineReader, LineSplitter, Reading, Reject, context, jsonl};
use crate::model::text::{printable_short, value};
use crate::model::{ERROR_PERCENT, FAILURES_IN_A_ROW, NewSample, Unit, measure, metric_of};

/// Names the file in the environment of the command.
pub const VARIABLE: &str = "PERFTOP_DROP";
/// The most samples of a run: what the store takes in one transaction without keeping others waiting.
pub const MAX_SAMPLES: usize = 50_000;
/// The most that is read: more than a kilobyte for each sample, in a fraction of a second.
pub const MAX_BYTES: u64 = 64 << 20;
/// Lines that are no samples: after so many the file is taken for something else.
const MAX_REJECTED: u64 = 50_000;
/// How much is read at once.
const BLOCK_BYTES: usize = 256 << 10;
/// The most metrics of a run that become measures.
pub const MAX_MEASURES: usize = 200;
/// The tag that samples get, unless they have it.
const MODULE_TAG: &str = "module";
/// What is counted, so that lines add up.
const COUNTED: [&str; 2] = [measure::ITEMS, measure::LINES];
/// What a command cannot say of itself, because it is measured, or counted over several runs.
const MEASURED: [&str; 7] = [
    measure::DURATION,
    measure::CPU,
    measure::CPU_PERCENT,
    measure::MEMORY,
    measure::SUCCESS,
    FAILURES_IN_A_ROW,
    ERROR_PERCENT,
];

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
        Ok(Some(file)) => reading.read(file, clock),
        Err(error) => Err(error),
    };
    if let Err(error) = read {
        reading.limits.push(format!("it cannot be read: {error}"));
    }
    let _ = fs::remove_file(path);
    reading.said(module)
}

/// The file, if it is there. It may be anything: who wrote it is not known.
fn open(path: &Path) -> io::Result<Option<File>> {
    let is_no_file = || io::Error::other("something else than a file is there");
    // Neither waits for a writer (a pipe) nor leads elsewhere (a link).
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => Err(is_no_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Err(is_no_file()),
        Err(error) => Err(error),
    }
}

#[derive(Default)]
struct ReadingOn {
    samples: Vec<NewSample>,
    rejected: Faults,
    /// What was not even looked at.
    limits: Vec<String>,
}

impl ReadingOn {
    /// Reads what is there now, for what a daemon goes on writing has no end; and no more than the limits allow, for the
    /// command has ended and somebody waits.
    fn read(&mut self, file: File, clock: &Clock) -> io::Result<()> {
        let length = file.metadata()?.len();
        let mut file = file.take(length.min(MAX_BYTES));
        let (mut splitter, mut reader) = (LineSplitter::default(), LineReader::new(Reading::JSONL, 0));
        let (mut dictionary, now_ms) = (Dictionary::default(), clock.now_ms());
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = match file.read(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if count > 0 {
                splitter.feed(&block[..count], |line| reader.read(line, now_ms, &mut dictionary));
            } else if length <= MAX_BYTES {
                splitter.finish(|line| reader.read(line, now_ms, &mut dictionary));
            }
            self.keep(reader.take());
            if let Some(limit) = self.limit() {
                self.samples.truncate(MAX_SAMPLES);
                self.limits.push(limit);
                return Ok(());
            }
            if count == 0 {
                break;
            }
        }
        if length > MAX_BYTES {
            let [all, most] = [length, MAX_BYTES].map(|bytes| value(bytes as f64, Unit::Bytes));
            self.limits.push(format!("only the first {most} of {all} are read: `perftop ingest` reads any length"));
        }
        Ok(())
    }

    /// Why what follows is not looked at, when it is not.
    fn limit(&self) -> Option<String> {
        if self.samples.len() > MAX_SAMPLES {
            let taken = format!("only the first {MAX_SAMPLES} samples of a run are taken");
            Some(format!("{taken}: `perftop ingest` takes any number"))
        } else if self.rejected.count() > MAX_REJECTED {
            Some(format!("more than {MAX_REJECTED} lines are no samples: what follows them is not read"))
        } else {
            None
        }
    }

    fn keep(&mut self, batch: Batch) {
        for sample in batch.samples {
            if sample.value < 0.0 && measure::is_amount(&sample.metric) {
                self.rejected.add(|| format!("`{}` cannot be {}", printable_short(&sample.metric, 60), sample.value));
            } else {
                self.samples.push(sample);
            }
        }
        for Reject { line, reason, .. } in batch.rejects {
            self.rejected.add(|| format!("line {line}: {reason}"));
        }
    }

    fn said(mut self, module: &str) -> Said {
        let (measures, unmeasured) = measures(&self.samples, module);
        let faults = [self.rejected.told("line"), self.limits, unmeasured.told("measure")].concat();
        let mut contexts: BTreeMap<Option<Arc<str>>, Option<Arc<str>>> = BTreeMap::new();
        for sample in &mut self.samples {
            let tagged = contexts
                .entry(sample.context_json.clone())
                .or_insert_with_key(|kept| context::with_tag(kept.as_ref(), MODULE_TAG, module));
            sample.context_json.clone_from(tagged);
        }
        Said { measures, samples: self.samples, faults }
    }
}

/// The duration of any phase is measured, whether this run has the phase or not.
fn is_measured(name: &str) -> bool {
    let is_of_phase = name.strip_suffix(measure::DURATION).is_some_and(|phase| phase.ends_with('.'));
    MEASURED.contains(&name) || is_of_phase
}

/// The mean of each metric, the sum of what is counted; and which metrics are no measures.
fn measures(samples: &[NewSample], module: &str) -> (BTreeMap<String, f64>, Faults) {
    let mut means: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for sample in samples {
        let (count, mean) = means.entry(&sample.metric).or_default();
        *count += 1.0;
        // Welford (1962), equation for the mean: it stays finite where a sum would not.
        *mean += sample.value / *count - *mean / *count;
    }
    let (mut measures, mut faults) = (BTreeMap::new(), Faults::default());
    for (name, (count, mean)) in means {
        let shown = || printable_short(name, 60);
        if is_measured(name) {
            faults.add(|| format!("`{}` is measured, not said: its samples stand by themselves", shown()));
        } else if let Err(reason) = jsonl::check_name(&metric_of(module, name)) {
            faults.add(|| format!("`{}` with the module's name before it: {reason}", shown()));
        } else if measures.len() >= MAX_MEASURES {
            faults.add(|| format!("`{}`: a run has at most {MAX_MEASURES} measures of its own", shown()));
        } else {
            let value = if COUNTED.contains(&name) { mean * count } else { mean };
            if value.is_finite() {
                measures.insert(name.to_owned(), value);
            }
        }
    }
    (measures, faults)
}

#[cfg(test)]
mod tests {
    use super::super::faults::SPELLED_OUT;
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
    fn what_others_count_and_measure_is_no_measure() {
        let names = ["link.duration_ms", "failures_in_a_row", "error_percent", "success", "link_duration_ms"];
        let lines = names.map(|name| format!("{{\"metric\":\"{name}\",\"value\":1}}"));
        let said = said(&lines.join("\n"));
        assert_eq!(said.measures, [("link_duration_ms".to_owned(), 1.0)].into());
        assert_eq!((said.samples.len(), said.faults.len()), (5, 4));
        assert!(said.faults.iter().all(|fault| fault.contains(" is measured, not said")), "{:?}", said.faults);
    }

    #[test]
    fn what_cannot_be_is_not_taken() {
        let names = ["items", "lines", "estimate_ms", "api_latency_ms", "celsius"];
        let lines = names.map(|name| format!("{{\"metric\":\"{name}\",\"value\":-250}}"));
        let said = said(&lines.join("\n"));
        assert_eq!(said.measures, [("celsius".to_owned(), -250.0)].into());
        assert_eq!((said.samples.len(), said.faults.len()), (1, 4));
        assert_eq!(said.faults[0], "`items` cannot be -250");
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
    fn junk_without_end_is_not_read_to_its_end() {
        let said = said(&"x\n".repeat(200_000));
        assert_eq!(said.faults.len(), SPELLED_OUT + 2);
        let [.., more, limit] = &said.faults[..] else { panic!("{:?}", said.faults) };
        let count: u64 = more.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((MAX_REJECTED..199_000).contains(&count) && more.ends_with(" lines more not taken"), "{more}");
        assert_eq!(limit, "more than 50000 lines are no samples: what follows them is not read");
    }

    /// A line is cut where reading ends, and is no reject: nobody wrote it so.
    #[test]
    fn more_bytes_than_the_limit_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drop");
        let first = "{\"metric\":\"a\",\"value\":1}\n";
        fs::write(&path, first).unwrap();
        // Nothing of it is on the disk.
        let length = (1 << 43) + first.len() as u64;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        let said = take(&path, "build", &Clock::fixed(0));
        assert_eq!((said.samples.len(), path.exists()), (1, false));
        assert_eq!(said.faults, ["only the first 64 MiB of 8 TiB are read: `perftop ingest` reads any length"]);
    }

    #[test]
    fn measures_beyond_the_limit_are_told_of_in_few_lines() {
        let lines: Vec<String> =
            (0..1_000).map(|number| format!("{{\"metric\":\"m{number:04}\",\"value\":1}}")).collect();
        let said = said(&lines.join("\n"));
        assert_eq!((said.measures.len(), said.samples.len()), (MAX_MEASURES, 1_000));
        assert_eq!(said.faults[0], "`m0200`: a run has at most 200 measures of its own");
        assert_eq!(said.faults[SPELLED_OUT..], ["and 795 measures more not taken"]);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let [link, endless, below] = ["link", "endless", "below"].map(|name| dir.path().join(name));
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
        fs::create_dir(&below).unwrap();
        for path in [pipe, link, endless, below] {
            let said = take(&path, "build", &Clock::fixed(0));
            assert!(said.samples.is_empty(), "{said:?}");
            assert_eq!(said.faults, ["it cannot be read: something else than a file is there"]);
        }
        assert_eq!(take(&dir.path().join("none"), "build", &Clock::fixed(0)), Said::default());
    }
}
