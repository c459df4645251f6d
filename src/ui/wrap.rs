//! Sentences broken into lines of so many cells.

use super::symbols::SymbolSet;
use super::text::{self, Align, fit};

/// A sentence as at most `lines` lines of at most `cells` cells, broken between words where that is
/// possible. What does not fit ends in an ellipsis.
#[must_use]
pub(crate) fn wrapped(sentence: &str, cells: usize, lines: usize, symbols: SymbolSet) -> Vec<String> {
    let shown = text::safe(sentence, symbols);
    let mut broken: Vec<String> = Vec::new();
    let mut words = shown.split_whitespace().peekable();
    while broken.len() < lines && words.peek().is_some() {
        let mut line = String::new();
        let is_last = broken.len() + 1 == lines;
        while let Some(word) = words.peek() {
            let needed = text::width(word) + usize::from(!line.is_empty());
            let fits = text::width(&line) + needed <= cells;
            if !fits && !line.is_empty() && !is_last {
                break;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            words.next();
            if !fits {
                break;
            }
        }
        broken.push(if text::width(&line) > cells { fit(&line, cells, Align::Left, symbols) } else { line });
    }
    broken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("812 ms is above the limit", 12, 3, &["812 ms is", "above the", "limit"])]
    #[case("812 ms is above the limit", 12, 2, &["812 ms is", "above the l\u{2026}"])]
    #[case("short", 12, 2, &["short"])]
    #[case("incomprehensibilities follow", 10, 2, &["incompreh\u{2026}", "follow"])]
    #[case("", 10, 2, &[])]
    #[case("word", 10, 0, &[])]
    fn sentences_break_between_words(
        #[case] sentence: &str,
        #[case] cells: usize,
        #[case] lines: usize,
        #[case] broken: &[&str],
    ) {
        assert_eq!(wrapped(sentence, cells, lines, SymbolSet::Braille), broken);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide(sentence in any::<String>(), cells in 0usize..30, lines in 0usize..5) {
            let broken = wrapped(&sentence, cells, lines, SymbolSet::Braille);
            prop_assert!(broken.len() <= lines);
            for line in broken {
                prop_assert!(text::width(&line) <= cells, "{line:?}");
            }
        }
    }
}
