//! Windows over dense series: exact although most of their hours are read from sketches first.

use perftop::model::{Baseline, Point, TimeRange};
use perftop::stats;
use perftop::store::{EXACT_SAMPLES, Effort, PruneBefore, Store};
use proptest::prelude::*;

use crate::support::{ALWAYS, Place, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Four hours before midnight.
const START_MS: i64 = 1_700_000_000_000 / DAY_MS * DAY_MS + 20 * HOUR_MS;
/// Windows with more samples than this are summed up when asked to.
const FEW: u64 = 500;
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
fn by_hand(samples: &Samples, metric: usize, range: TimeRange, leave_newest: bool) -> Option<Baseline> {
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

/// As a sketch has it.
fn assert_near(found: Option<Baseline>, expected: Option<Baseline>) {
    let (Some(found), Some(expected)) = (found, expected) else { return assert_eq!(found, expected) };
    assert_eq!((found.count, found.exact), (expected.count, expected.count <= FEW));
    assert_eq!((found.min.to_bits(), found.max.to_bits()), (expected.min.to_bits(), expected.max.to_bits()));
    let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-9 * expected.abs();
    assert!(near(found.mean, expected.mean) && near(found.std_dev, expected.std_dev), "{found:?} {expected:?}");
    // Between two samples far apart a sketch is as far off as they are.
    let neighbours = |found: f64, expected: f64| (found - expected).abs() <= 0.03 * expected.abs() + 0.01;
    assert!(neighbours(found.p50, expected.p50), "{found:?} {expected:?}");
}

type Samples = [(usize, i64, f64)];

/// What the store says of each metric over each range.
fn all(store: &Store, ranges: &[TimeRange], exact_samples: u64, effort: Effort) -> Vec<Vec<Option<Baseline>>> {
    let mut all = vec![vec![None; ranges.len()]; METRICS.len()];
    let visit = &mut |name: &perftop::model::MetricName, found: &[Option<Baseline>]| {
        all[METRICS.iter().position(|known| **known == **name).unwrap()] = found.to_vec();
    };
    store.visit_baselines(None, ranges, exact_samples, effort, visit).unwrap();
    all
}

fn assert_exact(store: &Store, samples: &Samples, ranges: &[TimeRange]) {
    for effort in [Effort::Background, Effort::Foreground] {
        for (metric, found) in all(store, ranges, EXACT_SAMPLES, effort).into_iter().enumerate() {
            for (found, &range) in found.into_iter().zip(ranges) {
                assert_same(found, by_hand(samples, metric, range, false));
            }
        }
    }
}

fn assert_pictures_exact(store: &Store, samples: &Samples, ranges: &[TimeRange]) {
    for &range in ranges {
        let visit = &mut |name: &perftop::model::MetricName, found: perftop::store::SeriesWindow| {
            let metric = METRICS.iter().position(|known| **known == **name).unwrap();
            assert_same(found.baseline, by_hand(samples, metric, range, true));
        };
        store.visit_windows(range, 240, EXACT_SAMPLES, visit).unwrap();
    }
}

fn assert_summed_up(store: &Store, samples: &Samples, ranges: &[TimeRange]) {
    for (metric, found) in all(store, ranges, FEW, Effort::Background).into_iter().enumerate() {
        for (found, &range) in found.into_iter().zip(ranges) {
            assert_near(found, by_hand(samples, metric, range, false));
        }
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
        is_aligned: bool,
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
                     WHERE hour < (SELECT max(hour) FROM perftop_dense d WHERE d.metric_id = perftop_dense.metric_id);
                     UPDATE perftop_day SET data = (SELECT d.data FROM perftop_dense d
                       WHERE d.metric_id = perftop_day.metric_id ORDER BY d.hour LIMIT 1)",
                )
                .unwrap();
        }
        let whole = |ms: i64| if is_aligned { ms / HOUR_MS * HOUR_MS } else { ms };
        let from_ms = START_MS + whole(from_ms);
        let ranges = [TimeRange { from_ms, until_ms: from_ms + whole(span_ms).max(HOUR_MS) }, ALWAYS];
        assert_exact(&store, &samples, &ranges);
        assert_pictures_exact(&store, &samples, &ranges);
        if !mixed_up {
            assert_summed_up(&store, &samples, &ranges);
        }
    }

    #[test]
    fn days_follow_their_hours(
        seed: u64,
        changes in prop::collection::vec((0..4_u8, 0..60_i64, any::<u64>()), 1..6),
        from_hour in 0..60_i64,
        hours in 24..80_i64,
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut next = |hour: i64| (0, START_MS + hour * HOUR_MS + random.i64(0..HOUR_MS), 1.0 + random.f64());
        let mut samples: Vec<_> = (0..60).flat_map(|hour| [hour; 300]).map(&mut next).collect();
        let place = Place::new();
        let mut store = place.open();
        let row = |&(metric, at_ms, value): &(usize, i64, f64)| sample(METRICS[metric], at_ms, value);
        store.append(&samples.iter().map(row).collect::<Vec<_>>(), None, 7).unwrap();
        roll_up_all(&mut store, 20_000);
        let days = || place.raw().query_row("SELECT count(data) FROM perftop_day", [], |row| row.get::<_, i64>(0)).unwrap();
        prop_assert_eq!(days(), 3);
        let ranges = [
            TimeRange { from_ms: START_MS + from_hour * HOUR_MS, until_ms: START_MS + (from_hour + hours) * HOUR_MS },
            ALWAYS,
        ];
        for (kind, hour, seed) in changes {
            let (from_ms, until_ms) = (START_MS + hour * HOUR_MS, START_MS + (hour + 1) * HOUR_MS);
            let raw = place.raw();
            match kind {
                0 => {
                    let late = vec![next(hour); (seed % 5) as usize];
                    place.open().append(&late.iter().map(row).collect::<Vec<_>>(), None, 7).unwrap();
                    samples.extend(late);
                }
                1 => {
                    let most = if seed % 2 == 0 { i64::MAX } else { from_ms + HOUR_MS / 3 };
                    let sql = "DELETE FROM performance_samples WHERE timestamp >= ?1 AND timestamp < min(?2, ?3)";
                    raw.execute(sql, (from_ms, until_ms, most)).unwrap();
                    samples.retain(|sample| !(from_ms..until_ms.min(most)).contains(&sample.1));
                }
                2 => {
                    let sql = "UPDATE performance_samples SET value = value + 5 WHERE timestamp >= ?1 AND timestamp < ?2";
                    raw.execute(sql, (from_ms, until_ms)).unwrap();
                    for sample in samples.iter_mut().filter(|sample| (from_ms..until_ms).contains(&sample.1)) {
                        sample.2 += 5.0;
                    }
                }
                _ => {
                    let before = PruneBefore { samples_ms: from_ms, rollups_ms: from_ms };
                    store.prune(before, from_ms, &mut |_, _| ()).unwrap();
                    samples.retain(|sample| sample.1 >= from_ms);
                }
            }
            roll_up_all(&mut store, 5_000);
            if samples.is_empty() {
                break;
            }
            assert_exact(&store, &samples, &ranges);
            assert_pictures_exact(&store, &samples, &ranges);
            assert_summed_up(&store, &samples, &ranges);
        }
    }
}
