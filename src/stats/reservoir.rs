//! A sorted sample of what a stream has held of late, for its ranks.

use serde::{Deserialize, Serialize};

use super::grid::Grid;

/// How many values are kept.
pub(crate) const CAPACITY: usize = 256;
/// Values in a block: a rank is found by counting in a list of the blocks' last values, and then in one block, without a
/// branch that could be guessed wrong.
const BLOCK: usize = 16;
const BLOCKS: usize = CAPACITY / BLOCK;
/// The golden ratio, as a share of 2^32: its multiples are spread evenly, however many there are (Weyl 1916).
const GOLDEN: u32 = 0x9e37_79b9;

/// A sample of up to [`CAPACITY`] values in ascending order: of all there were, each as likely, until these are
/// `longest_stride` times as many; from then on every `longest_stride`-th takes the place of another. Which one goes
/// wanders evenly over the ranks: a value that has lasted for long is as likely to go as a new one, and none has to be
/// remembered by its age (Vitter 1985, Random sampling with a reservoir, algorithm R, but for the choice by chance).
///
/// Values are kept as codes on a [`Grid`], which is made anew when it no longer fits them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Kept", from = "Kept")]
pub(crate) struct Reservoir {
    /// Then the largest code to the end of the last block.
    codes: Vec<i16>,
    /// The last code of each block.
    fences: [i16; BLOCKS],
    len: usize,
    grid: Grid,
    longest_stride: u32,
    /// Values offered, as far as it matters, and since the last one was taken.
    offered: u32,
    passed: u32,
    /// Where the last one went, as a share of 2^32.
    turn: u32,
}

/// What is written of a sample.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// From each code to the next, the first from the lowest number.
    distances: Vec<u16>,
    grid: Grid,
    longest_stride: u32,
    offered: u32,
    passed: u32,
    turn: u32,
}

impl From<Reservoir> for Kept {
    fn from(reservoir: Reservoir) -> Self {
        let Reservoir { codes, len, grid, longest_stride, offered, passed, turn, .. } = reservoir;
        let before = std::iter::once(&i16::MIN).chain(&codes);
        let distances = codes[..len].iter().zip(before).map(|(code, before)| code.abs_diff(*before)).collect();
        Self { distances, grid, longest_stride, offered, passed, turn }
    }
}

impl From<Kept> for Reservoir {
    fn from(kept: Kept) -> Self {
        let Kept { distances, grid, longest_stride, offered, passed, turn } = kept;
        let mut reservoir = Self { grid, offered, passed, turn, ..Self::new(longest_stride) };
        let mut code = i16::MIN;
        for distance in distances.into_iter().take(CAPACITY) {
            code = code.saturating_add_unsigned(distance);
            reservoir.insert(code, reservoir.len);
        }
        reservoir
    }
}

/// A value without the last bits, in which what should be equal may differ by rounding: one in a million.
#[inline]
fn rounded(exact: f32) -> f32 {
    f32::from_bits(exact.to_bits() & !0b1111) + 0.0
}

impl Reservoir {
    /// An empty sample.
    pub(crate) fn new(longest_stride: u32) -> Self {
        Self {
            codes: Vec::new(),
            fences: [i16::MAX; BLOCKS],
            len: 0,
            grid: Grid::new(0.0, 1.0),
            longest_stride,
            offered: 0,
            passed: 0,
            turn: 0,
        }
    }

    /// Whether its parts go together, for a sample of every `longest_stride`-th value.
    pub(crate) fn is_sound(&self, longest_stride: u32) -> bool {
        let is_counted = self.passed <= longest_stride && self.offered <= CAPACITY as u32 * longest_stride;
        self.longest_stride == longest_stride && is_counted && self.grid.is_sound()
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The code that a value has now; the next [`Reservoir::offer`] may change all codes.
    #[inline]
    pub(crate) fn code(&self, value: f32) -> i16 {
        self.grid.code(rounded(value))
    }

    #[inline]
    pub(crate) fn value(&self, code: i16) -> f32 {
        self.grid.value(code)
    }

    /// The codes in ascending order.
    pub(crate) fn codes(&self) -> &[i16] {
        &self.codes[..self.len]
    }

    /// How many are less than a code.
    #[inline]
    pub(crate) fn less(&self, code: i16) -> usize {
        self.count(|known| known < code)
    }

    /// How many are not greater than a code, of which `less` are less.
    #[inline]
    pub(crate) fn not_greater(&self, code: i16, less: usize) -> usize {
        let has_equal = self.codes.get(less).is_some_and(|&known| known == code);
        if has_equal { self.count(|known| known <= code) } else { less }
    }

    #[inline]
    fn count(&self, is_counted: impl Fn(i16) -> bool) -> usize {
        let count =
            |codes: &[i16; BLOCK]| codes.iter().map(|&known| i16::from(is_counted(known))).sum::<i16>() as usize;
        let begin = count(&self.fences) * BLOCK;
        match self.codes.get(begin..).and_then(<[i16]>::first_chunk) {
            Some(block) => (begin + count(block)).min(self.len),
            None => self.len,
        }
    }

    /// Offers the next value, than which `less` are less; the ranks between which the sample has changed, if it was taken.
    #[inline]
    pub(crate) fn offer(&mut self, value: f32, less: usize) -> Option<(usize, usize)> {
        self.passed += 1;
        let stride = (self.offered / CAPACITY as u32 + 1).min(self.longest_stride);
        self.offered = (self.offered + 1).min(CAPACITY as u32 * self.longest_stride);
        (self.passed >= stride).then(|| self.take(rounded(value), less))
    }

    fn take(&mut self, value: f32, less: usize) -> (usize, usize) {
        self.passed = 0;
        let is_new_grid = self.fit_grid(value);
        let code = self.grid.code(value);
        let less = if is_new_grid { self.less(code) } else { less };
        let changed = if self.len < CAPACITY {
            self.insert(code, less);
            (less, self.len)
        } else {
            self.turn = self.turn.wrapping_add(GOLDEN);
            let old = ((u64::from(self.turn) * CAPACITY as u64) >> u32::BITS) as usize;
            self.replace(old, code, less)
        };
        if is_new_grid { (0, self.len) } else { changed }
    }

    /// Sees to it that the grid fits the values and a new one: its center is the median, its unit the distance between the
    /// quartiles, or to the nearest other value.
    fn fit_grid(&mut self, new: f32) -> bool {
        let codes = &self.codes[..self.len];
        let at = |rank: usize| codes.get(rank).map(|&code| self.grid.value(code));
        let center = at(self.len / 2).unwrap_or(new);
        let quartiles = at(self.len / 4).zip(at(self.len * 3 / 4));
        let spread = quartiles.map(|(lower, upper)| upper - lower).filter(|&spread| spread > 0.0);
        let nearest = || {
            let middle = self.grid.code(center);
            let below = codes[..codes.partition_point(|&code| code < middle)].last();
            let above = codes.get(codes.partition_point(|&code| code <= middle));
            let others = below.into_iter().chain(above).map(|&code| self.grid.value(code)).chain([new]);
            others.map(|other| (other - center).abs()).filter(|&distance| distance > 0.0).min_by(f32::total_cmp)
        };
        let fitting = Grid::new(center, spread.or_else(nearest).unwrap_or(1.0));
        if self.grid.is_as_good_as(&fitting) {
            return false;
        }
        for code in &mut self.codes[..self.len] {
            *code = fitting.code(self.grid.value(*code));
        }
        self.grid = fitting;
        self.mend_fences(0, self.codes.len());
        true
    }

    fn insert(&mut self, code: i16, place: usize) {
        if self.len == self.codes.len() {
            self.codes.resize((self.len * 2).clamp(BLOCK, CAPACITY), i16::MAX);
        }
        self.codes.copy_within(place..self.len, place + 1);
        self.codes[place] = code;
        self.len += 1;
        self.mend_fences(place, self.len);
    }

    /// Puts a code in the place of another; the ranks between which the sample has changed.
    fn replace(&mut self, old: usize, code: i16, less: usize) -> (usize, usize) {
        let new = if old < less {
            self.codes.copy_within(old + 1..less, old);
            less - 1
        } else {
            self.codes.copy_within(less..old, less + 1);
            less
        };
        self.codes[new] = code;
        let (first, end) = (old.min(new), old.max(new) + 1);
        self.mend_fences(first, end);
        (first, end)
    }

    fn mend_fences(&mut self, first: usize, end: usize) {
        for block in first / BLOCK..end.div_ceil(BLOCK) {
            self.fences[block] = self.codes[block * BLOCK + BLOCK - 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(reservoir: &mut Reservoir, value: f32) -> Option<(usize, usize)> {
        let less = reservoir.less(reservoir.code(value));
        reservoir.offer(value, less)
    }

    fn fed(stride: u32, values: impl IntoIterator<Item = f32>) -> Reservoir {
        let mut reservoir = Reservoir::new(stride);
        for value in values {
            offer(&mut reservoir, value);
        }
        reservoir
    }

    fn all(reservoir: &Reservoir) -> Vec<f32> {
        reservoir.codes().iter().map(|&code| reservoir.value(code)).collect()
    }

    proptest::proptest! {
        #[test]
        fn it_is_sorted_and_ranks_are_true(
            values in proptest::collection::vec(proptest::prelude::prop_oneof![
                -1e3f32..1e3, -1e15f32..1e15, proptest::sample::select(vec![0.0f32, -0.0, 1.0, -1.0, 5e-45, 1e15]),
            ], 0..1_500),
        ) {
            let mut reservoir = Reservoir::new(4);
            for value in values {
                let before = reservoir.codes().to_vec();
                let code = reservoir.code(value);
                let less = before.iter().filter(|&&known| known < code).count();
                let not_greater = before.iter().filter(|&&known| known <= code).count();
                assert_eq!(reservoir.less(code), less);
                assert_eq!(reservoir.not_greater(code, less), not_greater);
                let changed = reservoir.offer(value, less);
                let after = reservoir.codes();
                assert!(after.is_sorted() && after.len() <= CAPACITY);
                let (first, end) = changed.unwrap_or_default();
                for (place, kept) in after.iter().enumerate() {
                    assert!((first..end).contains(&place) || before[place] == *kept);
                }
            }
        }
    }

    #[test]
    fn values_are_kept_to_a_small_part_of_what_they_differ_by() {
        // Far away, they differ by a thousandth of what they are; then they move away by a thousand times as much.
        let near = |at: u32| 1_000.0 + (at * 7919 % 997) as f32 / 1e3;
        for reservoir in
            [fed(1, (0..5_000).map(near)), fed(1, (0..5_000).map(|at| near(at) + (at / 2_500) as f32 * 1e3))]
        {
            let kept = all(&reservoir);
            let values: Vec<f32> = (0..997).flat_map(|at| [near(at), near(at) + 1e3]).collect();
            for &kept in &kept[kept.len() / 8..] {
                let error = values.iter().map(|value| (value - kept).abs()).min_by(f32::total_cmp).unwrap();
                assert!(error < 1e-3, "{kept}: {error}");
            }
            let different = kept.windows(2).filter(|pair| pair[0] < pair[1]).count();
            assert!(different > 180, "{different}");
        }
    }

    #[test]
    fn what_hardly_ever_differs_is_told_from_what_never_did() {
        let reservoir = fed(1, (0..2_000).map(|at| if at % 50 == 0 { 5.0 } else { 0.0 }));
        assert_eq!(all(&reservoir).last(), Some(&5.0));
        let code = |value: f32| reservoir.code(value);
        assert!(code(0.0) < code(0.1) && code(0.1) < code(5.0) && code(5.0) < code(5.1) && code(5.1) < code(1e5));
    }

    #[test]
    fn a_sample_that_is_not_full_of_turns_is_of_all_there_was() {
        let reservoir = fed(64, (0..8_192).map(|value| value as f32));
        for quarter in 0..4 {
            let from = quarter as f32 * 2_048.0;
            let count = |value: f32| reservoir.less(reservoir.code(value));
            let found = count(from + 2_048.0) - count(from);
            assert!(found.abs_diff(64) <= 8, "quarter {quarter}: {found}");
        }
    }

    #[test]
    fn what_is_old_is_forgotten_evenly() {
        // By then each of the first half is left with a probability of (1 - 1/256)^256, nearly 1/e.
        let reservoir = fed(
            4,
            (0..100_000_u32).map(|at| if at < 100_000 - 1_024 { 0.0 } else { 1.0 } + (at * 617 % 1_000) as f32 / 1e4),
        );
        let old = reservoir.less(reservoir.code(0.5));
        assert!(old.abs_diff(94) <= 12, "{old}");
        let high = reservoir.less(reservoir.code(0.1)) - reservoir.less(reservoir.code(0.05));
        assert!(high.abs_diff(old / 2) <= 8, "{high} of {old}");
    }

    proptest::proptest! {
        #[test]
        fn what_was_written_goes_on_as_before(count in 0..2_000_u32, stride in 1..8_u32) {
            let values = |range: std::ops::Range<u32>| range.map(|at| (at * 7919 % 1_009) as f32);
            let mut reservoir = fed(stride, values(0..count));
            let mut read = Reservoir::from(Kept::from(reservoir.clone()));
            for value in values(count..count + 600) {
                assert_eq!(offer(&mut reservoir, value), offer(&mut read, value));
                assert_eq!(&reservoir, &read);
            }
        }
    }
}
