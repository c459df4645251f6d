//! Isolation forests of single numbers: the sooner random cuts set a value apart from others, the odder it is.

use std::f64::consts::LN_2;

use super::quantiles;

/// Trees of a forest, and the most values a tree is grown from (Liu, Ting & Zhou 2008, 4.2: more of either changes
/// little).
const TREES: usize = 100;
const SAMPLE: usize = 256;
/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// A forest of 100 trees (Liu, Ting & Zhou 2008, Isolation Forest, algorithms 1 and 2). The same values and the same seed
/// make the same forest. It takes at most 100 leaves of 16 bytes for each value it was grown from, and no more than 400 KiB.
#[derive(Debug, Clone, PartialEq)]
pub struct IsolationForest {
    /// The trees one after the other, the leaves of each from the left to the right.
    leaves: Vec<Leaf>,
    /// Where each tree ends.
    ends: Vec<usize>,
    /// The mean path through a search tree of as many values as each tree was grown from.
    usual_path: f64,
}

/// In one dimension a tree of cuts is a row of stretches, each with the length of the path that leads there.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leaf {
    /// The highest value that belongs here; infinite for the last one.
    upper: f64,
    path: f32,
}

impl IsolationForest {
    /// Grows a forest from finite values, in any order; `None` for fewer than two.
    #[must_use]
    pub fn grow(values: &[f64], seed: u64) -> Option<Self> {
        let size = values.len().min(SAMPLE);
        if size < 2 {
            return None;
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let mut drawn = values.to_vec();
        drawn.sort_unstable_by(f64::total_cmp);
        let highest = (size as f64).log2().ceil() as u32;
        let mut forest = Self {
            leaves: Vec::with_capacity(TREES * size / 2),
            ends: Vec::with_capacity(TREES),
            usual_path: usual_path(size),
        };
        for _ in 0..TREES {
            if size < drawn.len() {
                draw(&mut drawn, size, &mut random);
            }
            cut(&drawn[..size], 0, highest, f64::INFINITY, &mut random, &mut forest.leaves);
            forest.ends.push(forest.leaves.len());
        }
        Some(forest)
    }

    /// How odd a value is, above 0 and at most 1: 2^(-E(h(x)) / c(n)) (Liu, Ting & Zhou 2008, equation 2). 0.5 and less is
    /// usual. A value beyond all that the forest was grown from is as odd as the outermost of them.
    #[must_use]
    pub fn score(&self, value: f64) -> f64 {
        let mut begin = 0;
        let mut paths = 0.0;
        for &end in &self.ends {
            let tree = &self.leaves[begin..end];
            let at = tree.partition_point(|leaf| leaf.upper < value).min(tree.len() - 1);
            paths += f64::from(tree[at].path);
            begin = end;
        }
        (-LN_2 * paths / self.ends.len() as f64 / self.usual_path).exp()
    }

    /// The score that so large a share of `values` exceeds; `None` when there are none.
    #[must_use]
    pub fn threshold(&self, values: &[f64], share: f64) -> Option<f64> {
        let mut scores: Vec<f64> = values.iter().map(|&value| self.score(value)).collect();
        quantiles(&mut scores, [1.0 - share]).map(|[threshold]| threshold)
    }
}

/// Brings `size` random values to the front, sorted (Fisher & Yates 1938, as far as needed).
fn draw(values: &mut [f64], size: usize, random: &mut fastrand::Rng) {
    for at in 0..size {
        values.swap(at, random.usize(at..values.len()));
    }
    values[..size].sort_unstable_by(f64::total_cmp);
}

/// Cuts sorted values at random until each stands alone, all are equal, or the tree is as high as may be.
fn cut(sorted: &[f64], depth: u32, highest: u32, upper: f64, random: &mut fastrand::Rng, leaves: &mut Vec<Leaf>) {
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    if low >= high || depth == highest {
        let path = f64::from(depth) + usual_path(sorted.len());
        leaves.push(Leaf { upper, path: path as f32 });
        return;
    }
    let share = random.f64();
    let place = low * (1.0 - share) + high * share;
    // Rounding must not leave one side without a value.
    let place = if place < high { place.max(low) } else { low };
    let (left, right) = sorted.split_at(sorted.partition_point(|&value| value <= place));
    cut(left, depth + 1, highest, place, random, leaves);
    cut(right, depth + 1, highest, upper, random, leaves);
}

/// c(n): the mean length of an unsuccessful search in a binary search tree of `n` values (Liu, Ting & Zhou 2008, equation
/// 1; exact for two, where it is 1).
fn usual_path(n: usize) -> f64 {
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let below = n as f64 - 1.0;
            2.0 * (below.ln() + EULER) - 2.0 * below / n as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // scikit-learn 1.9: sklearn.ensemble._iforest._average_path_length([1, 2, 3, 100, 256])
    #[test]
    fn usual_paths_equal_scikit_learn() {
        let expected = [0.0, 1.0, 1.207_392_357_589_623_2, 8.364_671_030_072_243, 10.244_770_920_119_917];
        for (n, expected) in [1, 2, 3, 100, 256].into_iter().zip(expected) {
            assert!((usual_path(n) - expected).abs() < 1e-12, "{n}: {}", usual_path(n));
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_forest() {
        let values: Vec<f64> = (0..400).map(|at| f64::from(at * 7_919 % 1_009)).collect();
        let grown = |seed| IsolationForest::grow(&values, seed).unwrap();
        assert_eq!(grown(1), grown(1));
        assert_ne!(grown(1), grown(2));
    }

    #[test]
    fn what_stands_apart_is_odd_and_what_is_equal_is_not() {
        let mut values: Vec<f64> = (0..99).map(|at| f64::from(at * 37 % 99)).collect();
        values.push(1_000.0);
        let forest = IsolationForest::grow(&values, 1).unwrap();
        assert!(forest.score(1_000.0) > 0.8, "{}", forest.score(1_000.0));
        assert!(forest.score(50.0) < 0.5, "{}", forest.score(50.0));
        assert!((forest.score(1e9) - forest.score(1_000.0)).abs() < 1e-12, "as odd as the outermost");
        let equal = IsolationForest::grow(&[7.0; 100], 1).unwrap();
        assert!((equal.score(7.0) - 0.5).abs() < 1e-6);
        assert!(IsolationForest::grow(&[7.0], 1).is_none());
    }

    #[rstest]
    #[case::largest(|at| if at % 2 == 0 { f64::MAX } else { f64::MIN })]
    #[case::denormal(|at| 5e-324 * f64::from(at % 7))]
    #[case::neighbours(|at| 1.0 + f64::EPSILON * f64::from(at % 3))]
    fn any_numbers_are_survived_in_bounded_memory(#[case] value: fn(i32) -> f64) {
        let values: Vec<f64> = (0..300).map(value).collect();
        let forest = IsolationForest::grow(&values, 1).unwrap();
        assert!(forest.leaves.len() <= TREES * SAMPLE);
        assert!(values.iter().all(|&value| (0.0..=1.0).contains(&forest.score(value))));
        assert!(forest.threshold(&values, 0.1).is_some());
    }
}
