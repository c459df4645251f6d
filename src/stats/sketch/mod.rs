//! Quantiles of any number of values in bounded memory, with a bounded relative error.
//!
//! After Masson, Rim & Lee (2019, "`DDSketch`: a fast and fully-mergeable quantile sketch", PVLDB 12), with a
//! scale (`scale`) and bytes (`bytes`) of our own. Merging is exact: it gives the sketch of all values, in
//! whatever order they come.
//!
//! Measured beside the crate `sketches-ddsketch` 0.4.2 at the same error, log-normal values (sigma 0.5): an hour
//! of 1390 samples takes 200 bytes (theirs 620), a million 680 (1420); a value is added in 4 ns (57), the bytes
//! of an hour are merged in 0.7 us (6.8, through an allocation).

mod bins;
mod bytes;
mod scale;
#[cfg(test)]
mod tests;

use super::moments::extremes;
use bins::Bins;
use bytes::Incoming;
pub use bytes::SketchError;

/// How far a quantile is from the exact one at most, in parts of it.
pub const RELATIVE_ERROR: f64 = 0.005;

/// Bins of each sign; they span 35 decades.
const MAX_BINS: i32 = 8192;

/// Values that are indexed at a time, so that the work on them can be done in vectors.
pub(super) const BLOCK: usize = 64;

/// A bin of either sign, or that of the zeros; ordered as the values in them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BinKey(i32);

impl BinKey {
    const ZEROS: Self = Self(0);

    fn new(bin: i32, is_negative: bool) -> Self {
        let magnitude = bin - scale::FIRST_BIN + 1;
        Self(if is_negative { -magnitude } else { magnitude })
    }

    /// The bin that a value is counted in.
    pub(super) fn of(value: f64) -> Self {
        if value.abs() < scale::SMALLEST { Self::ZEROS } else { Self::new(scale::bin_of(value), value < 0.0) }
    }

    /// Two magnitudes between which those of all its values lie.
    pub(super) fn reach(self) -> (f64, f64) {
        const SLACK: f64 = 1.0 + 1.2 * RELATIVE_ERROR;
        if self == Self::ZEROS {
            return (0.0, scale::SMALLEST);
        }
        let middle = scale::magnitude_of(self.0.abs() + scale::FIRST_BIN - 1);
        (middle / SLACK, middle * SLACK)
    }
}

/// The distribution of a set of finite values. The default is the empty set.
///
/// A quantile is within [`RELATIVE_ERROR`] of the exact one, of any sign and scale, when the two values
/// next to its rank have one sign and are not below 1e-35 of the largest magnitude; what is smaller counts as
/// about that large. Values below 2.3e-308 are zeros. At most 128 KiB, for values of both signs over
/// 35 decades; 4 KiB for most metrics.
#[derive(Debug, Clone)]
pub struct Sketch {
    n: u64,
    zeros: u64,
    min: f64,
    max: f64,
    /// The highest bin of either sign: the lowest that is kept lies [`MAX_BINS`] below.
    top: i32,
    negative: Bins,
    positive: Bins,
    /// What is being merged; kept for its memory.
    incoming: Incoming,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            n: 0,
            zeros: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            top: i32::MIN,
            negative: Bins::default(),
            positive: Bins::default(),
            incoming: Incoming::default(),
        }
    }
}

impl Sketch {
    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.n
    }

    /// The smallest value, exactly; `None` of the empty set.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.n > 0).then_some(self.min)
    }

    /// The largest value, exactly; `None` of the empty set.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.n > 0).then_some(self.max)
    }

    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        self.add_totals(1, 0, value, value);
        self.count_any(scale::bin_of(value), value);
    }

    /// Adds values; faster than one by one.
    pub fn add_many(&mut self, values: &[f64]) {
        let mut bins = [0; BLOCK];
        for values in values.chunks(BLOCK) {
            for (bin, &value) in bins.iter_mut().zip(values) {
                *bin = scale::bin_of(value);
            }
            let (min, max) = extremes(values);
            self.add_totals(values.len() as u64, 0, min, max);
            if min >= scale::SMALLEST {
                bins[..values.len()].iter().for_each(|&bin| self.count_one(bin, false));
            } else {
                bins.iter().zip(values).for_each(|(&bin, &value)| self.count_any(bin, value));
            }
        }
    }

    /// The bin that holds the value of a rank, how many values lie in lower ones, and how many in this one.
    pub(super) fn bin_at(&self, rank: u64) -> Option<(BinKey, u64, u64)> {
        let negative = self.negative.filled().rev().map(|(bin, count)| (BinKey::new(bin, true), count));
        let positive = self.positive.filled().map(|(bin, count)| (BinKey::new(bin, false), count));
        let mut before = 0;
        negative.chain([(BinKey::ZEROS, self.zeros)]).chain(positive).find_map(|(key, count)| {
            let below = before;
            before += count;
            (rank < before).then_some((key, below, count))
        })
    }

    fn count_any(&mut self, bin: i32, value: f64) {
        if value.abs() < scale::SMALLEST {
            self.zeros += 1;
        } else {
            self.count_one(bin, value < 0.0);
        }
    }

    fn count_one(&mut self, bin: i32, is_negative: bool) {
        if !self.side(is_negative).count_one(bin) {
            self.add_run(is_negative, bin, &[1]);
        }
    }

    /// Adds all values of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.add_totals(other.n, other.zeros, other.min, other.max);
        self.add_run(true, other.negative.first, &other.negative.counts);
        self.add_run(false, other.positive.first, &other.positive.counts);
    }

    fn add_totals(&mut self, n: u64, zeros: u64, min: f64, max: f64) {
        self.n += n;
        self.zeros += zeros;
        // Which of two zeros is found depends on the order; adding zero leaves the positive one.
        self.min = self.min.min(min) + 0.0;
        self.max = self.max.max(max) + 0.0;
    }

    /// Adds the counts of neighbouring bins from `first` on.
    fn add_run(&mut self, is_negative: bool, first: i32, counts: &[u64]) {
        if counts.is_empty() {
            return;
        }
        let last = first.saturating_add_unsigned(counts.len() as u32 - 1);
        if last > self.top {
            self.top = last;
            let lowest = self.lowest();
            self.negative.collapse_below(lowest);
            self.positive.collapse_below(lowest);
        }
        let lowest = self.lowest();
        self.side(is_negative).add(first, counts, lowest);
    }

    fn side(&mut self, is_negative: bool) -> &mut Bins {
        if is_negative { &mut self.negative } else { &mut self.positive }
    }

    fn lowest(&self) -> i32 {
        self.top.saturating_sub(MAX_BINS - 1)
    }

    /// The quantile `q` of 0 to 1, by linear interpolation at rank q*(n-1) (Hyndman & Fan 1996, type 7) between
    /// the values that stand for the bins; `None` of the empty set.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.n.checked_sub(1)?;
        let rank = q.clamp(0.0, 1.0) * last as f64;
        let below = (rank as u64).min(last);
        let low = self.value_at(below);
        let share = rank - below as f64;
        Some(if share > 0.0 { super::quantile::between(low, self.value_at(below + 1), share) } else { low })
    }

    /// Several quantiles.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, at: [f64; N]) -> Option<[f64; N]> {
        (self.n > 0).then(|| at.map(|q| self.quantile(q).unwrap_or(f64::NAN)))
    }

    /// About the value of this rank.
    fn value_at(&self, rank: u64) -> f64 {
        if rank == 0 || rank + 1 >= self.n {
            return if rank == 0 { self.min } else { self.max };
        }
        let negative = self.negative.filled().rev().map(|(bin, count)| (-scale::magnitude_of(bin), count));
        let positive = self.positive.filled().map(|(bin, count)| (scale::magnitude_of(bin), count));
        let mut before = 0;
        let mut holds_rank = |count: u64| {
            before += count;
            before > rank
        };
        let mut all = negative.chain([(0.0, self.zeros)]).chain(positive);
        all.find(|(_, count)| holds_rank(*count)).map_or(self.max, |(value, _)| value.clamp(self.min, self.max))
    }
}
