//! Tabs, the chosen row, and what closing means.

use super::{Action, App, Effect, Tab, rows, split, timeline, toast};

/// Puts another tab on top.
pub(super) fn show_tab(app: &mut App, tab: Tab) {
    if app.tab != tab {
        app.tab = tab;
        app.expanded = false;
        app.crosshair_ms = None;
        app.looked_at = None;
    }
}

/// The tab so many places to the right, round the ends.
pub(super) fn step_tab(app: &mut App, forward: bool) {
    let place = Tab::EVERY.iter().position(|&tab| tab == app.tab).unwrap_or(0);
    let step = if forward { 1 } else { Tab::EVERY.len() - 1 };
    show_tab(app, Tab::EVERY[(place + step) % Tab::EVERY.len()]);
}

/// Chooses the row so many below (above, when negative); stops at the ends.
pub(super) fn move_selection(app: &mut App, by: isize) {
    let row = app.selected_row().map_or(0, |row| row.saturating_add_signed(by));
    select_row(app, row);
}

/// Chooses the next or previous metric, round the ends.
pub(super) fn step_metric(app: &mut App, forward: bool) {
    let len = app.rows().len();
    let Some(row) = app.selected_row() else { return select_row(app, 0) };
    let step = if forward { 1 } else { len - 1 };
    select_row(app, (row + step) % len);
}

/// Chooses a row; beyond the last one means the last one.
pub(super) fn select_row(app: &mut App, row: usize) {
    let last = app.rows().len().saturating_sub(1);
    let Some(metric) = app.rows().nth(row.min(last)).map(|series| series.metric.clone()) else { return };
    if app.selected.as_ref() != Some(&metric) {
        app.selected = Some(metric);
        app.crosshair_ms = None;
        app.looked_at = None;
    }
    rows::settle(app);
}

/// Chooses the next or previous row with an alert.
pub(super) fn step_alerting_row(app: &mut App, forward: bool) {
    let alerting: Vec<usize> =
        app.rows().enumerate().filter(|(_, series)| series.status.is_alert()).map(|(row, _)| row).collect();
    let here = app.selected_row();
    let found = if forward {
        alerting.into_iter().find(|&row| here.is_none_or(|here| row > here))
    } else {
        alerting.into_iter().rev().find(|&row| here.is_none_or(|here| row < here))
    };
    match found {
        Some(row) => select_row(app, row),
        None => toast::say(app, if forward { "no alert farther down" } else { "no alert farther up" }),
    }
}

/// Moves among rows, or in time while a chart is on screen.
pub(super) fn go(app: &mut App, action: Action) {
    let half_page = isize::try_from(app.list_rows() / 2).unwrap_or(1).max(1);
    match action {
        Action::Up => move_selection(app, -1),
        Action::Down => move_selection(app, 1),
        Action::PageUp => move_selection(app, -half_page),
        Action::PageDown => move_selection(app, half_page),
        Action::First if app.shows_chart() => timeline::crosshair_to_end(app, false),
        Action::Last if app.shows_chart() => timeline::crosshair_to_end(app, true),
        Action::First => select_row(app, 0),
        Action::Last => select_row(app, usize::MAX),
        Action::NextViolation if app.shows_chart() => timeline::step_violation(app, true),
        Action::PreviousViolation if app.shows_chart() => timeline::step_violation(app, false),
        Action::NextViolation => step_alerting_row(app, true),
        _ => step_alerting_row(app, false),
    }
}

/// Esc: puts away the top-most thing, down to the zoom and the filter.
pub(super) fn back(app: &mut App) {
    if app.overlays.is_empty() && toast::dismiss(app) {
        return;
    }
    if close_one(app) {
        return;
    }
    if app.range.take().is_none() {
        app.set_filter("");
    }
}

/// `q`: closes the top-most thing the user opened, then quits.
pub(super) fn close(app: &mut App) -> Vec<Effect> {
    if close_one(app) { Vec::new() } else { vec![Effect::Quit] }
}

fn close_one(app: &mut App) -> bool {
    app.overlays.pop().is_some()
        || app.crosshair_ms.take().is_some() | app.looked_at.take().is_some()
        || std::mem::take(&mut app.expanded)
        || split::end(app)
}
