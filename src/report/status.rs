//! `perftop status`: one line for a status bar.

use std::collections::HashSet;

use crate::model::text::{counted, printable};
use crate::model::{Alert, Severity};
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};

/// Cells the line covers at most with `--tmux`.
pub const TMUX_CELLS: usize = 40;

/// `Performance OK`, or `Anomaly detected: 2 anomalies (METRIC)` with the gravest metric. Where some of them are one
/// incident, `Anomaly detected: 2 incidents, 9 anomalies (METRIC)`, with the likely origin. With `for_tmux` it is at most [`TMUX_CELLS`] wide and carries tmux' colours.
#[must_use]
pub fn status_line(firing: &[Alert], symbols: SymbolSet, for_tmux: bool) -> String {
    let Some(gravest) = firing.iter().max_by_key(|alert| (alert.severity, alert.updated_at_ms)) else {
        return if for_tmux { "#[fg=green]Performance OK#[default]".to_owned() } else { "Performance OK".to_owned() };
    };
    let metric = gravest.incident.as_ref().and_then(|incident| incident.origin.as_ref()).unwrap_or(&gravest.metric);
    let anomalies = counted(firing.len() as u64, "anomaly");
    // An anomaly alone is an incident, too.
    let matters: HashSet<i64> =
        firing.iter().map(|alert| alert.incident.as_ref().map_or(alert.id, |incident| incident.id)).collect();
    let incidents = (matters.len() < firing.len()).then(|| counted(matters.len() as u64, "incident"));
    let head = format!("Anomaly detected: {}", incidents.as_ref().unwrap_or(&anomalies));
    if !for_tmux {
        let count = incidents.map_or_else(String::new, |_| format!(", {anomalies}"));
        return format!("{head}{count} ({})", printable(metric));
    }
    let colour = match gravest.severity {
        Severity::Critical => "red",
        Severity::Warning => "yellow",
        Severity::Info => "blue",
    };
    format!("#[fg={colour}]{}#[default]", escaped(&with_name(&head, metric, symbols)))
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
