//! What the detectors learned, as the store keeps it.

use perftop::model::{DetectorState, MetricName, Point, TimeRange};

use crate::support::{ALWAYS, Place, point, roll_up_all, sample};

const HOUR_MS: i64 = 3_600_000;

fn state(metric: &str, up_to_id: i64) -> DetectorState {
    let up_to = u8::try_from(up_to_id).unwrap();
    DetectorState { metric: metric.into(), version: 3, up_to_id, pulse: vec![up_to], learned: vec![1, up_to] }
}

/// Ten judged and rolled up samples of `lcp`, one of `fcp` that is neither.
fn filled() -> Place {
    let place = Place::new();
    let mut store = place.open();
    let samples: Vec<_> = (0..10).map(|hour| sample("lcp", hour * HOUR_MS, hour as f64)).collect();
    store.append(&samples, None, 0).unwrap();
    roll_up_all(&mut store, 100);
    store.record(&[], &[], 10, 0, 0).unwrap();
    store.append(&[sample("fcp", 5, 1.0)], None, 0).unwrap();
    place
}

#[test]
fn the_latest_state_that_can_be_gone_on_from_is_kept() {
    let place = filled();
    let mut store = place.open();
    let lcp = MetricName::from("lcp");
    let mut up_to_after = |up_to_id: i64| {
        store.keep_detector_states(&[state("lcp", up_to_id), state("fcp", 1)], 0, 7).unwrap();
        store.detector_state(&lcp, 3).unwrap().map(|state| state.up_to_id)
    };
    assert_eq!(up_to_after(11), None, "rows that are not marked as judged would be judged again");
    assert_eq!([up_to_after(4), up_to_after(9), up_to_after(5)], [Some(4), Some(9), Some(9)]);
    assert_eq!(store.detector_state(&lcp, 3).unwrap(), Some(state("lcp", 9)));
    assert_eq!(store.detector_state(&lcp, 4).unwrap(), None, "of another version");
    assert_eq!(store.detector_state(&"fcp".into(), 3).unwrap(), None, "it is not rolled up yet");
    assert_eq!(store.detector_pulses(3).unwrap(), [(lcp.clone(), vec![9])]);
    let newer = DetectorState { version: 4, ..state("lcp", 2) };
    store.keep_detector_states(std::slice::from_ref(&newer), 0, 8).unwrap();
    assert_eq!(store.detector_state(&lcp, 4).unwrap(), Some(newer), "what this version cannot read is replaced");
    assert_eq!(store.detector_pulses(3).unwrap(), []);
}

#[test]
fn what_was_learned_of_a_log_that_is_another_now_is_not_kept() {
    let place = filled();
    let (mut pane, mut other) = (place.open(), place.open());
    let known = pane.forgotten().unwrap();
    assert!(pane.keep_detector_states(&[state("lcp", 9)], known, 7).unwrap());
    other.rebuild(&mut |_, _| ()).unwrap();
    assert!(!pane.keep_detector_states(&[state("lcp", 10)], known, 8).unwrap());
    assert_eq!(pane.detector_state(&"lcp".into(), 3).unwrap(), None);

    let known = pane.forgotten().unwrap();
    assert!(pane.keep_detector_states(&[state("lcp", 10)], known, 9).unwrap());
    place.raw().execute_batch("DELETE FROM performance_samples; DELETE FROM sqlite_sequence").unwrap();
    other.append(&[sample("lcp", 1_000_000, 140.0)], None, 0).unwrap();
    roll_up_all(&mut other, 100);
    assert!(!pane.mark_judged(11, known).unwrap() && !pane.keep_detector_states(&[state("lcp", 1)], known, 9).unwrap());
    assert_eq!((pane.judged_up_to().unwrap(), pane.detector_pulses(3).unwrap()), (None, vec![]));
}

#[test]
fn the_last_samples_of_a_range_are_visited() {
    let place = filled();
    let store = place.open();
    let visited = |metric: &str, range: TimeRange, most: usize| {
        let mut seen = Vec::new();
        store
            .visit_last(&[(metric.into(), range)], i64::MAX, most, &mut |_, points| seen.extend_from_slice(points))
            .unwrap();
        seen
    };
    let hours = |hours: std::ops::Range<i64>| hours.map(|hour| point(hour * HOUR_MS, hour as f64)).collect::<Vec<_>>();
    assert_eq!(visited("lcp", ALWAYS, 3), hours(7..10));
    let range = TimeRange { from_ms: 2 * HOUR_MS, until_ms: 5 * HOUR_MS };
    assert_eq!([visited("lcp", range, 2), visited("lcp", range, 100)], [hours(3..5), hours(2..5)]);
    assert_eq!(visited("fcp", ALWAYS, 9), [point(5, 1.0)]);
    assert_eq!(visited("none", ALWAYS, 9), []);
}

/// What is read on must be what is there, whatever became of it since it was read.
#[test]
fn samples_that_are_not_rolled_up_are_known_as_they_are() {
    let place = filled();
    let (pane, mut other) = (place.open(), place.open());
    let visited = |up_to_id: i64| {
        let mut seen = Vec::new();
        let mut visit = |_: &MetricName, points: &[Point]| seen.extend(points.iter().map(|point| point.value));
        pane.visit_last(&[("fcp".into(), ALWAYS)], up_to_id, 9, &mut visit).unwrap();
        seen
    };
    let mut append = |values: &[f64]| {
        let samples: Vec<_> = values.iter().map(|&value| sample("fcp", 5, value)).collect();
        other.append(&samples, None, 0).unwrap();
    };
    append(&[2.0, 3.0]);
    assert_eq!(visited(12), [1.0, 2.0], "the last row is not judged yet");
    assert_eq!(visited(13), [1.0, 2.0, 3.0]);
    append(&[4.0]);
    assert_eq!(visited(14), [1.0, 2.0, 3.0, 4.0]);
    place.raw().execute_batch("UPDATE performance_samples SET value = 9.0 WHERE id = 12").unwrap();
    assert_eq!(visited(14), [1.0, 9.0, 3.0, 4.0]);
    place.raw().execute_batch("DELETE FROM performance_samples WHERE id = 13").unwrap();
    assert_eq!(visited(14), [1.0, 9.0, 4.0]);
    roll_up_all(&mut other, 2);
    other.append(&[sample("fcp", 5, 6.0)], None, 0).unwrap();
    assert_eq!(visited(15), [1.0, 9.0, 4.0, 6.0]);
    place.raw().execute_batch("DELETE FROM performance_samples; DELETE FROM sqlite_sequence").unwrap();
    other.append(&[sample("fcp", 5, 7.0)], None, 0).unwrap();
    roll_up_all(&mut other, 100);
    other.append(&[sample("fcp", 5, 8.0)], None, 0).unwrap();
    assert_eq!(visited(2), [7.0, 8.0]);
}
