//! What is looked at in a series: twenty-two views of its last day, each with a history of its own.

use serde::{Deserialize, Serialize};

use super::novelty::{self, Novelty};
use super::window::Recent;
use crate::detect::keeping::MOST_COUNTED;
use crate::stats::{Profile, Surprise};

/// How many features there are.
pub(super) const FEATURES: usize = 22;

/// A view of the last values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// The value.
    Value,
    /// How far it is from the one before, in either direction.
    Step,
    /// The mean of the last values.
    Mean,
    /// Their standard deviation.
    Spread,
    /// The mean size of the steps between them.
    Jitter,
    /// Their mean against the mean of as many before them.
    Change,
    /// From the lowest to the highest of them.
    Range,
    /// The mean distance from what is usual at this time of the day or the week.
    Residual,
    /// How unlike anything before their spread over the range is.
    Novelty,
    /// How many of them were rarely high.
    Highs,
    /// How many of them were rarely low.
    Lows,
}

impl Feature {
    /// Whether it is a value of the series, and not a distance between two.
    pub(super) const fn is_level(self) -> bool {
        matches!(self, Self::Value | Self::Mean)
    }
}

/// How a feature is computed and judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    pub feature: Feature,
    /// The samples it looks back on.
    pub span: u16,
    /// The place of the sum over that many samples, where there is one.
    slot: usize,
    /// Whether a high one is a surprise, and a low one.
    pub is_high_odd: bool,
    pub is_low_odd: bool,
    /// Samples of it before there is an opinion.
    pub learns: u16,
}

/// The place of a span in a list. One that is not there does not compile.
const fn place_of(span: u16, spans: &[usize]) -> usize {
    let mut place = 0;
    while spans[place] != span as usize {
        place += 1;
    }
    place
}

const fn spec(feature: Feature, span: u16, is_high_odd: bool, is_low_odd: bool) -> Spec {
    let learns = if matches!(feature, Feature::Residual) { 288 } else { 100 };
    let slot = match feature {
        Feature::Mean | Feature::Change => place_of(span, &SUMS),
        Feature::Spread => place_of(span, &SQUARES),
        Feature::Jitter => place_of(span, &STEPS),
        Feature::Residual if span > 1 => place_of(span, &RESIDUALS),
        _ => 0,
    };
    Spec { feature, span, slot, is_high_odd, is_low_odd, learns }
}

/// All of them, equally important. That they are many and unlike each other is what carries over to series nobody has
/// seen: the best of them on some series are not the best on others.
pub(super) const SPECS: [Spec; FEATURES] = [
    spec(Feature::Value, 1, true, true),
    spec(Feature::Step, 1, true, false),
    spec(Feature::Mean, 6, true, true),
    spec(Feature::Mean, 24, true, true),
    spec(Feature::Mean, 96, true, true),
    spec(Feature::Mean, 288, true, true),
    spec(Feature::Spread, 12, true, false),
    spec(Feature::Spread, 48, true, true),
    spec(Feature::Spread, 288, true, true),
    spec(Feature::Jitter, 12, true, true),
    spec(Feature::Jitter, 48, true, true),
    spec(Feature::Change, 6, true, true),
    spec(Feature::Change, 12, true, true),
    spec(Feature::Change, 24, true, true),
    spec(Feature::Change, 96, true, true),
    spec(Feature::Range, 48, true, true),
    spec(Feature::Residual, 1, true, true),
    spec(Feature::Residual, 6, true, true),
    spec(Feature::Residual, 24, true, true),
    spec(Feature::Novelty, novelty::SPAN as u16, true, false),
    spec(Feature::Highs, 288, true, false),
    spec(Feature::Lows, 288, true, false),
];

const DAY_MS: i64 = 86_400_000;
const DAY_STRETCHES: i64 = 96;
const WEEK_STRETCHES: i64 = 168;

/// Spans of the sums that are kept.
const SUMS: [usize; 7] = [6, 12, 24, 48, 96, 192, 288];
const SQUARES: [usize; 3] = [12, 48, 288];
const STEPS: [usize; 2] = [12, 48];
const RESIDUALS: [usize; 2] = [6, 24];
const LONGEST: usize = 288;
/// Sums are made anew after so many values: rounding must not pile up.
const SUM_AGAIN: u64 = 1024;
/// A value counts as at most this surprising in [`Feature::Highs`] and [`Feature::Lows`].
const MOST_SURPRISE: f64 = 12.0;

/// The last values of a series, and sums over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Features {
    values: Recent<{ LONGEST + 1 }>,
    steps: Recent<49>,
    /// Sums are taken of the distances from here.
    origin: f64,
    sums: [f64; SUMS.len()],
    squares: [f64; SQUARES.len()],
    step_sums: [f64; STEPS.len()],
    day: Profile,
    week: Profile,
    residuals: Recent<25>,
    residual: Option<f32>,
    residual_sums: [f64; RESIDUALS.len()],
    novelty: Novelty,
    distance: Option<f32>,
    highs: f64,
    lows: f64,
    judged: u64,
}

impl Features {
    pub(super) fn new() -> Self {
        Self {
            values: Recent::new(),
            steps: Recent::new(),
            origin: 0.0,
            sums: [0.0; SUMS.len()],
            squares: [0.0; SQUARES.len()],
            step_sums: [0.0; STEPS.len()],
            day: Profile::new(DAY_MS, DAY_STRETCHES),
            week: Profile::new(7 * DAY_MS, WEEK_STRETCHES),
            residuals: Recent::new(),
            residual: None,
            residual_sums: [0.0; RESIDUALS.len()],
            novelty: Novelty::new(),
            distance: None,
            highs: 0.0,
            lows: 0.0,
            judged: 0,
        }
    }

    /// Takes in the next value.
    pub(super) fn push(&mut self, wall_ms: i64, value: f32) {
        let distance = f64::from(value) - self.origin;
        for (sum, span) in self.sums.iter_mut().zip(SUMS) {
            *sum += distance - self.values.leaving(span).map_or(0.0, |old| f64::from(old) - self.origin);
        }
        for (sum, span) in self.squares.iter_mut().zip(SQUARES) {
            *sum += distance * distance
                - self.values.leaving(span).map_or(0.0, |old| (f64::from(old) - self.origin).powi(2));
        }
        if self.values.pushed() > 0 {
            let step = (value - self.values.ago(0)).abs();
            for (sum, span) in self.step_sums.iter_mut().zip(STEPS) {
                *sum += f64::from(step) - self.steps.leaving(span).map_or(0.0, f64::from);
            }
            self.steps.push(step);
        }
        self.values.push(value);
        if self.values.pushed().is_multiple_of(SUM_AGAIN) {
            self.sum_again();
        }
        self.push_residual(wall_ms, value);
        self.distance = self.novelty.distance(value, &self.values);
    }

    fn sum_again(&mut self) {
        let last = |span: usize| self.values.last(span).iter().map(|&value| f64::from(value));
        let origin = last(LONGEST).sum::<f64>() / LONGEST as f64;
        self.sums = SUMS.map(|span| last(span).map(|value| value - origin).sum());
        self.squares = SQUARES.map(|span| last(span).map(|value| (value - origin).powi(2)).sum());
        self.origin = origin;
        self.step_sums = STEPS.map(|span| self.steps.last(span).iter().map(|&step| f64::from(step)).sum());
    }

    /// The smaller of the distances from what is usual at this time of the day and of the week, 0 between the two.
    fn push_residual(&mut self, wall_ms: i64, value: f32) {
        let value = f64::from(value);
        let residual = match (self.day.residual(wall_ms, value), self.week.residual(wall_ms, value)) {
            (Some(day), Some(week)) if day * week <= 0.0 => Some(0.0),
            (Some(day), Some(week)) => Some(if day.abs() < week.abs() { day } else { week }),
            (day, week) => day.or(week),
        };
        self.residual = residual.map(|residual| residual as f32);
        let Some(residual) = self.residual else {
            self.residuals.clear();
            self.residual_sums = [0.0; RESIDUALS.len()];
            return;
        };
        for (sum, span) in self.residual_sums.iter_mut().zip(RESIDUALS) {
            *sum += f64::from(residual) - self.residuals.leaving(span).map_or(0.0, f64::from);
        }
        self.residuals.push(residual);
    }

    /// Takes in how surprising the value was.
    pub(super) fn push_surprise(&mut self, value: Surprise) {
        const WEIGHT: f64 = 2.0 / (LONGEST as f64 + 1.0);
        let square = |surprise: f64| surprise.min(MOST_SURPRISE).powi(2);
        self.judged += 1;
        self.highs += (square(value.above) - self.highs) * WEIGHT;
        self.lows += (square(value.below) - self.lows) * WEIGHT;
    }

    /// A feature as it is now; `None` while there are too few samples for it.
    #[inline]
    pub(super) fn get(&self, spec: &Spec) -> Option<f32> {
        let (span, samples) = (spec.span as usize, u64::from(spec.span));
        let n = self.values.pushed();
        let is_known = n >= samples;
        match spec.feature {
            Feature::Value => Some(self.values.ago(0)),
            Feature::Step => (n > 1).then(|| self.steps.ago(0)),
            Feature::Mean => is_known.then(|| (self.origin + self.sums[spec.slot] / span as f64) as f32),
            Feature::Spread => is_known.then(|| self.spread(spec) as f32),
            Feature::Jitter => (n > samples).then(|| (self.step_sums[spec.slot].max(0.0) / span as f64) as f32),
            Feature::Change => (n >= 2 * samples).then(|| {
                ((2.0 * self.sums[spec.slot] - self.sums[place_of(2 * spec.span, &SUMS)]) / span as f64) as f32
            }),
            Feature::Range => is_known.then(|| range(self.values.last(span))),
            Feature::Residual if span == 1 => self.residual,
            Feature::Residual => {
                (self.residuals.pushed() >= samples).then(|| (self.residual_sums[spec.slot] / span as f64) as f32)
            }
            Feature::Novelty => self.distance,
            Feature::Highs => (self.judged >= samples).then_some(self.highs as f32),
            Feature::Lows => (self.judged >= samples).then_some(self.lows as f32),
        }
    }

    /// Whether its parts go together.
    pub(super) fn is_sound(&self) -> bool {
        let are_rings = self.values.is_sound() && self.steps.is_sound() && self.residuals.is_sound();
        let are_profiles = self.day.is_sound(DAY_MS, DAY_STRETCHES) && self.week.is_sound(7 * DAY_MS, WEEK_STRETCHES);
        are_rings && are_profiles && self.judged <= MOST_COUNTED && self.novelty.is_sound(&self.values)
    }

    fn spread(&self, spec: &Spec) -> f64 {
        let n = f64::from(spec.span);
        let square = self.squares[spec.slot] / n;
        let mean = self.sums[place_of(spec.span, &SUMS)] / n;
        let variance = square - mean * mean;
        // What rounding leaves of values that are all the same.
        let rounding = 1e-13 * (square + self.origin * self.origin * 1e-3);
        if variance > rounding { variance.sqrt() } else { 0.0 }
    }
}

/// From the lowest to the highest of some values.
fn range(values: &[f32]) -> f32 {
    // Side by side, as that is done at once.
    let (mut lowest, mut highest) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for place in 0..8 {
            let value = chunk[place];
            lowest[place] = if value < lowest[place] { value } else { lowest[place] };
            highest[place] = if value > highest[place] { value } else { highest[place] };
        }
    }
    let all = |extremes: [f32; 8]| extremes.into_iter().chain(rest.iter().copied());
    all(highest).fold(f32::NEG_INFINITY, f32::max) - all(lowest).fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The features of the last of some values, made from scratch.
    fn from_scratch(spec: &Spec, values: &[f64]) -> Option<f64> {
        let span = spec.span as usize;
        let last = |span: usize| values.len().checked_sub(span).map(|begin| &values[begin..]);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let steps: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        match spec.feature {
            Feature::Value => values.last().copied(),
            Feature::Step => steps.last().copied(),
            Feature::Mean => last(span).map(mean),
            Feature::Spread => last(span).map(|values| {
                let center = mean(values);
                mean(&values.iter().map(|value| (value - center).powi(2)).collect::<Vec<_>>()).sqrt()
            }),
            Feature::Jitter => steps.len().checked_sub(span).map(|begin| mean(&steps[begin..])),
            Feature::Change => last(2 * span).map(|values| mean(&values[span..]) - mean(&values[..span])),
            Feature::Range => last(span).map(|values| {
                values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min)
            }),
            Feature::Residual | Feature::Novelty | Feature::Highs | Feature::Lows => None,
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
        #[test]
        fn running_features_are_those_from_scratch(
            values in proptest::collection::vec(-1e3f32..1e3, 1..1_400), offset in -1e3f32..1e3,
        ) {
            let mut features = Features::new();
            let mut seen = Vec::new();
            for (at, value) in values.into_iter().map(|value| value + offset).enumerate() {
                features.push(at.cast_signed() as i64 * 300_000, value);
                seen.push(f64::from(value));
                if at % 97 != 0 && at < 1_380 {
                    continue;
                }
                for spec in &SPECS {
                    let Some(expected) = from_scratch(spec, &seen) else { continue };
                    let found = f64::from(features.get(spec).unwrap());
                    let error = (found - expected).abs();
                    assert!(error < 1e-3 * expected.abs().max(1.0), "{spec:?} at {at}: {found}, not {expected}");
                }
            }
        }
    }
}
