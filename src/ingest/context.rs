//! The context of a sample: a flat JSON object of tags, checked and then kept as the text it is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::{MAX_CONTEXT_BYTES, MAX_TAGS};
use super::reject::{Reason, quoted};

/// Checks that `text` is a flat JSON object within the limits; an empty one is no context.
pub(super) fn check(text: &str) -> Result<Option<&str>, Reason> {
    if text.len() > MAX_CONTEXT_BYTES {
        return Err(Reason::ContextTooLong(text.len()));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let tags = json.deserialize_map(Tags).map_err(|_| Reason::NotAContext)??;
    json.end().map_err(|_| Reason::NotAContext)?;
    Ok((tags > 0).then_some(text.trim()))
}

/// Writes tags as a context; the same limits hold.
pub fn from_tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Option<Arc<str>>, Reason> {
    check(&object(tags)).map(|kept| kept.map(Arc::from))
}

/// A context with one more tag; as it was when it has that tag already, or has no room for it.
#[must_use]
pub fn with_tag(context: Option<&Arc<str>>, key: &str, value: &str) -> Option<Arc<str>> {
    let tag = object([(key, value)]);
    let with_tag = match context.map(|text| text.trim_end().trim_end_matches('}')) {
        Some(members) => format!("{members},{}", &tag[1..]),
        None => tag,
    };
    match check(&with_tag) {
        Ok(kept) => kept.map(Arc::from),
        Err(_) => context.cloned(),
    }
}

/// Tags as a flat JSON object, not checked yet.
pub(super) fn object<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let members: Vec<String> =
        tags.into_iter().map(|(key, value)| format!("{}:{}", quote(key), quote(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// Visits the members of an object and counts them.
struct Tags;

impl<'de> Visitor<'de> for Tags {
    type Value = Result<usize, Reason>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys: Vec<Cow<'de, str>> = Vec::new();
        let mut fault = None;
        while let Some(Key(key)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            if fault.is_some() {
                continue;
            }
            if value.get().starts_with(['{', '[']) {
                fault = Some(Reason::NestedContext(quoted(&key)));
            } else if keys.contains(&key) {
                fault = Some(Reason::TagTwice(quoted(&key)));
            } else if keys.len() == MAX_TAGS {
                fault = Some(Reason::TooManyTags);
            }
            keys.push(key);
        }
        Ok(fault.map_or(Ok(keys.len()), Err))
    }
}

/// A key, borrowed when it has no escapes in it.
#[derive(serde::Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"endpoint":"/api/markets"}"#, Some(r#"{"endpoint":"/api/markets"}"#))]
    #[case(r#" {"a":1,"b":true,"c":null} "#, Some(r#"{"a":1,"b":true,"c":null}"#))]
    #[case(r#"{"nested in text":"{[}"}"#, Some(r#"{"nested in text":"{[}"}"#))]
    #[case("{}", None)]
    fn flat_objects_are_kept_as_they_are(#[case] text: &str, #[case] kept: Option<&str>) {
        assert_eq!(check(text), Ok(kept));
    }

    #[rstest]
    #[case(r#"{"a":{"b":1}}"#, Reason::NestedContext("a".to_owned()))]
    #[case(r#"{"a":[1]}"#, Reason::NestedContext("a".to_owned()))]
    #[case(r#"{"a":1,"\u0061":2}"#, Reason::TagTwice("a".to_owned()))]
    #[case("[1]", Reason::NotAContext)]
    #[case("7", Reason::NotAContext)]
    #[case("", Reason::NotAContext)]
    #[case(r#"{"a":1} x"#, Reason::NotAContext)]
    #[case(r#"{"a":1"#, Reason::NotAContext)]
    fn everything_else_is_refused(#[case] text: &str, #[case] expected: Reason) {
        assert_eq!(check(text), Err(expected));
    }

    #[test]
    fn the_limits_hold_at_their_edge() {
        let tags = |count: usize| {
            let members: Vec<String> = (0..count).map(|index| format!("\"t{index}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(check(&tags(MAX_TAGS)).is_ok());
        assert_eq!(check(&tags(MAX_TAGS + 1)), Err(Reason::TooManyTags));
        let long = |bytes: usize| format!("{{\"t\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(check(&long(MAX_CONTEXT_BYTES)).is_ok());
        assert_eq!(check(&long(MAX_CONTEXT_BYTES + 1)), Err(Reason::ContextTooLong(MAX_CONTEXT_BYTES + 1)));
    }

    #[test]
    fn a_tag_is_added_once() {
        let tagged = |context: &str| with_tag(Some(&context.into()), "module", "a}b").unwrap();
        assert_eq!(&*tagged(r#"{"page":"/{}"}"#), r#"{"page":"/{}","module":"a}b"}"#);
        assert_eq!(&*tagged(r#"{"module":"own"}"#), r#"{"module":"own"}"#);
        assert_eq!(with_tag(None, "module", "build").as_deref(), Some(r#"{"module":"build"}"#));
    }

    #[test]
    fn tags_from_the_command_line_are_quoted() {
        assert_eq!(from_tags([("a", "say \"hi\"\n")]), Ok(Some(r#"{"a":"say \"hi\"\n"}"#.into())));
        assert_eq!(from_tags([]), Ok(None));
        assert_eq!(from_tags([("a", "1"), ("a", "2")]), Err(Reason::TagTwice("a".to_owned())));
    }
}
