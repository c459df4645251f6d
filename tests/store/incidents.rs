//! Alerts that belong together: recorded once, whoever found it out, and kept as long as their alerts.

use perftop::model::Ending;
use perftop::model::{Beginning, ControlLimits, Finding, LimitType, Membership, NewSample, Recovery, Rule, Severity};
use perftop::store::{Store, Ungrouped};

use crate::support::{Place, point, roll_up_all, sample};

const MINUTE_MS: i64 = 60_000;
const NOW_MS: i64 = 1_700_000_000_000;

fn finding(metric: &str, sample_id: i64, minutes_ago: i64) -> Finding {
    let at_ms = NOW_MS - minutes_ago * MINUTE_MS;
    Finding {
        metric: metric.into(),
        rule: Rule::Surprise,
        limit_type: LimitType::Ucl,
        severity: Severity::Warning,
        sample_id,
        evidence: vec![point(at_ms - 2 * MINUTE_MS, 130.0), point(at_ms, 140.0)],
        limits: ControlLimits::new(100.0, 10.0),
        description: "140 is unusual".to_owned(),
        explanations: Vec::new(),
    }
}

fn raise(store: &mut Store, metric: &str, sample_id: i64, minutes_ago: i64) -> i64 {
    store.record(&[finding(metric, sample_id, minutes_ago)], &[], sample_id, 0, NOW_MS).unwrap().raised[0].id
}

fn place_of(alert: &Beginning, incident_id: i64, chance: f64) -> Membership {
    Membership { alert_id: alert.alert_id, incident_id, onset_ms: alert.first_ms - alert.alert_id, chance }
}

/// As if all of them were found to be one incident.
fn as_one(seen: &Ungrouped) -> Vec<Membership> {
    let known = seen.beginnings.iter().filter_map(|alert| alert.incident_id).min();
    let first = seen.beginnings.iter().map(|alert| alert.alert_id).min().unwrap();
    seen.beginnings.iter().map(|alert| place_of(alert, known.unwrap_or(first), 0.25)).collect()
}

#[test]
fn alerts_are_compared_once_with_the_samples_around_them() {
    let place = Place::new();
    let mut store = place.open();
    assert!(store.ungrouped(NOW_MS).unwrap().is_none());
    let series = |metric: &'static str| {
        (0..300).map(move |minute: i64| sample(metric, NOW_MS - minute * MINUTE_MS, 100.0)).collect::<Vec<_>>()
    };
    store.append(&[series("a"), series("b")].concat(), None, NOW_MS).unwrap();
    roll_up_all(&mut store, 100_000);
    let late: [NewSample; 1] = [sample("a", NOW_MS + 1, 101.0)];
    store.append(&late, None, NOW_MS).unwrap();
    raise(&mut store, "a", 1, 3);
    let alone = store.ungrouped(NOW_MS).unwrap().unwrap();
    assert!(alone.beginnings.is_empty(), "one metric is no incident, but it was looked at");
    assert!(store.group(&alone, &[]).unwrap());
    raise(&mut store, "b", 2, 2);

    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    let found: Vec<_> = seen.beginnings.iter().map(|alert| (&*alert.metric, alert.evidence_ms)).collect();
    assert_eq!(found, [("b", NOW_MS - 4 * MINUTE_MS), ("a", NOW_MS - 5 * MINUTE_MS)]);
    let of_a = &seen.beginnings[1].points;
    assert_eq!((of_a[0].timestamp_ms, of_a.last().map(|point| point.value)), (NOW_MS - 65 * MINUTE_MS, Some(101.0)));
    assert!(store.group(&seen, &as_one(&seen)).unwrap());
    assert_eq!(store.ungrouped(NOW_MS).unwrap().unwrap().beginnings.len(), 2, "more samples may show more");
    assert!(store.ungrouped(NOW_MS + 40 * MINUTE_MS).unwrap().is_none(), "what is settled is settled");
}

#[test]
fn of_two_that_decide_at_once_the_first_counts() {
    let place = Place::new();
    let (mut one, mut two) = (place.open(), place.open());
    for (metric, id) in [("a", 1), ("b", 2)] {
        raise(&mut one, metric, id, 3);
    }
    let (first, second) = (one.ungrouped(NOW_MS).unwrap().unwrap(), two.ungrouped(NOW_MS).unwrap().unwrap());
    assert!(one.group(&first, &as_one(&first)).unwrap());
    let alone = [place_of(&second.beginnings[0], 77, 1.0)];
    assert!(!two.group(&second, &alone).unwrap(), "it did not know of that");
    let incidents: Vec<_> =
        two.alerts(10).unwrap().iter().map(|alert| alert.incident.as_ref().map(|incident| incident.id)).collect();
    assert_eq!(incidents, [Some(1), Some(1)]);
}

#[test]
fn a_later_alert_joins_and_the_incident_ends_with_its_last_alert() {
    let place = Place::new();
    let mut store = place.open();
    for (metric, id) in [("a", 1), ("b", 2)] {
        raise(&mut store, metric, id, 9);
    }
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    let both = [place_of(&seen.beginnings[0], 1, 0.03), place_of(&seen.beginnings[1], 1, 0.9)];
    assert!(store.group(&seen, &both).unwrap());
    let third = raise(&mut store, "c", 3, 1);
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    assert_eq!(seen.beginnings.iter().filter(|alert| alert.incident_id == Some(1)).count(), 2);
    assert!(store.group(&seen, &[place_of(&seen.beginnings[0], 1, 0.0)]).unwrap());

    let incident = store.account(third).unwrap().unwrap().alert.incident.unwrap();
    let metrics: Vec<&str> = incident.metrics().into_iter().map(|metric| &**metric).collect();
    assert_eq!((incident.id, metrics), (1, vec!["b", "a", "c"]), "by when they began");
    assert_eq!((incident.origin.as_deref(), incident.is_over()), (Some("b"), false));
    assert!((incident.certainty - 0.9).abs() < 1e-12);

    let over = |metric: &str, sample_id| Recovery {
        metric: metric.into(),
        rule: Rule::Surprise,
        sample_id,
        timestamp_ms: NOW_MS,
        ending: Ending::Recovered,
    };
    store.record(&[], &[over("a", 4), over("b", 5)], 5, 0, NOW_MS).unwrap();
    let open = |store: &Store| store.alerts(10).unwrap()[0].incident.clone().unwrap();
    assert_eq!(open(&store).alerts.iter().map(|alert| alert.is_open).collect::<Vec<_>>(), [false, false, true]);
    store.record(&[], &[over("c", 6)], 6, 0, NOW_MS).unwrap();
    assert!(open(&store).is_over());
}

#[test]
fn an_incident_that_joins_another_goes_whole() {
    let place = Place::new();
    let mut store = place.open();
    for (metric, id) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        raise(&mut store, metric, id, 3);
    }
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    let of = |at: usize, incident_id| place_of(&seen.beginnings[at], incident_id, 0.1);
    store.group(&seen, &[of(0, 1), of(1, 1), of(2, 3), of(3, 3)]).unwrap();
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    // The fourth alert was not among those that were compared.
    let of = |at: usize| place_of(&seen.beginnings[at], 1, 0.1);
    assert!(store.group(&seen, &[of(0), of(1), of(2)]).unwrap());
    let alerts = store.alerts(10).unwrap();
    assert!(alerts.iter().all(|alert| alert.incident.as_ref().unwrap().alerts.len() == 4), "{alerts:?}");
}

#[test]
fn what_is_only_listed_or_long_ago_is_no_part_of_it() {
    let place = Place::new();
    let mut store = place.open();
    let listed = Finding { severity: Severity::Info, ..finding("a", 1, 3) };
    store.record(&[listed, finding("b", 2, 400), finding("c", 3, 3)], &[], 3, 0, NOW_MS).unwrap();
    let all = store.ungrouped(NOW_MS).unwrap().unwrap();
    assert_eq!(all.beginnings.len(), 2, "those that are new are looked at together");
    assert!(store.group(&all, &[]).unwrap());
    let again = store.ungrouped(NOW_MS).unwrap();
    assert!(again.is_none(), "c is young, and b was hours before it: {again:?}");
}

#[test]
fn alerts_that_are_deleted_leave_their_incident() {
    let place = Place::new();
    let mut store = place.open();
    for (metric, id) in [("a", 1), ("b", 2), ("c", 3)] {
        raise(&mut store, metric, id, 3);
    }
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    store.group(&seen, &as_one(&seen)).unwrap();
    place.raw().execute("DELETE FROM perftop_alert WHERE id = 1", []).unwrap();
    let left = store.alerts(10).unwrap()[0].incident.clone().unwrap();
    assert_eq!((left.id, left.alerts.len()), (1, 2));
}

#[test]
fn alerts_of_rules_of_another_program_keep_nobody_from_being_compared() {
    let place = Place::new();
    let mut store = place.open();
    raise(&mut store, "a", 1, 3);
    // More than are looked at in one go.
    let foreign = "WITH RECURSIVE n(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 350)
                   INSERT INTO perftop_alert (metric_name, rule, limit_type, severity, description, first_sample_id, first_ms,
                     first_value, last_ms, last_value, peak_value, count, opened_at, updated_at)
                   SELECT metric_name, 'forecast', limit_type, severity, description, n, first_ms, first_value, last_ms,
                     last_value, peak_value, count, opened_at, updated_at FROM perftop_alert, n";
    place.raw().execute_batch(foreign).unwrap();
    raise(&mut store, "b", 2, 1_000);
    raise(&mut store, "c", 3, 1_000);
    assert!(store.has_ungrouped().unwrap());
    let seen = store.ungrouped(NOW_MS).unwrap().unwrap();
    let metrics: Vec<&str> = seen.beginnings.iter().map(|alert| &*alert.metric).collect();
    assert_eq!((metrics, seen.has_more), (vec!["a", "b", "c"], false));
    assert!(store.group(&seen, &[]).unwrap() && !store.has_ungrouped().unwrap());
}
