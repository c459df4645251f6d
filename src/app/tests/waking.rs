//! When the dashboard asks to be woken up. Between these moments an idle pane costs nothing.

use crate::app::AppOptions;
use crate::app::testing::{HOUR_MS, START_MS, Session, alert, four_series};
use crate::model::Severity;

#[test]
fn an_empty_dashboard_sleeps_for_ever() {
    assert_eq!(Session::new(AppOptions::default()).app.next_deadline_ms(), None);
}

#[test]
fn an_idle_dashboard_wakes_when_the_age_of_the_newest_sample_reads_differently() {
    let mut session = Session::with_four();
    let mut wakes = 0;
    let end_ms = session.now_ms + 24 * HOUR_MS;
    while let Some(deadline_ms) = session.app.next_deadline_ms().filter(|&deadline_ms| deadline_ms < end_ms) {
        session.now_ms = deadline_ms;
        session.event(crate::app::Event::Wake);
        wakes += 1;
    }
    assert_eq!(wakes, 60 + 23, "every minute of the first hour, then every hour");
}

#[test]
fn toasts_and_open_lists_and_banners_have_their_own_deadlines() {
    let mut session = Session::with_four();
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 30_000));
    session.raise(vec![alert(1, "db_p99", Severity::Warning, 0)]);
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 8_000));
    session.show_with(four_series(), vec![alert(1, "db_p99", Severity::Warning, 50_000)]);
    session.keys("a");
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 10_000));
    session.keys("q");
    session.now_ms += 20_000;
    session.keys("space");
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 30_000));
    session.wait_ms(30_000);
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 80_000), "the banner counts minutes");
}

#[test]
fn a_clock_that_stands_or_runs_backwards_does_not_keep_the_loop_awake() {
    let mut session = Session::with_four();
    for now_ms in [START_MS - HOUR_MS, i64::MIN, i64::MAX - 1] {
        session.now_ms = now_ms;
        session.event(crate::app::Event::Wake);
        assert!(session.app.next_deadline_ms().is_none_or(|deadline_ms| deadline_ms > now_ms), "{now_ms}");
    }
}

#[test]
fn the_age_of_an_alert_in_the_table_is_a_deadline() {
    let mut session = Session::with_four();
    let mut series = four_series();
    series[1].alert_since_ms = Some(START_MS - 10_000);
    series[3].alert_since_ms = Some(START_MS - 5_000);
    session.show(series);
    let newest_ms = START_MS + 30_000;
    assert_eq!(session.app.next_deadline_ms(), Some(newest_ms), "the newest sample is older");
    session.wait_ms(30_000);
    assert_eq!(session.app.next_deadline_ms(), Some(START_MS + 50_000));
}
