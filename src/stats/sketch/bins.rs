//! Counts in a dense row of bins, that grows to where values fall.

#[derive(Debug, Clone, Default)]
pub(super) struct Bins {
    /// Index of the bin of the first count.
    pub first: i32,
    /// How many values each bin holds; no bin below the lowest that is kept.
    pub counts: Vec<u64>,
}

impl Bins {
    /// Counts a value in a bin that is covered; `false` when it is not.
    pub(super) fn count_one(&mut self, bin: i32) -> bool {
        let count = self.counts.get_mut(bin.wrapping_sub(self.first).cast_unsigned() as usize);
        count.map(|count| *count += 1).is_some()
    }

    /// Adds the counts of neighbouring bins from `first` on; those below `lowest` go into `lowest`.
    pub(super) fn add(&mut self, first: i32, counts: &[u64], lowest: i32) {
        let below = (lowest.max(first).abs_diff(first) as usize).min(counts.len());
        let (collapsed, counts) = counts.split_at(below);
        let collapsed: u64 = collapsed.iter().sum();
        if collapsed > 0 {
            let begin = self.cover(lowest, 1);
            self.counts[begin] += collapsed;
        }
        if !counts.is_empty() {
            let begin = self.cover(first.max(lowest), counts.len());
            self.counts[begin..].iter_mut().zip(counts).for_each(|(own, count)| *own += count);
        }
    }

    /// Makes room for `len` bins from `low` on; says where they begin.
    fn cover(&mut self, low: i32, len: usize) -> usize {
        if self.counts.is_empty() {
            self.first = low;
        }
        if low < self.first {
            let missing = low.abs_diff(self.first) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = low;
        }
        let begin = low.abs_diff(self.first) as usize;
        if begin + len > self.counts.len() {
            self.counts.resize(begin + len, 0);
        }
        begin
    }

    /// Moves what lies below `lowest` into `lowest`.
    pub(super) fn collapse_below(&mut self, lowest: i32) {
        if self.first < lowest && !self.counts.is_empty() {
            let whole = std::mem::take(self);
            self.add(whole.first, &whole.counts, lowest);
        }
    }

    /// The bins that hold something, rising, each with how many values.
    pub(super) fn filled(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> + '_ {
        let bins = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        bins.map(|(at, count)| (self.first.wrapping_add_unsigned(at as u32), *count))
    }
}
