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
            let mut visited = Vec::new();
            store.visit_series(range, &mut |name, points| visited.push((name.to_string(), bits(points)))).unwrap();
            let wanted: Vec<_> = store
                .metrics()
                .unwrap()
                .iter()
                .map(|name| (name.to_string(), bits(&store.points(name, range).unwrap())))
                .collect();
            prop_assert_eq!(visited, wanted);
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
