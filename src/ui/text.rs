//! Text cut and padded to cells. The only place that measures how wide text is.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::symbols::SymbolSet;
use crate::model::text::{number, printable};

/// Where text stands in its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    Left,
    /// At the right edge.
    Right,
}

/// How many cells a text covers once it is safe to show.
#[must_use]
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    printable(text).graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Text from outside as it may be drawn: control characters spelled out and, in ASCII mode, everything
/// else above 0x7f as `\u{...}`.
#[must_use]
pub fn safe(text: &str, symbols: SymbolSet) -> Cow<'_, str> {
    let shown = printable(text);
    if symbols.is_ascii() && !shown.is_ascii() {
        let mut ascii = String::with_capacity(shown.len());
        for c in shown.chars() {
            if c.is_ascii() {
                ascii.push(c);
            } else {
                ascii.extend(c.escape_unicode());
            }
        }
        return Cow::Owned(ascii);
    }
    shown
}

/// Text in exactly `cells` cells: cut with an ellipsis, or padded. Wide characters are never split;
/// a cell that would hold half of one is left blank.
#[must_use]
pub fn fit(text: &str, cells: usize, align: Align, symbols: SymbolSet) -> String {
    if is_plain(text) && text.len() <= cells {
        return padded(text, cells - text.len(), align);
    }
    let shown = safe(text, symbols);
    // A name of ten kilobytes costs no more than one that just does not fit.
    let head: Cow<'_, str> = match shown.char_indices().nth(cells.saturating_mul(4).saturating_add(64)) {
        Some((end, _)) => Cow::Owned(shown[..end].to_owned()),
        None => shown,
    };
    let head_width: usize = head.graphemes(true).map(UnicodeWidthStr::width).sum();
    if head_width <= cells {
        return padded(&head, cells - head_width, align);
    }
    let room = cells.saturating_sub(1);
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in head.graphemes(true) {
        let grapheme_width = grapheme.width();
        if used + grapheme_width > room {
            break;
        }
        cut.push_str(grapheme);
        used += grapheme_width;
    }
    if cells > 0 {
        cut.push_str(symbols.ellipsis());
        cut.push_str(&" ".repeat(room - used));
    }
    cut
}

/// A number of things in few cells: `9999`, `12.5k`, `1.204M`.
#[must_use]
pub fn count(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", number(n as f64 / 1e3)),
        _ => format!("{}M", number(n as f64 / 1e6)),
    }
}

/// Printable ASCII takes a cell a byte: most text there is, and no need to look at graphemes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn padded(text: &str, blanks: usize, align: Align) -> String {
    match align {
        Align::Left => format!("{text}{:blanks$}", ""),
        Align::Right => format!("{:blanks$}{text}", ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("latency", 9, Align::Left, "latency  ")]
    #[case("latency", 9, Align::Right, "  latency")]
    #[case("latency", 7, Align::Left, "latency")]
    #[case("latency", 5, Align::Left, "late\u{2026}")]
    #[case("latency", 1, Align::Left, "\u{2026}")]
    #[case("latency", 0, Align::Left, "")]
    #[case("\u{8ab0}\u{8ab0}", 3, Align::Left, "\u{8ab0}\u{2026}")]
    #[case("\u{8ab0}\u{8ab0}\u{8ab0}", 4, Align::Left, "\u{8ab0}\u{2026} ")]
    #[case("a\x1b[2J", 6, Align::Left, "a^[[2J")]
    fn text_fills_its_cells(#[case] text: &str, #[case] cells: usize, #[case] align: Align, #[case] shown: &str) {
        assert_eq!(fit(text, cells, align, SymbolSet::Braille), shown);
    }

    proptest! {
        #[test]
        fn any_text_covers_exactly_its_cells(text in any::<String>(), cells in 0usize..60) {
            let shown = fit(&text, cells, Align::Left, SymbolSet::Braille);
            let covered: usize = shown.graphemes(true).map(UnicodeWidthStr::width).sum();
            prop_assert_eq!(covered, cells);
        }

        #[test]
        fn ascii_mode_has_only_ascii(text in any::<String>(), cells in 0usize..60) {
            prop_assert!(fit(&text, cells, Align::Right, SymbolSet::Ascii).is_ascii());
        }
    }
}
