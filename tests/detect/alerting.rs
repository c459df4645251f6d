//! From an INSERT to an alert.

use std::time::Duration;

use perftop::clock::Clock;
use perftop::model::{AlertState, Command, Ending, LimitType, NewSample, Rule, Severity, Status};
use rstest::rstest;

use crate::support::{METRIC, NOW_MS, Place, Watched, calm, in_runtime, insert_from_outside, sample};

#[test]
fn an_insert_by_another_program_becomes_an_alert_and_a_row() {
    in_runtime(async {
        let place = Place::calm();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);

        let message = engine.raised().await;
        assert!(message.inserted_here);
        let [alert] = &message.alerts[..] else { panic!("{message:?}") };
        assert_eq!((&*alert.metric, alert.rule, alert.limit_type), (METRIC, Rule::BeyondLimit, LimitType::Ucl));
        assert_eq!((alert.severity, alert.state, alert.count), (Severity::Critical, AlertState::Firing, 1));
        assert!(alert.description.starts_with("api_response_time 812 ms is above the upper limit 103"));

        let anomalies = place.anomalies();
        assert_eq!(anomalies.len(), 1);
        assert_eq!(anomalies[0].description.as_ref(), Some(&alert.description));
        let picture = engine.picture(|picture| picture.series.iter().any(|s| s.status == Status::Critical)).await;
        assert_eq!(picture.alerts[0].id, alert.id);
        assert_eq!(picture.health.sample_count, 61);
    });
}

#[test]
fn two_panes_record_an_anomaly_once_and_both_show_it() {
    in_runtime(async {
        let place = Place::calm();
        let mut panes = [0, 1].map(|_| Watched::start(place.options(), Clock::fixed(NOW_MS)));
        for pane in &mut panes {
            pane.settled().await;
        }
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        let [left, right] = &mut panes;
        let (left, right) = (left.raised().await, right.raised().await);
        assert_eq!(left.alerts[0].id, right.alerts[0].id);
        assert!(left.inserted_here != right.inserted_here, "exactly one of them rings the bell");
        assert_eq!(place.anomalies().len(), 1);
        assert_eq!(place.alerts().len(), 1);
    });
}

#[test]
fn every_pane_is_told_once_that_an_alert_is_over() {
    in_runtime(async {
        let place = Place::calm();
        let clock = Clock::fixed(NOW_MS);
        let mut panes = [0, 1].map(|_| Watched::start(place.options(), clock.clone()));
        for pane in &mut panes {
            pane.settled().await;
        }
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        for pane in &mut panes {
            let told = pane.raised().await;
            assert_eq!((told.alerts.len(), told.ended.len()), (1, 0));
        }
        clock.advance(Duration::from_mins(16));
        insert_from_outside(&place.path(), METRIC, 100.0, NOW_MS + 16 * 60_000);
        for pane in &mut panes {
            let told = pane.raised().await;
            assert_eq!((told.alerts.len(), told.ended.len(), told.inserted_here), (0, 1, false));
            assert_eq!(told.ended[0].ending, Some(Ending::Recovered));
        }
    });
}

#[test]
fn what_is_muted_is_recorded_and_no_pane_is_told() {
    in_runtime(async {
        let place = Place::calm();
        place.store().mute(Some(METRIC), Some(Rule::BeyondLimit), Some(NOW_MS + 1_000), None, NOW_MS).unwrap();
        let mut panes = [0, 1].map(|_| Watched::start(place.options(), Clock::fixed(NOW_MS)));
        for pane in &mut panes {
            pane.settled().await;
        }
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        for pane in &mut panes {
            let picture = pane.picture(|picture| !picture.alerts.is_empty()).await;
            assert!(picture.mutes[0].covers(METRIC, picture.alerts[0].rule, NOW_MS));
        }
        // Another metric is not muted, and its message is the first that comes.
        let other = |sample: NewSample| NewSample { metric: "other".into(), ..sample };
        place.append(&calm(60, NOW_MS - 3_600_000).into_iter().map(other).collect::<Vec<_>>());
        insert_from_outside(&place.path(), "other", 812.0, NOW_MS);
        for pane in &mut panes {
            assert_eq!(&*pane.raised().await.alerts[0].metric, "other");
        }
    });
}

#[test]
fn findings_that_keep_coming_are_one_alert_that_recovers_when_they_stop() {
    in_runtime(async {
        let place = Place::calm();
        let clock = Clock::fixed(NOW_MS);
        let mut engine = Watched::start(place.options(), clock.clone());
        engine.settled().await;
        for minute in 0..3 {
            insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS + minute);
        }
        let first = engine.raised().await.alerts[0].id;
        let picture = engine.picture(|picture| picture.alerts.iter().any(|alert| alert.count == 3)).await;
        let gathered = picture.alerts.iter().find(|alert| alert.rule == Rule::BeyondLimit).unwrap();
        assert_eq!(gathered.id, first);

        clock.advance(Duration::from_mins(16));
        insert_from_outside(&place.path(), METRIC, 100.0, NOW_MS + 960_000);
        let all_quiet = |alert: &perftop::model::Alert| alert.state == AlertState::Recovered;
        let over = engine.picture(|picture| picture.alerts.iter().all(all_quiet)).await;
        assert!(!over.alerts.is_empty(), "what is over stays in the list");
        engine.picture(|picture| picture.series[0].status == Status::Ok).await;
    });
}

#[test]
fn an_acknowledged_alert_is_known_to_every_pane() {
    in_runtime(async {
        let place = Place::calm();
        let mut panes = [0, 1].map(|_| Watched::start(place.options(), Clock::fixed(NOW_MS)));
        for pane in &mut panes {
            pane.settled().await;
        }
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        let id = panes[0].raised().await.alerts[0].id;
        panes[0].handle.commands.send(Command::Acknowledge { alert_ids: vec![id] }).await.unwrap();
        for pane in &mut panes {
            pane.picture(|picture| picture.alerts.iter().any(|alert| alert.state == AlertState::Acknowledged)).await;
        }
    });
}

#[rstest]
#[case::late(NOW_MS - 40 * 60_000 + 30_000)]
#[case::from_the_future(NOW_MS + 10 * 86_400_000)]
fn a_sample_out_of_time_is_judged_by_the_limit_alone(#[case] timestamp_ms: i64) {
    in_runtime(async {
        let place = Place::calm();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        insert_from_outside(&place.path(), METRIC, 812.0, timestamp_ms);
        let message = engine.raised().await;
        assert_eq!(message.alerts.iter().map(|alert| alert.rule).collect::<Vec<_>>(), [Rule::BeyondLimit]);
        // The present goes on: the next sample in order is judged as ever.
        insert_from_outside(&place.path(), METRIC, -1e6, NOW_MS);
        assert_eq!(engine.raised().await.alerts[0].limit_type, LimitType::Lcl);
    });
}

#[test]
fn below_thirty_samples_it_learns_and_is_silent() {
    in_runtime(async {
        let place = Place::new();
        place.append(&calm(29, NOW_MS - 3_600_000));
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        engine.settled().await;
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS - 1);
        let picture = engine.picture(|picture| picture.health.sample_count == 30).await;
        assert_eq!(picture.series[0].status, Status::Learning);
        // The thirty-first is judged; had the thirtieth been, it would have come first.
        insert_from_outside(&place.path(), METRIC, 50_000.0, NOW_MS);
        let message = engine.raised().await;
        assert_eq!(message.alerts[0].first.value.total_cmp(&50_000.0), std::cmp::Ordering::Equal);
        assert_eq!(place.anomalies().len(), 1);
    });
}

#[test]
fn alerts_of_one_batch_come_in_one_message() {
    in_runtime(async {
        let place = Place::calm();
        place.append(&(0..5).flat_map(|i| history_of(&format!("metric_{i}"))).collect::<Vec<_>>());
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let message = engine.raised().await;
        assert_eq!(message.alerts.len(), 5);
        assert!(message.alerts.is_sorted_by_key(|alert| alert.id));
    });
}

/// Forty calm values, then one far off.
fn history_of(metric: &str) -> Vec<perftop::model::NewSample> {
    let mut samples = calm(40, NOW_MS - 3_600_000);
    samples.push(sample(METRIC, 500.0, NOW_MS - 600_000));
    for sample in &mut samples {
        sample.metric = metric.into();
    }
    samples
}
