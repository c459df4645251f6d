//! A sorted sample of what a stream has held of late, for its ranks.

use serde::{Deserialize, Serialize};

/// Values in a block: a rank is found by counting in a list of the blocks' last values, and then in one block, without a
/// branch that could be guessed wrong.
const BLOCK: usize = 32;
/// So many blocks at first; they are doubled until the capacity is reached.
const FEWEST_BLOCKS: usize = 2;

/// The lowest bits of a key tell its generation, so the precision is 20 bits: one in a million.
const GENERATIONS: usize = 16;
const TAG: i32 = 0b1111;

/// Every `stride`-th value of the last `capacity * stride`, in ascending order. The stride is 1 at first and doubles up to
/// `longest_stride` whenever the sample is full, so the sample always covers all there is to cover.
///
/// Values leave in the order in which they came, but for those that came closely together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Kept", from = "Kept")]
pub(crate) struct Reservoir {
    /// Values as numbers of the same order, tagged; then the largest key to the end of the last block.
    keys: Vec<i32>,
    /// The last key of each block.
    fences: Vec<i32>,
    len: usize,
    capacity: usize,
    stride: u32,
    longest_stride: u32,
    /// Values offered since the last one was taken.
    passed: u32,
    /// The tag of those that come, and how many have it.
    newest: i32,
    in_newest: usize,
    /// The oldest tag that may still be there, and the block in which it was found last.
    oldest: i32,
    found_in: usize,
}

/// What is written of a sample.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// From each key to the next, the first from the lowest number. Tags of equal values come in any order.
    distances: Vec<i32>,
    capacity: usize,
    stride: u32,
    longest_stride: u32,
    passed: u32,
    newest: i32,
    in_newest: usize,
    oldest: i32,
    found_in: usize,
}

impl From<Reservoir> for Kept {
    fn from(reservoir: Reservoir) -> Self {
        let Reservoir {
            keys, len, capacity, stride, longest_stride, passed, newest, in_newest, oldest, found_in, ..
        } = reservoir;
        let before = std::iter::once(&i32::MIN).chain(&keys);
        let distances = keys[..len].iter().zip(before).map(|(key, before)| key.wrapping_sub(*before)).collect();
        Self { distances, capacity, stride, longest_stride, passed, newest, in_newest, oldest, found_in }
    }
}

impl From<Kept> for Reservoir {
    fn from(kept: Kept) -> Self {
        let Kept { distances, capacity, stride, longest_stride, passed, newest, in_newest, oldest, found_in } = kept;
        let mut reservoir = Self { stride, passed, newest, in_newest, oldest, ..Self::new(capacity, longest_stride) };
        let mut key = i32::MIN;
        for distance in distances.into_iter().take(capacity) {
            key = key.wrapping_add(distance);
            reservoir.insert(key, reservoir.len);
        }
        reservoir.found_in = found_in.min(reservoir.fences.len().saturating_sub(1));
        reservoir
    }
}

/// The value as a whole number of the same order, with the tag 0.
#[inline]
const fn key(value: f32) -> i32 {
    let bits = value.to_bits().cast_signed();
    (bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()) & !TAG
}

#[inline]
fn value(key: i32) -> f32 {
    let key = key & !TAG;
    f32::from_bits((key ^ ((key >> 31).cast_unsigned() >> 1).cast_signed()).cast_unsigned())
}

/// A value as exactly as it is kept: what was equal stays equal.
#[inline]
pub(crate) fn rounded(exact: f32) -> f32 {
    value(key(exact + 0.0))
}

impl Reservoir {
    /// An empty sample of up to `capacity` values, a multiple of 64.
    pub(crate) const fn new(capacity: usize, longest_stride: u32) -> Self {
        Self {
            keys: Vec::new(),
            fences: Vec::new(),
            len: 0,
            capacity,
            stride: 1,
            longest_stride,
            passed: 0,
            newest: 0,
            in_newest: 0,
            oldest: 0,
            found_in: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The value of a rank.
    #[inline]
    pub(crate) fn get(&self, rank: usize) -> Option<f32> {
        self.keys[..self.len].get(rank).map(|&key| value(key))
    }

    /// The values of some ranks, in ascending order.
    pub(crate) fn values(&self, ranks: std::ops::Range<usize>) -> impl Iterator<Item = f32> + Clone {
        self.keys[..self.len][ranks].iter().map(|&key| value(key))
    }

    /// How many values are less than `value`.
    #[inline]
    pub(crate) fn less(&self, value: f32) -> usize {
        self.count_below(key(value))
    }

    /// How many values are not greater than `value`, of which `less` are less.
    #[inline]
    pub(crate) fn not_greater(&self, value: f32, less: usize) -> usize {
        let key = key(value);
        let has_equal = less < self.len && self.keys[less] & !TAG == key;
        if has_equal { self.count_below((key | TAG).saturating_add(1)) } else { less }
    }

    #[inline]
    fn count_below(&self, key: i32) -> usize {
        let below = |keys: &[i32]| keys.iter().map(|&known| u32::from(known < key)).sum::<u32>() as usize;
        let begin = below(&self.fences) * BLOCK;
        match self.keys.get(begin..begin + BLOCK) {
            Some(block) => (begin + below(block)).min(self.len),
            None => self.len,
        }
    }

    /// Offers the next value, of which `less` values are less; the ranks between which the sample has changed, if it was
    /// taken.
    #[inline]
    pub(crate) fn offer(&mut self, value: f32, less: usize) -> Option<(usize, usize)> {
        self.passed += 1;
        (self.passed >= self.stride).then(|| self.take(value, less))
    }

    fn take(&mut self, value: f32, less: usize) -> (usize, usize) {
        self.passed = 0;
        let next = (self.newest + 1) & TAG;
        if self.in_newest > self.capacity / (GENERATIONS - 1) && next != self.oldest {
            self.newest = next;
            self.in_newest = 0;
        }
        self.in_newest += 1;
        let key = key(value) | self.newest;
        if self.len == self.capacity && self.stride < self.longest_stride {
            self.thin_out();
            self.insert(key, self.count_below(key & !TAG));
            return (0, self.len);
        }
        if self.len < self.capacity {
            self.insert(key, less);
            return (less, self.len);
        }
        let old = self.find_oldest();
        self.replace(old, key, less)
    }

    /// Drops every second value: what is left stands for the same stretch, at twice the stride.
    fn thin_out(&mut self) {
        let kept: Vec<i32> = self.keys[..self.len].iter().copied().skip(1).step_by(2).collect();
        self.keys.fill(i32::MAX);
        // The newest half of the tags is free again.
        for (place, key) in kept.iter().enumerate() {
            let age = (self.newest - key) & TAG;
            self.keys[place] = (key & !TAG) | ((self.newest - 1 - age / 2) & TAG);
        }
        self.oldest = (self.newest - (TAG + 1) / 2) & TAG;
        self.len = kept.len();
        self.stride *= 2;
        self.mend_fences(0, self.keys.len() - 1);
    }

    /// The place of one of the oldest keys.
    fn find_oldest(&mut self) -> usize {
        let blocks = self.fences.len();
        // In a full sample every key is a value; some tag has the oldest.
        for _ in 0..GENERATIONS {
            for block in (self.found_in..blocks).chain(0..self.found_in) {
                let keys = &self.keys[block * BLOCK..][..BLOCK];
                // Counted, as that needs no branch.
                let found: u32 = keys.iter().map(|&key| u32::from(key & TAG == self.oldest)).sum();
                if let Some(place) =
                    (found > 0).then(|| keys.iter().position(|&key| key & TAG == self.oldest)).flatten()
                {
                    self.found_in = block;
                    return block * BLOCK + place;
                }
            }
            self.oldest = (self.oldest + 1) & TAG;
        }
        0
    }

    fn insert(&mut self, key: i32, place: usize) {
        if self.len == self.keys.len() {
            let blocks = (self.fences.len() * 2).clamp(FEWEST_BLOCKS, self.capacity / BLOCK);
            self.keys.resize(blocks * BLOCK, i32::MAX);
            self.fences.resize(blocks, i32::MAX);
        }
        self.keys.copy_within(place..self.len, place + 1);
        self.keys[place] = key;
        self.len += 1;
        self.mend_fences(place, self.len - 1);
    }

    /// Puts a key in the place of another; the ranks between which the sample has changed.
    fn replace(&mut self, old: usize, key: i32, less: usize) -> (usize, usize) {
        let new = if old < less {
            self.keys.copy_within(old + 1..less, old);
            less - 1
        } else {
            self.keys.copy_within(less..old, less + 1);
            less
        };
        self.keys[new] = key;
        let (first, last) = (old.min(new), old.max(new));
        self.mend_fences(first, last);
        (first, last + 1)
    }

    fn mend_fences(&mut self, first: usize, last: usize) {
        for block in first / BLOCK..=last / BLOCK {
            self.fences[block] = self.keys[block * BLOCK + BLOCK - 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(capacity: usize, stride: u32, values: impl IntoIterator<Item = f32>) -> Reservoir {
        let mut reservoir = Reservoir::new(capacity, stride);
        for value in values {
            let less = reservoir.less(value);
            reservoir.offer(value, less);
        }
        reservoir
    }

    fn all(reservoir: &Reservoir) -> Vec<f32> {
        reservoir.values(0..reservoir.len()).collect()
    }

    proptest::proptest! {
        #[test]
        fn it_is_sorted_and_ranks_are_true(
            values in proptest::collection::vec(proptest::prelude::prop_oneof![
                -1e3f32..1e3, proptest::num::f32::NORMAL, proptest::sample::select(vec![0.0f32, -0.0, 1.0, -1.0, f32::MAX, f32::MIN]),
            ], 0..900),
        ) {
            let mut reservoir = Reservoir::new(128, 4);
            for value in values {
                let before = all(&reservoir);
                let less = before.iter().filter(|&&known| key(known) < key(value)).count();
                let not_greater = before.iter().filter(|&&known| key(known) <= key(value)).count();
                assert_eq!(reservoir.less(value), less);
                assert_eq!(reservoir.not_greater(value, less), not_greater);
                let changed = reservoir.offer(value, less);
                let after = all(&reservoir);
                assert!(after.is_sorted() && after.len() <= 128);
                let (first, end) = changed.unwrap_or_default();
                for (place, kept) in after.iter().enumerate() {
                    assert!((first..end).contains(&place) || before[place].to_bits() == kept.to_bits());
                }
            }
        }
    }

    #[test]
    fn values_are_kept_to_one_in_a_million() {
        for value in [1.0f32, -1.0, 1234.567, -1e-20, 3e38] {
            let kept = all(&fed(64, 1, [value]))[0];
            assert!(((kept - value) / value).abs() < 1e-6 * 2.0, "{value} {kept}");
        }
    }

    #[test]
    fn a_long_stretch_is_covered_evenly() {
        let reservoir = fed(1024, 4, (0..4096).map(|value| value as f32));
        for quarter in 0..4 {
            let from = quarter as f32 * 1024.0;
            let found = reservoir.less(from + 1024.0) - reservoir.less(from);
            assert!(found.abs_diff(256) <= 64, "quarter {quarter}: {found}");
        }
    }

    #[rstest::rstest]
    fn what_is_old_is_gone(
        #[values(5_000, 6_000, 7_000, 8_000, 10_000, 12_000, 100_000)] count: u32,
        #[values((1024, 4), (512, 8))] (capacity, stride): (usize, u32),
    ) {
        let kept = all(&fed(capacity, stride, (0..count).map(|value| value as f32)));
        // Thinning out tells ages to one generation in eight.
        let (oldest, generation) = (count as f32 - 4096.0, 4096.0 / 7.0);
        assert_eq!(kept.len(), capacity);
        assert!(kept[0] >= oldest - 2.0 * generation, "{}", kept[0]);
        let young = kept.iter().filter(|&&value| value >= oldest + generation).count();
        assert!(young * 8 >= capacity * 6, "{young} of {capacity}");
        if count < 100_000 {
            return;
        }
        assert!(
            kept.windows(2).filter(|pair| (pair[1] - pair[0] - stride as f32).abs() < 0.5).count() > capacity * 7 / 8
        );
    }
}
