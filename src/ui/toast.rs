//! Toasts over the tab: boxes in a corner of a large screen, lines above the footer of a small one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::layout::{Parts, SizeClass};
use super::strip::Strip;
use super::theme::Role;
use super::wrap::wrapped;
use super::{Look, alerts, keys, panel};
use crate::app::{Action, App, Toast, ToastKind};
use crate::model::text::counted;

const BOX_CELLS: u16 = 46;
const BOX_TEXT_LINES: usize = 2;
/// Lines for the names of an incident.
const BOX_NAME_LINES: usize = 4;

/// Draws the toasts there are, where there is room for them.
pub(super) fn draw(app: &App, look: &Look, class: SizeClass, parts: Parts, buf: &mut Buffer) {
    let toasts = app.shown_toasts();
    match class {
        _ if toasts.is_empty() => {}
        SizeClass::Full => boxes(app, &toasts, look, parts.body, buf),
        SizeClass::Compact => lines(app, &toasts, 2, look, parts.body, buf),
        SizeClass::Mini => lines(app, &toasts, 1, look, parts.body, buf),
        SizeClass::Micro => one_line(app, toasts[0], app.toasts.len() - 1, look, parts.footer, buf),
        SizeClass::Line => {}
    }
}

const fn role(kind: ToastKind) -> Role {
    match kind {
        ToastKind::Alert(severity) => Role::of_severity(severity),
        ToastKind::Done | ToastKind::Over => Role::Info,
        ToastKind::Failed => Role::Critical,
    }
}

fn mark(kind: ToastKind, look: &Look) -> &'static str {
    match kind {
        ToastKind::Alert(severity) => look.symbols.severity(severity),
        ToastKind::Done | ToastKind::Over => look.symbols.separator(),
        ToastKind::Failed => "!",
    }
}

/// What stands first: the metric, how many of them are an incident, or how many alerts a summary is about.
fn heading(toast: &Toast) -> String {
    if let Some(incident) = &toast.incident {
        return incident.title();
    }
    match &toast.metric {
        Some(metric) if toast.count > 1 => format!("{metric} x{}", toast.count),
        Some(metric) => metric.to_string(),
        None if toast.is_summary() => format!("{} {}", counted(toast.count, "alert"), toast.text),
        None if toast.count > 1 => format!("{} x{}", toast.text, toast.count),
        None => toast.text.clone(),
    }
}

/// The sentence below the heading; a notice is its own heading.
fn sentence(app: &App, toast: &Toast) -> String {
    match toast.kind {
        ToastKind::Alert(_) if toast.is_summary() => {
            format!("{} opens the list", keys::name(&app.options.keymap, Action::Alerts))
        }
        ToastKind::Over if toast.metric.is_none() => String::new(),
        ToastKind::Alert(_) | ToastKind::Over => {
            let metric = toast.metric.as_deref().unwrap_or_default();
            alerts::without_name(&toast.text, metric).to_owned()
        }
        ToastKind::Done | ToastKind::Failed => String::new(),
    }
}

/// Boxes from the lower right corner upwards, the gravest on top: the upper rows are those of the worst
/// metrics, which a toast must not hide.
fn boxes(app: &App, toasts: &[&Toast], look: &Look, body: Rect, buf: &mut Buffer) {
    let x = if crosshair_is_right(app) { body.x + 1 } else { body.right().saturating_sub(BOX_CELLS + 1) };
    let mut bottom = body.bottom();
    let hidden = app.toasts.len() - toasts.len();
    if hidden > 0 {
        bottom -= 1;
        let area = Rect { x, y: bottom, width: BOX_CELLS, height: 1 };
        Clear.render(area, buf);
        Strip::new(look).with(Role::Muted, &format!("  +{hidden} more{}", list_key(app))).draw(area, buf);
    }
    for toast in toasts.iter().rev() {
        let (title, lines) = box_text(app, toast, look);
        let height = lines.len() as u16 + 2;
        if bottom < body.y + height {
            break;
        }
        bottom -= height;
        let area = Rect { x, y: bottom, width: BOX_CELLS, height };
        let inside = panel::draw(area, &title, look.theme.style(role(toast.kind)), look, buf);
        for (line, row) in lines.iter().zip(inside.rows()) {
            Strip::new(look).with(Role::Text, " ").with(Role::Text, line).draw(row, buf);
        }
    }
}

/// Title and lines of a box; a notice has no title, it is all said in its lines.
fn box_text<'a>(app: &App, toast: &Toast, look: &'a Look) -> (Strip<'a>, Vec<String>) {
    let lines = if toast.incident.is_some() { BOX_NAME_LINES } else { BOX_TEXT_LINES };
    let wrap = |text: &str| wrapped(text, usize::from(BOX_CELLS) - 4, lines, look.symbols);
    let sentence = sentence(app, toast);
    if sentence.is_empty() {
        return (Strip::new(look), wrap(&heading(toast)));
    }
    let title = format!(" {} {} ", mark(toast.kind, look), heading(toast));
    (Strip::new(look).with(role(toast.kind), &title), wrap(&sentence))
}

fn list_key(app: &App) -> String {
    format!(" ({})", keys::name(&app.options.keymap, Action::Alerts))
}

/// Whether the crosshair stands where the boxes would be.
fn crosshair_is_right(app: &App) -> bool {
    let visible = app.visible_range();
    let Some(at_ms) = app.crosshair_ms.filter(|_| app.shows_chart()) else { return false };
    at_ms.saturating_sub(visible.from_ms) > visible.span_ms() / 2
}

fn lines(app: &App, toasts: &[&Toast], at_most: usize, look: &Look, body: Rect, buf: &mut Buffer) {
    let shown = toasts.len().min(at_most).min(usize::from(body.height));
    let hidden = app.toasts.len() - shown;
    for (place, toast) in toasts.iter().take(shown).enumerate() {
        let y = body.bottom() - (shown - place) as u16;
        let hidden = if place + 1 == shown { hidden } else { 0 };
        one_line(app, toast, hidden, look, Rect { y, height: 1, ..body }, buf);
    }
}

/// A toast on one line of the screen, as wide as the screen.
fn one_line(app: &App, toast: &Toast, hidden: usize, look: &Look, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let role = role(toast.kind);
    let mut strip = Strip::new(look).with(role, &format!(" {} {}", mark(toast.kind, look), heading(toast)));
    let sentence = sentence(app, toast);
    if !sentence.is_empty() {
        strip = strip.with(Role::Text, &format!("  {sentence}"));
    }
    let mut right = Strip::new(look);
    if hidden > 0 {
        right = right.with(Role::Muted, &format!(" +{hidden}{} ", list_key(app)));
    }
    let room = right.draw_right(area, buf);
    strip.draw(room, buf);
}
