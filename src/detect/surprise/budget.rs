//! From a budget of false alarms to thresholds: how surprising a metric is by chance is learned from its own history.
//!
//! Peaks over a threshold (Davison & Smith 1990, Models for exceedances over high thresholds): surprises beyond a low level are
//! counted, one a pause, and how far they go beyond it is taken to be exponential. The level that is reached as often as the
//! budget allows is then low + scale * ln(rate / budget) (Coles 2001, An introduction to statistical modeling of extreme
//! values, equation 4.12 with shape 0).
//!
//! Constant memory and no look ahead: a threshold goes by the peaks that were over before.

use serde::{Deserialize, Serialize};

use super::{Thresholds, labels};
use crate::model::{Budget, Precision, Sensitivity};

/// The low level, in nats: reached by chance some thirty times a week at a sample a minute.
const LOW: f64 = 15.0;
/// What is taken for true before it is known: how far beyond the low level peaks are on average, in nats, and so that a metric
/// without a history has the usual thresholds. Measured on healthy metrics, 2.4 to 2.9 and 19 to 33 peaks a week.
const SCALE: f64 = 2.6;
/// For how many weeks and peaks that counts.
const TRUSTED_WEEKS: f64 = 0.1;
const TRUSTED_PEAKS: f64 = 50.0;
/// What is worth a toast is one peak, not a great one: it may have been an incident.
const GREATEST: f64 = 9.0;
/// Weeks after which a peak counts half.
const HALF_LIFE: f64 = 4.0;
/// A metric is watched for so long after a sample.
const LONGEST_STEP_MS: i64 = 86_400_000;
const WEEK_MS: f64 = 604_800_000.0;
/// Thresholds are within these times the usual ones.
const BOUNDS: (f64, f64) = (0.6, 1.5);

/// What a metric's thresholds are to come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aim {
    /// How easily values are called stuck, and a metric silent.
    pub(crate) sensitivity: Sensitivity,
    /// Thresholds of a metric that is as most are.
    usual: Thresholds,
    /// Toasts by chance in a week.
    most_per_week: Option<f64>,
    /// How much higher the user's labels put them, as a share.
    labels: f64,
}

impl Aim {
    /// For a budget; where there is none, thresholds are those of the sensitivity.
    #[must_use]
    pub fn new(budget: Budget, sensitivity: Sensitivity) -> Self {
        let most_per_week = budget.per_week();
        let per_week = most_per_week.or(sensitivity.budget().per_week()).unwrap_or(1.0);
        let usual = Thresholds::from_toasts_at(Thresholds::USUAL.warning - SCALE * per_week.ln());
        Self { sensitivity, usual, most_per_week, labels: 0.0 }
    }

    /// The same, for a metric that people who use the product feel, or not.
    #[must_use]
    pub fn user_facing(mut self, is_user_facing: bool) -> Self {
        self.usual.is_user_facing = is_user_facing;
        self
    }

    /// The same, moved by what the user called alerts of the metric.
    #[must_use]
    pub fn with_labels(self, labels: Option<&Precision>) -> Self {
        Self { labels: labels.map_or(0.0, labels::shift), ..self }
    }
}

impl Default for Aim {
    fn default() -> Self {
        Self::new(Budget::default(), Sensitivity::default())
    }
}

/// The surprises of a metric that were greater than the low level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Peaks {
    newest_ms: Option<i64>,
    /// Weeks that were watched, peaks in them and how far these were beyond the low level in all; half forgotten after a while.
    weeks: f64,
    count: f64,
    beyond: f64,
    /// Weeks since they were last made less.
    fresh_weeks: f64,
    /// The peak that is not over, and for how many samples it goes on.
    peak: f64,
    left: u32,
}

impl Peaks {
    pub(crate) const fn new() -> Self {
        Self { newest_ms: None, weeks: 0.0, count: 0.0, beyond: 0.0, fresh_weeks: 0.0, peak: 0.0, left: 0 }
    }

    /// Learns a sample: how surprising it was, and how long the pause after a message is. What goes on while an alert is open
    /// does not say what is by chance.
    pub(crate) fn learn(&mut self, timestamp_ms: i64, surprise: f64, pause: u32, is_open: bool) {
        let before_ms = self.newest_ms.replace(timestamp_ms).unwrap_or(timestamp_ms);
        if !is_open {
            let step_ms = timestamp_ms.saturating_sub(before_ms).clamp(0, LONGEST_STEP_MS);
            self.fresh_weeks += step_ms as f64 / WEEK_MS;
        }
        if self.left > 0 {
            self.peak = self.peak.max(surprise);
            self.left -= 1;
            if self.left == 0 {
                self.end();
            }
        } else if surprise >= LOW && !is_open {
            (self.peak, self.left) = (surprise, pause);
        }
    }

    fn end(&mut self) {
        let kept = (-self.fresh_weeks / HALF_LIFE).exp2();
        self.weeks = kept * self.weeks + std::mem::take(&mut self.fresh_weeks);
        self.count = kept * self.count + 1.0;
        self.beyond = kept * self.beyond + (self.peak - LOW).min(GREATEST);
    }

    /// The thresholds for the next sample: the usual ones, moved by labels, or higher where they would be reached by chance more
    /// often than the budget allows.
    pub(crate) fn thresholds(&self, aim: &Aim) -> Thresholds {
        let usual = (1.0 + aim.labels) * aim.usual.warning;
        let needed = aim.most_per_week.map_or(0.0, |per_week| self.reached(per_week));
        let (least, most) = BOUNDS;
        let warning = usual.max(needed).clamp(least * Thresholds::USUAL.warning, most * Thresholds::USUAL.warning);
        Thresholds { is_user_facing: aim.usual.is_user_facing, ..Thresholds::from_toasts_at(warning) }
    }

    /// What is reached by chance so often in a week.
    fn reached(&self, per_week: f64) -> f64 {
        let usual_rate = ((Thresholds::USUAL.warning - LOW) / SCALE).exp();
        let weeks = self.weeks + self.fresh_weeks;
        let rate = TRUSTED_WEEKS.mul_add(usual_rate, self.count) / (TRUSTED_WEEKS + weeks);
        let scale = TRUSTED_PEAKS.mul_add(SCALE, self.beyond) / (TRUSTED_PEAKS + self.count);
        scale.mul_add((rate / per_week).ln(), LOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;
    const WEEK: i64 = 10_080;

    fn aim(budget: &str) -> Aim {
        Aim::new(budget.parse().unwrap(), Sensitivity::Medium)
    }

    /// So many weeks of minutes, in which every `every`th has a peak.
    fn learned(weeks: i64, every: i64, peak: impl Fn(i64) -> f64) -> Peaks {
        let mut peaks = Peaks::new();
        for at in 0..weeks * WEEK {
            let surprise = if at % every == 0 { peak(at / every) } else { 4.0 };
            peaks.learn(at * MINUTE_MS, surprise, 5, false);
        }
        peaks
    }

    /// Exponential with a mean of `scale` beyond the low level, its quantiles in an order that looks like chance.
    fn exponential(scale: f64) -> impl Fn(i64) -> f64 {
        move |at| LOW - scale * ((at * 7_919 % 1_009) as f64 + 0.5).ln() + scale * 1_009_f64.ln()
    }

    #[rstest::rstest]
    #[case("1/week", 22.5)]
    #[case("1/day", 17.440_633)]
    #[case("1/month", 26.283_747)]
    #[case("24/day", 13.5)]
    fn without_a_history_thresholds_go_by_the_budget(#[case] budget: &str, #[case] warning: f64) {
        // 22.5 - 2.6 ln(per week), by Python; at least 0.6 of 22.5.
        let thresholds = Peaks::new().thresholds(&aim(budget));
        assert!((thresholds.warning - warning).abs() < 1e-6, "{thresholds:?}");
        assert!((thresholds.critical / warning - 28.0 / 22.5).abs() < 1e-6, "{thresholds:?}");
    }

    #[test]
    fn a_sensitivity_stands_for_a_budget() {
        for sensitivity in Sensitivity::EVERY {
            let by_word = Aim::new(sensitivity.budget(), Sensitivity::Medium);
            assert_eq!(
                by_word,
                Aim { sensitivity: Sensitivity::Medium, ..Aim::new(sensitivity.budget(), sensitivity) }
            );
            assert_eq!(by_word.usual, Aim::new(Budget::OFF, sensitivity).usual);
        }
    }

    #[rstest::rstest]
    #[case(34, 2.6, "1/week")]
    #[case(34, 2.6, "2/day")]
    #[case(20, 2.2, "3/week")]
    #[case(68, 2.9, "1/month")]
    fn peaks_beyond_the_threshold_are_as_many_as_the_budget_allows(
        #[case] every: i64,
        #[case] scale: f64,
        #[case] budget: &str,
    ) {
        let thresholds = learned(12, every, exponential(scale)).thresholds(&aim(budget));
        // Of an exponential distribution so many are beyond: the share, times how many there are in a week.
        let beyond = (-(thresholds.warning - LOW) / scale).exp() * WEEK as f64 / every as f64;
        let allowed = budget.parse::<Budget>().unwrap().per_week().unwrap();
        assert!((0.6..1.5).contains(&(beyond / allowed)), "{beyond} of {allowed}: {thresholds:?}");
    }

    #[test]
    fn thresholds_are_not_lowered_and_stay_within_bounds() {
        let quiet = learned(12, 5_000, |_| 16.0);
        assert_eq!(quiet.thresholds(&aim("1/week")), Thresholds::USUAL);
        let wild = learned(12, 6, |_| 90.0);
        assert!((wild.thresholds(&aim("1/week")).warning - 1.5 * 22.5).abs() < 1e-9);
        assert_eq!(wild.thresholds(&aim("off")), Thresholds::USUAL);
    }

    #[test]
    fn labels_move_thresholds_but_never_below_the_budget() {
        let labels = |labelled, called_true| Precision {
            metric: "lcp".into(),
            rule: crate::model::Rule::Surprise,
            labelled,
            called_true,
        };
        let toasts_from =
            |peaks: &Peaks, labels: &Precision| peaks.thresholds(&aim("1/week").with_labels(Some(labels))).warning;
        let (unknown, quiet) = (Peaks::new(), learned(12, 5_000, |_| 16.0));
        assert!((toasts_from(&unknown, &labels(2, 0)) - 1.1 * 22.5).abs() < 1e-9);
        assert!((toasts_from(&unknown, &labels(5, 5)) - 22.5).abs() < 1e-9, "nothing says that it is quiet");
        assert!((toasts_from(&quiet, &labels(5, 5)) - 0.9 * 22.5).abs() < 1e-9);
        let busy = learned(12, 34, exponential(2.6));
        assert!(toasts_from(&busy, &labels(5, 5)) >= busy.thresholds(&aim("1/week")).warning);
    }

    #[test]
    fn incidents_teach_it_little() {
        let healthy = learned(4, 400, exponential(2.6));
        let mut ill = healthy.clone();
        for at in 4 * WEEK..5 * WEEK {
            // A message, then an alert that is open for a week.
            ill.learn(at * MINUTE_MS, 80.0, 110, at > 4 * WEEK);
        }
        let weekly = aim("1/week");
        assert!(ill.thresholds(&weekly).warning < 1.05 * healthy.thresholds(&weekly).warning);
    }

    #[test]
    fn what_is_not_over_does_not_count() {
        let mut peaks = learned(1, 400, |_| 16.0);
        let before = peaks.count;
        (0..110).for_each(|at| peaks.learn((WEEK + at) * MINUTE_MS, 60.0, 110, false));
        assert!((peaks.count - before).abs() < 1e-12);
        peaks.learn((WEEK + 110) * MINUTE_MS, 1.0, 110, false);
        assert!(peaks.count > before);
    }

    #[test]
    fn hostile_times_are_survived() {
        let mut peaks = Peaks::new();
        for timestamp_ms in [i64::MIN, i64::MAX, 0, i64::MIN, i64::MAX] {
            peaks.learn(timestamp_ms, 90.0, 1, false);
        }
        assert!(peaks.thresholds(&aim("1/week")).warning.is_finite());
    }
}
