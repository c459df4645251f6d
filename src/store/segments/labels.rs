//! Labels: small numbers for the values that some tags have together. Many contexts have one label, as they
//! differ in other tags.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use crate::model::TagValue;
use crate::store::contexts::{self, Contexts, Found, MAX_CONTEXTS, Tags};
use crate::store::schema;

/// The label of what is not told apart.
pub(super) const UNTOLD: u32 = 0;

/// Texts remembered with their labels.
const REMEMBERED: usize = 10_000;

/// The labels of the dictionary's contexts, and of what is not in it yet.
#[derive(Debug)]
pub(super) struct Labels {
    tags: Vec<Arc<str>>,
    values: Vec<Vec<TagValue>>,
    index: HashMap<Vec<TagValue>, u32>,
    by_number: Vec<u32>,
    /// `None` when the store has no dictionary.
    contexts: Option<Contexts>,
    known: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

impl Labels {
    /// Reads the dictionary.
    pub(super) fn read(conn: &Connection, tags: &[Arc<str>]) -> rusqlite::Result<Self> {
        let mut labels = Self {
            tags: tags.to_vec(),
            values: Vec::new(),
            index: HashMap::new(),
            by_number: Vec::new(),
            contexts: schema::has_derived(conn)?.then(Contexts::default),
            known: HashMap::default(),
        };
        let untold = labels.enter(vec![TagValue::Other; tags.len()]);
        debug_assert_eq!(untold, UNTOLD, "the first label");
        labels.by_number = vec![UNTOLD; contexts::FIRST as usize];
        labels.by_number[contexts::NONE as usize] = labels.enter(vec![TagValue::Missing; tags.len()]);
        if labels.contexts.is_some() {
            contexts::visit(conn, &mut |number, tags| {
                let label = labels.of_tags(&tags);
                labels.by_number.resize(number as usize, UNTOLD);
                labels.by_number.push(label);
            })?;
        }
        Ok(labels)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The labels of the dictionary's contexts, by number.
    pub(super) fn by_number(&self) -> &[u32] {
        &self.by_number
    }

    /// The label of a context of the dictionary.
    pub(super) fn of_number(&self, number: u32) -> u32 {
        self.by_number.get(number as usize).copied().unwrap_or(UNTOLD)
    }

    /// The label of a context as it stands in the log.
    pub(super) fn of_text(&mut self, conn: &Connection, text: Option<&str>) -> rusqlite::Result<u32> {
        let Some(text) = text else { return Ok(self.of_number(contexts::NONE)) };
        if let Some(&label) = self.known.get(text) {
            return Ok(label);
        }
        let label = match &mut self.contexts {
            Some(contexts) => match contexts.find(conn, text)? {
                Found::Number(number) => self.of_number(number),
                Found::New(tags) => self.of_tags(&tags),
            },
            None => self.of_tags(&contexts::parse(text).unwrap_or_default()),
        };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(text.into(), label);
        Ok(label)
    }

    /// The label of these values, if there is one.
    pub(super) fn label(&self, values: &[TagValue]) -> Option<u32> {
        self.index.get(values).copied()
    }

    /// The values of a label, in the order of the tags.
    pub(super) fn values(&self, label: u32) -> &[TagValue] {
        &self.values[label as usize]
    }

    /// Whether one of the values was never kept.
    pub(super) fn is_unkept(&self, label: u32) -> bool {
        self.values(label).contains(&TagValue::Other)
    }

    fn of_tags(&mut self, tags: &Tags) -> u32 {
        let of = |tag: &Arc<str>| match tags.get(&**tag) {
            Some(Some(value)) => TagValue::Is(value.as_str().into()),
            Some(None) => TagValue::Other,
            None => TagValue::Missing,
        };
        let values: Vec<TagValue> = self.tags.iter().map(of).collect();
        self.enter(values)
    }

    fn enter(&mut self, values: Vec<TagValue>) -> u32 {
        if let Some(&label) = self.index.get(&values) {
            return label;
        }
        if self.values.len() > MAX_CONTEXTS as usize {
            return UNTOLD;
        }
        let label = self.values.len() as u32;
        self.values.push(values.clone());
        self.index.insert(values, label);
        label
    }
}
