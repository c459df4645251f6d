//! Taking out what is old: what stays is exactly what is young.

use perftop::model::{ControlLimits, FileIdentity, Finding, LimitType, Rule, SourceOffset};
use proptest::prelude::*;

use crate::support::{ALWAYS, Place, point, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_stays_is_what_is_young(
        times_ms in prop::collection::vec(0..6 * HOUR_MS, 0..150),
        rolled in 0..150_usize,
        before_ms in 0..7 * HOUR_MS,
    ) {
        let place = Place::new();
        let mut store = place.open();
        let samples: Vec<_> = times_ms.iter().map(|&at_ms| sample("lcp", at_ms, at_ms as f64)).collect();
        let (first, rest) = samples.split_at(rolled.min(samples.len()));
        store.append(first, None, 0).unwrap();
        roll_up_all(&mut store, 40);
        store.append(rest, None, 0).unwrap();

        let mut told = 0;
        let pruned = store.prune(before_ms, i64::MAX, &mut |samples| told = samples).unwrap();
        let mut young: Vec<_> = times_ms.iter().copied().filter(|&at_ms| at_ms >= before_ms).collect();
        young.sort_unstable();
        prop_assert_eq!(pruned.samples as usize, times_ms.len() - young.len());
        prop_assert_eq!(told, pruned.samples);

        for _ in 0..2 {
            let points = store.points("lcp", ALWAYS).unwrap();
            prop_assert_eq!(points.iter().map(|point| point.timestamp_ms).collect::<Vec<_>>(), young.clone());
            let hours = store.hours("lcp", ALWAYS).unwrap();
            prop_assert_eq!(hours.iter().map(|(_, hour)| hour.n).sum::<u64>(), young.len() as u64);
            for (start_ms, hour) in hours {
                let inside: Vec<_> = young.iter().filter(|at_ms| *at_ms / HOUR_MS * HOUR_MS == start_ms).collect();
                prop_assert_eq!(hour.n as usize, inside.len());
                prop_assert_eq!(hour.min.to_bits(), (*inside[0] as f64).to_bits());
            }
            let totals = store.totals().unwrap();
            prop_assert_eq!(totals.sample_count, young.len() as u64);
            prop_assert_eq!((totals.oldest_ms, totals.newest_ms), (young.first().copied(), young.last().copied()));
            prop_assert_eq!(totals.newest_id as usize, times_ms.len());
            roll_up_all(&mut store, 40);
        }
    }
}

#[test]
fn junk_goes_by_when_it_was_stored() {
    let place = Place::new();
    let mut store = place.open();
    place
        .raw()
        .execute_batch(
            "INSERT INTO performance_samples (metric_name, value, timestamp, created_at) VALUES
               ('lcp', 1, 'noon', 10), ('lcp', 1, x'00', 30), ('lcp', 'x', 10, 30)",
        )
        .unwrap();
    assert_eq!(store.prune(20, 100, &mut |_| ()).unwrap().samples, 2);
    assert_eq!(store.tail(0, 10).unwrap().skipped, 1);
}

#[test]
fn the_future_is_not_pruned() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 50, 1.0), sample("lcp", 150, 1.0)], None, 0).unwrap();
    assert_eq!(store.prune(i64::MAX, 100, &mut |_| ()).unwrap().samples, 1);
    assert_eq!(store.points("lcp", ALWAYS).unwrap(), [point(150, 1.0)]);
}

#[test]
fn old_anomalies_and_recovered_alerts_go_too() {
    let place = Place::new();
    let mut store = place.open();
    let finding = |sample_id: i64, metric: &str| Finding {
        metric: metric.into(),
        rule: Rule::BeyondLimit,
        limit_type: LimitType::Ucl,
        severity: Rule::BeyondLimit.severity(),
        sample_id,
        evidence: vec![point(10, 1.0)],
        limits: ControlLimits::new(0.0, 0.1),
        description: String::new(),
    };
    store.record(&[finding(1, "ended")], 1, 5, 10).unwrap();
    store.append(&[sample("ended", 15, 1.0)], None, 15).unwrap();
    store.recover(5, 16).unwrap();
    store.record(&[finding(2, "firing")], 2, 5, 13).unwrap();
    store.record(&[finding(3, "young")], 3, 5, 30).unwrap();
    let pruned = store.prune(20, 100, &mut |_| ()).unwrap();
    assert_eq!((pruned.anomalies, pruned.alerts), (2, 1));
    let left: Vec<_> = store.alerts(10).unwrap().iter().map(|alert| alert.metric.to_string()).collect();
    assert_eq!(left, ["young", "firing"]);
}

#[test]
fn the_ledger_keeps_old_files_with_a_shorter_tail() {
    let place = Place::new();
    let mut store = place.open();
    let file = |ino: u64| SourceOffset {
        identity: FileIdentity { dev: 1, ino, birth_ns: None },
        path: "samples.jsonl".into(),
        expected_offset: 0,
        expected_tail: Vec::new(),
        offset: 9_000,
        lines: 70,
        rejected: 0,
        tail: (0..200).collect(),
    };
    store.append(&[], Some(&file(1)), 10).unwrap();
    store.append(&[], Some(&file(2)), 30).unwrap();
    store.prune(20, 100, &mut |_| ()).unwrap();
    let tail = |ino| store.source(&file(ino).identity).unwrap().unwrap().tail;
    assert_eq!(tail(1), (136..200).collect::<Vec<u8>>());
    assert_eq!(tail(2), file(2).tail);
}

#[test]
fn the_file_shrinks() {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..60_000).map(|at_ms| sample("lcp", at_ms, 1.0)).collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 20_000);
    let before = store.check().unwrap();
    let pruned = store.prune(59_999, 60_000, &mut |_| ()).unwrap();
    assert_eq!((pruned.samples, pruned.hours), (59_999, 0));
    let after = store.check().unwrap();
    assert!(after.size_bytes < before.size_bytes / 4, "{} -> {}", before.size_bytes, after.size_bytes);
}
