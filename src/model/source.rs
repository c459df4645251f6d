//! How far a file of samples has been read: what makes it the same file, and where reading goes on.

use std::path::PathBuf;

/// What makes a file the same file after a rename or a restart.
///
/// The inode alone is not enough: a file system hands the number of a deleted file to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The device it lies on.
    pub dev: u64,
    /// Its number there.
    pub ino: u64,
    /// When it was created, ns since the Unix epoch; `None` where the file system does not keep that.
    pub birth_ns: Option<i64>,
}

/// How far a file has been read; stored in the transaction that stores the samples read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOffset {
    /// Which file.
    pub identity: FileIdentity,
    /// Where it was found, for people.
    pub path: PathBuf,
    /// The offset the ledger held when this stretch was read, 0 when the file was new to it. When the
    /// ledger has moved since, another process took the stretch and nothing may be stored again.
    pub expected_offset: u64,
    /// The tail the ledger held then; a file rewritten to the same length differs in it.
    pub expected_tail: Vec<u8>,
    /// Bytes consumed.
    pub offset: u64,
    /// Lines consumed.
    pub lines: u64,
    /// Lines among them that were rejected.
    pub rejected: u64,
    /// The last bytes consumed, at most [`SourceOffset::TAIL_BYTES`]: when they are no longer where they
    /// were, the file was rewritten.
    pub tail: Vec<u8>,
}

impl SourceOffset {
    /// How many of the bytes last consumed are kept.
    pub const TAIL_BYTES: usize = 4096;
}
