//! The list of alerts. Which columns there are depends on the width; the sentence that explains an
//! alert is always there, if need be below the list for the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{SizeClass, inset};
use super::panel;
use super::strip::Strip;
use super::symbols::SymbolSet;
use super::text::{Align, fit, width};
use super::theme::Role;
use super::wrap::wrapped;
use super::{Look, keys};
use crate::app::{Action, App};
use crate::model::text::{counted, printable, value};
use crate::model::time::age_coarse;
use crate::model::{Alert, AlertState, Incident, Precision, RunAnomaly, Severity, Tally};

/// Lines below the list for the sentence, and for the numbers, of the chosen alert.
const DETAIL_LINES: usize = 2;

/// What can be done with the list, the most wanted first.
pub(super) const OFFERED: &[(Action, &str)] = &[
    (Action::Expand, "chart"),
    (Action::Acknowledge, "acknowledge"),
    (Action::LabelTrue, "true"),
    (Action::LabelFalse, "false"),
    (Action::Mute, "mute"),
    (Action::Close, "close"),
    (Action::Copy, "copy"),
    (Action::Help, "help"),
];

/// Draws the list over `area`.
pub(super) fn draw(app: &App, look: &Look, class: SizeClass, area: Rect, buf: &mut Buffer) {
    let inside = panel::draw(area, &title(app, look, class), look.theme.style(Role::Border), look, buf);
    let alerts = app.alerts();
    let inside = draw_unusual_runs(app, look, inside, buf);
    let Some(chosen) = app.selected_alert() else {
        if app.unusual_runs().next().is_none() {
            Strip::new(look).with(Role::Muted, " no alerts: nothing has broken a rule").draw(inside, buf);
        }
        return;
    };
    // With a rule above, at most half of the panel.
    let most = if class >= SizeClass::Mini { usize::from(inside.height / 2).saturating_sub(1) } else { 0 };
    let details = details(app, &alerts[chosen], look, usize::from(inside.width.saturating_sub(2)), most);
    let detail_rows = if details.is_empty() { 0 } else { details.len() as u16 + 1 };
    let list = Rect { height: inside.height - detail_rows, ..inside };
    let visible = usize::from(list.height);
    // The chosen row stands in the middle as far as the list is long enough.
    let first = chosen.saturating_sub(visible / 2).min(alerts.len().saturating_sub(visible));
    for ((index, alert), row) in alerts.iter().enumerate().skip(first).zip(list.rows()) {
        let bracket = bracket(alerts, index, look.symbols);
        line(app, alert, &bracket, index == chosen, look, row).draw(row, buf);
        if index == chosen {
            buf.set_style(row, look.theme.style(Role::Selected));
        }
    }
    let below = Rect { y: list.bottom(), height: detail_rows, ..inside };
    draw_details(&details, look, below, buf);
}

/// What is unusual about runs, below the alerts and in half of the room at most; answers with the room left. They are listed and
/// not chosen: what ends them is the next runs.
fn draw_unusual_runs(app: &App, look: &Look, inside: Rect, buf: &mut Buffer) -> Rect {
    let runs: Vec<&RunAnomaly> = app.unusual_runs().collect();
    let are_alone = app.alerts().is_empty();
    let rows = (runs.len() as u16).min(if are_alone { inside.height } else { inside.height / 2 });
    let left = Rect { height: inside.height - rows, ..inside };
    let list = Rect { y: if are_alone { inside.y } else { left.bottom() }, height: rows, ..inside };
    let hidden = runs.len() - usize::from(rows);
    let names = runs.iter().map(|run| width(&run.metric_name())).max().unwrap_or(0).min(usize::from(inside.width / 2));
    for (place, (run, row)) in runs.iter().zip(list.rows()).enumerate() {
        let role = Role::of_severity(run.severity());
        let age = age_coarse(app.now_ms.saturating_sub(run.at_ms));
        let more =
            if hidden > 0 && place + 1 == usize::from(rows) { format!(" +{hidden} more") } else { String::new() };
        let room = Strip::new(look).with(Role::Muted, &format!("{more} {age} ")).draw_right(row, buf);
        Strip::new(look)
            .with(role, &format!(" {} run ", look.symbols.severity(run.severity())))
            .with(Role::Text, &fit(&run.metric_name(), names, Align::Left, look.symbols))
            .with(Role::Muted, &format!("  {}", run.told()))
            .draw(room, buf);
    }
    left
}

fn title<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let wanting = Tally::of(app.wanting());
    let mut said = wanting.with_incidents(&format!("{} firing", wanting.alerts));
    // What is not worth a toast is in the list all the same.
    let listed = app.firing_from(Severity::Info).count() as u64 - wanting.alerts;
    if listed > 0 {
        said = format!("{said}, {listed} listed");
    }
    let runs = app.unusual_runs().count() as u64;
    if runs > 0 {
        said = format!("{said}, {}", counted(runs, "unusual run"));
    }
    let strip = Strip::new(look).with(Role::Title, " Alerts ").with(Role::Muted, &format!("{said} "));
    // Where the footer is in sight, the keys stand there.
    if class >= SizeClass::Compact {
        return strip;
    }
    let cells = usize::from(app.size.0).saturating_sub(4);
    keys::hints(&app.options.keymap, OFFERED, look, strip, cells)
}

/// The longest word for where an alert stands.
const RECOVERING: &str = "recovering";

fn state_word(app: &App, alert: &Alert) -> &'static str {
    match alert.state {
        AlertState::Firing if app.mute_of(alert).is_some() => "muted",
        AlertState::Firing if app.is_recovering(alert) => RECOVERING,
        AlertState::Firing => "firing",
        AlertState::Acknowledged => "known",
        AlertState::Recovered => "over",
    }
}

/// What stands before an alert: where there are incidents, a bracket around the alerts of each.
fn bracket(alerts: &[Alert], index: usize, symbols: SymbolSet) -> String {
    let cells = if alerts.iter().any(|alert| alert.incident.is_some()) { 2 } else { 1 };
    fit(corner(alerts, index, symbols), cells, Align::Left, symbols)
}

fn corner(alerts: &[Alert], index: usize, symbols: SymbolSet) -> &'static str {
    let incident = |index: usize| alerts.get(index)?.incident.as_ref().map(|incident| incident.id);
    let is_same = |other: Option<usize>| incident(index).is_some() && other.and_then(incident) == incident(index);
    let [top, _, bottom, _] = symbols.corners();
    match (is_same(index.checked_sub(1)), is_same(index.checked_add(1))) {
        (false, true) => top,
        (true, true) => symbols.vertical(),
        (true, false) => bottom,
        (false, false) => " ",
    }
}

/// Bracket, mark, state, metric, sentence, label, count, age; the sentence needs 100 columns, state and label 60.
fn line<'a>(app: &App, alert: &Alert, bracket: &str, chosen: bool, look: &'a Look, row: Rect) -> Strip<'a> {
    let cells = usize::from(row.width);
    let symbols = look.symbols;
    // The chosen row is told by its reversed cells; dim or coloured text would not be readable there.
    let (role, text, muted) = match alert.state {
        _ if chosen => (Role::Text, Role::Text, Role::Text),
        AlertState::Firing if app.mute_of(alert).is_some() => (Role::Muted, Role::Muted, Role::Muted),
        AlertState::Firing => (Role::of_severity(alert.severity), Role::Text, Role::Muted),
        AlertState::Acknowledged | AlertState::Recovered => (Role::Muted, Role::Muted, Role::Muted),
    };
    let age = age_coarse(app.now_ms.saturating_sub(alert.updated_at_ms));
    let count = if alert.count > 1 { format!("x{}", alert.count) } else { String::new() };
    let has_labels = app.alerts().iter().any(|alert| alert.label.is_some());
    let label_cells = if cells >= 56 && has_labels { 6 } else { 0 };
    let label = fit(alert.label_word().unwrap_or_default(), label_cells, Align::Right, symbols);
    let right = format!("{label}{} {} ", fit(&count, 6, Align::Right, symbols), fit(&age, 4, Align::Right, symbols));
    let has_recovering = app.alerts().iter().any(|alert| state_word(app, alert) == RECOVERING);
    let state_cells = if cells < 56 {
        0
    } else if has_recovering {
        RECOVERING.len() + 1
    } else {
        7
    };
    let fixed = width(bracket) + 2 + state_cells + right.len();
    let rest = cells.saturating_sub(fixed);
    let metric_cells = if cells >= 90 { rest * 2 / 5 } else { rest };
    let metric_cells = if cells >= 90 { metric_cells.min(32) } else { metric_cells };
    Strip::new(look)
        .with(muted, bracket)
        .with(role, &format!("{} ", symbols.severity(alert.severity)))
        .with(role, &fit(state_word(app, alert), state_cells, Align::Left, symbols))
        .with(text, &fit(&alert.metric, metric_cells, Align::Left, symbols))
        .with(muted, &sentence(alert, rest - metric_cells, look))
        .with(text, &right)
}

/// A description without the metric's name in front, for places where the name stands beside it.
#[must_use]
pub(super) fn without_name<'a>(description: &'a str, metric: &str) -> &'a str {
    let name = printable(metric);
    description.strip_prefix(&*name).map_or(description, |rest| rest.trim_start_matches([':', ' ']))
}

fn sentence(alert: &Alert, cells: usize, look: &Look) -> String {
    match cells.checked_sub(2) {
        Some(room) => {
            format!("  {}", fit(without_name(&alert.description, &alert.metric), room, Align::Left, look.symbols))
        }
        None => " ".repeat(cells),
    }
}

/// Everything about an alert that a decision needs, in lines of so many cells, and at most so many of them.
fn details<'a>(app: &App, alert: &Alert, look: &'a Look, cells: usize, most: usize) -> Vec<Strip<'a>> {
    let (unit, zone) = (app.unit(&alert.metric), &app.options.zone);
    let mut facts = format!(
        "alert {} ({}): peak {}, limits {} to {}, {} since {}",
        alert.id,
        alert.rule,
        value(alert.peak_value, unit),
        value(alert.limits.lcl(), unit),
        value(alert.limits.ucl(), unit),
        counted(alert.count, "finding"),
        zone.full(alert.first.timestamp_ms),
    );
    if let Some(end) = alert.end_sentence(unit) {
        facts.push_str(", ");
        facts.push_str(&end);
    }
    if let Some(at_ms) = alert.acknowledged_at_ms {
        facts.push_str(", known since ");
        facts.push_str(&zone.full(at_ms));
    }
    if let Some(mute) = app.mute_of(alert) {
        let until = mute.until_ms.map_or_else(String::new, |until_ms| format!(" until {}", zone.full(until_ms)));
        let why = mute.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", printable(reason)));
        for part in [", muted", &until, &why] {
            facts.push_str(part);
        }
    }
    if let Some(precision) = Precision::among(app.alerts(), &alert.metric, alert.rule) {
        facts.push_str("; ");
        facts.push_str(&precision.sentence());
    }
    let lines = |role, text: &str| -> Vec<Strip<'a>> {
        let broken = wrapped(text, cells, DETAIL_LINES, look.symbols);
        broken.iter().map(|line| Strip::new(look).with(role, line)).collect()
    };
    let description = lines(Role::Text, &alert.description);
    let mut incident = alert.incident.as_ref().map_or_else(Vec::new, |incident| lines(Role::Text, &incident.summary()));
    if let Some(known) = alert.incident.as_ref().filter(|_| description.len() + incident.len() > most) {
        incident = vec![Strip::new(look).with(Role::Text, &origin(known, cells, look))];
    }
    let mut details = [description, incident, lines(Role::Muted, &facts)].concat();
    details.truncate(most);
    details
}

/// Which metric of an incident was first, and how sure that is, in so many cells: the name gives way.
fn origin(incident: &Incident, cells: usize, look: &Look) -> String {
    let count = incident.metrics().len();
    let Some(origin) = &incident.origin else { return format!("which of {count} was first cannot be told") };
    let rest = format!(" first of {count} ({})", incident.percent());
    let name = fit(origin, cells.saturating_sub(width(&rest)), Align::Left, look.symbols);
    format!("{}{rest}", name.trim_end())
}

fn draw_details(details: &[Strip], look: &Look, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let rule = look.symbols.horizontal().repeat(usize::from(area.width));
    Strip::new(look).with(Role::Border, &rule).draw(area, buf);
    let text = inset(Rect { y: area.y + 1, height: area.height - 1, ..area }, 1, 0);
    for (line, row) in details.iter().zip(text.rows()) {
        line.draw(row, buf);
    }
}
