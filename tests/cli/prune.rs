//! `perftop prune`: what it counts, what it deletes, what it logs.

use std::fs;

use perftop::clock::Clock;
use perftop::model::NewSample;
use perftop::store::Store;

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

fn count(home: &Home) -> u64 {
    Store::open_read(&home.store()).expect("a store").totals().expect("totals").sample_count
}

#[test]
fn a_dry_run_counts_and_deletes_nothing() {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run("prune --older-than 5d --dry-run");
    assert_eq!(answer.stdout, "would delete 50 samples, 0 anomalies and 0 recovered alerts older than 5d\n");
    assert_eq!((answer.code, count(&home)), (Some(0), 100));
}

#[test]
fn what_is_old_is_deleted_and_logged_with_counts() {
    let home = Home::new();
    ten_days(&home);
    let answer = home.run("prune --older-than 5d");
    assert_eq!(answer.stdout, "deleted 50 samples, 0 anomalies and 0 recovered alerts older than 5d\n");
    assert_eq!((answer.code, count(&home)), (Some(0), 50));
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
