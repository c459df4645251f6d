//! Bytes to lines, with bounded memory: a line that goes on beyond the limit is passed over, not kept.
//!
//! Fed with blocks from wherever they come; knows nothing of files and nothing of what a line means.

use super::limits::{KEPT_OF_LONG_LINE_BYTES, MAX_LINE_BYTES};

/// A line without its end (`\n` or `\r\n`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The whole line.
    Whole(&'a [u8]),
    /// A line beyond [`MAX_LINE_BYTES`]: its beginning.
    TooLong(&'a [u8]),
}

/// Cuts blocks into lines.
#[derive(Debug, Default)]
pub struct LineSplitter {
    /// The beginning of a line whose end has not come yet; no longer than the limit.
    pending: Vec<u8>,
    /// How many bytes of that line came beyond the limit.
    passed_over: u64,
    /// Bytes of the lines that are complete.
    complete_bytes: u64,
}

impl LineSplitter {
    /// Takes a block and hands on every line that ends in it.
    pub fn feed(&mut self, mut block: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', block) {
            let (head, rest) = (&block[..end], &block[end + 1..]);
            if self.pending.is_empty() && head.len() <= MAX_LINE_BYTES {
                // The common case: the whole line lies in the block and is not copied.
                self.complete_bytes += head.len() as u64 + 1;
                each(Line::Whole(without_return(head)));
            } else {
                self.keep(head);
                self.complete_bytes += self.pending_bytes() + 1;
                self.hand_on(&mut each);
            }
            block = rest;
        }
        self.keep(block);
    }

    /// Hands on a last line that has no end.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.pending_bytes() > 0 {
            self.complete_bytes += self.pending_bytes();
            self.hand_on(&mut each);
        }
    }

    /// Bytes that belong to a line whose end has not come yet.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.pending.len() as u64 + self.passed_over
    }

    /// Bytes of all lines handed on so far, with their ends.
    #[must_use]
    pub const fn complete_bytes(&self) -> u64 {
        self.complete_bytes
    }

    /// The line whose end has not come yet; `None` when there is none or it is over-long already.
    #[must_use]
    pub fn pending(&self) -> Option<&[u8]> {
        (!self.pending.is_empty() && self.passed_over == 0).then(|| without_return(&self.pending))
    }

    fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(MAX_LINE_BYTES - self.pending.len());
        self.pending.extend_from_slice(&bytes[..kept]);
        self.passed_over += (bytes.len() - kept) as u64;
    }

    fn hand_on(&mut self, each: &mut impl FnMut(Line<'_>)) {
        if self.passed_over > 0 {
            each(Line::TooLong(&self.pending[..KEPT_OF_LONG_LINE_BYTES]));
        } else {
            each(Line::Whole(without_return(&self.pending)));
        }
        self.passed_over = 0;
        self.pending.clear();
        // One long line must not hold its memory for the rest of the input.
        self.pending.shrink_to(64 << 10);
    }
}

pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines_of(blocks: &[&[u8]]) -> (Vec<Vec<u8>>, LineSplitter) {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for block in blocks {
            splitter.feed(block, |line| match line {
                Line::Whole(text) => lines.push(text.to_vec()),
                Line::TooLong(head) => lines.push([b"too long: ", &head[..4]].concat()),
            });
        }
        (lines, splitter)
    }

    #[test]
    fn a_line_ends_where_it_says() {
        let (lines, splitter) = lines_of(&[b"a\nb", b"c\r\n\n", b"torn"]);
        assert_eq!(lines, [&b"a"[..], b"bc", b""]);
        assert_eq!(splitter.pending(), Some(&b"torn"[..]));
        assert_eq!((splitter.complete_bytes(), splitter.pending_bytes()), (7, 4));
    }

    #[test]
    fn the_longest_line_is_whole_and_one_byte_more_is_passed_over() {
        let longest = vec![b'x'; MAX_LINE_BYTES];
        let (lines, _) = lines_of(&[&longest, b"\n", &longest, b"x\nnext\n"]);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].len(), MAX_LINE_BYTES);
        assert_eq!(lines[1..], [b"too long: xxxx".to_vec(), b"next".to_vec()]);
        let (lines, _) = lines_of(&[&[&longest[..], b"y\n"].concat()]);
        assert_eq!(lines, [b"too long: xxxx"]);
    }

    #[test]
    fn an_endless_line_holds_no_more_than_the_limit() {
        let mut splitter = LineSplitter::default();
        for _ in 0..100 {
            splitter.feed(&vec![b'x'; 100_000], |_| panic!("no line has ended"));
        }
        assert_eq!(splitter.pending_bytes(), 10_000_000);
        assert!(splitter.pending.capacity() <= 2 * MAX_LINE_BYTES);
        assert_eq!(splitter.pending(), None);
    }

    proptest! {
        #[test]
        fn where_the_blocks_are_cut_does_not_matter(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300),
            cut_at in prop::collection::vec(0_usize..300, 0..6),
        ) {
            let mut cuts: Vec<usize> = cut_at.into_iter().map(|at| at.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let blocks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let (lines, splitter) = lines_of(&blocks);
            let (at_once, _) = lines_of(&[&text]);
            prop_assert_eq!(lines, at_once);
            prop_assert_eq!(splitter.complete_bytes() + splitter.pending_bytes(), text.len() as u64);
        }
    }
}
