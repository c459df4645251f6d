//! Where header, tab and footer stand at each size class.

use ratatui::layout::Rect;

pub use crate::app::SizeClass;

/// The three parts of the screen. A part without room is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The line on top.
    pub header: Rect,
    /// The tab.
    pub body: Rect,
    /// The line at the bottom.
    pub footer: Rect,
}

/// Divides an area; below the micro size everything is one status line, the header.
#[must_use]
pub fn divide(area: Rect) -> Parts {
    let class = SizeClass::of(area.width, area.height);
    let body_rows = class.body_rows(area.height);
    let header = Rect { height: area.height.min(1), ..area };
    let body = Rect { y: area.y + header.height, height: body_rows, ..area };
    let footer_rows = u16::from(class > SizeClass::Line);
    Parts { header, body, footer: Rect { y: body.y + body_rows, height: footer_rows, ..area } }
}

/// `area` without its outermost `columns` and `rows` on each side; empty rather than negative.
#[must_use]
pub fn inset(area: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (area.width.saturating_sub(2 * columns), area.height.saturating_sub(2 * rows));
    Rect { x: area.x + columns.min(area.width), y: area.y + rows.min(area.height), width, height }
}
