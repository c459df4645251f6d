//! Windows, zoom, pan, crosshair, violations, freeze.

use std::sync::Arc;

use rstest::rstest;

use crate::app::testing::{HOUR_MS, START_MS, Session, alert, four_series};
use crate::app::{AppOptions, Effect, Event, Tab};
use crate::model::{Point, Severity, Snapshot, SpcChart, Subject, TimeRange, ViewRequest, Window};

const MINUTE_MS: i64 = 60_000;

/// The control chart of `db_p99` over the last hour.
fn charting() -> Session {
    let mut session = Session::new(AppOptions { tab: Tab::ControlChart, window: Window::H1, ..AppOptions::default() });
    session.show(four_series());
    session.answer();
    session
}

fn minutes_ago(session: &Session) -> Option<i64> {
    session.app.crosshair_ms.map(|at_ms| (START_MS - at_ms) / MINUTE_MS)
}

#[rstest]
#[case("w", Window::D7)]
#[case("]", Window::D7)]
#[case("[", Window::H6)]
#[case("] ] ] ] ]", Window::All)]
#[case("[ [ [ [", Window::H1)]
#[case("w w w w", Window::H1)]
fn windows_are_stepped_through(#[case] keys: &str, #[case] window: Window) {
    let mut session = Session::with_four();
    session.keys(keys);
    assert_eq!(session.app.window, window);
    assert_eq!(session.app.view_request().window, window);
}

#[test]
fn control_charts_are_stepped_through_where_there_is_one() {
    let mut session = charting();
    for chart in [SpcChart::Individuals, SpcChart::MovingRange, SpcChart::Ewma, SpcChart::Cusum, SpcChart::Baseline] {
        let effects = session.keys("c");
        let asked = ViewRequest { window: Window::H1, focus: Some("db_p99".into()), chart, ..ViewRequest::default() };
        assert_eq!(effects, [Effect::View(asked)]);
    }
    session.keys("c 3");
    assert_eq!((session.app.spc, session.app.view_request().chart), (SpcChart::Individuals, SpcChart::Baseline));
    session.keys("c enter c");
    assert_eq!(session.app.spc, SpcChart::Individuals, "a course of values is no control chart");
    session.keys("2 r");
    let asked = session.app.view_request();
    assert_eq!((asked.chart, asked.on), (SpcChart::Individuals, Subject::Raw));
    session.keys("r 3 r");
    assert_eq!((session.app.spc_on, session.app.view_request().on), (Subject::Residuals, Subject::Raw));
}

#[test]
fn zooming_in_keeps_the_newest_and_out_leads_back() {
    let mut session = charting();
    let effects = session.keys("+");
    let range = TimeRange { from_ms: START_MS + 1 - HOUR_MS / 2, until_ms: START_MS + 1 };
    let asked =
        ViewRequest { window: Window::H1, focus: Some("db_p99".into()), range: Some(range), ..ViewRequest::default() };
    assert_eq!(effects, [Effect::View(asked)]);
    session.keys("-");
    assert_eq!(session.app.range, None, "the whole window follows now again");
    session.keys("+ + + 0");
    assert_eq!(session.app.range, None);
}

#[test]
fn zooming_in_keeps_the_crosshair_where_it_is_on_the_screen() {
    let mut session = charting();
    session.keys("x N");
    let at_ms = session.app.crosshair_ms.unwrap();
    let share = |range: TimeRange| (at_ms - range.from_ms) as f64 / range.span_ms() as f64;
    let before = share(session.app.visible_range());
    session.keys("+ +");
    let after = share(session.app.visible_range());
    assert!((before - after).abs() < 1e-3, "{before} became {after}");
}

#[test]
fn zooming_in_stops_at_a_second() {
    let mut session = charting();
    for _ in 0..40 {
        session.keys("+");
    }
    assert_eq!(session.app.range.map(|range| range.span_ms()), Some(1_000));
}

#[test]
fn panning_goes_back_by_quarters_and_forward_up_to_now() {
    let mut session = charting();
    session.keys("h h");
    assert_eq!(session.app.range.map(|range| START_MS + 1 - range.until_ms), Some(HOUR_MS / 2));
    session.keys("l l");
    assert_eq!(session.app.range, None);
    session.keys("l l l");
    assert_eq!(session.app.range, None, "there is nothing after now");
}

#[test]
fn panning_a_zoomed_view_stops_at_now_without_losing_the_zoom() {
    let mut session = charting();
    session.keys("+ h l l l");
    assert_eq!(session.app.range, Some(TimeRange { from_ms: START_MS + 1 - HOUR_MS / 2, until_ms: START_MS + 1 }));
}

#[test]
fn panning_stops_where_the_chart_is_empty() {
    let mut session = charting();
    session.keys("h");
    let range = session.app.range.unwrap();
    let mut picture = session.picture(four_series(), Vec::new());
    let empty = crate::model::ChartData { points: Vec::new(), range, ..crate::app::testing::chart("db_p99") };
    picture.chart = Some(empty.into());
    session.event(crate::app::Event::Snapshot(picture.into()));
    session.keys("h");
    assert_eq!(session.app.range, Some(range));
    assert_eq!(session.toast_texts(), ["no samples farther back"]);
}

#[test]
fn the_crosshair_steps_from_sample_to_sample() {
    let mut session = charting();
    session.keys("x");
    assert_eq!(minutes_ago(&session), Some(1), "the newest sample");
    session.keys("h h left");
    assert_eq!(minutes_ago(&session), Some(4));
    session.keys("l");
    assert_eq!(minutes_ago(&session), Some(3));
    session.keys("g g");
    assert_eq!(minutes_ago(&session), Some(60));
    session.keys("G");
    assert_eq!(minutes_ago(&session), Some(1));
    session.keys("x");
    assert_eq!(session.app.crosshair_ms, None);
}

#[test]
fn the_crosshair_pushes_the_view_on_where_the_samples_end() {
    let mut session = charting();
    session.keys("g g h");
    assert_eq!(session.app.range.map(|range| START_MS + 1 - range.until_ms), Some(HOUR_MS / 4));
}

#[test]
fn violations_are_stepped_through_from_the_newest() {
    let mut session = charting();
    session.keys("n");
    assert_eq!(minutes_ago(&session), Some(10));
    session.keys("N");
    assert_eq!(minutes_ago(&session), Some(50));
    session.keys("N");
    assert_eq!(session.toast_texts(), ["no earlier violation"]);
    session.keys("n n");
    assert_eq!(minutes_ago(&session), Some(10));
    assert_eq!(session.toast_texts(), ["no earlier violation", "no later violation"]);
}

#[test]
fn another_metric_takes_the_crosshair_away() {
    let mut session = charting();
    session.keys("x m");
    assert_eq!((session.selected(), session.app.crosshair_ms), ("queue_p99", None));
}

#[test]
fn a_frozen_view_stands_still_while_alerts_come_in() {
    let mut session = Session::with_four();
    session.keys("space");
    session.show(vec![crate::app::testing::series("new", 1.0, crate::model::Status::Ok)]);
    assert_eq!(session.row_names().len(), 4);
    session.raise(vec![alert(1, "db_p99", Severity::Critical, 0)]);
    assert_eq!(session.app.toasts.len(), 1);
    assert_eq!(session.app.frozen.as_ref().map(|frozen| frozen.alerts_since), Some(1));
    session.keys("space");
    assert_eq!(session.row_names(), ["new"], "thawing jumps to now");
}

#[test]
fn a_frozen_chart_asks_for_the_frozen_stretch_of_other_metrics() {
    let mut session = charting();
    let frozen = session.app.visible_range();
    session.keys("space");
    session.now_ms += 10 * MINUTE_MS;
    let effects = session.keys("m");
    let asked = ViewRequest {
        window: Window::H1,
        focus: Some("queue_p99".into()),
        range: Some(frozen),
        ..ViewRequest::default()
    };
    assert_eq!(effects, [Effect::View(asked)]);
    assert!(session.app.chart().is_none(), "the chart of another metric is not shown under this name");
    session.answer();
    assert_eq!(session.app.chart().map(|chart| chart.range), Some(frozen));
    assert!(session.app.frozen.is_some());
}

#[test]
fn another_window_is_frozen_in_its_turn() {
    let mut session = Session::with_four();
    session.keys("space w");
    session.now_ms += MINUTE_MS;
    session.show(vec![crate::app::testing::series("new", 1.0, crate::model::Status::Ok)]);
    assert_eq!(session.row_names(), ["new"]);
    session.show(four_series());
    assert_eq!(session.row_names(), ["new"]);
    assert_eq!(session.app.frozen.as_ref().map(|frozen| frozen.since_ms), Some(session.now_ms));
}

#[test]
fn nothing_can_be_frozen_before_the_first_picture() {
    let mut session = Session::new(AppOptions::default());
    session.keys("space");
    assert!(session.app.frozen.is_none());
    assert_eq!(session.toast_texts(), ["nothing to freeze yet"]);
}

#[rstest]
#[case(i64::MIN)]
#[case(i64::MAX)]
#[case(0)]
fn no_instant_is_too_far(#[case] now_ms: i64) {
    for window in Window::EVERY {
        let mut session = Session::new(AppOptions { tab: Tab::ControlChart, window, ..AppOptions::default() });
        session.now_ms = now_ms;
        session.show(four_series());
        session.answer();
        session.keys("+ + h h h l l l l - - - x h h l + space m n N 0 - w w w space");
        session.raise(vec![alert(1, "db_p99", Severity::Critical, 0)]);
        assert!(session.app.next_deadline_ms().is_none_or(|deadline_ms| deadline_ms > now_ms));
    }
}

#[test]
fn an_axis_of_samples_is_zoomed_by_samples() {
    let mut session = charting();
    session.keys("o");
    assert!(session.app.by_count);
    let shown = |session: &Session| {
        let range = session.app.visible_range();
        session.app.chart().unwrap().points.iter().filter(|point| range.contains(point.timestamp_ms)).count()
    };
    let counts: Vec<usize> = (0..8)
        .map(|_| {
            session.keys("+");
            shown(&session)
        })
        .collect();
    assert_eq!(counts, [30, 15, 8, 4, 2, 1, 1, 1]);
    session.keys("0 x N");
    let at_ms = session.app.crosshair_ms.unwrap();
    session.keys("+");
    let range = session.app.visible_range();
    assert!(range.contains(at_ms) && shown(&session) == 30, "{range:?}");
    session.keys("o");
    assert!(!session.app.by_count && session.app.range == Some(range), "the stretch on screen stays");
}

#[test]
fn where_there_is_no_chart_nothing_is_counted() {
    let mut session = Session::with_four();
    session.keys("o");
    assert_eq!((session.app.by_count, session.toast_texts()), (false, vec!["no chart here"]));
}

#[test]
fn the_crosshair_goes_through_samples_of_one_time_one_by_one() {
    let mut session = charting();
    let shown = session.app.snapshot.clone().unwrap();
    let mut chart = shown.chart.as_deref().unwrap().clone();
    for (point, value) in chart.points.iter_mut().zip(0..) {
        *point = Point { timestamp_ms: START_MS - 1_000 * i64::from(value / 5), value: f64::from(value) };
    }
    chart.points.sort_by_key(|point| point.timestamp_ms);
    let values: Vec<f64> = chart.points.iter().map(|point| point.value).collect();
    session.event(Event::Snapshot(Arc::new(Snapshot { chart: Some(Arc::new(chart)), ..Snapshot::clone(&shown) })));
    let under = |session: &Session| session.app.crosshair_point().map(|point| point.value);
    session.keys("x");
    let back: Vec<f64> = (0..values.len())
        .filter_map(|_| {
            let value = under(&session);
            session.keys("h");
            value
        })
        .collect();
    assert_eq!(back, values.iter().rev().copied().collect::<Vec<_>>());
    session.keys("home l");
    assert_eq!(under(&session), Some(values[1]));
}
