//! Glyphs that must meet at the edges of their cells (lines, blocks, braille dots) as path data, so
//! that a picture does not depend on how a font draws them.

use std::fmt::Write as _;

/// Width of a cell in pixels: the advance of `DejaVu` Sans Mono at [`FONT_SIZE`].
pub(super) const CELL_WIDTH: f64 = 8.43;
/// Height of a cell in pixels.
pub(super) const CELL_HEIGHT: f64 = 17.0;
/// Font size in pixels.
pub(super) const FONT_SIZE: f64 = 14.0;

/// Path data of shapes of one colour, gathered over the whole picture.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Areas to fill.
    pub fills: String,
    /// Thin lines to stroke.
    pub lines: String,
    /// Points to stroke with a round cap.
    pub dots: String,
}

impl Paths {
    /// Adds the glyph whose cell has its top left corner at `(x, y)` pixels; false when it is not a
    /// shape but a character for the font.
    pub fn add(&mut self, symbol: &str, x: f64, y: f64) -> bool {
        let mut chars = symbol.chars();
        let (Some(c), None) = (chars.next(), chars.next()) else { return false };
        match c {
            '\u{2800}'..='\u{28ff}' => self.braille(c, x, y),
            '\u{2580}'..='\u{259f}' => return self.block(c, x, y),
            '\u{2500}'..='\u{257f}' => return self.box_drawing(c, x, y),
            _ => return false,
        }
        true
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let _ = write!(self.fills, "M{} {}h{}v{}h{}z", px(x), px(y), px(width), px(height), px(-width));
    }

    fn braille(&mut self, c: char, x: f64, y: f64) {
        // Bit order of the Unicode braille block: dots 1-3 and 7 on the left, 4-6 and 8 on the right.
        const DOTS: [(f64, f64); 8] =
            [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
        let bits = u32::from(c) - 0x2800;
        for (bit, (column, row)) in DOTS.into_iter().enumerate() {
            if bits & (1 << bit) != 0 {
                let dot_x = x + CELL_WIDTH * (0.25 + 0.5 * column);
                let dot_y = y + CELL_HEIGHT * (0.125 + 0.25 * row);
                let _ = write!(self.dots, "M{} {}h0", px(dot_x), px(dot_y));
            }
        }
    }

    fn block(&mut self, c: char, x: f64, y: f64) -> bool {
        let (width, height) = (CELL_WIDTH, CELL_HEIGHT);
        let code = u32::from(c);
        match code {
            0x2580 => self.rect(x, y, width, height / 2.0),
            0x2581..=0x2588 => {
                let tall = height * f64::from(code - 0x2580) / 8.0;
                self.rect(x, y + height - tall, width, tall);
            }
            0x2589..=0x258f => self.rect(x, y, width * f64::from(0x2590 - code) / 8.0, height),
            0x2590 => self.rect(x + width / 2.0, y, width / 2.0, height),
            0x2596..=0x259f => {
                // Quadrants: upper left 1, upper right 2, lower left 4, lower right 8.
                const QUADRANTS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];
                let bits = QUADRANTS[(code - 0x2596) as usize];
                for (bit, (column, row)) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].into_iter().enumerate() {
                    if bits & (1 << bit) != 0 {
                        self.rect(x + column * width / 2.0, y + row * height / 2.0, width / 2.0, height / 2.0);
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn box_drawing(&mut self, c: char, x: f64, y: f64) -> bool {
        let (middle_x, middle_y) = (x + CELL_WIDTH / 2.0, y + CELL_HEIGHT / 2.0);
        let (right, bottom) = (x + CELL_WIDTH, y + CELL_HEIGHT);
        if let Some((is_horizontal, dashes)) = dashes(c) {
            for dash in 0..dashes {
                let at = (f64::from(dash) + 0.2) / f64::from(dashes);
                let length = 0.6 / f64::from(dashes);
                if is_horizontal {
                    self.line(x + CELL_WIDTH * at, middle_y, CELL_WIDTH * length, 0.0);
                } else {
                    self.line(middle_x, y + CELL_HEIGHT * at, 0.0, CELL_HEIGHT * length);
                }
            }
            return true;
        }
        if let Some((end_x, end_y)) = match c {
            '\u{256d}' => Some((right, bottom)),
            '\u{256e}' => Some((x, bottom)),
            '\u{256f}' => Some((x, y)),
            '\u{2570}' => Some((right, y)),
            _ => None,
        } {
            let (mx, my) = (px(middle_x), px(middle_y));
            let _ = write!(self.lines, "M{mx} {}Q{mx} {my} {} {my}", px(end_y), px(end_x));
            return true;
        }
        let Some([left_arm, right_arm, up_arm, down_arm]) = arms(c) else { return false };
        if left_arm && right_arm {
            self.line(x, middle_y, CELL_WIDTH, 0.0);
        } else if left_arm {
            self.line(x, middle_y, CELL_WIDTH / 2.0, 0.0);
        } else if right_arm {
            self.line(middle_x, middle_y, CELL_WIDTH / 2.0, 0.0);
        }
        if up_arm && down_arm {
            self.line(middle_x, y, 0.0, CELL_HEIGHT);
        } else if up_arm {
            self.line(middle_x, y, 0.0, CELL_HEIGHT / 2.0);
        } else if down_arm {
            self.line(middle_x, middle_y, 0.0, CELL_HEIGHT / 2.0);
        }
        true
    }

    fn line(&mut self, x: f64, y: f64, dx: f64, dy: f64) {
        let _ = if dy == 0.0 {
            write!(self.lines, "M{} {}h{}", px(x), px(y), px(dx))
        } else {
            write!(self.lines, "M{} {}v{}", px(x), px(y), px(dy))
        };
    }
}

/// Which arms a light box-drawing character has: left, right, up, down.
const fn arms(c: char) -> Option<[bool; 4]> {
    Some(match c {
        '\u{2500}' => [true, true, false, false],
        '\u{2502}' => [false, false, true, true],
        '\u{250c}' => [false, true, false, true],
        '\u{2510}' => [true, false, false, true],
        '\u{2514}' => [false, true, true, false],
        '\u{2518}' => [true, false, true, false],
        '\u{251c}' => [false, true, true, true],
        '\u{2524}' => [true, false, true, true],
        '\u{252c}' => [true, true, false, true],
        '\u{2534}' => [true, true, true, false],
        '\u{253c}' => [true, true, true, true],
        '\u{2574}' => [true, false, false, false],
        '\u{2575}' => [false, false, true, false],
        '\u{2576}' => [false, true, false, false],
        '\u{2577}' => [false, false, false, true],
        _ => return None,
    })
}

/// Whether a dashed line lies flat, and its number of dashes.
const fn dashes(c: char) -> Option<(bool, u8)> {
    Some(match c {
        '\u{254c}' => (true, 2),
        '\u{2504}' => (true, 3),
        '\u{2508}' => (true, 4),
        '\u{254e}' => (false, 2),
        '\u{2506}' => (false, 3),
        '\u{250a}' => (false, 4),
        _ => return None,
    })
}

/// Pixels with at most two decimals: shorter files, and the same bytes on every machine.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn drawn(symbol: &str) -> Option<Paths> {
        let mut paths = Paths::default();
        paths.add(symbol, 0.0, 0.0).then_some(paths)
    }

    #[rstest]
    #[case('\u{2800}', 0)]
    #[case('\u{2801}', 1)]
    #[case('\u{28ff}', 8)]
    fn braille_has_one_dot_a_bit(#[case] c: char, #[case] dots: usize) {
        let paths = drawn(&c.to_string()).expect("braille is a shape");
        assert_eq!(paths.dots.matches('M').count(), dots);
    }

    #[test]
    fn a_full_block_covers_its_cell_and_a_lower_half_its_lower_half() {
        assert_eq!(drawn("\u{2588}").expect("a shape").fills, "M0 0h8.43v17h-8.43z");
        assert_eq!(drawn("\u{2584}").expect("a shape").fills, "M0 8.5h8.43v8.5h-8.43z");
    }

    #[test]
    fn lines_reach_the_edges_they_share_with_their_neighbours() {
        assert_eq!(drawn("\u{2500}").expect("a shape").lines, "M0 8.5h8.43");
        assert_eq!(drawn("\u{256d}").expect("a shape").lines, "M4.21 17Q4.21 8.5 8.43 8.5");
    }

    #[rstest]
    #[case("a")]
    #[case("\u{2592}")]
    #[case("\u{8ab0}")]
    #[case("e\u{301}")]
    fn letters_and_shades_are_left_to_the_font(#[case] symbol: &str) {
        assert!(drawn(symbol).is_none());
    }
}
