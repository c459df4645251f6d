//! Alerts as toasts, the bell, the list, acknowledging.

use rstest::rstest;

use crate::app::testing::{HOUR_MS, START_MS, Session, alert, four_series};
use crate::app::toast::MAX_SHOWN;
use crate::app::{AppOptions, Effect, Event, Notice, Overlay, Tab, ToastKind};
use crate::model::{Alert, AlertState, Command, Ending, MetricName, Mute, Rule, Severity, Window};

fn critical(id: i64) -> Alert {
    alert(id, "db_p99", Severity::Critical, 0)
}

#[rstest]
#[case(Severity::Warning, 8_000)]
#[case(Severity::Info, 4_000)]
fn a_toast_stays_as_long_as_it_matters(#[case] severity: Severity, #[case] lifetime_ms: i64) {
    let mut session = Session::new(AppOptions { toast_severity: Severity::Info, ..AppOptions::default() });
    session.raise(vec![alert(1, "db_p99", severity, 0)]);
    session.wait_ms(lifetime_ms - 1);
    assert_eq!(session.app.toasts.len(), 1);
    session.wait_ms(1);
    assert!(session.app.toasts.is_empty());
}

#[rstest]
#[case::the_list_is_opened("a")]
#[case::acknowledged("A")]
#[case::put_away("esc")]
#[case::put_away_by_its_key("d")]
fn a_critical_toast_stays_until_it_is_seen(#[case] keys: &str) {
    let mut session = Session::with_four();
    session.raise(vec![critical(1)]);
    session.wait_ms(30 * 24 * HOUR_MS);
    assert_eq!(session.app.toasts.len(), 1);
    session.keys(keys);
    assert!(session.app.toasts.is_empty());
}

#[test]
fn one_alert_is_one_toast_however_often_it_is_raised() {
    let mut session = Session::with_four();
    for _ in 0..3 {
        session.raise(vec![critical(1)]);
    }
    let counts: Vec<u64> = session.app.toasts.iter().map(|toast| toast.count).collect();
    assert_eq!(counts, [3]);
}

#[test]
fn quiet_alerts_are_not_toasted() {
    let mut session = Session::with_four();
    assert!(session.raise(vec![alert(1, "db_p99", Severity::Info, 0)]).is_empty());
    assert!(session.app.toasts.is_empty());
}

#[test]
fn the_gravest_and_newest_toasts_are_shown() {
    let mut session = Session::with_four();
    session.raise(vec![critical(1), critical(2)]);
    session.now_ms += 1;
    session.raise(vec![alert(3, "queue_p99", Severity::Warning, 0), critical(4)]);
    let shown: Vec<Option<i64>> = session.app.shown_toasts().iter().map(|toast| toast.alert_id).collect();
    assert_eq!(shown, [Some(4), Some(1), Some(2)]);
    assert_eq!(session.app.toasts.len() - MAX_SHOWN, 1);
}

#[test]
fn more_than_twenty_at_once_become_one_toast() {
    let mut session = Session::with_four();
    session.raise((0..21).map(critical).collect());
    let toast = &session.app.toasts[..];
    assert_eq!((toast.len(), toast[0].count, &*toast[0].text), (1, 21, "at once"));
    assert_eq!(toast[0].kind, ToastKind::Alert(Severity::Critical));
    session.raise((21..42).map(critical).collect());
    assert_eq!((session.app.toasts.len(), session.app.toasts[0].count), (1, 42));
}

#[test]
fn twenty_are_still_worth_their_own_toasts() {
    let mut session = Session::with_four();
    session.raise((0..20).map(critical).collect());
    assert_eq!(session.app.toasts.len(), 20);
}

#[test]
fn history_is_summed_up_and_rings_no_bell() {
    let mut session = Session::with_four();
    let old = |id| alert(id, "db_p99", Severity::Critical, HOUR_MS + 1);
    assert!(session.raise(vec![old(1), old(2), old(3)]).is_empty());
    assert_eq!(session.toast_texts(), ["on older samples"]);
    assert_eq!(session.raise(vec![critical(4)]), [Effect::Bell]);
    assert_eq!(session.app.toasts.len(), 2);
}

#[test]
fn only_so_many_toasts_are_kept() {
    let mut session = Session::with_four();
    for id in 0..100 {
        session.raise(vec![critical(id)]);
    }
    assert_eq!(session.app.toasts.len(), 40);
    assert_eq!(session.app.toasts.last().and_then(|toast| toast.alert_id), Some(99));
}

#[test]
fn the_bell_rings_at_most_every_thirty_seconds() {
    let mut session = Session::with_four();
    assert_eq!(session.raise(vec![critical(1)]), [Effect::Bell]);
    session.wait_ms(29_999);
    assert!(session.raise(vec![critical(2)]).is_empty());
    session.wait_ms(1);
    assert_eq!(session.raise(vec![critical(3)]), [Effect::Bell]);
}

#[test]
fn only_the_pane_that_wrote_the_alert_rings() {
    let mut session = Session::with_four();
    assert!(session.event(Event::Alerts { raised: vec![critical(1)], inserted_here: false }).is_empty());
    assert_eq!(session.app.toasts.len(), 1, "both panes show it");
    assert!(session.raise(vec![alert(2, "db_p99", Severity::Warning, 0)]).is_empty(), "a warning is silent");
    session.app.options.bell = false;
    assert!(session.raise(vec![critical(3)]).is_empty());
}

#[test]
fn acknowledging_names_the_alerts_of_the_toasts() {
    let mut session = Session::with_four();
    session.raise(vec![critical(7), critical(9)]);
    assert_eq!(session.keys("A"), [Effect::Ask(Command::Acknowledge { alert_ids: vec![7, 9] })]);
    assert!(session.keys("A").is_empty());
    assert_eq!(session.toast_texts(), ["no toast to acknowledge; the alert list has them all"]);
}

#[test]
fn a_toast_goes_when_another_pane_has_acknowledged_its_alert() {
    let mut session = Session::with_four();
    session.raise(vec![critical(7), critical(9)]);
    session.show_with(four_series(), vec![Alert { state: AlertState::Acknowledged, ..critical(7) }, critical(9)]);
    let left: Vec<Option<i64>> = session.app.toasts.iter().map(|toast| toast.alert_id).collect();
    assert_eq!(left, [Some(9)]);
}

#[test]
fn the_list_keeps_the_chosen_alert_while_new_ones_come_in_on_top() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![critical(2), critical(1)]);
    session.keys("a j");
    assert_eq!(session.app.selected_alert(), Some(1));
    session.show_with(four_series(), vec![critical(3), critical(2), critical(1)]);
    assert_eq!(session.app.selected_alert(), Some(2));
    assert_eq!(session.keys("A"), [Effect::Ask(Command::Acknowledge { alert_ids: vec![1] })]);
    session.show_with(four_series(), vec![critical(3)]);
    assert_eq!(session.app.selected_alert(), Some(0), "the chosen one has gone");
    session.show_with(four_series(), vec![]);
    assert_eq!(session.app.selected_alert(), None);
    session.keys("j G A y enter");
}

#[test]
fn what_does_not_fire_is_not_acknowledged() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![Alert { state: AlertState::Recovered, ..critical(1) }]);
    assert!(session.keys("a A").is_empty());
    assert_eq!(session.toast_texts(), ["this alert is not firing any more"]);
}

#[test]
fn enter_leads_from_an_alert_to_its_chart() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![alert(1, "queue_p99", Severity::Warning, 60_000)]);
    session.keys("/ d b enter a enter");
    assert_eq!((session.app.tab, session.selected()), (Tab::ControlChart, "queue_p99"));
    assert_eq!(session.app.crosshair_ms, Some(START_MS - 60_000));
    assert_eq!(session.app.range, None, "the window shows it");
    assert_eq!(session.app.filter, "", "a filter that would hide the metric goes");
    assert!(session.app.overlays.is_empty());
}

#[test]
fn an_alert_from_before_the_window_brings_its_own_stretch() {
    let mut session = Session::new(AppOptions { window: Window::H1, ..AppOptions::default() });
    session.show_with(four_series(), vec![alert(1, "db_p99", Severity::Warning, 5 * HOUR_MS)]);
    session.keys("a enter");
    let range = session.app.range.unwrap();
    assert_eq!(range.span_ms(), HOUR_MS);
    assert!(range.contains(START_MS - 5 * HOUR_MS));
}

#[test]
fn notices_gather_and_go() {
    let mut session = Session::with_four();
    let notice = |is_error, text: &str| Event::Notice(Notice { is_error, text: text.to_owned() });
    session.event(notice(false, "copied"));
    session.event(notice(false, "copied"));
    session.event(notice(true, "the disk is full"));
    let shown: Vec<(&str, u64)> = session.app.shown_toasts().iter().map(|toast| (&*toast.text, toast.count)).collect();
    assert_eq!(shown, [("the disk is full", 1), ("copied", 2)]);
    session.wait_ms(4_000);
    assert_eq!(session.toast_texts(), ["the disk is full"]);
    session.wait_ms(4_000);
    assert!(session.app.toasts.is_empty());
}

#[test]
fn an_open_list_closes_with_its_own_key() {
    let mut session = Session::with_four();
    session.keys("a");
    assert!(matches!(session.app.overlays[..], [Overlay::Alerts { .. }]));
    session.keys("a");
    assert!(session.app.overlays.is_empty());
}

#[test]
fn an_alert_is_called_true_or_false_and_the_same_key_takes_it_back() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![critical(2), Alert { label: Some(false), ..critical(1) }]);
    let label = |alert_id, label| [Effect::Ask(Command::Label { alert_id, label })];
    assert_eq!(session.keys("a t"), label(2, Some(true)));
    assert_eq!(session.keys("j f"), label(1, None));
    assert_eq!(session.keys("t"), label(1, Some(true)));
    session.keys("a");
    assert!(session.keys("f").is_empty());
    assert_eq!(session.toast_texts(), ["alerts are called true or false in their list"]);
}

#[test]
fn a_mute_keeps_quiet_until_it_ends_and_the_same_key_ends_it() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![critical(2)]);
    let (metric, rule) = (MetricName::from("db_p99"), Rule::BeyondLimit);
    let until_ms = session.app.now_ms + 2 * HOUR_MS;
    let muted = session.keys("a z");
    assert_eq!(muted, [Effect::Ask(Command::Mute { metric: metric.clone(), rule, until_ms })]);
    let mute = Mute {
        id: 1,
        metric: Some(metric.clone()),
        rule: Some(rule),
        until_ms: Some(until_ms),
        reason: None,
        created_at_ms: START_MS,
    };
    session.raise(vec![critical(2)]);
    session.show_muted(vec![critical(2)], vec![mute.clone()]);
    assert!(session.app.toasts.is_empty(), "muted in this or another pane");
    assert_eq!(session.app.wanting().count(), 0);
    let others = [
        Mute { id: 2, rule: Some(Rule::Stuck), ..mute.clone() },
        Mute { id: 3, rule: None, until_ms: None, ..mute.clone() },
        Mute { id: 4, metric: Some("another".into()), ..mute.clone() },
    ];
    assert_eq!(session.keys("z"), [Effect::Ask(Command::Unmute { mute_ids: vec![1] })]);
    session.show_muted(vec![critical(2)], [vec![mute.clone()], others.to_vec()].concat());
    assert_eq!(
        session.keys("z"),
        [Effect::Ask(Command::Unmute { mute_ids: vec![1, 3] })],
        "those of it, and no others"
    );
    assert!(session.app.next_deadline_ms().is_some_and(|at_ms| at_ms <= until_ms));
    session.show_muted(vec![critical(2)], vec![Mute { metric: None, ..mute }]);
    assert!(session.keys("z").is_empty());
    assert_eq!(session.toast_texts(), ["every metric is muted: `perftop unmute --all` ends it"]);
    session.wait_ms(2 * HOUR_MS);
    assert_eq!(session.app.wanting().count(), 1, "it has ended by the clock");
}

#[test]
fn the_samples_of_an_alert_are_marked_until_something_else_is_looked_at() {
    for away in ["esc", "m", "1", "j"] {
        let mut session = Session::with_four();
        session.show_with(four_series(), vec![critical(7)]);
        session.keys("a enter");
        assert_eq!(session.app.view_request().alert_id, Some(7));
        session.keys(away);
        assert_eq!(session.app.view_request().alert_id, None, "{away}");
    }
}

fn over(id: i64) -> Alert {
    let ended_ms = Some(START_MS + 42 * 60_000);
    Alert { state: AlertState::Recovered, ending: Some(Ending::Recovered), ended_ms, ..critical(id) }
}

#[test]
fn the_end_of_an_alert_is_one_calm_word() {
    let mut session = Session::with_four();
    session.raise(vec![critical(1), critical(2)]);
    session.event(Event::Ended(vec![over(1), Alert { severity: Severity::Info, ..over(3) }]));
    let said: Vec<_> = session.app.toasts.iter().map(|toast| (toast.kind, toast.alert_id)).collect();
    let calm = (ToastKind::Over, Some(1));
    assert_eq!(said, [(ToastKind::Alert(Severity::Critical), Some(2)), calm], "the first toast goes, info is not told");
    assert_eq!(session.app.toasts[1].text, "recovered after 42m, peak 812 ms");
    session.wait_ms(8_000);
    assert_eq!(session.app.toasts.len(), 1);
    session.event(Event::Ended(vec![Alert { ending: Some(Ending::NewNormal), ..over(2) }]));
    assert_eq!(session.toast_texts(), ["the new normal after 42m, peak 812 ms"]);
}

#[test]
fn what_ended_long_ago_is_history() {
    let mut session = Session::with_four();
    let long_ago = alert(1, "db_p99", Severity::Critical, 9 * HOUR_MS);
    let ended_ms = Some(START_MS - 8 * HOUR_MS);
    session.event(Event::Ended(vec![Alert { state: AlertState::Recovered, ended_ms, ..long_ago }]));
    assert!(session.app.toasts.is_empty());
}

#[test]
fn an_alert_that_comes_and_goes_has_one_notice() {
    let mut session = Session::with_four();
    for nth in 1..=6 {
        let opened_in_hour = u32::try_from(nth).unwrap();
        let severity = Severity::Warning;
        session.raise(vec![Alert { severity, opened_in_hour, ..critical(nth) }]);
        let said = session.toast_texts().len();
        match nth {
            1..=3 => assert_eq!(said, 1),
            4 => assert!(session.toast_texts()[0].starts_with("comes and goes, 4 times within an hour; quiet")),
            _ => assert_eq!(said, 0, "it was told"),
        }
        session.event(Event::Ended(vec![Alert { severity, opened_in_hour, ..over(nth) }]));
        assert_eq!(session.toast_texts().len(), usize::from(nth <= 3), "nor of its ends");
        session.keys("d");
    }
    assert_eq!(session.raise(vec![Alert { opened_in_hour: 7, ..critical(7) }]), [Effect::Bell], "but for grave ones");
    assert_eq!(session.toast_texts().len(), 1);
}
