//! Every glyph the dashboard draws, in three sets: braille, block and pure ASCII.

use crate::model::{Severity, Status, Trend};

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
            Status::Ok => self.pick("\u{2022}", "."),
            Status::Learning => self.pick("\u{25cc}", "?"),
            Status::Stale => self.pick("\u{25cb}", "z"),
            Status::Info => self.pick("\u{25c7}", "i"),
            Status::Warning => self.pick("\u{25b2}", "!"),
            Status::Critical => self.pick("\u{25c6}", "X"),
        }
    }

    /// The mark of a severity.
    #[must_use]
    pub const fn severity(self, severity: Severity) -> &'static str {
        self.status(match severity {
            Severity::Info => Status::Info,
            Severity::Warning => Status::Warning,
            Severity::Critical => Status::Critical,
        })
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
