//! Runs that fail: several in a row, or more than there used to be.

use super::deviation::{HISTORY_RUNS, Said, Unusual};
use super::episode::Episode;
use crate::model::{ERROR_PERCENT, FAILURES_IN_A_ROW, RunRule, RunThresholds};
use crate::stats::at_least;

/// A spike is looked for among so many runs.
const SPIKE_RUNS: usize = 10;
/// So unlikely are that many failures among them, at the rate of those before.
const SIGNIFICANCE: f64 = 0.01;

/// How the runs so far ended.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// Whether each failed, the oldest first.
    failed: Vec<bool>,
    streak: Episode,
    spike: Episode,
}

impl Failures {
    pub fn judge(&mut self, is_success: bool, thresholds: &RunThresholds, said: &mut Said<'_>) {
        self.failed.push(!is_success);
        let in_a_row = self.failed.iter().rev().take_while(|failed| **failed).count();
        let streak = (in_a_row >= thresholds.streak as usize && !is_success).then(|| Unusual {
            rules: vec![RunRule::BlockerStreak],
            average: None,
            deviation_percent: None,
            threshold_percent: None,
            limit: f64::from(thresholds.streak),
        });
        said.take(FAILURES_IN_A_ROW, in_a_row as f64, streak, &mut self.streak);
        let (percent, spike) = self.spike(thresholds);
        // A success ends it, however long the failures stay among the last runs.
        said.take(ERROR_PERCENT, percent, spike.filter(|_| !is_success), &mut self.spike);
    }

    /// How many of the last runs failed, in percent, and whether that is a spike: at least so many, and as many less
    /// likely than [`SIGNIFICANCE`] at the rate of those before (Laplace's rule of succession: one failure more in two).
    fn spike(&self, thresholds: &RunThresholds) -> (f64, Option<Unusual>) {
        let (before, last) = self.failed.split_at(self.failed.len().saturating_sub(SPIKE_RUNS));
        let before = &before[before.len().saturating_sub(HISTORY_RUNS)..];
        let count = |runs: &[bool]| runs.iter().filter(|failed| **failed).count();
        let (failures, earlier) = (count(last), count(before));
        let percent = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
        let now = percent(failures, last.len());
        let chance = (earlier + 1) as f64 / (before.len() + 2) as f64;
        let is_spike = failures >= thresholds.error_spike as usize
            && at_least(failures as u64, last.len() as u64, chance) < SIGNIFICANCE;
        let average = percent(earlier, before.len());
        let unusual = is_spike.then(|| Unusual {
            rules: vec![RunRule::ErrorSpike],
            average: Some(average),
            deviation_percent: (average > 0.0).then(|| 100.0 * (now - average) / average),
            threshold_percent: None,
            limit: percent(thresholds.error_spike as usize, last.len()),
        });
        (now, unusual)
    }
}
