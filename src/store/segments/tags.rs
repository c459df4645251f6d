//! Which tags the samples of a metric carry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::model::TimeRange;
use crate::store::contexts::{self, Tags};
use crate::store::{Store, StoreError, groups, log, schema};

use super::visit_hours;

/// A tag of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Its name.
    pub name: Arc<str>,
    /// How many different values it has.
    pub values: u64,
}

impl Store {
    /// The tags that samples of a metric carry in a range, by name; of any metric when none is named.
    pub fn tags(&self, metric: Option<&str>, range: TimeRange) -> Result<Vec<Tag>, StoreError> {
        self.read("list tags", |conn| {
            let mut numbers = BTreeSet::new();
            for rolled in groups::rolled(conn)?.iter().filter(|rolled| metric.is_none_or(|name| rolled.name == name)) {
                visit_hours(conn, Some(rolled), range, &mut |_, samples| {
                    let mut last = None;
                    for sample in samples.iter().filter(|sample| range.contains(sample.point.timestamp_ms)) {
                        if last.replace(sample.context) != Some(sample.context) {
                            numbers.insert(sample.context);
                        }
                    }
                })?;
            }
            let mut found = BTreeMap::new();
            if schema::has_derived(conn)? {
                contexts::visit(conn, &mut |number, tags| {
                    if numbers.contains(&number) {
                        add(&mut found, tags);
                    }
                })?;
            }
            log::visit_unrolled(conn, metric, |row| {
                if range.contains(row.timestamp_ms) {
                    add(&mut found, row.context.and_then(contexts::parse).unwrap_or_default());
                }
            })?;
            let tag = |(name, values): (String, BTreeSet<_>)| Tag { name: name.into(), values: values.len() as u64 };
            Ok(found.into_iter().map(tag).collect())
        })
    }
}

fn add(found: &mut BTreeMap<String, BTreeSet<Option<String>>>, tags: Tags) {
    for (tag, value) in tags {
        found.entry(tag).or_default().insert(value);
    }
}
