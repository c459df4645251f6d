//! A row of a buffer as runs of cells that style alike.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellStyle {
    /// Colour of the glyph.
    pub fg: Color,
    /// Colour behind it.
    pub bg: Color,
    /// Bold, reverse and the like.
    pub modifier: Modifier,
}

impl CellStyle {
    /// Nothing set: the terminal's own look.
    pub const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    /// How a cell is drawn.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// Whether a blank in this style can be told from an empty cell.
    pub(super) fn shows_on_blanks(self) -> bool {
        self.bg != Color::Reset || self.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
    }
}

/// One drawn cell: a wide character covers two cells and is one glyph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph<'a> {
    /// Cells from the left edge.
    pub x: u16,
    /// Cells covered, at least one.
    pub width: u16,
    pub symbol: &'a str,
    pub style: CellStyle,
}

/// The glyphs of row `y`, left to right. Cells hidden behind a wide character are left out.
pub(super) fn glyphs(buf: &Buffer, y: u16) -> Vec<Glyph<'_>> {
    let mut row = Vec::with_capacity(usize::from(buf.area.width));
    let mut x = 0;
    while x < buf.area.width {
        let cell = &buf[(buf.area.x + x, buf.area.y + y)];
        let width = (cell.symbol().width() as u16).clamp(1, buf.area.width - x);
        row.push(Glyph { x, width, symbol: cell.symbol(), style: CellStyle::of(cell) });
        x += width;
    }
    row
}

/// The glyphs of row `y` without the blanks at its end that nobody would see.
pub(super) fn trimmed_glyphs(buf: &Buffer, y: u16) -> Vec<Glyph<'_>> {
    let mut row = glyphs(buf, y);
    while row.last().is_some_and(|glyph| glyph.symbol == " " && !glyph.style.shows_on_blanks()) {
        row.pop();
    }
    row
}
