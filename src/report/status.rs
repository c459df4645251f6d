//! `perftop status`: one line for a status bar.

use crate::model::text::printable;
use crate::model::{Alert, Severity};
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};

/// Cells the line covers at most with `--tmux`.
pub const TMUX_CELLS: usize = 40;

/// `Performance OK`, or `Anomaly detected: 2 anomalies (METRIC)` with the gravest metric. With
/// `for_tmux` it is at most [`TMUX_CELLS`] wide and carries tmux' colours.
#[must_use]
pub fn status_line(firing: &[Alert], symbols: SymbolSet, for_tmux: bool) -> String {
    let Some(gravest) = firing.iter().max_by_key(|alert| (alert.severity, alert.updated_at_ms)) else {
        return if for_tmux { "#[fg=green]Performance OK#[default]".to_owned() } else { "Performance OK".to_owned() };
    };
    let what = if firing.len() == 1 { "anomaly" } else { "anomalies" };
    let head = format!("Anomaly detected: {} {what}", firing.len());
    if !for_tmux {
        return format!("{head} ({})", printable(&gravest.metric));
    }
    let colour = match gravest.severity {
        Severity::Critical => "red",
        Severity::Warning => "yellow",
        Severity::Info => "blue",
    };
    format!("#[fg={colour}]{}#[default]", escaped(&with_name(&head, &gravest.metric, symbols)))
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
