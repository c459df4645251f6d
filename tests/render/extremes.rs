//! What nobody designs for and everybody meets: hostile names, extreme values, every size.

use std::sync::Arc;

use perftop::app::{App, Tab};
use perftop::model::{ChartData, ControlLimits, Point, Rule, SeriesSummary, TimeRange, Violation};
use perftop::ui::symbols::SymbolSet;
use proptest::prelude::*;
use rstest::rstest;
use unicode_width::UnicodeWidthStr;

use crate::fixture::{self, SAMPLES, app, chart, day, picture};
use crate::snapshots::drawn;

const EVERY_TAB: [Tab; 3] = Tab::EVERY;

fn with_chart(chart: ChartData, tab: Tab, size: (u16, u16)) -> App {
    let mut snapshot = picture(0, 10);
    snapshot.chart = Some(Arc::new(chart));
    let mut app = app(snapshot, tab, None, size);
    app.expanded = tab != Tab::ControlChart;
    app
}

fn points(values: &[f64]) -> Vec<Point> {
    let range = day();
    let step_ms = range.span_ms() / i64::try_from(values.len().max(1)).unwrap();
    values.iter().zip(0..).map(|(&value, i)| Point { timestamp_ms: range.from_ms + i * step_ms, value }).collect()
}

#[rstest]
#[case::escape("\u{1b}[31m\u{1b}]0;title\u{7}red")]
#[case::lines("two\nlines\r\tand a tab")]
#[case::right_to_left("\u{202e}gnp.exe")]
#[case::wide("\u{8ab0}\u{304c}\u{898b}\u{3066}\u{3082}\u{8a08}\u{6e2c}\u{5024}\u{306f}\u{540c}\u{3058}")]
#[case::emoji("fast \u{1f680}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} metric")]
#[case::combining("e\u{301}e\u{301}e\u{301} zalgo")]
fn names_are_data_and_columns_stay_aligned(#[case] name: &str) {
    hostile(name);
}

#[test]
fn ten_kilobytes_of_name_are_cut() {
    hostile(&"lat\u{1b}ency_".repeat(1_000));
}

/// Draws a table with one hostile name: nothing a terminal acts on reaches a cell, and the numbers
/// stand in the same columns as with a plain name of the same row.
fn hostile(name: &str) {
    let size = (100, 30);
    for symbols in [SymbolSet::Braille, SymbolSet::Ascii] {
        for tab in EVERY_TAB {
            let mut snapshot = picture(0, SAMPLES);
            let mut series: Vec<SeriesSummary> = snapshot.series.to_vec();
            let place = series.iter().position(|series| &*series.metric == "error_rate").unwrap();
            series[place].metric = name.into();
            snapshot.series = series.into();
            let buf = drawn(&app(snapshot, tab, None, size), &fixture::mono(symbols), size);
            for cell in buf.content() {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
            for line in perftop::render::text(&buf).lines() {
                assert!(line.width() <= usize::from(size.0), "{line:?}");
            }
            if tab == Tab::Baselines {
                assert_eq!(value_column(&buf, "0.3204"), value_column(&buf, "4.74") - 2, "{name:?}");
            }
        }
    }
}

/// The cell in which a number begins.
fn value_column(buf: &ratatui::buffer::Buffer, number: &str) -> u16 {
    let digits: Vec<String> = number.chars().map(String::from).collect();
    for y in 0..buf.area.height {
        for x in 0..buf.area.width.saturating_sub(digits.len() as u16) {
            if digits.iter().zip(x..).all(|(digit, x)| buf[(x, y)].symbol() == digit) {
                return x;
            }
        }
    }
    panic!("{number} is not on the screen:\n{}", perftop::render::text(buf));
}

#[rstest]
#[case::largest(&[1e308, -1e308, 1e308])]
#[case::tiny(&[5e-324, 0.0, -5e-324])]
#[case::constant(&[3.0; 50])]
#[case::zero(&[0.0; 50])]
#[case::single(&[42.0])]
#[case::nearly_equal(&[1.0, 1.0 + f64::EPSILON, 1.0])]
#[case::outlier(&[1.0, 2.0, 1.0, 1e15])]
#[case::none(&[])]
fn extreme_values_draw(#[case] values: &[f64]) {
    for size in [(200, 50), (60, 16), (40, 10), (20, 4), (1, 1)] {
        for tab in EVERY_TAB {
            let points = points(values);
            let violations =
                points.iter().map(|&point| Violation { point, rule: Rule::BeyondLimit, began_ms: None }).collect();
            let limits = Some(ControlLimits::new(0.0, 1e308));
            let data = ChartData { sample_count: points.len() as u64, points, limits, violations, ..chart(0, 10) };
            drawn(&with_chart(data, tab, size), &fixture::mono(SymbolSet::Braille), size);
        }
    }
}

#[test]
fn equal_timestamps_and_a_range_of_nothing_draw() {
    let at_ms = day().from_ms + 1_000;
    let points = vec![Point { timestamp_ms: at_ms, value: 1.0 }, Point { timestamp_ms: at_ms, value: 2.0 }];
    for range in [TimeRange { from_ms: at_ms, until_ms: at_ms }, TimeRange { from_ms: i64::MIN, until_ms: i64::MAX }] {
        let data = ChartData { points: points.clone(), range, ..chart(0, 10) };
        let mut app = with_chart(data, Tab::ControlChart, (80, 24));
        app.range = Some(range);
        app.crosshair_ms = Some(at_ms);
        drawn(&app, &fixture::mono(SymbolSet::Braille), (80, 24));
    }
}

/// Every width and every height once, and every pair of sizes at which the design changes.
fn sizes() -> Vec<(u16, u16)> {
    let edges_across = [0, 1, 2, 3, 19, 20, 29, 30, 39, 40, 43, 44, 59, 60, 63, 64, 99, 100, 139, 140];
    let edges_down = [0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 15, 16, 29, 30, 31];
    let mut sizes: Vec<(u16, u16)> = (0..=220).map(|width| (width, width * 7 % 71)).collect();
    sizes.extend((0..=70).map(|height| (height * 13 % 221, height)));
    sizes.extend(edges_across.iter().flat_map(|&width| edges_down.map(|height| (width, height))));
    sizes
}

#[rstest]
fn every_size_draws(#[values(Tab::Baselines, Tab::ControlChart, Tab::TimeSeries)] tab: Tab) {
    let mut app = app(picture(0, SAMPLES), tab, None, (80, 24));
    for size in sizes() {
        for expanded in [false, tab != Tab::ControlChart] {
            app.expanded = expanded;
            app.size = size;
            drawn(&app, &fixture::mono(SymbolSet::Braille), size);
        }
    }
}

#[test]
fn violations_are_drawn_however_many_samples_share_their_cell() {
    let mut data = chart(5, 10_000);
    let point = Point { value: data.limits.unwrap().at(3.5), ..data.points[5_000] };
    data.points[5_000] = point;
    data.violations = vec![Violation { point, rule: Rule::BeyondLimit, began_ms: None }];
    let mut snapshot = picture(5, 10);
    snapshot.chart = Some(Arc::new(data));
    let app = app(snapshot, Tab::ControlChart, None, (60, 16));
    let buf = drawn(&app, &fixture::mono(SymbolSet::Ascii), (60, 16));
    let plot = perftop::render::text(&buf).lines().skip(2).take(11).collect::<Vec<_>>().join("\n");
    assert_eq!(plot.matches('1').count() - plot.matches("12:").count() - plot.matches("21 ").count(), 1, "{plot}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_values_draw_at_any_size(
        values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO, 0..60),
        mean in prop::num::f64::NORMAL, sd in prop::num::f64::POSITIVE, width in 0u16..160, height in 0u16..50,
    ) {
        let points = points(&values);
        let violations = points.iter().step_by(3).map(|&point| Violation { point, rule: Rule::TwoOfThree, began_ms: None }).collect();
        let limits = Some(ControlLimits::new(mean, sd));
        let data = ChartData { sample_count: points.len() as u64, points, limits, violations, ..chart(0, 10) };
        drawn(&with_chart(data, Tab::ControlChart, (width, height)), &fixture::mono(SymbolSet::Braille), (width, height));
    }
}
