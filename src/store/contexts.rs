//! The dictionary of contexts: which tags a sample carries, as a small number.
//!
//! A context is stored once, as its tags in the order of their names. How many there are is limited twice, so
//! that a request id in a tag costs neither the disk nor the other tags: beyond [`MAX_TAG_VALUES`] values of
//! one tag, further ones are kept as null, "another value"; beyond [`MAX_CONTEXTS`] contexts, a new one is
//! [`OTHER`]. The log keeps every context as it came.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

/// No tags, or nothing that could be read as tags.
pub(super) const NONE: u32 = 0;
/// A context beyond [`MAX_CONTEXTS`].
pub(super) const OTHER: u32 = 1;
/// The first number that stands in the dictionary.
pub(super) const FIRST: u32 = 2;

/// Values of one tag that are told apart.
pub(super) const MAX_TAG_VALUES: usize = 1_000;
/// Contexts that are told apart.
pub(super) const MAX_CONTEXTS: u32 = 50_000;

/// Texts remembered with their numbers.
const REMEMBERED: usize = 10_000;

/// The tags of a context, by name; null stands for a value beyond the limit.
pub(super) type Tags = BTreeMap<String, Option<String>>;

/// What the dictionary says of a context.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its number.
    Number(u32),
    /// It is new, with these tags.
    New(Tags),
}

/// What a connection knows of the dictionary. Void after a transaction that was rolled back.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    /// Numbers of texts as they stand in the log.
    known: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    /// The values of each tag in the dictionary, up to the context `loaded_to`.
    values: HashMap<String, HashSet<String>>,
    loaded_to: u32,
}

impl Contexts {
    /// The number of a context as it stands in the log; enters it when it is new. Needs the write lock.
    pub(super) fn number(&mut self, conn: &Connection, text: &str) -> rusqlite::Result<u32> {
        if let Some(&number) = self.known.get(text) {
            return Ok(number);
        }
        let number = match self.find(conn, text)? {
            Found::Number(number) => number,
            Found::New(tags) => self.enter(conn, tags)?,
        };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(text.into(), number);
        Ok(number)
    }

    /// The number of a context as it stands in the log, if it has one.
    pub(super) fn find(&mut self, conn: &Connection, text: &str) -> rusqlite::Result<Found> {
        let Some(mut tags) = parse(text) else { return Ok(Found::Number(NONE)) };
        self.load(conn)?;
        for (tag, value) in &mut tags {
            let is_other =
                |values: &HashSet<String>, value: &String| values.len() >= MAX_TAG_VALUES && !values.contains(value);
            if self.values.get(tag).zip(value.as_ref()).is_some_and(|(values, value)| is_other(values, value)) {
                *value = None;
            }
        }
        let found = conn
            .prepare_cached("SELECT id FROM perftop_context WHERE tags = ?1")?
            .query_row([write(&tags)], |row| row.get(0))
            .optional()?;
        let is_full = self.next() >= FIRST + MAX_CONTEXTS;
        Ok(match found.or(is_full.then_some(OTHER)) {
            Some(number) => Found::Number(number),
            None => Found::New(tags),
        })
    }

    fn next(&self) -> u32 {
        (self.loaded_to + 1).max(FIRST)
    }

    fn enter(&mut self, conn: &Connection, tags: Tags) -> rusqlite::Result<u32> {
        let number = self.next();
        conn.prepare_cached("INSERT INTO perftop_context (id, tags) VALUES (?1, ?2)")?
            .execute((number, write(&tags)))?;
        self.learn(number, tags);
        Ok(number)
    }

    /// Learns what others have entered since the last look.
    fn load(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let mut statement = conn.prepare_cached("SELECT id, tags FROM perftop_context WHERE id > ?1 ORDER BY id")?;
        let mut rows = statement.query([self.loaded_to])?;
        while let Some(row) = rows.next()? {
            self.learn(row.get(0)?, read(row.get_ref(1)?.as_str().unwrap_or_default()).unwrap_or_default());
        }
        Ok(())
    }

    fn learn(&mut self, number: u32, tags: Tags) {
        self.loaded_to = number;
        for (tag, value) in tags {
            let values = self.values.entry(tag).or_default();
            if let Some(value) = value {
                values.insert(value);
            }
        }
    }
}

/// Visits the whole dictionary, by number.
pub(super) fn visit(conn: &Connection, visit: &mut dyn FnMut(u32, Tags)) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached("SELECT id, tags FROM perftop_context ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(row.get(0)?, read(row.get_ref(1)?.as_str().unwrap_or_default()).unwrap_or_default());
    }
    Ok(())
}

/// The tags of which not all values are told apart, by name.
pub(super) fn full_tags(conn: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut full = BTreeSet::new();
    visit(conn, &mut |_, tags| full.extend(tags.into_iter().filter(|(_, value)| value.is_none()).map(|(tag, _)| tag)))?;
    Ok(full)
}

/// The tags of a context as another program may have written it; `None` when there are none or it is no flat
/// object. Numbers and truth values are kept as their text; a null is no tag.
pub(super) fn parse(text: &str) -> Option<Tags> {
    let mut tags = read(text)?;
    tags.retain(|_, value| value.is_some());
    Some(tags).filter(|tags| !tags.is_empty())
}

/// The tags as the dictionary has them.
fn read(text: &str) -> Option<Tags> {
    let members: BTreeMap<Cow<'_, str>, Value> = serde_json::from_str(text).ok()?;
    let text_of = |value| match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text)),
        Value::Number(number) => Some(Some(number.to_string())),
        Value::Bool(truth) => Some(Some(truth.to_string())),
        Value::Array(_) | Value::Object(_) => None,
    };
    members.into_iter().map(|(tag, value)| Some((tag.into_owned(), text_of(value)?))).collect()
}

fn write(tags: &Tags) -> String {
    Value::Object(tags.iter().map(|(tag, value)| (tag.clone(), value.clone().into())).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn dictionary() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE perftop_context (id INTEGER PRIMARY KEY, tags TEXT NOT NULL UNIQUE)").unwrap();
        conn
    }

    fn read_all(conn: &Connection) -> HashMap<u32, Tags> {
        let mut all = HashMap::new();
        visit(conn, &mut |number, tags| drop(all.insert(number, tags))).unwrap();
        all
    }

    #[test]
    fn equal_tags_have_one_number_however_they_are_written() {
        let (conn, mut contexts) = (dictionary(), Contexts::default());
        let first = contexts.number(&conn, r#"{"page":"/","status":200}"#).unwrap();
        assert_eq!(first, FIRST);
        assert_eq!(contexts.number(&conn, r#"{ "status":"200", "page":"\/" }"#).unwrap(), first);
        assert_eq!(Contexts::default().number(&conn, r#"{"page":"/","status":200}"#).unwrap(), first);
        assert_eq!(contexts.number(&conn, r#"{"page":"/a","status":200}"#).unwrap(), FIRST + 1);
        let tags = &read_all(&conn)[&first];
        assert_eq!(tags["status"].as_deref(), Some("200"));
    }

    #[rstest]
    #[case("")]
    #[case("{}")]
    #[case("no json")]
    #[case("[1]")]
    #[case(r#"{"a":{"b":1}}"#)]
    #[case(r#"{"a":null}"#)]
    fn what_is_no_context_has_no_tags(#[case] text: &str) {
        assert_eq!(Contexts::default().number(&dictionary(), text).unwrap(), NONE);
    }

    #[test]
    fn a_tag_with_too_many_values_does_not_cost_the_others() {
        let (conn, mut contexts) = (dictionary(), Contexts::default());
        let of = |request: usize| format!(r#"{{"page":"/{}","request":"{request}"}}"#, request % 3);
        for request in 0..MAX_TAG_VALUES {
            contexts.number(&conn, &of(request)).unwrap();
        }
        // Somebody else goes on, knowing only what is stored.
        let mut others = Contexts::default();
        let beyond = others.number(&conn, &of(MAX_TAG_VALUES)).unwrap();
        assert_eq!(contexts.number(&conn, &of(MAX_TAG_VALUES + 3)).unwrap(), beyond);
        let tags = &read_all(&conn)[&beyond];
        assert_eq!((tags["page"].as_deref(), tags["request"].as_deref()), (Some("/1"), None));
        assert_ne!(contexts.number(&conn, &of(7)).unwrap(), beyond, "what was known stays known");
    }
}
