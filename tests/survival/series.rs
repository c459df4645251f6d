//! Samples whose identity can be told: sample `index` of a series has a value and a time that no other has.

use std::ops::Range;

/// Between two samples, in ms: 200 000 of them fit into a day.
const STEP_MS: i64 = 300;
/// A prime: multiples of another number below it are all different, and look like noise to a detector.
const VALUES: u64 = 1_048_573;

/// The samples of one metric, the first one 20 hours ago, so that all of them lie in every baseline.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    pub metric: &'static str,
    pub begin_ms: i64,
}

impl Series {
    pub fn new(metric: &'static str) -> Self {
        Self { metric, begin_ms: perftop::clock::Clock::System.now_ms() - 20 * 3_600_000 }
    }

    /// Sample `index` as (time in ms, value); sums of the values are exact.
    pub fn sample(self, index: u32) -> (i64, f64) {
        let value = u64::from(index) * 387_420_489 % VALUES;
        (self.begin_ms + i64::from(index) * STEP_MS, value as f64)
    }

    pub fn samples(self, range: Range<u32>) -> Vec<(i64, f64)> {
        range.map(|index| self.sample(index)).collect()
    }

    pub fn line(self, index: u32) -> String {
        let (timestamp_ms, value) = self.sample(index);
        format!("{{\"metric\":\"{}\",\"value\":{value},\"timestamp\":{timestamp_ms}}}\n", self.metric)
    }

    pub fn lines(self, range: Range<u32>) -> String {
        range.map(|index| self.line(index)).collect()
    }
}
