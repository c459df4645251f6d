//! A metric taken apart by its tags, from the store to the screen.

use crate::dashboard::{calm_store, start};
use crate::store::{TestStore, now_ms};

/// `latency` without tags, and `lcp` of two pages, a sample a minute each.
fn tagged_store() -> TestStore {
    let store = calm_store();
    let now_ms = now_ms();
    let mut insert = store
        .db
        .prepare(
            "INSERT INTO performance_samples (metric_name, value, timestamp, context_json) VALUES ('lcp', ?, ?, ?)",
        )
        .expect("a statement");
    for minute in 0..60 {
        for (page, value) in [("/", 1_000), ("/cart", 2_000)] {
            let context = format!(r#"{{"page":"{page}"}}"#);
            insert.execute((value + minute % 3, now_ms - minute * 60_000, context)).expect("an insert");
        }
    }
    drop(insert);
    store
}

#[test]
fn the_segments_of_a_metric_are_rows_and_charts() {
    let store = tagged_store();
    let mut terminal = start(&store);
    terminal.send("/lcp\rb");
    terminal.wait_for("2 segments");
    terminal.wait_for("b next tag  esc whole");
    terminal.send("Ec");
    terminal.wait_for("perftop-baselines.csv");
    let exported = std::fs::read_to_string(store.dir.path().join("perftop-baselines.csv")).expect("an export");
    assert!(exported.contains("\"lcp{page=\"\"/cart\"\"}\",none,unjudged,"), "{exported}");
    terminal.send("G2");
    terminal.wait_for(r#"lcp{page="/cart"}  24h, 60 samples"#);
    terminal.send("b");
    terminal.wait_for("2 segments");
    terminal.send("b");
    terminal.wait_without("2 segments");
    terminal.wait_for("/lcp 1 of 2");
    terminal.send("q");
    terminal.wait_restored(0);
}

#[test]
fn a_metric_without_tags_says_so() {
    let store = tagged_store();
    let mut terminal = start(&store);
    terminal.send("/latency\rb");
    terminal.wait_for("no tags on latency in 24h");
    terminal.send("q");
    terminal.wait_restored(0);
}
