//! Exact quantiles of values that are seen twice: counted first, and then only those near the ranks asked for.
//!
//! The first pass counts values in the bins of a sketch, which tells in which bin the value of each rank lies and
//! how many lie below it; the second keeps the values of these few bins, among which the ranks are selected
//! (two-pass selection after Munro & Paterson 1980, "Selection and sorting with limited storage", Theoretical
//! Computer Science 12). Of most distributions one value in about twenty is held; where the bins around the
//! quantiles hold all values, all.

use super::quantile::between;
use super::sketch::{BLOCK, BinKey, Sketch};

/// What is kept of the second pass for some quantiles.
#[derive(Debug)]
pub struct Sieve<const N: usize> {
    /// How many values were counted, and how many were seen again.
    counted: u64,
    seen: u64,
    /// Each quantile's rank, whole and rest.
    ranks: [(u64, f64); N],
    /// The wanted bins, rising.
    bins: Vec<Kept>,
    /// Where values of wanted bins may lie, by the upper half of their magnitude's bits: first and width.
    near: Vec<(u32, u32)>,
}

/// A wanted bin.
#[derive(Debug)]
struct Kept {
    key: BinKey,
    /// How many values lie in lower bins, and how many in this one.
    before: u64,
    count: u64,
    values: Vec<f64>,
}

impl<const N: usize> Sieve<N> {
    /// For quantiles by linear interpolation at rank q*(n-1), as [`super::quantiles`], of the values that were
    /// counted; `None` when there are none. `at` holds fractions of 0 to 1.
    #[must_use]
    pub fn new(counted: &Sketch, at: [f64; N]) -> Option<Self> {
        let last = counted.count().checked_sub(1)?;
        let ranks = at.map(|q| {
            let rank = q.clamp(0.0, 1.0) * last as f64;
            let below = (rank.floor() as u64).min(last);
            (below, rank - below as f64)
        });
        let mut bins: Vec<Kept> = Vec::new();
        for rank in
            ranks.into_iter().flat_map(|(below, share)| [Some(below), (share > 0.0).then_some(below + 1)]).flatten()
        {
            let (key, before, count) = counted.bin_at(rank.min(last))?;
            if bins.iter().all(|kept| kept.key != key) {
                bins.push(Kept { key, before, count, values: Vec::new() });
            }
        }
        bins.sort_by_key(|kept| kept.key);
        let near = near(&bins);
        Some(Self { counted: counted.count(), seen: 0, ranks, bins, near })
    }

    /// How many values will be kept.
    #[must_use]
    pub fn wanted(&self) -> u64 {
        self.bins.iter().map(|kept| kept.count).sum()
    }

    /// Keeps what is wanted of some values of the second pass.
    pub fn add_many(&mut self, values: &[f64]) {
        self.seen += values.len() as u64;
        let mut upper = [0; BLOCK];
        for values in values.chunks(BLOCK) {
            for (upper, value) in upper.iter_mut().zip(values) {
                *upper = upper_half(*value);
            }
            let mut is_near = [0; BLOCK];
            for &(first, width) in &self.near {
                for (is_near, upper) in is_near.iter_mut().zip(&upper) {
                    *is_near |= u8::from(upper.wrapping_sub(first) <= width);
                }
            }
            // Few are, and nobody can foresee which: no branch for those that are not.
            let mut hits = packed(&is_near) & u64::MAX >> (BLOCK - values.len());
            while hits != 0 {
                let value = values[hits.trailing_zeros() as usize];
                hits &= hits - 1;
                let key = BinKey::of(value);
                if let Some(kept) = self.bins.iter_mut().find(|kept| kept.key == key) {
                    kept.values.push(value);
                }
            }
        }
    }

    /// The quantiles, once every value that was counted has been seen again; `None` when others were.
    #[must_use]
    pub fn quantiles(mut self) -> Option<[f64; N]> {
        if self.seen != self.counted || self.bins.iter().any(|kept| kept.values.len() as u64 != kept.count) {
            return None;
        }
        let mut found = [0.0; N];
        for (found, (below, share)) in found.iter_mut().zip(self.ranks) {
            let low = self.value_at(below)?;
            *found = if share > 0.0 { between(low, self.value_at(below + 1)?, share) } else { low };
        }
        Some(found)
    }

    fn value_at(&mut self, rank: u64) -> Option<f64> {
        let kept = self.bins.iter_mut().rfind(|kept| kept.before <= rank)?;
        let at = usize::try_from(rank - kept.before).ok().filter(|&at| at < kept.values.len())?;
        Some(*kept.values.select_nth_unstable_by(at, f64::total_cmp).1)
    }
}

/// The upper half of the bits of a value's magnitude: rises with it.
fn upper_half(value: f64) -> u32 {
    (value.abs().to_bits() >> 32) as u32
}

/// Bytes of 0 or 1 as bits, the first one lowest.
fn packed(flags: &[u8; BLOCK]) -> u64 {
    /// Brings the lowest bit of each byte into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    flags.as_chunks().0.iter().rev().fold(0, |all, eight| all << 8 | bits(eight))
}

/// Where values of bins may lie, those that touch as one.
fn near(bins: &[Kept]) -> Vec<(u32, u32)> {
    let mut reaches: Vec<(u32, u32)> =
        bins.iter().map(|kept| kept.key.reach()).map(|(low, high)| (upper_half(low), upper_half(high))).collect();
    reaches.sort_unstable();
    reaches.dedup_by(|next, before| {
        let touches = next.0 <= before.1;
        if touches {
            before.1 = before.1.max(next.1);
        }
        touches
    });
    reaches.into_iter().map(|(low, high)| (low, high - low)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::quantiles;

    const AT: [f64; 5] = [0.0, 0.5, 0.95, 0.99, 1.0];

    fn sieved(values: &[f64]) -> Option<[f64; 5]> {
        let mut counted = Sketch::default();
        counted.add_many(values);
        let mut sieve = Sieve::new(&counted, AT)?;
        values.chunks(100).for_each(|values| sieve.add_many(values));
        sieve.quantiles()
    }

    /// Of two zeros between which a rank lies either may be found.
    fn bits(quantiles: [f64; 5]) -> [u64; 5] {
        quantiles.map(|value| (value + 0.0).to_bits())
    }

    proptest! {
        #[test]
        fn they_are_those_of_all_values(
            mut values in prop::collection::vec(prop_oneof![
                (-3.0..3.0_f64).prop_map(f64::exp),
                -10.0..10.0_f64,
                (-5..5_i32).prop_map(f64::from),
                prop::sample::select(vec![-0.0, 0.0, 1e-308, -1e-310, 0.1]),
            ], 1..700),
        ) {
            let found = sieved(&values).unwrap();
            prop_assert_eq!(bits(found), bits(quantiles(&mut values, AT).unwrap()));
        }

        /// A sketch gives up bins when they span too much; then there is no answer, never a wrong one.
        #[test]
        fn no_answer_is_wrong(mut values in prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), 1..50)) {
            if let Some(found) = sieved(&values) {
                prop_assert_eq!(bits(found), bits(quantiles(&mut values, AT).unwrap()));
            }
        }
    }

    #[test]
    fn flags_are_packed_in_their_order() {
        let flags = std::array::from_fn(|at| u8::from(at % 3 == 0 || at == 62));
        let expected = (0..64).filter(|at| at % 3 == 0 || *at == 62).fold(0, |bits, at| bits | 1_u64 << at);
        assert_eq!(packed(&flags), expected);
    }

    #[test]
    fn other_values_than_were_counted_have_no_answer() {
        let values: Vec<f64> = (1..1_000).map(f64::from).collect();
        let mut counted = Sketch::default();
        counted.add_many(&values);
        let mut sieve = Sieve::new(&counted, [0.5]).unwrap();
        sieve.add_many(&values[..999 / 2]);
        assert_eq!(sieve.quantiles(), None);
        let mut sieve = Sieve::new(&counted, [0.5]).unwrap();
        sieve.add_many(&values[10..]);
        assert_eq!(sieve.quantiles(), None, "all of the wanted bin, and not all");
        assert!(Sieve::new(&Sketch::default(), [0.5]).is_none());
    }
}
