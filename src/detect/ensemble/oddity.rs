//! What is odd about a value beside the hundred before it, and how that is said.

use super::limits::Limits;
use super::recent::Recent;
use crate::model::text::{number, value};
use crate::model::{ControlLimits, Rule, Unit};
use crate::stats::Fences;

/// The weights of the votes; together 1.
const ISOLATED: f64 = 0.4;
const FENCED: f64 = 0.3;
const TRENDING: f64 = 0.3;
/// Sums of weights are compared with this much to spare.
const ROUNDING: f64 = 1e-9;

/// Why a value is odd.
#[derive(Debug, Clone, PartialEq)]
pub struct Oddity {
    rule: Rule,
    found: f64,
    /// How many values it was compared with.
    among: usize,
    /// Their mean and standard deviation.
    pub usual: ControlLimits,
    why: Why,
}

#[derive(Debug, Clone, PartialEq)]
enum Why {
    /// So many standard deviations from the mean.
    Sds(f64),
    /// Beyond one of the fences.
    Fence(Fences),
    /// So many times the average.
    Times(f64),
    /// Enough votes.
    Votes { sum: f64, isolation: Option<f64>, fences: Option<Fences>, change: Option<f64> },
}

impl Oddity {
    /// What a detector says of the next value; `None` when nothing is odd, or too little is known.
    pub(super) fn of(rule: Rule, recent: &mut Recent, found: f64, limits: &Limits) -> Option<Self> {
        let moments = recent.moments();
        let (mean, sd) = (moments.mean, moments.std_dev()?);
        let why = match rule {
            Rule::ZScore => {
                let sds = ((found - mean) / sd).abs();
                (sd > 0.0 && sds.is_finite() && sds > limits.sds).then_some(Why::Sds(sds))
            }
            Rule::Iqr => recent.fences(limits.multiplier).filter(|fences| is_beyond(fences, found)).map(Why::Fence),
            Rule::TimesAverage => {
                let times = found / mean;
                (mean > 0.0 && times.is_finite() && times > limits.times).then_some(Why::Times(times))
            }
            Rule::Ensemble => votes(recent, found, limits),
            _ => None,
        }?;
        Some(Self { rule, found, among: recent.len(), usual: ControlLimits::new(mean, sd), why })
    }

    /// What found it.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// Whether the value is above what was expected.
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.found >= self.usual.center
    }

    /// The sentence, without the metric's name: what was found, what was expected, and how far apart they are.
    #[must_use]
    pub fn sentence(&self, unit: Unit) -> String {
        let show = |number: f64| value(number, unit);
        let (found, among) = (show(self.found), self.among);
        let (mean, sd) = (show(self.usual.center), show(self.usual.sigma));
        match &self.why {
            Why::Sds(sds) => {
                let side = if self.is_high() { "above" } else { "below" };
                format!("{found} is {} sd {side} the mean {mean} of the last {among} samples (sd {sd})", number(*sds))
            }
            Why::Fence(fences) => {
                format!("{found} is {} of the last {among} samples", beyond(fences, self.found, unit))
            }
            Why::Times(times) => {
                format!("{found} is {} times the average {mean} of the last {among} samples", number(*times))
            }
            Why::Votes { sum, isolation, fences, change } => {
                let isolated = isolation.map(|score| format!("set apart by the isolation forest (score {score:.2})"));
                let fenced = fences.as_ref().map(|fences| beyond(fences, self.found, unit));
                let trending = change.map(|change| {
                    let way = if change > 0.0 { "rise" } else { "fall" };
                    format!("at the end of a {way} by {}", show(change.abs()))
                });
                let votes: Vec<String> = [isolated, fenced, trending].into_iter().flatten().collect();
                format!("{found}, mean of the last {among} samples {mean}: {} ({sum:.1} of 1 votes)", votes.join("; "))
            }
        }
    }
}

fn is_beyond(fences: &Fences, found: f64) -> bool {
    found < fences.lower || found > fences.upper
}

/// How far a value is beyond the fence, as part of a sentence.
fn beyond(fences: &Fences, found: f64, unit: Unit) -> String {
    let (side, fence) = if found > fences.upper { ("above", fences.upper) } else { ("below", fences.lower) };
    format!(
        "{} {side} the fence {} around the middle half ({} to {})",
        value((found - fence).abs(), unit),
        value(fence, unit),
        value(fences.q1, unit),
        value(fences.q3, unit),
    )
}

/// The weighted votes on a value, when they are enough.
fn votes(recent: &mut Recent, found: f64, limits: &Limits) -> Option<Why> {
    let isolation = recent.isolation(found, limits.contamination).and_then(|(score, is_odd)| is_odd.then_some(score));
    let fences = recent.fences(limits.multiplier).filter(|fences| is_beyond(fences, found));
    let change = recent.line_to(found).filter(|line| line.is_sure(limits.significance)).map(|line| line.change);
    let weight = |is_odd: bool, weight: f64| if is_odd { weight } else { 0.0 };
    let sum =
        weight(isolation.is_some(), ISOLATED) + weight(fences.is_some(), FENCED) + weight(change.is_some(), TRENDING);
    (sum >= limits.votes - ROUNDING).then_some(Why::Votes { sum, isolation, fences, change })
}
