//! Several processes on one store, some of them killed: every sample is there once.
//!
//! The processes are this test program, started again to run one ignored test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use perftop::model::{FileIdentity, SourceOffset};
use perftop::store::{Store, StoreError};

use crate::support::{ALWAYS, Place, sample};

const STORE_VAR: &str = "PERFTOP_TEST_STORE";
const ROLE_VAR: &str = "PERFTOP_TEST_ROLE";

/// Samples in the file that a reader takes.
const FILE_SAMPLES: u64 = 6_000;

/// Samples that go in at once.
const BATCH: u64 = 60;

/// How long a process may take; it takes a second or two.
const PATIENCE: Duration = Duration::from_mins(2);

fn start(path: &Path, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::worker", "--ignored", "--quiet"])
        .env(STORE_VAR, path)
        .env(ROLE_VAR, role)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(mut child: Child) {
    assert!(child.wait().unwrap().success());
}

/// What a started process does.
#[test]
#[ignore = "runs as a process of its own, started by the other tests"]
fn worker() {
    let path = std::env::var_os(STORE_VAR).unwrap();
    let mut store = Store::open(Path::new(&path)).unwrap();
    match std::env::var(ROLE_VAR).unwrap().split_once(':').unwrap() {
        ("read-file", number) => read_file(&mut store, number.parse().unwrap()),
        ("roll-up-to", id) => roll_up_to(&mut store, id.parse().unwrap()),
        (role, _) => panic!("no such role: {role}"),
    }
}

/// Takes a file of [`FILE_SAMPLES`] samples, from where the ledger says, and rolls up as it goes.
fn read_file(store: &mut Store, number: u64) {
    let identity = FileIdentity { dev: 1, ino: number, birth_ns: None };
    loop {
        let from = store.source(&identity).unwrap().map_or(0, |source| source.offset);
        if from == FILE_SAMPLES {
            return;
        }
        let until = (from + BATCH).min(FILE_SAMPLES);
        let batch: Vec<_> = (from..until)
            .map(|index| sample(&format!("metric_{number}"), i64::try_from(index * 10_000).unwrap(), index as f64))
            .collect();
        let at = SourceOffset {
            identity,
            path: format!("{number}.jsonl").into(),
            expected_offset: from,
            expected_tail: if from == 0 { Vec::new() } else { vec![b'x'; 64] },
            offset: until,
            lines: until,
            rejected: 0,
            tail: vec![b'x'; 64],
        };
        match store.append(&batch, Some(&at), 0) {
            Ok(_) => drop(store.roll_up(100).unwrap()),
            Err(StoreError::SourceMoved { expected, found, .. }) => assert!(expected == from && found > from),
            Err(error) => panic!("{error}"),
        }
    }
}

fn roll_up_to(store: &mut Store, id: i64) {
    while store.roll_up(50).unwrap().remaining || store.newest_id().unwrap() < id {
        std::thread::yield_now();
    }
}

/// Each file's samples are in the store once, in the log and in what was derived from it, beside those
/// of others.
fn assert_exact(place: &Place, files: &[u64], others: u64) {
    let mut store = place.open();
    crate::support::roll_up_all(&mut store, 1_000);
    let sum = (0..FILE_SAMPLES).map(|index| index as f64).sum::<f64>();
    for number in files {
        let metric = format!("metric_{number}");
        let points = store.points(&metric, ALWAYS).unwrap();
        assert_eq!(points.len() as u64, FILE_SAMPLES, "{metric}");
        assert!(points.iter().enumerate().all(|(index, point)| (index as f64).to_bits() == point.value.to_bits()));
        let hours = store.hours(&metric, ALWAYS).unwrap();
        assert_eq!(hours.iter().map(|(_, hour)| hour.n).sum::<u64>(), FILE_SAMPLES);
        let logged: (u64, f64) = place
            .raw()
            .query_row(
                "SELECT count(*), sum(value) FROM performance_samples WHERE metric_name = ?1",
                [&metric],
                |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)),
            )
            .unwrap();
        assert_eq!(logged, (FILE_SAMPLES, sum), "{metric}");
    }
    assert_eq!(store.totals().unwrap().sample_count, FILE_SAMPLES * files.len() as u64 + others);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn two_write_while_a_third_rolls_up_and_a_fourth_knows_nothing_of_us() {
    const OTHERS: u64 = 100;
    let place = Place::new();
    drop(place.open());
    let roll_up = format!("roll-up-to:{}", FILE_SAMPLES * 2 + OTHERS);
    let children = ["read-file:1", "read-file:2", &roll_up].map(|role| start(&place.path, role));
    let other = place.raw();
    other.busy_timeout(PATIENCE).unwrap();
    for index in 0..OTHERS {
        other
            .execute(
                "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('other', ?1, ?1)",
                [i64::try_from(index).unwrap()],
            )
            .unwrap();
    }
    children.into_iter().for_each(finish);
    let others = place.open().points("other", ALWAYS).unwrap();
    assert_eq!(others.len() as u64, OTHERS);
    assert_exact(&place, &[1, 2], OTHERS);
}

#[test]
fn a_reader_sees_each_sample_once_while_others_write_and_roll_up() {
    let place = Place::new();
    let store = place.open();
    let roll_up = format!("roll-up-to:{FILE_SAMPLES}");
    let mut writer = start(&place.path, "read-file:1");
    let roller = start(&place.path, &roll_up);
    while writer.try_wait().unwrap().is_none() {
        let points = store.points("metric_1", ALWAYS).unwrap();
        let are_in_step =
            points.iter().enumerate().all(|(index, point)| (index as f64).to_bits() == point.value.to_bits());
        assert!(
            are_in_step && (points.len() as u64).is_multiple_of(BATCH),
            "{} samples, or some are out of step",
            points.len()
        );
        let seen_ms = points.last().map(|point| point.timestamp_ms);
        assert!(store.totals().unwrap().newest_ms >= seen_ms);
    }
    finish(roller);
    assert_exact(&place, &[1], 0);
}

#[test]
fn two_that_read_the_same_file_take_each_line_once() {
    let place = Place::new();
    let children = [start(&place.path, "read-file:1"), start(&place.path, "read-file:1")];
    children.into_iter().for_each(finish);
    assert_exact(&place, &[1], 0);
}

#[test]
fn nothing_is_lost_or_doubled_when_a_process_is_killed() {
    const KILLS: i64 = 12;
    let place = Place::new();
    let store = place.open();
    let file_samples = i64::try_from(FILE_SAMPLES).unwrap();
    for kill in 1..=KILLS {
        let mut child = start(&place.path, "read-file:1");
        let deadline = Instant::now() + PATIENCE;
        // Killed at a different place of its work each time, as far as the samples have got.
        while store.newest_id().unwrap() < kill * file_samples / (KILLS + 1) {
            assert!(Instant::now() < deadline, "the process makes no progress");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it was done before it could be killed");
    }
    finish(start(&place.path, "read-file:1"));
    assert_exact(&place, &[1], 0);
}
