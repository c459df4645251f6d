//! Windows over dense series: exact although most of their hours are read from sketches first.

use std::collections::BTreeMap;

use perftop::model::{Baseline, Point, TimeRange};
use perftop::stats;
use perftop::store::{EXACT_SAMPLES, Effort, Store};
use proptest::prelude::*;

use crate::support::{ALWAYS, Place, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;
const START_MS: i64 = 1_700_000_000_000 / HOUR_MS * HOUR_MS;
const METRICS: [&str; 3] = ["even", "bursts", "both signs"];

/// Samples of three metrics over some hours, some of them dense, a twentieth late.
fn history(seed: u64, hours: i64) -> Vec<(usize, i64, f64)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut samples = Vec::new();
    for hour in 0..hours {
        for metric in 0..METRICS.len() {
            let n = if metric == 1 && hour % 3 > 0 { 20 } else { random.i64(200..900) };
            for _ in 0..n {
                let late = if random.u8(..20) == 0 { random.i64(0..3 * HOUR_MS) } else { 0 };
                let at_ms = START_MS + hour * HOUR_MS + random.i64(0..HOUR_MS) - late;
                let value = match metric {
                    0 => (100.0 + 20.0 * random.f64()).round(),
                    1 => random.f64().powi(-2),
                    _ => random.f64() - 0.3,
                };
                samples.push((metric, at_ms, value));
            }
        }
    }
    samples
}

/// In their words rather than in the store's.
fn by_hand(samples: &[(usize, i64, f64)], metric: usize, range: TimeRange, leave_newest: bool) -> Option<Baseline> {
    let of_metric = samples.iter().filter(|sample| sample.0 == metric && range.contains(sample.1));
    let mut points: Vec<Point> = of_metric.map(|&(_, timestamp_ms, value)| Point { timestamp_ms, value }).collect();
    points.sort_by_key(|point| point.timestamp_ms);
    if leave_newest {
        points.pop();
    }
    stats::baseline(&mut points.iter().map(|point| point.value).collect::<Vec<_>>())
}

fn assert_same(found: Option<Baseline>, expected: Option<Baseline>) {
    let (Some(found), Some(expected)) = (found, expected) else { return assert_eq!(found, expected) };
    let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-9 * expected.abs();
    assert!(near(found.mean, expected.mean) && near(found.std_dev, expected.std_dev), "{found:?} {expected:?}");
    // All else to the last bit.
    let Baseline { mean, std_dev, .. } = expected;
    assert_eq!(Baseline { mean, std_dev, ..found }, expected);
}

fn assert_true(store: &Store, samples: &[(usize, i64, f64)], ranges: &[TimeRange]) {
    for effort in [Effort::Background, Effort::Foreground] {
        let mut all: BTreeMap<String, Vec<Option<Baseline>>> = BTreeMap::new();
        let visit = &mut |name: &perftop::model::MetricName, found: &[Option<Baseline>]| {
            all.insert(name.to_string(), found.to_vec());
        };
        store.visit_baselines(None, ranges, EXACT_SAMPLES, effort, visit).unwrap();
        for (metric, name) in METRICS.iter().enumerate() {
            for (&found, &range) in all[*name].iter().zip(ranges) {
                assert_same(found, by_hand(samples, metric, range, false));
            }
        }
    }
    for &range in ranges {
        let visit = &mut |name: &perftop::model::MetricName, found: perftop::store::SeriesWindow| {
            let metric = METRICS.iter().position(|known| **known == **name).unwrap();
            assert_same(found.baseline, by_hand(samples, metric, range, true));
        };
        store.visit_windows(range, 240, EXACT_SAMPLES, visit).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_window_over_dense_hours_is_exact(
        seed: u64,
        rolled in 0..100_usize,
        step in 1_000..30_000_usize,
        from_ms in 0..10 * HOUR_MS,
        span_ms in 1..12 * HOUR_MS,
        mixed_up: bool,
    ) {
        let samples = history(seed, 10);
        let place = Place::new();
        let mut store = place.open();
        let rows: Vec<_> = samples.iter().map(|&(metric, at_ms, value)| sample(METRICS[metric], at_ms, value)).collect();
        let (early, late) = rows.split_at(rows.len() * rolled / 100);
        store.append(early, None, 7).unwrap();
        roll_up_all(&mut store, step);
        place.open().append(late, None, 7).unwrap();
        if mixed_up {
            // Short forms that are whole, of other hours than theirs.
            place
                .raw()
                .execute_batch(
                    "UPDATE perftop_dense SET data = (SELECT d.data FROM perftop_dense d WHERE d.hour > perftop_dense.hour
                       AND d.metric_id = perftop_dense.metric_id ORDER BY d.hour LIMIT 1)
                     WHERE hour < (SELECT max(hour) FROM perftop_dense d WHERE d.metric_id = perftop_dense.metric_id)",
                )
                .unwrap();
        }
        let from_ms = START_MS + from_ms;
        let ranges = [TimeRange { from_ms, until_ms: from_ms + span_ms }, ALWAYS];
        assert_true(&store, &samples, &ranges);
    }
}
