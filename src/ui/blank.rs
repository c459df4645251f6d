//! What stands in the tab's place while there is nothing to show: why, and what to do about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::strip::Strip;
use super::theme::Role;
use super::{Look, keys};
use crate::app::{Action, App};
use crate::model::Snapshot;
use crate::model::time::age_coarse;

/// Draws the reason why there is nothing to show; says whether there was one.
pub(super) fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) -> bool {
    let line = |role: Role, text: &str| Strip::new(look).with(role, text);
    let Some(snapshot) = app.shown().filter(|shown| !shown.is_being_read()) else {
        middle(&[line(Role::Muted, "reading the store")], area, buf);
        return true;
    };
    if snapshot.series.is_empty() {
        empty_store(app, snapshot, look, area, buf);
        return true;
    }
    if app.rows().len() == 0 && !app.shows_chart() {
        let key = keys::name(&app.options.keymap, Action::Back);
        let lines = [
            line(Role::Title, "no match for filter ").with(Role::Accent, &app.filter),
            line(Role::Muted, &format!("{key} clears it")),
        ];
        middle(&lines, area, buf);
        return true;
    }
    false
}

fn empty_store(app: &App, snapshot: &Snapshot, look: &Look, area: Rect, buf: &mut Buffer) {
    let line = |label: &str, text: &str| Strip::new(look).with(Role::Muted, label).with(Role::Text, text);
    let command = |text: &str| Strip::new(look).with(Role::Accent, text);
    let mut lines = vec![
        Strip::new(look).with(Role::Title, "no samples yet"),
        Strip::new(look),
        command("perftop record latency_ms 12.5"),
        command("perftop ingest samples.jsonl"),
        Strip::new(look),
        line("store  ", &snapshot.health.store_path),
    ];
    if let Some(drop_dir) = &app.options.drop_dir {
        lines.push(line("drop   ", drop_dir));
    }
    middle(&lines, area, buf);
}

/// Draws lines one below the other, the longest in the middle; the first ones go before the last.
fn middle(lines: &[Strip], area: Rect, buf: &mut Buffer) {
    let width = lines.iter().map(Strip::width).max().unwrap_or(0).min(usize::from(area.width)) as u16;
    let area = super::panel::centered(super::layout::inset(area, 1, 0), width, lines.len() as u16);
    for (line, row) in lines.iter().zip(area.rows()) {
        line.draw(row, buf);
    }
}

/// A line on top of the tab that says that the whole window is empty; answers with the room left.
pub(super) fn stale(app: &App, look: &Look, area: Rect, buf: &mut Buffer) -> Rect {
    let newest_ms = app.shown().and_then(|snapshot| snapshot.health.newest_sample_ms);
    let window = app.window.range_at(app.now_ms);
    let Some(newest_ms) = newest_ms.filter(|&newest_ms| newest_ms < window.from_ms) else { return area };
    if area.height < 2 || app.range.is_some() {
        return area;
    }
    let age = age_coarse(app.now_ms.saturating_sub(newest_ms));
    let key = keys::name(&app.options.keymap, Action::NextWindow);
    let text = format!(" no samples in {}: newest is {age} old, press {key}", app.window);
    Strip::new(look).with(Role::Warning, &text).draw(area, buf);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}
