//! One line of styled text that is cut where its cells end. Everything it takes is made safe to show.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::Look;
use super::text::{self, Align};
use super::theme::Role;

/// A line of styled text being put together.
#[derive(Debug, Clone)]
pub struct Strip<'a> {
    look: &'a Look,
    spans: Vec<Span<'static>>,
    width: usize,
}

impl<'a> Strip<'a> {
    /// An empty line.
    #[must_use]
    pub const fn new(look: &'a Look) -> Self {
        Self { look, spans: Vec::new(), width: 0 }
    }

    /// Adds text in a role's style.
    #[must_use]
    pub fn with(self, role: Role, text: &str) -> Self {
        let style = self.look.theme.style(role);
        self.styled(style, text)
    }

    /// Adds text in a style.
    #[must_use]
    pub fn styled(mut self, style: Style, text: &str) -> Self {
        if !text.is_empty() {
            let shown = text::safe(text, self.look.symbols).into_owned();
            self.width += text::width(&shown);
            self.spans.push(Span::styled(shown, style));
        }
        self
    }

    /// Adds another line's text.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.width += other.width;
        self.spans.extend(other.spans);
        self
    }

    /// Cells it covers.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Draws it at the left edge of `area`'s first row, cut with an ellipsis where the row ends.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let mut left = usize::from(area.width);
        let mut x = area.x;
        for span in &self.spans {
            let width = text::width(&span.content);
            if width > left {
                buf.set_string(x, area.y, text::fit(&span.content, left, Align::Left, self.look.symbols), span.style);
                return;
            }
            buf.set_string(x, area.y, &span.content, span.style);
            left -= width;
            x += width as u16;
        }
    }

    /// Draws it at the right edge of `area`'s first row and answers with the room to its left.
    pub fn draw_right(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let width = (self.width.min(usize::from(area.width))) as u16;
        let at = Rect { x: area.x + area.width - width, width, ..area };
        self.draw(at, buf);
        Rect { width: area.width.saturating_sub(width), ..area }
    }
}
