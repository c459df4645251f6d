//! `perftop spc METRIC`: the control chart as text, with its limits and the samples that break a rule.

use std::io::{self, Write as _};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::segments::Series;
use super::{output, store};
use crate::app::{App, AppOptions, Tab};
use crate::model::text::printable_short;
use crate::model::{Snapshot, SpcChart, Subject, ViewRequest, Window};
use crate::render;
use crate::report::{Format, Spc};
use crate::ui::tabs;

/// The chart's size where there is no terminal to ask.
const DEFAULT_WIDTH: u16 = 80;
/// Rows of the chart.
const HEIGHT: u16 = 20;
/// No terminal is so narrow that the chart is worth less than this.
const MIN_WIDTH: u16 = 30;
/// Wider charts do not say more.
const MAX_WIDTH: u16 = 160;

/// Arguments of `perftop spc`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The metric, or a segment of it such as 'lcp{page="/"}'
    metric: String,

    /// How far to look back: 1h, 6h, 24h, 7d, 30d or all
    #[arg(long, short, value_name = "SPAN")]
    window: Option<Window>,

    /// Which control chart
    #[arg(long, short, value_name = "KIND", default_value_t)]
    chart: SpcChart,

    /// Judge values as they came, or what is left without skewness, daily rhythm and autocorrelation
    #[arg(long, value_name = "WHAT", default_value_t)]
    on: Subject,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints the chart.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let series = Series::find(&store, &args.metric)?;
    let window = args.window.unwrap_or(context.config.display.window);
    let snapshot = store::snapshot(
        context,
        &store,
        &ViewRequest { window, focus: Some(series.name()), chart: args.chart, on: args.on, ..ViewRequest::default() },
    )?;
    let chart = snapshot.chart.clone().filter(|chart| chart.sample_count > 0);
    let Some(chart) = chart else {
        let name = printable_short(&series.name(), 60);
        let said = match window {
            Window::All => format!("no samples of `{name}`"),
            _ => format!("no samples of `{name}` in the last {window}: try a longer --window"),
        };
        return Err(Refusal::not_enough_data(said).into());
    };
    if args.format.format == Format::Text {
        io::stdout().write_all(drawn(context, snapshot).as_bytes())?;
    }
    output::print(context, &Spc::new(&chart, window.as_str(), context.config.display.zone()), args.format.format)?;
    Ok(Exit::Ok)
}

/// The chart as the dashboard would draw it, as wide as the terminal.
fn drawn(context: &Context, snapshot: Snapshot) -> String {
    let options = AppOptions {
        tab: Tab::ControlChart,
        window: snapshot.request.window,
        spc: snapshot.request.chart,
        spc_on: snapshot.request.on,
        zone: context.config.display.zone(),
        ..AppOptions::default()
    };
    let mut app = App::new(options, snapshot.taken_at_ms);
    let area = Rect::new(0, 0, columns(), HEIGHT);
    app.size = (area.width, area.height);
    app.selected.clone_from(&snapshot.request.focus);
    app.snapshot = Some(Arc::new(snapshot));
    let mut buf = Buffer::empty(area);
    tabs::draw(&app, &output::look(context), area, &mut buf);
    if output::has_color(context) { render::ansi(&buf) } else { render::text(&buf) }
}

/// The terminal's width, else `COLUMNS`, else [`DEFAULT_WIDTH`].
fn columns() -> u16 {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    output::terminal_width().or_else(said).unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}
