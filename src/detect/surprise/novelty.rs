//! Whether the last values are spread over their range in a way that was seen before.

use serde::{Deserialize, Serialize};

use super::window::Recent;

/// The values that make a histogram.
pub(super) const SPAN: usize = 52;
/// Its bins, between the lowest and the highest value ever seen.
const BINS: usize = 8;
/// Histograms that are remembered.
const KNOWN: usize = 64;
/// Farther than this, in nats, from every known histogram, one is new.
const NEW_BEYOND: f32 = 0.06;
/// A known histogram follows those that resemble it, every few values.
const FOLLOW: f32 = 0.08;
const FOLLOW_EVERY: u64 = 4;
/// An empty bin counts as half a value.
const EMPTY: f32 = 0.5 / SPAN as f32;

/// The histograms of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub(super) struct Novelty {
    lowest: f32,
    highest: f32,
    counts: [u8; BINS],
    /// By bin, ln of the share of values that each known histogram has in it.
    #[serde(skip_serializing)]
    logs: Box<[[f32; KNOWN]; BINS]>,
    shares: Vec<[f32; BINS]>,
    used_at: Vec<u64>,
    /// By count, the share times its logarithm.
    #[serde(skip_serializing)]
    entropies: [f32; SPAN + 1],
}

/// What is written of it: the rest follows from that.
#[derive(Deserialize)]
struct Kept {
    lowest: f32,
    highest: f32,
    counts: [u8; BINS],
    shares: Vec<[f32; BINS]>,
    used_at: Vec<u64>,
}

impl From<Kept> for Novelty {
    fn from(kept: Kept) -> Self {
        let Kept { lowest, highest, counts, mut shares, mut used_at } = kept;
        shares.truncate(KNOWN);
        used_at.resize(shares.len(), 0);
        let mut novelty = Self { lowest, highest, counts, shares, used_at, ..Self::new() };
        (0..novelty.shares.len()).for_each(|place| novelty.keep_logs(place));
        novelty
    }
}

impl Novelty {
    pub(super) fn new() -> Self {
        Self {
            lowest: f32::INFINITY,
            highest: f32::NEG_INFINITY,
            counts: [0; BINS],
            logs: Box::new([[0.0; KNOWN]; BINS]),
            shares: Vec::new(),
            used_at: Vec::new(),
            entropies: std::array::from_fn(|count| {
                let share = count as f32 / SPAN as f32;
                if count == 0 { 0.0 } else { share * share.ln() }
            }),
        }
    }

    /// How far the histogram of the last values is from the nearest known one: the Kullback-Leibler divergence
    /// (Kullback & Leibler 1951, eq. 2.2), in nats. `None` before there are enough of them. `recent` ends with `value`.
    pub(super) fn distance<const N: usize>(&mut self, value: f32, recent: &Recent<N>) -> Option<f32> {
        let grows = value < self.lowest || value > self.highest;
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        if recent.pushed() <= SPAN as u64 || self.highest <= self.lowest {
            return None;
        }
        if grows || self.counts == [0; BINS] {
            self.counts = [0; BINS];
            for &value in recent.last(SPAN) {
                self.counts[self.bin(value)] += 1;
            }
        } else {
            self.counts[self.bin(value)] += 1;
            self.counts[self.bin(recent.ago(SPAN))] -= 1;
        }
        let shares = self.counts.map(|count| f32::from(count) / SPAN as f32);
        let entropy = self.counts.iter().map(|&count| self.entropies[usize::from(count)]).sum();
        let (nearest, distance) = self.nearest(shares, entropy);
        let Some(nearest) = nearest.filter(|_| distance <= NEW_BEYOND) else {
            self.remember(shares, recent.pushed());
            return Some(distance.max(0.0));
        };
        self.used_at[nearest] = recent.pushed();
        if recent.pushed().is_multiple_of(FOLLOW_EVERY) {
            for (known, share) in self.shares[nearest].iter_mut().zip(shares) {
                *known += FOLLOW * (share - *known);
            }
            self.keep_logs(nearest);
        }
        Some(distance.max(0.0))
    }

    fn bin(&self, value: f32) -> usize {
        // Halved, as the range may be larger than any number.
        let share = (value / 2.0 - self.lowest / 2.0) / (self.highest / 2.0 - self.lowest / 2.0);
        ((share * BINS as f32) as usize).min(BINS - 1)
    }

    /// The nearest known histogram and its distance; 0 when none is known.
    fn nearest(&self, shares: [f32; BINS], entropy: f32) -> (Option<usize>, f32) {
        let mut distances = [0.0; KNOWN];
        for (share, logs) in shares.iter().zip(self.logs.iter()) {
            if *share > 0.0 {
                for (distance, log) in distances.iter_mut().zip(logs) {
                    *distance -= share * log;
                }
            }
        }
        let known = distances[..self.shares.len()].iter().enumerate();
        let nearest = known.min_by(|(_, a), (_, b)| a.total_cmp(b));
        nearest.map_or((None, 0.0), |(place, distance)| (Some(place), distance + entropy))
    }

    /// Remembers a new histogram, in the place of the one not seen for longest.
    fn remember(&mut self, shares: [f32; BINS], now: u64) {
        let place = if self.shares.len() < KNOWN {
            self.shares.push(shares);
            self.used_at.push(now);
            self.shares.len() - 1
        } else {
            (0..KNOWN).min_by_key(|&place| self.used_at[place]).unwrap_or(0)
        };
        self.shares[place] = shares;
        self.used_at[place] = now;
        self.keep_logs(place);
    }

    fn keep_logs(&mut self, place: usize) {
        for (logs, share) in self.logs.iter_mut().zip(self.shares[place]) {
            logs[place] = share.max(EMPTY).ln();
        }
    }
}
