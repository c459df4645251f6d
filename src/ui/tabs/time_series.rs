//! One sparkline a series over the window, as wide and as high as the pane allows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::baselines::{name_heading, trend};
use super::metric;
use crate::app::App;
use crate::app::view::{Column, time_ticks};
use crate::model::SeriesSummary;
use crate::model::text::percent_signed;
use crate::ui::Look;
use crate::ui::text::Align;
use crate::ui::theme::Role;
use crate::ui::widgets::chart::ChartKind;
use crate::ui::widgets::sparkline::draw_sparkline;
use crate::ui::widgets::table::{Heading, Table, VALUE_CELLS, draw_text, draw_value};

const MARK: usize = 0;
const NAME: usize = 1;
const SPARK: usize = 2;
const LAST: usize = 3;
const CHANGE: usize = 4;
const TREND: usize = 5;

const HEADINGS: [Heading; 6] = [
    Heading { title: "", column: Column::fixed(2, 0), align: Align::Left },
    Heading { title: "metric", column: Column { min: 12, max: 32, priority: 0 }, align: Align::Left },
    Heading { title: "", column: Column { min: 8, max: u16::MAX, priority: 1 }, align: Align::Left },
    Heading { title: "last", column: Column::fixed(VALUE_CELLS, 2), align: Align::Right },
    Heading { title: "change", column: Column::fixed(8, 3), align: Align::Right },
    Heading { title: "trend", column: Column::fixed(8, 4), align: Align::Left },
];

/// The highest a series' sparkline gets.
const MAX_SPARK_ROWS: u16 = 5;
/// From here columns stand two cells apart.
const WIDE_COLUMNS: u16 = 80;
/// Columns a time label and the room around it take.
const COLUMNS_A_TIME_LABEL: u16 = 13;

/// Draws the tab.
pub fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    if app.expanded {
        return metric::draw(app, ChartKind::Course, look, area, buf);
    }
    let mut headings = HEADINGS;
    headings[NAME] = name_heading(app, area.width);
    let table = Table::new(&headings, area, if area.width >= WIDE_COLUMNS { 2 } else { 1 });
    table.draw_titles(&headings, area.y, None, look, buf);
    draw_times(app, &table, area.y, look, buf);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let (spark_rows, row_height) = heights(app.rows().len(), body.height);
    let visible = usize::from(body.height / row_height);
    let (first, selected) = (app.first_row(visible), app.selected_row());
    for ((row, series), place) in app.rows().enumerate().skip(first).take(visible).zip(0u16..) {
        let y = body.y + place * row_height;
        draw_row(series, selected == Some(row), &table, y, spark_rows, look, buf);
    }
}

/// Rows of a sparkline, and rows from one series to the next: what there is is shared out evenly, with
/// a blank row between when sparklines are high.
fn heights(series: usize, rows: u16) -> (u16, u16) {
    let share = (usize::from(rows) / series.max(1)).min(usize::from(MAX_SPARK_ROWS) + 1) as u16;
    match share {
        0 | 1 => (1, 1),
        2 => (2, 2),
        _ => (share - 1, share),
    }
}

/// Round local times above the sparklines.
fn draw_times(app: &App, table: &Table, y: u16, look: &Look, buf: &mut Buffer) {
    let (Some(cell), Some(snapshot)) = (table.cell(SPARK, y, 1), app.shown()) else { return };
    if snapshot.request.window.span_ms().is_none() {
        return;
    }
    let range = snapshot.request.window.range_at(snapshot.taken_at_ms);
    for tick in time_ticks(range, (cell.width / COLUMNS_A_TIME_LABEL).max(1), &app.options.zone) {
        let share = (tick.at_ms - range.from_ms) as f64 / range.span_ms() as f64;
        let width = tick.label.len() as u16;
        let x = (share * f64::from(cell.width)) as u16;
        if x + width <= cell.width {
            buf.set_string(cell.x + x, y, &tick.label, look.theme.style(Role::Muted));
        }
    }
}

fn draw_row(
    series: &SeriesSummary,
    is_selected: bool,
    table: &Table,
    y: u16,
    spark_rows: u16,
    look: &Look,
    buf: &mut Buffer,
) {
    let verdict = if series.status.is_alert() { Role::of_status(series.status) } else { Role::Text };
    if let Some(cell) = table.cell(MARK, y, 1) {
        for row in 0..spark_rows {
            let cursor = Rect { y: y + row, width: 1, ..cell };
            draw_text(
                if is_selected { look.symbols.cursor() } else { "" },
                Align::Left,
                Role::Accent,
                cursor,
                look,
                buf,
            );
        }
        let mark = Rect { x: cell.x + 1, width: 1, ..cell };
        draw_text(look.symbols.status(series.status), Align::Left, Role::of_status(series.status), mark, look, buf);
    }
    if let Some(cell) = table.cell(NAME, y, 1) {
        draw_text(&series.label(), Align::Left, if is_selected { Role::Selected } else { Role::Text }, cell, look, buf);
    }
    if let Some(cell) = table.cell(SPARK, y, spark_rows) {
        draw_sparkline(&series.spark, series.baseline.as_ref(), cell, look, buf);
    }
    if let (Some(cell), Some(latest)) = (table.cell(LAST, y, 1), series.latest) {
        draw_value(latest.value, latest.value.abs(), series.unit, verdict, cell, look, buf);
    }
    if let (Some(cell), Some(pct)) = (table.cell(CHANGE, y, 1), change_pct(series)) {
        draw_text(&percent_signed(pct), Align::Right, Role::Text, cell, look, buf);
    }
    if let Some(cell) = table.cell(TREND, y, 1) {
        let (words, role) = trend(series, look);
        draw_text(&words, Align::Left, role, cell, look, buf);
    }
}

/// From the first bucket of the window to the newest value, in percent of the first; `None` when
/// there is nothing to compare with.
fn change_pct(series: &SeriesSummary) -> Option<f64> {
    let first = series.spark.iter().flatten().next().copied()?;
    let latest = series.latest?;
    let pct = 100.0 * (latest.value - first) / first.abs();
    pct.is_finite().then_some(pct)
}
