//! The three tabs. Each decides what of the dashboard's state goes where; widgets draw it.

pub mod baselines;
pub mod control_chart;
mod empty;
mod metric;
mod module;
mod panel;
pub mod time_series;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Look;
use crate::app::{App, Tab};

/// Draws the tab on top into the area between header and footer.
pub fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    match app.tab {
        Tab::Baselines => baselines::draw(app, look, area, buf),
        Tab::ControlChart => control_chart::draw(app, look, area, buf),
        Tab::TimeSeries => time_series::draw(app, look, area, buf),
    }
}
