//! Runs on their way into the store: at once for whoever looks, once however often they are taken in, and later when the
//! store cannot take them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use perftop::store::Store;
use rusqlite::Connection;

use crate::home::Home;
use crate::run::{recorded, run_script, samples};

/// The runs that wait beside the store.
fn waiting(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.path("data/perftop/perftop.db.runs")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|kind| kind == "run")).collect()
}

/// Another program in the middle of writing.
fn locked(home: &Home) -> Connection {
    drop(Store::open(&home.store()).unwrap());
    let other = Connection::open(home.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[test]
fn whoever_looks_sees_the_run_at_once() {
    let home = Home::new();
    assert_eq!(home.run("run -- true").code, Some(0));
    let answer = home.run("baseline true.duration_ms");
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stdout.contains("true.duration_ms  24h     1"), "{answer:?}");
}

#[test]
fn nobody_need_look() {
    let home = Home::new();
    assert_eq!(home.run("run -- true").code, Some(0));
    crate::terminal::wait_for_condition("the run in the store", || {
        let store = Store::open_read(&home.store()).ok()?;
        store.runs("true", 1).ok().filter(|runs| runs.len() == 1)
    });
    crate::terminal::wait_for_condition("an empty spool", || waiting(&home).is_empty().then_some(()));
}

#[test]
fn a_locked_store_costs_neither_time_nor_the_run() {
    let home = Home::new();
    let other = locked(&home);
    let answer = run_script(&home, "--name busy", "echo said; exit 4");
    assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr.as_str()), (Some(4), "said\n", ""));
    assert_eq!(waiting(&home).len(), 1);
    drop(other);
    assert_eq!((recorded(&home, "busy").len(), samples(&home, "busy.success")), (1, vec![0.0]));
    assert_eq!((recorded(&home, "busy").len(), samples(&home, "busy.success")), (1, vec![0.0]), "it is taken in once");
    assert!(waiting(&home).is_empty());
}

#[test]
fn many_who_take_in_the_same_runs_take_each_once() {
    const RUNS: usize = 12;
    let home = Home::new();
    let other = locked(&home);
    for _ in 0..RUNS {
        assert_eq!(home.run("run -- true").code, Some(0));
    }
    drop(other);
    let collectors: Vec<_> = (0..4)
        .map(|_| {
            let mut collect = Command::new(env!("CARGO_BIN_EXE_perftop"));
            collect.arg("collect").env_clear().envs(home.environment()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for collector in collectors {
        let output = collector.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    assert_eq!((recorded(&home, "true").len(), samples(&home, "true.duration_ms").len()), (RUNS, RUNS));
}

/// What was stored and then not deleted, because whoever did it was killed in between.
#[test]
fn a_record_that_is_there_again_is_not_taken_in_again() {
    let home = Home::new();
    let other = locked(&home);
    assert_eq!(home.run("run -- true").code, Some(0));
    let path = waiting(&home).remove(0);
    let record = fs::read(&path).unwrap();
    drop(other);
    assert_eq!(recorded(&home, "true").len(), 1);
    fs::write(&path, record).unwrap();
    assert_eq!((recorded(&home, "true").len(), samples(&home, "true.duration_ms").len()), (1, 1));
    assert!(!path.exists());
}

#[test]
fn a_record_that_cannot_be_read_is_put_aside_and_named_once() {
    let home = Home::new();
    let junk = home.write("data/perftop/perftop.db.runs/0-0-0.run", "{\"module\":\n");
    assert_eq!(home.run("run -- true").code, Some(0));
    let answer = home.run("collect");
    let named = answer.stderr.contains("0-0-0.junk` is no record of a run");
    assert!(answer.code == Some(0) && (named || answer.stderr.is_empty()), "{answer:?}");
    assert_eq!(recorded(&home, "true").len(), 1);
    assert!(!junk.exists() && junk.with_extension("junk").exists());
    let doctor = home.run("doctor").stdout;
    assert!(doctor.contains("0-0-0.junk"), "{doctor}");
}

#[test]
fn a_store_that_is_none_keeps_the_runs_waiting() {
    let home = Home::new();
    crate::stores::garbage(&home);
    let answer = home.run("run -- true");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    let answer = home.run("collect");
    assert_eq!(answer.code, Some(5));
    assert!(answer.stderr.contains("is not a SQLite database"), "{answer:?}");
    let answer = home.run("baseline");
    assert!(answer.stderr.contains("perftop: 1 run not recorded yet: `"), "{answer:?}");
    assert!(home.run("doctor").stdout.contains("1 run waits"));
    fs::remove_file(home.store()).unwrap();
    assert_eq!(recorded(&home, "true").len(), 1);
}

#[test]
fn where_nothing_can_be_written_the_command_runs_all_the_same() {
    let home = Home::new();
    home.write("data", "a file");
    home.write("state", "a file");
    let answer = run_script(&home, "", "echo said; [ -z \"$PERFTOP_DROP$PERFTOP_PHASES\" ] || exit 1; exit 5");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(5), "said\n"));
    assert!(answer.stderr.starts_with("perftop: this run is not recorded: cannot write beside `~/data/perftop/"));
    assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
}

#[test]
fn where_the_stores_directory_is_not_writable_the_run_waits_elsewhere() {
    let home = Home::new();
    let data = home.write("data", "a file");
    let answer = run_script(&home, "", "echo '{\"metric\":\"a\",\"value\":1}' > $PERFTOP_DROP");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    fs::remove_file(data).unwrap();
    assert_eq!((recorded(&home, "sh").len(), samples(&home, "sh.a")), (1, vec![1.0]));
}

#[test]
fn where_no_file_may_grow_the_exit_code_is_the_commands() {
    let home = Home::new();
    let limited = "ulimit -f 0; exec \"$0\" run -- sh -c 'exit 4'";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_perftop")])
        .env_clear()
        .envs(home.environment())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let answer = home.answer(&output);
    assert_eq!(answer.code, Some(4), "{answer:?}");
    assert!(answer.stderr.starts_with("perftop: this run is not recorded: "), "{answer:?}");
}
