//! What stands in a chart's place while there is nothing to draw.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::Look;
use crate::ui::text::{Align, fit, width};
use crate::ui::theme::Role;

/// Draws two lines in the middle: what is, and, muted, what can be done.
pub fn draw_lines(lines: &[String; 2], look: &Look, area: Rect, buf: &mut Buffer) {
    let top = area.y + area.height.saturating_sub(2) / 2;
    for ((line, role), y) in lines.iter().zip([Role::Text, Role::Muted]).zip(top..area.bottom()) {
        let cells = width(line).min(usize::from(area.width));
        let x = area.x + (area.width - cells as u16) / 2;
        buf.set_string(x, y, fit(line, cells, Align::Left, look.symbols), look.theme.style(role));
    }
}
