//! What a restart, a kill and a replaced file do to detection.

use perftop::clock::Clock;
use perftop::engine;
use perftop::model::Rule;

use crate::support::{METRIC, NOW_MS, Place, Watched, calm, in_runtime, insert_from_outside, sample};

const DAY_MS: i64 = 86_400_000;

fn catch_up(place: &Place) -> engine::CaughtUp {
    engine::catch_up(&mut place.store(), &place.options(), &Clock::fixed(NOW_MS)).unwrap()
}

#[test]
fn a_restart_goes_on_without_alerting_again() {
    in_runtime(async {
        let place = Place::calm();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS - 2);
        engine.raised().await;
        engine.handle.shutdown().await;

        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        insert_from_outside(&place.path(), METRIC, 1_000_000.0, NOW_MS - 1);
        let picture = engine.picture(|picture| picture.alerts.iter().any(|alert| alert.count == 2)).await;
        assert_eq!(picture.alerts.iter().filter(|alert| alert.rule == Rule::BeyondLimit).count(), 1);
        assert_eq!(place.anomalies().iter().filter(|anomaly| anomaly.value > 800.0).count(), 2 + 1);
    });
}

#[test]
fn what_came_while_nobody_looked_is_judged_later() {
    let place = Place::calm();
    place.append(&[sample(METRIC, 812.0, NOW_MS - 5)]);
    let done = catch_up(&place);
    assert_eq!((done.judged, done.raised.len()), (1, 1));
    assert_eq!(catch_up(&place), engine::CaughtUp::default());
    assert_eq!(place.anomalies().len(), 1);
}

/// Whoever is killed between reading and recording has recorded nothing and moved no mark; the same rows
/// are judged again, to the same end. Here the first engine is dropped without a shutdown.
#[test]
fn an_engine_that_vanishes_loses_nothing_and_doubles_nothing() {
    in_runtime(async {
        let place = Place::calm();
        let spikes: Vec<_> =
            (0..200).map(|i| sample(METRIC, 1e4 * f64::from(i + 1).powi(3), NOW_MS - 1_000 + i64::from(i))).collect();
        for batch in spikes.chunks(10) {
            let engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
            place.append(batch);
            drop(engine);
        }
        catch_up(&place);
        let mut values: Vec<f64> =
            place.anomalies().iter().filter(|a| a.severity.level() == 3).map(|a| a.value).collect();
        values.sort_by(f64::total_cmp);
        let before = values.len();
        values.dedup();
        assert_eq!(values.len(), before, "an anomaly was recorded twice");
        assert!(values.iter().any(|value| value.total_cmp(&1e4).is_eq()), "{values:?}");
        let alerts = place.alerts();
        let gathered: u64 = alerts.iter().map(|alert| alert.count).sum();
        assert_eq!(gathered as usize, place.anomalies().len());
    });
}

#[test]
fn history_is_learned_in_silence_on_first_contact_and_the_last_day_is_judged() {
    let place = Place::new();
    place.append(&calm(60, NOW_MS - 3 * DAY_MS));
    place.append(&[sample(METRIC, 812.0, NOW_MS - 2 * DAY_MS)]);
    place.append(&calm(1_000, NOW_MS - 2 * DAY_MS + 60_000));
    place.append(&[sample(METRIC, 500.0, NOW_MS - DAY_MS / 2)]);
    let done = catch_up(&place);
    let values: Vec<f64> = done.raised.iter().map(|alert| alert.first.value).collect();
    assert_eq!(values.len(), 1, "{values:?}");
    assert!(values[0].total_cmp(&500.0).is_eq());
}

#[test]
fn late_samples_that_waited_are_judged_against_what_was_before_them() {
    let place = Place::calm();
    place.append(&[sample(METRIC, 812.0, NOW_MS - 30 * 60_000)]);
    let done = catch_up(&place);
    assert_eq!(done.raised.len(), 1);
    place.append(&[sample(METRIC, 100_000.0, NOW_MS)]);
    assert_eq!(catch_up(&place).judged, 1);
    assert_eq!(place.anomalies().len(), 2);
}

#[test]
fn a_store_that_is_deleted_and_made_anew_is_taken_up() {
    in_runtime(async {
        let place = Place::calm();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(place.path().with_file_name(format!("perftop.db{suffix}")));
        }
        engine.picture(|picture| picture.health.sample_count == 0 && picture.series.is_empty()).await;
        place.append(&calm(60, NOW_MS - 3_600_000));
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        assert_eq!(engine.raised().await.alerts.len(), 1);
    });
}

#[test]
fn samples_that_were_deleted_while_nobody_looked_are_gone_from_the_first_pictures() {
    in_runtime(async {
        let place = Place::calm();
        engine::roll_up(&mut place.store()).unwrap();
        let other = rusqlite::Connection::open(place.path()).unwrap();
        let replace_by_junk = "DELETE FROM performance_samples;
             INSERT INTO performance_samples (metric_name, value, timestamp) VALUES ('junk', 'text', 5)";
        other.execute_batch(replace_by_junk).unwrap();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.picture(|picture| picture.health.sample_count == 0 && picture.series.is_empty()).await;
    });
}

/// A straggler from long ago and an outlier of today that waited together: each is judged against what was
/// before it, and the straggler takes nothing from the outlier's baseline.
#[test]
fn a_straggler_does_not_hide_an_outlier_that_waited_with_it() {
    let place = Place::calm();
    place.append(&[sample(METRIC, 100.0, NOW_MS - 20 * DAY_MS), sample(METRIC, 812.0, NOW_MS - 5)]);
    let raised: Vec<_> = catch_up(&place).raised.iter().map(|alert| (alert.rule, alert.first.value)).collect();
    assert_eq!(raised, [(Rule::BeyondLimit, 812.0)]);
}

/// The same as if it had been judged on arrival, also when known samples have its very timestamp.
#[test]
fn a_sample_that_waited_has_no_part_in_its_own_baseline() {
    let place = Place::calm();
    let newest_ms = NOW_MS - 60_000;
    place.append(&[sample(METRIC, 101.5, newest_ms), sample(METRIC, 100.0, newest_ms)]);
    assert_eq!(catch_up(&place).raised, []);
    place.append(&[sample(METRIC, 812.0, newest_ms)]);
    let raised = catch_up(&place).raised;
    let known: perftop::stats::Moments = calm(60, 0).iter().map(|sample| sample.value).chain([101.5, 100.0]).collect();
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert!((raised[0].limits.center - known.mean).abs() < 1e-9, "{}", raised[0].limits.center);
}

#[test]
fn samples_that_are_deleted_before_they_are_judged_do_not_wait_for_ever() {
    let place = Place::calm();
    let delete_newest = || {
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        connection.execute("DELETE FROM performance_samples WHERE value = 812", []).unwrap();
    };
    place.append(&[sample(METRIC, 812.0, NOW_MS - 5)]);
    delete_newest();
    assert_eq!(catch_up(&place).judged, 0);
    assert_eq!(place.store().judged_up_to().unwrap(), Some(61), "nothing else waited");
    place.append(&[sample(METRIC, 100.0, NOW_MS - 4), sample(METRIC, 812.0, NOW_MS - 3)]);
    delete_newest();
    assert_eq!(catch_up(&place).judged, 1);
    assert_eq!(place.store().judged_up_to().unwrap(), Some(63), "one was judged");
}
