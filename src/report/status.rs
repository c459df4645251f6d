//! `perftop status`: one line for a status bar.

use crate::model::text::{counted, printable};
use crate::model::{Alert, Severity, Tally};
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};

/// Cells the line covers at most with `--tmux`.
pub const TMUX_CELLS: usize = 40;

/// `Performance OK`, or of the alerts that want attention, the most urgent first, `Anomaly detected: 2 anomalies (METRIC)`:
/// how many, and the first one's metric or the likely origin of its incident. Where some of them are incidents,
/// `Anomaly detected: 9 anomalies, 2 incidents (METRIC)`. With `for_tmux` it is at most [`TMUX_CELLS`] wide, without
/// incidents, and carries tmux' colours.
#[must_use]
pub fn status_line(wanting: &[Alert], symbols: SymbolSet, for_tmux: bool) -> String {
    let Some(first) = wanting.first() else {
        return if for_tmux { "#[fg=green]Performance OK#[default]".to_owned() } else { "Performance OK".to_owned() };
    };
    let metric = first.incident.as_ref().and_then(|incident| incident.origin.as_ref()).unwrap_or(&first.metric);
    let tally = Tally::of(wanting.iter());
    let anomalies = counted(tally.alerts, "anomaly");
    if !for_tmux {
        return format!("Anomaly detected: {} ({})", tally.with_incidents(&anomalies), printable(metric));
    }
    let colour = match wanting.iter().map(|alert| alert.severity).max() {
        Some(Severity::Critical) => "red",
        Some(Severity::Warning) => "yellow",
        Some(Severity::Info) | None => "blue",
    };
    let head = format!("Anomaly detected: {anomalies}");
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
