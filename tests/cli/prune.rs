//! `perftop prune`: what it counts, what it deletes, what it logs.

use std::fs;

use perftop::clock::Clock;
use perftop::model::NewSample;
use perftop::store::Store;
use rstest::rstest;
use rusqlite::Connection;

use crate::home::Home;
use crate::stores;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Ten samples a day for ten days, the newest an hour old.
fn ten_days(home: &Home) {
    let now_ms = Clock::System.now_ms();
    let sample = |i: i64| NewSample { timestamp_ms: now_ms - i * DAY_MS / 10 - HOUR_MS, ..stores::sample("lcp", 1.0) };
    stores::append(&home.store(), &(0..100).map(sample).collect::<Vec<_>>());
}

/// Rows of the log, and samples that can be seen.
fn count(home: &Home) -> (i64, u64) {
    let connection = Connection::open(home.store()).expect("a database");
    let rows = connection.query_row("SELECT count(*) FROM performance_samples", [], |row| row.get(0)).expect("rows");
    (rows, Store::open_read(&home.store()).expect("a store").totals().expect("totals").sample_count)
}

#[test]
fn a_dry_run_counts_and_deletes_nothing() {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run("prune --older-than 5d --dry-run");
    assert_eq!(
        answer.stdout,
        "would delete 50 samples, 0 anomalies and 0 recovered alerts older than 5d; what they were rolled up to stays\n"
    );
    assert_eq!((answer.code, count(&home)), (Some(0), (100, 100)));
}

#[test]
fn what_is_old_is_deleted_and_logged_with_counts() {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run("prune --older-than 5d");
    assert_eq!(
        answer.stdout,
        "deleted 50 samples, 0 anomalies and 0 recovered alerts older than 5d; what they were rolled up to stays\n"
    );
    assert_eq!((answer.code, count(&home)), (Some(0), (50, 100)));
    let log = fs::read_dir(home.path("state/perftop")).expect("a log").next().expect("a file").expect("a file").path();
    let log = fs::read_to_string(log).expect("the log");
    assert!(log.contains("INFO performance data clean-up completed code=\"HBPD-002\" samples=50"), "{log}");
}

#[test]
fn without_a_store_there_is_nothing_to_delete() {
    let home = Home::new();
    let answer = home.run("prune --older-than 5d");
    assert_eq!(answer.code, Some(3));
    assert!(home.is_untouched());
}

#[test]
fn what_was_rolled_up_goes_at_an_age_of_its_own() {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run("prune --older-than 3d --rollups-older-than 8d");
    let words = "deleted 70 samples, 0 anomalies and 0 recovered alerts older than 3d, and ";
    assert!(
        answer.stdout.starts_with(words) && answer.stdout.ends_with(" rolled up hours older than 8d\n"),
        "{answer:?}"
    );
    assert_eq!((answer.code, count(&home)), (Some(0), (30, 80)));
}

#[rstest]
#[case("prune --older-than 90x", "--older-than: `90x` is not a length of time: write 30d, 12w or 1y")]
#[case("prune --older-than 12h", "--older-than: 12h is too short: keep at least 1d")]
#[case("prune --older-than 9d --rollups-older-than 8d", "--rollups-older-than: 8d is shorter than --older-than (9d):")]
fn ages_that_cannot_be_meant_are_refused(#[case] words: &str, #[case] expected: &str) {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run(words);
    assert_eq!((answer.code, count(&home)), (Some(2), (100, 100)));
    assert!(answer.stderr.contains(expected), "{}", answer.stderr);
}

#[test]
fn every_unit_that_a_refusal_names_is_taken() {
    let home = Home::new();
    ten_days(&home);
    for age in ["30d", "12w", "1y"] {
        assert_eq!(home.run(&format!("prune --dry-run --older-than {age}")).code, Some(0), "{age}");
    }
}
