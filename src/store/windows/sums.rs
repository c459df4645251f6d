//! One window of one series, summed up while its hours go by.
//!
//! Hours in their short form are merged from it, the values of the others are held. Where the window turns out to
//! hold few enough samples to be exact, the values of the former are seen again, and those near the quantiles are
//! kept ([`Sieve`]); where it holds more, what is held goes into the sketch, too.

use crate::model::{Baseline, Point, TimeRange};
use crate::stats::{self, Moments, Sieve, Sketch};
use crate::store::dense::Dense;
use crate::store::hour;

/// The quantiles of a baseline.
const AT: [f64; 3] = [0.5, 0.95, 0.99];

/// The short forms of hours are not those of their values.
#[derive(Debug)]
pub(super) struct Inconsistent;

/// What is known of one window.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) range: TimeRange,
    /// With more samples it is no longer exact.
    exact_samples: u64,
    is_exact: bool,
    /// Values that are held.
    values: Vec<f64>,
    /// Sums of those that are not.
    moments: Moments,
    sketch: Sketch,
    /// Of these, what is seen again.
    sieve: Option<Sieve<3>>,
}

impl Sums {
    /// Nothing yet; about `expected` values will be held, in the memory of `values`.
    pub(super) fn new(range: TimeRange, exact_samples: u64, expected: u64, mut values: Vec<f64>) -> Self {
        values.clear();
        values.reserve(expected.min(exact_samples) as usize);
        Self {
            range,
            exact_samples,
            is_exact: true,
            values,
            moments: Moments::default(),
            sketch: Sketch::default(),
            sieve: None,
        }
    }

    pub(super) fn touches(&self, hour: i64) -> bool {
        hour::hours_in(self.range).contains(&hour)
    }

    pub(super) fn holds(&self, hour: i64) -> bool {
        hour::is_within(hour, self.range)
    }

    pub(super) fn add_many(&mut self, values: impl Iterator<Item = f64>) {
        self.values.extend(values);
        if self.values.len() as u64 > self.exact_samples {
            self.condense();
        }
    }

    /// Adds the samples that lie in the window.
    pub(super) fn add_points(&mut self, points: &[Point]) {
        let range = self.range;
        self.add_many(points.iter().filter(|point| range.contains(point.timestamp_ms)).map(|point| point.value));
    }

    /// Adds an hour that it holds whole; `None` when the short form is damaged.
    pub(super) fn add_dense(&mut self, dense: &Dense<'_>) -> Option<()> {
        self.sketch.merge_encoded(dense.sketch).ok()?;
        self.moments.merge(&dense.moments);
        Some(())
    }

    /// Samples so far.
    pub(super) fn count(&self) -> u64 {
        self.moments.n + self.values.len() as u64
    }

    /// Everything was added, and the newest sample is to be left out where the window is exact. How many values
    /// are to be kept when the hours that were in their short form are seen again.
    pub(super) fn settle(&mut self, newest: Option<f64>) -> u64 {
        if !self.is_exact || self.count() > self.exact_samples {
            self.condense();
            return 0;
        }
        let at = newest.and_then(|newest| self.values.iter().rposition(|value| value.to_bits() == newest.to_bits()));
        at.map(|at| self.values.swap_remove(at));
        if self.moments.n == 0 {
            return 0;
        }
        let mut counted = self.sketch.clone();
        counted.add_many(&self.values);
        self.sieve = Sieve::new(&counted, AT);
        self.sieve.as_mut().map_or(0, |sieve| {
            sieve.add_many(&self.values);
            sieve.wanted()
        })
    }

    /// Puts sums in the place of values.
    fn condense(&mut self) {
        self.moments.merge(&Moments::of(&self.values));
        self.sketch.add_many(&self.values);
        self.values.clear();
        self.is_exact = false;
    }

    /// Whether an hour that was in its short form is to be seen again.
    pub(super) fn sees_again(&self, hour: i64) -> bool {
        self.sieve.is_some() && self.holds(hour)
    }

    /// The values of an hour that was in its short form.
    pub(super) fn see_again(&mut self, values: &[f64]) {
        if let Some(sieve) = &mut self.sieve {
            sieve.add_many(values);
        }
    }

    /// The memory of the values, which are void.
    pub(super) fn into_memory(self) -> Vec<f64> {
        self.values
    }

    /// What is known of the window; to be asked once, when everything was taken.
    pub(super) fn baseline(&mut self) -> Result<Option<Baseline>, Inconsistent> {
        if self.is_exact && self.moments.n == 0 {
            return Ok(stats::baseline(&mut self.values));
        }
        let quantiles = match (self.is_exact, self.sieve.take()) {
            (false, _) => self.sketch.quantiles(AT),
            (true, sieve) => Some(sieve.and_then(Sieve::quantiles).ok_or(Inconsistent)?),
        };
        self.moments.merge(&Moments::of(&self.values));
        let Moments { n, mean, min, max, .. } = self.moments;
        Ok(quantiles.map(|[p50, p95, p99]| Baseline {
            count: n,
            mean,
            std_dev: self.moments.std_dev().unwrap_or(0.0),
            min,
            max,
            p50,
            p95,
            p99,
            exact: self.is_exact,
        }))
    }
}
