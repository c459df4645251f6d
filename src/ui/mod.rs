//! Pure drawing: from the dashboard's state to cells. No terminal, no store, no clock.

pub mod layout;
pub mod symbols;
pub mod text;
pub mod theme;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use layout::divide;
use symbols::SymbolSet;
use theme::Theme;

/// How everything looks: the styles and the glyphs.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// A style for every meaning.
    pub theme: Theme,
    /// How fine the glyphs may be.
    pub symbols: SymbolSet,
}

/// Draws the whole dashboard into an area of any size.
pub fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let parts = divide(area);
    let _ = (app, look, parts);
}
