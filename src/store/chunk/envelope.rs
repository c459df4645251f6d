//! Bytes with the number of their form and a checksum: `u8 form | u32 checksum of what follows | body`.

use super::ChunkError;
use super::checksum::checksum;

pub(super) const HEADER_BYTES: usize = 5;

/// Begins bytes of a form; `out` is emptied first.
pub(in crate::store) fn begin(form: u8, out: &mut Vec<u8>) {
    out.clear();
    out.extend([form, 0, 0, 0, 0]);
}

/// Ends bytes that were begun.
pub(in crate::store) fn seal(out: &mut [u8]) {
    let sum = checksum(&out[HEADER_BYTES..]);
    out[1..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
}

/// The body of bytes of a form, as it was written.
pub(in crate::store) fn unseal(form: u8, data: &[u8]) -> Result<&[u8], ChunkError> {
    let (&found, rest) = data.split_first().ok_or(ChunkError::Content)?;
    if found != form {
        return Err(ChunkError::Form(found));
    }
    let (sum, body) = rest.split_first_chunk().ok_or(ChunkError::Content)?;
    if u32::from_le_bytes(*sum) == checksum(body) { Ok(body) } else { Err(ChunkError::Checksum) }
}
