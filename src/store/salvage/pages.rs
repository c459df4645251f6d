//! The pages of a database as they were last committed: the file and, over it, its write-ahead log.
//!
//! Reads bytes and nothing else: no lock is taken, nothing is written, SQLite is not asked.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::wal::{Frames, is_page_size};
use crate::store::btree::node::{Cell, Node, u16_at, u32_at};

const MAGIC: &[u8] = b"SQLite format 3\0";

/// The byte whose page SQLite leaves unused, for locks.
const PENDING_BYTE: usize = 0x4000_0000;

/// Bytes looked at to find out how large pages are, where the header does not say.
const GUESS_BYTES: usize = 4 << 20;

/// A damaged database as pages; they count from 1.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    wal: Option<(File, Frames)>,
    page_bytes: usize,
    /// Bytes of a page that SQLite uses.
    usable: usize,
    /// How many there should be.
    pub count: u32,
    /// Whether the first 100 bytes are those of a database.
    pub has_header: bool,
    has_map: bool,
}

/// The path of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

impl Pages {
    /// Opens a database; `None` when nothing in the file looks like one.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let wal = File::open(beside(path, "-wal")).ok().map(|file| {
            let frames = Frames::read(&file);
            (file, frames)
        });
        let mut header = [0; 100];
        let has_header = file.read_exact_at(&mut header, 0).is_ok() && header.starts_with(MAGIC);
        let by_header = if has_header { page_size(&header) } else { None };
        let by_wal = wal.as_ref().and_then(|(_, frames)| frames.page_bytes);
        let Some(page_bytes) = by_wal.or(by_header).or_else(|| guess_page_size(&file, len)) else { return Ok(None) };
        let in_file = u32::try_from(len.div_ceil(page_bytes as u64)).unwrap_or(u32::MAX);
        let mut pages = Self { file, wal, page_bytes, usable: page_bytes, count: in_file, has_header, has_map: false };
        pages.read_header();
        Ok(Some(pages))
    }

    /// Takes over what the header, as it was last committed, says.
    fn read_header(&mut self) {
        let first = self.read(1).unwrap_or_default();
        self.has_header = first.starts_with(MAGIC);
        let in_wal = self.wal.as_ref().and_then(|(_, frames)| frames.page_count);
        if !self.has_header {
            self.count = in_wal.unwrap_or(self.count);
            self.has_map = self.read(2).is_some_and(|page| looks_like_map(&page));
            return;
        }
        self.usable = self.page_bytes - first.get(20).map_or(0, |&reserved| usize::from(reserved).min(32));
        self.has_map = u32_at(&first, 52).is_some_and(|root| root != 0);
        // The count in the header holds when it was written together with the change counter.
        let is_valid = u32_at(&first, 24) == u32_at(&first, 92);
        let by_header = u32_at(&first, 28).filter(|&count| is_valid && count != 0);
        self.count = in_wal.or(by_header).unwrap_or(self.count);
    }

    /// Whether texts are kept in two bytes a character.
    pub(super) fn is_utf16(&self) -> bool {
        self.has_header && self.read(1).is_some_and(|page| matches!(u32_at(&page, 56), Some(2 | 3)))
    }

    /// The bytes of a page that SQLite uses; `None` when it cannot be read.
    pub(super) fn read(&self, number: u32) -> Option<Vec<u8>> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let mut bytes = vec![0; self.page_bytes];
        let in_wal = self.wal.as_ref().and_then(|(file, frames)| Some((file, *frames.at.get(&number)?)));
        let (file, offset) = in_wal.unwrap_or((&self.file, (index * self.page_bytes) as u64));
        file.read_exact_at(&mut bytes, offset).ok()?;
        bytes.truncate(self.usable);
        Some(bytes)
    }

    /// The whole row of a cell, collected from its overflow pages; `None` when their chain is broken.
    pub(super) fn payload(&self, cell: &Cell<'_>) -> Option<Vec<u8>> {
        let mut payload = cell.local.to_vec();
        let (mut next, mut seen) = (cell.overflow.unwrap_or(0), HashSet::new());
        while payload.len() < cell.payload_len {
            let is_new = next <= self.count && seen.insert(next);
            let page = self.read(Some(next).filter(|_| is_new)?)?;
            let (head, data) = page.split_first_chunk::<4>()?;
            let wanted = (cell.payload_len - payload.len()).min(data.len());
            payload.extend(&data[..wanted]);
            next = u32::from_be_bytes(*head);
        }
        (next == 0).then_some(payload)
    }

    /// Pages that hold nothing, though something may still stand in them.
    pub(super) fn free(&self) -> HashSet<u32> {
        let mut free = HashSet::new();
        let first = if self.has_header { self.read(1).and_then(|page| u32_at(&page, 32)) } else { None };
        let mut trunk = first.filter(|&trunk| trunk != 0);
        while let Some(number) = trunk.filter(|&number| number <= self.count && free.insert(number)) {
            let Some(page) = self.read(number) else { break };
            let leaves = u32_at(&page, 4).map_or(0, |leaves| leaves as usize).min(page.len() / 4 - 2);
            free.extend((0..leaves).filter_map(|leaf| u32_at(&page, 8 + leaf * 4)));
            trunk = u32_at(&page, 0).filter(|&next| next != 0);
        }
        if self.has_map {
            self.add_free_by_map(&mut free);
        }
        free
    }

    /// In a file that can shrink, a page in every few hundred says of those after it what they hold (section 1.8).
    fn add_free_by_map(&self, free: &mut HashSet<u32>) {
        const FREE: u8 = 2;
        let entries = self.usable / 5;
        let pending_page = u32::try_from(PENDING_BYTE / self.page_bytes + 1).unwrap_or(u32::MAX);
        for number in (2..=self.count).step_by(entries + 1) {
            let number = if number == pending_page { number + 1 } else { number };
            // Noise would call one page in 256 free.
            let Some(map) = self.read(number).filter(|map| looks_like_map(map)) else { continue };
            let (entries, _) = map.as_chunks::<5>();
            free.extend((number + 1..).zip(entries).filter(|(_, entry)| entry[0] == FREE).map(|(number, _)| number));
        }
    }
}

fn page_size(header: &[u8]) -> Option<usize> {
    // 65536 does not fit and is written as 1.
    let size = match u16_at(header, 16)? {
        1 => 65_536,
        size => usize::from(size),
    };
    Some(size).filter(|&size| is_page_size(size))
}

/// The size at which most of the file's beginning reads as pages of B-trees; `None` when none does.
fn guess_page_size(file: &File, len: u64) -> Option<usize> {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(GUESS_BYTES)];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let plausible_bytes = |size: usize| {
        let pages = bytes.chunks_exact(size).skip(1);
        size * pages.filter(|page| Node::parse(2, page).is_some_and(Node::is_plausible)).count()
    };
    let sizes = (9..=16).map(|bits| 1_usize << bits);
    let (bytes, size) = sizes.map(|size| (plausible_bytes(size), size)).max()?;
    (bytes > 0).then_some(size)
}

/// Whether a page reads as one that says what other pages hold.
fn looks_like_map(page: &[u8]) -> bool {
    let (entries, _) = page.as_chunks::<5>();
    entries.first().is_some_and(|entry| entry[0] != 0) && entries.iter().all(|entry| entry[0] <= 5)
}
