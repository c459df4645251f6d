//! Rows that are no samples. SQLite lets other programs store anything anywhere.

use rstest::rstest;
use rusqlite::Connection;

use crate::place::Place;
use crate::series::Series;

/// Columns and values of an INSERT, and how many samples it makes, of whatever name.
#[rstest]
#[case::text("metric_name, value, timestamp", "'junk', 'abc', 1700000000000", 0)]
#[case::number_in_text("metric_name, value, timestamp", "'junk', '12.5', 1700000000000", 1)]
#[case::blob("metric_name, value, timestamp", "'junk', x'0102', 1700000000000", 0)]
#[case::infinity("metric_name, value, timestamp", "'junk', 9e999, 1700000000000", 0)]
#[case::minus_infinity("metric_name, value, timestamp", "'junk', -9e999, 1700000000000", 0)]
#[case::huge("metric_name, value, timestamp", "'junk', 1.7976931348623157e308, 1700000000000", 1)]
#[case::blob_name("metric_name, value, timestamp", "x'ff00', 1, 1700000000000", 0)]
#[case::name_that_is_no_utf8("metric_name, value, timestamp", "CAST(x'ff' AS TEXT), 1, 1700000000000", 0)]
#[case::empty_name("metric_name, value, timestamp", "'', 1, 1700000000000", 1)]
#[case::name_with_nul("metric_name, value, timestamp", "'a' || char(0) || 'b', 1, 1700000000000", 1)]
#[case::long_name("metric_name, value, timestamp", "printf('%.1000000c', 'x'), 1, 1700000000000", 1)]
#[case::number_name("metric_name, value, timestamp", "5, 1, 1700000000000", 1)]
#[case::text_time("metric_name, value, timestamp", "'junk', 1, 'yesterday'", 0)]
#[case::broken_time("metric_name, value, timestamp", "'junk', 1, 1700000000000.5", 0)]
#[case::whole_time("metric_name, value, timestamp", "'junk', 1, 1700000000000.0", 1)]
#[case::first_time("metric_name, value, timestamp", "'junk', 1, -9223372036854775808", 1)]
#[case::last_time("metric_name, value, timestamp", "'junk', 1, 9223372036854775807", 1)]
#[case::negative_time("metric_name, value, timestamp", "'junk', 1, -1", 1)]
#[case::blob_context("metric_name, value, timestamp, context_json", "'junk', 1, 1700000000000, x'ff'", 1)]
#[case::broken_context("metric_name, value, timestamp, context_json", "'junk', 1, 1700000000000, '{\"a\":'", 1)]
#[case::nested_context("metric_name, value, timestamp, context_json", "'junk', 1, 1700000000000, '{\"a\":[{}]}'", 1)]
#[case::text_creation("metric_name, value, timestamp, created_at", "'junk', 1, 1700000000000, 'now'", 1)]
fn junk_is_passed_over_and_everything_else_goes_on(#[case] columns: &str, #[case] values: &str, #[case] samples: u64) {
    let (place, series) = (Place::new(), Series::new("sound"));
    let raw = place.raw();
    let junk = format!("INSERT INTO performance_samples ({columns}) VALUES ({values})");
    raw.execute(&junk, []).unwrap();
    place.insert(series, 0);
    assert_eq!(place.home.run("status").stderr, "");
    raw.execute(&junk, []).unwrap();
    place.insert(series, 1);
    place.assert_holds(series, 0..2);
    assert_eq!(total(&place), 2 + 2 * samples);
    for words in ["dashboard --window all", "anomalies", "baseline", "prune --older-than 90d --dry-run"] {
        let answer = place.home.run(words);
        assert!(matches!(answer.code, Some(0 | 1)), "{words}: {answer:?}");
    }
    place.assert_sound();
}

/// Samples, as perftop counts them.
fn total(place: &Place) -> u64 {
    perftop::store::Store::open_read(&place.store()).unwrap().totals().unwrap().sample_count
}

#[test]
fn no_number_is_refused_by_the_table_itself() {
    let place = Place::new();
    let insert = "INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('junk', ?1, 1)";
    assert!(place.raw().execute(insert, [f64::NAN]).is_err());
}

/// Ids that SQLite did not choose. Those that lie below one that was there are stored and not seen, as
/// `docs/store.md` says; doctor tells of them.
#[test]
fn odd_ids_hide_their_own_row_at_most() {
    let (place, series) = (Place::new(), Series::new("sound"));
    let raw = place.raw();
    let insert_at = |id: i64| {
        let row = "INSERT INTO performance_samples (id, metric_name, value, timestamp) VALUES (?1, 'odd', 1, 1)";
        raw.execute(row, [id]).unwrap();
    };
    place.insert(series, 0);
    [i64::MIN, -1, 0].into_iter().for_each(insert_at);
    place.assert_holds(series, 0..1);
    place.insert(series, 1);
    place.assert_holds(series, 0..2);
    assert!(place.complaints()[0].contains("where performance_samples has 4"), "{:?}", place.complaints());

    raw.execute("DELETE FROM performance_samples WHERE id <= 0", []).unwrap();
    insert_at(i64::MAX - 2);
    place.home.write("one.jsonl", series.line(2));
    assert_eq!(place.home.run("ingest one.jsonl").code, Some(0));
    place.insert(series, 3);
    place.assert_holds(series, 0..4);
    // Now there are no more ids, for nobody.
    place.home.write("one.jsonl", series.line(4));
    let answer = place.home.run("ingest one.jsonl");
    assert_eq!(answer.code, Some(5), "{answer:?}");
    place.assert_holds(series, 0..4);
    place.assert_sound();
}

/// Tables that other programs may write to as well.
#[test]
fn junk_among_baselines_and_anomalies_is_passed_over() {
    let (place, series) = (Place::new(), Series::new("sound"));
    let raw: Connection = place.raw();
    raw.execute_batch(
        "INSERT INTO performance_baselines (metric_name, window_size, mean, std_dev, p95, p99, sample_count, last_updated)
           VALUES ('junk', 'often', 'abc', x'00', 9e999, 1, 'many', 'never'), (x'ff', '24h', 1, 1, 1, 1, 1, 1),
             (CAST(x'ff' AS TEXT), '7d', 1, 1, 1, 1, 1, 1);
         INSERT INTO spc_anomalies (metric_name, sample_value, control_limit_type, rule_description, detected_at, severity)
           VALUES ('junk', 'abc', NULL, x'00', 'never', 'high'), (x'ff', 1, 'UCL', 'text', 1, 99),
             (CAST(x'ff' AS TEXT), 1, 'UCL', 'text', 1, 1);",
    )
    .unwrap();
    place.insert(series, 0);
    for words in ["status", "anomalies", "anomalies --format json", "dashboard", "baseline"] {
        let answer = place.home.run(words);
        assert!(answer.stderr.is_empty() && answer.code == Some(0), "{words}: {answer:?}");
    }
    let written = "SELECT count(*) FROM performance_baselines WHERE metric_name = 'sound'";
    assert_eq!(raw.query_row(written, [], |row| row.get::<_, u32>(0)), Ok(3), "one for each window");
    place.assert_holds(series, 0..1);
    place.assert_sound();
}
