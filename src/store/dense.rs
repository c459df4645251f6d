//! The short form of an hour with many samples: a sketch of its values and the means of its stretches of five
//! minutes, so that a picture of a dense series reads a bounded number of bytes.
//!
//! An hour has one when it holds more than [`DENSE_SAMPLES`] samples and its metric has gone on to a later
//! hour. The exact samples stay beside it.
//!
//! ```text
//! u8 version = 1 | u32 checksum of what follows | moments: varint n, f64 mean, m2, min, max
//! | 12 times: varint n, f64 mean (only when n > 0) | sketch; numbers are little-endian
//! ```

use rusqlite::Connection;

use super::chunk::{self, ChunkError};
use super::day;
use super::hour::{self, HOUR_MS, HourRow};
use super::part::MetricRef;
use crate::model::Point;
use crate::stats::packed::{put_varint, take_varint};
use crate::stats::{Moments, Sketch};

/// Hours with no more samples than this are read whole.
pub(super) const DENSE_SAMPLES: u64 = 256;

/// Stretches of an hour whose means are kept.
pub(super) const SLOTS: usize = 12;
pub(super) const SLOT_MS: i64 = HOUR_MS / 12;

const VERSION: u8 = 1;

/// How many samples a stretch of five minutes has, and their mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Slot {
    pub n: u64,
    pub mean: f64,
}

/// Brings the short form of an hour in step with its samples.
pub(super) fn refresh(conn: &Connection, metric: MetricRef<'_>, hour: i64, newest_hour: i64) -> rusqlite::Result<()> {
    let n = HourRow::find(conn, hour, metric.id)?.map_or(0, |row| row.moments.n);
    let is_dense = n > DENSE_SAMPLES && hour < newest_hour;
    day::changed(conn, metric.id, hour, is_dense && day::day_of(hour) < day::day_of(newest_hour))?;
    if !is_dense {
        conn.prepare_cached("DELETE FROM perftop_dense WHERE hour = ?1 AND metric_id = ?2")?
            .execute((hour, metric.id))?;
        return Ok(());
    }
    let mut points = Vec::new();
    metric.read_hour(conn, hour, &mut points)?;
    let mut data = Vec::new();
    encode_points(hour::start_ms(hour), &points, &mut data);
    conn.prepare_cached(
        "INSERT INTO perftop_dense (hour, metric_id, data) VALUES (?1, ?2, ?3)
         ON CONFLICT (hour, metric_id) DO UPDATE SET data = excluded.data",
    )?
    .execute((hour, metric.id, &data))?;
    Ok(())
}

fn encode_points(start_ms: i64, points: &[Point], out: &mut Vec<u8>) {
    let mut whole = Moments::default();
    let mut slots = [Moments::default(); SLOTS];
    let mut sketch = Sketch::default();
    for point in points {
        let slot = (point.timestamp_ms.saturating_sub(start_ms) / SLOT_MS).clamp(0, HOUR_MS / SLOT_MS - 1);
        slots[slot as usize].push(point.value);
        whole.push(point.value);
        sketch.add(point.value);
    }
    let slots = slots.map(|slot| Slot { n: slot.n, mean: slot.mean });
    encode(&whole, slots, &sketch, out);
}

/// Writes a short form into `out`, which is emptied first.
pub(super) fn encode(whole: &Moments, slots: [Slot; SLOTS], sketch: &Sketch, out: &mut Vec<u8>) {
    chunk::begin(VERSION, out);
    put_varint(out, whole.n);
    for number in [whole.mean, whole.m2, whole.min, whole.max] {
        put_number(out, number);
    }
    for slot in slots {
        put_varint(out, slot.n);
        if slot.n > 0 {
            put_number(out, slot.mean);
        }
    }
    sketch.encode(out);
    chunk::seal(out);
}

/// An hour in its short form.
#[derive(Debug)]
pub(super) struct Dense<'a> {
    pub moments: Moments,
    pub slots: [Slot; SLOTS],
    /// Its sketch as bytes, ready to be merged.
    pub sketch: &'a [u8],
}

/// Reads the short form of an hour.
pub(super) fn decode(data: &[u8]) -> Result<Dense<'_>, ChunkError> {
    let mut rest = chunk::unseal(VERSION, data)?;
    decode_body(&mut rest).ok_or(ChunkError::Content)
}

fn decode_body<'a>(rest: &mut &'a [u8]) -> Option<Dense<'a>> {
    let n = take_varint(rest)?;
    let moments = Moments {
        n,
        mean: take_number(rest)?,
        m2: take_number(rest)?,
        min: take_number(rest)?,
        max: take_number(rest)?,
    };
    let mut slots = [Slot::default(); SLOTS];
    for slot in &mut slots {
        slot.n = take_varint(rest)?;
        if slot.n > 0 {
            slot.mean = take_number(rest)?;
        }
    }
    Some(Dense { moments, slots, sketch: rest })
}

fn put_number(out: &mut Vec<u8>, number: f64) {
    out.extend(number.to_bits().to_le_bytes());
}

fn take_number(bytes: &mut &[u8]) -> Option<f64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(f64::from_le_bytes(*number))
}
