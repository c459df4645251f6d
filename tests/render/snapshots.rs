//! Every tab at every design size, as text and styles.

use perftop::app::{App, Tab};
use perftop::model::{Alert, Budget, ChartData, Rule, Snapshot, SpcChart, Status, ToastRate, Watching};
use perftop::ui::layout::divide;
use perftop::ui::symbols::SymbolSet;
use perftop::ui::theme::{Role, Theme};
use perftop::ui::{Look, draw, tabs};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use rstest::rstest;

use crate::fixture::{self, SAMPLES, app, chart, chart_of, picture};
use crate::styles::styled;

pub fn drawn(app: &App, look: &Look, (width, height): (u16, u16)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw(app, look, area, &mut buf);
    buf
}

/// The tab alone, in the place it has on a screen of `size`: header and footer have their own tests.
fn body(app: &App, look: &Look, (width, height): (u16, u16)) -> Buffer {
    let area = divide(Rect::new(0, 0, width, height)).body;
    let mut buf = Buffer::empty(area);
    tabs::draw(app, look, area, &mut buf);
    buf
}

const TABS: [(Tab, &str); 3] =
    [(Tab::Baselines, "baselines"), (Tab::ControlChart, "control-chart"), (Tab::TimeSeries, "time-series")];

#[rstest]
fn every_tab_at_every_design_size(
    #[values((200, 50), (100, 30), (60, 16), (40, 10), (20, 4))] size: (u16, u16),
    #[values(SymbolSet::Braille, SymbolSet::Ascii)] symbols: SymbolSet,
) {
    for (tab, name) in TABS {
        let app = app(picture(0, SAMPLES), tab, None, size);
        let set = if symbols.is_ascii() { "ascii" } else { "braille" };
        let snapshot = format!("{name}-{}x{}-{set}", size.0, size.1);
        insta::assert_snapshot!(snapshot, styled(&body(&app, &fixture::mono(symbols), size)));
    }
}

#[test]
fn block_symbols_and_colours() {
    let size = (100, 30);
    let look = Look { theme: Theme::auto(), symbols: SymbolSet::Block };
    let app = app(picture(0, SAMPLES), Tab::ControlChart, None, size);
    insta::assert_snapshot!("control-chart-100x30-block-auto", styled(&body(&app, &look, size)));
}

#[test]
fn many_samples_are_a_band_with_their_mean() {
    let size = (100, 30);
    let app = app(picture(0, 10_000), Tab::ControlChart, None, size);
    insta::assert_snapshot!(
        "control-chart-100x30-dense",
        styled(&body(&app, &fixture::mono(SymbolSet::Braille), size))
    );
}

#[test]
fn few_samples_are_marked_one_by_one() {
    let size = (100, 30);
    let app = app(picture(0, 24), Tab::ControlChart, None, size);
    insta::assert_snapshot!(
        "control-chart-100x30-sparse",
        styled(&body(&app, &fixture::mono(SymbolSet::Braille), size))
    );
}

#[rstest]
fn every_kind_of_control_chart(
    #[values(SpcChart::Individuals, SpcChart::MovingRange, SpcChart::Ewma, SpcChart::Cusum)] kind: SpcChart,
    #[values((200, 50), (100, 30), (60, 16), (40, 10), (20, 4))] size: (u16, u16),
) {
    let mut snapshot = picture(0, SAMPLES);
    snapshot.chart = Some(chart_of(kind, 0, SAMPLES).into());
    let symbols = if size == (60, 16) { SymbolSet::Ascii } else { SymbolSet::Braille };
    let app = app(snapshot, Tab::ControlChart, None, size);
    let name = format!("{kind}-{}x{}", size.0, size.1);
    insta::assert_snapshot!(name, styled(&body(&app, &fixture::mono(symbols), size)));
}

#[rstest]
fn a_band_follows_what_is_expected(
    #[values((200, 50), (100, 30), (60, 16), (40, 10), (20, 4))] size: (u16, u16),
    #[values(SymbolSet::Braille, SymbolSet::Ascii)] symbols: SymbolSet,
) {
    let mut snapshot = picture(0, SAMPLES);
    snapshot.chart = Some(fixture::band(0, SAMPLES).into());
    let mut app = app(snapshot, Tab::ControlChart, None, size);
    if size == (200, 50) {
        app.crosshair_ms = app.chart().map(|chart| chart.points[40].timestamp_ms);
    }
    let set = if symbols.is_ascii() { "ascii" } else { "braille" };
    let name = format!("band-{}x{}-{set}", size.0, size.1);
    insta::assert_snapshot!(name, styled(&body(&app, &fixture::mono(symbols), size)));
}

#[test]
fn the_crosshair_reads_what_the_chart_shows() {
    let size = (200, 50);
    let mut snapshot = picture(0, SAMPLES);
    let chart = chart_of(SpcChart::Cusum, 0, SAMPLES);
    let newest = *chart.violations.last().expect("a drift is found");
    snapshot.chart = Some(chart.into());
    let mut app = app(snapshot, Tab::ControlChart, None, size);
    app.crosshair_ms = Some(newest.point.timestamp_ms);
    let text = perftop::render::text(&drawn(&app, &fixture::mono(SymbolSet::Braille), size));
    let title = text.lines().nth(1).expect("a title");
    assert!(title.contains("CUSUM (0.5, 5 sd)") && title.contains("beyond the limit  since "), "{title}");
}

#[test]
fn an_expanded_series_looks_the_same_whatever_the_control_chart() {
    let size = (100, 30);
    let text = |chart| {
        let mut snapshot = picture(0, SAMPLES);
        snapshot.chart = Some(std::sync::Arc::new(chart));
        let mut app = app(snapshot, Tab::TimeSeries, None, size);
        app.expanded = true;
        perftop::render::text(&drawn(&app, &fixture::mono(SymbolSet::Braille), size))
    };
    let same_limits = ChartData { limits: chart(0, SAMPLES).limits, ..chart_of(SpcChart::Cusum, 0, SAMPLES) };
    assert_eq!(text(same_limits), text(chart(0, SAMPLES)));
}

#[test]
fn an_expanded_series_has_mean_p95_and_the_crosshair() {
    let size = (100, 30);
    let mut app = app(picture(0, SAMPLES), Tab::TimeSeries, None, size);
    app.expanded = true;
    app.crosshair_ms = app.chart().map(|chart| chart.points[40].timestamp_ms);
    insta::assert_snapshot!("time-series-expanded", styled(&body(&app, &fixture::mono(SymbolSet::Braille), size)));
}

#[test]
fn how_surprising_it_was_stands_below_the_control_chart() {
    let size = (140, 40);
    let mut snapshot = picture(0, SAMPLES);
    let metric = snapshot.request.focus.clone().unwrap();
    snapshot.watching = Some(fixture::watching(&metric).into());
    let rate = ToastRate {
        metric: metric.clone(),
        toasts: 3,
        span_ms: 28 * 86_400_000,
        budget: Budget::WEEKLY,
        toasts_from: Some(24.25),
    };
    snapshot.toast_rate = Some(rate.into());
    let shown = |snapshot: &Snapshot, tab, size| {
        body(&app(snapshot.clone(), tab, None, size), &fixture::mono(SymbolSet::Braille), size)
    };
    insta::assert_snapshot!("control-chart-surprises", styled(&shown(&snapshot, Tab::ControlChart, size)));
    let text = |snapshot: &Snapshot, tab, size| perftop::render::text(&shown(snapshot, tab, size));
    assert!(!text(&snapshot, Tab::ControlChart, (40, 10)).contains("surprise"), "no room");
    let learning = Watching { samples: 57, ..fixture::watching(&metric) };
    snapshot.watching = Some(learning.into());
    let text_of_it = text(&snapshot, Tab::ControlChart, size);
    assert!(text_of_it.contains("57 of 100 samples") && !text_of_it.contains("toasts from"), "{text_of_it}");
    snapshot.watching = Some(fixture::watching("another").into());
    assert!(!text(&snapshot, Tab::ControlChart, size).contains("toasts from"), "of another metric");
}

#[test]
fn marks_of_rules_are_loud_only_while_an_alert_goes_on() {
    let (size, look) = ((140, 40), fixture::mono(SymbolSet::Braille));
    let mut snapshot = picture(0, SAMPLES);
    let first = snapshot.chart.as_ref().unwrap().violations[0].point;
    let marks = [Rule::BeyondLimit, Rule::TwoOfThree, Rule::SevenOnOneSide];
    // How many marks there are on the chart, and how many of them look like an alert.
    let drawn_marks = |snapshot: &Snapshot| {
        let buf = body(&app(snapshot.clone(), Tab::ControlChart, None, size), &look, size);
        let is_mark = |cell: &&Cell| marks.iter().any(|rule| cell.symbol() == look.symbols.violation(*rule));
        let chart = Rect { y: 2, height: 35, width: 100, ..buf.area }.intersection(buf.area);
        let found: Vec<&Cell> = chart.positions().map(|at| &buf[at]).filter(is_mark).collect();
        let loud = found.iter().filter(|cell| cell.modifier != look.theme.style(Role::Muted).add_modifier).count();
        (found.len(), loud, perftop::render::text(&buf))
    };
    let alert = Alert { first, ..snapshot.alerts[0].clone() };
    snapshot.alerts = [].into();
    let (all, loud, text) = drawn_marks(&snapshot);
    assert!(all > 0 && loud == 0 && text.contains("none: all dim"), "{loud} of {all} loud: {text}");
    snapshot.alerts = [Alert { metric: "another".into(), ..alert.clone() }].into();
    assert_eq!(drawn_marks(&snapshot).1, 0, "an alert of another metric");
    snapshot.alerts = [alert].into();
    let (all, loud, text) = drawn_marks(&snapshot);
    assert!(all == loud && !text.contains("all dim"), "{loud} of {all} loud: {text}");
}

#[test]
fn too_few_samples_are_said() {
    let size = (100, 30);
    let mut snapshot = picture(0, 12);
    let learning = ChartData { baseline: None, limits: None, violations: Vec::new(), ..chart(0, 12) };
    snapshot.chart = Some(learning.into());
    let text = perftop::render::text(&drawn(
        &app(snapshot, Tab::ControlChart, None, size),
        &fixture::mono(SymbolSet::Braille),
        size,
    ));
    assert!(text.contains("learning: 11 of 30 samples"), "{text}");
}

#[test]
fn ascii_draws_only_ascii() {
    for size in [(200, 50), (100, 30), (60, 16), (40, 10), (20, 4)] {
        for (tab, _) in TABS {
            for expanded in [false, true] {
                let mut app = app(picture(0, 2_000), tab, None, size);
                app.expanded = expanded;
                app.crosshair_ms = app.chart().map(|chart| chart.points[40].timestamp_ms);
                let text = perftop::render::text(&drawn(&app, &fixture::mono(SymbolSet::Ascii), size));
                assert!(text.is_ascii(), "{tab:?} {size:?}: {text}");
            }
        }
    }
}

#[test]
fn every_status_has_a_mark_of_its_own_on_the_table() {
    let size = (100, 30);
    let text = perftop::render::text(&drawn(
        &app(picture(0, SAMPLES), Tab::Baselines, None, size),
        &fixture::mono(SymbolSet::Ascii),
        size,
    ));
    for status in [Status::Critical, Status::Warning, Status::Stale, Status::Learning, Status::Ok] {
        let mark = SymbolSet::Ascii.status(status);
        assert!(text.lines().any(|line| line.get(1..2) == Some(mark)), "{status:?}: {text}");
    }
}
