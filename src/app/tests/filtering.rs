//! The filter and its prompt.

use proptest::prelude::*;
use rstest::rstest;

use crate::app::testing::{Session, four_series, series};
use crate::app::{AppOptions, Filter, FilterError, Overlay};
use crate::model::{Status, Unit};

#[rstest]
#[case("", true)]
#[case("api", true)]
#[case("API", true)]
#[case("apilat", true)]
#[case("lat api", true)]
#[case("ipa", false)]
#[case("status:critical", true)]
#[case("status:crit", true)]
#[case("status:c", true)]
#[case("STATUS:Critical", true)]
#[case("status:alert", true)]
#[case("status:ok", false)]
#[case("unit:ms", true)]
#[case("unit:bytes", false)]
#[case("z>3", true)]
#[case("z>=4", true)]
#[case("z>4", false)]
#[case("z<0", false)]
#[case("|z|>3", true)]
#[case("dev>39.9", true)]
#[case("deviation<=40", true)]
#[case("current=140", true)]
#[case("mean>100", false)]
#[case("sd<11", true)]
#[case("p95>116", true)]
#[case("p99>1e3", false)]
#[case("n>=1440", true)]
#[case("count<100", false)]
#[case("api z>3 status:alert", true)]
#[case("api z>3 status:ok", false)]
#[case("current", false)]
#[case("z", false)]
#[case("a:p", false)]
fn filters_let_through_what_they_say(#[case] text: &str, #[case] passes: bool) {
    let filter: Filter = text.parse().unwrap();
    assert_eq!(filter.lets_through(&series("api_latency", 140.0, Status::Critical)), passes);
}

#[rstest]
#[case("z>", FilterError::NoNumber("z>".to_owned()), "z> wants a number")]
#[case("api z>three", FilterError::NoNumber("z>".to_owned()), "z> wants a number")]
#[case("n>=", FilterError::NoNumber("n>=".to_owned()), "n>= wants a number")]
#[case("status:", FilterError::NoStatus, "status: wants ok, learning, stale, info, warning, critical or alert")]
#[case("status:bad", FilterError::NoStatus, "status: wants ok, learning, stale, info, warning, critical or alert")]
#[case("unit:", FilterError::NoUnit, "unit: wants none, ms, s, bytes, % or count")]
#[case("unit:ell", FilterError::NoUnit, "unit: wants none, ms, s, bytes, % or count")]
fn half_typed_filters_say_what_they_want(#[case] text: &str, #[case] error: FilterError, #[case] message: &str) {
    assert_eq!(error.to_string(), message);
    assert_eq!(text.parse::<Filter>(), Err(error));
}

#[test]
fn a_row_without_the_number_asked_for_does_not_pass() {
    let mut learning = series("new", 100.0, Status::Learning);
    (learning.z, learning.baseline) = (None, None);
    for text in ["z<100", "z>-100", "mean<1e9", "n<10"] {
        assert!(!text.parse::<Filter>().unwrap().lets_through(&learning), "{text}");
    }
}

#[test]
fn names_are_filtered_as_they_are_shown() {
    let hostile = series("\x1b[31mred", 100.0, Status::Ok);
    assert!("^[[31".parse::<Filter>().unwrap().lets_through(&hostile));
    let bytes = crate::model::SeriesSummary { unit: Unit::Bytes, ..series("heap", 1.0, Status::Ok) };
    assert!("unit:bytes".parse::<Filter>().unwrap().lets_through(&bytes));
}

#[test]
fn the_filter_works_while_it_is_typed_and_stays_when_it_is_entered() {
    let mut session = Session::with_four();
    session.keys("j j / p 9 9");
    assert_eq!(session.row_names(), ["db_p99", "queue_p99"]);
    assert_eq!(session.selected(), "queue_p99", "the last row that is left");
    session.keys("enter");
    assert!(session.app.overlays.is_empty());
    assert_eq!(session.app.filter, "p99");
    session.show(four_series());
    assert_eq!(session.row_names(), ["db_p99", "queue_p99"], "new pictures are filtered as well");
}

#[test]
fn escape_restores_the_filter_and_the_row() {
    let mut session = Session::with_four();
    session.keys("j j / d b esc");
    assert_eq!(session.row_names().len(), 4);
    assert_eq!(session.selected(), "api_latency");
    assert!(session.app.overlays.is_empty());
}

#[test]
fn a_half_typed_term_is_left_out_and_not_accepted() {
    let mut session = Session::with_four();
    session.keys("/");
    session.text("p99 z>");
    assert_eq!(session.row_names(), ["db_p99", "queue_p99"]);
    assert!(session.app.filter_error().is_some());
    session.keys("enter");
    assert!(matches!(session.app.overlays[..], [Overlay::Filter { .. }]), "the prompt stays and says why");
    session.text("3");
    assert_eq!(session.row_names(), ["db_p99"]);
    assert_eq!(session.app.filter_error(), None);
    session.keys("enter");
    assert!(session.app.overlays.is_empty());
}

#[test]
fn the_prompt_can_be_edited_and_left() {
    let mut session = Session::with_four();
    session.keys("/");
    session.text("db p99");
    session.keys("ctrl-w");
    assert_eq!(session.app.filter, "db");
    session.keys("backspace backspace backspace");
    assert_eq!(session.app.filter, "");
    session.text("queue");
    session.keys("ctrl-u");
    assert_eq!(session.row_names().len(), 4);
    session.keys("backspace");
    assert!(session.app.overlays.is_empty(), "backspace in an empty prompt leaves it");
}

#[test]
fn wide_blanks_are_word_ends_too() {
    let mut session = Session::with_four();
    session.keys("/");
    session.text("db\u{3000}p99");
    session.keys("ctrl-w");
    assert!(matches!(&session.app.overlays[..], [Overlay::Filter { input, .. }] if input == "db\u{3000}"));
}

#[test]
fn arrows_move_the_selection_below_the_prompt() {
    let mut session = Session::with_four();
    session.keys("/ down down up");
    assert_eq!(session.selected(), "queue_p99");
}

#[test]
fn escape_in_the_table_clears_the_filter() {
    let mut session = Session::with_four();
    session.keys("/ d b enter esc");
    assert_eq!(session.app.filter, "");
    assert_eq!(session.row_names().len(), 4);
}

#[test]
fn nothing_left_is_no_reason_to_forget_the_chosen_metric() {
    let mut session = Session::with_four();
    session.keys("j");
    session.keys("/");
    session.text("nothing-like-it");
    assert_eq!(session.row_names(), [""; 0]);
    session.keys("enter j k n esc");
    assert_eq!(session.selected(), "queue_p99");
}

#[test]
fn a_filter_may_be_given_at_the_start() {
    let mut session = Session::new(AppOptions { filter: "p99".to_owned(), ..AppOptions::default() });
    session.show(four_series());
    assert_eq!(session.row_names(), ["db_p99", "queue_p99"]);
}

#[test]
fn a_wrong_filter_at_the_start_is_left_out_and_said() {
    let mut session = Session::new(AppOptions { filter: "p99 z>".to_owned(), ..AppOptions::default() });
    assert_eq!(session.toast_texts(), ["filter left out: z> wants a number"]);
    session.show(four_series());
    assert_eq!(session.row_names().len(), 4);
}

proptest! {
    #[test]
    fn no_text_breaks_the_filter(text in any::<String>()) {
        if let Ok(filter) = text.parse::<Filter>() {
            let _ = filter.lets_through(&series("api_latency", 140.0, Status::Critical));
        }
    }

    #[test]
    fn every_text_that_looks_like_a_filter_is_read_or_refused(
        text in "(status:|unit:|z|\\|z\\||dev|n|p99|mean)?(>=|<=|>|<|=)?[a-z0-9.-]{0,6}( [a-z:]{0,4})?",
    ) {
        let _ = text.parse::<Filter>();
    }

    #[test]
    fn no_typing_breaks_the_prompt(keys in proptest::collection::vec("[a-z>:|0-9]|backspace|ctrl-w|ctrl-u|up|down|left|enter|esc|space", 0..40)) {
        let mut session = Session::with_four();
        session.keys("/");
        session.keys(&keys.join(" "));
    }
}
