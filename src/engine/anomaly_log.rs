//! What was found of runs, in a file for other programs: a line of JSON for each anomaly and each end of one.
//!
//! The store has all of it; the file is a copy that can be followed with `tail -F`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use serde_json::json;

use crate::model::text::printable_json;
use crate::model::time::rfc3339;
use crate::model::{RunAnomaly, RunJudgement};

/// A file that has grown to this is put aside before the next lines.
pub const MAX_LOG_BYTES: u64 = 1 << 20;
/// Files put aside that are kept: `.1` is the newest.
const KEPT_FILES: usize = 3;

/// The file.
#[derive(Debug, Clone)]
pub struct AnomalyLog {
    path: PathBuf,
}

impl AnomalyLog {
    /// The log at this path; it appears with its first line.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends what was found, if anything.
    pub fn append(&self, judgements: &[RunJudgement]) -> io::Result<()> {
        let text: String = judgements.iter().flat_map(lines).map(|line| line + "\n").collect();
        if text.is_empty() {
            return Ok(());
        }
        let mut file = self.open()?;
        if file.metadata()?.len() >= MAX_LOG_BYTES {
            self.put_aside()?;
            file = self.open()?;
        }
        // In one write, so that lines of several processes do not mix.
        file.write_all(text.as_bytes())
    }

    /// The file, held against others until it is closed.
    fn open(&self) -> io::Result<File> {
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        loop {
            let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
            file.lock()?;
            // Somebody may have put it aside meanwhile.
            let held = file.metadata()?;
            if fs::metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == (held.dev(), held.ino())) {
                return Ok(file);
            }
        }
    }

    fn put_aside(&self) -> io::Result<()> {
        for number in (1..KEPT_FILES).rev() {
            match fs::rename(self.kept(number), self.kept(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, self.kept(1))
    }

    fn kept(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn lines(judgement: &RunJudgement) -> impl Iterator<Item = String> {
    let RunJudgement { run_id, module, at_ms, anomalies, recovered, lasting, ongoing: _ } = judgement;
    let found = anomalies.iter().map(|anomaly| line(&found(anomaly)));
    let ended = [("recovered", recovered), ("lasting", lasting)].into_iter().flat_map(move |(event, metrics)| {
        metrics.iter().map(move |metric| {
            line(&json!({
                "event": event, "at": rfc3339(*at_ms), "module": module, "metric": metric, "run_id": run_id,
            }))
        })
    });
    ended.chain(found)
}

fn found(anomaly: &RunAnomaly) -> serde_json::Value {
    json!({
        "event": "anomaly",
        "at": rfc3339(anomaly.at_ms),
        "module": anomaly.module,
        "metric": anomaly.metric,
        "value": anomaly.value,
        "average": anomaly.average,
        "deviation_percent": anomaly.deviation_percent,
        "threshold_percent": anomaly.threshold_percent,
        "limit": anomaly.limit,
        "rules": anomaly.rules,
        "run_id": anomaly.run_id,
        "what": anomaly.told(),
    })
}

fn line(value: &serde_json::Value) -> String {
    printable_json(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunRule;

    fn judgement(module: &str) -> RunJudgement {
        let anomaly = RunAnomaly {
            run_id: 7,
            module: module.into(),
            metric: "duration_ms".into(),
            rules: vec![RunRule::Deviation],
            value: 130.0,
            average: Some(100.0),
            deviation_percent: Some(30.0),
            threshold_percent: Some(25.0),
            limit: 125.0,
            at_ms: 0,
        };
        RunJudgement {
            run_id: 7,
            module: module.into(),
            at_ms: 0,
            anomalies: vec![anomaly],
            ongoing: Vec::new(),
            recovered: vec!["cpu_ms".into()],
            lasting: Vec::new(),
        }
    }

    #[test]
    fn a_line_says_what_was_found_and_no_name_leaves_it() {
        let dir = tempfile::tempdir().unwrap();
        let log = AnomalyLog::at(dir.path().join("state/anomalies.log"));
        log.append(&[]).unwrap();
        assert!(!dir.path().join("state").exists());
        log.append(&[judgement("na\nme\u{9b}")]).unwrap();
        let text = fs::read_to_string(dir.path().join("state/anomalies.log")).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["module"], "na\nme\u{9b}");
        for (key, value) in
            [("value", 130.0), ("average", 100.0), ("deviation_percent", 30.0), ("threshold_percent", 25.0)]
        {
            assert_eq!(lines[1][key], value, "{key}");
        }
        assert_eq!((&lines[0]["event"], &lines[0]["metric"]), (&json!("recovered"), &json!("cpu_ms")));
        assert!(!text.contains('\u{9b}'));
    }

    #[test]
    fn a_large_file_is_put_aside_and_three_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let log = AnomalyLog::at(dir.path().join("anomalies.log"));
        for number in 0..5 {
            fs::write(dir.path().join("anomalies.log"), format!("{number}").repeat(MAX_LOG_BYTES as usize)).unwrap();
            log.append(&[judgement("build")]).unwrap();
        }
        let start = |name: &str| fs::read_to_string(dir.path().join(name)).ok().map(|text| text[..1].to_owned());
        let found =
            ["anomalies.log", "anomalies.log.1", "anomalies.log.2", "anomalies.log.3", "anomalies.log.4"].map(start);
        assert_eq!(found.map(Option::unwrap_or_default), ["{", "4", "3", "2", ""]);
    }

    #[test]
    fn lines_of_many_at_a_time_stay_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = AnomalyLog::at(dir.path().join("anomalies.log"));
        fs::write(dir.path().join("anomalies.log"), "\n".repeat(MAX_LOG_BYTES as usize - 600)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| log.append(&[judgement("build")]).unwrap()));
            }
        });
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        let all = read("anomalies.log.1") + &read("anomalies.log");
        let lines: Vec<&str> = all.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 160);
        assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }
}
