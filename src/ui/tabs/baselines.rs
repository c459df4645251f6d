//! The table of baselines: one row a metric, worst first; below it, where there is room, the control
//! chart of the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::metric;
use crate::app::view::Column;
use crate::app::{App, SortColumn};
use crate::model::text::{number, percent_signed};
use crate::model::time::age_coarse;
use crate::model::{SeriesSummary, Status, Trend};
use crate::ui::Look;
use crate::ui::text::{Align, width};
use crate::ui::theme::Role;
use crate::ui::widgets::chart::{ChartKind, signed};
use crate::ui::widgets::sparkline::draw_sparkline;
use crate::ui::widgets::table::{Heading, Table, VALUE_CELLS, draw_text, draw_value};

/// From here columns stand two cells apart.
const WIDE_COLUMNS: u16 = 140;
/// Rows a detail chart needs below the table to say more than the table does.
const ROWS_FOR_DETAIL: usize = 14;

/// Cells of an age, and of a status with the age of its alert: `critical  59m`.
const AGE_CELLS: u16 = 4;
const STATUS_CELLS: u16 = 8 + 1 + AGE_CELLS;

/// Rows whose names decide how wide their column is: all of them in all but the largest stores.
const ROWS_MEASURED: usize = 256;

/// The columns, left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Col {
    Mark,
    Name,
    Spark,
    Current,
    Mean,
    Sd,
    P95,
    P99,
    Count,
    Deviation,
    Z,
    Trend,
    Status,
}

const COLUMNS: [(Col, Heading); 13] = [
    (Col::Mark, heading("", Column::fixed(2, 0), Align::Left)),
    (Col::Name, heading("metric", NAME, Align::Left)),
    (Col::Spark, heading("course", Column { min: 6, max: 48, priority: 3 }, Align::Left)),
    (Col::Current, heading("current", Column::fixed(VALUE_CELLS, 1), Align::Right)),
    (Col::Mean, heading("mean", Column::fixed(VALUE_CELLS, 6), Align::Right)),
    (Col::Sd, heading("sd", Column::fixed(VALUE_CELLS, 8), Align::Right)),
    (Col::P95, heading("p95", Column::fixed(VALUE_CELLS, 7), Align::Right)),
    (Col::P99, heading("p99", Column::fixed(VALUE_CELLS, 10), Align::Right)),
    (Col::Count, heading("n", Column::fixed(7, 9), Align::Right)),
    (Col::Deviation, heading("dev", Column::fixed(7, 4), Align::Right)),
    (Col::Z, heading("z", Column::fixed(6, 2), Align::Right)),
    (Col::Trend, heading(" trend", Column::fixed(9, 5), Align::Left)),
    (Col::Status, heading("status", Column { min: 8, max: STATUS_CELLS, priority: 11 }, Align::Left)),
];

const NAME: Column = Column { min: 14, max: 40, priority: 0 };

const fn heading(title: &'static str, column: Column, align: Align) -> Heading {
    Heading { title, column, align }
}

/// Draws the tab.
pub fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    if app.expanded {
        return metric::draw(app, ChartKind::Control, look, area, buf);
    }
    let detail_rows = usize::from(area.height).saturating_sub(app.rows().len() + 2);
    let has_detail = app.has_detail() && detail_rows >= ROWS_FOR_DETAIL;
    let table = Rect { height: if has_detail { area.height - detail_rows as u16 - 1 } else { area.height }, ..area };
    draw_table(app, look, table, buf);
    if has_detail {
        let line = look.symbols.horizontal().repeat(usize::from(area.width));
        buf.set_string(area.x, table.bottom(), line, look.theme.style(Role::Border));
        let y = table.bottom() + 1;
        metric::draw(app, ChartKind::Control, look, Rect { y, height: area.bottom() - y, ..area }, buf);
    }
}

fn draw_table(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    let mut headings = COLUMNS.map(|(_, heading)| heading);
    headings[Col::Name as usize] = name_heading(app, area.width);
    let table = Table::new(&headings, area, if area.width >= WIDE_COLUMNS { 2 } else { 1 });
    table.draw_titles(&headings, area.y, Some(sorted(app)), look, buf);
    let visible = usize::from(area.height.saturating_sub(1));
    let (first, selected) = (app.first_row(visible), app.selected_row());
    for ((row, series), y) in app.rows().enumerate().skip(first).take(visible).zip(area.y + 1..) {
        let is_selected = selected == Some(row);
        for (index, (col, _)) in COLUMNS.into_iter().enumerate() {
            if let Some(cell) = table.cell(index, y, 1) {
                draw_cell(col, series, is_selected, app.now_ms, look, cell, buf);
            }
        }
    }
}

/// The column that the rows are sorted by, and whether values rise down the table.
fn sorted(app: &App) -> (usize, bool) {
    let col = match app.sort {
        SortColumn::Status => Col::Status,
        SortColumn::Name => Col::Name,
        SortColumn::Current => Col::Current,
        SortColumn::Mean => Col::Mean,
        SortColumn::Deviation => Col::Deviation,
        SortColumn::Z => Col::Z,
        SortColumn::Count => Col::Count,
    };
    (col as usize, app.sort.is_ascending(app.sort_reversed))
}

fn draw_cell(
    col: Col,
    series: &SeriesSummary,
    is_selected: bool,
    now_ms: i64,
    look: &Look,
    cell: Rect,
    buf: &mut Buffer,
) {
    let verdict = if series.status.is_alert() { Role::of_status(series.status) } else { Role::Text };
    let (baseline, align) = (series.baseline, COLUMNS[col as usize].1.align);
    let mut text = |text: &str, role: Role| draw_text(text, align, role, cell, look, buf);
    match col {
        Col::Mark => {
            text(if is_selected { look.symbols.cursor() } else { "" }, Role::Accent);
            let mark = Rect { x: cell.x + 1, width: 1, ..cell };
            draw_text(look.symbols.status(series.status), align, Role::of_status(series.status), mark, look, buf);
        }
        Col::Name => text(&series.label(), if is_selected { Role::Selected } else { Role::Text }),
        Col::Spark => draw_sparkline(&series.spark, baseline.as_ref(), cell, look, buf),
        Col::Current => draw_number(series.latest.map(|latest| latest.value), series, verdict, cell, look, buf),
        Col::Mean => draw_number(baseline.map(|baseline| baseline.mean), series, Role::Text, cell, look, buf),
        Col::Sd => draw_number(baseline.map(|baseline| baseline.std_dev), series, Role::Text, cell, look, buf),
        Col::P95 => draw_quantile(baseline.map(|baseline| baseline.p95), series, cell, look, buf),
        Col::P99 => draw_quantile(baseline.map(|baseline| baseline.p99), series, cell, look, buf),
        Col::Count => text(&baseline.map_or_else(String::new, |baseline| count(baseline.count)), Role::Muted),
        Col::Deviation => text(&series.deviation_pct.map(percent_signed).unwrap_or_default(), by_distance(series)),
        Col::Z => text(&series.z.map(signed).unwrap_or_default(), by_distance(series)),
        Col::Trend => {
            let (words, role) = trend(series, look);
            text(&format!(" {words}"), role);
        }
        Col::Status => draw_status(series, now_ms, look, cell, buf),
    }
}

/// The verdict in a word, and for how long there has been an alert, where there is room for both.
fn draw_status(series: &SeriesSummary, now_ms: i64, look: &Look, cell: Rect, buf: &mut Buffer) {
    let (word, role) = match series.status {
        Status::Unjudged => ("", Role::Muted),
        Status::Ok => (Status::Ok.as_str(), Role::Muted),
        status => (status.as_str(), Role::of_status(status)),
    };
    draw_text(word, Align::Left, role, cell, look, buf);
    if let Some(since_ms) = series.alert_since_ms.filter(|_| cell.width >= STATUS_CELLS) {
        let age = Rect { x: cell.right() - AGE_CELLS, width: AGE_CELLS, ..cell };
        draw_text(&age_coarse(now_ms.saturating_sub(since_ms)), Align::Right, role, age, look, buf);
    }
}

/// A value, in the multiple that suits the whole row; a dash where there is none yet.
fn draw_number(number: Option<f64>, series: &SeriesSummary, role: Role, cell: Rect, look: &Look, buf: &mut Buffer) {
    let usual = series.baseline.map(|baseline| baseline.mean).or(series.latest.map(|latest| latest.value));
    match number {
        Some(number) => draw_value(number, usual.unwrap_or(number).abs(), series.unit, role, cell, look, buf),
        None => draw_text("-    ", Align::Right, Role::Muted, cell, look, buf),
    }
}

/// A percentile, marked where it is not exact.
fn draw_quantile(number: Option<f64>, series: &SeriesSummary, cell: Rect, look: &Look, buf: &mut Buffer) {
    draw_number(number, series, Role::Text, cell, look, buf);
    let blank = |x: &u16| buf.cell((*x, cell.y)).is_some_and(|cell| cell.symbol() == " ");
    let before = (cell.left()..cell.right()).take_while(blank).last();
    if let Some(x) = before.filter(|_| series.baseline.is_some_and(|baseline| !baseline.exact)) {
        buf.set_string(x, cell.y, look.symbols.about(), look.theme.style(Role::Muted));
    }
}

/// Up to six digits as they are; more, rounded.
fn count(n: u64) -> String {
    if n < 1_000_000 { n.to_string() } else { format!("{}M", number(n as f64 / 1e6)) }
}

/// Distance from the mean is coloured only where it is unusual.
fn by_distance(series: &SeriesSummary) -> Role {
    match series.z.map(f64::abs) {
        Some(3.0..) => Role::Critical,
        Some(2.0..) => Role::Warning,
        _ => Role::Text,
    }
}

/// The column of names, of metrics or of segments: as wide as the longest of them, and less where the pane is narrow.
#[must_use]
pub fn name_heading(app: &App, columns: u16) -> Heading {
    let longest = app
        .rows()
        .take(ROWS_MEASURED)
        .map(|series| width(&series.label()))
        .max()
        .unwrap_or(0)
        .min(usize::from(NAME.max)) as u16;
    let min = match columns {
        0..30 => 6,
        30..60 => 12,
        _ => longest.clamp(12, 18),
    };
    let title = if app.split().is_some() { "segment" } else { "metric" };
    heading(title, Column { min, max: longest.max(min), ..NAME }, Align::Left)
}

/// Arrow and percent of a trend; a flat one is an arrow alone.
#[must_use]
pub fn trend(series: &SeriesSummary, look: &Look) -> (String, Role) {
    let arrow = look.symbols.trend(series.trend);
    match series.trend {
        Trend::Unknown | Trend::Flat => (arrow.to_owned(), Role::Muted),
        Trend::Rising { pct } => (format!("{arrow} {}", percent_signed(pct)), Role::Text),
        Trend::Falling { pct } => (format!("{arrow} {}", percent_signed(-pct)), Role::Text),
    }
}
