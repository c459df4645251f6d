//! How surprising a metric was of late: enough to draw, in 2.5 KiB.

use serde::{Deserialize, Serialize};

use crate::model::SurpriseCourse;

/// Steps of a minute for a day, and of ten for a week.
const STEPS: [(i64, usize); 2] = [(60_000, 1_440), (600_000, 1_008)];
/// A quarter of a nat is told from the next.
const FINENESS: f64 = 4.0;

/// The greatest surprise of each of the last steps of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Course {
    rings: [Ring; 2],
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Ring {
    /// The newest step, counted from the Unix epoch.
    newest: Option<i64>,
    /// By step modulo their number: 0 without a sample, else one more than the quarters of a nat.
    steps: Vec<u8>,
}

impl Course {
    pub(crate) fn new() -> Self {
        Self { rings: Default::default() }
    }

    /// Takes in a sample, no older than the newest.
    pub(crate) fn push(&mut self, timestamp_ms: i64, surprise: f64) {
        let level = (surprise * FINENESS).clamp(0.0, 254.0) as u8 + 1;
        for (ring, (step_ms, steps)) in self.rings.iter_mut().zip(STEPS) {
            ring.push(timestamp_ms.div_euclid(step_ms), steps, level);
        }
    }

    /// Whether its parts go together.
    pub(crate) fn is_sound(&self) -> bool {
        let is_sound = |(ring, (_, steps)): (&Ring, (i64, usize))| {
            ring.steps.len() == if ring.newest.is_some() { steps } else { 0 }
        };
        self.rings.iter().zip(STEPS).all(is_sound)
    }

    /// The courses, the finest first.
    pub(crate) fn shown(&self) -> [SurpriseCourse; 2] {
        let [fine, coarse] = &self.rings;
        [fine.shown(STEPS[0].0), coarse.shown(STEPS[1].0)]
    }
}

impl Ring {
    fn push(&mut self, step: i64, many: usize, level: u8) {
        self.steps.resize(many, 0);
        let passed = step.saturating_sub(self.newest.unwrap_or(step)).clamp(0, many.cast_signed() as i64);
        for back in 0..passed {
            let place = self.place(step.saturating_sub(back));
            self.steps[place] = 0;
        }
        self.newest = Some(step);
        let place = self.place(step);
        self.steps[place] = self.steps[place].max(level);
    }

    fn place(&self, step: i64) -> usize {
        step.rem_euclid(self.steps.len().cast_signed() as i64) as usize
    }

    fn shown(&self, step_ms: i64) -> SurpriseCourse {
        let Some(newest) = self.newest else { return SurpriseCourse::default() };
        let first = newest.saturating_sub(self.steps.len().cast_signed() as i64 - 1);
        let nats = |level: u8| level.checked_sub(1).map(|quarters| f32::from(quarters) / FINENESS as f32);
        SurpriseCourse {
            from_ms: first.saturating_mul(step_ms),
            step_ms,
            steps: (first..=newest).map(|step| nats(self.steps[self.place(step)])).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_of_each_step_is_kept_and_the_oldest_forgotten() {
        let mut course = Course::new();
        for minute in 0..3_000 {
            course.push(minute * 60_000, (minute % 50) as f64);
            course.push(minute * 60_000 + 59_999, 1.1);
        }
        let [fine, coarse] = course.shown();
        assert_eq!((fine.from_ms, fine.steps.len()), (1_560 * 60_000, 1_440));
        let expected: Vec<_> = (1_560..3_000).map(|minute| Some(((minute % 50) as f32).max(1.0))).collect();
        assert_eq!(fine.steps, expected, "to a quarter of a nat");
        // Of a week, the first 300 tens of minutes that there were.
        assert_eq!(coarse.steps.iter().filter(|step| step.is_some()).count(), 300);
        assert_eq!(coarse.steps.last(), Some(&Some(49.0)));
    }

    #[test]
    fn where_no_sample_was_there_is_nothing() {
        let mut course = Course::new();
        for minute in [0, 1, 4, 2_000] {
            course.push(minute * 60_000, 7.0);
        }
        let [fine, coarse] = course.shown();
        assert_eq!(fine.steps.iter().filter(|step| step.is_some()).count(), 1);
        let known: Vec<usize> = (0..coarse.steps.len()).filter(|&at| coarse.steps[at].is_some()).collect();
        assert_eq!(known, [1_007 - 200, 1_007]);
    }

    #[test]
    fn hostile_times_and_surprises_are_survived() {
        let mut course = Course::new();
        for (timestamp_ms, surprise) in [(i64::MIN, f64::NAN), (0, -1.0), (i64::MAX, f64::INFINITY)] {
            course.push(timestamp_ms, surprise);
            let [fine, _] = course.shown();
            assert_eq!(fine.steps.len(), 1_440);
        }
    }
}
