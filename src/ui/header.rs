//! The line on top: tabs, window, metric, and at the right edge the answer to the one question: is
//! anything drifting? Also the only line when there is room for one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Look;
use super::strip::Strip;
use super::text::{self, Align, fit};
use super::theme::Role;
use crate::app::{App, SizeClass, Tab};
use crate::model::text::value;
use crate::model::time::length;
use crate::model::{MetricName, SeriesSummary, Severity, SpcChart, Status};

const GRAVEST_FIRST: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Info];

/// Draws the header.
pub(super) fn draw(app: &App, look: &Look, class: SizeClass, area: Rect, buf: &mut Buffer) {
    let strip = match class {
        SizeClass::Micro if app.shows_chart() => context(app, look, class),
        _ => tabs(app, look, class).with(Role::Text, " ").and(context(app, look, class)),
    };
    let in_words = verdict(app, look, class, true);
    let has_room = strip.width() + in_words.width() < usize::from(area.width);
    let verdict = if has_room { in_words } else { verdict(app, look, class, false) };
    let room = verdict.draw_right(area, buf);
    strip.draw(Rect { width: room.width.saturating_sub(1), ..room }, buf);
}

/// Draws the whole dashboard as one line: `perftop ok 12 metrics`, or the most urgent alert.
pub(super) fn draw_line(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    let alert = app.wanting().next().map(|alert| (alert.severity, MetricName::clone(&alert.metric)));
    let run = || app.unusual_runs().next().map(|anomaly| (anomaly.severity(), anomaly.shown_at()));
    let strip = match alert.or_else(run) {
        Some((severity, metric)) => {
            let role = Role::of_severity(severity);
            let mark = format!("{} ", look.symbols.severity(severity));
            let series = app.snapshot.as_ref().and_then(|s| s.series.iter().find(|s| s.metric == metric));
            let value = series.and_then(current).map_or_else(String::new, |text| format!(" {text}"));
            // The name gives way: a metric may be recognised by its beginning, a value may not.
            let room = usize::from(area.width).saturating_sub(text::width(&mark) + text::width(&value));
            let name = fit(&metric, room.min(text::width(&metric)), Align::Left, look.symbols);
            Strip::new(look).with(role, &mark).with(Role::Text, &name).with(role, &value)
        }
        None => Strip::new(look).with(Role::Muted, "perftop ").and(calm(app, look)).with(Role::Muted, &metrics(app)),
    };
    strip.draw(area, buf);
}

fn metrics(app: &App) -> String {
    app.snapshot.as_ref().map_or_else(String::new, |snapshot| match snapshot.series.len() {
        0 => String::new(),
        1 => " 1 metric".to_owned(),
        n => format!(" {n} metrics"),
    })
}

fn current(series: &SeriesSummary) -> Option<String> {
    series.latest.map(|point| value(point.value, series.unit))
}

const fn title(tab: Tab, class: SizeClass) -> &'static str {
    match (tab, class) {
        (_, SizeClass::Full) => tab.title(),
        (Tab::Baselines, SizeClass::Micro) => "Base",
        (Tab::Baselines, _) => "Baselines",
        (Tab::ControlChart, _) => "Control",
        (Tab::TimeSeries, _) => "Series",
    }
}

/// The tab on top; where the chart's own title has no room for it, with the control chart that was chosen.
fn chosen_title(app: &App, class: SizeClass) -> &'static str {
    match (app.tab, class) {
        (Tab::ControlChart, SizeClass::Mini) if app.spc != SpcChart::default() => app.spc.name(),
        (tab, class) => title(tab, class),
    }
}

fn tabs<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let chosen = look.theme.style(Role::Accent).patch(look.theme.style(Role::Selected));
    let mut strip = Strip::new(look);
    for (place, tab) in Tab::EVERY.into_iter().enumerate() {
        let number = place + 1;
        strip = match class {
            _ if tab == app.tab => strip.styled(chosen, &format!(" {number} {} ", chosen_title(app, class))),
            SizeClass::Micro => strip,
            SizeClass::Mini => strip.with(Role::Muted, &format!(" {number} ")),
            _ => strip.with(Role::Muted, &format!(" {number} {} ", title(tab, class))),
        };
    }
    strip
}

/// What is looked at: the metric with its value while a chart is on screen, and the window.
fn context<'a>(app: &App, look: &'a Look, class: SizeClass) -> Strip<'a> {
    let answered = app.shown().is_none_or(|snapshot| snapshot.request.window == app.window);
    let waiting = if answered { "" } else { look.symbols.ellipsis() };
    let strip = Strip::new(look).with(Role::Text, &format!(" {}{waiting}", app.window));
    let strip = match app.range {
        Some(range) => strip.with(Role::Muted, &format!(" zoom {}", length(range.span_ms()))),
        None => strip,
    };
    // At mini size the chart's own title says it, and there is room to say it once.
    let is_named = app.shows_chart() && class != SizeClass::Mini;
    let Some(series) = app.selected_series().filter(|_| is_named) else { return strip };
    let value = current(series).map_or_else(String::new, |text| format!(" {text}"));
    strip.with(Role::Text, " ").with(Role::Accent, &series.metric).with(Role::Text, &value)
}

/// How many alerts fire, the gravest first and if there is room in words, or that all is well.
fn verdict<'a>(app: &App, look: &'a Look, class: SizeClass, in_words: bool) -> Strip<'a> {
    let mut strip = Strip::new(look);
    for severity in GRAVEST_FIRST {
        let alerts = app.firing_from(severity).filter(|alert| alert.severity == severity).count();
        let runs = app.unusual_runs_from(severity).filter(|anomaly| anomaly.severity() == severity).count();
        let count = alerts + runs;
        let (mark, role) = (look.symbols.severity(severity), Role::of_severity(severity));
        strip = match (count, class) {
            (0, _) => strip,
            (_, SizeClass::Micro) if strip.width() > 0 => strip,
            _ if in_words => strip.with(role, &format!("  {mark} {count} {severity}")),
            _ => strip.with(role, &format!(" {mark}{count}")),
        };
    }
    let strip = if strip.width() == 0 { calm(app, look) } else { strip };
    strip.with(Role::Text, " ")
}

/// No alert fires: all is well, as far as there is anything to judge.
fn calm<'a>(app: &App, look: &'a Look) -> Strip<'a> {
    let strip = Strip::new(look);
    let Some(snapshot) = app.snapshot.as_ref().filter(|newest| !newest.is_being_read()) else {
        return strip.with(Role::Muted, "reading");
    };
    if snapshot.series.is_empty() {
        return strip.with(Role::Muted, "no data");
    }
    let status = snapshot.series.iter().map(|series| series.status).fold(None, |shared, status| match shared {
        None => Some(status),
        Some(shared) if shared == status => Some(shared),
        Some(_) => Some(Status::Ok),
    });
    let (status, role) = match status {
        Some(status @ (Status::Learning | Status::Stale)) => (status, Role::Muted),
        _ => (Status::Ok, Role::Ok),
    };
    strip.with(role, &format!("{} {}", look.symbols.status(status), status.as_str()))
}
