//! A file that grows: what makes it the same file, and the next stretch of it to take.
//!
//! Where reading goes on stands in the ledger, as a [`SourceOffset`], and moves there in the transaction
//! that stores the samples; this file only says what comes next.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::format::{self, Guess};
use super::limits::{KEPT_OF_LONG_LINE_BYTES, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES};
use super::lines::without_return;
use super::reader::ms_since_epoch;
use super::reject::Reason;
use super::results::{self, Origin};
use super::sink::Sink;
use super::{Batch, Dictionary, Format, Line, LineReader, Reading};
use crate::model::{FileIdentity, SourceOffset};

/// How much is read at once: more than the longest line with its end.
const STEP_BYTES: usize = MAX_LINE_BYTES + (64 << 10);

/// How much of the beginning is looked at for the format.
const HEAD_BYTES: usize = 4096;

/// A file that grows, open.
#[derive(Debug)]
pub struct DropFile {
    file: File,
    path: PathBuf,
    identity: FileIdentity,
    reading: Reading,
}

/// What is known of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// It may be in the middle of a line.
    Writes,
    /// Nobody has written for a while. Its buffer may still hold the rest of a number.
    Pauses,
    /// The file was closed or moved in.
    Done,
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
    /// Opens a regular file of the drop directory; neither follows a link nor waits for a pipe's other end.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, Reading::default(), OFlags::NOFOLLOW | OFlags::NONBLOCK)
    }

    /// Opens a regular file that the user named, by a link perhaps.
    pub fn follow(path: &Path, reading: Reading) -> io::Result<Self> {
        Self::open_with(path, reading, OFlags::NONBLOCK)
    }

    fn open_with(path: &Path, asked: Reading, flags: OFlags) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let reading = Reading { format: asked.format.or_else(|| Format::of_path(path)), ..asked };
        Ok(Self { identity: identity(&metadata), path: path.to_owned(), file, reading })
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

    /// Consumes complete lines, one batch at most, and moves the cursor behind them. A last line without an
    /// end is consumed when the writer is done and it is a sample; a JSON object says itself that it is
    /// whole, so a pause is enough for it.
    pub fn step(
        &self,
        cursor: &mut Cursor,
        writer: Writer,
        now_ms: i64,
        dictionary: &mut Dictionary,
    ) -> io::Result<Step> {
        if self.is_document()? {
            return self.step_document(&mut cursor.at, writer, now_ms, dictionary);
        }
        let data = self.read_at(cursor.at.offset, STEP_BYTES)?;
        let mut reader = self.reader(&cursor.at)?;
        let is_full = data.len() == STEP_BYTES;
        if is_full && memchr::memchr(b'\n', &data).is_none() {
            return self.pass_over(cursor, &data[..KEPT_OF_LONG_LINE_BYTES], now_ms, dictionary, reader);
        }
        // The end of a line that was taken without it is no line of its own.
        let is_late_end = cursor.at.tail.last().is_some_and(|last| *last != b'\n') && data.starts_with(b"\n");
        let mut read_to = usize::from(is_late_end);
        // Of a record that goes on in lines to come nothing is consumed.
        let (mut consumed, mut lines) = (read_to, cursor.at.lines);
        let mut next_end = memchr::memchr(b'\n', &data[read_to..]);
        while let Some(end) = next_end
            && !reader.is_full()
        {
            reader.read(whole_or_too_long(&data[read_to..read_to + end]), now_ms, dictionary);
            read_to += end + 1;
            next_end = memchr::memchr(b'\n', &data[read_to..]);
            if !reader.is_open() {
                (consumed, lines) = (read_to, reader.lines());
            }
        }
        let has_more = is_full || next_end.is_some();
        let is_whole = writer == Writer::Done || (writer == Writer::Pauses && reader.is_json());
        if is_whole && !has_more {
            let rest = &data[read_to..];
            if !rest.is_empty() && reader.would_take(whole_or_too_long(rest), now_ms) {
                reader.read(whole_or_too_long(rest), now_ms, dictionary);
                (consumed, lines) = (data.len(), reader.lines());
            } else if reader.is_open() {
                reader.finish(now_ms, dictionary);
                (consumed, lines) = (read_to, reader.lines());
            }
        }
        let is_torn = !has_more && consumed < data.len();
        let batch = reader.take();
        advance(&mut cursor.at, consumed as u64, &data[..consumed], lines, &batch);
        Ok(Step { batch, has_more, is_torn })
    }

    /// A reader that knows the format and its header, whatever the offset.
    fn reader(&self, at: &SourceOffset) -> io::Result<LineReader> {
        let mut reader = LineReader::new(self.reading, at.lines).of_file(Some(&self.path));
        if at.offset > 0 && !reader.is_settled() {
            let head = self.read_at(0, STEP_BYTES.min(at.offset as usize))?;
            let mut lines = head.split(|&byte| byte == b'\n');
            while !reader.is_settled()
                && let Some(line) = lines.next()
            {
                reader.learn(whole_or_too_long(line));
            }
        }
        Ok(reader)
    }

    /// Whether it is to be read as a whole.
    pub fn is_document(&self) -> io::Result<bool> {
        if let Some(format) = self.reading.format {
            return Ok(matches!(format, Format::Results(_)));
        }
        let is_line = |line: &&[u8]| !line.iter().all(u8::is_ascii_whitespace);
        let mut head = self.read_at(0, HEAD_BYTES)?;
        // A document may be one long line; only of a whole one is known which it is.
        if head.len() == HEAD_BYTES && head.starts_with(b"{") && !head.contains(&b'\n') {
            head = self.read_at(0, STEP_BYTES)?;
        }
        let first = head.split(|&byte| byte == b'\n').find(is_line).unwrap_or_default();
        Ok(matches!(format::guess(first, true), Guess::Document | Guess::Is(Format::Results(_))))
    }

    /// Consumes a document once it is whole. One that was written anew is taken as a whole again: its runs are told apart
    /// by what they are.
    fn step_document(
        &self,
        at: &mut SourceOffset,
        writer: Writer,
        now_ms: i64,
        dictionary: &mut Dictionary,
    ) -> io::Result<Step> {
        let data = self.read_at(0, MAX_DOCUMENT_BYTES + 1)?;
        let from = at.offset as usize;
        if writer == Writer::Writes || from >= data.len() {
            return Ok(Step { is_torn: from < data.len(), ..Step::default() });
        }
        let mut batch = Batch::default();
        let path = Some(self.path.as_path());
        let mut sink = Sink { batch: &mut batch, dictionary, unit: None, now_ms, line: 1, path };
        if data.len() > MAX_DOCUMENT_BYTES {
            sink.reject(1, results::shown(&data), Reason::DocumentTooLong);
        } else {
            let written_ms = self.file.metadata()?.modified().ok().and_then(ms_since_epoch);
            let at_ms = Reading { written_ms, ..self.reading }.date(now_ms);
            let tool = match self.reading.format {
                Some(Format::Results(tool)) => Some(tool),
                _ => None,
            };
            if sink.document(&data, tool, &Origin { path, at_ms, now_ms }, 0, true) {
                return Ok(Step { is_torn: true, ..Step::default() });
            }
        }
        let lines = memchr::memchr_iter(b'\n', &data).count() as u64;
        advance(at, (data.len() - from) as u64, &data[from..], lines, &batch);
        Ok(Step { batch, has_more: false, is_torn: false })
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
        let batch = reader.take();
        advance(at, searched_to - at.offset, &tail, reader.lines(), &batch);
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

/// Moves `at` on by `bytes` that end in `consumed`, to the end of line `lines`.
fn advance(at: &mut SourceOffset, bytes: u64, consumed: &[u8], lines: u64, batch: &Batch) {
    at.offset += bytes;
    at.lines = lines;
    at.rejected += batch.rejects.len() as u64;
    at.tail.extend_from_slice(&consumed[consumed.len().saturating_sub(SourceOffset::TAIL_BYTES)..]);
    at.tail.drain(..at.tail.len().saturating_sub(SourceOffset::TAIL_BYTES));
}

fn whole_or_too_long(line: &[u8]) -> Line<'_> {
    if line.len() > MAX_LINE_BYTES {
        Line::TooLong(&line[..KEPT_OF_LONG_LINE_BYTES])
    } else {
        Line::Whole(without_return(line))
    }
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
