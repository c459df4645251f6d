//! A home with a store and a drop directory, the programs over it, and what must be true of it afterwards.

use std::fs::{self, File, OpenOptions};
use std::ops::Range;
use std::path::PathBuf;

use perftop::model::TimeRange;
use perftop::store::Store;
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::Value;

use crate::home::{Answer, Home};
use crate::outsider::INSERT;
use crate::series::Series;
use crate::terminal::{Terminal, command, wait_for_condition};

pub struct Place {
    pub home: Home,
}

impl Place {
    /// With a store and an empty drop directory.
    pub fn new() -> Self {
        let place = Self { home: Home::new() };
        fs::create_dir_all(place.dropped("")).unwrap();
        drop(Store::open(&place.store()).unwrap());
        place
    }

    pub fn store(&self) -> PathBuf {
        self.home.store()
    }

    /// A path in the drop directory.
    pub fn dropped(&self, name: &str) -> PathBuf {
        self.home.path("data/perftop/drop").join(name)
    }

    /// Moves a whole file into the drop directory.
    pub fn put(&self, name: &str, text: &str) {
        let aside = self.home.write(&format!("aside {name}"), text);
        fs::rename(aside, self.dropped(name)).unwrap();
    }

    /// A file of the drop directory, to be written to its end.
    pub fn append(&self, name: &str) -> File {
        OpenOptions::new().append(true).create(true).open(self.dropped(name)).unwrap()
    }

    /// The store as another program sees it.
    pub fn raw(&self) -> Connection {
        Connection::open(self.store()).unwrap()
    }

    /// Inserts one sample as another program does.
    pub fn insert(&self, series: Series, index: u32) {
        let (timestamp_ms, value) = series.sample(index);
        self.raw().execute(INSERT, (series.metric, value, timestamp_ms)).unwrap();
    }

    /// A dashboard over the store and the drop directory.
    pub fn dashboard(&self) -> Terminal {
        self.dashboard_under(&[env!("CARGO_BIN_EXE_perftop")])
    }

    /// The same, started by another program.
    pub fn dashboard_under(&self, words: &[&str]) -> Terminal {
        let mut perftop = command(words[0]);
        perftop.args(&words[1..]);
        for (variable, value) in self.home.environment() {
            perftop.env(variable, value);
        }
        Terminal::start(perftop, 160, 30)
    }

    /// Rows of a metric that are in the log.
    pub fn rows(&self, series: Series) -> u32 {
        let count = "SELECT count(*) FROM performance_samples WHERE metric_name = ?1";
        self.raw().query_row(count, [series.metric], |row| row.get(0)).unwrap()
    }

    pub fn wait_for_rows(&self, series: Series, count: u32) {
        wait_for_condition(&format!("{count} rows of {}", series.metric), || {
            (self.rows(series) >= count).then_some(())
        });
    }

    /// Waits until everything that was dropped before is taken: the second marker is seen by a look that began
    /// after the first was stored.
    pub fn settle(&self) {
        let marker = Series::new("marker");
        for _ in 0..2 {
            let rows = self.rows(marker);
            self.put(&format!("~{rows}.jsonl"), &marker.line(rows));
            self.wait_for_rows(marker, rows + 1);
        }
    }

    /// The samples of a metric in the range are there, each once and no others: in the log, in what is
    /// derived from it, and in what perftop says.
    pub fn assert_holds(&self, series: Series, range: Range<u32>) {
        self.assert_holds_times(series, range, 1);
    }

    /// The same, for samples that were given several times and count as often.
    pub fn assert_holds_times(&self, series: Series, range: Range<u32>, times: usize) {
        let answer = self.home.run("status");
        assert_eq!(answer.stderr, "");
        let expected: Vec<_> =
            series.samples(range).into_iter().flat_map(|sample| std::iter::repeat_n(sample, times)).collect();
        let raw = self.raw();
        let mut log = raw
            .prepare("SELECT timestamp, value FROM performance_samples WHERE metric_name = ?1 ORDER BY timestamp, id")
            .unwrap();
        let logged = log.query_map([series.metric], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let logged: Vec<(i64, f64)> = logged.map(Result::unwrap).collect();
        assert_same(&logged, &expected, &format!("the log of {}", series.metric));

        let store = Store::open_read(&self.store()).unwrap();
        assert_eq!(store.check().unwrap().backlog_rows, 0, "everything is rolled up");
        let always = TimeRange { from_ms: i64::MIN, until_ms: i64::MAX };
        let points = store.points(series.metric, always).unwrap();
        let derived: Vec<_> = points.iter().map(|point| (point.timestamp_ms, point.value)).collect();
        assert_same(&derived, &expected, &format!("the chunks of {}", series.metric));
        let hours = store.hours(series.metric, always).unwrap();
        assert_eq!(hours.iter().map(|(_, hour)| hour.n).sum::<u64>(), expected.len() as u64);

        if expected.is_empty() {
            return;
        }
        let sum: f64 = expected.iter().map(|(_, value)| value).sum();
        let (count, mean) = self.baseline(series);
        assert_eq!(count, expected.len() as u64, "the baseline's count");
        assert!((mean * count as f64 - sum).abs() <= sum * 1e-12, "{mean} * {count} is not {sum}");
    }

    /// Count and mean of the last 24 hours, as perftop says them.
    fn baseline(&self, series: Series) -> (u64, f64) {
        let answer = self.home.run(&format!("baseline {} --format json", series.metric));
        let said: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
        let day = &said["baselines"].as_array().unwrap()[0];
        assert_eq!(day["window"], "24h");
        (day["count"].as_u64().unwrap(), day["mean"].as_f64().unwrap())
    }

    /// The file is whole, and doctor has nothing to say of the store.
    pub fn assert_sound(&self) {
        let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        assert_eq!(self.raw().query_row("PRAGMA integrity_check", [], check).unwrap(), "ok");
        assert_eq!(self.complaints(), [""; 0]);
    }

    /// What doctor has to say of the store.
    pub fn complaints(&self) -> Vec<String> {
        let Answer { stdout, stderr, .. } = self.home.run("doctor --format json");
        let said: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        let checks = said["checks"].as_array().unwrap().iter();
        checks
            .filter(|check| check["area"] == "store" && check["verdict"] != "ok")
            .map(|check| check["found"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Ends a program in the middle of whatever it does, which dropping a [`Terminal`] does not: that hangs up.
pub fn kill(mut terminal: Terminal) {
    terminal.signal(Signal::KILL);
    terminal.wait_exit();
}

/// Compares without printing a hundred thousand samples.
fn assert_same(found: &[(i64, f64)], expected: &[(i64, f64)], what: &str) {
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let found_there = differs.map(|at| (found[at], expected[at]));
    assert!(
        differs.is_none() && found.len() == expected.len(),
        "{what}: {} samples, expected {}; the first that differs: {differs:?} {found_there:?}",
        found.len(),
        expected.len()
    );
}
