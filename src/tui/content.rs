//! What an export of the view holds: the data behind it in the words of the one-shot commands, or the
//! picture.

use std::io;

use ratatui::buffer::Buffer;

use super::export::{Export, file_name_part};
use crate::app::{App, ExportFormat, Tab};
use crate::model::{ChartData, Snapshot};
use crate::render;
use crate::report::{self, Format, Page, Report};

/// The view on screen in a format. `None` while there are no data to write.
///
/// # Errors
/// When a value cannot be written in the format.
pub fn export(app: &App, shown: &Buffer, format: ExportFormat) -> io::Result<Option<Export>> {
    let (extension, content) = match format {
        ExportFormat::Svg => ("svg", Some(render::svg(shown))),
        ExportFormat::Csv => ("csv", data(app, Format::Csv)?),
        ExportFormat::Json => ("json", data(app, Format::Json)?),
    };
    Ok(content.map(|content| Export { stem: stem(app), extension, content }))
}

/// The chart that is on screen, else the table of its rows.
fn data(app: &App, format: Format) -> io::Result<Option<String>> {
    let Some(snapshot) = app.shown() else { return Ok(None) };
    match snapshot.chart.as_deref().filter(|_| app.shows_chart()) {
        Some(chart) => written(&spc(app, chart), format).map(Some),
        None => written(&table(app, snapshot), format).map(Some),
    }
}

fn spc(app: &App, chart: &ChartData) -> report::Spc {
    report::Spc::new(chart, app.window.as_str(), app.options.zone.clone())
}

fn table(app: &App, snapshot: &Snapshot) -> report::Dashboard {
    report::Dashboard::new(snapshot, app.options.toast_severity, app.rows())
}

fn written<R: Report>(report: &R, format: Format) -> io::Result<String> {
    let mut content = Vec::new();
    report::write(&mut content, report, format, &Page::default())?;
    String::from_utf8(content).map_err(io::Error::other)
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
