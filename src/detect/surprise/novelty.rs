//! Whether the last values are spread over their range in a way that was seen before.

use serde::{Deserialize, Serialize};

use super::window::Recent;

/// The values that make a histogram.
pub(super) const SPAN: usize = 52;
/// Its bins, between the lowest and the highest value ever seen.
const BINS: usize = 8;
/// Histograms that are remembered.
const KNOWN: usize = 32;
/// Farther than this, in nats, from every known histogram, one is new.
const NEW_BEYOND: f32 = 0.06;
/// A known histogram follows those that resemble it, every few values.
const FOLLOW: f32 = 0.08;
const FOLLOW_EVERY: u64 = 4;
/// What follows from the step before is worked out anew after so many values: rounding must not pile up.
const CROSS_AGAIN: u64 = 1024;
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
    /// What each known histogram has to do with the last values: -ln of their probability by it, a value. Infinite where
    /// none is known.
    crosses: [f32; KNOWN],
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
    crosses: [f32; KNOWN],
}

impl From<Kept> for Novelty {
    fn from(kept: Kept) -> Self {
        let Kept { lowest, highest, counts, shares, used_at, crosses } = kept;
        let mut novelty = Self { lowest, highest, counts, crosses, ..Self::new() };
        for (share, used_at) in shares.into_iter().zip(used_at).take(KNOWN) {
            novelty.shares.push(share);
            novelty.used_at.push(used_at);
        }
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
            shares: Vec::with_capacity(KNOWN),
            used_at: Vec::with_capacity(KNOWN),
            crosses: [f32::INFINITY; KNOWN],
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
        let now = recent.pushed();
        let (comes, leaves) = (self.bin(value), self.bin(recent.ago(SPAN)));
        if grows || self.counts == [0; BINS] {
            self.counts = self.counted(recent);
            self.cross_again();
        } else if comes != leaves {
            self.counts[comes] += 1;
            self.counts[leaves] -= 1;
            let logs = self.logs[comes].iter().zip(&self.logs[leaves]);
            for (cross, (comes, leaves)) in self.crosses.iter_mut().zip(logs) {
                *cross -= (comes - leaves) / SPAN as f32;
            }
        }
        if now.is_multiple_of(CROSS_AGAIN) {
            self.cross_again();
        }
        let (nearest, distance) = self.nearest();
        let Some(nearest) = nearest.filter(|_| distance <= NEW_BEYOND) else {
            self.remember(now);
            return Some(distance.max(0.0));
        };
        self.used_at[nearest] = now;
        if now.is_multiple_of(FOLLOW_EVERY) {
            for (known, count) in self.shares[nearest].iter_mut().zip(self.counts) {
                *known += FOLLOW * (share_of(count) - *known);
            }
            self.keep_logs(nearest);
            self.cross(nearest);
        }
        Some(distance.max(0.0))
    }

    /// Whether the histogram is that of the last values.
    pub(super) fn is_sound<const N: usize>(&self, recent: &Recent<N>) -> bool {
        let is_range = !self.lowest.is_nan() && !self.highest.is_nan();
        is_range && (self.counts == [0; BINS] || self.counts == self.counted(recent))
    }

    /// The histogram of the last values.
    fn counted<const N: usize>(&self, recent: &Recent<N>) -> [u8; BINS] {
        let mut counts = [0; BINS];
        for &value in recent.last(SPAN) {
            counts[self.bin(value)] += 1;
        }
        counts
    }

    fn bin(&self, value: f32) -> usize {
        // Halved, as the range may be larger than any number.
        let share = (value / 2.0 - self.lowest / 2.0) / (self.highest / 2.0 - self.lowest / 2.0);
        ((share * BINS as f32) as usize).min(BINS - 1)
    }

    /// The nearest known histogram and its distance; 0 when none is known.
    fn nearest(&self) -> (Option<usize>, f32) {
        let nearest =
            self.crosses.iter().fold(f32::INFINITY, |least, &cross| if cross < least { cross } else { least });
        let entropy: f32 = self.counts.iter().map(|&count| self.entropies[usize::from(count)]).sum();
        let place = self.crosses[..self.shares.len()].iter().position(|cross| cross.total_cmp(&nearest).is_eq());
        (place, if place.is_some() { nearest + entropy } else { 0.0 })
    }

    /// Remembers the histogram as it is, in the place of the one not seen for longest.
    fn remember(&mut self, now: u64) {
        let place = if self.shares.len() < KNOWN {
            self.shares.push([0.0; BINS]);
            self.used_at.push(now);
            self.shares.len() - 1
        } else {
            (0..KNOWN).min_by_key(|&place| self.used_at[place]).unwrap_or(0)
        };
        self.shares[place] = self.counts.map(share_of);
        self.used_at[place] = now;
        self.keep_logs(place);
        self.cross(place);
    }

    fn keep_logs(&mut self, place: usize) {
        for (logs, share) in self.logs.iter_mut().zip(self.shares[place]) {
            logs[place] = share.max(EMPTY).ln();
        }
    }

    fn cross(&mut self, place: usize) {
        let logs = self.logs.iter().zip(self.counts);
        self.crosses[place] = -logs.map(|(logs, count)| share_of(count) * logs[place]).sum::<f32>();
    }

    fn cross_again(&mut self) {
        (0..self.shares.len()).for_each(|place| self.cross(place));
    }
}

fn share_of(count: u8) -> f32 {
    f32::from(count) / SPAN as f32
}
