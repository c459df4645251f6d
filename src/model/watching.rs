//! How a metric is watched: where its thresholds stand, how often it was told of, and how surprising it was of late.

use serde::Serialize;

use super::text::counted;
use super::time::length;
use super::{Budget, MetricName, Severity};

/// How far back toasts are counted: four weeks.
pub const TOASTS_OVER_MS: i64 = 28 * 86_400_000;
const WEEK_MS: f64 = 604_800_000.0;

/// How often a metric was told of, and how often it may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToastRate {
    /// The metric.
    pub metric: MetricName,
    /// Toasts of surprise.
    pub toasts: u64,
    /// In how long, in ms: four weeks, or as long as there are samples.
    pub span_ms: i64,
    /// How many it may raise by chance.
    pub budget: Budget,
    /// Nats from which a surprise is a toast; `None` while nothing is learned of the metric.
    pub toasts_from: Option<f64>,
}

impl ToastRate {
    /// Toasts in a week; `None` for less than one.
    #[must_use]
    pub fn per_week(&self) -> Option<f64> {
        (4 * self.span_ms >= TOASTS_OVER_MS).then(|| self.toasts as f64 * WEEK_MS / self.span_ms as f64)
    }

    /// In words, without the metric: `3 toasts in 28d, 0.8 a week, budget 1/week; toasts from 25.1 nats`.
    #[must_use]
    pub fn words(&self) -> String {
        let rate = self.per_week().map_or_else(String::new, |rate| format!(", {rate:.1} a week"));
        let from = self.toasts_from.map_or_else(String::new, |nats| format!("; toasts from {nats:.1} nats"));
        format!("{} in {}{rate}, budget {}{from}", counted(self.toasts, "toast"), length(self.span_ms), self.budget)
    }
}

/// What the surprise detector holds of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Watching {
    /// The metric.
    pub metric: MetricName,
    /// Nats from which a surprise is listed, toasted, and toasted until it is seen.
    pub levels: [f64; 3],
    /// Samples that were learned; nothing is said before there are [`Watching::needed`].
    pub samples: u32,
    /// Samples it takes.
    pub needed: u32,
    /// Of a surprise that goes on: samples in a row that were as usual, and how many end it.
    pub calm: Option<(u32, u32)>,
    /// How surprising it was: minutes of the last day, and ten minutes of the last week.
    pub courses: [SurpriseCourse; 2],
}

impl Watching {
    /// Whether it knows too little to say anything.
    #[must_use]
    pub const fn is_learning(&self) -> bool {
        self.samples < self.needed
    }

    /// How grave so many nats are; `None` for what is not even listed.
    #[must_use]
    pub fn severity(&self, surprise: f64) -> Option<Severity> {
        let [info, warning, critical] = self.levels;
        [(critical, Severity::Critical), (warning, Severity::Warning), (info, Severity::Info)]
            .into_iter()
            .find(|&(level, _)| surprise >= level)
            .map(|(_, severity)| severity)
    }

    /// The greatest surprise of a stretch of time, in nats; `None` where there was no sample, or nobody knows.
    #[must_use]
    pub fn greatest(&self, from_ms: i64, until_ms: i64) -> Option<f64> {
        let reaches = |course: &&SurpriseCourse| course.from_ms <= from_ms;
        let [fine, coarse] = &self.courses;
        [fine, coarse].into_iter().find(reaches).unwrap_or(coarse).greatest(from_ms, until_ms)
    }
}

/// How surprising a metric was, step by step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SurpriseCourse {
    /// When the first step began: ms since the Unix epoch.
    pub from_ms: i64,
    /// How long a step is, in ms; more than 0 where there are steps.
    pub step_ms: i64,
    /// The greatest surprise of each, in nats; `None` without a sample.
    pub steps: Vec<Option<f32>>,
}

impl SurpriseCourse {
    fn greatest(&self, from_ms: i64, until_ms: i64) -> Option<f64> {
        let place = |at_ms: i64| at_ms.saturating_sub(self.from_ms).div_euclid(self.step_ms.max(1));
        let first = usize::try_from(place(from_ms)).unwrap_or(0);
        let last = usize::try_from(place(until_ms.saturating_sub(1))).ok()?;
        let steps = self.steps.get(first..(last + 1).min(self.steps.len()))?;
        steps.iter().flatten().copied().reduce(f32::max).map(f64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(from_ms: i64, step_ms: i64, steps: &[Option<f32>]) -> SurpriseCourse {
        SurpriseCourse { from_ms, step_ms, steps: steps.to_vec() }
    }

    fn watching() -> Watching {
        Watching {
            metric: "lcp".into(),
            levels: [17.5, 24.25, 28.0],
            samples: 100,
            needed: 100,
            calm: None,
            courses: [
                course(1_000, 10, &[Some(3.0), None, Some(30.0), Some(5.0)]),
                course(0, 500, &[Some(18.0), Some(9.0), Some(30.0)]),
            ],
        }
    }

    #[test]
    fn the_finest_course_that_reaches_back_is_asked() {
        let watching = watching();
        assert_eq!(watching.greatest(1_000, 1_040), Some(30.0));
        assert_eq!(watching.greatest(1_010, 1_020), None, "no sample");
        assert_eq!(watching.greatest(1_035, 1_036), Some(5.0));
        assert_eq!(watching.greatest(500, 1_000), Some(9.0), "from the coarse one");
        assert_eq!(watching.greatest(-5_000, 10), Some(18.0), "it began later");
        assert_eq!(watching.greatest(-5_000, -1_000), None);
        assert_eq!(watching.greatest(9_000, 9_900), None, "not yet");
        assert_eq!(watching.greatest(i64::MIN, i64::MAX), Some(30.0));
    }

    #[test]
    fn surprises_are_as_grave_as_the_levels_say() {
        let severities = [17.4, 17.5, 24.25, 28.0].map(|surprise| watching().severity(surprise));
        assert_eq!(severities, [None, Some(Severity::Info), Some(Severity::Warning), Some(Severity::Critical)]);
    }

    #[test]
    fn a_rate_is_told_when_there_was_time_for_one() {
        let rate = |toasts, span_ms| ToastRate {
            metric: "lcp".into(),
            toasts,
            span_ms,
            budget: Budget::WEEKLY,
            toasts_from: Some(25.13),
        };
        assert_eq!(
            rate(3, TOASTS_OVER_MS).words(),
            "3 toasts in 28d, 0.8 a week, budget 1/week; toasts from 25.1 nats"
        );
        let unknown = ToastRate { toasts_from: None, ..rate(1, 3_600_000) };
        assert_eq!(unknown.words(), "1 toast in 1h, budget 1/week");
    }
}
