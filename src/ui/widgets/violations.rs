//! Marks of the samples on which a control chart signals: loud while an alert goes on, quiet where nobody was told.

use ratatui::buffer::Buffer;

use super::chart::Chart;
use super::plot::Plot;
use crate::model::{ChartData, Point, Rule, TimeRange, Violation};
use crate::ui::Look;
use crate::ui::theme::Role;

/// Draws the marks, and those of the samples before the newest that its rule looked at.
pub(super) fn draw_violations(chart: &Chart, plot: &Plot, look: &Look, buf: &mut Buffer) {
    let Chart { data, alerts, .. } = chart;
    // The samples of an alert that was followed here are marked instead.
    if let Some(newest) = data.violations.last().filter(|_| data.evidence.is_empty()) {
        for point in evidence(data, *newest) {
            let role = role(newest, alerts);
            plot.mark(point.timestamp_ms, chart.height(*point), look.symbols.evidence(), role, look, buf);
        }
    }
    // The loud and the gravest last, so that they stay on top where they share a cell.
    for is_loud in [false, true] {
        for rule in Rule::EVERY.into_iter().rev() {
            let of_rule = data.violations.iter().filter(|violation| violation.rule == rule);
            for violation in of_rule.filter(|violation| is_in_alert(violation, alerts) == is_loud) {
                let (point, glyph) = (violation.point, look.symbols.violation(rule));
                plot.mark(point.timestamp_ms, chart.height(point), glyph, role(violation, alerts), look, buf);
            }
        }
    }
}

/// Whether an alert of the metric went on when a sample broke a rule.
#[must_use]
pub fn is_in_alert(violation: &Violation, alerts: &[TimeRange]) -> bool {
    alerts.iter().any(|alert| alert.contains(violation.point.timestamp_ms))
}

/// A rule fires on healthy metrics, too: what is no alert must not look like one.
fn role(violation: &Violation, alerts: &[TimeRange]) -> Role {
    if is_in_alert(violation, alerts) { Role::of_severity(violation.rule.severity()) } else { Role::Muted }
}

/// The samples before `violation` that its rule looked at, or since the shift it tells of; empty when samples were thinned out, for
/// then the neighbours on the chart are not the neighbours in the series.
fn evidence(data: &ChartData, violation: Violation) -> &[Point] {
    let looked_at = match violation.rule {
        Rule::TwoOfThree => 3,
        Rule::SevenOnOneSide => 7,
        _ => 1,
    };
    let after = data.points.partition_point(|point| point.timestamp_ms <= violation.point.timestamp_ms);
    if data.points.len() as u64 != data.sample_count {
        return &[];
    }
    let first = violation.began_ms.map_or(after.saturating_sub(looked_at), |began_ms| {
        data.points.partition_point(|point| point.timestamp_ms < began_ms)
    });
    &data.points[first..after.saturating_sub(1).max(first)]
}
