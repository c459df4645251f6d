//! The line at the bottom: what is wrong, what is special about the view, else keys; at the right
//! edge how fresh the data is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::strip::Strip;
use super::theme::Role;
use super::{Look, alerts, keys, text};
use crate::app::{Action, App, Overlay, SizeClass, Tab};
use crate::model::Severity;
use crate::model::time::age_coarse;

/// Draws the footer.
pub(super) fn draw(app: &App, look: &Look, class: SizeClass, area: Rect, buf: &mut Buffer) {
    let room = freshness(app, look, class).draw_right(area, buf);
    let room = Rect { width: room.width.saturating_sub(1), ..room };
    if let Some(problem) = app.snapshot.as_ref().and_then(|snapshot| snapshot.health.problem.as_ref()) {
        let mark = look.symbols.severity(Severity::Critical);
        Strip::new(look).with(Role::Critical, &format!(" {mark} {problem}")).draw(room, buf);
        return;
    }
    let strip = frozen(app, look, class).and(filtered(app, look, class));
    keys::hints(&app.options.keymap, offered(app), look, strip, usize::from(room.width)).draw(room, buf);
}

/// What is worth doing here, the most wanted first.
fn offered(app: &App) -> &'static [(Action, &'static str)] {
    const LIST: &[(Action, &str)] = &[
        (Action::Help, "help"),
        (Action::Expand, "chart"),
        (Action::Filter, "filter"),
        (Action::Alerts, "alerts"),
        (Action::NextWindow, "window"),
        (Action::ByTags, "tags"),
        (Action::Sort, "sort"),
        (Action::Freeze, "freeze"),
        (Action::Copy, "copy"),
        (Action::Close, "quit"),
    ];
    const SPLIT: &[(Action, &str)] = &[
        (Action::ByTags, "next tag"),
        (Action::Back, "whole"),
        (Action::Expand, "chart"),
        (Action::Filter, "filter"),
        (Action::Sort, "sort"),
        (Action::NextWindow, "window"),
        (Action::Copy, "copy"),
        (Action::Help, "help"),
    ];
    const NOTHING: &[(Action, &str)] =
        &[(Action::Help, "help"), (Action::NextWindow, "window"), (Action::Close, "quit")];
    const FROZEN: &[(Action, &str)] = &[
        (Action::Freeze, "thaw"),
        (Action::Help, "help"),
        (Action::Expand, "chart"),
        (Action::Crosshair, "read"),
        (Action::Alerts, "alerts"),
        (Action::Close, "quit"),
    ];
    const CHART: &[(Action, &str)] = &[
        (Action::Help, "help"),
        (Action::NextMetric, "metric"),
        (Action::NextWindow, "window"),
        (Action::NextChart, "chart"),
        (Action::Crosshair, "read"),
        (Action::NextViolation, "violation"),
        (Action::ZoomIn, "zoom"),
        (Action::Alerts, "alerts"),
        (Action::Freeze, "freeze"),
        (Action::Copy, "copy"),
        (Action::Close, "quit"),
    ];
    const CROSSHAIR: &[(Action, &str)] = &[
        (Action::Left, "back"),
        (Action::Right, "forward"),
        (Action::NextViolation, "violation"),
        (Action::Copy, "copy"),
        (Action::ZoomIn, "zoom"),
        (Action::Close, "close"),
    ];
    const EXPANDED: &[(Action, &str)] = &[
        (Action::Close, "back"),
        (Action::NextMetric, "metric"),
        (Action::NextWindow, "window"),
        (Action::ByCount, "count"),
        (Action::Crosshair, "read"),
        (Action::ZoomIn, "zoom"),
        (Action::Help, "help"),
    ];
    if let Some(Overlay::Alerts { .. }) = app.overlays.last() {
        return alerts::OFFERED;
    }
    if app.shown().is_none_or(|snapshot| snapshot.series.is_empty()) {
        return NOTHING;
    }
    match (app.tab, app.expanded, app.crosshair_ms) {
        (Tab::ControlChart, _, Some(_)) | (_, true, Some(_)) => CROSSHAIR,
        _ if app.frozen.is_some() => FROZEN,
        (_, true, None) => EXPANDED,
        (Tab::ControlChart, false, None) => CHART,
        _ if app.taken_apart.is_some() => SPLIT,
        _ => LIST,
    }
}

/// The banner of a view that stands still. The moment is exact, the age is coarse: a banner that
/// counted seconds would wake an idle pane every second.
fn frozen<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let strip = Strip::new(look);
    let Some(frozen) = &app.frozen else { return strip };
    let style = look.theme.style(Role::Warning).patch(look.theme.style(Role::Selected));
    let age = age_coarse(app.now_ms.saturating_sub(frozen.since_ms));
    let mut strip = strip.styled(style, &format!(" FROZEN {age} "));
    if class >= SizeClass::Compact {
        strip = strip.with(Role::Muted, &app.options.zone.format(frozen.since_ms, " at %H:%M:%S"));
    }
    match frozen.alerts_since {
        0 => strip,
        1 => strip.with(Role::Warning, " 1 alert"),
        n => strip.with(Role::Warning, &format!(" {n} alerts")),
    }
    .with(Role::Text, " ")
}

fn filtered<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let strip = Strip::new(look);
    if app.filter.is_empty() {
        return strip;
    }
    let all = app.listed().len();
    let shown = app.rows().len();
    let counted = if class == SizeClass::Micro { format!(" {shown}/{all}") } else { format!(" {shown} of {all} ") };
    strip.with(Role::Accent, &format!(" /{}", app.filter)).with(Role::Muted, &counted)
}

/// What keeps the picture from being complete, and the age of the newest sample.
fn freshness<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let mut strip = Strip::new(look);
    let Some(health) = app.snapshot.as_ref().map(|snapshot| &snapshot.health) else { return strip };
    if health.rejected_lines > 0 && class >= SizeClass::Compact {
        strip = strip.with(Role::Warning, &format!("{} rejected  ", health.rejected_lines));
    }
    if health.backlog > 0 && class >= SizeClass::Mini {
        strip = strip.with(Role::Info, &format!("{} to judge  ", text::count(health.backlog)));
    }
    if class == SizeClass::Full {
        strip = strip.with(Role::Muted, &format!("{} samples  ", text::count(health.sample_count)));
    }
    let Some(newest_ms) = health.newest_sample_ms else { return strip };
    let age = age_coarse(app.now_ms.saturating_sub(newest_ms));
    let label = if class >= SizeClass::Compact { "newest " } else { "" };
    strip.with(Role::Muted, label).with(Role::Text, &format!("{age} "))
}
