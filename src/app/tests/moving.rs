//! Tabs, rows, selection, sorting, closing.

use rstest::rstest;

use crate::app::testing::{Session, four_series, series};
use crate::app::{Action, AppOptions, Effect, Event, Key, Keymap, SortColumn, Tab};
use crate::model::{Status, ViewRequest};

#[test]
fn the_worst_metric_comes_first_and_the_usual_ones_by_name() {
    let session = Session::with_four();
    assert_eq!(session.row_names(), ["db_p99", "queue_p99", "api_latency", "cache_hits"]);
    assert_eq!(session.selected(), "db_p99");
}

#[rstest]
#[case("j", "queue_p99")]
#[case("down down", "api_latency")]
#[case("j j k", "queue_p99")]
#[case("k", "db_p99")]
#[case("G", "cache_hits")]
#[case("end home", "db_p99")]
#[case("G g g", "db_p99")]
#[case("j g j", "api_latency")]
#[case("m m m m", "db_p99")]
#[case("M", "cache_hits")]
#[case("ctrl-d", "cache_hits")]
#[case("G ctrl-u", "db_p99")]
#[case("n", "queue_p99")]
#[case("n N", "db_p99")]
#[case("j j j j j j j", "cache_hits")]
fn keys_choose_rows(#[case] keys: &str, #[case] chosen: &str) {
    let mut session = Session::with_four();
    session.keys(keys);
    assert_eq!(session.selected(), chosen);
}

#[test]
fn the_chosen_metric_stays_chosen_while_rows_move_about_it() {
    let mut session = Session::with_four();
    session.keys("j");
    session.show(vec![
        series("aaa_new", 140.0, Status::Critical),
        series("api_latency", 101.0, Status::Ok),
        series("db_p99", 100.0, Status::Ok),
        series("queue_p99", 100.0, Status::Ok),
    ]);
    assert_eq!(session.selected(), "queue_p99");
    assert_eq!(session.app.selected_row(), Some(3));
}

#[test]
fn the_neighbour_takes_over_when_the_chosen_metric_vanishes() {
    let mut session = Session::with_four();
    session.keys("j");
    session.show(four_series().into_iter().filter(|series| &*series.metric != "queue_p99").collect());
    assert_eq!(session.selected(), "api_latency");
    session.show(Vec::new());
    session.keys("j G g g n N x enter y m M ctrl-d");
    assert!(session.app.rows().next().is_none());
}

#[test]
fn rows_beyond_the_screen_scroll_into_it_and_the_page_is_full_at_the_end() {
    let mut session = Session::new(AppOptions::default());
    session.event(Event::Resize { width: 80, height: 13 });
    session.show((0..30).map(|n| series(&format!("metric_{n:02}"), 100.0, Status::Ok)).collect());
    assert_eq!(session.app.list_rows(), 10);
    session.keys("j j j j j j j j j");
    assert_eq!(session.app.scroll, 0);
    session.keys("j");
    assert_eq!(session.app.scroll, 1);
    session.keys("G");
    assert_eq!(session.app.scroll, 20);
    session.keys("k k k k k");
    assert_eq!(session.app.scroll, 20, "the screen stays where it is while the row is on it");
    session.event(Event::Resize { width: 80, height: 33 });
    assert_eq!(session.app.scroll, 0, "thirty rows fit");
}

#[rstest]
#[case("2", Tab::ControlChart)]
#[case("3", Tab::TimeSeries)]
#[case("3 1", Tab::Baselines)]
#[case("tab tab", Tab::TimeSeries)]
#[case("tab tab tab", Tab::Baselines)]
#[case("shift-tab", Tab::TimeSeries)]
fn keys_choose_tabs(#[case] keys: &str, #[case] tab: Tab) {
    let mut session = Session::with_four();
    session.keys(keys);
    assert_eq!(session.app.tab, tab);
}

#[test]
fn a_full_chart_leads_back_to_the_same_row_and_scroll() {
    let mut session = Session::new(AppOptions::default());
    session.event(Event::Resize { width: 80, height: 13 });
    session.show((0..30).map(|n| series(&format!("metric_{n:02}"), 100.0, Status::Ok)).collect());
    session.keys("G k k");
    let (chosen, scroll) = (session.selected().to_owned(), session.app.scroll);
    session.keys("enter");
    assert!(session.app.shows_chart());
    session.answer();
    session.keys("q");
    assert!(!session.app.expanded);
    assert_eq!((session.selected(), session.app.scroll), (chosen.as_str(), scroll));
}

#[test]
fn the_control_chart_cannot_be_expanded_any_more() {
    let mut session = Session::with_four();
    session.keys("2 enter");
    assert!(!session.app.expanded);
    assert!(session.keys("q").contains(&Effect::Quit), "nothing is open that q would have to close first");
}

#[test]
fn the_engine_is_asked_for_a_chart_only_while_one_is_on_screen() {
    let mut session = Session::with_four();
    assert_eq!(session.app.view_request(), ViewRequest::default());
    assert!(session.keys("j").is_empty(), "moving in the table asks for nothing");
    let asked = ViewRequest { focus: Some("queue_p99".into()), ..ViewRequest::default() };
    assert_eq!(session.keys("2"), [Effect::View(asked)]);
    let asked = ViewRequest { focus: Some("api_latency".into()), ..ViewRequest::default() };
    assert_eq!(session.keys("j"), [Effect::View(asked)]);
    assert_eq!(session.keys("1"), [Effect::View(ViewRequest::default())]);
}

#[test]
fn the_first_picture_makes_a_chart_tab_ask_for_its_chart() {
    let mut session = Session::new(AppOptions { tab: Tab::ControlChart, ..AppOptions::default() });
    assert_eq!(session.app.view_request().focus, None);
    let effects = session.show(four_series());
    assert_eq!(effects, [Effect::View(ViewRequest { focus: Some("db_p99".into()), ..ViewRequest::default() })]);
}

#[test]
fn sorting_goes_through_the_columns_and_back() {
    let mut session = Session::with_four();
    session.keys("s");
    assert_eq!(session.app.sort, SortColumn::Name);
    assert_eq!(session.row_names(), ["api_latency", "cache_hits", "db_p99", "queue_p99"]);
    session.keys("S");
    assert_eq!(session.row_names(), ["queue_p99", "db_p99", "cache_hits", "api_latency"]);
    assert_eq!(session.selected(), "db_p99", "sorting chooses nothing");
    session.keys("s");
    assert_eq!(session.app.sort, SortColumn::Current);
    assert_eq!(session.row_names(), ["db_p99", "queue_p99", "api_latency", "cache_hits"]);
    session.keys("s s s s s");
    assert_eq!(session.app.sort, SortColumn::Status);
}

#[rstest]
#[case(SortColumn::Current)]
#[case(SortColumn::Mean)]
#[case(SortColumn::Deviation)]
#[case(SortColumn::Z)]
#[case(SortColumn::Count)]
fn what_has_no_number_comes_last_in_both_orders(#[case] column: SortColumn) {
    let mut session = Session::new(AppOptions::default());
    let mut without = series("aaa_without", 0.0, Status::Learning);
    (without.latest, without.baseline, without.deviation_pct, without.z) = (None, None, None, Some(f64::NAN));
    if column == SortColumn::Deviation {
        without.deviation_pct = Some(f64::NAN);
    }
    session.show(vec![without, series("with", 104.0, Status::Ok), series("with_more", 150.0, Status::Ok)]);
    for reversed in [false, true] {
        session.app.sort_by(column, reversed);
        assert_eq!(session.row_names().last(), Some(&"aaa_without"), "{column:?}, reversed: {reversed}");
    }
}

#[test]
fn rows_within_two_sd_do_not_change_places_with_every_sample() {
    let mut session = Session::new(AppOptions::default());
    session.show(vec![series("a", 101.0, Status::Ok), series("b", 119.0, Status::Ok)]);
    assert_eq!(session.row_names(), ["a", "b"]);
    session.show(vec![series("a", 101.0, Status::Ok), series("b", 121.0, Status::Ok)]);
    assert_eq!(session.row_names(), ["b", "a"]);
}

#[test]
fn q_closes_one_thing_at_a_time_and_then_quits() {
    let mut session = Session::with_four();
    session.keys("enter");
    session.answer();
    session.keys("x ?");
    assert!(!session.keys("q").contains(&Effect::Quit));
    assert!(session.app.overlays.is_empty());
    assert!(!session.keys("q").contains(&Effect::Quit));
    assert_eq!(session.app.crosshair_ms, None);
    assert!(!session.keys("q").contains(&Effect::Quit));
    assert!(!session.app.expanded);
    assert_eq!(session.keys("q"), [Effect::Quit]);
}

#[rstest]
#[case("")]
#[case("/")]
#[case("a")]
#[case("E")]
#[case("g")]
#[case("? /")]
fn control_c_quits_from_everywhere(#[case] keys: &str) {
    let mut session = Session::with_four();
    session.keys(keys);
    assert_eq!(session.event(Event::Key(Key::ctrl('c'))), [Effect::Quit]);
}

#[test]
fn remapped_keys_work_and_the_old_ones_do_not() {
    let mut keymap = Keymap::default();
    keymap.bind(Action::Down, vec!["ctrl-n".parse().unwrap()]);
    let mut session = Session::new(AppOptions { keymap, ..AppOptions::default() });
    session.show(four_series());
    session.keys("j down");
    assert_eq!(session.selected(), "db_p99");
    session.keys("ctrl-n");
    assert_eq!(session.selected(), "queue_p99");
}

/// What a user could notice of the state; every action must change it or ask the world for something.
fn noticeable(session: &Session) -> String {
    let app = &session.app;
    let view = (app.tab, app.expanded, app.window, app.range, app.crosshair_ms);
    let rows = (&app.selected, app.scroll, &app.filter, app.sort, app.sort_reversed, session.row_names());
    format!("{view:?} {rows:?} {:?} {:?} {:?}", app.overlays, session.toast_texts(), app.frozen.is_some())
}

#[test]
fn every_action_does_something_where_it_makes_sense() {
    // Keys that bring about a situation in which the action has something to do.
    let situation = |action: Action| match action {
        Action::TabBaselines | Action::Left | Action::ZoomIn | Action::Crosshair => "2",
        Action::Up | Action::PageUp | Action::First | Action::PreviousViolation => "G",
        Action::Right => "2 h h",
        Action::ZoomOut | Action::ZoomReset => "2 +",
        Action::Back => "a",
        _ => "",
    };
    for &action in Action::EVERY {
        let mut session = Session::with_four();
        for key in situation(action).split_whitespace() {
            session.keys(key);
            session.answer();
        }
        if matches!(action, Action::Acknowledge | Action::DismissToasts) {
            session.raise(vec![crate::app::testing::alert(1, "db_p99", crate::model::Severity::Critical, 0)]);
        }
        let before = noticeable(&session);
        let chord = session.app.options.keymap.keys(action)[0];
        let mut effects = session.event(Event::Key(chord.first));
        effects.extend(chord.second.into_iter().flat_map(|key| session.event(Event::Key(key))));
        assert!(!effects.is_empty() || noticeable(&session) != before, "{action} does nothing");
    }
}
