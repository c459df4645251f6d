//! Walks B-trees as far as they can be read, and says which keys lie in what cannot.

use std::collections::HashSet;

use super::pages::Pages;
use crate::store::btree::node::{Cell, Kind, Node};

/// Row ids after `after` up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub after: i64,
    pub last: i64,
}

impl Span {
    /// Every id there can be.
    pub(super) const ALL: Self = Self { after: i64::MIN, last: i64::MAX };

    /// Whether an id lies in it.
    pub(super) const fn contains(self, row_id: i64) -> bool {
        self.after < row_id && row_id <= self.last
    }
}

/// Takes a row, given its id (0 in an index) and its bytes; answers whether it is one of its table.
pub(super) type TakeRow<'a, E> = dyn FnMut(i64, &[u8]) -> Result<bool, E> + 'a;

/// Walks trees and remembers which pages were of use.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    pages: &'a Pages,
    used: HashSet<u32>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(pages: &'a Pages) -> Self {
        Self { pages, used: HashSet::new() }
    }

    /// Visits the rows of a tree with such leaves in order; answers where rows could not be read. In an index, which has no
    /// row ids, that is [`Span::ALL`] for each place.
    pub(super) fn walk<E>(&mut self, root: u32, leaf: Kind, take: &mut TakeRow<'_, E>) -> Result<Vec<Span>, E> {
        let mut unreadable = Vec::new();
        let mut waiting = vec![(root, Span::ALL)];
        while let Some((number, span)) = waiting.pop() {
            let page = self.pages.read(number);
            let node = page.as_deref().and_then(|page| Node::parse(number, page));
            let is_whole = match node.filter(|node| node.kind.leaf() == leaf) {
                Some(node) if node.kind == leaf => {
                    let (taken, is_whole) = self.take_rows(node, span, take)?;
                    if taken > 0 {
                        self.used.insert(number);
                    }
                    is_whole
                }
                // A page met twice is not where it should be.
                Some(node) if self.used.insert(number) => {
                    let is_whole = node.kind == Kind::TableInterior || self.take_rows(node, span, take)?.1;
                    children(node, span, &mut waiting) && is_whole
                }
                _ => false,
            };
            if !is_whole {
                unreadable.push(span);
            }
        }
        Ok(unreadable)
    }

    /// Visits the rows of every page that no walk has used and that is in use, in the order of the file.
    pub(super) fn strays<E>(&self, mut take: impl FnMut(Kind, i64, &[u8]) -> Result<bool, E>) -> Result<(), E> {
        let free = self.pages.free();
        for number in 1..=self.pages.count {
            if self.used.contains(&number) || free.contains(&number) {
                continue;
            }
            let page = self.pages.read(number);
            let node = page.as_deref().and_then(|page| Node::parse(number, page));
            if let Some(node) = node.filter(|node| node.kind != Kind::TableInterior) {
                self.take_rows(node, Span::ALL, &mut |row_id, payload| take(node.kind, row_id, payload))?;
            }
        }
        Ok(())
    }

    /// Visits the rows of a page; answers how many were taken, and whether that is all of them.
    fn take_rows<E>(&self, node: Node<'_>, span: Span, take: &mut TakeRow<'_, E>) -> Result<(u64, bool), E> {
        let (mut taken, mut is_whole) = (0, true);
        let mut after = span.after;
        for cell in node.cells() {
            let is_in_order =
                |cell: &Cell<'_>| node.kind != Kind::TableLeaf || Span { after, last: span.last }.contains(cell.row_id);
            let row = cell.filter(is_in_order).and_then(|cell| Some((cell.row_id, self.pages.payload(&cell)?)));
            match row {
                Some((row_id, payload)) if take(row_id, &payload)? => {
                    taken += 1;
                    after = row_id;
                }
                _ => is_whole = false,
            }
        }
        Ok((taken, is_whole))
    }
}

/// Puts the children of a page on the pile, the first one on top; false when some are missing.
fn children(node: Node<'_>, span: Span, waiting: &mut Vec<(u32, Span)>) -> bool {
    let is_table = node.kind == Kind::TableInterior;
    let (mut is_whole, mut after) = (true, span.after);
    let first = waiting.len();
    for cell in node.cells() {
        let in_order = cell.filter(|cell| !is_table || Span { after, last: span.last }.contains(cell.row_id));
        let Some((child, cell)) = in_order.and_then(|cell| Some((cell.child?, cell))) else {
            is_whole = false;
            continue;
        };
        let last = if is_table { cell.row_id } else { span.last };
        waiting.push((child, Span { after, last }));
        if is_table {
            after = last;
        }
    }
    waiting.extend(node.right_child.map(|child| (child, Span { after, last: span.last })));
    waiting[first..].reverse();
    is_whole
}
