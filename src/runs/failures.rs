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
    /// Whether so many failures are what is usual by now.
    is_usual: bool,
}

/// How many of the last runs failed.
struct Rate {
    /// In percent of them.
    percent: f64,
    /// Whether that is as many as a spike has.
    is_high: bool,
    /// What is unusual about it, given the runs before.
    unusual: Option<Unusual>,
}

impl Failures {
    /// One more run. Failures in a row are over with the first success; a spike when the rate is down, or when it has lasted
    /// until the runs before let expect it.
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

        let Rate { percent, is_high, unusual } = self.rate(thresholds);
        self.is_usual &= is_high;
        if self.spike.is_on() && is_high && unusual.is_none() {
            self.is_usual = true;
            return said.lasts(ERROR_PERCENT, &mut self.spike);
        }
        // It begins with a failure, and not with one of a streak, which is told of already.
        let may_begin = !is_success && !self.streak.is_on() && !self.is_usual;
        let spike = unusual.filter(|_| self.spike.is_on() || may_begin);
        said.take(ERROR_PERCENT, percent, spike, &mut self.spike);
    }

    /// The rate among the last runs. It is a spike with at least so many failures, and as many less likely than
    /// [`SIGNIFICANCE`] at the rate of those before (Laplace's rule of succession: one failure more in two).
    fn rate(&self, thresholds: &RunThresholds) -> Rate {
        let (before, last) = self.failed.split_at(self.failed.len().saturating_sub(SPIKE_RUNS));
        let before = &before[before.len().saturating_sub(HISTORY_RUNS)..];
        let count = |runs: &[bool]| runs.iter().filter(|failed| **failed).count();
        let (failures, earlier) = (count(last), count(before));
        let percent = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
        let now = percent(failures, last.len());
        let chance = (earlier + 1) as f64 / (before.len() + 2) as f64;
        let is_high = failures >= thresholds.error_spike as usize;
        let is_spike = is_high && at_least(failures as u64, last.len() as u64, chance) < SIGNIFICANCE;
        let average = percent(earlier, before.len());
        let unusual = is_spike.then(|| Unusual {
            rules: vec![RunRule::ErrorSpike],
            average: Some(average),
            deviation_percent: (average > 0.0).then(|| 100.0 * (now - average) / average),
            threshold_percent: None,
            limit: percent(thresholds.error_spike as usize, last.len()),
        });
        Rate { percent: now, is_high, unusual }
    }
}
