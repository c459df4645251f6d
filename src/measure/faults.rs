//! What was not taken of what a command says: the first few are spelled out, the rest counted, so that no command fills the
//! terminal of whoever looks on.

use crate::model::text::counted;

/// How many are spelled out.
pub(super) const SPELLED_OUT: usize = 5;

/// Faults of one kind, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<String>,
    count: u64,
}

impl Faults {
    /// One more; its words are only made when they are needed.
    pub fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < SPELLED_OUT {
            self.told.push(words());
        }
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// In words: `and 12 lines more not taken` stands for those that are not spelled out.
    pub fn told(self, what: &str) -> Vec<String> {
        let more = self.count - self.told.len() as u64;
        let rest = (more > 0).then(|| format!("and {} more not taken", counted(more, what)));
        self.told.into_iter().chain(rest).collect()
    }
}
