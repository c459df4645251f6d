//! The Mann-Whitney test: how likely ranks this far apart are when both samples are of one distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to so many values together the probabilities are exact; beyond, the normal distribution is closer than 1e-3.
const MOST_EXACT: usize = 60;

/// What the ranks of a second sample among both say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Probability that a value of the second sample is above one of the first, ties counted as half: U / (n m). 0.5 when
    /// neither is shifted (Vargha & Delaney 2000, the measure A).
    pub superiority: f64,
    /// Probability of ranks of the second at least this high when nothing differs.
    pub p_above: f64,
    /// Probability of ranks of the second at least this low when nothing differs.
    pub p_below: f64,
}

impl MannWhitney {
    /// Compares `second` with `first`; `None` when one of them is empty.
    ///
    /// Exact up to 60 values, ties included: the probability is that of all ways to deal out the ranks that were found
    /// (Mann & Whitney 1947; for ties Streitberg & Röhmel 1986, the shift algorithm). Beyond, normal with the variance
    /// for ties and a correction for continuity (Lehmann 1975, 1.6).
    #[must_use]
    pub fn of(first: &[f64], second: &[f64]) -> Option<Self> {
        let (n, m) = (first.len(), second.len());
        if n == 0 || m == 0 {
            return None;
        }
        let (doubled_ranks, is_second, ties) = doubled_ranks(first, second);
        let sum = doubled_ranks.iter().zip(&is_second).filter(|(_, is)| **is).map(|(rank, _)| rank).sum::<usize>();
        // U = R - m (m + 1) / 2, here doubled.
        let doubled_u = sum - m * (m + 1);
        let superiority = doubled_u as f64 / (2 * n * m) as f64;
        let (p_above, p_below) = if n + m <= MOST_EXACT {
            exact(&doubled_ranks, m, sum)
        } else {
            normal(n as f64, m as f64, doubled_u as f64 / 2.0, ties)
        };
        Some(Self { superiority, p_above, p_below })
    }

    /// The smallest probability that so many values can have on one side: 1 / C(n + m, m), all of one above all of the
    /// other.
    #[must_use]
    pub fn least_p(first: usize, second: usize) -> f64 {
        (1..=second).map(|place| place as f64 / (first + place) as f64).product()
    }

    /// Probability of ranks at least this far apart, either way.
    #[must_use]
    pub fn p_two_sided(&self) -> f64 {
        (2.0 * self.p_above.min(self.p_below)).min(1.0)
    }
}

/// Twice the rank of every value of both, ties sharing the mean of theirs; whether it is of the second; and the sum of
/// t^3 - t over groups of t ties.
fn doubled_ranks(first: &[f64], second: &[f64]) -> (Vec<usize>, Vec<bool>, f64) {
    let marked = |values: &[f64], is_second| values.iter().map(|&value| (value, is_second)).collect::<Vec<_>>();
    let mut all = [marked(first, false), marked(second, true)].concat();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut ranks, mut ties) = (Vec::with_capacity(all.len()), 0.0);
    for tied in all.chunk_by(|one, other| one.0 >= other.0) {
        let (before, count) = (ranks.len(), tied.len());
        // The mean of before + 1 ..= before + count, doubled.
        ranks.extend(std::iter::repeat_n(2 * before + count + 1, count));
        ties += (count as f64).powi(3) - count as f64;
    }
    (ranks, all.iter().map(|(_, is_second)| *is_second).collect(), ties)
}

/// The probabilities of a sum of `m` of the ranks at least, and at most, as large as `sum`.
fn exact(doubled_ranks: &[usize], m: usize, sum: usize) -> (f64, f64) {
    let counts = sums_of_subsets(doubled_ranks, m);
    let all: f64 = counts.iter().sum();
    let share = |counts: &[f64]| (counts.iter().sum::<f64>() / all).min(1.0);
    (share(&counts[sum..]), share(&counts[..=sum]))
}

/// How many subsets of `m` of the numbers have each sum.
pub(super) fn sums_of_subsets(numbers: &[usize], m: usize) -> Vec<f64> {
    let most: usize = numbers.iter().sum();
    let mut counts = vec![vec![0.0; most + 1]; m + 1];
    counts[0][0] = 1.0;
    for &number in numbers {
        for size in (1..=m).rev() {
            let (smaller, larger) = counts.split_at_mut(size);
            for (count, before) in larger[0][number..].iter_mut().zip(&smaller[size - 1]) {
                *count += before;
            }
        }
    }
    counts.pop().unwrap_or_default()
}

fn normal(n: f64, m: f64, u: f64, ties: f64) -> (f64, f64) {
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return (1.0, 1.0);
    }
    let standard = Normal::standard();
    let tail = |distance: f64| standard.sf((distance - 0.5) / variance.sqrt());
    let from_mean = u - n * m / 2.0;
    (tail(from_mean), tail(-from_mean))
}
