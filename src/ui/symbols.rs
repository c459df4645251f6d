//! Every glyph the dashboard draws, in three sets: braille, block and pure ASCII.

use crate::model::{Rule, Severity, Status, Trend};

/// How fine the glyphs may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SymbolSet {
    /// Braille dots, 2 x 4 a cell.
    #[default]
    Braille,
    /// Block elements, 1 x 8 a cell.
    Block,
    /// Bytes below 0x80 only.
    Ascii,
}

impl SymbolSet {
    /// Whether only bytes below 0x80 may be drawn.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        matches!(self, Self::Ascii)
    }

    const fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii() { ascii } else { unicode }
    }

    /// The mark of a status; one cell wide, different for each, so that it needs no colour.
    #[must_use]
    pub const fn status(self, status: Status) -> &'static str {
        match status {
            Status::Unjudged => " ",
            Status::Ok => self.pick("\u{2022}", "."),
            Status::Learning => self.pick("\u{25cc}", "?"),
            Status::Stale => self.pick("\u{25cb}", "z"),
            Status::Warning => self.pick("\u{25b2}", "!"),
            Status::Critical => self.pick("\u{25c6}", "X"),
        }
    }

    /// What stands before a number that is not exact.
    #[must_use]
    pub const fn about(self) -> &'static str {
        self.pick("\u{2248}", "~")
    }

    /// The mark of a severity.
    #[must_use]
    pub const fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Info => self.pick("\u{25c7}", "i"),
            Severity::Warning => self.status(Status::Warning),
            Severity::Critical => self.status(Status::Critical),
        }
    }

    /// The arrow of a trend.
    #[must_use]
    pub const fn trend(self, trend: Trend) -> &'static str {
        match trend {
            Trend::Unknown => " ",
            Trend::Flat => self.pick("\u{2192}", "="),
            Trend::Rising { .. } => self.pick("\u{2197}", "/"),
            Trend::Falling { .. } => self.pick("\u{2198}", "\\"),
        }
    }

    /// Eight heights of a sparkline, lowest first.
    #[must_use]
    pub const fn spark(self) -> [&'static str; 8] {
        match self {
            Self::Ascii => ["_", "_", ".", ".", "-", "-", "^", "^"],
            _ => ["\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}"],
        }
    }

    /// Dots a cell is divided into: across, down.
    #[must_use]
    pub const fn dots(self) -> (u16, u16) {
        match self {
            Self::Braille => (2, 4),
            Self::Block => (2, 2),
            Self::Ascii => (1, 1),
        }
    }

    /// The glyph for a cell whose dots are set by `bits`: row by row from the top left, lowest bit
    /// first. `is_band` tells a band from a line where dots alone cannot.
    #[must_use]
    pub const fn dotted(self, bits: u8, is_band: bool) -> char {
        match self {
            Self::Braille => braille(bits),
            Self::Block => QUADRANTS[(bits & 15) as usize],
            Self::Ascii if bits == 0 => ' ',
            Self::Ascii if is_band => ':',
            Self::Ascii => '*',
        }
    }

    /// A single sample, where samples stand apart.
    #[must_use]
    pub const fn sample(self) -> &'static str {
        self.pick("\u{2022}", "o")
    }

    /// A sample that had a part in a finding.
    #[must_use]
    pub const fn evidence(self) -> &'static str {
        self.pick("\u{25cb}", "o")
    }

    /// The mark of a violating sample: in ASCII the number of the rule.
    #[must_use]
    pub const fn violation(self, rule: Rule) -> &'static str {
        match rule {
            Rule::BeyondLimit => self.pick("\u{25c6}", "1"),
            Rule::TwoOfThree => self.pick("\u{25b2}", "2"),
            Rule::SevenOnOneSide => self.pick("\u{25c7}", "3"),
            Rule::Surprise => self.pick("\u{25cf}", "!"),
            Rule::Stuck => self.pick("\u{25a0}", "="),
            Rule::Silence => self.pick("\u{25a1}", "?"),
            Rule::Ensemble | Rule::ZScore | Rule::Iqr | Rule::TimesAverage => self.pick("\u{25cf}", "*"),
        }
    }

    /// The sample of a run that failed.
    #[must_use]
    pub const fn failure(self) -> &'static str {
        self.pick("\u{d7}", "x")
    }

    /// A sample that is unlike the others.
    #[must_use]
    pub const fn outlier(self) -> &'static str {
        self.pick("\u{25b3}", "!")
    }

    /// A bar that lies, one cell of it.
    #[must_use]
    pub const fn bar(self) -> &'static str {
        self.pick("\u{2586}", "#")
    }

    /// A control limit.
    #[must_use]
    pub const fn limit_line(self) -> &'static str {
        self.pick("\u{254c}", "=")
    }

    /// The line one or two standard deviations away, and the grid.
    #[must_use]
    pub const fn zone_line(self) -> &'static str {
        self.pick("\u{2508}", ".")
    }

    /// Where a tick leaves the vertical axis, and where one leaves the horizontal one.
    #[must_use]
    pub const fn ticks(self) -> [&'static str; 2] {
        match self {
            Self::Ascii => ["+", "+"],
            _ => ["\u{2524}", "\u{252c}"],
        }
    }

    /// Where the axes meet.
    #[must_use]
    pub const fn origin(self) -> &'static str {
        self.pick("\u{2514}", "+")
    }

    /// The vertical line of the crosshair, and its centre.
    #[must_use]
    pub const fn crosshair(self) -> [&'static str; 2] {
        match self {
            Self::Ascii => ["|", "@"],
            _ => ["\u{2502}", "\u{25c9}"],
        }
    }

    /// One standard deviation, in words short enough for an axis.
    #[must_use]
    pub const fn sigma(self) -> &'static str {
        self.pick("\u{3c3}", "sd")
    }

    /// What stands in front of the chosen row.
    #[must_use]
    pub const fn cursor(self) -> &'static str {
        self.pick("\u{258c}", ">")
    }

    /// What stands for text that was cut off.
    #[must_use]
    pub const fn ellipsis(self) -> &'static str {
        self.pick("\u{2026}", "~")
    }

    /// Horizontal line of a frame.
    #[must_use]
    pub const fn horizontal(self) -> &'static str {
        self.pick("\u{2500}", "-")
    }

    /// Vertical line of a frame.
    #[must_use]
    pub const fn vertical(self) -> &'static str {
        self.pick("\u{2502}", "|")
    }

    /// Corners of a frame: top left, top right, bottom left, bottom right.
    #[must_use]
    pub const fn corners(self) -> [&'static str; 4] {
        match self {
            Self::Ascii => ["+", "+", "+", "+"],
            _ => ["\u{256d}", "\u{256e}", "\u{2570}", "\u{256f}"],
        }
    }

    /// A point between two words on one line.
    #[must_use]
    pub const fn separator(self) -> &'static str {
        self.pick("\u{b7}", "|")
    }

    /// Sorted upwards, downwards.
    #[must_use]
    pub const fn sorted(self, ascending: bool) -> &'static str {
        if ascending { self.pick("\u{2191}", "^") } else { self.pick("\u{2193}", "v") }
    }
}

/// Quadrants by their bits: upper left 1, upper right 2, lower left 4, lower right 8.
const QUADRANTS: [char; 16] = [
    ' ', '\u{2598}', '\u{259d}', '\u{2580}', '\u{2596}', '\u{258c}', '\u{259e}', '\u{259b}', '\u{2597}', '\u{259a}',
    '\u{2590}', '\u{259c}', '\u{2584}', '\u{2599}', '\u{259f}', '\u{2588}',
];

/// Unicode numbers the dots of a braille cell down the columns, with the fourth row added last.
const fn braille(bits: u8) -> char {
    const PLACES: [u8; 8] = [0, 3, 1, 4, 2, 5, 6, 7];
    let mut code = 0x2800;
    let mut bit = 0;
    while bit < 8 {
        if bits & (1 << bit) != 0 {
            code |= 1 << PLACES[bit];
        }
        bit += 1;
    }
    match char::from_u32(code) {
        Some(glyph) => glyph,
        None => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_where_their_bits_say() {
        assert_eq!(SymbolSet::Braille.dotted(0b1000_0001, false), '\u{2881}');
        assert_eq!(SymbolSet::Braille.dotted(0b0000_0010, false), '\u{2808}');
        assert_eq!(SymbolSet::Braille.dotted(0xff, false), '\u{28ff}');
        assert_eq!(SymbolSet::Block.dotted(0b0110, false), '\u{259e}');
        assert_eq!(SymbolSet::Ascii.dotted(1, true), ':');
    }
}
