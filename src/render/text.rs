//! A buffer as plain text.

use ratatui::buffer::Buffer;

use super::runs::glyphs;

/// The characters of the buffer, one line a row, blanks at the end of a line left out.
#[must_use]
pub fn text(buf: &Buffer) -> String {
    let mut lines = String::with_capacity(buf.area.area() as usize);
    for y in 0..buf.area.height {
        let line: String = glyphs(buf, y).iter().map(|glyph| glyph.symbol).collect();
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn every_row_is_a_line_without_trailing_blanks() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 3));
        buf.set_string(0, 0, "ab", Style::new());
        buf.set_string(1, 2, "\u{8ab0}x", Style::new());
        assert_eq!(text(&buf), "ab\n\n \u{8ab0}x\n");
    }

    #[test]
    fn a_buffer_may_stand_anywhere() {
        let mut buf = Buffer::empty(Rect::new(3, 5, 4, 1));
        buf.set_string(3, 5, "here", Style::new());
        assert_eq!(text(&buf), "here\n");
    }

    #[test]
    fn an_empty_buffer_is_an_empty_text() {
        assert_eq!(text(&Buffer::empty(Rect::ZERO)), "");
    }
}
