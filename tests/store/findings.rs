//! Findings become anomalies and alerts: once, whoever records them.

use perftop::model::{
    AlertState, Baseline, ControlLimits, Ending, Explanation, Finding, LimitType, Precision, Recovery, Rule, Severity,
    Unit, Window,
};
use perftop::store::{Recorded, Store};

use crate::support::{Place, point, roll_up_all, sample};

const COOLDOWN_MS: i64 = 900_000;

fn finding(sample_id: i64, timestamp_ms: i64, value: f64) -> Finding {
    Finding {
        metric: "lcp".into(),
        rule: Rule::BeyondLimit,
        limit_type: LimitType::Ucl,
        severity: Severity::Critical,
        sample_id,
        evidence: vec![point(timestamp_ms - 1, 0.0), point(timestamp_ms, value)],
        limits: ControlLimits::new(100.0, 10.0),
        description: format!("{value} is beyond the limit"),
        explanations: Vec::new(),
    }
}

/// Records one finding at the time of its sample.
fn record(store: &mut Store, finding: Finding) -> Recorded {
    let (id, now_ms) = (finding.sample_id, finding.evidence[1].timestamp_ms);
    store.record(&[finding], &[], id, COOLDOWN_MS, now_ms).unwrap()
}

#[test]
fn an_alert_of_a_metric_that_was_deleted_is_forgotten() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 1_000, 140.0), sample("fcp", 1_000, 1.0)], None, 0).unwrap();
    roll_up_all(&mut store, 10);
    let surprise = Finding { rule: Rule::Surprise, ..finding(1, 1_000, 140.0) };
    store.record(&[finding(1, 1_000, 140.0), surprise], &[], 2, COOLDOWN_MS, 1_000).unwrap();
    assert!(store.recover(COOLDOWN_MS, i64::MAX).unwrap().is_empty());

    place.raw().execute_batch("DELETE FROM performance_samples WHERE metric_name = 'lcp'").unwrap();
    roll_up_all(&mut store, 10);
    store.append(&[sample("lcp", 2_000, 100.0)], None, 0).unwrap();
    assert!(store.recover(COOLDOWN_MS, 2_000).unwrap().is_empty(), "it is heard of again");
    place.raw().execute_batch("DELETE FROM performance_samples WHERE metric_name = 'lcp'").unwrap();
    let ended = store.recover(COOLDOWN_MS, 2_000).unwrap();
    let endings: Vec<_> = ended.iter().map(|alert| (alert.ending, alert.ended_ms)).collect();
    assert_eq!(endings, [(Some(Ending::Forgotten), Some(1_000)); 2]);
}

/// What a pane finds that looks at an instant: there was no sample for so many minutes.
fn silence(minutes: i64, severity: Severity) -> Finding {
    let at_ms = 1_000_000_000 + minutes * 60_000;
    Finding { rule: Rule::Silence, limit_type: LimitType::Run, severity, ..finding(at_ms, at_ms, 7.0) }
}

#[test]
fn silence_is_one_alert_of_all_who_look_and_becomes_graver_once() {
    let place = Place::new();
    let mut store = place.open();
    let mut look = |finding: Finding| {
        let recorded = store.record(&[finding], &[], 5, COOLDOWN_MS, 2_000_000_000).unwrap();
        (recorded.raised.len(), recorded.updated.len())
    };
    assert_eq!(look(silence(5, Severity::Warning)), (1, 0));
    assert_eq!(look(silence(5, Severity::Warning)), (0, 0), "the second pane");
    assert_eq!(look(silence(10, Severity::Warning)), (0, 0), "one that is less sensitive");
    assert_eq!(look(silence(20, Severity::Critical)), (0, 1));
    assert_eq!(look(silence(20, Severity::Critical)), (0, 0), "the second pane");
    assert_eq!(look(silence(40, Severity::Critical)), (0, 0));
    let alerts = store.alerts(10).unwrap();
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((alert.severity, alert.count, alert.last.timestamp_ms), (Severity::Critical, 2, 1_001_200_000));
    assert_eq!(store.anomalies(None, 0, 10).unwrap().len(), 2);
}

#[test]
fn silence_that_is_over_is_not_found_again_by_who_is_late() {
    let place = Place::new();
    let mut store = place.open();
    let look = |store: &mut Store, finding: Finding| {
        let recorded = store.record(&[finding], &[], 5, COOLDOWN_MS, 2_000_000_000).unwrap();
        (recorded.raised.len(), recorded.updated.len())
    };
    look(&mut store, silence(5, Severity::Warning));
    let heard = Recovery {
        metric: "lcp".into(),
        rule: Rule::Silence,
        sample_id: 6,
        timestamp_ms: 1_001_260_000,
        ending: Ending::Recovered,
    };
    store.record(&[], &[heard], 6, COOLDOWN_MS, 2_000_000_000).unwrap();
    assert_eq!(look(&mut store, silence(5, Severity::Warning)), (0, 0));
    assert_eq!(look(&mut store, silence(20, Severity::Critical)), (0, 0));
    assert_eq!(look(&mut store, silence(26, Severity::Warning)), (1, 0), "silent once more");
    assert_eq!(look(&mut store, silence(20, Severity::Critical)), (0, 0), "that was the silence before");
    assert_eq!(look(&mut store, silence(41, Severity::Critical)), (0, 1));
}

#[test]
fn findings_within_the_cool_down_are_one_alert() {
    let place = Place::new();
    let mut store = place.open();
    let first = record(&mut store, finding(1, 1_000_000, 140.0));
    assert_eq!((first.raised.len(), first.updated.len()), (1, 0));
    let second = record(&mut store, finding(2, 1_000_000 + COOLDOWN_MS, 10.0));
    assert_eq!((second.raised.len(), second.updated.len()), (0, 1));
    record(&mut store, finding(3, 1_000_000 + 2 * COOLDOWN_MS, 150.0));

    let alerts = store.alerts(10).unwrap();
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((alert.count, alert.state), (3, AlertState::Firing));
    assert_eq!((alert.first, alert.last), (point(1_000_000, 140.0), point(2_800_000, 150.0)));
    assert!((alert.peak_value - 10.0).abs() < f64::EPSILON, "10 is farthest from 100: {}", alert.peak_value);
    assert_eq!(alert.description, "150 is beyond the limit");
    assert_eq!((alert.opened_at_ms, alert.updated_at_ms), (1_000_000, 2_800_000));
    assert_eq!(alert.limits, ControlLimits::new(100.0, 10.0));
    assert_eq!(store.anomalies(None, 0, 10).unwrap().len(), 3);
}

#[test]
fn a_finding_after_the_cool_down_opens_another_alert_and_ends_the_first() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, finding(1, 1_000_000, 140.0));
    let later = record(&mut store, finding(2, 1_000_001 + COOLDOWN_MS, 141.0));
    assert_eq!(later.raised.len(), 1);
    let states: Vec<_> = store.alerts(10).unwrap().iter().map(|alert| alert.state).collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Recovered]);
}

#[test]
fn a_finding_of_long_ago_does_not_touch_what_is_firing_now() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, finding(1, 50_000_000, 140.0));
    let late = store.record(&[finding(2, 1_000_000, 190.0)], &[], 2, COOLDOWN_MS, 50_000_001).unwrap();
    assert_eq!(late.raised.len(), 1);
    let firing = store.alerts(10).unwrap();
    assert_eq!(firing.iter().filter(|alert| alert.is_firing()).count(), 2);
    assert_eq!(firing[1].count, 1);
}

#[test]
fn what_is_found_in_a_log_that_was_started_anew_is_news() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 1_000_000, 140.0), sample("lcp", 1_000_001, 1.0)], None, 0).unwrap();
    store.roll_up(10).unwrap();
    let told = record(&mut store, finding(1, 1_000_000, 140.0)).raised[0].id;
    place.raw().execute_batch("DELETE FROM performance_samples; DELETE FROM sqlite_sequence").unwrap();
    store.append(&[sample("lcp", 1_000_000, 140.0)], None, 0).unwrap();
    store.roll_up(10).unwrap();
    let again = record(&mut store, finding(1, 1_000_000, 140.0));
    assert_eq!(again.raised.len(), 1, "the same sample id and time, but another log");
    assert_eq!(store.alerts_after(told, 10).unwrap(), again.raised);
    assert_eq!(store.newest_alert_id().unwrap(), again.raised[0].id);
}

#[test]
fn rules_and_metrics_have_alerts_of_their_own() {
    let place = Place::new();
    let mut store = place.open();
    let run = Finding { rule: Rule::TwoOfThree, severity: Severity::Warning, ..finding(1, 1_000_000, 125.0) };
    let other = Finding { metric: "fcp".into(), ..finding(2, 1_000_000, 140.0) };
    let recorded = store.record(&[finding(1, 1_000_000, 140.0), run, other], &[], 2, COOLDOWN_MS, 5).unwrap();
    assert_eq!((recorded.raised.len(), recorded.updated.len()), (3, 0));
}

#[test]
fn an_alert_that_is_raised_and_grows_at_once_is_told_once() {
    let place = Place::new();
    let mut store = place.open();
    let findings = [finding(1, 1_000, 140.0), finding(2, 2_000, 150.0)];
    let recorded = store.record(&findings, &[], 2, COOLDOWN_MS, 5).unwrap();
    assert_eq!((recorded.raised.len(), recorded.updated.len()), (1, 0));
    assert_eq!(recorded.raised[0].count, 2);
}

#[test]
fn an_acknowledged_alert_stays_so_while_findings_come_and_ends_when_they_stop() {
    let place = Place::new();
    let mut store = place.open();
    let id = record(&mut store, finding(1, 1_000_000, 140.0)).raised[0].id;
    assert_eq!(store.acknowledge(&[id, 99], 1_000_100).unwrap(), 1);
    assert_eq!(store.acknowledge(&[id], 1_000_200).unwrap(), 0);
    let updated = record(&mut store, finding(2, 1_001_000, 160.0)).updated;
    assert_eq!((updated[0].state, updated[0].acknowledged_at_ms), (AlertState::Acknowledged, Some(1_000_100)));

    assert!(store.recover(COOLDOWN_MS, i64::MAX).unwrap().is_empty(), "silence ends nothing");
    let quiet_ms = 1_001_000 + COOLDOWN_MS;
    let history = [1_000_000, 1_001_000, quiet_ms].map(|at_ms| sample("lcp", at_ms, 100.0));
    store.append(&history, None, quiet_ms).unwrap();
    store.record(&[], &[], 3, COOLDOWN_MS, quiet_ms).unwrap();
    let ended = store.recover(COOLDOWN_MS, quiet_ms).unwrap();
    assert_eq!((ended.len(), ended[0].state, ended[0].recovered_at_ms), (1, AlertState::Recovered, Some(quiet_ms)));
    assert!(store.recover(COOLDOWN_MS, quiet_ms).unwrap().is_empty());
    let late = record(&mut store, finding(4, 1_002_000, 140.0)).updated;
    assert_eq!((late.len(), late[0].count, late[0].recovered_at_ms), (1, 3, None), "a late finding of its time");
}

#[test]
fn an_alert_ends_when_newer_samples_were_judged_and_found_in_order() {
    let place = Place::new();
    let mut store = place.open();
    let history = |last_ms| [sample("lcp", 1_000_000, 140.0), sample("lcp", last_ms, 100.0)];
    let now_ms = 90_000_000;
    store.append(&history(1_000_000 + COOLDOWN_MS - 1), None, now_ms).unwrap();
    store.roll_up(10).unwrap();
    store.record(&[finding(1, 1_000_000, 140.0)], &[], 2, COOLDOWN_MS, now_ms).unwrap();
    assert!(store.recover(COOLDOWN_MS, now_ms).unwrap().is_empty(), "not quiet for long enough");

    store.append(&[sample("lcp", 1_000_000 + COOLDOWN_MS, 100.0)], None, now_ms).unwrap();
    store.roll_up(10).unwrap();
    assert!(store.recover(COOLDOWN_MS, now_ms).unwrap().is_empty(), "that sample is not judged yet");
    store.record(&[], &[], 3, COOLDOWN_MS, now_ms).unwrap();
    assert_eq!(store.recover(COOLDOWN_MS, now_ms).unwrap().len(), 1);
}

#[test]
fn a_sample_from_the_future_ends_no_alert() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[sample("lcp", 1_000_000, 140.0), sample("lcp", i64::MAX, 100.0)], None, 1_000_000).unwrap();
    store.roll_up(10).unwrap();
    store.record(&[finding(1, 1_000_000, 140.0)], &[], 2, COOLDOWN_MS, 1_000_000).unwrap();
    assert!(store.recover(COOLDOWN_MS, 1_000_000).unwrap().is_empty());
}

#[test]
fn open_alerts_come_before_recovered_ones_and_grave_ones_before_others() {
    let place = Place::new();
    let mut store = place.open();
    let rules = [Rule::SevenOnOneSide, Rule::BeyondLimit, Rule::TwoOfThree];
    for (id, rule) in (1..).zip(rules) {
        record(&mut store, Finding { rule, severity: rule.severity(), ..finding(id, 1_000_000 + id, 140.0) });
    }
    record(&mut store, Finding { metric: "quiet".into(), ..finding(4, 1_000, 140.0) });
    store.append(&[sample("quiet", 1_000 + COOLDOWN_MS, 100.0)], None, 1_000_000).unwrap();
    store.recover(COOLDOWN_MS, 1_000_000).unwrap();
    let order: Vec<_> = store.alerts(10).unwrap().iter().map(|alert| (alert.state, alert.severity)).collect();
    let firing = |severity| (AlertState::Firing, severity);
    assert_eq!(
        order,
        [
            firing(Severity::Critical),
            firing(Severity::Warning),
            firing(Severity::Info),
            (AlertState::Recovered, Severity::Critical)
        ]
    );
    assert_eq!(store.alerts(3).unwrap().len(), 3);
}

#[test]
fn two_recorders_record_each_finding_once() {
    let place = Place::new();
    let (mut one, mut two) = (place.open(), place.open());
    let findings: Vec<_> = (1..=40).map(|id| finding(id, id * 1_000, 140.0)).collect();
    one.record(&findings[..25], &[], 25, COOLDOWN_MS, 5).unwrap();
    let told = two.record(&findings, &[], 40, COOLDOWN_MS, 6).unwrap();
    assert_eq!((told.raised.len(), told.updated.len()), (0, 1));
    let told = one.record(&findings[25..], &[], 40, COOLDOWN_MS, 7).unwrap();
    assert_eq!(told, Recorded::default());
    assert_eq!(one.anomalies(None, 0, 100).unwrap().len(), 40);
    assert_eq!(one.alerts(10).unwrap()[0].count, 40);
    assert_eq!(two.judged_up_to().unwrap(), Some(40));
    two.record(&[], &[], 10, COOLDOWN_MS, 8).unwrap();
    assert_eq!(one.judged_up_to().unwrap(), Some(40), "the mark never goes back");
}

#[test]
fn anomalies_are_what_the_contract_says() {
    let place = Place::new();
    let mut store = place.open();
    record(&mut store, finding(1, 1_000, 140.0));
    let row: (String, f64, String, String, i64, i64) = place
        .raw()
        .query_row(
            "SELECT metric_name, sample_value, control_limit_type, rule_description, detected_at, severity
             FROM spc_anomalies",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
        )
        .unwrap();
    assert_eq!(row, ("lcp".into(), 140.0, "UCL".into(), "140 is beyond the limit".into(), 1_000, 3));
}

#[test]
fn what_other_programs_leave_out_of_an_anomaly_is_optional() {
    let place = Place::new();
    let store = place.open();
    place
        .raw()
        .execute_batch(
            "INSERT INTO spc_anomalies (metric_name, sample_value, detected_at, severity) VALUES
               ('lcp', 1, 10, NULL), ('lcp', 'high', 11, 3), ('fcp', 2, 12, 9), ('lcp', 3, 5, 2)",
        )
        .unwrap();
    let anomalies = store.anomalies(Some("lcp"), 6, 10).unwrap();
    assert_eq!(anomalies.len(), 1);
    assert_eq!((anomalies[0].severity, anomalies[0].limit_type), (Severity::Info, None));
    let severities: Vec<_> = store.anomalies(None, 0, 2).unwrap().iter().map(|anomaly| anomaly.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Critical], "newest first, no more than asked for");
}

#[test]
fn baselines_replace_those_of_the_same_window() {
    let place = Place::new();
    let mut store = place.open();
    let baseline =
        Baseline { count: 30, mean: 5.0, std_dev: 1.0, min: 3.0, max: 8.0, p50: 5.0, p95: 7.0, p99: 7.5, exact: true };
    let lcp = || "lcp".into();
    store.write_baselines(&[(lcp(), Window::H24, baseline), (lcp(), Window::D7, baseline)], 1).unwrap();
    let newer = Baseline { mean: 6.0, count: 31, ..baseline };
    let endless = Baseline { std_dev: f64::INFINITY, ..baseline };
    store.write_baselines(&[(lcp(), Window::H24, newer), (lcp(), Window::D7, endless)], 2).unwrap();
    store.append(&[sample("lcp", 1, 1.0)], None, 0).unwrap();
    let stored = store.baselines(Some("lcp")).unwrap();
    let seen: Vec<_> =
        stored.iter().map(|row| (row.window.as_str(), row.mean, row.sample_count, row.last_updated_ms)).collect();
    assert_eq!(seen, [("24h", 6.0, 31, 2), ("7d", 5.0, 30, 1)]);
    assert!(store.baselines(Some("fcp")).unwrap().is_empty());
}

#[test]
fn what_the_user_calls_an_alert_is_kept_and_counted() {
    let place = Place::new();
    let mut store = place.open();
    let findings = [1, 2, 3].map(|hour| finding(hour, hour * 3_600_000, 140.0));
    store.record(&findings, &[], 3, COOLDOWN_MS, 5).unwrap();
    let other = Finding { metric: "fcp".into(), ..finding(4, 1_000, 140.0) };
    let id = record(&mut store, other).raised[0].id;
    assert!(store.precision().unwrap().is_empty());
    for (id, label) in [(1, true), (2, false), (3, true), (id, false)] {
        let labelled = store.label(id, Some(label), 77).unwrap().unwrap();
        assert_eq!((labelled.label, labelled.labelled_at_ms), (Some(label), Some(77)));
    }
    let counts = |store: &Store| -> Vec<_> {
        let counted = store.precision().unwrap();
        counted.iter().map(|of| (of.metric.to_string(), of.rule, of.labelled, of.called_true)).collect()
    };
    let rule = Rule::BeyondLimit;
    assert_eq!(counts(&store), [("fcp".to_owned(), rule, 1, 0), ("lcp".to_owned(), rule, 3, 2)]);
    let of_lcp = Precision::among(&store.alerts(10).unwrap(), &"lcp".into(), rule).unwrap();
    assert_eq!(of_lcp.sentence(), "beyond-limit on lcp: 2 of 3 labelled alerts true (67 %)");
    let taken_back = store.label(1, None, 78).unwrap().unwrap();
    assert_eq!((taken_back.label, taken_back.labelled_at_ms), (None, None));
    assert_eq!(counts(&place.open())[1], ("lcp".to_owned(), rule, 2, 1));
    assert_eq!(store.label(99, Some(true), 79).unwrap(), None);
}

#[test]
fn alerts_of_one_metric_since_a_time() {
    let place = Place::new();
    let mut store = place.open();
    for hour in 1..=3 {
        record(&mut store, finding(hour, hour * 3_600_000, 140.0));
    }
    record(&mut store, Finding { metric: "fcp".into(), ..finding(4, 4 * 3_600_000, 140.0) });
    let listed = |metric, since_ms, limit| -> Vec<i64> {
        store.alerts_since(metric, since_ms, limit).unwrap().iter().map(|alert| alert.id).collect()
    };
    assert_eq!(listed(None, 0, 10), [4, 3, 2, 1]);
    assert_eq!(listed(Some("lcp"), 2 * 3_600_000, 10), [3, 2]);
    assert_eq!(listed(Some("lcp"), i64::MAX, 10), [3], "it is open");
    assert_eq!(listed(None, 0, 3), [4, 3, 2]);
}

#[test]
fn an_end_says_how_and_when_by_the_samples() {
    let place = Place::new();
    let mut store = place.open();
    let surprise = |id: i64, at_ms| Finding { rule: Rule::Surprise, ..finding(id, at_ms, 140.0) };
    let over = |sample_id, timestamp_ms, ending| Recovery {
        metric: "lcp".into(),
        rule: Rule::Surprise,
        sample_id,
        timestamp_ms,
        ending,
    };
    // All of it in one stretch of the log, as after a night in which nobody looked.
    let findings =
        [surprise(1, 1_000), Finding { severity: Severity::Warning, ..surprise(3, 61_000) }, surprise(9, 900_000)];
    let recoveries = [over(5, 121_000, Ending::Recovered), over(12, 1_000_000, Ending::NewNormal)];
    store.record(&findings, &recoveries, 12, COOLDOWN_MS, 5_000_000).unwrap();
    let alerts = store.alerts(10).unwrap();
    let seen: Vec<_> = alerts
        .iter()
        .map(|alert| (alert.first.timestamp_ms, alert.ended_ms, alert.ending, alert.count, alert.lasted_ms(i64::MAX)))
        .collect();
    assert_eq!(
        seen,
        [
            (900_000, Some(1_000_000), Some(Ending::NewNormal), 1, 100_000),
            (1_000, Some(121_000), Some(Ending::Recovered), 2, 120_000)
        ]
    );
    assert_eq!(alerts.iter().map(|alert| alert.opened_in_hour).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(alerts[1].severity, Severity::Critical, "severity only rises");
}

/// Whether what is found 5 s after an end is another alert.
#[rstest::rstest]
#[case(Rule::Surprise, 2)]
#[case(Rule::ZScore, 1)]
fn what_comes_soon_after_an_end(#[case] rule: Rule, #[case] alerts: usize) {
    let place = Place::new();
    let mut store = place.open();
    let found = |id: i64, at_ms| Finding { rule, ..finding(id, at_ms, 140.0) };
    let (metric, ending) = ("lcp".into(), Ending::Recovered);
    let over = Recovery { metric, rule, sample_id: 5, timestamp_ms: 20_000, ending };
    store.record(&[found(1, 1_000), found(9, 25_000)], &[over], 9, COOLDOWN_MS, 5_000_000).unwrap();
    let known = store.alerts(10).unwrap();
    assert_eq!((known.len(), known[0].ending, known[0].state), (alerts, None, AlertState::Firing));
}

#[test]
fn a_mute_stands_until_it_ends_or_is_replaced_or_taken_back() {
    let place = Place::new();
    let mut store = place.open();
    store.mute(Some("lcp"), Some(Rule::Stuck), Some(1_000), Some("load test"), 10).unwrap();
    store.mute(Some("lcp"), None, None, None, 20).unwrap();
    store.mute(None, Some(Rule::Silence), Some(5_000), None, 30).unwrap();
    store.mute(Some("lcp"), Some(Rule::Stuck), Some(2_000), Some("longer"), 40).unwrap();
    let seen = |store: &Store, now_ms| -> Vec<_> {
        let mutes = store.mutes(now_ms).unwrap();
        mutes.iter().map(|mute| (mute.metric.as_ref().map(ToString::to_string), mute.rule, mute.until_ms)).collect()
    };
    let lcp = || Some("lcp".to_owned());
    let all = [(lcp(), Some(Rule::Stuck), Some(2_000)), (None, Some(Rule::Silence), Some(5_000)), (lcp(), None, None)];
    assert_eq!(seen(&place.open(), 50), all, "another process, the newest first");
    assert_eq!(store.mutes(50).unwrap()[0].reason.as_deref(), Some("longer"));
    assert_eq!(seen(&store, 2_000), all[1..]);
    assert_eq!(store.unmute(Some("lcp"), Some(Rule::Surprise), 60).unwrap(), 0);
    assert_eq!(store.unmute(Some("lcp"), None, 60).unwrap(), 2);
    assert_eq!(seen(&store, 60), all[1..2]);
    assert_eq!(store.unmute_all(6_000).unwrap(), 0, "it had ended");
    assert_eq!(store.unmute(None, None, 6_000).unwrap(), 0);
}

#[test]
fn an_alert_keeps_why_and_on_which_samples_it_was_raised() {
    let place = Place::new();
    let mut store = place.open();
    let why = |text: &str| Explanation {
        text: text.to_owned(),
        observed: Some(140.0),
        expected: None,
        rarity: Some("highest in 4096 samples".to_owned()),
        samples: 2,
    };
    // A number that a careless reader takes for its neighbour.
    let odd = 121.001_051_301_262_88;
    let first = Finding { explanations: vec![why("far above")], ..finding(1, 1_000_000, odd) };
    let id = record(&mut store, first).raised[0].id;
    let second = finding(2, 1_000_001, 150.0);
    let shared = Finding {
        evidence: vec![point(1_000_000, odd), point(1_000_001, 150.0)],
        explanations: vec![why("farther"), why("a step")],
        ..second
    };
    record(&mut store, shared);
    let account = place.open().account(id).unwrap().unwrap();
    assert_eq!(account.explanations, [why("farther"), why("a step")], "of the newest finding, as the sentence is");
    let evidence = [point(999_999, 0.0), point(1_000_000, odd), point(1_000_001, 150.0)];
    assert_eq!(account.evidence, evidence, "each sample once");
    assert_eq!(account.alert.count, 2);
    for index in 3..=500 {
        record(&mut store, finding(index, 1_000_000 + 2 * index, 140.0));
    }
    let account = store.account(id).unwrap().unwrap();
    assert_eq!((account.evidence.len(), account.evidence[299]), (300, point(1_001_000, 140.0)));
    assert_eq!(store.account(99).unwrap(), None);
}

#[test]
fn the_peak_of_a_surprise_is_that_of_its_samples() {
    let place = Place::new();
    let mut store = place.open();
    let values = [100.0, 140.0, 150.0, 190.0, 60.0, 101.0, 400.0];
    let samples: Vec<_> = (1..).zip(values).map(|(minute, value)| sample("lcp", minute * 60_000, value)).collect();
    store.append(&samples, None, 0).unwrap();
    let found = Finding { rule: Rule::Surprise, ..finding(2, 120_000, 140.0) };
    let (rule, ending) = (Rule::Surprise, Ending::Recovered);
    let over = Recovery { metric: "lcp".into(), rule, sample_id: 6, timestamp_ms: 360_000, ending };
    store.record(&[found], &[over], 7, COOLDOWN_MS, 9_000_000).unwrap();
    let alert = store.alerts(1).unwrap().remove(0);
    assert_eq!((alert.peak_value.to_bits(), alert.peak_ms), (190.0_f64.to_bits(), Some(240_000)));
    assert_eq!(alert.end_sentence(Unit::Milliseconds).unwrap(), "recovered after 4m, peak 190 ms");
}
