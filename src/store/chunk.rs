//! The exact samples of one hour of a metric as bytes, and back, bit for bit.
//!
//! ```text
//! u8 version = 1 | u32 checksum of what follows | varint n
//! n varints: the first timestamp after the hour's start, then the distance to the one before, in ms
//! n f64: the values; numbers are little-endian
//! ```
//! Knows bytes only; which table they stand in is the business of `hour`.

use crate::model::Point;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;

/// Why bytes are not a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChunkError {
    /// Written in a form this program does not know.
    #[error("unknown form {0}")]
    Version(u8),
    /// The bytes are not those that were written.
    #[error("the checksum does not match")]
    Checksum,
    /// The checksum is right and the bytes still make no sense.
    #[error("the bytes end too early or too late")]
    Length,
}

/// Writes points, sorted by timestamp and none before `start_ms`, into `out`, which is emptied first.
pub(super) fn encode(start_ms: i64, points: &[Point], out: &mut Vec<u8>) {
    out.clear();
    out.extend([VERSION, 0, 0, 0, 0]);
    put_varint(out, points.len() as u64);
    let mut before_ms = start_ms;
    for point in points {
        put_varint(out, point.timestamp_ms.wrapping_sub(before_ms).cast_unsigned());
        before_ms = point.timestamp_ms;
    }
    for point in points {
        out.extend(point.value.to_bits().to_le_bytes());
    }
    let sum = checksum(&out[HEADER_BYTES..]);
    out[1..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
}

/// Appends the points of a chunk to `out`; leaves it as it was when the chunk is damaged.
pub(super) fn decode(start_ms: i64, data: &[u8], out: &mut Vec<Point>) -> Result<(), ChunkError> {
    let (&version, rest) = data.split_first().ok_or(ChunkError::Length)?;
    if version != VERSION {
        return Err(ChunkError::Version(version));
    }
    let (sum, body) = rest.split_first_chunk().ok_or(ChunkError::Length)?;
    if u32::from_le_bytes(*sum) != checksum(body) {
        return Err(ChunkError::Checksum);
    }
    let len_before = out.len();
    decode_body(start_ms, body, out).ok_or_else(|| {
        out.truncate(len_before);
        ChunkError::Length
    })
}

fn decode_body(start_ms: i64, mut body: &[u8], out: &mut Vec<Point>) -> Option<()> {
    let n = usize::try_from(take_varint(&mut body)?).ok().filter(|&n| n <= body.len())?;
    let first = out.len();
    out.reserve(n);
    let mut timestamp_ms = start_ms;
    for _ in 0..n {
        timestamp_ms = timestamp_ms.wrapping_add(take_varint(&mut body)?.cast_signed());
        out.push(Point { timestamp_ms, value: 0.0 });
    }
    let (values, []) = body.as_chunks() else { return None };
    if values.len() != n {
        return None;
    }
    for (point, value) in out[first..].iter_mut().zip(values) {
        point.value = f64::from_le_bytes(*value);
    }
    Some(())
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// FNV-1a (Fowler, Noll & Vo 1991) over 64-bit words, folded to 32 bits. Every step is one-to-one, so a
/// change within one word always changes the sum before it is folded.
fn checksum(bytes: &[u8]) -> u32 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let ends = [u64::from_le_bytes(last), bytes.len() as u64];
    let sum = words
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .chain(ends)
        .fold(BASIS, |sum, word| (sum ^ word).wrapping_mul(PRIME).rotate_left(23));
    (sum ^ (sum >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START_MS: i64 = 1_699_999_200_000;

    fn sorted_points() -> impl Strategy<Value = Vec<Point>> {
        let point = (0..3_600_000_i64, any::<f64>());
        prop::collection::vec(point, 0..300).prop_map(|mut pairs| {
            pairs.sort_by_key(|(offset_ms, _)| *offset_ms);
            pairs.into_iter().map(|(offset_ms, value)| Point { timestamp_ms: START_MS + offset_ms, value }).collect()
        })
    }

    fn bits(points: &[Point]) -> Vec<(i64, u64)> {
        points.iter().map(|point| (point.timestamp_ms, point.value.to_bits())).collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_bit_for_bit(points in sorted_points()) {
            let (mut data, mut found) = (Vec::new(), Vec::new());
            encode(START_MS, &points, &mut data);
            prop_assert_eq!(decode(START_MS, &data, &mut found), Ok(()));
            prop_assert_eq!(bits(&found), bits(&points));
        }

        #[test]
        fn a_flipped_bit_is_noticed(points in sorted_points(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut data = Vec::new();
            encode(START_MS, &points, &mut data);
            let at = at.index(data.len());
            data[at] ^= 1_u8 << bit;
            let mut found = vec![Point { timestamp_ms: 1, value: 2.0 }];
            prop_assert!(decode(START_MS, &data, &mut found).is_err());
            prop_assert_eq!(found.len(), 1);
        }

        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..100), fix_checksum in any::<bool>()) {
            let mut data = data;
            if fix_checksum && data.len() >= HEADER_BYTES {
                data[0] = VERSION;
                let sum = checksum(&data[HEADER_BYTES..]);
                data[1..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
            }
            let _ = decode(START_MS, &data, &mut Vec::new());
        }
    }

    #[test]
    fn the_ends_of_time_are_kept() {
        let points = [i64::MIN, -1, 0, i64::MAX].map(|timestamp_ms| Point { timestamp_ms, value: -0.0 });
        let (mut data, mut found) = (Vec::new(), Vec::new());
        encode(i64::MIN, &points, &mut data);
        decode(i64::MIN, &data, &mut found).unwrap();
        assert_eq!(bits(&found), bits(&points));
    }

    #[test]
    fn a_later_form_is_named() {
        assert_eq!(decode(0, &[9, 0, 0, 0, 0, 0], &mut Vec::new()), Err(ChunkError::Version(9)));
    }
}
