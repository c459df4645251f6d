//! How far one sample is shifted against another: the median of all differences between them.

use statrs::distribution::{ContinuousCDF, Normal};

use super::mann_whitney::ways_to_u;

/// Up to so many values together the interval's ranks are exact.
const MOST_EXACT: usize = 60;

/// How far a second sample lies above a first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The median of all differences (Hodges & Lehmann 1963).
    pub estimate: f64,
    /// The interval that holds the true shift with the confidence asked for; `None` when there are too few values to say.
    pub interval: Option<(f64, f64)>,
}

/// The shift of `second` against `first`, with an interval of `confidence` (such as 0.95) from the ranks of the
/// differences (Lehmann 1975, 2.6); `None` when one of them is empty.
///
/// Takes O(n + m) memory and time, whatever the number of differences.
#[must_use]
pub fn shift(first: &[f64], second: &[f64], confidence: f64) -> Option<Shift> {
    let differences = Differences::new(first, second)?;
    let count = differences.count();
    let estimate = if count % 2 == 1 {
        differences.nth(count / 2)
    } else {
        f64::midpoint(differences.nth(count / 2 - 1), differences.nth(count / 2))
    };
    let outside = ranks_outside(first.len(), second.len(), (1.0 - confidence) / 2.0);
    let interval = outside.map(|outside| (differences.nth(outside), differences.nth(count - 1 - outside)));
    Some(Shift { estimate, interval })
}

/// How many of the smallest differences may be left out, and as many of the largest, with a probability of at most `tail`
/// each that the true shift is among them; `None` when none may be.
fn ranks_outside(n: usize, m: usize, tail: f64) -> Option<usize> {
    if n + m <= MOST_EXACT {
        let ways = ways_to_u(n, m);
        let all: f64 = ways.iter().sum();
        let mut below = 0.0;
        let within = ways.iter().take_while(|ways| {
            below += *ways / all;
            below <= tail
        });
        return within.count().checked_sub(1);
    }
    let (n, m) = (n as f64, m as f64);
    let std_dev = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let outside = n * m / 2.0 + Normal::standard().inverse_cdf(tail) * std_dev - 0.5;
    (outside >= 0.0).then_some(outside as usize)
}

/// All differences between values of two samples, none of them written down.
struct Differences {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Differences {
    fn new(first: &[f64], second: &[f64]) -> Option<Self> {
        let sorted = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        (!first.is_empty() && !second.is_empty()).then(|| Self { first: sorted(first), second: sorted(second) })
    }

    fn count(&self) -> usize {
        self.first.len() * self.second.len()
    }

    /// The difference at a rank, from 0: found by halving the numbers between the smallest and the largest, of which
    /// there are at most 2^64.
    fn nth(&self, rank: usize) -> f64 {
        let ends = |values: &[f64]| (values[0], values[values.len() - 1]);
        let ((least_first, most_first), (least_second, most_second)) = (ends(&self.first), ends(&self.second));
        let (mut low, mut high) = (in_order(least_second - most_first), in_order(most_second - least_first));
        while low < high {
            let middle = low + (i128::from(high) - i128::from(low)).div_euclid(2) as i64;
            if self.at_most(number(middle)) > rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        number(low)
    }

    /// How many differences are at most `limit`. Differences grow with the second value and fall with the first, so one
    /// walk over both counts them.
    fn at_most(&self, limit: f64) -> usize {
        let (mut counted, mut from) = (0, 0);
        for &second in &self.second {
            while from < self.first.len() && second - self.first[from] > limit {
                from += 1;
            }
            counted += self.first.len() - from;
        }
        counted
    }
}

/// Numbers as integers in the same order.
fn in_order(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn number(in_order: i64) -> f64 {
    f64::from_bits((in_order ^ ((in_order >> 63).cast_unsigned() >> 1).cast_signed()).cast_unsigned())
}
