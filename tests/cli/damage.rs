//! A store that is damaged, foreign or newer: one line that says what it is and what to do, and not a byte of it
//! changed.

use std::fs;

use perftop::store::Store;
use rstest::rstest;
use rusqlite::Connection;

use crate::home::Home;
use crate::stores;

/// Bytes in a page of a store that perftop made.
const PAGE: usize = 8_192;

fn store_of(home: &Home, bytes: &[u8]) {
    home.write("data/perftop/perftop.db", bytes);
}

/// A store with samples, as bytes.
fn sound() -> Vec<u8> {
    let home = Home::new();
    stores::filled(&home);
    assert_eq!(home.run("status").code, Some(1));
    fs::read(home.store()).expect("the store")
}

fn text(home: &Home) {
    stores::garbage(home);
}

fn overwritten_head(home: &Home) {
    let mut bytes = sound();
    bytes[..PAGE].fill(0xa5);
    store_of(home, &bytes);
}

fn truncated(home: &Home) {
    let bytes = sound();
    store_of(home, &bytes[..bytes.len() / 3]);
}

/// Every page of the samples' and the anomalies' tables but the schema is noise.
fn overwritten_pages(home: &Home) {
    let mut bytes = sound();
    bytes[2 * PAGE..].fill(0xa5);
    store_of(home, &bytes);
}

fn newer(home: &Home) {
    stores::filled(home);
    let connection = Connection::open(home.store()).expect("a database");
    connection.execute_batch("UPDATE perftop_state SET v = 99 WHERE k = 'schema_version'").expect("a row");
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
}

fn foreign(home: &Home) {
    fs::create_dir_all(home.store().parent().expect("a parent")).expect("a directory");
    let connection = Connection::open(home.store()).expect("a database");
    connection.execute_batch("CREATE TABLE users (name TEXT)").expect("a table");
}

#[rstest]
#[case::text(text, "is not a SQLite database")]
#[case::overwritten_head(overwritten_head, "perftop doctor --salvage NEW.db")]
#[case::truncated(truncated, "perftop doctor --salvage NEW.db")]
#[case::overwritten_pages(overwritten_pages, "perftop doctor --salvage NEW.db")]
#[case::newer(newer, "was written by a newer perftop (layout 99,")]
#[case::foreign(foreign, "is a SQLite database of another program")]
fn one_line_says_what_to_do_and_nothing_is_changed(
    #[case] make: fn(&Home),
    #[case] words: &str,
    #[values("dashboard", "status", "ingest one.jsonl", "prune --older-than 5d", "doctor")] command: &str,
) {
    let home = Home::new();
    make(&home);
    home.write("one.jsonl", r#"{"metric":"lcp","value":1}"#);
    let before = fs::read(home.store()).expect("the store");
    let answer = home.run(command);
    assert!(fs::read(home.store()).expect("the store") == before, "{command} changed the file");
    if command == "doctor" {
        assert_eq!(answer.code, Some(1));
        assert!(answer.stdout.contains(words), "{}", answer.stdout);
        return;
    }
    assert_eq!(answer.code, Some(5), "{answer:?}");
    assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("`~/data/perftop/perftop.db`"), "{}", answer.stderr);
    assert!(answer.stderr.contains(words), "{}", answer.stderr);
}

#[test]
fn what_can_be_read_is_saved_and_what_is_missing_is_a_finding() {
    let home = Home::new();
    overwritten_head(&home);
    let answer = home.run("doctor --salvage saved.db");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(1), ""), "{}", answer.stdout);
    let rows = stores::SAMPLES * 3;
    assert!(answer.stdout.contains(&format!("performance_samples    {rows} rows saved\n")), "{}", answer.stdout);
    assert!(answer.stdout.contains("header"), "{}", answer.stdout);
    let saved = Store::open_read(&home.path("saved.db")).expect("a store");
    assert_eq!(saved.totals().expect("totals").sample_count, rows.unsigned_abs());
    assert_eq!(home.run("status --db saved.db").code, Some(1), "its alert still fires");

    truncated(&home);
    let answer = home.run("doctor --salvage less.db --format json");
    assert_eq!(answer.code, Some(1), "{}", answer.stdout);
    assert!(answer.stdout.contains("could not be read: ids"), "{}", answer.stdout);
}

#[test]
fn nothing_is_overwritten_by_what_is_saved() {
    let home = Home::new();
    stores::filled(&home);
    home.write("mine.db", "mine");
    let answer = home.run("doctor --salvage mine.db");
    assert_eq!(answer.code, Some(5));
    assert!(answer.stderr.contains("`mine.db` exists already"), "{}", answer.stderr);
    assert_eq!(fs::read(home.path("mine.db")).expect("the file"), b"mine");
}
