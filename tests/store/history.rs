//! Whatever arrives in whatever order, and however it is rolled up: readers say what the log says.

use perftop::model::{Point, TimeRange};
use perftop::stats::Moments;
use proptest::prelude::*;

use crate::support::{ALWAYS, Place, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;

/// A sample of one of three metrics: metric, timestamp, value.
type Arrival = (usize, i64, f64);

const METRICS: [&str; 3] = ["api_response_time", "lcp", "weird \u{1b}[31m\n\u{202e} name"];

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let timestamp_ms = prop_oneof![
        8 => 1_700_000_000_000..1_700_000_000_000 + 5 * HOUR_MS,
        2 => (0..4_i64).prop_map(|hour| hour * HOUR_MS),
        1 => -3 * HOUR_MS..3 * HOUR_MS,
        1 => Just(i64::MIN),
        1 => Just(i64::MAX),
    ];
    let value = prop_oneof![
        6 => -1_000.0..1_000.0_f64,
        1 => Just(0.0),
        1 => Just(f64::MAX),
        1 => Just(-f64::MAX),
        1 => Just(5e-324),
    ];
    prop::collection::vec((0..METRICS.len(), timestamp_ms, value), 0..120)
}

fn expected(arrivals: &[Arrival], metric: usize, range: TimeRange) -> Vec<Point> {
    let mut points: Vec<Point> = arrivals
        .iter()
        .filter(|(of, at_ms, _)| *of == metric && range.contains(*at_ms))
        .map(|&(_, timestamp_ms, value)| Point { timestamp_ms, value })
        .collect();
    points.sort_by_key(|point| point.timestamp_ms);
    points
}

/// Bits: what is read is what was stored, not something equal.
fn bits(points: &[Point]) -> Vec<(i64, u64)> {
    points.iter().map(|point| (point.timestamp_ms, point.value.to_bits())).collect()
}

fn expected_hours(arrivals: &[Arrival], metric: usize) -> Vec<(i64, Moments)> {
    let mut hours = std::collections::BTreeMap::<i64, Moments>::new();
    for (_, at_ms, value) in arrivals.iter().filter(|(of, ..)| *of == metric) {
        hours.entry(at_ms.div_euclid(HOUR_MS)).or_default().push(*value);
    }
    hours.into_iter().map(|(hour, moments)| (hour.saturating_mul(HOUR_MS), moments)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn readers_say_what_the_log_says(
        arrivals in arrivals(),
        batch in 1..40_usize,
        step in 1..60_usize,
        rolled_batches in 0..6_usize,
        from in 0..5_i64,
        span_ms in 0..3 * HOUR_MS,
    ) {
        let place = Place::new();
        let (mut store, mut other) = (place.open(), place.open());
        for (index, batch) in arrivals.chunks(batch).enumerate() {
            std::mem::swap(&mut store, &mut other);
            let batch: Vec<_> = batch.iter().map(|&(of, at_ms, value)| sample(METRICS[of], at_ms, value)).collect();
            store.append(&batch, None, 7).unwrap();
            if index < rolled_batches {
                roll_up_all(&mut store, step);
            }
        }

        let from_ms = 1_700_000_000_000 + from * HOUR_MS;
        for range in [ALWAYS, TimeRange { from_ms, until_ms: from_ms + span_ms }] {
            for (metric, name) in METRICS.iter().enumerate() {
                prop_assert_eq!(bits(&store.points(name, range).unwrap()), bits(&expected(&arrivals, metric, range)));
            }
        }

        for (metric, name) in METRICS.iter().enumerate() {
            let found = store.hours(name, ALWAYS).unwrap();
            // Debug text: equal bits, and NaN equals NaN.
            prop_assert_eq!(format!("{found:?}"), format!("{:?}", expected_hours(&arrivals, metric)));
        }

        let totals = store.totals().unwrap();
        prop_assert_eq!(totals.sample_count, arrivals.len() as u64);
        prop_assert_eq!(totals.oldest_ms, arrivals.iter().map(|arrival| arrival.1).min());
        prop_assert_eq!(totals.newest_ms, arrivals.iter().map(|arrival| arrival.1).max());
        prop_assert_eq!(totals.metric_count, store.metrics().unwrap().len() as u64);
        prop_assert_eq!(totals.newest_id, i64::try_from(arrivals.len()).unwrap());
    }
}

/// What another program does to the log: deletes or changes the rows whose number leaves this rest.
#[derive(Debug, Clone, Copy)]
enum Change {
    Delete { every: i64, rest: i64 },
    Value { every: i64, rest: i64, value: f64 },
    Move { every: i64, rest: i64, by_ms: i64 },
    Rename { every: i64, rest: i64, to: usize },
    DeleteAll,
    RollUp { step: usize },
    Append { metric: usize, timestamp_ms: i64, value: f64 },
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let (every, rest) = (2..9_i64, 0..9_i64);
    let metric = || 0..METRICS.len();
    let change = prop_oneof![
        3 => (every.clone(), rest.clone()).prop_map(|(every, rest)| Change::Delete { every, rest }),
        3 => (every.clone(), rest.clone(), -9.0..9.0_f64)
            .prop_map(|(every, rest, value)| Change::Value { every, rest, value }),
        2 => (every.clone(), rest.clone(), -30 * HOUR_MS..30 * HOUR_MS)
            .prop_map(|(every, rest, by_ms)| Change::Move { every, rest, by_ms }),
        2 => (every, rest, metric()).prop_map(|(every, rest, to)| Change::Rename { every, rest, to }),
        1 => Just(Change::DeleteAll),
        4 => (1..60_usize).prop_map(|step| Change::RollUp { step }),
        4 => (metric(), 1_700_000_000_000..1_700_000_000_000 + 9 * HOUR_MS, -9.0..9.0_f64)
            .prop_map(|(metric, timestamp_ms, value)| Change::Append { metric, timestamp_ms, value }),
    ];
    prop::collection::vec(change, 1..12)
}

fn apply(change: Change, store: &mut perftop::store::Store, log: &rusqlite::Connection) {
    let near = "timestamp BETWEEN -4000000000000 AND 4000000000000";
    let changed = match change {
        Change::Delete { every, rest } => {
            log.execute("DELETE FROM performance_samples WHERE id % ?1 = ?2", (every, rest))
        }
        Change::Value { every, rest, value } => {
            log.execute("UPDATE performance_samples SET value = ?3 WHERE id % ?1 = ?2", (every, rest, value))
        }
        Change::Move { every, rest, by_ms } => log.execute(
            &format!("UPDATE performance_samples SET timestamp = timestamp + ?3 WHERE id % ?1 = ?2 AND {near}"),
            (every, rest, by_ms),
        ),
        Change::Rename { every, rest, to } => log.execute(
            "UPDATE performance_samples SET metric_name = ?3 WHERE id % ?1 = ?2",
            (every, rest, ["lcp", "new here", "new there"][to]),
        ),
        Change::DeleteAll => log.execute("DELETE FROM performance_samples", []),
        Change::RollUp { step } => {
            roll_up_all(store, step);
            return;
        }
        Change::Append { metric, timestamp_ms, value } => {
            store.append(&vec![sample(METRICS[metric], timestamp_ms, value); 3], None, 7).unwrap();
            return;
        }
    };
    changed.unwrap();
}

/// Every series as the log has it.
fn by_hand(log: &rusqlite::Connection) -> std::collections::BTreeMap<String, Vec<Point>> {
    let mut series = std::collections::BTreeMap::<String, Vec<Point>>::new();
    let mut statement =
        log.prepare("SELECT metric_name, timestamp, value FROM performance_samples ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    for (name, timestamp_ms, value) in rows.map(Result::unwrap) {
        series.entry(name).or_default().push(Point { timestamp_ms, value });
    }
    for points in series.values_mut() {
        points.sort_by_key(|point| point.timestamp_ms);
    }
    series
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_others_delete_and_change_comes_out_right(
        arrivals in arrivals(),
        batch in 1..40_usize,
        changes in changes(),
        step in 1..60_usize,
    ) {
        let place = Place::new();
        let mut store = place.open();
        let log = place.raw();
        for batch in arrivals.chunks(batch) {
            let batch: Vec<_> = batch.iter().map(|&(of, at_ms, value)| sample(METRICS[of], at_ms, value)).collect();
            store.append(&batch, None, 7).unwrap();
        }
        for &change in &changes {
            apply(change, &mut store, &log);
        }
        roll_up_all(&mut store, step);

        let wanted = by_hand(&log);
        let names: Vec<String> = store.metrics().unwrap().iter().map(ToString::to_string).collect();
        prop_assert_eq!(names, wanted.keys().cloned().collect::<Vec<_>>());
        for (name, points) in &wanted {
            let inside: Vec<Point> = points.iter().copied().filter(|point| ALWAYS.contains(point.timestamp_ms)).collect();
            prop_assert_eq!(bits(&store.points(name, ALWAYS).unwrap()), bits(&inside));
        }
        let all = || wanted.values().flatten().map(|point| point.timestamp_ms);
        let totals = store.totals().unwrap();
        prop_assert_eq!(totals.sample_count, all().count() as u64);
        prop_assert_eq!((totals.oldest_ms, totals.newest_ms), (all().min(), all().max()));
        prop_assert_eq!(store.check().unwrap().problems, [""; 0]);
    }
}
