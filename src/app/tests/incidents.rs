//! Alerts that belong together: one toast, one place in the list, one word at their end.

use std::sync::Arc;

use crate::app::testing::{HOUR_MS, START_MS, Session, alert, four_series};
use crate::app::{Effect, Event, ToastKind};
use crate::model::{
    Alert, AlertState, Attention, Command, Companion, Ending, Incident, MetricBook, MetricSettings, Rule, Severity,
    Tally, by_priority,
};

const NAMES: [&str; 4] = ["api_latency", "queue_p99", "db_p99", "cache_hits"];

/// The incident of the first so many alerts, of which those from `open` on go on.
fn incident(count: i64, open: i64) -> Arc<Incident> {
    let companion = |(alert_id, metric): (i64, &str)| Companion {
        alert_id,
        metric: metric.into(),
        rule: Rule::TwoOfThree,
        onset_ms: START_MS - 42 * 60_000 + alert_id,
        is_open: alert_id >= open,
    };
    let alerts = (1..=count).zip(NAMES.into_iter().cycle()).map(companion).collect();
    Arc::new(Incident::new(1, 0.964, alerts))
}

/// Warnings in an incident of so many.
fn together(ids: std::ops::RangeInclusive<i64>, count: i64) -> Vec<Alert> {
    let of = |id: i64| {
        let name = NAMES[(id - 1) as usize % NAMES.len()];
        Alert { incident: Some(incident(count, 0)), ..alert(id, name, Severity::Warning, 0) }
    };
    ids.map(of).collect()
}

fn alone(id: i64) -> Alert {
    Alert { incident: None, ..together(id..=id, 1).remove(0) }
}

fn seen(session: &Session) -> Vec<(ToastKind, &str)> {
    session.app.toasts.iter().map(|toast| (toast.kind, &*toast.text)).collect()
}

const WARNING: ToastKind = ToastKind::Alert(Severity::Warning);

#[test]
fn metrics_that_break_together_are_one_toast() {
    let mut session = Session::with_four();
    session.raise(together(1..=3, 3));
    assert_eq!(seen(&session), [(WARNING, "api_latency first (96 %), then queue_p99, db_p99")]);
    assert_eq!(session.keys("A"), [Effect::Ask(Command::Acknowledge { alert_ids: vec![1, 2, 3] })]);
    assert!(session.app.toasts.is_empty());
}

#[test]
fn however_many_alerts_an_incident_has_it_is_no_burst() {
    let mut session = Session::with_four();
    session.raise(together(1..=30, 30));
    assert_eq!(seen(&session).len(), 1);
    assert!(session.app.toasts[0].incident.is_some());
}

#[test]
fn a_later_alert_updates_the_toast_and_keeps_it_longer() {
    let mut session = Session::with_four();
    session.raise(together(1..=2, 2));
    session.wait_ms(7_000);
    let critical = Alert { severity: Severity::Critical, ..together(3..=3, 3).remove(0) };
    assert_eq!(session.raise(vec![critical]), [Effect::Bell]);
    let grave = ToastKind::Alert(Severity::Critical);
    assert_eq!(seen(&session), [(grave, "api_latency first (96 %), then queue_p99, db_p99")]);
    session.wait_ms(HOUR_MS);
    assert_eq!(seen(&session).len(), 1, "one of them is critical");
}

#[test]
fn toasts_of_alerts_that_turn_out_to_belong_together_become_one() {
    let mut session = Session::with_four();
    session.raise(vec![alone(1)]);
    session.now_ms += 1_000;
    session.raise(vec![alone(2), alone(4)]);
    assert_eq!(seen(&session).len(), 3);
    session.show_with(four_series(), together(1..=2, 2));
    assert_eq!(session.toast_texts().len(), 2);
    assert_eq!(session.toast_texts()[1], "api_latency first (96 %), then queue_p99");
    session.wait_ms(7_999);
    assert_eq!(session.toast_texts().len(), 2, "as long as the younger of both");
    session.wait_ms(1);
    assert!(session.app.toasts.is_empty());
}

#[test]
fn the_toast_goes_when_all_of_it_is_known() {
    let mut session = Session::with_four();
    session.raise(together(1..=2, 2));
    let mut alerts = together(1..=2, 2);
    alerts[0].state = AlertState::Acknowledged;
    session.show_with(four_series(), alerts.clone());
    assert_eq!(session.app.toasts.len(), 1);
    alerts[1].state = AlertState::Acknowledged;
    session.show_with(four_series(), alerts);
    assert!(session.app.toasts.is_empty());
}

#[test]
fn alerts_are_counted_and_ordered_alike_wherever_they_are_shown() {
    let mut session = Session::with_four();
    let mut alerts = together(1..=3, 3);
    alerts[0].state = AlertState::Acknowledged;
    alerts.extend([
        alert(7, "newest", Severity::Warning, 0),
        alert(8, "gravest", Severity::Critical, 0),
        alert(9, "listed", Severity::Info, 0),
    ]);
    by_priority(&mut alerts, |_| false, START_MS);
    session.show_with(four_series(), alerts.clone());
    let wanting: Vec<i64> = session.app.wanting().map(|alert| alert.id).collect();
    let attention = Attention { from: Severity::Warning, mutes: &[], now_ms: START_MS };
    alerts.retain(|alert| attention.is_wanted_by(alert));
    assert_eq!(wanting, alerts.iter().map(|alert| alert.id).collect::<Vec<_>>(), "in the dashboard and elsewhere");
    assert_eq!((wanting.len(), wanting[0]), (4, 8), "neither what is known nor what is only listed");
    let tally = Tally::of(session.app.wanting());
    assert_eq!(tally, Tally { alerts: 4, incidents: 1 }, "an alert alone is no incident");
    assert_eq!(tally.with_incidents("4 anomalies"), "4 anomalies, 1 incident");
    assert_eq!(Tally { alerts: 1, incidents: 0 }.with_incidents("1 anomaly"), "1 anomaly");
}

#[test]
fn acknowledging_a_row_of_an_incident_acknowledges_all_of_it() {
    let mut session = Session::with_four();
    let mut alerts = together(1..=3, 4);
    alerts[1].state = AlertState::Acknowledged;
    alerts.push(alert(9, "alone", Severity::Warning, 0));
    session.show_with(four_series(), alerts.clone());
    let all = [Effect::Ask(Command::Acknowledge { alert_ids: vec![1, 3, 4] })];
    assert_eq!(session.keys("a A"), all, "those that fire, also the one that the list has no room for");
    assert_eq!(session.keys("j A"), all, "from the row of one that is known, too");
    assert_eq!(session.keys("j j A"), [Effect::Ask(Command::Acknowledge { alert_ids: vec![9] })], "and no other");
    for alert in &mut alerts[..3] {
        alert.state = AlertState::Acknowledged;
        alert.incident = Some(incident(3, 0));
    }
    session.show_with(four_series(), alerts);
    assert!(session.keys("k A").is_empty());
    assert_eq!(session.toast_texts(), ["this alert is not firing any more"]);
}

#[test]
fn an_incident_is_over_with_its_last_alert_and_that_is_said_once() {
    let over = |id: i64, open: i64| Alert {
        state: AlertState::Recovered,
        ending: Some(Ending::Recovered),
        ended_ms: Some(START_MS),
        incident: Some(incident(3, open)),
        ..alone(id)
    };
    let mut session = Session::with_four();
    session.raise(together(1..=3, 3));
    session.event(Event::Ended(vec![over(1, 2)]));
    assert_eq!(seen(&session).len(), 1, "it goes on");
    assert_eq!(seen(&session)[0].0, WARNING);
    session.event(Event::Ended(vec![over(2, 4), over(3, 4)]));
    assert_eq!(seen(&session), [(ToastKind::Over, "3 metrics moved together: over after 41m 59s")]);
}

#[test]
fn where_the_origin_is_open_that_is_said() {
    let unsure = Incident { origin: None, ..Incident::new(1, 0.2, incident(2, 0).alerts.to_vec()) };
    assert_eq!(unsure.sentence(), "which was first cannot be told: api_latency, queue_p99");
    assert_eq!(unsure.summary().split(':').next(), Some("incident 1"));
    let silent = |companion: &Companion| Companion { rule: Rule::Silence, ..companion.clone() };
    let silent = Incident::new(1, 0.2, incident(2, 0).alerts.iter().map(silent).collect());
    assert_eq!(silent.title(), "2 metrics fell silent together");
    let sure = Incident::new(1, 1.0, incident(2, 0).alerts.to_vec());
    assert_eq!(sure.percent(), "99 %", "no more than could be known");
}

#[test]
fn what_is_most_urgent_comes_first_and_incidents_stay_together() {
    let far = |id: i64, metric: &str, severity, sds: f64, age_ms| {
        let alert = alert(id, metric, severity, age_ms);
        Alert { peak_value: alert.limits.at(sds), ..alert }
    };
    let warning = Severity::Warning;
    let mut alerts = vec![
        far(20, "small", warning, 4.1, HOUR_MS),
        far(21, "felt", warning, 4.0, 0),
        far(22, "old", warning, 5.0, 3 * HOUR_MS),
        far(23, "large", warning, 40.0, 0),
        Alert {
            state: AlertState::Recovered,
            updated_at_ms: START_MS + 1,
            ..far(24, "over", Severity::Critical, 9.0, 0)
        },
        far(25, "listed", Severity::Info, 90.0, 0),
        far(26, "grave", Severity::Critical, 4.0, 0),
    ];
    let mut members = together(1..=3, 3);
    members[2].severity = Severity::Critical;
    members[2].peak_value = 10_000.0;
    members[0].state = AlertState::Recovered;
    alerts.extend(members);
    let felt = MetricSettings { is_user_facing: true, ..MetricSettings::default() };
    let book = MetricBook::new([("felt".to_owned(), felt)].into(), Vec::new());
    let order = |alerts: &mut Vec<Alert>| {
        by_priority(alerts, |metric| book.is_user_facing(metric), START_MS);
        alerts.iter().map(|alert| alert.id).collect::<Vec<_>>()
    };
    let expected = [2, 3, 1, 26, 23, 21, 22, 20, 25, 24];
    assert_eq!(order(&mut alerts), expected);
    alerts.reverse();
    assert_eq!(order(&mut alerts), expected, "however they came");
}
