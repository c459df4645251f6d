//! JSON Lines: one line to one sample, or to the reason why not. `docs/formats.md` describes the format.
//!
//! Knows nothing of files, line numbers or the store.

mod usual;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::context::Key;
use super::dictionary::Dictionary;
use super::limits::MAX_NAME_BYTES;
use super::reject::{Reason, quoted};
use super::timestamp::{self, TimestampUnit};
use crate::model::NewSample;

/// Reads a line without its end. `now_ms` dates a sample that does not say when it was measured.
pub fn parse(line: &[u8], unit: TimestampUnit, now_ms: i64, dictionary: &mut Dictionary) -> Result<NewSample, Reason> {
    usual::parse(line, unit, now_ms, dictionary).map_or_else(|| parse_carefully(line, unit, now_ms, dictionary), Ok)
}

/// Reads any line, and finds the reason why it is none.
fn parse_carefully(
    line: &[u8],
    unit: TimestampUnit,
    now_ms: i64,
    dictionary: &mut Dictionary,
) -> Result<NewSample, Reason> {
    if let Some(at) = memchr::memchr(0, line) {
        return Err(Reason::Nul(at));
    }
    let text = str::from_utf8(line).map_err(|error| Reason::NotUtf8(error.valid_up_to()))?;
    let fields = Fields::read(text)?;

    let name = fields.name()?;
    check_name(&name)?;
    let value = read_value(fields.value.ok_or(Reason::NoValue)?.get())?;
    let timestamp_ms = match fields.timestamp.map(RawValue::get) {
        None | Some("null") => now_ms,
        Some(number) if is_number(number) => timestamp::from_number(number, unit, now_ms)?,
        Some(other) => timestamp::from_text(&string_of("timestamp", "a number or a string", other)?, now_ms)?,
    };
    let context_json = fields.context(dictionary)?;
    Ok(NewSample { metric: dictionary.name(&name), value, timestamp_ms, context_json })
}

/// Writes a sample as the line that [`parse`] reads, with its end.
#[must_use]
pub fn line(sample: &NewSample) -> String {
    let name = serde_json::Value::from(&*sample.metric);
    let NewSample { value, timestamp_ms, .. } = sample;
    let context = sample.context_json.as_ref().map(|text| format!(",\"context\":{text}")).unwrap_or_default();
    format!("{{\"metric_name\":{name},\"value\":{value:?},\"timestamp\":{timestamp_ms}{context}}}\n")
}

/// Checks a metric's name, wherever it comes from.
pub fn check_name(name: &str) -> Result<(), Reason> {
    if name.is_empty() {
        Err(Reason::EmptyName)
    } else if name.len() > MAX_NAME_BYTES {
        Err(Reason::NameTooLong(name.len()))
    } else if name.contains('\0') {
        Err(Reason::NulInName)
    } else {
        Ok(())
    }
}

/// Reads a value as JSON writes numbers.
fn read_value(text: &str) -> Result<f64, Reason> {
    if !is_number(text) {
        let is_quoted_number = text.starts_with('"') && text.trim_matches('"').trim().parse::<f64>().is_ok();
        return Err(if is_quoted_number {
            Reason::QuotedValue
        } else {
            Reason::WrongType { field: "value", found: kind_of(text), expected: "a number" }
        });
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| Reason::NotFinite(quoted(text)))
}

/// Reads a value given on the command line; the same values are taken as from a line.
pub fn parse_value(text: &str) -> Result<f64, Reason> {
    text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| Reason::NotFinite(quoted(text)))
}

/// The fields of a line, as JSON text.
#[derive(Default)]
struct Fields<'a> {
    metric_name: Option<&'a RawValue>,
    metric: Option<&'a RawValue>,
    value: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    context: Option<&'a RawValue>,
    context_json: Option<&'a RawValue>,
    twice: Option<&'static str>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, Reason> {
        if !text.trim_start().starts_with('{') {
            return Err(match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => Reason::NotAnObject,
                Err(error) => not_json(text, &error),
            });
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(FieldsVisitor).map_err(|error| not_json(text, &error))?;
        json.end().map_err(|error| not_json(text, &error))?;
        fields.twice.map_or(Ok(fields), |field| Err(Reason::Twice(field)))
    }

    fn name(&self) -> Result<Cow<'a, str>, Reason> {
        let text = |field, raw: &'a RawValue| string_of(field, "a string", raw.get());
        match (self.metric_name, self.metric) {
            (None, None) => Err(Reason::NoName),
            (Some(name), None) => text("metric_name", name),
            (None, Some(alias)) => text("metric", alias),
            (Some(name), Some(alias)) => {
                let name = text("metric_name", name)?;
                if name == text("metric", alias)? { Ok(name) } else { Err(Reason::NamesDiffer) }
            }
        }
    }

    fn context(&self, dictionary: &mut Dictionary) -> Result<Option<Arc<str>>, Reason> {
        let given = |raw: Option<&'a RawValue>| raw.map(RawValue::get).filter(|text| *text != "null");
        match (given(self.context), given(self.context_json)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Reason::TwoContexts),
            (Some(object), None) if object.starts_with('{') => dictionary.context(object),
            (Some(other), None) => {
                Err(Reason::WrongType { field: "context", found: kind_of(other), expected: "an object" })
            }
            (None, Some(text)) => dictionary.context(&string_of("context_json", "a string", text)?),
        }
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Key(key)) = map.next_key()? {
            let (field, slot) = match &*key {
                "metric_name" => ("metric_name", &mut fields.metric_name),
                "metric" => ("metric", &mut fields.metric),
                "value" => ("value", &mut fields.value),
                "timestamp" => ("timestamp", &mut fields.timestamp),
                "context" => ("context", &mut fields.context),
                "context_json" => ("context_json", &mut fields.context_json),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                fields.twice = fields.twice.or(Some(field));
            }
        }
        Ok(fields)
    }
}

fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn string_of<'a>(field: &'static str, expected: &'static str, json: &'a str) -> Result<Cow<'a, str>, Reason> {
    if !json.starts_with('"') {
        return Err(Reason::WrongType { field, found: kind_of(json), expected });
    }
    let broken = |error: serde_json::Error| Reason::NotJson(format!("{} in `{field}`", without_place(&error)));
    serde_json::from_str::<Key<'a>>(json).map(|Key(text)| text).map_err(broken)
}

/// The parser's complaint without the place, which it counts from the start of what it was given.
fn without_place(error: &serde_json::Error) -> String {
    let complaint = error.to_string();
    complaint.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The parser's complaint with the column in the user's line.
fn not_json(text: &str, error: &serde_json::Error) -> Reason {
    let what = without_place(error);
    let at = error.column().saturating_sub(1).min(text.len());
    let rest = text.get(at..).unwrap_or_default();
    let hint = if ["NaN", "Inf", "-Inf", "nan", "inf", "-inf"].iter().any(|word| rest.starts_with(word)) {
        "; JSON has no NaN and no infinity"
    } else {
        ""
    };
    Reason::NotJson(format!("{what} at column {}{hint}", at + 1))
}

#[cfg(test)]
mod tests;
