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
    /// (Mann & Whitney 1947, by Harding's 1984 algorithm; for ties Streitberg & Röhmel 1986, the shift algorithm). Beyond, normal with the variance
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
        let (p_above, p_below) = if n + m <= MOST_EXACT && ties == 0.0 {
            shares(&ways_to_u(n, m), doubled_u / 2)
        } else if n + m <= MOST_EXACT {
            shares(&sums_of_subsets(&doubled_ranks, m), sum)
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

/// The probabilities of what stands at `found` or after it, and at or before it, given in how many ways each comes about.
fn shares(ways: &[f64], found: usize) -> (f64, f64) {
    let all: f64 = ways.iter().sum();
    let share = |ways: &[f64]| (ways.iter().sum::<f64>() / all).min(1.0);
    (share(&ways[found..]), share(&ways[..=found]))
}

/// In how many ways `m` of `n + m` ranks without ties make each U from 0 to n m (Harding 1984): the coefficients of the product
/// of (1 - q^(n+i)) / (1 - q^i) for i from 1 to m. Each is below 2^53 up to 60 ranks, so exact.
pub(super) fn ways_to_u(n: usize, m: usize) -> Vec<f64> {
    let mut ways = vec![0.0; n * m + 1];
    ways[0] = 1.0;
    for i in 1..=m {
        for u in (n + i..ways.len()).rev() {
            ways[u] -= ways[u - n - i];
        }
        for u in i..ways.len() {
            ways[u] += ways[u - i];
        }
    }
    ways
}

/// How many subsets of `m` of the numbers have each sum.
fn sums_of_subsets(numbers: &[usize], m: usize) -> Vec<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_counting_agree() {
        for (n, m) in [(1, 1), (1, 7), (5, 5), (12, 9), (25, 25), (30, 30)] {
            let ranks: Vec<usize> = (1..=n + m).collect();
            let sums = sums_of_subsets(&ranks, m);
            let lowest = m * (m + 1) / 2;
            let (ways, sums) = (ways_to_u(n, m), &sums[lowest..=lowest + n * m]);
            assert!(ways.iter().zip(sums).all(|(one, other)| (one / other - 1.0).abs() < 1e-12), "{n} {m}");
        }
    }
}
