//! The watched drop directory: whatever a producer does, each line is taken exactly once. What happens when
//! processes are killed, and to the directory itself, is in `tests/survival`.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use perftop::clock::Clock;
use perftop::engine::{self, EngineHandle, EngineOptions};
use perftop::store::Store;
use tokio::runtime::Runtime;

use crate::home::Home;
use crate::terminal::wait_for_condition;

/// How long a condition may take to come true.
const LONG: Duration = Duration::from_secs(30);

/// A store, a drop directory, and engines that watch it.
struct Desk {
    home: Home,
    runtime: Runtime,
    engines: Vec<EngineHandle>,
}

impl Desk {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let desk = Self { home: Home::new(), runtime, engines: Vec::new() };
        fs::create_dir(desk.drop("")).unwrap();
        desk
    }

    /// With an engine that has had its first look already.
    fn watching() -> Self {
        let mut desk = Self::new();
        desk.open();
        desk.put("first.jsonl", &lines(0..1));
        desk.wait_for(1);
        fs::remove_file(desk.drop("first.jsonl")).unwrap();
        desk
    }

    fn open(&mut self) {
        let _inside = self.runtime.enter();
        let options = EngineOptions { drop_dir: Some(self.drop("")), ..EngineOptions::new(self.home.path("p.db")) };
        self.engines.push(engine::spawn(options, Clock::System));
    }

    fn close(&mut self) {
        for engine in self.engines.drain(..) {
            self.runtime.block_on(engine.shutdown());
        }
    }

    fn drop(&self, name: &str) -> PathBuf {
        self.home.path("drop").join(name)
    }

    /// Moves a whole file into the directory.
    fn put(&self, name: &str, text: &str) {
        let aside = self.home.write("aside", text);
        fs::rename(aside, self.drop(name)).unwrap();
    }

    fn append(&self, name: &str) -> File {
        OpenOptions::new().append(true).create(true).open(self.drop(name)).unwrap()
    }

    fn stored(&self) -> Vec<f64> {
        let tail = Store::open_read(&self.home.path("p.db")).and_then(|store| store.tail(0, 1_000_000));
        tail.map(|tail| tail.samples.iter().map(|sample| sample.value).collect()).unwrap_or_default()
    }

    fn wait_for(&self, count: usize) {
        wait_for_condition(&format!("{count} samples"), || (self.stored().len() >= count).then_some(()));
    }

    /// Waits for these modules with so many runs.
    fn wait_for_runs(&self, expected: &[(&str, u64)]) {
        wait_for_condition(&format!("runs of {expected:?}"), || {
            let modules = Store::open_read(&self.home.path("p.db")).and_then(|store| store.modules());
            let modules = modules.unwrap_or_default();
            modules.iter().map(|found| (&*found.module, found.count)).eq(expected.iter().copied()).then_some(())
        });
    }

    /// Waits until the engines have taken a marker that was put in after everything else, twice: the
    /// second marker is seen by a look that began after the first was stored.
    fn settle(&self, expected: usize) -> Vec<f64> {
        self.put("~marker-1.jsonl", &lines(1_000_000..1_000_001));
        self.wait_for(expected + 1);
        self.put("~marker-2.jsonl", &lines(1_000_001..1_000_002));
        self.wait_for(expected + 2);
        let mut taken = self.stored();
        taken.retain(|value| *value < 1_000_000.0);
        taken
    }
}

fn line(value: u32) -> String {
    format!("{{\"metric\":\"m\",\"value\":{value},\"timestamp\":{}}}\n", 1_700_000_000_000_u64 + u64::from(value))
}

fn lines(values: impl IntoIterator<Item = u32>) -> String {
    values.into_iter().map(line).collect()
}

fn values(range: std::ops::Range<u32>) -> Vec<f64> {
    range.map(f64::from).collect()
}

#[test]
fn files_that_are_there_at_the_start_and_files_that_come_are_taken_once() {
    let mut desk = Desk::new();
    desk.put("early.jsonl", &lines(0..100));
    desk.open();
    desk.wait_for(100);
    desk.put("moved in.jsonl", &lines(100..200));
    desk.wait_for(200);
    fs::write(desk.drop("written.jsonl"), lines(200..300)).unwrap();
    desk.wait_for(300);
    assert_eq!(desk.settle(300), values(0..300));
    assert!(desk.drop("early.jsonl").exists(), "files are left where they are");
}

#[test]
fn results_of_a_tool_become_runs_once_however_often_they_come() {
    let data = |file: &str| {
        fs::read_to_string(format!("{}/tests/cli/data/results/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let desk = Desk::watching();
    let whole = data("hyperfine.json");
    // hyperfine writes its file anew after each command, with one result more.
    let (first, _) = whole.split_once(",\n    {\n      \"command\": \"sleep 0.02\"").unwrap();
    desk.put("bench.json", &format!("{first}\n  ]\n}}\n"));
    desk.wait_for_runs(&[("sleep 0.01", 3)]);
    desk.put("bench.json", &whole);
    desk.wait_for_runs(&[("sleep 0.01", 3), ("sleep 0.02", 3)]);
    desk.put("copy.json", &whole);
    desk.put("torn.json", &whole[..whole.len() / 2]);
    desk.put("load.json", &data("oha.json"));
    let all = [("load", 1), ("sleep 0.01", 3), ("sleep 0.02", 3)];
    desk.wait_for_runs(&all);
    let stored = desk.stored().len();
    desk.settle(stored);
    desk.wait_for_runs(&all);
    assert_eq!(desk.stored().len(), stored + 2, "a copy and half a file are nothing but the markers' two samples");
}

#[test]
fn the_directory_is_made_when_it_is_missing() {
    let mut desk = Desk::new();
    fs::remove_dir(desk.drop("")).unwrap();
    desk.open();
    let started = Instant::now();
    while !desk.drop("").is_dir() {
        assert!(started.elapsed() < LONG);
        std::thread::yield_now();
    }
    desk.put("a.jsonl", &lines(0..1));
    desk.wait_for(1);
}

#[test]
fn a_file_that_is_still_written_is_taken_as_its_lines_complete() {
    let desk = Desk::watching();
    let mut file = desk.append("growing.jsonl");
    for value in 1..20 {
        let text = line(value);
        let (head, rest) = text.split_at(text.len() / 2);
        file.write_all(head.as_bytes()).unwrap();
        file.write_all(rest.as_bytes()).unwrap();
        desk.wait_for(value as usize + 1);
    }
    assert_eq!(desk.settle(20), values(0..20));
}

#[test]
fn a_last_line_without_an_end_is_taken_when_the_file_is_closed_or_quiet() {
    let desk = Desk::watching();
    desk.put("moved.jsonl", line(1).trim_end());
    desk.wait_for(2);
    let mut open = desk.append("open.jsonl");
    open.write_all(line(2).trim_end().as_bytes()).unwrap();
    desk.wait_for(3);
    open.write_all(b"\n").unwrap();
    open.write_all(line(3).as_bytes()).unwrap();
    desk.wait_for(4);
    assert_eq!(desk.settle(4), values(0..4));
}

#[test]
fn nothing_is_taken_again_after_a_restart_a_rename_or_a_touch() {
    let mut desk = Desk::watching();
    desk.put("a.jsonl", &lines(1..50));
    desk.wait_for(50);
    desk.close();
    desk.append("a.jsonl").write_all(lines(50..60).as_bytes()).unwrap();
    desk.open();
    desk.wait_for(60);
    fs::rename(desk.drop("a.jsonl"), desk.drop("b.jsonl")).unwrap();
    File::open(desk.drop("b.jsonl")).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(desk.settle(60), values(0..60));
}

#[test]
fn a_file_that_is_rewritten_truncated_or_made_anew_is_taken_anew() {
    let desk = Desk::watching();
    desk.put("a.jsonl", &lines(1..4));
    desk.wait_for(4);
    // In place, to the same length.
    fs::write(desk.drop("a.jsonl"), lines(4..7)).unwrap();
    desk.wait_for(7);
    // In place, shorter.
    fs::write(desk.drop("a.jsonl"), lines(7..8)).unwrap();
    desk.wait_for(8);
    // Deleted and made anew with the same content; the file system may give it the same inode.
    for round in 0..3 {
        fs::remove_file(desk.drop("a.jsonl")).unwrap();
        fs::write(desk.drop("a.jsonl"), lines(8..9)).unwrap();
        desk.wait_for(9 + round);
    }
    // A copy is new data.
    fs::copy(desk.drop("a.jsonl"), desk.drop("copy.jsonl")).unwrap();
    desk.wait_for(12);
    let expected: Vec<f64> = [values(0..9), values(8..9), values(8..9), values(8..9)].concat();
    assert_eq!(desk.settle(12), expected);
}

#[test]
fn two_panes_take_a_file_rewritten_to_its_old_length_once() {
    let mut desk = Desk::watching();
    desk.open();
    let mut expected = values(0..1);
    desk.put("a.jsonl", &lines(10_000..10_100));
    desk.wait_for(101);
    expected.extend(values(10_000..10_100));
    for round in 1..10 {
        let from = 10_000 + round * 100;
        fs::write(desk.drop("a.jsonl"), lines(from..from + 100)).unwrap();
        expected.extend(values(from..from + 100));
        desk.wait_for(expected.len());
    }
    assert_eq!(desk.settle(expected.len()), expected);
}

#[test]
fn what_is_not_for_us_is_left_alone() {
    let desk = Desk::watching();
    for name in [".hidden.jsonl", "a.jsonl.tmp", "b.jsonl.part", "c.txt"] {
        desk.put(name, &lines(5..6));
    }
    let outside = desk.home.write("outside.jsonl", lines(5..6));
    std::os::unix::fs::symlink(outside, desk.drop("link.jsonl")).unwrap();
    fs::create_dir(desk.drop("directory.jsonl")).unwrap();
    fs::write(desk.drop("directory.jsonl").join("inside.jsonl"), lines(5..6)).unwrap();
    let fifo = desk.drop("fifo.jsonl");
    rustix::fs::mknodat(rustix::fs::CWD, fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(desk.settle(1), values(0..1));
}

#[test]
fn rejected_lines_are_counted_and_cost_only_themselves() {
    let mut desk = Desk::watching();
    desk.put("mixed.jsonl", &(line(1) + "bad\n" + &line(2) + "{\"metric\":\"m\"}\n"));
    desk.wait_for(3);
    assert_eq!(desk.settle(3), values(0..3));
    let snapshots = &mut desk.engines[0].snapshots;
    let counted = async {
        loop {
            let rejected = snapshots.borrow_and_update().health.rejected_lines;
            if rejected == 2 {
                return;
            }
            snapshots.changed().await.unwrap();
        }
    };
    desk.runtime.block_on(async { tokio::time::timeout(LONG, counted).await }).unwrap();
}
