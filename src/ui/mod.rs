//! Pure drawing: from the dashboard's state to cells. No terminal, no store, no clock.

mod alerts;
mod blank;
mod footer;
mod header;
mod help;
mod keys;
pub mod layout;
mod panel;
mod prompt;
mod split;
pub mod strip;
pub mod symbols;
pub mod tabs;
pub mod text;
pub mod theme;
mod toast;
pub mod widgets;
pub(crate) mod wrap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{App, Overlay, SizeClass};
use layout::{Parts, divide};
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
    let class = SizeClass::of(area.width, area.height);
    let parts = divide(area);
    if class == SizeClass::Line {
        header::draw_line(app, look, parts.header, buf);
    } else {
        header::draw(app, look, class, parts.header, buf);
        body(app, look, parts.body, buf);
        footer::draw(app, look, class, parts.footer, buf);
    }
    over(app, look, class, area, parts, buf);
}

fn body(app: &App, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = split::draw(app, look, area, buf);
    if blank::draw(app, look, area, buf) {
        return;
    }
    let area = blank::stale(app, look, area, buf);
    tabs::draw(app, look, area, buf);
}

/// What lies over the tab: the top-most overlay, then the toasts, never over a prompt.
fn over(app: &App, look: &Look, class: SizeClass, area: Rect, parts: Parts, buf: &mut Buffer) {
    match app.overlays.last() {
        Some(Overlay::Help { scroll }) => help::draw(app, *scroll, look, class, area, buf),
        Some(Overlay::Alerts { .. }) => {
            // Header and footer stay in sight where the list does not need their rows.
            let area = if class >= SizeClass::Compact { parts.body } else { area };
            alerts::draw(app, look, class, area, buf);
        }
        _ => {}
    }
    let footer = if class == SizeClass::Line { parts.header } else { parts.footer };
    match app.overlays.last() {
        Some(Overlay::Filter { input, .. }) => prompt::filter(app, input, look, footer, buf),
        Some(Overlay::Export) => prompt::export(look, footer, buf),
        _ if class == SizeClass::Micro => return toast::draw(app, look, class, parts, buf),
        _ => {}
    }
    if class != SizeClass::Micro {
        toast::draw(app, look, class, parts, buf);
    }
}
