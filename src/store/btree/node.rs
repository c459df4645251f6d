//! One page of a B-tree: its cells, as far as they make sense.
//!
//! Source of the format: "Database File Format", sqlite.org/fileformat2.html, section 1.6.

use super::record::take_varint;

/// The four kinds of pages that a B-tree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    TableLeaf,
    TableInterior,
    IndexLeaf,
    IndexInterior,
}

impl Kind {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x02 => Some(Self::IndexInterior),
            0x05 => Some(Self::TableInterior),
            0x0a => Some(Self::IndexLeaf),
            0x0d => Some(Self::TableLeaf),
            _ => None,
        }
    }

    /// The kind of the leaves of its tree.
    pub(in crate::store) const fn leaf(self) -> Self {
        match self {
            Self::TableLeaf | Self::TableInterior => Self::TableLeaf,
            Self::IndexLeaf | Self::IndexInterior => Self::IndexLeaf,
        }
    }

    const fn is_interior(self) -> bool {
        matches!(self, Self::TableInterior | Self::IndexInterior)
    }
}

/// A page of a B-tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Node<'a> {
    pub kind: Kind,
    /// The child with the largest keys, of an interior page.
    pub right_child: Option<u32>,
    bytes: &'a [u8],
    pointers: &'a [[u8; 2]],
}

/// A cell of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Cell<'a> {
    /// The child whose keys come before this one's.
    pub child: Option<u32>,
    /// The row's id, or the largest one below `child`; 0 in an index.
    pub row_id: i64,
    /// How long the row is in all.
    pub payload_len: usize,
    /// What of the row stands in the page.
    pub local: &'a [u8],
    /// The page on which it goes on.
    pub overflow: Option<u32>,
}

impl<'a> Node<'a> {
    /// Reads the head of page `number`, given the bytes of a page that SQLite uses.
    pub(in crate::store) fn parse(number: u32, bytes: &'a [u8]) -> Option<Self> {
        let head = bytes.get(if number == 1 { 100 } else { 0 }..)?;
        let kind = Kind::from_byte(*head.first()?)?;
        let cells = usize::from(u16_at(head, 3)?);
        let head_bytes = if kind.is_interior() { 12 } else { 8 };
        let right_child = if kind.is_interior() { Some(u32_at(head, 8)?) } else { None };
        let (pointers, _) = head.get(head_bytes..head_bytes + cells * 2)?.as_chunks();
        Some(Self { kind, right_child, bytes, pointers })
    }

    /// Its cells in order; `None` for one that does not lie within the page.
    pub(in crate::store) fn cells(self) -> impl Iterator<Item = Option<Cell<'a>>> {
        self.pointers.iter().map(move |pointer| self.cell(usize::from(u16::from_be_bytes(*pointer))))
    }

    /// Whether it looks as SQLite leaves a page of this size: all cells in it, some in its second half,
    /// for cells are put in from the end.
    pub(in crate::store) fn is_plausible(self) -> bool {
        let half = self.bytes.len() / 2;
        let last = self.pointers.iter().map(|pointer| u16::from_be_bytes(*pointer)).max();
        last.is_some_and(|last| usize::from(last) >= half) && self.cells().all(|cell| cell.is_some())
    }

    fn cell(self, at: usize) -> Option<Cell<'a>> {
        let mut rest = self.bytes.get(at..)?;
        let child = if self.kind.is_interior() {
            let (child, after) = rest.split_first_chunk::<4>()?;
            rest = after;
            Some(u32::from_be_bytes(*child))
        } else {
            None
        };
        if self.kind == Kind::TableInterior {
            let row_id = take_varint(&mut rest)?.cast_signed();
            return Some(Cell { child, row_id, payload_len: 0, local: &[], overflow: None });
        }
        let payload_len = usize::try_from(take_varint(&mut rest)?).ok()?;
        let row_id = if self.kind == Kind::TableLeaf { take_varint(&mut rest)?.cast_signed() } else { 0 };
        let local_len = self.local_len(payload_len);
        let (local, after) = rest.split_at_checked(local_len)?;
        let overflow = if local_len < payload_len { Some(u32_at(after, 0)?) } else { None };
        Some(Cell { child, row_id, payload_len, local, overflow })
    }

    /// How much of a row stands in its page, by the format's section 1.6.
    fn local_len(self, payload_len: usize) -> usize {
        let usable = self.bytes.len();
        let most = if self.kind == Kind::TableLeaf { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if payload_len <= most {
            return payload_len;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (payload_len - least) % (usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// Two bytes, the higher first.
pub(in crate::store) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

/// Four bytes, the highest first.
pub(in crate::store) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_page_is_survived(bytes in prop::collection::vec(any::<u8>(), 512), kind in 0..5_usize) {
            let mut bytes = bytes;
            if let Some(&kind) = [0x02, 0x05, 0x0a, 0x0d].get(kind) {
                bytes[0] = kind;
                bytes[3] = 0;
            }
            if let Some(node) = Node::parse(2, &bytes) {
                for cell in node.cells().flatten() {
                    prop_assert!(cell.local.len() <= cell.payload_len);
                }
                let _ = node.is_plausible();
            }
        }
    }
}
