//! Why a sample was surprising, in the words and the unit of the metric.

use super::features::{Feature, SPECS, Spec};
use super::scale::Scale;
use crate::model::text::{number, value};
use crate::model::{Explanation, Unit};

/// What was odd about a metric: one of its features.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    feature: Feature,
    span: u16,
    /// The feature now, and what it usually is, in the metric's unit.
    found: f64,
    usual: f64,
    is_high: bool,
    /// How rare that is, in nats.
    pub surprise: f64,
    /// How many earlier samples it was compared with.
    pub among: u64,
}

/// So many reasons are given.
const REASONS: usize = 3;
/// What one value in twenty reaches is no reason.
const FAINTEST: f64 = 3.0;

/// The strongest reasons, the first one first, no two of one kind. Values of whole numbers are whole.
pub(super) fn reasons(scale: &Scale, is_whole: bool) -> Vec<Reason> {
    let mut ranked: Vec<(usize, bool, f64)> = scale
        .surprises()
        .iter()
        .enumerate()
        .flat_map(|(place, surprise)| [(place, true, surprise.above), (place, false, surprise.below)])
        .filter(|(.., surprise)| *surprise >= FAINTEST)
        .collect();
    ranked.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut reasons: Vec<Reason> = Vec::new();
    for (place, is_high, surprise) in ranked {
        let spec: &Spec = &SPECS[place];
        if reasons.len() == REASONS {
            break;
        }
        if reasons.iter().any(|given| given.feature == spec.feature) {
            continue;
        }
        let Some((mut found, mut usual)) = scale.shown(place) else { continue };
        if is_whole && matches!(spec.feature, Feature::Value | Feature::Step) {
            (found, usual) = (found.round(), usual.round());
        }
        let (feature, span) = (spec.feature, spec.span);
        reasons.push(Reason { feature, span, found, usual, is_high, surprise, among: scale.seen(place) });
    }
    reasons
}

impl Reason {
    /// Whether the level is above what is usual, where the reason is about the level.
    #[must_use]
    pub const fn is_level_high(&self) -> Option<bool> {
        match self.feature {
            Feature::Value | Feature::Mean | Feature::Change | Feature::Residual => Some(self.is_high),
            Feature::Highs => Some(true),
            Feature::Lows => Some(false),
            Feature::Step | Feature::Spread | Feature::Jitter | Feature::Range | Feature::Novelty => None,
        }
    }

    /// How far the level is from what is usual, as a share of that; `None` where the reason is not about the level.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        matches!(self.feature, Feature::Value | Feature::Mean)
            .then(|| (self.found - self.usual).abs() / self.usual.abs().max(f64::MIN_POSITIVE))
    }

    /// The reason as part of a sentence.
    #[must_use]
    pub fn words(&self, unit: Unit) -> String {
        let Self { found, usual, span, .. } = *self;
        let (show, usual) = (|number: f64| value(number, unit), value(usual, unit));
        let side = if self.is_high { "above" } else { "below" };
        match self.feature {
            Feature::Value => format!("{}, usually {usual}", show(found)),
            Feature::Step => format!("a step of {}, usually {usual}", show(found)),
            Feature::Mean => format!("mean of {span} samples {}, usually {usual}", show(found)),
            Feature::Spread => format!("sd of {span} samples {}, usually {usual}", show(found)),
            Feature::Jitter => format!("mean step {}, usually {usual}", show(found)),
            Feature::Change => format!("mean of {span} samples {} {side} the {span} before", show(found.abs())),
            Feature::Range => format!("range of {span} samples {}, usually {usual}", show(found)),
            Feature::Residual => format!("{} {side} the usual at this time", show(found.abs())),
            Feature::Novelty => "values spread as never before".to_owned(),
            Feature::Highs => "rare highs come often".to_owned(),
            Feature::Lows => "rare lows come often".to_owned(),
        }
    }

    /// The reason by itself, with its numbers where they are of the metric's unit. `value` is the sample's, which is
    /// known here to one in a million only.
    #[must_use]
    pub fn explained(&self, value: f64, unit: Unit) -> Explanation {
        let (observed, expected) = match self.feature {
            Feature::Value => (Some(value), Some(self.usual)),
            Feature::Novelty | Feature::Highs | Feature::Lows => (None, None),
            Feature::Change | Feature::Residual => (Some(self.found), None),
            Feature::Step | Feature::Mean | Feature::Spread | Feature::Jitter | Feature::Range => {
                (Some(self.found), Some(self.usual))
            }
        };
        Explanation {
            text: self.words(unit),
            observed,
            expected,
            rarity: Some(self.rarity()),
            samples: u32::from(self.span.max(1)),
        }
    }

    /// How rare it is, as part of a sentence: `highest in 4096 samples`.
    #[must_use]
    pub fn rarity(&self) -> String {
        let which = if self.is_high { "highest" } else { "lowest" };
        if self.surprise >= (self.among as f64 + 1.0).ln() - 1e-9 {
            format!("{which} in {} samples", self.among)
        } else {
            format!("{which} 1 in {}", number(self.surprise.exp().round()))
        }
    }
}
