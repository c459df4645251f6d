//! A sketch as bytes.
//!
//! ```text
//! u8 form = 1 | varint n                                     that is all of the empty set
//! f64 min | f64 max | varint zeros | negative | positive     floats little-endian
//! side   varint runs, then for each of them, by rising magnitude:
//!        signed varint its first bin - the bin after the run before (0 before the first)
//!        varint bins | as many numbers: how many values each bin holds
//! ```
//! Numbers and varints are those of `stats::packed`. A run holds neighbouring bins; up to 64 empty ones
//! do not end it. Of the bytes that come back, the counts must add up to n.

use std::ops::Range;

use super::bins::Bins;
use super::{Sketch, scale};
use crate::stats::packed::{put_numbers, put_signed, put_varint, take_numbers, take_signed, take_varint};

const FORM: u8 = 1;

/// So many empty bins take about as much room as the head of another run, and less time.
const MAX_EMPTY: usize = 64;

/// No bin holds more than 2^44 values, so that all of them together can be added without a look at overflow.
const MAX_COUNT: u64 = 1 << 44;

/// Why bytes are not a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// Written in a form this program does not know.
    #[error("unknown form {0}")]
    Form(u8),
    /// The bytes are not those that were written.
    #[error("the counts do not add up")]
    Content,
}

/// The sides of a sketch that was read, not yet merged; the default is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Incoming {
    /// Whether the values are negative, the first bin, and where its counts stand.
    runs: Vec<(bool, i32, Range<usize>)>,
    counts: Vec<u64>,
}

impl Sketch {
    /// Appends the sketch to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(FORM);
        put_varint(out, self.n);
        if self.n == 0 {
            return;
        }
        out.extend_from_slice(&self.min.to_le_bytes());
        out.extend_from_slice(&self.max.to_le_bytes());
        put_varint(out, self.zeros);
        put_side(out, &self.negative);
        put_side(out, &self.positive);
    }

    /// Reads a sketch that takes up all of `data`.
    pub fn decode(data: &[u8]) -> Result<Self, SketchError> {
        let mut sketch = Self::default();
        sketch.merge_encoded(data)?;
        Ok(sketch)
    }

    /// Adds all values of a sketch that takes up all of `data`; stays as it was when the bytes are damaged.
    pub fn merge_encoded(&mut self, data: &[u8]) -> Result<(), SketchError> {
        let (&form, body) = data.split_first().ok_or(SketchError::Content)?;
        if form != FORM {
            return Err(SketchError::Form(form));
        }
        let mut incoming = std::mem::take(&mut self.incoming);
        let merged = self.merge_body(body, &mut incoming);
        self.incoming = incoming;
        merged.ok_or(SketchError::Content)
    }

    fn merge_body(&mut self, mut body: &[u8], incoming: &mut Incoming) -> Option<()> {
        let n = take_varint(&mut body)?;
        if n == 0 {
            return body.is_empty().then_some(());
        }
        let (min, max) = (take_float(&mut body)?, take_float(&mut body)?);
        let zeros = take_varint(&mut body)?;
        incoming.runs.clear();
        incoming.counts.clear();
        let negative = incoming.take_side(&mut body, true)?;
        let positive = incoming.take_side(&mut body, false)?;
        let counted = zeros.checked_add(negative)?.checked_add(positive)?;
        if counted != n || !body.is_empty() || min > max || self.n.checked_add(n).is_none() {
            return None;
        }
        self.add_totals(n, zeros, min, max);
        for (is_negative, first, at) in &incoming.runs {
            self.add_run(*is_negative, *first, &incoming.counts[at.clone()]);
        }
        Some(())
    }
}

impl Incoming {
    /// Reads a side and says how many values it holds.
    fn take_side(&mut self, body: &mut &[u8], is_negative: bool) -> Option<u64> {
        let mut next = 0_i64;
        let side_begin = self.counts.len();
        for _ in 0..take_varint(body)? {
            let first = next.checked_add(take_signed(body)?)?;
            let len = i64::try_from(take_varint(body)?).ok()?;
            next = first.checked_add(len)?;
            if first < scale::FIRST_BIN.into() || next > i64::from(scale::LAST_BIN) + 1 || len == 0 {
                return None;
            }
            let begin = self.counts.len();
            take_numbers(body, len as usize, |counts| {
                self.counts.extend(counts.iter().map(|count| count.cast_unsigned()));
            })?;
            self.runs.push((is_negative, first as i32, begin..self.counts.len()));
        }
        let counts = &self.counts[side_begin..];
        (counts.iter().fold(0, |all, count| all | count) < MAX_COUNT).then(|| counts.iter().sum())
    }
}

fn put_side(out: &mut Vec<u8>, bins: &Bins) {
    let runs = runs(&bins.counts);
    put_varint(out, runs.len() as u64);
    let mut next = 0;
    for run in runs {
        let first = i64::from(bins.first) + (run.start as u64).cast_signed();
        put_signed(out, first - next);
        next = first + (run.len() as u64).cast_signed();
        put_varint(out, run.len() as u64);
        put_numbers(out, bins.counts[run].iter().map(|count| count.cast_signed()));
    }
}

/// The stretches of counts with no more than [`MAX_EMPTY`] zeros in a row.
fn runs(counts: &[u64]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        match runs.last_mut() {
            Some(run) if at - run.end <= MAX_EMPTY => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

fn take_float(bytes: &mut &[u8]) -> Option<f64> {
    let (float, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(f64::from_le_bytes(*float)).filter(|float| float.is_finite())
}
