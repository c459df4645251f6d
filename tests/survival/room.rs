//! No room: the disk is full in the middle, and later it is not.

use std::path::Path;
use std::process::Command;

use perftop::store::Store;

use crate::chance::skipped;
use crate::home::Answer;
use crate::place::Place;
use crate::series::Series;

/// A small file system of its own, unmounted when the test ends.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs"], at).then_some(Self(at))
    }

    fn enlarge(&self) {
        assert!(run("mount", &["-o", "remount,size=200m"], self.0));
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        run("umount", &["-l"], self.0);
    }
}

fn run(program: &str, words: &[&str], path: &Path) -> bool {
    Command::new(program).args(words).arg(path).output().is_ok_and(|done| done.status.success())
}

const LINES: u32 = 40_000;

/// How many samples an ingest that could not go on says it has stored.
fn stored(answer: &Answer) -> u32 {
    let (_, after) = answer.stderr.split_once("stopped after ").unwrap_or_else(|| panic!("{answer:?}"));
    after.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_disk_that_is_full_in_the_middle_and_then_enlarged_costs_nothing() {
    let (place, [ingested, dropped]) = (Place::new(), ["ingested", "dropped"].map(Series::new));
    let directory = place.store().parent().unwrap().to_owned();
    let Some(disk) = SmallDisk::mount(&directory) else { return skipped("root, for a small file system") };
    place.home.write("input.jsonl", ingested.lines(0..LINES));
    let answer = place.home.run("ingest input.jsonl");
    assert_eq!(answer.code, Some(5), "{answer:?}");
    assert!(answer.stderr.contains("free disk space"), "{}", answer.stderr);
    let begun = stored(&answer);
    assert_eq!(place.rows(ingested), begun);

    place.home.write("drop/a.jsonl", dropped.lines(0..LINES));
    let drop_dir = place.home.path("drop");
    let dashboard = place.dashboard_under(&[env!("CARGO_BIN_EXE_perftop"), "--drop-dir", drop_dir.to_str().unwrap()]);
    dashboard.wait_for("no room");
    disk.enlarge();
    place.wait_for_rows(dropped, LINES);
    dashboard.wait_without("no room");
    place.home.write("input.jsonl", ingested.lines(begun..LINES));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    place.assert_holds(ingested, 0..LINES);
    place.assert_holds(dropped, 0..LINES);
    place.assert_sound();
}

#[test]
fn a_run_that_ends_on_a_full_disk_is_recorded_when_there_is_room() {
    let place = Place::new();
    let directory = place.store().parent().unwrap().to_owned();
    let Some(disk) = SmallDisk::mount(&directory) else { return skipped("root, for a small file system") };
    assert_eq!(place.home.run("run -- true").code, Some(0));
    assert_eq!(place.home.run("collect").code, Some(0));
    let filler = directory.join("filler");
    // Ends when there is no room.
    let _ = std::fs::write(&filler, vec![0; 2 << 20]);
    let answer = place.home.run("run -- false");
    assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr.as_str()), (Some(1), "", ""));
    disk.enlarge();
    assert_eq!(place.home.run("collect").code, Some(0));
    let runs = |module: &str| Store::open_read(&place.store()).unwrap().runs(module, 10).unwrap().len();
    assert_eq!((runs("true"), runs("false")), (1, 1));
    place.assert_sound();
}

/// The same without being root: a limit on the size of files, which the system reports as another error.
#[test]
fn a_file_that_may_not_grow_any_more_costs_nothing() {
    let (place, series) = (Place::new(), Series::new("ingested"));
    place.home.write("input.jsonl", series.lines(0..LINES));
    // In blocks of 512 bytes. The signal that comes with the error is ignored, and stays so in the program.
    let limited = "trap '' XFSZ; ulimit -f 2500; exec \"$0\" ingest input.jsonl";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_perftop")])
        .current_dir(place.home.path(""))
        .envs(place.home.environment())
        .output()
        .unwrap();
    let answer = place.home.answer(&output);
    assert_eq!(answer.code, Some(5), "{answer:?}");
    let begun = stored(&answer);
    assert!(begun > 0 && begun < LINES, "{answer:?}");
    place.assert_holds(series, 0..begun);
    place.home.write("input.jsonl", series.lines(begun..LINES));
    assert_eq!(place.home.run("ingest input.jsonl").code, Some(0));
    place.assert_holds(series, 0..LINES);
    place.assert_sound();
}
