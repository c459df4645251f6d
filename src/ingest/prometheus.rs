//! Prometheus text exposition (0.0.4) and `OpenMetrics` text (1.0): one line, one sample.
//!
//! `name{label="value",...} value [timestamp] [# exemplar]`. Comments are passed over; what `TYPE` says is
//! not needed, since each line of a histogram or summary is a series of its own. Written by hand: the crate
//! prometheus-parse passes over in silence what it cannot read, and takes labels apart at commas and
//! braces that are part of a value.

use std::borrow::Cow;

use super::context;
use super::reject::{Reason, quoted};
use super::sink::Sink;
use super::timestamp::TimestampUnit;

/// A line, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    name: Cow<'a, str>,
    labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    value: &'a str,
    timestamp: Option<&'a str>,
}

/// Reads a line that is not empty.
pub(super) fn read(line: &[u8], sink: &mut Sink<'_>) -> Result<(), Reason> {
    let text = str::from_utf8(line).map_err(|error| Reason::NotUtf8(error.valid_up_to()))?.trim();
    if text.starts_with('#') {
        return Ok(());
    }
    let Sample { name, labels, value, timestamp } = parse(text)?;
    let timestamp_ms = match timestamp {
        None => sink.now_ms,
        // Prometheus writes whole milliseconds; OpenMetrics seconds, nearly always with a fraction.
        Some(text) if text.contains(['.', 'e', 'E']) => sink.timestamp(text, TimestampUnit::Seconds)?,
        Some(text) => sink.timestamp(text, TimestampUnit::Milliseconds)?,
    };
    let context = match &labels[..] {
        [] => String::new(),
        labels => context::object(labels.iter().map(|(name, value)| (&**name, &**value))),
    };
    sink.sample(&name, value, timestamp_ms, &context)
}

/// Whether a comment is one that no other format has.
pub(super) fn is_own_comment(line: &str) -> bool {
    let word = line.trim_start_matches('#').split_whitespace().next();
    line.starts_with("# ") && matches!(word, Some("HELP" | "TYPE" | "UNIT" | "EOF"))
}

/// Takes a sample's line apart.
pub(super) fn parse(line: &str) -> Result<Sample<'_>, Reason> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    let mut name = Cow::Borrowed(name);
    let mut labels = Vec::new();
    if let Some(inside) = rest.trim_start().strip_prefix('{') {
        (rest, labels) = parse_labels(inside, &mut name)?;
    }
    // A name that stands before the braces is plain; one that came in quotes may be anything.
    if name.is_empty() || (end > 0 && !is_name(&name)) {
        return Err(wrong(format!("`{}` is no name", quoted(&name))));
    }
    let sample = rest.split(" # ").next().unwrap_or_default();
    let mut words = sample.split_whitespace();
    let value = words.next().ok_or_else(|| wrong("no value after the name"))?;
    let timestamp = words.next();
    if let Some(more) = words.next() {
        return Err(wrong(format!("`{}` after the timestamp", quoted(more))));
    }
    if value.parse::<f64>().is_err() {
        return Err(wrong(format!("the value `{}` is not a number", quoted(value))));
    }
    Ok(Sample { name, labels, value, timestamp })
}

fn wrong(what: impl Into<String>) -> Reason {
    Reason::NotPrometheus(what.into())
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads labels up to the closing brace. A quoted text without a value among them is the sample's name, as
/// Prometheus 3 writes names that are not plain.
fn parse_labels<'a>(mut rest: &'a str, name: &mut Cow<'a, str>) -> Result<(&'a str, Labels<'a>), Reason> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((after, labels));
        }
        let key;
        let is_quoted = rest.starts_with('"');
        if is_quoted {
            (key, rest) = parse_quoted(rest)?;
        } else {
            let end = rest.find(|c: char| matches!(c, '=' | ',' | '}') || c.is_whitespace()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !is_name(word) {
                return Err(wrong(format!("`{}` is no label", quoted(word))));
            }
            (key, rest) = (Cow::Borrowed(word), after);
        }
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let value;
            (value, rest) = parse_quoted(after.trim_start())?;
            // To Prometheus an empty label is none.
            if !value.is_empty() {
                labels.push((key, value));
            }
        } else if is_quoted && name.is_empty() {
            *name = key;
        } else {
            return Err(wrong(format!("the label `{}` has no value", quoted(&key))));
        }
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(wrong("the labels do not end in `}`")),
        }
    }
}

/// Reads `"text"` with the escapes `\\`, `\"` and `\n`.
fn parse_quoted(text: &str) -> Result<(Cow<'_, str>, &str), Reason> {
    let inside = text.strip_prefix('"').ok_or_else(|| wrong("a label's value stands in quotes"))?;
    let mut unescaped = String::new();
    let mut from = 0;
    while let Some(at) = memchr::memchr2(b'"', b'\\', &inside.as_bytes()[from..]).map(|at| from + at) {
        if inside.as_bytes()[at] == b'"' {
            let last = &inside[from..at];
            let text = if unescaped.is_empty() { Cow::Borrowed(last) } else { Cow::Owned(unescaped + last) };
            return Ok((text, &inside[at + 1..]));
        }
        unescaped.push_str(&inside[from..at]);
        let escaped = inside[at + 1..].chars().next().ok_or_else(|| wrong("a quote is not closed"))?;
        match escaped {
            'n' => unescaped.push('\n'),
            '\\' | '"' => unescaped.push(escaped),
            // No escape at all: both characters are meant.
            other => unescaped.extend(['\\', other]),
        }
        from = at + 1 + escaped.len_utf8();
    }
    Err(wrong("a quote is not closed"))
}

#[cfg(test)]
mod tests;
