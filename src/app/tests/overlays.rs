//! Help, export, copying, and what keys mean while something lies over the tab.

use rstest::rstest;

use crate::app::testing::{Session, alert, four_series, series};
use crate::app::{App, Effect, Event, ExportFormat, Overlay, Tab};
use crate::model::{Severity, Status};

fn help_scroll(session: &Session) -> Option<usize> {
    match session.app.overlays.last() {
        Some(Overlay::Help { scroll }) => Some(*scroll),
        _ => None,
    }
}

#[test]
fn the_help_scrolls_to_its_last_line_and_no_farther() {
    let mut session = Session::with_four();
    session.event(Event::Resize { width: 40, height: 10 });
    session.keys("?");
    session.keys("j j k");
    assert_eq!(help_scroll(&session), Some(1));
    session.keys("G j j");
    assert_eq!(help_scroll(&session), Some(App::help_lines() - 8));
    session.keys("k");
    assert_eq!(help_scroll(&session), Some(App::help_lines() - 9), "no presses are lost at the end");
    session.keys("g g k");
    assert_eq!(help_scroll(&session), Some(0));
    session.keys("?");
    assert!(session.app.overlays.is_empty());
}

#[test]
fn the_help_needs_no_scrolling_where_all_of_it_fits() {
    let mut session = Session::with_four();
    session.event(Event::Resize { width: 100, height: 30 });
    session.keys("? j j G");
    assert_eq!(help_scroll(&session), Some(0));
}

#[rstest]
#[case("?")]
#[case("a")]
fn what_lies_over_the_tab_keeps_keys_from_it(#[case] open: &str) {
    let mut session = Session::with_four();
    session.keys(open);
    session.keys("2 3 tab s S w [ ] + m x n h l");
    assert_eq!((session.app.tab, session.selected()), (Tab::Baselines, "db_p99"));
    assert_eq!(session.app.window, crate::model::Window::default());
    assert_eq!(session.app.sort, crate::app::SortColumn::default());
}

#[test]
fn overlays_lie_on_each_other_only_once() {
    let mut session = Session::with_four();
    session.keys("? a ? a ?");
    assert_eq!(session.app.overlays.len(), 2);
    session.keys("q q");
    assert!(session.app.overlays.is_empty());
}

#[rstest]
#[case("E c", vec![Effect::Export(ExportFormat::Csv)])]
#[case("E j", vec![Effect::Export(ExportFormat::Json)])]
#[case("E E s", vec![Effect::Export(ExportFormat::Svg)])]
#[case("E esc", vec![])]
#[case("E q", vec![])]
fn an_export_asks_for_its_format(#[case] keys: &str, #[case] effects: Vec<Effect>) {
    let mut session = Session::with_four();
    assert_eq!(session.keys(keys), effects);
    assert!(session.app.overlays.is_empty());
}

#[rstest]
#[case("Y", Effect::CopyView)]
#[case("ctrl-l", Effect::Redraw)]
#[case("ctrl-z", Effect::Suspend)]
#[case("Q", Effect::Quit)]
fn some_actions_only_ask_the_world(#[case] key: &str, #[case] effect: Effect) {
    assert_eq!(Session::with_four().keys(key), [effect]);
}

fn copied(session: &mut Session) -> String {
    match session.keys("y").as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("copied nothing: {other:?}"),
    }
}

#[test]
fn a_row_is_copied_as_one_line() {
    let mut session = Session::with_four();
    assert_eq!(
        copied(&mut session),
        "db_p99 130.5 ms (mean 100 ms, sd 10 ms, p95 116.4 ms, p99 123.3 ms, n 1440, +30 %, z 3.05)"
    );
}

#[test]
fn the_sample_under_the_crosshair_is_copied_with_its_time() {
    let mut session = Session::with_four();
    session.keys("2");
    session.answer();
    session.keys("n");
    assert_eq!(copied(&mut session), "db_p99 150 ms at 2025-11-21 07:49:59");
}

#[test]
fn an_alert_is_copied_as_its_sentence() {
    let mut session = Session::with_four();
    session.show_with(four_series(), vec![alert(1, "db_p99", Severity::Critical, 0)]);
    session.keys("a");
    assert_eq!(
        copied(&mut session),
        "db_p99 812 ms is above the upper limit 130 ms (mean 100 ms, sd 10 ms, 71 sd away)"
    );
}

#[test]
fn what_is_copied_cannot_act_on_a_terminal() {
    let mut session = Session::with_four();
    let mut bare = series("evil\x1b]52;c;\x07\n", 1.0, Status::Ok);
    (bare.baseline, bare.latest, bare.z, bare.deviation_pct) = (None, None, None, None);
    session.show(vec![bare]);
    assert_eq!(copied(&mut session), "evil^[]52;c;^G^J no value");
}

#[test]
fn nothing_to_copy_is_said() {
    let mut session = Session::with_four();
    session.show(Vec::new());
    assert!(session.keys("y").is_empty());
    assert_eq!(session.toast_texts(), ["nothing to copy"]);
}
