//! A series on one scale, as it is, its logarithm or its root: its features, each against its own past.

use serde::{Deserialize, Serialize};

use super::features::{FEATURES, Features, SPECS};
use crate::stats::{CAPACITY, Rarity, Surprise, logs};

/// In the long run every so many-th value of a feature is learned.
const STRIDE: u32 = 32;
/// So far back a history goes, in samples.
const REACH: u64 = STRIDE as u64 * CAPACITY as u64;
/// So far a value may be from the first one, in units of its size: squares stay finite.
const FARTHEST: f64 = 1e15;

/// How surprising each feature is.
pub(super) type Surprises = [Surprise; FEATURES];

/// A series on one scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    /// Values are taken as distances from the first one, in units of a power of two: numbers of 32 bits hold those
    /// exactly enough, of whatever size they are.
    first: Option<f64>,
    unit: f64,
    features: Features,
    histories: Vec<History>,
    surprises: Surprises,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct History {
    rarity: Rarity,
    looks: u32,
}

impl Scale {
    pub(super) fn new() -> Self {
        Self {
            first: None,
            unit: 0.0,
            features: Features::new(),
            histories: vec![History { rarity: Rarity::new(STRIDE), looks: 0 }; FEATURES],
            surprises: Surprises::default(),
        }
    }

    /// Judges the next value by what came before it, then learns it: the root of the sum of the squares of all
    /// surprises, in nats.
    pub(super) fn judge(&mut self, wall_ms: i64, value: f64) -> f64 {
        let value = self.brought_near(value);
        self.features.push(wall_ms, value);
        let logs = logs();
        let mut squares = 0.0;
        let histories = self.histories.iter_mut().zip(&mut self.surprises);
        for (place, (spec, (history, known))) in SPECS.iter().zip(histories).enumerate() {
            let Some(now) = self.features.get(spec) else { continue };
            let History { rarity, looks } = history;
            let surprise = if *looks < u32::from(spec.learns) {
                rarity.remember(now);
                Surprise::default()
            } else {
                let independent = || f64::from(*looks) / f64::from(spec.span);
                let found = rarity.judge(now, independent, logs);
                Surprise {
                    above: if spec.is_high_odd { found.above } else { 0.0 },
                    below: if spec.is_low_odd { found.below } else { 0.0 },
                }
            };
            *looks = looks.saturating_add(1);
            *known = surprise;
            squares += surprise.above * surprise.above + surprise.below * surprise.below;
            if place == 0 {
                self.features.push_surprise(surprise);
            }
        }
        squares.sqrt()
    }

    /// How surprising each feature was when it was last looked at.
    pub(super) const fn surprises(&self) -> &Surprises {
        &self.surprises
    }

    /// A feature and what it usually is, in the unit of the series; `None` before it was seen.
    pub(super) fn shown(&self, place: usize) -> Option<(f64, f64)> {
        let spec = &SPECS[place];
        let found = f64::from(self.features.get(spec)?);
        let usual = f64::from(self.histories[place].rarity.median()?);
        let show = |near: f64| if spec.feature.is_level() { self.brought_back(near) } else { near / self.unit };
        Some((show(found), show(usual)))
    }

    /// How many samples a feature is compared with.
    pub(super) fn seen(&self, place: usize) -> u64 {
        REACH.min(u64::from(self.histories[place].looks))
    }

    /// Between which values, brought near, the middle 98 % of the samples lie; `None` before there are some.
    pub(super) fn band(&self) -> Option<(f32, f32)> {
        self.histories[0].rarity.band(0.01)
    }

    /// Whether a value lies in a band.
    pub(super) fn is_within(&self, (low, high): (f32, f32), value: f64) -> bool {
        let near = self.near(value, self.first.unwrap_or(value));
        low <= near && near <= high
    }

    /// Whether its parts go together, and numbers that are brought near are numbers.
    pub(super) fn is_sound(&self) -> bool {
        let is_finite = self.first.is_none_or(f64::is_finite) && self.unit.is_finite();
        let are_histories = self.histories.len() == FEATURES;
        is_finite
            && are_histories
            && self.histories.iter().all(|history| history.rarity.is_sound(STRIDE))
            && self.features.is_sound()
    }

    fn brought_back(&self, near: f64) -> f64 {
        let unit = if self.unit == 0.0 { 1.0 } else { self.unit };
        self.first.unwrap_or(0.0) + near / unit
    }

    fn brought_near(&mut self, value: f64) -> f32 {
        let first = *self.first.get_or_insert(value);
        if self.unit == 0.0 && value != 0.0 {
            self.unit = unit_of(value);
        }
        self.near(value, first)
    }

    fn near(&self, value: f64, first: f64) -> f32 {
        // Halved, as the distance may be larger than any number.
        let near = (value / 2.0 - first / 2.0) * self.unit * 2.0;
        near.clamp(-FARTHEST, FARTHEST) as f32
    }
}

/// The power of two that brings a number to about 1.
fn unit_of(value: f64) -> f64 {
    // The exponent of the smallest and of the largest numbers has no reciprocal.
    let exponent = value.abs().log2().floor().clamp(-1000.0, 1000.0);
    (-exponent).exp2()
}
