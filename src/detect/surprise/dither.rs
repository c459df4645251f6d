//! Whole numbers with a fraction: counts come in few different values, and ranks and tails are made for values that
//! all differ.

use serde::{Deserialize, Serialize};

use crate::detect::keeping::MOST_COUNTED;

/// The weight of the newest value in the share of values that equal the one before.
const WEIGHT: f64 = 1.0 / 256.0;
/// Below this share of them there are fractions, and above the other there are none; in between as before: fractions that
/// come and go, or grow, would themselves be a surprise.
const FEW_REST: f64 = 1.0 / 3.0;
const MANY_REST: f64 = 0.5;

/// Gives whole numbers a fraction that looks like chance, up to half on either side, but not to those that often are the
/// same as the one before: what rests must not seem to move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dither {
    is_whole: bool,
    last: f64,
    /// The share of values that equal the one before.
    ties: f64,
    is_moving: bool,
    taken: u64,
}

impl Dither {
    pub(super) const fn new() -> Self {
        Self { is_whole: true, last: f64::NAN, ties: 0.0, is_moving: true, taken: 0 }
    }

    /// Whether all values were whole numbers.
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether it can go on counting.
    pub(super) const fn is_sound(&self) -> bool {
        self.taken <= MOST_COUNTED
    }

    /// The fraction for the next value: the same for the same values in the same order.
    pub(super) fn fraction(&mut self, value: f64) -> f64 {
        self.is_whole &= value.fract() == 0.0;
        if !self.is_whole {
            return 0.0;
        }
        self.taken += 1;
        let is_tie = value.total_cmp(&self.last).is_eq();
        self.last = value;
        self.ties += (f64::from(u8::from(is_tie)) - self.ties) * WEIGHT.max((self.taken as f64).recip());
        self.is_moving = self.ties < if self.is_moving { MANY_REST } else { FEW_REST };
        if self.is_moving { scattered(self.taken) - 0.5 } else { 0.0 }
    }
}

/// A number from 0 to 1 that looks like chance (Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators).
fn scattered(n: u64) -> f64 {
    let mut bits = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fractions(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut dither = Dither::new();
        values.into_iter().map(|value| dither.fraction(value)).collect()
    }

    #[test]
    fn counts_that_move_are_spread_evenly_between_their_neighbours() {
        let fractions = fractions((0..20_000).map(|at| f64::from(at * 7919 % 13)));
        let spread = &fractions[1_000..];
        let mean = spread.iter().sum::<f64>() / spread.len() as f64;
        let variance = spread.iter().map(|fraction| (fraction - mean).powi(2)).sum::<f64>() / spread.len() as f64;
        // A uniform distribution has the variance 1/12; both within five standard errors.
        assert!(mean.abs() < 0.011 && (variance - 1.0 / 12.0).abs() < 0.003, "{mean} {variance}");
        assert!(spread.iter().all(|fraction| (-0.5..0.5).contains(fraction)));
    }

    #[test]
    fn what_rests_or_is_not_whole_is_left_alone() {
        let rests = fractions((0..5_000).map(|at| f64::from(at / 3)));
        assert!(rests[2..].iter().all(|&fraction| fraction == 0.0), "but for the first, of which that is not known");
        let measured = fractions((0..5_000).map(|at| f64::from(at * 7919 % 13) + 0.25));
        assert!(measured.iter().all(|&fraction| fraction == 0.0));
    }

    /// Half of the values equal the one before, on average: fractions that came and went would be all that is odd.
    #[test]
    fn what_rests_half_of_the_time_is_left_alone_for_good() {
        let coins = fractions((0..5_000).map(|at| (scattered(at) * 2.0).floor()));
        assert!(coins[100..].iter().all(|&fraction| fraction == 0.0));
    }
}
