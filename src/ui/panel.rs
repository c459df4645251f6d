//! A framed box over whatever lies below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget as _};

use super::Look;
use super::layout::inset;
use super::strip::Strip;

/// Clears `area` and frames it, with a title in the upper edge; answers with the room inside.
pub(super) fn draw(area: Rect, title: &Strip, style: Style, look: &Look, buf: &mut Buffer) -> Rect {
    let area = area.intersection(buf.area);
    if area.width < 2 || area.height < 2 {
        return Rect::default();
    }
    Clear.render(area, buf);
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x..=right {
        buf[(x, area.y)].set_symbol(look.symbols.horizontal()).set_style(style);
        buf[(x, bottom)].set_symbol(look.symbols.horizontal()).set_style(style);
    }
    for y in area.y..=bottom {
        buf[(area.x, y)].set_symbol(look.symbols.vertical()).set_style(style);
        buf[(right, y)].set_symbol(look.symbols.vertical()).set_style(style);
    }
    let corners = [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)];
    for (place, corner) in corners.into_iter().zip(look.symbols.corners()) {
        buf[place].set_symbol(corner);
    }
    let edge = inset(Rect { height: 1, ..area }, 2, 0);
    let titled = Rect { width: edge.width.min(title.width() as u16), ..edge };
    // The title has its own style, not that of the frame below it.
    Clear.render(titled, buf);
    title.draw(titled, buf);
    inset(area, 1, 1)
}

/// A box of at most this size in the middle of `area`.
#[must_use]
pub(super) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
