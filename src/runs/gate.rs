//! The gate: whether the newest runs are a regression against those that were accepted.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::comparison::{Comparison, can_differ};
use crate::model::Direction;
use crate::stats::false_discovery;

/// What is asked of a regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateOptions {
    /// How likely at most a shift as clear as the one found is when nothing has changed.
    pub significance: f64,
    /// Changes below this share are none.
    pub min_effect: f64,
    /// How many of the newest runs must show it one by one; `None` for four of five, of however many there are.
    pub confirm: Option<Confirm>,
}

impl Default for GateOptions {
    /// One false regression in a hundred unchanged comparisons (`docs/ci.md` has the measured rates): 0.0085 for the
    /// test of means, which that of ranks adds to.
    fn default() -> Self {
        Self { significance: 0.0085, min_effect: 0.03, confirm: None }
    }
}

/// `k` of the `n` newest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Confirm {
    /// So many must show a change,
    pub k: usize,
    /// of so many that are looked at.
    pub n: usize,
}

/// Fewer runs than these show nothing, unless the user says how many are to confirm it.
pub const FEWEST_NEW: usize = 3;
/// Fewer runs than these are no baseline.
pub const FEWEST_BEFORE: usize = 5;
/// What is likelier than this where nothing has changed is not even a sign of it.
const A_SIGN: f64 = 0.2;

/// What the newest runs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Worse, for sure and by more than the least effect.
    Regression,
    /// Better, as surely.
    Improvement,
    /// Neither, as far as these runs could have shown.
    NoChange,
    /// There are signs that it is worse, and not for sure.
    Inconclusive,
    /// So many of the newest runs failed that there is nothing left to judge.
    Failed,
    /// There are too few runs to say.
    NotEnoughData,
    /// The runs took place in different environments.
    DifferentEnvironment,
}

impl Verdict {
    /// As it is said to the user.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Improvement => "improvement",
            Self::NoChange => "no change",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
            Self::NotEnoughData => "not enough data",
            Self::DifferentEnvironment => "different environment",
        }
    }
}

/// The values of one metric on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Those that were accepted, or came before.
    pub before: Vec<f64>,
    /// Those of the newest runs.
    pub after: Vec<f64>,
    /// Which way is better; either for a metric of which any change is to be looked at.
    pub direction: Direction,
    /// Differences up to this, in the unit of the metric, are noise of measuring.
    pub noise: f64,
    /// Whether both took place in one environment.
    pub is_comparable: bool,
    /// Whether the newest are what is left of runs that failed ([`has_failed`]).
    pub has_failed: bool,
}

/// Whether so many of the newest runs failed that those which succeeded are too few to be judged.
#[must_use]
pub fn has_failed(succeeded: usize, failed: usize, options: &GateOptions) -> bool {
    let fewest = if options.confirm.is_some() { 1 } else { FEWEST_NEW };
    failed > 0 && succeeded < fewest
}

/// What was found of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judged {
    /// What the newest runs are.
    pub verdict: Verdict,
    /// How both sides differ; `None` when one of them is empty.
    pub comparison: Option<Comparison>,
    /// How likely at most as clear a change for the worse is when nothing has changed, among so many metrics
    /// ([`false_discovery`]),
    pub p_worse: f64,
    /// and for the better; 1 where either way is worse.
    pub p_better: f64,
    /// How many of the newest runs show it one by one,
    pub confirmed: usize,
    /// and how many have to.
    pub needed: usize,
}

/// Judges the metrics of one gate together: the more are looked at, the clearer each must be.
#[must_use]
pub fn judge(metrics: &[Evidence], options: &GateOptions) -> Vec<Judged> {
    let compared: Vec<Sided> = metrics.iter().map(|evidence| Sided::of(evidence, options)).collect();
    let adjusted = |p: fn(&Sided) -> f64| false_discovery(&compared.iter().map(p).collect::<Vec<_>>());
    let (worse, better) = (adjusted(|sided| sided.p_worse), adjusted(|sided| sided.p_better));
    let judged = compared.iter().zip(metrics).zip(worse.into_iter().zip(better));
    judged.map(|((sided, evidence), (p_worse, p_better))| sided.judged(evidence, p_worse, p_better, options)).collect()
}

/// A comparison by what is better and worse.
#[derive(Debug)]
struct Sided {
    comparison: Option<Comparison>,
    p_worse: f64,
    p_better: f64,
}

impl Sided {
    fn of(evidence: &Evidence, options: &GateOptions) -> Self {
        let comparison = Comparison::of(&evidence.before, &evidence.after, options.significance);
        let (p_worse, p_better) = comparison.map_or((1.0, 1.0), |found| match evidence.direction {
            Direction::Lower => (found.p_above, found.p_below),
            Direction::Higher => (found.p_below, found.p_above),
            Direction::Either => ((2.0 * found.p_above.min(found.p_below)).min(1.0), 1.0),
        });
        Self { comparison, p_worse, p_better }
    }

    fn judged(&self, evidence: &Evidence, p_worse: f64, p_better: f64, options: &GateOptions) -> Judged {
        let needed = needed(evidence.after.len(), options.confirm);
        let comparison = self.comparison;
        let judged = |verdict, confirmed| Judged { verdict, comparison, p_worse, p_better, confirmed, needed };
        if evidence.has_failed {
            return judged(Verdict::Failed, 0);
        }
        let Some(found) = &self.comparison else { return judged(Verdict::NotEnoughData, 0) };
        // A change of what lies around 0 has no share: then every one counts that is sure.
        let least = |share: Option<f64>| {
            found.shift.abs() > evidence.noise && share.is_none_or(|share| share >= options.min_effect)
        };
        let confirmed = |sign: f64| {
            let shows = |value: &&f64| match found.change_of(**value) {
                Some(change) => sign * change >= options.min_effect,
                None => sign * (**value - found.first.median) > 0.0,
            };
            evidence.after.iter().filter(shows).count()
        };
        let worse_sign = match evidence.direction {
            Direction::Lower => 1.0,
            Direction::Higher => -1.0,
            Direction::Either => found.shift.signum(),
        };
        let worse = confirmed(worse_sign);
        if !evidence.is_comparable {
            return judged(Verdict::DifferentEnvironment, worse);
        }
        if evidence.before.len() < FEWEST_BEFORE {
            return judged(Verdict::NotEnoughData, worse);
        }
        let by = found.change.map(|change| worse_sign * change.estimate);
        let is_worse = least(by) && worse_sign * found.shift > 0.0;
        if is_worse && p_worse <= options.significance && worse >= needed {
            return judged(Verdict::Regression, worse);
        }
        let is_better = least(by.map(|by| -by)) && worse_sign * found.shift < 0.0;
        if is_better && p_better <= options.significance && confirmed(-worse_sign) >= needed {
            return judged(Verdict::Improvement, confirmed(-worse_sign));
        }
        if !can_differ(evidence.before.len(), evidence.after.len()) {
            return judged(Verdict::NotEnoughData, worse);
        }
        if is_worse && p_worse <= A_SIGN {
            return judged(Verdict::Inconclusive, worse);
        }
        let is_short = evidence.after.len() < FEWEST_NEW && options.confirm.is_none();
        judged(if is_short { Verdict::NotEnoughData } else { Verdict::NoChange }, worse)
    }
}

impl Judged {
    /// The probability of the change that was found, for the worse or for the better as it is.
    #[must_use]
    pub fn p_found(&self, direction: Direction) -> f64 {
        let shift = self.comparison.map_or(0.0, |found| found.shift);
        let is_better = match direction {
            Direction::Lower => shift < 0.0,
            Direction::Higher => shift > 0.0,
            Direction::Either => false,
        };
        if is_better { self.p_better } else { self.p_worse }
    }
}

/// How many runs must show a change one by one.
fn needed(count: usize, confirm: Option<Confirm>) -> usize {
    confirm.map_or_else(|| (count * 4).div_ceil(5).max(FEWEST_NEW), |confirm| confirm.k)
}
