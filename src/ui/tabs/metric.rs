//! One metric at full size: a title, the chart, and beside or below it what it says in numbers.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{empty, module, panel};
use crate::app::App;
use crate::app::view::ByCount;
use crate::model::text::{counted, value};
use crate::model::{ChartData, ModuleView, Rule, RunMark, SeriesSummary, SpcChart, Subject};
use crate::ui::Look;
use crate::ui::text::{Align, width};
use crate::ui::theme::Role;
use crate::ui::widgets::chart::{Chart, ChartKind, signed};
use crate::ui::widgets::facts::draw_line;
use crate::ui::widgets::plot::Axis;
use crate::ui::widgets::table::draw_text;

/// Size from which numbers stand beside the chart.
const COLUMNS_FOR_PANEL: u16 = 100;
const ROWS_FOR_PANEL: u16 = 12;
const PANEL_COLUMNS: u16 = 34;
/// Rows from which a line of numbers stands below it.
const ROWS_FOR_LINE: u16 = 10;
/// Rows from which the title has a line of its own.
const ROWS_FOR_TITLE: u16 = 4;
/// Rows from which the runs of a module stand below its chart, and how many they take at least.
const ROWS_FOR_MODULE: u16 = 14;
const MODULE_ROWS: u16 = 5;

/// Draws the chosen metric.
pub fn draw(app: &App, kind: ChartKind, look: &Look, area: Rect, buf: &mut Buffer) {
    let Some(series) = app.selected_series() else { return };
    let chart = app.chart();
    let module = chart.and_then(|chart| chart.module.as_deref());
    let kind = if is_rate(app, kind, module) { ChartKind::Rate } else { kind };
    let mut area = area;
    if let Some(module) = module.filter(|_| app.is_expanded() && area.height >= ROWS_FOR_MODULE) {
        let rows = (area.height * 9 / 20).max(MODULE_ROWS);
        area.height -= rows;
        module::draw(app, module, look, Rect { y: area.bottom(), height: rows, ..area }, buf);
    }
    let has_panel = area.width >= COLUMNS_FOR_PANEL && area.height >= ROWS_FOR_PANEL;
    let panel_columns = if has_panel { PANEL_COLUMNS } else { 0 };
    let mut body = Rect { width: area.width - panel_columns, ..area };
    if body.height >= ROWS_FOR_TITLE {
        draw_title(app, series, chart, kind, Rect { height: 1, ..body }, look, buf);
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    if has_panel {
        let side = Rect { x: body.right(), y: area.y, width: panel_columns, height: area.height };
        panel::draw(app, series, chart, kind, look, side, buf);
    } else if area.height >= ROWS_FOR_LINE {
        body.height -= 1;
        let line = Rect { y: body.bottom(), height: 1, x: body.x + 1, width: body.width.saturating_sub(2) };
        draw_line(&panel::baseline_facts(series, chart, kind, app.window, look.symbols), line, look, buf);
    }
    body.width = body.width.saturating_sub(1);
    match chart {
        Some(data) if !data.points.is_empty() => draw_chart(app, data, kind, body, look, buf),
        Some(_) => {
            empty::draw_lines(&["no samples here".to_owned(), String::new()], look, body, buf);
        }
        None => empty::draw_lines(&["reading".to_owned(), String::new()], look, body, buf),
    }
}

/// Whether runs succeeded is a line between two values on a control chart only.
fn is_rate(app: &App, kind: ChartKind, module: Option<&ModuleView>) -> bool {
    module.is_some_and(ModuleView::is_success) && (kind == ChartKind::Course || app.is_expanded())
}

/// The chart, on an axis of time or of samples.
fn draw_chart(app: &App, data: &ChartData, kind: ChartKind, area: Rect, look: &Look, buf: &mut Buffer) {
    let module = data.module.as_deref();
    let chart = Chart {
        data,
        range: app.visible_range(),
        kind,
        crosshair: app.crosshair_point(),
        alerts: app.alert_ranges(&data.metric),
        runs: module.map(ModuleView::marks).unwrap_or_default(),
        watching: app.watching().filter(|_| kind == ChartKind::Control),
        axis: Axis::Time(&app.options.zone),
    };
    if !app.by_count {
        return chart.draw(area, look, buf);
    }
    let counted = ByCount::of(data, chart.range);
    let run = |mark: &RunMark| Some(RunMark { point: counted.point(mark.point)?, ..*mark });
    let chart = Chart {
        data: &counted.data,
        range: counted.range,
        crosshair: chart.crosshair.and_then(|point| counted.point(point)),
        alerts: chart.alerts.iter().map(|&alert| counted.stretch(alert)).collect(),
        runs: chart.runs.iter().filter_map(run).collect(),
        // It is known by time alone.
        watching: None,
        axis: Axis::Count(&counted, if module.is_some() { "runs" } else { "samples" }),
        ..chart
    };
    chart.draw(area, look, buf);
}

fn draw_title(
    app: &App,
    series: &SeriesSummary,
    chart: Option<&ChartData>,
    kind: ChartKind,
    area: Rect,
    look: &Look,
    buf: &mut Buffer,
) {
    let (right, role) = match app.crosshair_point() {
        Some(_) => (readout(app, chart, kind), Role::Crosshair),
        None => (latest(series), if series.status.is_alert() { Role::of_status(series.status) } else { Role::Text }),
    };
    let right_cells = (width(&right) as u16).min(area.width.saturating_sub(4));
    let right_area = Rect { x: area.right() - right_cells, width: right_cells, ..area };
    draw_text(&right, Align::Right, role, right_area, look, buf);
    let mark = Rect { x: area.x + 1, width: 1.min(area.width), ..area };
    draw_text(look.symbols.status(series.status), Align::Left, Role::of_status(series.status), mark, look, buf);
    let room = area.width.saturating_sub(right_cells + 5);
    // The values of a segment tell more than the beginning of its name.
    let has_room = width(&series.metric) <= usize::from(room);
    let title = if has_room { Cow::Borrowed(&*series.metric) } else { series.label() };
    let name_cells = (width(&title) as u16).min(room);
    let name = Rect { x: area.x + 3, width: name_cells, ..area };
    draw_text(&title, Align::Left, Role::Title, name, look, buf);
    let about = chart.map_or_else(Vec::new, |chart| about(app, chart, kind));
    if let Some(about) = about.into_iter().find(|about| width(about) + 2 < usize::from(room - name_cells)) {
        let rest = Rect { x: name.right() + 2, width: width(&about) as u16, ..area };
        draw_text(&about, Align::Left, Role::Muted, rest, look, buf);
    }
}

/// What is on screen, the longest first: `EWMA (0.2, 2.962 sd), 7d, 10080 samples`. Which chart it is goes last, as long
/// as it is not the one that everybody takes it for.
fn about(app: &App, chart: &ChartData, kind: ChartKind) -> Vec<String> {
    let range = app.visible_range();
    let span =
        if app.range.is_some() { crate::model::time::length(range.span_ms()) } else { app.window.as_str().to_owned() };
    if chart.limits.is_none() && kind != ChartKind::Rate {
        return vec![panel::learning(chart)];
    }
    let what = if chart.module.is_some() { "run" } else { "sample" };
    let samples = format!("{span}, {}", counted(chart.sample_count, what));
    if kind != ChartKind::Control {
        return vec![samples];
    }
    let (name, parameters) = (chart.chart.name(), chart.chart.parameters());
    let less = chart.taken_out.map_or_else(String::new, |taken_out| format!(" less {}", taken_out.words()));
    let raw = if chart.on == Subject::Raw { " raw" } else { "" };
    let is_usual = chart.chart == SpcChart::default() && chart.on == Subject::default();
    let short = if is_usual {
        [samples.clone(), span]
    } else {
        [format!("{name} ({parameters}){raw}"), format!("{name}{raw}")]
    };
    let full = format!("{name} ({parameters}){raw}");
    [format!("{full}{less}, {samples}"), format!("{full}, {samples}")].into_iter().chain(short).collect()
}

/// The newest value and how far it lies from the centre.
fn latest(series: &SeriesSummary) -> String {
    let Some(latest) = series.latest else { return String::new() };
    let z = series.z.map_or_else(String::new, |z| format!("  z {}", signed(z)));
    format!("{}{z} ", value(latest.value, series.unit))
}

/// The sample under the crosshair: instant, value, distance from the centre or what the chart shows for it, the rule
/// that fired, and since when by a chart that says it.
fn readout(app: &App, chart: Option<&ChartData>, kind: ChartKind) -> String {
    let (Some(chart), Some(point)) = (chart, app.crosshair_point()) else { return String::new() };
    let violation = chart.violations.iter().find(|violation| violation.point == point);
    let rule = violation.map(|violation| match violation.rule {
        Rule::BeyondLimit if !chart.chart.is_of_values() => "beyond the limit",
        Rule::BeyondLimit => "rule 1: beyond 3 sd",
        Rule::TwoOfThree => "rule 2: two of three beyond 2 sd",
        Rule::SevenOnOneSide => "rule 3: seven on one side",
        detector => detector.as_str(),
    });
    let mark = chart.mark_of(point).filter(|_| kind == ChartKind::Control && !chart.marks.is_empty());
    let against = match (mark, chart.limits.and_then(|limits| limits.z(point.value))) {
        (Some(mark), _) if chart.chart.is_of_values() => format!("expected {}", value(mark.lines.center, chart.unit)),
        (Some(mark), _) => format!("{} {}", chart.chart.name(), value(mark.farther(), chart.shown_unit())),
        (None, Some(z)) => format!("z {}", signed(z)),
        (None, None) => String::new(),
    };
    let began = violation.and_then(|violation| violation.began_ms);
    let parts = [
        app.options.zone.full(point.timestamp_ms),
        value(point.value, chart.unit),
        against,
        rule.unwrap_or_default().to_owned(),
        began.map_or_else(String::new, |began_ms| format!("since {}", app.options.zone.format(began_ms, "%H:%M:%S"))),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ") + " "
}
