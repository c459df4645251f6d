//! What the judge finds, keeps and passes over across starts, kills and other panes.

use super::*;
use crate::model::{NewSample, Rule, Severity};

const NOW_MS: i64 = 1_700_000_000_000;

fn sample(minutes_ago: i64, value: f64) -> NewSample {
    NewSample { metric: "m".into(), value, timestamp_ms: NOW_MS - minutes_ago * 60_000, context_json: None }
}

#[test]
fn old_history_stays_silent_when_the_first_pane_quits_before_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("perftop.db")).unwrap();
    let book = crate::model::MetricBook::default().with_alerts(vec![crate::model::Rule::BeyondLimit]);
    let options = EngineOptions { book, ..EngineOptions::new(store.path().to_path_buf()) };
    let calm = |minute: i64| sample(minute, if minute % 2 == 0 { 99.0 } else { 101.0 });
    let mut samples: Vec<_> = (3_000..6_000).rev().map(calm).collect();
    samples[2_900].value = 500.0;
    store.append(&samples, None, NOW_MS).unwrap();

    let mut first = Judge::start(&mut store, &options, NOW_MS).unwrap();
    assert!(first.step(&mut store, NOW_MS).unwrap().is_some());
    first.mark(&mut store).unwrap();
    assert_eq!(store.judged_up_to().unwrap(), Some(2_000), "before the outlier");
    store.append(&[sample(2_980, 2_000.0)], None, NOW_MS).unwrap();

    let mut second = Judge::start(&mut store, &options, NOW_MS).unwrap();
    let mut raised = Vec::new();
    while let Some(step) = second.step(&mut store, NOW_MS).unwrap() {
        raised.extend(step.raised.iter().map(|alert| alert.first.timestamp_ms));
    }
    assert_eq!(raised, [NOW_MS - 2_980 * 60_000], "what came after first contact is judged, also when it is old");
}

fn watched() -> (tempfile::TempDir, Store, EngineOptions) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("perftop.db")).unwrap();
    let options = EngineOptions::new(store.path().to_path_buf());
    (directory, store, options)
}

/// Judges all that waits; the judge that did.
fn judged(store: &mut Store, options: &EngineOptions, now_ms: i64) -> Judge {
    let mut judge = Judge::start(store, options, now_ms).unwrap();
    while judge.step(store, now_ms).unwrap().is_some() {}
    judge
}

#[test]
fn what_was_learned_of_a_metric_is_known_when_it_has_not_sent_for_longer_than_the_window() {
    let (_directory, mut store, options) = watched();
    let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
    store.append(&samples, None, NOW_MS).unwrap();
    judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();
    crate::engine::once::roll_up(&mut store).unwrap();
    judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();

    let later_ms = NOW_MS + 30 * 86_400_000;
    store.append(&[NewSample { timestamp_ms: later_ms, ..sample(0, 5.0) }], None, later_ms).unwrap();
    let mut judge = judged(&mut store, &options, later_ms);
    let watching = judge.watching(&store, &"m".into()).unwrap().unwrap();
    assert_eq!(watching.samples, 201);
}

/// A judge that listens for a metric that sends every minute, and up to when it has heard of it.
fn listening(store: &mut Store, options: &EngineOptions) -> (Judge, i64) {
    let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
    store.append(&samples, None, NOW_MS).unwrap();
    let mut judge = judged(store, options, NOW_MS);
    // What came all at once is not listened for.
    for minute in 1..=6 {
        store.append(&[sample(-minute, (minute * 5 % 11) as f64)], None, NOW_MS + minute * 60_000).unwrap();
        assert!(judge.step(store, NOW_MS + minute * 60_000).unwrap().is_some());
    }
    (judge, NOW_MS + 6 * 60_000)
}

/// How many alerts a look opens and makes graver.
fn looked(judge: &mut Judge, store: &mut Store, now_ms: i64) -> (usize, usize) {
    let recorded = judge.look(store, now_ms).unwrap();
    (recorded.raised.len(), recorded.updated.len())
}

#[test]
fn silence_is_over_with_the_next_sample_whoever_told_of_it_was_killed() {
    let (_directory, mut store, options) = watched();
    let (mut killed, heard_ms) = listening(&mut store, &options);
    let (silent_ms, back_ms) = (heard_ms + 6 * 60_000, NOW_MS + 7_200_000);
    assert_eq!(looked(&mut killed, &mut store, silent_ms), (1, 0));
    drop(killed);

    store.append(&[sample(-120, 5.0)], None, back_ms).unwrap();
    judged(&mut store, &options, back_ms);
    assert!(store.silent().unwrap().is_empty());
}

#[test]
fn silence_becomes_grave_once_whoever_looks() {
    let (_directory, mut store, options) = watched();
    let (mut first, heard_ms) = listening(&mut store, &options);
    let after = |minutes: i64| heard_ms + minutes * 60_000;
    assert_eq!(looked(&mut first, &mut store, after(6)), (1, 0));
    // A pane that starts meanwhile has not listened itself.
    let mut second = judged(&mut store, &options, after(7));
    second.pass_over_silence(after(7));
    assert_eq!(looked(&mut second, &mut store, after(19)), (0, 0));
    assert_eq!(looked(&mut second, &mut store, after(21)), (0, 1));
    assert_eq!(looked(&mut first, &mut store, after(21)), (0, 0));
    let alerts = store.alerts(9).unwrap();
    let alert = alerts.iter().find(|alert| alert.rule == Rule::Silence).unwrap();
    let told = (alert.severity, alert.first.timestamp_ms, alert.last.timestamp_ms);
    assert_eq!(told, (Severity::Critical, after(5), after(20)), "by when it was due");
}

#[test]
fn what_was_found_late_is_told_in_one_look() {
    let (_directory, mut store, options) = watched();
    let (mut judge, heard_ms) = listening(&mut store, &options);
    // As after the machine was asleep.
    assert_eq!(looked(&mut judge, &mut store, heard_ms + 3_600_000), (1, 0));
    assert_eq!(store.alerts(9).unwrap()[0].severity, Severity::Critical);
}

#[test]
fn what_was_silent_before_the_start_is_never_told_of() {
    let (_directory, mut store, options) = watched();
    let (_, heard_ms) = listening(&mut store, &options);
    for started in [6, 30] {
        let mut judge = judged(&mut store, &options, heard_ms + started * 60_000);
        judge.pass_over_silence(heard_ms + started * 60_000);
        assert_eq!(looked(&mut judge, &mut store, heard_ms + 86_400_000), (0, 0), "started after {started} min");
    }
    // Nor by a process that has listened, and passes over it, too.
    let (_directory, mut store, options) = watched();
    let (mut judge, heard_ms) = listening(&mut store, &options);
    judge.pass_over_silence(heard_ms + 6 * 60_000);
    assert_eq!(looked(&mut judge, &mut store, heard_ms + 86_400_000), (0, 0));
    assert!(store.alerts(9).unwrap().iter().all(|alert| alert.rule != Rule::Silence));
}

#[test]
fn what_was_learned_before_a_rebuild_is_not_kept_after_it() {
    let (_directory, mut store, options) = watched();
    let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
    store.append(&samples, None, NOW_MS).unwrap();
    let mut judge = judged(&mut store, &options, NOW_MS);
    crate::engine::once::roll_up(&mut store).unwrap();
    assert!(!judge.is_outdated(&store).unwrap());
    Store::open(store.path()).unwrap().rebuild(&mut |_, _| ()).unwrap();
    assert!(judge.is_outdated(&store).unwrap());
    judge.finish(&mut store, NOW_MS).unwrap();
    assert_eq!(store.detector_state(&"m".into(), STATE_VERSION).unwrap(), None);
    judged(&mut store, &options, NOW_MS).finish(&mut store, NOW_MS).unwrap();
}

#[test]
fn a_wrong_clock_brings_back_no_future() {
    let (_directory, mut store, options) = watched();
    let samples: Vec<_> = (0..200).rev().map(|minute| sample(minute, (minute * 7 % 11) as f64)).collect();
    store.append(&samples, None, NOW_MS).unwrap();
    judged(&mut store, &options, NOW_MS);
    let ahead = |days: i64| sample(-days * 1_440, 5.0);
    store.append(&[ahead(100)], None, NOW_MS).unwrap();
    judged(&mut store, &options, NOW_MS).mark(&mut store).unwrap();
    // Another process, and the next wrong clock comes before what is right.
    store.append(&[ahead(200), sample(-1, 5.0)], None, NOW_MS + 60_000).unwrap();
    let mut judge = judged(&mut store, &options, NOW_MS + 60_000);
    assert_eq!(judge.detector.monitors().newest_ms(&"m".into()), Some(NOW_MS + 60_000));
}
