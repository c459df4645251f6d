//! Runs that are unlike those before them.

use std::sync::Arc;

use crate::app::testing::{START_MS, Session, alert, four_series};
use crate::app::{Event, ToastKind};
use crate::model::{ERROR_PERCENT, FAILURES_IN_A_ROW, Mute, RunAnomaly, RunRule, Severity, Snapshot, measure};

fn anomaly(run_id: i64, metric: &str, rule: RunRule) -> RunAnomaly {
    RunAnomaly {
        run_id,
        module: "build".into(),
        metric: metric.into(),
        rules: vec![rule],
        value: 148_000.0,
        average: Some(100_000.0),
        deviation_percent: Some(48.0),
        threshold_percent: Some(25.0),
        limit: 125_000.0,
        at_ms: START_MS - 60_000,
    }
}

fn slow(run_id: i64) -> RunAnomaly {
    anomaly(run_id, measure::DURATION, RunRule::Deviation)
}

/// The engine sends a picture with these.
fn show(session: &mut Session, unusual: Vec<RunAnomaly>) {
    let picture = Snapshot { unusual_runs: unusual.into(), ..session.picture(four_series(), Vec::new()) };
    session.event(Event::Snapshot(Arc::new(picture)));
}

#[test]
fn a_run_that_is_unusual_is_toasted_once_until_it_is_over() {
    let mut session = Session::with_four();
    show(&mut session, vec![slow(7)]);
    show(&mut session, vec![slow(7)]);
    assert_eq!(session.toast_texts(), ["148 s is 48 % above the mean of the 5 runs before (100 s), more than 25 %"]);
    let toast = &session.app.toasts[0];
    assert_eq!((toast.kind, toast.metric.as_deref()), (ToastKind::Alert(Severity::Warning), Some("build.duration_ms")));
    assert!(!toast.is_summary());
    assert_eq!(session.app.attention_count(), 1);
    session.keys("A");
    assert_eq!((session.toast_texts(), session.app.attention_count()), (vec![], 1), "seen, and unusual all the same");
    show(&mut session, Vec::new());
    assert_eq!((session.toast_texts(), session.app.attention_count()), (vec![], 0));
}

#[test]
fn what_was_unusual_before_the_start_or_long_ago_is_counted_and_not_toasted() {
    let mut session = Session::new(crate::app::AppOptions::default());
    show(&mut session, vec![slow(7)]);
    let old = RunAnomaly { at_ms: START_MS - 2 * 3_600_000, ..slow(8) };
    show(&mut session, vec![old, slow(7)]);
    assert_eq!((session.toast_texts(), session.app.attention_count()), (vec![], 2));
}

#[test]
fn what_is_muted_or_alerted_of_anyway_wants_no_attention_of_its_own() {
    let mut session = Session::with_four();
    let mute = Mute {
        id: 1,
        metric: Some("build.duration_ms".into()),
        rule: None,
        until_ms: None,
        reason: None,
        created_at_ms: START_MS - 1,
    };
    let unusual: Arc<[RunAnomaly]> = vec![slow(7)].into();
    let picture = session.picture(four_series(), Vec::new());
    let muted = Snapshot { unusual_runs: Arc::clone(&unusual), mutes: vec![mute].into(), ..picture };
    session.event(Event::Snapshot(Arc::new(muted)));
    assert_eq!((session.toast_texts(), session.app.attention_count()), (vec![], 0));
    let alerts = vec![alert(1, "build.duration_ms", Severity::Warning, 0)];
    let alerted = Snapshot { unusual_runs: unusual, ..session.picture(four_series(), alerts) };
    session.event(Event::Snapshot(Arc::new(alerted)));
    assert_eq!((session.toast_texts(), session.app.attention_count()), (vec![], 1), "the alert");
}

#[test]
fn what_is_counted_over_runs_is_shown_at_their_success() {
    let streak = anomaly(7, FAILURES_IN_A_ROW, RunRule::BlockerStreak);
    let mut session = Session::with_four();
    show(&mut session, vec![streak, anomaly(7, ERROR_PERCENT, RunRule::ErrorSpike), slow(6)]);
    let shown = |metric: &str| session.app.unusual_runs_of(metric).count();
    assert_eq!((shown("build.success"), shown("build.duration_ms"), shown("build")), (2, 1, 0));
    assert_eq!(session.app.unusual_runs_from(Severity::Critical).count(), 1, "the streak");
    let mute = |metric: &str| Mute {
        id: 1,
        metric: Some(metric.into()),
        rule: None,
        until_ms: None,
        reason: None,
        created_at_ms: START_MS - 1,
    };
    let shown = session.app.snapshot.clone().unwrap();
    for (metric, left) in [("build.success", 1), ("build.failures_in_a_row", 2)] {
        let muted = Snapshot { mutes: vec![mute(metric)].into(), ..Snapshot::clone(&shown) };
        session.event(Event::Snapshot(Arc::new(muted)));
        assert_eq!(session.app.attention_count(), left, "{metric}");
    }
}
