//! Finished runs as files, one each, until the store has them. Writing one takes a fraction of what opening the store
//! takes, and works while the store is locked or its disk is full.
//!
//! A record is written aside and renamed, so it is there as a whole or not at all. Who takes it in holds it until the
//! store has it and the file is gone, and the store takes no key twice. So any number of processes may write and take in
//! at the same time, and be killed in between.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};

use crate::clock::Clock;
use crate::ingest::{Dictionary, TimestampUnit, jsonl};
use crate::model::{NewRun, NewSample};

/// What a record is called, after its key.
const RECORD: &str = "run";
/// A record while it is written.
const PARTIAL: &str = "part";
/// A record that cannot be read.
const JUNK: &str = "junk";
/// Files that a command writes to while it runs.
const WORK: [&str; 3] = ["phases", "drop", PARTIAL];
/// Held by whoever takes in what others wrote.
const LOCK: &str = "lock";
/// The largest record that is read.
const MAX_RECORD_BYTES: u64 = 256 << 20;
/// Files of a command whose perftop was killed go after this time.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// A run and the samples that came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The run.
    pub run: NewRun,
    /// Samples beside its own.
    pub samples: Vec<NewSample>,
}

/// Where the runs of a store wait: beside it, or where there is room when there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    places: [PathBuf; 2],
}

/// One of a spool's directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PathBuf);

/// A record cannot be read; it is kept under another name.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is no record of a run ({reason}): it is not looked at again, delete it", path.display())]
pub struct JunkError {
    /// Where it is kept.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub reason: String,
}

impl Spool {
    /// The spool of the store at `store`; the second place is below `state_dir`.
    #[must_use]
    pub fn of(store: &Path, state_dir: &Path) -> Self {
        let mut beside = store.as_os_str().to_owned();
        beside.push(".runs");
        let whole = std::path::absolute(store).unwrap_or_else(|_| store.to_owned());
        let number = crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(whole.as_os_str().as_encoded_bytes());
        Self { places: [beside.into(), state_dir.join("runs").join(format!("{number:016x}"))] }
    }

    /// Its directories, the better one first.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.places.clone().into_iter().map(Place)
    }

    /// Does something in the first place where it works; the error is that of the better place.
    pub fn in_first<T>(&self, mut attempt: impl FnMut(&Place) -> io::Result<T>) -> io::Result<T> {
        let [beside, elsewhere] = self.places.clone().map(Place);
        let mut at = |place: &Place| match attempt(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(&place.0)?;
                attempt(place)
            }
            answer => answer,
        };
        at(&beside).or_else(|error| at(&elsewhere).map_err(|_| error))
    }

    /// The records that wait, in the order in which their runs began.
    #[must_use]
    pub fn waiting(&self) -> Vec<PathBuf> {
        let mut waiting: Vec<PathBuf> = self.places().flat_map(|place| place.files(&[RECORD])).collect();
        waiting.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
        waiting
    }

    /// What was not readable.
    #[must_use]
    pub fn junk(&self) -> Vec<PathBuf> {
        self.places().flat_map(|place| place.files(&[JUNK])).collect()
    }

    /// Deletes what commands left whose perftop was killed.
    pub fn clean(&self, clock: &Clock) {
        for path in self.places().flat_map(|place| place.files(&WORK)) {
            if is_abandoned(&path, clock) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Place {
    /// Where a command's work files are: `phases` or `drop`.
    #[must_use]
    pub fn work_file(&self, key: &str, what: &str) -> PathBuf {
        self.0.join(format!("{key}.{what}"))
    }

    /// Keeps a record.
    pub fn write(&self, record: &Record) -> io::Result<()> {
        let [partial, whole] = [PARTIAL, RECORD].map(|what| self.work_file(&record.run.key, what));
        let mut text = serde_json::to_string(&record.run)?;
        text.push('\n');
        text.extend(record.samples.iter().map(jsonl::line));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&partial, whole));
        if written.is_err() {
            let _ = fs::remove_file(partial);
        }
        written
    }

    /// Takes the turn at taking in, until the answer is dropped; `None` while somebody else has it.
    pub fn turn(&self) -> io::Result<Option<File>> {
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.0.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// The files of some kinds, by name; none when the directory cannot be read.
    fn files(&self, kinds: &[&str]) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let is_wanted =
            |path: &PathBuf| path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| kinds.contains(&kind));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_wanted).collect();
        files.sort();
        files
    }
}

/// A record in hand: nobody else takes it in meanwhile.
#[derive(Debug)]
pub struct Held {
    /// The record.
    pub record: Record,
    path: PathBuf,
    _lock: File,
}

impl Held {
    /// The store has it. Answers whether it is gone.
    #[must_use]
    pub fn delete(self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}

/// Takes a record in hand, when nobody else has it; `None` when somebody has taken it in. One that cannot be read is put
/// aside.
pub fn hold(path: &Path, now_ms: i64) -> Result<Option<Held>, JunkError> {
    let held = match read(path) {
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(Some((lock, text))) => {
            parse(&text, now_ms).map(|record| Held { record, path: path.to_owned(), _lock: lock })
        }
        Err(error) => Err(error.to_string()),
    };
    held.map(Some).map_err(|reason| {
        let aside = path.with_extension(JUNK);
        let is_aside = fs::rename(path, &aside).is_ok();
        JunkError { path: if is_aside { aside } else { path.to_owned() }, reason }
    })
}

/// The text with the lock on it; `None` when the file went while the lock was waited for.
fn read(path: &Path) -> io::Result<Option<(File, String)>> {
    let file = File::open(path)?;
    file.lock()?;
    if file.metadata()?.nlink() == 0 {
        return Ok(None);
    }
    let mut text = String::new();
    (&file).take(MAX_RECORD_BYTES).read_to_string(&mut text)?;
    Ok(Some((file, text)))
}

fn parse(text: &str, now_ms: i64) -> Result<Record, String> {
    let (run, samples) = text.split_once('\n').ok_or("it ends in its first line")?;
    let run: NewRun = serde_json::from_str(run).map_err(|error| error.to_string())?;
    let mut dictionary = Dictionary::default();
    let samples: Result<Vec<NewSample>, String> = samples
        .lines()
        .map(|line| jsonl::parse(line.as_bytes(), TimestampUnit::Milliseconds, now_ms, &mut dictionary))
        .map(|parsed| parsed.map_err(|reason| reason.to_string()))
        .collect();
    Ok(Record { run, samples: samples? })
}

/// Whether its perftop is gone, and has been for long: ids of processes say nothing of other machines and containers.
fn is_abandoned(path: &Path, clock: &Clock) -> bool {
    let pid = path.file_stem().and_then(|key| key.to_str()?.split('-').nth(1)?.parse().ok()).and_then(Pid::from_raw);
    let is_running = pid.is_some_and(|pid| test_kill_process(pid).is_ok());
    let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let written_ms =
        written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map(|since| since.as_millis());
    let now_ms = u128::from(clock.now_ms().unsigned_abs());
    !is_running && written_ms.is_some_and(|at_ms| at_ms + ABANDONED_AFTER.as_millis() < now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunExit;

    const NOW_MS: i64 = 1_763_700_000_000;

    fn record(key: &str) -> Record {
        let run = NewRun {
            module: "build".into(),
            key: key.to_owned(),
            batch: "b".to_owned(),
            started_ms: NOW_MS - 1,
            ended_ms: NOW_MS,
            exit: RunExit::Signal(9),
            source: "run".to_owned(),
            commit: None,
            environment: None,
            tags: [("na\nme".to_owned(), "\u{1b}[31m".to_owned())].into(),
            measures: [("duration_ms".to_owned(), 0.1 + 0.2)].into(),
            phases: Vec::new(),
        };
        let sample = |value| NewSample {
            metric: "lat\nency".into(),
            value,
            timestamp_ms: NOW_MS,
            context_json: Some(r#"{"module":"build"}"#.into()),
        };
        Record { run, samples: vec![sample(1.0), sample(f64::MIN_POSITIVE)] }
    }

    fn spool(dir: &Path) -> Spool {
        Spool::of(&dir.join("data/perftop.db"), &dir.join("state"))
    }

    fn keep(spool: &Spool, key: &str) {
        spool.in_first(|place| place.write(&record(key))).unwrap();
    }

    #[test]
    fn records_come_back_as_they_were_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(dir.path());
        assert!(spool.waiting().is_empty());
        keep(&spool, "2-1-0");
        keep(&spool, "1-1-0");
        let waiting = spool.waiting();
        let [first, second] = [0, 1].map(|at: usize| hold(&waiting[at], NOW_MS).unwrap().unwrap());
        assert_eq!((&first.record, &second.record), (&record("1-1-0"), &record("2-1-0")));
        assert!(first.delete());
        drop(second);
        assert!(hold(&waiting[0], NOW_MS).unwrap().is_none());
        assert_eq!(spool.waiting(), waiting[1..]);
    }

    #[test]
    fn who_waits_for_a_record_that_is_taken_in_finds_it_gone() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(dir.path());
        keep(&spool, "1-1-0");
        let path = spool.waiting().remove(0);
        let held = hold(&path, NOW_MS).unwrap().unwrap();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| hold(&path, NOW_MS).unwrap().is_none());
            assert!(held.delete());
            assert!(other.join().unwrap());
        });
    }

    #[test]
    fn where_there_is_no_room_another_place_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("data"), "a file where the directory should be").unwrap();
        let spool = spool(dir.path());
        keep(&spool, "1-1-0");
        assert!(spool.waiting()[0].starts_with(dir.path().join("state/runs")));
        fs::remove_file(dir.path().join("data")).unwrap();
        assert_eq!(spool.waiting().len(), 1, "it is found as long as it waits");
    }

    #[test]
    fn junk_is_put_aside_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(dir.path());
        keep(&spool, "1-1-0");
        let path = spool.waiting().remove(0);
        let whole = fs::read(&path).unwrap();
        for text in [&b"junk\n"[..], b"", b"\xff\n", &whole[..whole.len() / 2]] {
            fs::write(&path, text).unwrap();
            let junk = hold(&path, NOW_MS).unwrap_err();
            assert!(junk.path.extension().is_some_and(|kind| kind == JUNK), "{junk}");
        }
        assert_eq!((spool.waiting().len(), spool.junk().len()), (0, 1));
    }

    #[test]
    fn one_at_a_time_takes_in() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(dir.path());
        keep(&spool, "1-1-0");
        let place = spool.places().next().unwrap();
        let turn = place.turn().unwrap();
        assert!(turn.is_some() && place.turn().unwrap().is_none());
        drop(turn);
        assert!(place.turn().unwrap().is_some());
    }

    #[test]
    fn what_a_killed_one_left_goes_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let spool = spool(dir.path());
        keep(&spool, "1-1-0");
        let place = spool.places().next().unwrap();
        let own = rustix::process::getpid().as_raw_pid();
        let [left, running] =
            [format!("1-{}-0", i32::MAX), format!("1-{own}-0")].map(|key| place.work_file(&key, "drop"));
        for path in [&left, &running] {
            fs::write(path, "").unwrap();
        }
        let later = |hours: i64| Clock::fixed(Clock::System.now_ms() + hours * 3_600_000);
        spool.clean(&later(23));
        assert!(left.exists());
        spool.clean(&later(25));
        assert!(!left.exists() && running.exists());
        assert_eq!(spool.waiting().len(), 1);
    }
}
