//! The checksum of a chunk.

const LANES: usize = 8;
const WORD_BYTES: usize = size_of::<u32>();
const BASIS: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a (Fowler, Noll & Vo 1991) over 32-bit words instead of bytes, in eight lanes that do not wait
/// for each other, with a rotation so that high bits reach low ones. Every step is one-to-one in the word
/// and in the lane, so a change within one word always changes the sum.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let (rows, rest) = bytes.as_chunks::<{ LANES * WORD_BYTES }>();
    let mut last = [0; LANES * WORD_BYTES];
    last[..rest.len()].copy_from_slice(rest);
    let mut lanes = [BASIS; LANES];
    for row in rows.iter().chain([&last]) {
        for (lane, word) in lanes.iter_mut().zip(row.as_chunks().0) {
            *lane = step(*lane, u32::from_le_bytes(*word));
        }
    }
    lanes.into_iter().chain([bytes.len() as u32]).fold(BASIS, step)
}

const fn step(sum: u32, word: u32) -> u32 {
    (sum ^ word).wrapping_mul(PRIME).rotate_left(13)
}
