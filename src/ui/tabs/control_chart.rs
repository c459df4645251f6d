//! The control chart of the chosen metric.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::metric;
use crate::app::App;
use crate::ui::Look;
use crate::ui::widgets::chart::ChartKind;

/// Draws the tab.
pub fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    metric::draw(app, ChartKind::Control, look, area, buf);
}
