//! What an export of the view holds.

use ratatui::buffer::Buffer;

use super::export::{Export, file_name_part};
use crate::app::{App, ExportFormat, Tab};
use crate::render;

/// The view on screen in a format.
#[must_use]
pub fn export(app: &App, shown: &Buffer, format: ExportFormat) -> Export {
    let (extension, content) = match format {
        ExportFormat::Svg => ("svg", render::svg(shown)),
        ExportFormat::Csv => ("csv", String::new()),
        ExportFormat::Json => ("json", String::new()),
    };
    Export { stem: stem(app), extension, content }
}

/// `perftop-baselines`, or with a chart on screen `perftop-control-chart-api_response_time`.
fn stem(app: &App) -> String {
    let tab = match app.tab {
        Tab::Baselines => "baselines",
        Tab::ControlChart => "control-chart",
        Tab::TimeSeries => "time-series",
    };
    match &app.selected {
        Some(metric) if app.shows_chart() => format!("perftop-{tab}-{}", file_name_part(metric)),
        _ => format!("perftop-{tab}"),
    }
}
