//! Metric names seen so far: each is allocated once, and all of them are counted.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::model::MetricName;

/// How many names are shared; more are allocated anew each time, so that memory stays bounded when
/// somebody writes a request id into the name.
const SHARED: usize = 10_000;
/// The longest name that is shared.
const SHARED_BYTES: usize = 512;

/// Metric names seen so far.
#[derive(Debug, Default)]
pub struct Names {
    shared: HashSet<MetricName>,
    /// Hashes of the names that are not shared: 8 bytes for each, whatever its length.
    others: HashSet<u64>,
    hasher: RandomState,
}

impl Names {
    /// The name, shared with earlier samples of the same metric.
    pub fn intern(&mut self, name: &str) -> MetricName {
        if let Some(known) = self.shared.get(name) {
            return MetricName::clone(known);
        }
        let new = MetricName::from(name);
        if self.shared.len() < SHARED && name.len() <= SHARED_BYTES {
            self.shared.insert(MetricName::clone(&new));
        } else {
            self.others.insert(self.hasher.hash_one(name));
        }
        new
    }

    /// How many different names there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.shared.len() + self.others.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_name_is_allocated_once_and_counted_once() {
        let mut names = Names::default();
        let first = names.intern("api_response_time");
        assert!(Arc::ptr_eq(&first, &names.intern("api_response_time")));
        assert!(!Arc::ptr_eq(&first, &names.intern("cpu")));
        assert_eq!(names.count(), 2);
    }

    #[test]
    fn beyond_the_limit_names_are_still_counted() {
        let mut names = Names::default();
        for round in 0..2 {
            for index in 0..SHARED + 50 {
                assert_eq!(&*names.intern(&format!("m{index}")), format!("m{index}"), "round {round}");
            }
        }
        names.intern(&"x".repeat(SHARED_BYTES + 1));
        assert_eq!(names.count(), SHARED as u64 + 51);
        assert_eq!(names.shared.len(), SHARED);
    }
}
