//! One file of the drop directory: what makes it the same file, and the next stretch of it to take.
//!
//! Where reading goes on stands in the ledger, as a [`SourceOffset`], and moves there in the transaction
//! that stores the samples; this file only says what comes next.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::limits::{KEPT_OF_LONG_LINE_BYTES, MAX_LINE_BYTES};
use super::lines::without_return;
use super::{Batch, Dictionary, Line, LineReader, TimestampUnit, jsonl};
use crate::model::{FileIdentity, SourceOffset};

/// How much is read at once: more than the longest line with its end.
const STEP_BYTES: usize = MAX_LINE_BYTES + (64 << 10);

/// A file of the drop directory, open.
#[derive(Debug)]
pub struct DropFile {
    file: File,
    path: PathBuf,
    identity: FileIdentity,
}

/// Where reading a file goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the ledger shall hold once the samples read so far are stored.
    pub at: SourceOffset,
    /// How far the end of an over-long line was looked for; not beyond `at.offset` otherwise.
    searched_to: u64,
}

impl Cursor {
    /// The ledger holds what the cursor says.
    pub fn stored(&mut self) {
        self.at.expected_offset = self.at.offset;
        self.at.expected_tail.clone_from(&self.at.tail);
    }

    /// Whether the ledger says all that the cursor says, so that nobody needs to keep the cursor.
    #[must_use]
    pub const fn is_in_ledger(&self) -> bool {
        !self.is_rewritten() && self.searched_to <= self.at.offset
    }

    /// Whether the file is read from its beginning although the ledger knows it.
    #[must_use]
    pub const fn is_rewritten(&self) -> bool {
        self.at.offset < self.at.expected_offset
    }
}

impl From<SourceOffset> for Cursor {
    fn from(at: SourceOffset) -> Self {
        Self { at, searched_to: 0 }
    }
}

/// What the next stretch of a file held.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    /// The samples and rejects of the lines consumed.
    pub batch: Batch,
    /// Whether there may be more complete lines.
    pub has_more: bool,
    /// Whether the file ends in a line whose end has not come yet.
    pub is_torn: bool,
}

impl DropFile {
    /// Opens a regular file for reading; neither follows a link nor waits for a pipe's other end.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(Self { identity: identity(&metadata), path: path.to_owned(), file })
    }

    /// What makes it the same file after a rename or a restart.
    #[must_use]
    pub const fn identity(&self) -> FileIdentity {
        self.identity
    }

    /// Where reading goes on: where it stood, or at the beginning of a file that is not known or that was
    /// rewritten since.
    ///
    /// What is known must have been read before the call: the file may grow while another process takes it,
    /// and only what was true of it before can tell growth from a rewrite.
    pub fn resume(&self, known: Option<Cursor>) -> io::Result<Cursor> {
        let beginning = SourceOffset {
            identity: self.identity,
            path: self.path.clone(),
            expected_offset: 0,
            expected_tail: Vec::new(),
            offset: 0,
            lines: 0,
            rejected: 0,
            tail: Vec::new(),
        };
        let Some(mut known) = known else { return Ok(beginning.into()) };
        if self.holds(&known.at)? {
            known.at.path = beginning.path;
            return Ok(known);
        }
        let SourceOffset { expected_offset, expected_tail, .. } = known.at;
        Ok(SourceOffset { expected_offset, expected_tail, ..beginning }.into())
    }

    /// Whether the bytes last consumed are still where they were.
    fn holds(&self, at: &SourceOffset) -> io::Result<bool> {
        match at.offset.checked_sub(at.tail.len() as u64) {
            Some(from) => Ok(self.read_at(from, at.tail.len())? == at.tail),
            None => Ok(false),
        }
    }

    /// Consumes complete lines, one batch at most, and moves the cursor behind them. With `is_final` a
    /// last line without an end is consumed too, if it is a sample.
    pub fn step(
        &self,
        cursor: &mut Cursor,
        is_final: bool,
        now_ms: i64,
        dictionary: &mut Dictionary,
    ) -> io::Result<Step> {
        let data = self.read_at(cursor.at.offset, STEP_BYTES)?;
        let mut reader = LineReader::new(TimestampUnit::default(), cursor.at.lines);
        let is_full = data.len() == STEP_BYTES;
        if is_full && memchr::memchr(b'\n', &data).is_none() {
            return self.pass_over(cursor, &data[..KEPT_OF_LONG_LINE_BYTES], now_ms, dictionary, reader);
        }
        // The end of a line that was taken without it is no line of its own.
        let is_late_end = cursor.at.tail.last().is_some_and(|last| *last != b'\n') && data.starts_with(b"\n");
        let mut consumed = usize::from(is_late_end);
        let mut next_end = memchr::memchr(b'\n', &data[consumed..]);
        while let Some(end) = next_end
            && !reader.is_full()
        {
            reader.read(whole_or_too_long(&data[consumed..consumed + end]), now_ms, dictionary);
            consumed += end + 1;
            next_end = memchr::memchr(b'\n', &data[consumed..]);
        }
        let has_more = is_full || next_end.is_some();
        if is_final && !has_more && is_sample(&data[consumed..], now_ms) {
            reader.read(whole_or_too_long(&data[consumed..]), now_ms, dictionary);
            consumed = data.len();
        }
        let is_torn = !has_more && consumed < data.len();
        let batch = advance(&mut cursor.at, consumed as u64, &data[..consumed], &mut reader);
        Ok(Step { batch, has_more, is_torn })
    }

    /// Consumes a line beyond the limit, once its end has come.
    fn pass_over(
        &self,
        cursor: &mut Cursor,
        head: &[u8],
        now_ms: i64,
        dictionary: &mut Dictionary,
        mut reader: LineReader,
    ) -> io::Result<Step> {
        let at = &mut cursor.at;
        let mut searched_to = cursor.searched_to.max(at.offset);
        loop {
            let block = self.read_at(searched_to, STEP_BYTES)?;
            if let Some(end) = memchr::memchr(b'\n', &block) {
                searched_to += end as u64 + 1;
                break;
            }
            searched_to += block.len() as u64;
            if block.len() < STEP_BYTES {
                cursor.searched_to = searched_to;
                return Ok(Step { is_torn: true, ..Step::default() });
            }
        }
        reader.read(Line::TooLong(head), now_ms, dictionary);
        let tail = self.read_at(searched_to - SourceOffset::TAIL_BYTES as u64, SourceOffset::TAIL_BYTES)?;
        let batch = advance(at, searched_to - at.offset, &tail, &mut reader);
        Ok(Step { batch, has_more: true, is_torn: false })
    }

    /// What the file holds there now, however long it was when it was opened.
    fn read_at(&self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let len = self.file.metadata()?.len();
        let mut data = vec![0; max.min(len.saturating_sub(offset) as usize)];
        let mut filled = 0;
        while filled < data.len() {
            match self.file.read_at(&mut data[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        data.truncate(filled);
        Ok(data)
    }
}

/// Moves `at` on by `bytes` that end in `consumed`.
fn advance(at: &mut SourceOffset, bytes: u64, consumed: &[u8], reader: &mut LineReader) -> Batch {
    let batch = reader.take();
    at.offset += bytes;
    at.lines = reader.lines();
    at.rejected += batch.rejects.len() as u64;
    at.tail.extend_from_slice(&consumed[consumed.len().saturating_sub(SourceOffset::TAIL_BYTES)..]);
    at.tail.drain(..at.tail.len().saturating_sub(SourceOffset::TAIL_BYTES));
    batch
}

fn whole_or_too_long(line: &[u8]) -> Line<'_> {
    if line.len() > MAX_LINE_BYTES {
        Line::TooLong(&line[..KEPT_OF_LONG_LINE_BYTES])
    } else {
        Line::Whole(without_return(line))
    }
}

fn is_sample(text: &[u8], now_ms: i64) -> bool {
    text.len() <= MAX_LINE_BYTES
        && jsonl::parse(without_return(text), TimestampUnit::default(), now_ms, &mut Dictionary::default()).is_ok()
}

/// What makes a file the same file. A file system that keeps no birth time leaves device and inode.
#[must_use]
pub fn identity(metadata: &Metadata) -> FileIdentity {
    let birth = metadata.created().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    FileIdentity {
        dev: metadata.dev(),
        ino: metadata.ino(),
        birth_ns: birth.and_then(|since_epoch| i64::try_from(since_epoch.as_nanos()).ok()),
    }
}

#[cfg(test)]
mod tests;
