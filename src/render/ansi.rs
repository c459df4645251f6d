//! A buffer as text with ANSI colours, for a terminal or a pager.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::runs::{CellStyle, trimmed_glyphs};

/// Select Graphic Rendition parameters of the attributes (ECMA-48, 8.3.117).
const ATTRIBUTES: [(Modifier, u8); 7] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The buffer with its styles as escape sequences, one line a row. Every line starts and ends plain,
/// so lines can be cut out; a buffer without styles comes out as plain text.
#[must_use]
pub fn ansi(buf: &Buffer) -> String {
    let mut out = String::with_capacity(buf.area.area() as usize * 2);
    for y in 0..buf.area.height {
        let mut style = CellStyle::PLAIN;
        for glyph in trimmed_glyphs(buf, y) {
            if glyph.style != style {
                style = glyph.style;
                push_style(&mut out, style);
            }
            out.push_str(glyph.symbol);
        }
        if style != CellStyle::PLAIN {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
    out
}

/// Appends the sequence that makes what follows look like this, whatever came before it. A style without
/// colours sends none.
pub fn push_style(out: &mut String, style: CellStyle) {
    out.push_str("\x1b[0");
    for (_, parameter) in ATTRIBUTES.into_iter().filter(|(attribute, _)| style.modifier.contains(*attribute)) {
        let _ = write!(out, ";{parameter}");
    }
    push_color(out, style.fg, 30);
    push_color(out, style.bg, 40);
    out.push('m');
}

/// `base` is 30 for the foreground, 40 for the background.
fn push_color(out: &mut String, color: Color, base: u8) {
    let _ = match color {
        Color::Reset => Ok(()),
        Color::Rgb(red, green, blue) => write!(out, ";{};2;{red};{green};{blue}", base + 8),
        Color::Indexed(index) => write!(out, ";{};5;{index}", base + 8),
        named => {
            let index = ansi_index(named);
            let parameter = if index < 8 { base + index } else { base + 60 + index - 8 };
            write!(out, ";{parameter}")
        }
    };
}

/// Where a named colour stands among the terminal's sixteen.
pub(super) const fn ansi_index(color: Color) -> u8 {
    match color {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Black | Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn one_row(text: &str, style: Style) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 1));
        buf.set_string(0, 0, text, style);
        ansi(&buf)
    }

    #[test]
    fn text_without_style_has_no_escapes() {
        assert_eq!(one_row("plain", Style::new()), "plain\n");
    }

    #[test]
    fn styles_are_set_once_a_run_and_undone_at_the_end() {
        assert_eq!(one_row("hot", Style::new().red().bold()), "\x1b[0;1;31mhot\x1b[0m\n");
    }

    #[test]
    fn bright_indexed_and_true_colours_have_their_own_parameters() {
        assert_eq!(one_row("x", Style::new().fg(Color::LightBlue)), "\x1b[0;94mx\x1b[0m\n");
        assert_eq!(one_row("x", Style::new().bg(Color::Indexed(208))), "\x1b[0;48;5;208mx\x1b[0m\n");
        assert_eq!(one_row("x", Style::new().fg(Color::Rgb(1, 2, 3))), "\x1b[0;38;2;1;2;3mx\x1b[0m\n");
    }

    #[test]
    fn a_reversed_blank_is_kept() {
        assert_eq!(one_row("  ", Style::new().reversed()), "\x1b[0;7m  \x1b[0m\n");
    }

    #[test]
    fn wide_characters_are_written_once() {
        assert_eq!(one_row("\u{8ab0}a", Style::new()), "\u{8ab0}a\n");
    }
}
