//! A buffer as an SVG picture.
//!
//! Text is one element a run, pinned to the cell grid; lines, blocks and braille are drawn as paths,
//! so the picture looks the same whichever fonts there are. The same buffer gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::ansi::ansi_index;
use super::runs::{CellStyle, Glyph, trimmed_glyphs};
use super::shapes::{CELL_HEIGHT, CELL_WIDTH, FONT_SIZE, Paths, px};

const MARGIN: f64 = 10.0;
const BACKGROUND: [u8; 3] = [0x15, 0x18, 0x1e];
const FOREGROUND: [u8; 3] = [0xd3, 0xd7, 0xde];

/// The sixteen terminal colours of the picture: a calm palette on a dark background.
const PALETTE: [[u8; 3]; 16] = [
    [0x23, 0x27, 0x2e],
    [0xe5, 0x6b, 0x74],
    [0x8c, 0xc2, 0x7a],
    [0xe3, 0xb7, 0x58],
    [0x63, 0xa9, 0xee],
    [0xc3, 0x82, 0xdb],
    [0x58, 0xb9, 0xc6],
    [0xab, 0xb2, 0xbf],
    [0x68, 0x70, 0x7d],
    [0xf2, 0x87, 0x8f],
    [0xa5, 0xd6, 0x94],
    [0xf0, 0xcb, 0x7a],
    [0x86, 0xbf, 0xf5],
    [0xd5, 0xa0, 0xea],
    [0x7c, 0xd0, 0xdb],
    [0xf2, 0xf4, 0xf7],
];

/// The buffer as a picture on a dark background.
#[must_use]
pub fn svg(buf: &Buffer) -> String {
    let width = f64::from(buf.area.width) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f64::from(buf.area.height) * CELL_HEIGHT + 2.0 * MARGIN;
    let mut picture = Picture::default();
    for y in 0..buf.area.height {
        picture.row(&trimmed_glyphs(buf, y), MARGIN + f64::from(y) * CELL_HEIGHT);
    }
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <rect width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"{background}\"/>\n",
        w = px(width),
        h = px(height),
        background = hex(BACKGROUND),
    );
    picture.write(&mut out);
    out.push_str("</svg>\n");
    out
}

/// What the picture is made of, by layer: backgrounds below shapes below text.
#[derive(Default)]
struct Picture {
    backgrounds: BTreeMap<[u8; 3], Paths>,
    shapes: BTreeMap<[u8; 3], Paths>,
    text: String,
}

impl Picture {
    fn row(&mut self, row: &[Glyph<'_>], top: f64) {
        let mut run = TextRun::default();
        for glyph in row {
            let (ink, paper) = colors(glyph.style);
            let left = MARGIN + f64::from(glyph.x) * CELL_WIDTH;
            let width = f64::from(glyph.width) * CELL_WIDTH;
            if let Some(paper) = paper {
                self.backgrounds.entry(paper).or_default().rect(left, top, width, CELL_HEIGHT);
            }
            if glyph.style.modifier.contains(Modifier::UNDERLINED) {
                self.shapes.entry(ink).or_default().rect(left, top + CELL_HEIGHT - 2.0, width, 1.0);
            }
            if self.shapes.entry(ink).or_default().add(glyph.symbol, left, top) {
                run.end(&mut self.text, top);
            } else {
                run.push(glyph, ink, &mut self.text, top);
            }
        }
        run.end(&mut self.text, top);
    }

    fn write(&self, out: &mut String) {
        for (color, paths) in &self.backgrounds {
            let _ = writeln!(out, "<path fill=\"{}\" d=\"{}\"/>", hex(*color), paths.fills);
        }
        for (color, paths) in &self.shapes {
            let color = hex(*color);
            if !paths.fills.is_empty() {
                let _ = writeln!(out, "<path fill=\"{color}\" d=\"{}\"/>", paths.fills);
            }
            if !paths.lines.is_empty() {
                let _ = writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"1.1\" d=\"{}\"/>",
                    paths.lines
                );
            }
            if !paths.dots.is_empty() {
                let dots = &paths.dots;
                let _ = writeln!(
                    out,
                    "<path stroke=\"{color}\" stroke-width=\"2.3\" stroke-linecap=\"round\" d=\"{dots}\"/>"
                );
            }
        }
        let _ = writeln!(
            out,
            "<g font-family=\"'DejaVu Sans Mono','DejaVu Sans',monospace\" font-size=\"{}\" xml:space=\"preserve\">\n{}</g>",
            px(FONT_SIZE),
            self.text
        );
    }
}

/// Neighbouring characters of one colour and weight.
#[derive(Default)]
struct TextRun {
    text: String,
    left_cell: u16,
    cells: u16,
    ink: [u8; 3],
    modifier: Modifier,
}

impl TextRun {
    /// Adds a character, or ends the run and begins the next. A second blank in a row ends it too, so
    /// that every word stands on the grid even in a font of another width.
    fn push(&mut self, glyph: &Glyph<'_>, ink: [u8; 3], out: &mut String, top: f64) {
        const WEIGHT: Modifier = Modifier::BOLD.union(Modifier::ITALIC);
        let modifier = glyph.style.modifier & WEIGHT;
        let is_same = self.ink == ink && self.modifier == modifier;
        let is_gap = glyph.symbol == " " && (self.text.is_empty() || self.text.ends_with(' '));
        if is_gap || !is_same || glyph.width > 1 || self.cells == 0 {
            self.end(out, top);
        }
        if is_gap || glyph.style.modifier.contains(Modifier::HIDDEN) {
            return;
        }
        if self.cells == 0 {
            (self.left_cell, self.ink, self.modifier) = (glyph.x, ink, modifier);
        }
        self.text.push_str(glyph.symbol);
        self.cells += glyph.width;
        if glyph.width > 1 {
            self.end(out, top);
        }
    }

    fn end(&mut self, out: &mut String, top: f64) {
        let text = self.text.trim_end();
        if !text.is_empty() {
            let cells = usize::from(self.cells) - (self.text.len() - text.len());
            let weight = if self.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let slant = if self.modifier.contains(Modifier::ITALIC) { " font-style=\"italic\"" } else { "" };
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" textLength=\"{}\" fill=\"{}\"{weight}{slant}>{}</text>",
                px(MARGIN + f64::from(self.left_cell) * CELL_WIDTH),
                px(top + CELL_HEIGHT - 4.0),
                px(cells as f64 * CELL_WIDTH),
                hex(self.ink),
                escaped(text),
            );
        }
        self.text.clear();
        self.cells = 0;
    }
}

/// Ink and paper of a style; no paper where the picture's background shows through.
fn colors(style: CellStyle) -> ([u8; 3], Option<[u8; 3]>) {
    let mut ink = rgb(style.fg).unwrap_or(FOREGROUND);
    let mut paper = rgb(style.bg);
    if style.modifier.contains(Modifier::REVERSED) {
        (ink, paper) = (paper.unwrap_or(BACKGROUND), Some(ink));
    }
    if style.modifier.contains(Modifier::DIM) {
        ink = blend(ink, paper.unwrap_or(BACKGROUND));
    }
    (ink, paper)
}

/// Dim ink: 11 parts ink to 9 parts paper.
fn blend(ink: [u8; 3], paper: [u8; 3]) -> [u8; 3] {
    std::array::from_fn(|i| ((u16::from(ink[i]) * 11 + u16::from(paper[i]) * 9) / 20) as u8)
}

fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index) => Some(indexed(index)),
        named => Some(PALETTE[usize::from(ansi_index(named))]),
    }
}

/// The 256-colour palette of xterm: the sixteen, a 6x6x6 cube, a ramp of 24 greys.
fn indexed(index: u8) -> [u8; 3] {
    let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
    match index {
        0..=15 => PALETTE[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        232.. => [8 + (index - 232) * 10; 3],
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text for XML: markup escaped, characters that XML 1.0 has no way to write replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn picture(text: &str, style: Style) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
        buf.set_string(0, 0, text, style);
        svg(&buf)
    }

    #[test]
    fn runs_stand_on_the_grid() {
        let svg = picture("ab  c", Style::new());
        assert!(svg.contains("<text x=\"10\" y=\"23\" textLength=\"16.86\" fill=\"#d3d7de\">ab</text>"), "{svg}");
        assert!(svg.contains("<text x=\"43.72\" y=\"23\" textLength=\"8.43\" fill=\"#d3d7de\">c</text>"), "{svg}");
    }

    #[test]
    fn markup_in_names_is_text() {
        let svg = picture("<a&b>", Style::new());
        assert!(svg.contains(">&lt;a&amp;b&gt;</text>"), "{svg}");
    }

    #[test]
    fn what_xml_cannot_write_is_replaced() {
        assert_eq!(escaped("a\u{1}\u{1b}b"), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn a_wide_character_is_a_run_of_two_cells() {
        let svg = picture("a\u{8ab0}b", Style::new());
        assert!(svg.contains("textLength=\"16.86\" fill=\"#d3d7de\">\u{8ab0}</text>"), "{svg}");
        assert!(svg.contains("<text x=\"35.29\" y=\"23\" textLength=\"8.43\" fill=\"#d3d7de\">b</text>"), "{svg}");
    }

    #[test]
    fn reverse_swaps_ink_and_paper() {
        let svg = picture("x", Style::new().reversed());
        assert!(svg.contains("<path fill=\"#d3d7de\" d=\"M10 10h8.43v17h-8.43z\"/>"), "{svg}");
        assert!(svg.contains("fill=\"#15181e\">x</text>"), "{svg}");
    }

    #[test]
    fn the_256_colours_are_xterms() {
        assert_eq!(indexed(196), [255, 0, 0]);
        assert_eq!(indexed(208), [255, 135, 0]);
        assert_eq!(indexed(244), [128, 128, 128]);
    }
}
