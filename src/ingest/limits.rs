//! What is too much: the limits on what comes from outside. `docs/formats.md` lists them for users.

/// The longest line that is read, without its end.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// How much of an over-long line is kept to show.
pub const KEPT_OF_LONG_LINE_BYTES: usize = 4096;

/// The longest metric name.
pub const MAX_NAME_BYTES: usize = 16 << 10;

/// The longest context, as JSON text.
pub const MAX_CONTEXT_BYTES: usize = 64 << 10;

/// The most tags a context may have.
pub const MAX_TAGS: usize = 64;

/// The earliest timestamp: 2000-01-01T00:00:00Z. What lies before is a unit mixed up.
pub const MIN_TIMESTAMP_MS: i64 = 946_684_800_000;

/// How far a producer's clock may be ahead of ours.
pub const MAX_AHEAD_MS: i64 = 24 * 60 * 60 * 1_000;

/// The longest CSV record that goes over several lines.
pub const MAX_RECORD_BYTES: usize = 64 << 10;

/// The longest document that is read as a whole.
pub const MAX_DOCUMENT_BYTES: usize = 8 << 20;
