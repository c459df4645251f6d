//! A metric taken apart by its tags, and whole again.

use std::sync::Arc;

use proptest::prelude::*;
use rstest::rstest;

use crate::app::testing::{Session, alert};
use crate::app::{AppOptions, Effect, Event, SortColumn, Tab};
use crate::model::{Grouping, Severity, Split, SplitRequest, ViewRequest};

/// `api_latency` is chosen and taken apart.
fn apart() -> Session {
    let mut session = Session::with_four();
    session.keys("/ a p i enter b");
    session.answer();
    session
}

fn by(session: &Session) -> String {
    session.app.split().map_or_else(|| "whole".to_owned(), |split| split.by.join(","))
}

#[test]
fn taking_apart_asks_the_engine_and_shows_the_whole_above_its_parts() {
    let mut session = Session::with_four();
    session.keys("s g g");
    let effects = session.keys("b");
    let split = SplitRequest { metric: "api_latency".into(), by: None };
    assert_eq!(effects, [Effect::View(ViewRequest { split: Some(split), ..ViewRequest::default() })]);
    assert!(session.app.waits_for_split() && session.app.split().is_none());
    assert_eq!(session.row_names().len(), 4, "until the answer comes all metrics stay");
    session.answer();
    assert!(!session.app.waits_for_split());
    assert_eq!((session.row_names()[0], session.selected()), ("api_latency", "api_latency"));
    assert_eq!(session.row_names()[1], r#"api_latency{page="/",browser="/"}"#);
}

#[test]
fn every_press_goes_on_to_the_next_grouping_and_back_to_the_whole() {
    let mut session = apart();
    let mut seen = vec![by(&session)];
    for _ in 0..3 {
        session.keys("b");
        session.answer();
        seen.push(by(&session));
    }
    assert_eq!(seen, ["page,browser", "browser", "page", "whole"]);
    assert_eq!((session.selected(), session.app.taken_apart.is_none()), ("api_latency", true));
}

#[test]
fn quick_presses_do_not_wait_for_the_answers_in_between() {
    let mut session = apart();
    session.keys("b b");
    let asked = session.app.taken_apart.clone().unwrap().by.unwrap();
    assert_eq!(asked, Grouping::from(["page".into()]));
    session.keys("b");
    assert_eq!(by(&session), "whole");
}

#[test]
fn a_press_before_the_first_answer_takes_it_back() {
    let mut session = Session::with_four();
    session.keys("b b");
    assert!(session.app.taken_apart.is_none());
}

#[rstest]
#[case("esc")]
#[case("q")]
fn closing_puts_it_together_with_the_filter_as_it_was(#[case] key: &str) {
    let mut session = apart();
    assert_eq!((session.app.filter.as_str(), session.row_names().len()), ("", 4));
    session.keys("/ c a r t enter");
    assert_eq!(session.row_names(), [r#"api_latency{page="/cart",browser="/cart"}"#]);
    session.keys("j");
    assert_eq!(session.keys(key).len(), 1, "the view changes, the program goes on");
    assert_eq!((session.app.filter.as_str(), session.selected()), ("api", "api_latency"));
    assert_eq!(session.row_names(), ["api_latency"]);
}

#[test]
fn a_filter_typed_before_the_answer_is_for_the_segments() {
    let mut session = Session::with_four();
    session.keys("/ a p i enter b / backspace backspace backspace");
    session.text("cart");
    session.answer();
    assert_eq!(session.row_names(), [r#"api_latency{page="/cart",browser="/cart"}"#]);
    session.keys("enter q");
    assert_eq!((session.app.filter.as_str(), session.row_names()), ("api", vec!["api_latency"]));
}

#[test]
fn a_metric_without_tags_says_so() {
    let mut session = Session::with_four();
    session.keys("/ c a c h e enter b");
    session.answer();
    assert_eq!(session.toast_texts(), ["no tags on cache_hits in 24h"]);
    assert!(session.app.taken_apart.is_none());
    assert_eq!((session.app.filter.as_str(), session.row_names()), ("cache", vec!["cache_hits"]));
}

#[test]
fn a_metric_whose_samples_are_gone_is_whole_again_also_behind_a_chart() {
    let mut session = Session::with_four();
    session.keys("s g g b");
    session.answer();
    session.keys("j enter");
    let others = session.app.snapshot.as_ref().unwrap().series.iter().filter(|series| &*series.metric != "api_latency");
    let mut picture = session.picture(others.cloned().collect(), Vec::new());
    let split = picture.split.as_deref().unwrap().clone();
    picture.split = Some(Arc::new(Split { series: Arc::from([]), ..split }));
    session.event(Event::Snapshot(Arc::new(picture)));
    assert_eq!(session.toast_texts(), ["no samples of api_latency in 24h"]);
    assert!(session.app.taken_apart.is_none());
    assert_eq!(session.row_names().len(), 3, "the other metrics are there");
    assert_ne!(session.selected(), "api_latency");
}

#[test]
fn segments_are_sorted_below_the_whole_the_most_unusual_first() {
    let mut session = apart();
    session.keys("b b");
    session.answer();
    let cart = r#"api_latency{page="/cart"}"#;
    assert_eq!(session.row_names()[..2], ["api_latency", cart]);
    session.app.sort_by(SortColumn::Name, true);
    assert_eq!(session.row_names()[..2], ["api_latency", r#"api_latency{page="/pay"}"#]);
}

#[test]
fn a_segment_is_opened_as_a_metric_is() {
    let mut session = apart();
    session.keys("j 2");
    let segment = session.selected().to_owned();
    assert_eq!(session.app.view_request().focus.as_deref(), Some(&*segment));
    session.answer();
    assert_eq!(session.app.chart().map(|chart| &*chart.metric), Some(&*segment));
    session.keys("m");
    assert_ne!(session.selected(), segment, "the next one is its neighbour");
    assert!(session.app.selected_series().is_some_and(|series| series.segment.is_some()));
    session.keys("b");
    assert_eq!((session.app.tab, by(&session).as_str()), (Tab::Baselines, "page,browser"), "first its rows again");
}

#[test]
fn a_chart_gives_way_to_the_rows() {
    let mut session = Session::new(AppOptions { tab: Tab::TimeSeries, ..AppOptions::default() });
    session.show(crate::app::testing::four_series());
    session.keys("enter x b");
    session.answer();
    assert_eq!((session.app.tab, session.app.expanded, session.app.crosshair_ms), (Tab::TimeSeries, false, None));
    assert_eq!(by(&session), "page,browser");
}

#[test]
fn an_alert_is_shown_among_whole_metrics() {
    let mut session = apart();
    session.show_with(crate::app::testing::four_series(), vec![alert(1, "db_p99", Severity::Critical, 60_000)]);
    session.keys("a enter");
    assert_eq!((session.selected(), by(&session).as_str()), ("db_p99", "whole"));
    assert_eq!(session.app.selected_row().map(|row| session.row_names()[row]), Some("db_p99"));
}

#[test]
fn a_frozen_view_is_taken_apart_too_and_then_stands_still() {
    let mut session = Session::with_four();
    session.keys("space b");
    session.answer();
    assert_eq!(by(&session), "page,browser");
    let frozen = session.app.shown().unwrap().split.clone().unwrap();
    session.keys("j 2");
    session.answer();
    let still = session.app.shown().unwrap().split.clone().unwrap();
    assert!(std::sync::Arc::ptr_eq(&frozen, &still), "choosing another row does not move the numbers");
}

proptest! {
    /// Answers come whenever they like; what is listed and which rows there are stay in step.
    #[test]
    fn rows_are_always_those_of_what_is_listed(
        steps in prop::collection::vec("b|b|q|esc|j|G|/|a|r|enter|space|w|2|3|m|s|answer|answer|answer", 1..40),
    ) {
        let mut session = Session::with_four();
        for step in &steps {
            if step == "answer" { session.answer() } else { drop(session.keys(step)) }
            let names = session.row_names();
            prop_assert!(names.len() <= session.app.listed().len());
            prop_assert!(names.is_empty() || session.app.selected_row().is_some(), "{:?}", steps);
        }
    }
}
