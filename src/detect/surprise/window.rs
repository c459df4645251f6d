//! Sums over the last values of a series, in constant time and memory.

use serde::{Deserialize, Serialize};

use crate::detect::keeping::MOST_COUNTED;

/// The last values of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Kept", from = "Kept")]
pub(super) struct Recent<const N: usize> {
    /// Each value twice, `N` apart, so that the last ones are always one slice.
    values: Box<[f32]>,
    pushed: u64,
}

/// What is written of them: each once.
#[derive(Serialize, Deserialize)]
struct Kept {
    last: Vec<f32>,
    pushed: u64,
}

impl<const N: usize> From<Recent<N>> for Kept {
    fn from(recent: Recent<N>) -> Self {
        Self { last: recent.last(N).to_vec(), pushed: recent.pushed }
    }
}

impl<const N: usize> From<Kept> for Recent<N> {
    fn from(kept: Kept) -> Self {
        let mut recent = Self { pushed: kept.pushed.saturating_sub(kept.last.len() as u64), ..Self::new() };
        kept.last.into_iter().for_each(|value| recent.push(value));
        recent
    }
}

impl<const N: usize> Recent<N> {
    pub(super) fn new() -> Self {
        Self { values: vec![0.0; 2 * N].into(), pushed: 0 }
    }

    pub(super) fn push(&mut self, value: f32) {
        let place = (self.pushed % N as u64) as usize;
        self.values[place] = value;
        self.values[place + N] = value;
        self.pushed += 1;
    }

    pub(super) const fn clear(&mut self) {
        self.pushed = 0;
    }

    /// Whether it can go on counting.
    pub(super) const fn is_sound(&self) -> bool {
        self.pushed <= MOST_COUNTED
    }

    /// How many values there were in all.
    pub(super) const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// The last `n` values, or as many as there are, oldest first.
    pub(super) fn last(&self, n: usize) -> &[f32] {
        let n = n.min(N).min(self.pushed as usize);
        let end = self.end();
        &self.values[end - n..end]
    }

    /// The value that was pushed `n` values before the newest.
    #[inline]
    pub(super) fn ago(&self, n: usize) -> f32 {
        self.values[self.end() - 1 - n]
    }

    /// The value that leaves the last `n` when the next one is pushed; `None` while there are fewer.
    #[inline]
    pub(super) fn leaving(&self, n: usize) -> Option<f32> {
        (self.pushed >= n as u64).then(|| self.ago(n - 1))
    }

    #[inline]
    const fn end(&self) -> usize {
        // Before the first push it is never looked at.
        (self.pushed.wrapping_sub(1) % N as u64) as usize + N + 1
    }
}
