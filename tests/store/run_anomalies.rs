//! Runs are judged once, by whoever comes first, and what becomes of an anomaly is recorded.

use perftop::engine::judge_runs;
use perftop::model::{NewRun, RunAnomalyState, RunExit, RunJudgement, RunThresholds, measure};
use perftop::store::{PruneBefore, Store};
use proptest::prelude::*;

use crate::support::Place;

const NOW_MS: i64 = 1_700_000_000_000;

fn run(module: &str, number: i64, duration_ms: f64) -> NewRun {
    NewRun {
        module: module.into(),
        key: format!("{module}-{number}"),
        batch: number.to_string(),
        started_ms: NOW_MS + number * 60_000,
        ended_ms: NOW_MS + number * 60_000 + 1_000,
        exit: RunExit::Code(0),
        source: "test".to_owned(),
        commit: None,
        environment: None,
        tags: [].into(),
        measures: [(measure::DURATION.to_owned(), duration_ms)].into(),
        phases: Vec::new(),
    }
}

fn judge(store: &mut Store) -> Vec<RunJudgement> {
    judge_runs(store, &RunThresholds::default(), NOW_MS).unwrap()
}

fn record(store: &mut Store, module: &str, durations_ms: &[f64], first: i64) {
    for (number, &duration_ms) in (first..).zip(durations_ms) {
        store.record_runs(&[run(module, number, duration_ms)], 100, NOW_MS).unwrap();
    }
}

/// Module, value and state of each anomaly, the oldest first.
fn found(store: &Store) -> Vec<(String, f64, RunAnomalyState)> {
    let anomalies = store.run_anomalies(None, 0, 100).unwrap();
    let told = anomalies.iter().rev();
    told.map(|found| (found.anomaly.module.to_string(), found.anomaly.value, found.state)).collect()
}

#[test]
fn a_run_is_judged_once_and_its_recovery_recorded() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, "build", &[100.0, 100.0, 100.0, 100.0, 100.0, 200.0], 0);
    record(&mut store, "test", &[100.0, 100.0], 0);
    let judged = judge(&mut store);
    assert_eq!((judged.len(), judged.iter().map(|of| of.anomalies.len()).sum::<usize>()), (8, 1));
    assert_eq!(judge(&mut store), []);
    assert_eq!(judge(&mut place.open()), []);
    assert_eq!(found(&store), [("build".to_owned(), 200.0, RunAnomalyState::Open)]);
    let everybody: Vec<_> = store.anomalies(Some("build.duration_ms"), 0, 10).unwrap();
    assert_eq!(everybody.len(), 1);
    assert_eq!(
        everybody[0].description.as_deref(),
        Some("deviation: 200 ms is 100 % above the mean of the 5 runs before (100 ms), more than 25 %")
    );
    assert_eq!(everybody[0].limit_type, None);

    record(&mut store, "build", &[101.0], 6);
    let back = judge(&mut store);
    assert_eq!(back.iter().flat_map(|of| &of.recovered).map(|metric| &**metric).collect::<Vec<_>>(), ["duration_ms"]);
    assert_eq!(found(&store), [("build".to_owned(), 200.0, RunAnomalyState::Recovered)]);
    assert_eq!(store.run_anomalies(None, 0, 10).unwrap()[0].settled_ms, Some(NOW_MS + 6 * 60_000 + 1_000));
    assert_eq!(store.anomalies(None, 0, 10).unwrap().len(), 1, "a recovery is no anomaly");
}

#[test]
fn what_does_not_go_back_lasts() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, "build", &[100.0; 5], 0);
    record(&mut store, "build", &[300.0; 8], 5);
    judge(&mut store);
    assert_eq!(found(&store), [("build".to_owned(), 300.0, RunAnomalyState::Lasting)]);
}

#[test]
fn a_streak_is_told_as_long_as_it_is() {
    let place = Place::new();
    let mut store = place.open();
    for number in 0..9 {
        let failed = NewRun { exit: RunExit::Code(1), ..run("build", number, 100.0) };
        store.record_runs(&[failed], 100, NOW_MS).unwrap();
        judge(&mut store);
    }
    let [streak] = &store.run_anomalies(None, 0, 10).unwrap()[..] else { panic!("one streak") };
    assert_eq!((streak.anomaly.told().as_str(), streak.state), ("9 failures in a row", RunAnomalyState::Open));
    assert_eq!(streak.anomaly.at_ms, NOW_MS + 2 * 60_000 + 1_000, "it began with the third");
    assert_eq!(store.anomalies(None, 0, 10).unwrap().len(), 1);
}

#[test]
fn one_side_at_a_time_is_open() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, "build", &[600.0, 600.0, 600.0, 600.0, 600.0, 1_203.0, 60.0], 0);
    judge(&mut store);
    let [above, below] = [(1_203.0, RunAnomalyState::Recovered), (60.0, RunAnomalyState::Open)];
    assert_eq!(found(&store), [above, below].map(|(value, state)| ("build".to_owned(), value, state)));
}

#[test]
fn somebody_else_may_have_judged_them_meanwhile() {
    let place = Place::new();
    let (mut one, mut other) = (place.open(), place.open());
    record(&mut one, "build", &[100.0, 100.0, 100.0, 100.0, 100.0, 200.0], 0);
    let unjudged = one.unjudged_runs().unwrap();
    let judged = judge(&mut other);
    assert!(!one.record_judgements(&unjudged, &judged, NOW_MS).unwrap());
    assert_eq!(found(&one).len(), 1);
}

#[test]
fn old_ones_are_pruned() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, "build", &[100.0, 100.0, 100.0, 100.0, 100.0, 200.0], 0);
    judge(&mut store);
    let before = PruneBefore { samples_ms: NOW_MS + 3_600_000, rollups_ms: i64::MIN };
    store.prune(before, NOW_MS + 10 * 86_400_000, &mut |_, _| {}).unwrap();
    assert_eq!(found(&store), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However the runs are cut into steps, and however often it is asked, the same is found.
    #[test]
    fn the_steps_change_nothing(
        durations_ms in prop::collection::vec(prop_oneof![Just(100.0), Just(105.0), Just(200.0)], 1..25),
        cuts in prop::collection::vec(any::<bool>(), 25),
    ) {
        let (whole, stepped) = (Place::new(), Place::new());
        let (mut whole, mut stepped) = (whole.open(), stepped.open());
        for ((number, &duration_ms), cut) in (0..).zip(&durations_ms).zip(cuts) {
            record(&mut whole, "build", &[duration_ms], number);
            record(&mut stepped, "build", &[duration_ms], number);
            if cut {
                judge(&mut stepped);
                prop_assert_eq!(judge(&mut stepped), []);
            }
        }
        judge(&mut whole);
        judge(&mut stepped);
        prop_assert_eq!(found(&whole), found(&stepped));
    }
}
