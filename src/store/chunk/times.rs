//! The column of timestamps: distances, in seconds where all are whole seconds.
//!
//! ```text
//! varint unit in ms, 1 or 1000
//! numbers: the first timestamp after the hour's start, then the distance to the one before, in units
//! ```

use crate::stats::packed::{put_numbers, put_varint, take_numbers, take_varint};

const SECOND_MS: i64 = 1000;

/// Writes a column; timestamps do not fall, and the first is not before the start.
pub(super) fn put(out: &mut Vec<u8>, start_ms: i64, timestamps_ms: impl Iterator<Item = i64> + Clone) {
    let distances_ms = timestamps_ms.scan(start_ms, |before_ms, timestamp_ms| {
        let distance_ms = timestamp_ms.wrapping_sub(*before_ms);
        *before_ms = timestamp_ms;
        Some(distance_ms)
    });
    let whole_seconds = distances_ms.clone().all(|distance_ms| distance_ms % SECOND_MS == 0);
    let unit_ms = if whole_seconds { SECOND_MS } else { 1 };
    put_varint(out, unit_ms.cast_unsigned());
    if whole_seconds {
        put_numbers(out, distances_ms.map(|distance_ms| distance_ms / SECOND_MS));
    } else {
        put_numbers(out, distances_ms);
    }
}

/// Reads a column of `n` into as many targets.
pub(super) fn take<'a>(
    bytes: &mut &[u8],
    n: usize,
    start_ms: i64,
    mut targets_ms: impl Iterator<Item = &'a mut i64>,
) -> Option<()> {
    let unit_ms = take_varint(bytes)?.cast_signed();
    let mut timestamp_ms = start_ms;
    take_numbers(bytes, n, |distances| {
        for (distance, target_ms) in distances.iter().zip(&mut targets_ms) {
            timestamp_ms = timestamp_ms.wrapping_add(distance.wrapping_mul(unit_ms));
            *target_ms = timestamp_ms;
        }
    })
}
