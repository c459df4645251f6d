//! Which pages of a write-ahead log were committed, and where in it they stand.
//!
//! Source of the format: "Database File Format", sqlite.org/fileformat2.html, section 4. As SQLite does, the
//! log is believed up to its first frame whose checksum is wrong.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::store::btree::node::u32_at;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// The committed part of a write-ahead log.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The size of a page, when the log's header is sound.
    pub page_bytes: Option<usize>,
    /// Pages of the database after the last commit in the log.
    pub page_count: Option<u32>,
    /// Where the newest bytes of a page stand in the log.
    pub at: HashMap<u32, u64>,
}

impl Frames {
    /// Reads a log; empty when it is none.
    pub(super) fn read(file: &File) -> Self {
        Self::try_read(file).unwrap_or_default()
    }

    fn try_read(file: &File) -> Option<Self> {
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).ok()?;
        let is_big_endian = match u32_at(&header, 0)? {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let mut sum = Checksum { is_big_endian, sums: (0, 0) };
        sum.add(&header[..24]);
        let page_bytes = usize::try_from(u32_at(&header, 8)?).ok().filter(|size| is_page_size(*size))?;
        if !sum.is(&header[24..]) {
            return None;
        }
        let mut frames = Self { page_bytes: Some(page_bytes), ..Self::default() };
        let mut pending = Vec::new();
        let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
        let mut offset = HEADER_BYTES as u64;
        while file.read_exact_at(&mut frame, offset).is_ok() && frame[8..16] == header[16..24] {
            sum.add(&frame[..8]);
            sum.add(&frame[FRAME_HEADER_BYTES..]);
            if !sum.is(&frame[16..24]) {
                break;
            }
            pending.push((u32_at(&frame, 0)?, offset + FRAME_HEADER_BYTES as u64));
            let count = u32_at(&frame, 4)?;
            if count != 0 {
                frames.page_count = Some(count);
                frames.at.extend(pending.drain(..));
            }
            offset += frame.len() as u64;
        }
        Some(frames)
    }
}

/// Whether SQLite has pages of this size.
pub(super) const fn is_page_size(bytes: usize) -> bool {
    bytes.is_power_of_two() && bytes >= 512 && bytes <= 65_536
}

/// The running checksum of section 4.2.
struct Checksum {
    is_big_endian: bool,
    sums: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        for &[first, second] in pairs {
            let word = |bytes| if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
            self.sums.0 = self.sums.0.wrapping_add(word(first)).wrapping_add(self.sums.1);
            self.sums.1 = self.sums.1.wrapping_add(word(second)).wrapping_add(self.sums.0);
        }
    }

    fn is(&self, stored: &[u8]) -> bool {
        (u32_at(stored, 0), u32_at(stored, 4)) == (Some(self.sums.0), Some(self.sums.1))
    }
}
