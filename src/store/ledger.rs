//! How far each file was read, so that no line of it is taken twice.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Store, StoreError, schema};
use crate::model::{FileIdentity, SourceOffset};

/// The ledger does not say what the reader of the file expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    /// The offset it holds.
    pub found: u64,
}

/// A file system without birth times; its files are told apart by device and inode alone.
const NO_BIRTH: i64 = i64::MIN;

/// Shortens the tails of up to `?2` files that were last read before `?1`: years of small files would fill
/// the ledger, and the rows themselves must stay, lest a file that is still there be taken again.
pub(super) const SHORTEN_TAILS: &str = "
UPDATE perftop_file SET tail = substr(tail, -64) WHERE (dev, ino, birth_ns) IN
  (SELECT dev, ino, birth_ns FROM perftop_file WHERE updated_at < ?1 AND length(tail) > 64 LIMIT ?2)";

impl Store {
    /// How far a file was read, `None` when it never was. `expected_offset` of the answer is its
    /// `offset` and `expected_tail` its `tail`, ready to be read on from.
    pub fn source(&self, identity: &FileIdentity) -> Result<Option<SourceOffset>, StoreError> {
        self.read("look up a file", |conn| {
            if !schema::has_derived(conn)? {
                return Ok(None);
            }
            conn.prepare_cached(
                "SELECT path, offset, lines, rejected, tail FROM perftop_file
                 WHERE dev = ?1 AND ino = ?2 AND birth_ns = ?3",
            )?
            .query_row(key(identity), |row| read(*identity, row))
            .optional()
        })
    }
}

fn key(identity: &FileIdentity) -> (i64, i64, i64) {
    (identity.dev.cast_signed(), identity.ino.cast_signed(), identity.birth_ns.unwrap_or(NO_BIRTH))
}

fn read(identity: FileIdentity, row: &Row<'_>) -> rusqlite::Result<SourceOffset> {
    let offset = row.get::<_, i64>(1)?.cast_unsigned();
    let tail: Vec<u8> = row.get(4)?;
    Ok(SourceOffset {
        identity,
        path: PathBuf::from(OsString::from_vec(row.get(0)?)),
        expected_offset: offset,
        expected_tail: tail.clone(),
        offset,
        lines: row.get::<_, i64>(2)?.cast_unsigned(),
        rejected: row.get::<_, i64>(3)?.cast_unsigned(),
        tail,
    })
}

/// Moves the ledger on, when it still stands where the reader of the file found it.
pub(super) fn advance(conn: &Connection, at: &SourceOffset, now_ms: i64) -> rusqlite::Result<Result<(), Moved>> {
    let (dev, ino, birth_ns) = key(&at.identity);
    let found = conn
        .prepare_cached("SELECT offset, tail FROM perftop_file WHERE dev = ?1 AND ino = ?2 AND birth_ns = ?3")?
        .query_row((dev, ino, birth_ns), |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)))
        .optional()?
        .unwrap_or_default();
    let (offset, tail): (u64, Vec<u8>) = found;
    if (offset, &tail) != (at.expected_offset, &at.expected_tail) {
        return Ok(Err(Moved { found: offset }));
    }
    conn.prepare_cached(
        "INSERT OR REPLACE INTO perftop_file
           (dev, ino, birth_ns, path, offset, lines, rejected, tail, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        dev,
        ino,
        birth_ns,
        at.path.as_os_str().as_bytes(),
        at.offset.cast_signed(),
        at.lines.cast_signed(),
        at.rejected.cast_signed(),
        &at.tail,
        now_ms,
    ))?;
    Ok(Ok(()))
}
