//! What stands below the chart of a module's metric: its last runs, how many succeeded, and what its phases take.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::view::Column;
use crate::model::text::percent_signed;
use crate::model::{ModuleView, PhaseView, Point, RunCell, RunExit, RunView, TimeRange, Unit, measure};
use crate::ui::Look;
use crate::ui::text::{Align, width};
use crate::ui::theme::Role;
use crate::ui::widgets::rates::{Bars, draw_rates};
use crate::ui::widgets::table::{Heading, Table, VALUE_CELLS, draw_text, draw_value};

/// Columns that runs need with three measures and how they ended, and what success rate and phases need beside them.
const RUN_COLUMNS: u16 = 60;
const PHASE_COLUMNS: u16 = 34;
/// Rows of the bars of the success rate, where there are rows to spare.
const RATE_ROWS: u16 = 2;
/// Runs whose success is told, as many as `perftop runs` tells of.
const RATE_RUNS: usize = 100;
/// Cells of the instant a run was over, `21 Nov 07:54`, and of how it ended.
const WHEN_CELLS: u16 = 12;
const ENDED: Column = Column { min: 8, max: 9, priority: 4 };
const DAY_MS: i64 = 86_400_000;
/// The digits of a commit by which it is known.
const COMMIT_DIGITS: usize = 7;

/// Draws runs and, where there is room, phases.
pub fn draw(app: &App, module: &ModuleView, look: &Look, area: Rect, buf: &mut Buffer) {
    let line = look.symbols.horizontal().repeat(usize::from(area.width));
    buf.set_string(area.x, area.y, line, look.theme.style(Role::Border));
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if area.width < RUN_COLUMNS + PHASE_COLUMNS + 2 {
        return draw_runs(app, module, look, body, buf);
    }
    // What the runs do not need is for the bars.
    let needed: u16 = headings(module).iter().map(|heading| heading.column.max + 1).sum();
    let left = needed.min((area.width * 3 / 5).max(RUN_COLUMNS));
    let right = area.width - left - 2;
    draw_runs(app, module, look, Rect { width: left, ..body }, buf);
    let x = area.right() - right;
    let beside = Rect { x, width: right.saturating_sub(1), ..body };
    let left = draw_success(module, look, beside, buf);
    draw_phases(module, look, left, buf);
}

/// The newest runs, the newest first.
fn draw_runs(app: &App, module: &ModuleView, look: &Look, area: Rect, buf: &mut Buffer) {
    let headings = headings(module);
    let table = Table::new(&headings, area, 1);
    table.draw_titles(&headings, area.y, None, look, buf);
    let chosen = chosen(app, module);
    // The one under the crosshair stands in the middle, where no toast covers it.
    let visible = usize::from(area.height.saturating_sub(1));
    let most = module.runs.len().saturating_sub(visible);
    let skipped = chosen.map_or(0, |place| place.saturating_sub(visible / 2).min(most));
    let rows = module.runs.iter().rev().enumerate().skip(skipped);
    for ((place, run), y) in rows.zip(area.y + 1..area.bottom()) {
        if let Some(cell) = table.cell(0, y, 1).filter(|_| chosen == Some(place)) {
            draw_text(look.symbols.cursor(), Align::Left, Role::Crosshair, Rect { width: 1, ..cell }, look, buf);
        }
        draw_run(app, module, run, &table, y, look, buf);
    }
}

/// The run of the sample under the crosshair, counted from the newest.
fn chosen(app: &App, module: &ModuleView) -> Option<usize> {
    let point = app.crosshair_point()?;
    let is_it = |run: &RunView| {
        run.ended_ms == point.timestamp_ms && run.shown.is_some_and(|shown| shown.value.total_cmp(&point.value).is_eq())
    };
    module.runs.iter().rev().position(is_it)
}

/// Mark, when it was over, measures, how it ended, commit.
fn headings(module: &ModuleView) -> Vec<Heading> {
    let heading = |title, column, align| Heading { title, column, align };
    let mut headings = vec![
        heading("", Column::fixed(2, 0), Align::Left),
        heading("last runs", Column::fixed(WHEN_CELLS, 0), Align::Left),
    ];
    // How a run ended and its commit go before the fourth measure does.
    headings.extend(module.columns.iter().zip([1, 2, 3, 6, 7, 8, 9, 10]).map(|(column, priority)| {
        let title = match &*column.name {
            measure::DURATION => "duration ",
            measure::CPU => "CPU ",
            measure::MEMORY => "memory ",
            measure::API_LATENCY => "API ",
            measure::ITEMS_PER_HOUR => "items/h ",
            measure::LINES_PER_HOUR => "lines/h ",
            measure::SPEED_UP => "speed-up ",
            // Its name stands above the chart.
            _ => "this ",
        };
        // Behind the value there is room for a mark.
        heading(title, Column::fixed(VALUE_CELLS + 1, priority), Align::Right)
    }));
    headings.push(heading("ended", ENDED, Align::Left));
    headings.push(heading("commit", Column::fixed(COMMIT_DIGITS as u16, 5), Align::Left));
    headings
}

fn draw_run(app: &App, module: &ModuleView, run: &RunView, table: &Table, y: u16, look: &Look, buf: &mut Buffer) {
    let has_failed = !run.exit.is_success();
    let cell = |index: usize| table.cell(index, y, 1);
    if let Some(cell) = cell(0).filter(|_| has_failed) {
        let mark = Rect { x: cell.x + 1, width: 1, ..cell };
        draw_text(look.symbols.failure(), Align::Left, Role::Critical, mark, look, buf);
    }
    if let Some(cell) = cell(1) {
        // Of a day ago at most, the time of day is enough, and what ran in quick succession is told apart.
        let is_of_today = app.now_ms.saturating_sub(run.ended_ms) < DAY_MS;
        let ended = app.options.zone.format(run.ended_ms, if is_of_today { "%H:%M:%S" } else { "%e %b %H:%M" });
        draw_text(&ended, Align::Left, Role::Muted, cell, look, buf);
    }
    for (place, (column, measured)) in module.columns.iter().zip(&run.cells).enumerate() {
        let (Some(cell), Some(RunCell { value, is_outlier })) = (cell(2 + place), *measured) else { continue };
        let role = match (is_outlier, has_failed || run.is_elsewhere) {
            (true, _) => Role::Warning,
            (false, true) => Role::Muted,
            (false, false) => Role::Text,
        };
        let number = Rect { width: cell.width - 1, ..cell };
        draw_value(value, value.abs(), column.unit, role, number, look, buf);
        if is_outlier {
            let mark = Rect { x: cell.right() - 1, width: 1, ..cell };
            draw_text(look.symbols.outlier(), Align::Left, Role::Warning, mark, look, buf);
        }
    }
    let after = 2 + module.columns.len();
    if let Some(cell) = cell(after) {
        let (words, role) = match (has_failed, run.is_elsewhere) {
            (true, _) => (ending(run.exit), Role::Critical),
            (false, true) => ("elsewhere".to_owned(), Role::Muted),
            (false, false) => (ending(run.exit), Role::Muted),
        };
        draw_text(&words, Align::Left, role, cell, look, buf);
    }
    if let (Some(cell), Some(commit)) = (cell(after + 1), &run.commit) {
        let beginning: String = commit.chars().take(COMMIT_DIGITS).collect();
        draw_text(&beginning, Align::Left, Role::Muted, cell, look, buf);
    }
}

/// How a run ended, in few cells.
fn ending(exit: RunExit) -> String {
    match exit {
        RunExit::Code(code) if !exit.is_success() => format!("code {code}"),
        RunExit::TimedOut => "timeout".to_owned(),
        RunExit::Code(_) | RunExit::Signal(_) => exit.to_string(),
    }
}

/// How many of the newest runs succeeded, in numbers and as bars; answers with the room below.
fn draw_success(module: &ModuleView, look: &Look, area: Rect, buf: &mut Buffer) -> Rect {
    let newest = &module.runs[module.runs.len().saturating_sub(RATE_RUNS)..];
    let successes = newest.iter().filter(|run| run.exit.is_success()).count();
    let role = if successes == newest.len() { Role::Ok } else { Role::Warning };
    let head = Rect { height: area.height.min(1), ..area };
    if head.is_empty() {
        return head;
    }
    draw_text("success", Align::Left, Role::Muted, Rect { width: 8.min(head.width), ..head }, look, buf);
    let told = format!("{successes} of {} runs", newest.len());
    draw_text(&told, Align::Left, role, Rect { x: head.x + 8, width: head.width.saturating_sub(8), ..head }, look, buf);
    // Phases say more than bars.
    let spare = area.height.saturating_sub(2 + module.phases.len() as u16);
    let rows = spare.clamp(1, RATE_ROWS).min(area.height - 1);
    let places: Vec<Point> = newest
        .iter()
        .zip(0..)
        .map(|(run, timestamp_ms)| Point { timestamp_ms, value: f64::from(u8::from(run.exit.is_success())) })
        .collect();
    let range = TimeRange { from_ms: 0, until_ms: places.len().cast_signed() as i64 };
    let bars = Bars::of_runs(places.len(), area.width);
    draw_rates(&bars.rates(&places, range), bars, Rect { y: area.y + 1, height: rows, ..area }, look, buf);
    let used = (rows + 1).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

const NAME: usize = 0;
const BAR: usize = 1;
const AVERAGE: usize = 2;
const SHARE: usize = 3;
const GROWTH: usize = 4;

/// What the phases take on the average, those that take most first.
fn draw_phases(module: &ModuleView, look: &Look, area: Rect, buf: &mut Buffer) {
    if module.phases.is_empty() || area.height < 2 {
        return;
    }
    let heading = |title, column, align| Heading { title, column, align };
    let longest = module.phases.iter().map(|phase| width(&phase.name)).max().unwrap_or(0);
    let longest = longest.clamp(8, usize::from(area.width / 3).max(8)) as u16;
    let headings = [
        heading("phases", Column { min: 8, max: longest, priority: 0 }, Align::Left),
        heading("", Column { min: 4, max: u16::MAX, priority: 3 }, Align::Left),
        heading("average", Column::fixed(VALUE_CELLS, 1), Align::Right),
        heading("share", Column::fixed(5, 2), Align::Right),
        heading("change", Column::fixed(7, 4), Align::Right),
    ];
    let table = Table::new(&headings, area, 1);
    table.draw_titles(&headings, area.y, None, look, buf);
    let rows = usize::from(area.height - 1);
    let shown = if module.phases.len() > rows { rows - 1 } else { rows };
    for (phase, y) in module.phases.iter().take(shown).zip(area.y + 1..) {
        draw_phase(phase, &table, y, look, buf);
    }
    if module.phases.len() > shown {
        let more = &module.phases[shown..];
        let grown = more.iter().filter(|phase| phase.growth_percent.is_some()).count();
        let words = match grown {
            0 => format!("and {} more", more.len()),
            grown => format!("and {} more, {grown} of them slower", more.len()),
        };
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        draw_text(&words, Align::Left, if grown > 0 { Role::Warning } else { Role::Muted }, last, look, buf);
    }
}

fn draw_phase(phase: &PhaseView, table: &Table, y: u16, look: &Look, buf: &mut Buffer) {
    let mut text = |index: usize, text: &str, align: Align, role: Role| {
        if let Some(cell) = table.cell(index, y, 1) {
            draw_text(text, align, role, cell, look, buf);
        }
    };
    text(NAME, &phase.name, Align::Left, Role::Text);
    let share = phase.share.clamp(0.0, 1.0);
    let cells = |cell: Rect| (share * f64::from(cell.width)).ceil() as usize;
    let bar = table.cell(BAR, y, 1).map(|cell| look.symbols.bar().repeat(cells(cell)));
    text(BAR, &bar.unwrap_or_default(), Align::Left, Role::Data);
    text(SHARE, &format!("{:.0} %", 100.0 * share), Align::Right, Role::Muted);
    if let Some(percent) = phase.growth_percent {
        text(GROWTH, &percent_signed(percent), Align::Right, Role::Warning);
    }
    if let Some(cell) = table.cell(AVERAGE, y, 1) {
        draw_value(phase.average_ms, phase.average_ms, Unit::Milliseconds, Role::Text, cell, look, buf);
    }
}
