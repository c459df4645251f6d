//! The exact samples of one hour of a metric as bytes, and back, bit for bit.
//!
//! ```text
//! u8 form = 2 | u32 checksum of what follows, little-endian | varint n | values | timestamps | contexts
//! ```
//! The columns and their blocks are described where they are written: `values`, `times`, `contexts`;
//! the numbers in them in `stats::packed`. Values come first, as most readers want them alone. A sample with
//! three decimals, a timestamp in ms and one of 60 contexts takes between 5 and 6 bytes.
//!
//! Knows bytes only; which table they stand in is the business of `hour`.

mod checksum;
mod contexts;
mod envelope;
#[cfg(test)]
mod tests;
mod times;
mod values;

use crate::model::Point;
use crate::stats::packed;

pub(super) use envelope::{begin, seal, unseal};

const FORM: u8 = 2;

/// Samples in a chunk; bounds what damaged bytes can ask for.
pub(super) const MAX_SAMPLES: usize = 4096;

/// A sample as a chunk keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stored {
    pub point: Point,
    /// The id of its context; 0 when it has none.
    pub context: u32,
}

impl Stored {
    const ZERO: Self = Self { point: Point { timestamp_ms: 0, value: 0.0 }, context: 0 };
}

/// Why bytes are not a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChunkError {
    /// Written in a form this program does not know.
    #[error("unknown form {0}")]
    Form(u8),
    /// The bytes are not those that were written.
    #[error("the checksum does not match")]
    Checksum,
    /// The checksum is right and the bytes still make no sense.
    #[error("the bytes do not hold the samples they announce")]
    Content,
}

/// Writes at most [`MAX_SAMPLES`], sorted by timestamp and none before `start_ms`, into `out`, which is
/// emptied first.
pub(super) fn encode(start_ms: i64, samples: &[Stored], out: &mut Vec<u8>) {
    debug_assert!(samples.len() <= MAX_SAMPLES, "{} samples are too many for a chunk", samples.len());
    begin(FORM, out);
    packed::put_varint(out, samples.len() as u64);
    values::put(out, samples.iter().map(|sample| sample.point.value));
    times::put(out, start_ms, samples.iter().map(|sample| sample.point.timestamp_ms));
    contexts::put(out, samples.iter().map(|sample| sample.context));
    seal(out);
}

/// Appends the samples of a chunk to `out`; leaves it as it was when the chunk is damaged.
pub(super) fn decode(start_ms: i64, data: &[u8], out: &mut Vec<Stored>) -> Result<(), ChunkError> {
    append(data, out, |mut columns, n, out| {
        let begin = out.len();
        take_values(&mut columns, n, out, |value| Stored {
            point: Point { value, ..Stored::ZERO.point },
            ..Stored::ZERO
        })?;
        let added = &mut out[begin..];
        times::take(&mut columns, n, start_ms, added.iter_mut().map(|sample| &mut sample.point.timestamp_ms))?;
        contexts::take(&mut columns, n, added.iter_mut().map(|sample| &mut sample.context))
    })
}

/// Appends the samples of a chunk without their contexts; leaves `out` as it was when the chunk is damaged.
pub(super) fn decode_points(start_ms: i64, data: &[u8], out: &mut Vec<Point>) -> Result<(), ChunkError> {
    append(data, out, |mut columns, n, out| {
        let begin = out.len();
        take_values(&mut columns, n, out, |value| Point { timestamp_ms: 0, value })?;
        times::take(&mut columns, n, start_ms, out[begin..].iter_mut().map(|point| &mut point.timestamp_ms))
    })
}

/// Appends the values of a chunk in the order of time; leaves `out` as it was when the chunk is damaged.
pub(super) fn decode_values(data: &[u8], out: &mut Vec<f64>) -> Result<(), ChunkError> {
    append(data, out, |mut columns, n, out| take_values(&mut columns, n, out, |value| value))
}

fn take_values<T>(columns: &mut &[u8], n: usize, out: &mut Vec<T>, of_value: impl Fn(f64) -> T) -> Option<()> {
    values::take(columns, n, |values| out.extend(values.iter().map(|&value| of_value(value))))
}

/// Checks a chunk and lets `take` append its `n` samples from its columns to `out`; takes them back when
/// `take` finds nonsense.
fn append<T>(
    data: &[u8],
    out: &mut Vec<T>,
    take: impl FnOnce(&[u8], usize, &mut Vec<T>) -> Option<()>,
) -> Result<(), ChunkError> {
    let (n, columns) = open(data)?;
    let len_before = out.len();
    out.reserve(n);
    take(columns, n, out).ok_or_else(|| {
        out.truncate(len_before);
        ChunkError::Content
    })
}

/// How many samples a chunk holds, and its columns.
fn open(data: &[u8]) -> Result<(usize, &[u8]), ChunkError> {
    let mut body = unseal(FORM, data)?;
    let n = packed::take_varint(&mut body).and_then(|n| usize::try_from(n).ok());
    let n = n.filter(|&n| n <= MAX_SAMPLES).ok_or(ChunkError::Content)?;
    Ok((n, body))
}
