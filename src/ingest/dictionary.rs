//! Metric names and contexts seen so far: each text is allocated and checked once, and the store can tell
//! by the address that it is the same one again.
//!
//! Memory is bounded whatever comes: somebody will write a request id into a name or a tag.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::context;
use super::reject::Reason;
use crate::model::MetricName;

/// How many names are shared; more are allocated anew each time.
const SHARED_NAMES: usize = 10_000;
/// How many contexts are shared. When they are full they are begun anew, so that ids among them give way
/// again to the tags that come back.
const SHARED_CONTEXTS: usize = 10_000;
/// How many bytes the shared contexts may have together.
const SHARED_CONTEXTS_BYTES: usize = 1 << 20;
/// The longest text that is shared.
const SHARED_BYTES: usize = 512;

/// Metric names and contexts seen so far.
#[derive(Debug, Default)]
pub struct Dictionary {
    names: HashSet<MetricName, RandomState>,
    /// Hashes of the names that are not shared: 8 bytes for each, whatever its length.
    other_names: HashSet<u64, RandomState>,
    contexts: HashSet<Arc<str>, RandomState>,
    contexts_bytes: usize,
}

impl Dictionary {
    /// The name, shared with earlier samples of the same metric.
    pub(super) fn name(&mut self, name: &str) -> MetricName {
        if let Some(known) = self.names.get(name) {
            return MetricName::clone(known);
        }
        let new = MetricName::from(name);
        if self.names.len() < SHARED_NAMES && name.len() <= SHARED_BYTES {
            self.names.insert(MetricName::clone(&new));
        } else {
            self.other_names.insert(self.names.hasher().hash_one(name));
        }
        new
    }

    /// How many different names there were.
    #[must_use]
    pub fn metric_count(&self) -> u64 {
        (self.names.len() + self.other_names.len()) as u64
    }

    /// The context, shared with earlier samples of the same tags; `None` when it has no tags.
    ///
    /// A text seen before was checked then.
    pub(super) fn context(&mut self, text: &str) -> Result<Option<Arc<str>>, Reason> {
        if let Some(known) = self.contexts.get(text) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(checked) = context::check(text)? else { return Ok(None) };
        if let Some(known) = self.contexts.get(checked) {
            return Ok(Some(Arc::clone(known)));
        }
        let new: Arc<str> = checked.into();
        if checked.len() <= SHARED_BYTES {
            self.share_context(&new);
        }
        Ok(Some(new))
    }

    fn share_context(&mut self, new: &Arc<str>) {
        if self.contexts.len() == SHARED_CONTEXTS || self.contexts_bytes + new.len() > SHARED_CONTEXTS_BYTES {
            self.contexts.clear();
            self.contexts_bytes = 0;
        }
        self.contexts_bytes += new.len();
        self.contexts.insert(Arc::clone(new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_allocated_once_and_counted_once() {
        let mut dictionary = Dictionary::default();
        let first = dictionary.name("api_response_time");
        assert!(Arc::ptr_eq(&first, &dictionary.name("api_response_time")));
        assert!(!Arc::ptr_eq(&first, &dictionary.name("cpu")));
        assert_eq!(dictionary.metric_count(), 2);
    }

    #[test]
    fn beyond_the_limit_names_are_still_counted() {
        let mut dictionary = Dictionary::default();
        for round in 0..2 {
            for index in 0..SHARED_NAMES + 50 {
                assert_eq!(&*dictionary.name(&format!("m{index}")), format!("m{index}"), "round {round}");
            }
        }
        dictionary.name(&"x".repeat(SHARED_BYTES + 1));
        assert_eq!(dictionary.metric_count(), SHARED_NAMES as u64 + 51);
        assert_eq!(dictionary.names.len(), SHARED_NAMES);
    }

    #[test]
    fn a_context_is_allocated_once_whatever_stands_around_it() {
        let mut dictionary = Dictionary::default();
        let first = dictionary.context(r#"{"a":1}"#).unwrap().unwrap();
        for again in [r#"{"a":1}"#, r#" {"a":1} "#] {
            assert!(Arc::ptr_eq(&first, &dictionary.context(again).unwrap().unwrap()));
        }
        assert_eq!(dictionary.context("{}"), Ok(None));
        assert_eq!(dictionary.context("[]"), Err(Reason::NotAContext));
    }

    #[test]
    fn contexts_with_ids_in_them_cost_a_bounded_memory_and_give_way() {
        let mut dictionary = Dictionary::default();
        let long = "x".repeat(300);
        for id in 0..3 * SHARED_CONTEXTS {
            dictionary.context(&format!(r#"{{"id":{id},"long":"{long}"}}"#)).unwrap();
            dictionary.context(&format!(r#"{{"id":{id}}}"#)).unwrap();
            assert!(dictionary.contexts.len() <= SHARED_CONTEXTS);
            assert!(dictionary.contexts_bytes <= SHARED_CONTEXTS_BYTES);
        }
        let first = dictionary.context(r#"{"a":1}"#).unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &dictionary.context(r#"{"a":1}"#).unwrap().unwrap()));
    }
}
