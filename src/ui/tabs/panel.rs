//! The numbers beside a chart: what is now, what is normal, what was found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::model::text::{percent_signed, value};
use crate::model::time::{age_coarse, length};
use crate::model::{Alert, ChartData, Rule, SeriesSummary, Trend, Unit, Window};
use crate::ui::Look;
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit};
use crate::ui::theme::Role;
use crate::ui::widgets::chart::ChartKind;
use crate::ui::widgets::facts::{Fact, draw_column};
use crate::ui::widgets::table::draw_text;
use crate::ui::widgets::violations::is_in_alert;
use crate::ui::wrap::wrapped;

/// Draws the panel: as many blocks as there is room for, the most telling first.
pub fn draw(
    app: &App,
    series: &SeriesSummary,
    chart: Option<&ChartData>,
    kind: ChartKind,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) {
    for y in area.top()..area.bottom() {
        buf.set_string(area.x, y, look.symbols.vertical(), look.theme.style(Role::Border));
    }
    let mut rest = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let mut block = |title: &str, facts: &[Fact], rest: &mut Rect| {
        if rest.height > 1 && !facts.is_empty() {
            draw_text(title, Align::Left, Role::Title, Rect { height: 1, ..*rest }, look, buf);
            take(rest, 1);
            let used = draw_column(facts, *rest, look, buf);
            take(rest, used + 1);
        }
    };
    block("now", &now_facts(app, series, look), &mut rest);
    block("baseline", &baseline_facts(series, chart, kind, app.window, look.symbols), &mut rest);
    block("surprise", &watching_facts(app), &mut rest);
    if kind == ChartKind::Control {
        block("beyond the limits", &violation_facts(app, series, chart, look), &mut rest);
    }
    draw_unusual(app, series, &mut rest, look, buf);
    let alerts: Vec<&Alert> = app.alerts_of(&series.metric).collect();
    if rest.height > 2 && !alerts.is_empty() {
        draw_text("findings", Align::Left, Role::Title, Rect { height: 1, ..rest }, look, buf);
        take(&mut rest, 1);
        draw_findings(app, &alerts, rest, look, buf);
    }
}

fn take(rest: &mut Rect, rows: u16) {
    let rows = rows.min(rest.height);
    rest.y += rows;
    rest.height -= rows;
}

fn now_facts(app: &App, series: &SeriesSummary, look: &Look) -> Vec<Fact> {
    let role = if series.status.is_alert() { Role::of_status(series.status) } else { Role::Text };
    let mut facts = Vec::new();
    if let Some(latest) = series.latest {
        facts.push(Fact::new("latest", value(latest.value, series.unit)).with_role(role));
        facts.push(Fact::new("age", age_coarse(app.now_ms.saturating_sub(latest.timestamp_ms))));
    }
    if let Some(pct) = series.deviation_pct {
        facts.push(Fact::new("from mean", percent_signed(pct)));
    }
    if let Some(z) = series.z {
        facts.push(Fact::new("z", format!("{z:+.2}")));
    }
    let arrow = look.symbols.trend(series.trend);
    facts.push(match series.trend {
        Trend::Unknown => Fact::new("trend", "unknown".to_owned()).with_role(Role::Muted),
        Trend::Flat => Fact::new("trend", format!("{arrow} flat")),
        Trend::Rising { pct } => Fact::new("trend", format!("{arrow} {}", percent_signed(pct))),
        Trend::Falling { pct } => Fact::new("trend", format!("{arrow} {}", percent_signed(-pct))),
    });
    facts
}

/// Baseline and limits, in their own unit those of a chart that does not show the samples; what is missing is said.
pub fn baseline_facts(
    series: &SeriesSummary,
    chart: Option<&ChartData>,
    kind: ChartKind,
    window: Window,
    symbols: SymbolSet,
) -> Vec<Fact> {
    let text = |number: f64| value(number, series.unit);
    let is_of_values = |chart: &&ChartData| kind != ChartKind::Control || chart.marks.is_empty();
    let limits = chart.filter(is_of_values).and_then(|chart| chart.limits);
    let shown = chart.filter(|chart| !is_of_values(chart)).and_then(|chart| Some((chart, chart.newest_lines()?)));
    let baseline = chart.and_then(|chart| chart.baseline).or(series.baseline);
    let Some(baseline) = baseline else {
        return vec![Fact::new("", "no baseline yet".to_owned()).with_role(Role::Muted)];
    };
    let mut facts = vec![Fact::new("n", format!("{} in {window}", baseline.count))];
    if kind == ChartKind::Rate {
        facts.push(Fact::new("succeeded", value(100.0 * baseline.mean, Unit::Percent)));
        return facts;
    }
    match (shown, limits) {
        (Some((chart, lines)), _) => {
            let text = |number: f64| value(number, chart.shown_unit());
            facts.push(Fact::new("UCL", text(lines.upper)).with_role(Role::Limit));
            facts.push(Fact::new("CL", text(lines.center)).with_role(Role::Center));
            facts.push(Fact::new("LCL", text(lines.lower)).with_role(Role::Limit));
            facts.push(Fact::new("mean", value(baseline.mean, series.unit)));
        }
        (None, Some(limits)) => {
            facts.push(Fact::new("UCL", text(limits.ucl())).with_role(Role::Limit));
            facts.push(Fact::new("mean", text(limits.center)).with_role(Role::Center));
            facts.push(Fact::new("LCL", text(limits.lcl())).with_role(Role::Limit));
        }
        (None, None) => facts.push(Fact::new("mean", text(baseline.mean))),
    }
    facts.push(Fact::new("sd", text(baseline.std_dev)));
    let about = if baseline.exact { "" } else { symbols.about() };
    for (name, quantile) in [("p50", baseline.p50), ("p95", baseline.p95), ("p99", baseline.p99)] {
        facts.push(Fact::new(name, format!("{about}{}", text(quantile))));
    }
    facts.push(Fact::new("min", text(baseline.min)));
    facts.push(Fact::new("max", text(baseline.max)));
    facts
}

/// How far a series is from having limits: `learning: 12 of 30 samples`.
pub fn learning(chart: &ChartData) -> String {
    let have = chart.baseline.map_or(chart.sample_count, |baseline| baseline.count);
    if have >= chart.min_samples {
        return "no limits: all values are equal so far".to_owned();
    }
    format!("learning: {have} of {} samples", chart.min_samples)
}

/// What the surprise detector makes of the metric: how far it is in learning, where toasts begin, how many there were.
fn watching_facts(app: &App) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(watching) = app.watching() {
        if watching.is_learning() {
            let text = format!("{} of {} samples", watching.samples, watching.needed);
            facts.push(Fact::new("learning", text).with_role(Role::Muted));
        } else {
            facts.push(Fact::new("toasts from", format!("{:.1} nats", watching.levels[1])));
        }
        if let Some((calm, needed)) = watching.calm.filter(|&(calm, _)| calm > 0) {
            facts.push(Fact::new("recovering", format!("{calm} of {needed} samples")));
        }
    }
    if let Some(rate) = app.toast_rate() {
        facts.push(Fact::new("toasts", format!("{} in {}", rate.toasts, length(rate.span_ms))));
        facts.push(Fact::new("budget", rate.budget.to_string()));
    }
    facts
}

fn violation_facts(app: &App, series: &SeriesSummary, chart: Option<&ChartData>, look: &Look) -> Vec<Fact> {
    let Some(chart) = chart.filter(|chart| chart.limits.is_some()) else {
        return vec![Fact::new("", chart.map_or_else(String::new, learning)).with_role(Role::Muted)];
    };
    let of_values = [
        (Rule::BeyondLimit, "  beyond 3 sd"),
        (Rule::TwoOfThree, "  2 of 3 beyond 2 sd"),
        (Rule::SevenOnOneSide, "  7 on one side"),
    ];
    let rules = if chart.chart.is_of_values() { &of_values[..] } else { &[(Rule::BeyondLimit, "  signals")] };
    let alerts = app.alert_ranges(&series.metric);
    let (mut facts, mut loud) = (Vec::new(), 0);
    for &(rule, label) in rules {
        let of_rule = || chart.violations.iter().filter(|violation| violation.rule == rule);
        let count = of_rule().count();
        let in_alerts = of_rule().filter(|violation| is_in_alert(violation, &alerts)).count();
        let role = if in_alerts > 0 { Role::of_severity(rule.severity()) } else { Role::Muted };
        loud += in_alerts;
        facts.push(Fact::new(label, format!("{count} {}", look.symbols.violation(rule))).with_role(role));
    }
    // Those are marked in colour, the others dim.
    let said = match (loud, chart.violations.len()) {
        (_, 0) => None,
        (0, _) => Some("none: all dim".to_owned()),
        (loud, all) if loud == all => Some(format!("all {all}")),
        (loud, all) => Some(format!("{loud} of {all}, rest dim")),
    };
    facts.extend(said.map(|said| Fact::new("  in alerts", said).with_role(Role::Muted)));
    let beyond = chart.violations.iter().filter(|violation| violation.rule == Rule::BeyondLimit).count();
    let share = 100.0 * beyond as f64 / chart.sample_count.max(1) as f64;
    // What independent normal values would leave beyond: the yardstick for what was found.
    let label = if chart.chart.is_of_values() { "share beyond 3 sd" } else { "share of samples" };
    facts.push(Fact::new(label, format!("{share:.2} %")));
    facts.push(Fact::new("by chance", format!("{:.2} %", chart.chart.chance_pct())).with_role(Role::Muted));
    if let Some(taken_out) = chart.taken_out {
        facts.insert(0, Fact::new("less", taken_out.words()));
    }
    if let Some(began_ms) = chart.violations.last().and_then(|newest| newest.began_ms) {
        facts.push(Fact::new("newest shift since", app.options.zone.format(began_ms, "%d %b %H:%M")));
    }
    facts
}

/// What is unusual about the newest runs.
fn draw_unusual(app: &App, series: &SeriesSummary, rest: &mut Rect, look: &Look, buf: &mut Buffer) {
    for anomaly in app.unusual_runs_of(&series.metric) {
        if rest.height < 3 {
            return;
        }
        let age = age_coarse(app.now_ms.saturating_sub(anomaly.at_ms));
        let role = Role::of_severity(anomaly.severity());
        let head = format!("{} unusual run, {age} ago", look.symbols.severity(anomaly.severity()));
        draw_text(&head, Align::Left, role, Rect { height: 1, ..*rest }, look, buf);
        take(rest, 1);
        draw_sentence(&anomaly.told(), rest, look, buf);
        take(rest, 1);
    }
}

/// A sentence, indented below what it is about.
fn draw_sentence(sentence: &str, rest: &mut Rect, look: &Look, buf: &mut Buffer) {
    let cells = usize::from(rest.width.saturating_sub(2));
    for line in wrapped(sentence, cells, 4, look.symbols) {
        if rest.height == 0 {
            return;
        }
        buf.set_string(rest.x + 2, rest.y, fit(&line, cells, Align::Left, look.symbols), look.theme.style(Role::Text));
        take(rest, 1);
    }
}

fn draw_findings(app: &App, alerts: &[&Alert], mut rest: Rect, look: &Look, buf: &mut Buffer) {
    for alert in alerts {
        if rest.height < 2 {
            return;
        }
        let role = if alert.is_firing() { Role::of_severity(alert.severity) } else { Role::Muted };
        let head = format!(
            "{} {} ago, {}{}",
            look.symbols.violation(alert.rule),
            age_coarse(app.now_ms.saturating_sub(alert.updated_at_ms)),
            alert.state.as_str(),
            if alert.count > 1 { format!(", {} times", alert.count) } else { String::new() },
        );
        draw_text(&head, Align::Left, role, Rect { height: 1, ..rest }, look, buf);
        take(&mut rest, 1);
        draw_sentence(&alert.description, &mut rest, look, buf);
        take(&mut rest, 1);
    }
}
