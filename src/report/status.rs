//! `perftop status`: one line for a status bar.

use crate::model::text::{counted, printable};
use crate::model::{Alert, MetricName, RunAnomaly, Severity, Tally};
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};

/// Cells the line covers at most with `--tmux`.
pub const TMUX_CELLS: usize = 40;

/// `Performance OK`, or of the alerts that want attention, the most urgent first, and the anomalies of runs that are open,
/// `Anomaly detected: 2 anomalies (METRIC)`: how many, and the metric of the first one or the likely origin of its incident.
/// A run comes first when it is graver than any alert. Where some are incidents, `Anomaly detected: 9 anomalies, 2 incidents
/// (METRIC)`. With `for_tmux` it is at most [`TMUX_CELLS`] wide, without incidents, and carries tmux' colours.
#[must_use]
pub fn status_line(wanting: &[Alert], runs: &[&RunAnomaly], symbols: SymbolSet, for_tmux: bool) -> String {
    let of_alerts = wanting.iter().map(|alert| alert.severity).max();
    let gravest_run = runs.iter().copied().rev().max_by_key(|anomaly| anomaly.severity());
    let of_runs = gravest_run.map(RunAnomaly::severity);
    let metric = if let Some(run) = gravest_run.filter(|_| of_runs > of_alerts) {
        run.metric_name()
    } else if let Some(first) = wanting.first() {
        let origin = first.incident.as_ref().and_then(|incident| incident.origin.as_ref());
        MetricName::clone(origin.unwrap_or(&first.metric))
    } else {
        let ok = "Performance OK";
        return if for_tmux { format!("#[fg=green]{ok}#[default]") } else { ok.to_owned() };
    };
    let tally = Tally::of(wanting.iter());
    let anomalies = counted(tally.alerts + runs.len() as u64, "anomaly");
    if !for_tmux {
        return format!("Anomaly detected: {} ({})", tally.with_incidents(&anomalies), printable(&metric));
    }
    let colour = match of_alerts.max(of_runs) {
        Some(Severity::Critical) => "red",
        Some(Severity::Warning) => "yellow",
        Some(Severity::Info) | None => "blue",
    };
    let head = format!("Anomaly detected: {anomalies}");
    format!("#[fg={colour}]{}#[default]", escaped(&with_name(&head, &metric, symbols)))
}

/// The head, and as much of the name as there is room for.
fn with_name(head: &str, metric: &str, symbols: SymbolSet) -> String {
    let room = TMUX_CELLS.saturating_sub(width(head) + 1);
    format!("{head} {}", fit(metric, room, Align::Left, symbols).trim_end())
}

/// What tmux would take for a format is doubled; it shows `##` as `#`.
fn escaped(text: &str) -> String {
    text.replace('#', "##")
}
