//! Influx line protocol: `measurement[,tag=value...] field=value[,field=value...] [timestamp]`.
//!
//! Each field is a sample; one that is no number costs that field, not its line. Written by hand: the crate
//! influxdb-line-protocol gives up a whole line at the first field it cannot read, says neither which nor
//! why, and has had no home since its repository was closed.

use std::borrow::Cow;

use super::context;
use super::reject::{Reason, quoted};
use super::sink::Sink;
use super::timestamp::TimestampUnit;

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A line, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Point<'a> {
    measurement: Cow<'a, str>,
    tags: Pairs<'a>,
    fields: Vec<(Cow<'a, str>, &'a str)>,
    timestamp: Option<&'a str>,
}

/// Reads a line that is not empty.
pub(super) fn read(line: &[u8], sink: &mut Sink<'_>) -> Result<(), Reason> {
    let text = str::from_utf8(line).map_err(|error| Reason::NotUtf8(error.valid_up_to()))?.trim();
    if text.starts_with('#') {
        return Ok(());
    }
    let Point { measurement, tags, fields, timestamp } = parse(text)?;
    let timestamp_ms = match timestamp {
        None => sink.now_ms,
        Some(text) => sink.timestamp(text, TimestampUnit::Nanoseconds)?,
    };
    let context = match &tags[..] {
        [] => String::new(),
        tags => context::object(tags.iter().map(|(key, value)| (&**key, &**value))),
    };
    let is_plain = matches!(&fields[..], [(only, _)] if only == "value");
    for (field, value) in &fields {
        let name = if is_plain { measurement.clone() } else { format!("{measurement}.{field}").into() };
        let taken = number(value)
            .ok_or_else(|| Reason::NotANumber { what: quoted(field), found: quoted(value) })
            .and_then(|value| sink.number(&name, value, timestamp_ms, &context));
        if let Err(reason) = taken {
            sink.reject(sink.line, line, reason);
        }
    }
    Ok(())
}

/// A field's value: a float, `7i`, `7u`, or true and false as 1 and 0.
fn number(text: &str) -> Option<f64> {
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(0.0),
        _ => {}
    }
    if let Some(whole) = text.strip_suffix('i') {
        return whole.parse::<i64>().ok().map(|count| count as f64);
    }
    if let Some(whole) = text.strip_suffix('u') {
        return whole.parse::<u64>().ok().map(|count| count as f64);
    }
    text.parse().ok()
}

/// Takes a line apart.
pub(super) fn parse(line: &str) -> Result<Point<'_>, Reason> {
    let (measurement, mut rest) = split_at(line, &[',', ' ']);
    if measurement.is_empty() {
        return Err(wrong("no measurement"));
    }
    let mut tags = Vec::new();
    while let Some(after) = rest.strip_prefix(',') {
        let (key, value) = split_at(after, &['=', ',', ' ']);
        let value = value.strip_prefix('=').ok_or_else(|| wrong(format!("the tag `{}` has no value", quoted(key))))?;
        let (value, after) = split_at(value, &[',', ' ']);
        if key.is_empty() || value.is_empty() {
            return Err(wrong(format!("an empty tag: `{}={}`", quoted(key), quoted(value))));
        }
        tags.push((unescaped(key), unescaped(value)));
        rest = after;
    }
    let mut fields = Vec::new();
    rest = rest.trim_start_matches(' ');
    loop {
        let (key, after) = split_at(rest, &['=', ',', ' ']);
        let value = after.strip_prefix('=').filter(|_| !key.is_empty());
        let value = value.ok_or_else(|| wrong("no `field=value` after the measurement and its tags"))?;
        let (value, after) = split_value(value)?;
        fields.push((unescaped(key), value));
        let Some(next) = after.strip_prefix(',') else {
            let timestamp = Some(after.trim()).filter(|text| !text.is_empty());
            return Ok(Point { measurement: unescaped(measurement), tags, fields, timestamp });
        };
        rest = next;
    }
}

fn wrong(what: impl Into<String>) -> Reason {
    Reason::NotInflux(what.into())
}

/// Splits before the first of `ends` that no backslash stands before.
fn split_at<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    let mut is_escaped = false;
    let end = text.find(|c: char| {
        let ends_here = !is_escaped && ends.contains(&c);
        is_escaped = c == '\\' && !is_escaped;
        ends_here
    });
    text.split_at(end.unwrap_or(text.len()))
}

/// Splits after a field's value; one in quotes keeps them.
fn split_value(text: &str) -> Result<(&str, &str), Reason> {
    let end = if let Some(inside) = text.strip_prefix('"') {
        let (inside, rest) = split_at(inside, &['"']);
        if rest.is_empty() {
            return Err(wrong("a quote is not closed"));
        }
        inside.len() + 2
    } else {
        text.find([',', ' ']).unwrap_or(text.len())
    };
    let (value, rest) = text.split_at(end);
    match rest.chars().next() {
        None | Some(',' | ' ') => Ok((value, rest)),
        Some(_) => Err(wrong(format!("`{}` after a quoted value", quoted(rest)))),
    }
}

/// Names and tags: a backslash is dropped before a comma, an equals sign, a space or another backslash.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ (',' | '=' | ' ' | '\\'))) => {
                plain.push(next);
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::ingest::{Format, read_text};

    #[rstest]
    #[case("cpu value=1", &[("cpu", 1.0, None)])]
    #[case("cpu usage=1.5,idle=2i", &[("cpu.usage", 1.5, None), ("cpu.idle", 2.0, None)])]
    #[case("cpu,host=a,dc=eu load=-1e-3 1700000000000000000", &[("cpu.load", -0.001, Some(r#"{"host":"a","dc":"eu"}"#))])]
    #[case("disk\\ io\\,x,pa\\=th=/a\\ b used=7u", &[("disk io,x.used", 7.0, Some(r#"{"pa=th":"/a b"}"#))])]
    #[case("up ok=true,bad=F", &[("up.ok", 1.0, None), ("up.bad", 0.0, None)])]
    fn points_are_read(#[case] line: &str, #[case] expected: &[(&str, f64, Option<&str>)]) {
        let batch = read_text(Format::Influx, line);
        let read: Vec<_> = batch
            .samples
            .iter()
            .map(|sample| (&*sample.metric, sample.value, sample.context_json.as_deref()))
            .collect();
        assert_eq!((read, batch.rejects), (expected.to_vec(), vec![]));
    }

    #[test]
    fn timestamps_are_nanoseconds() {
        let batch = read_text(Format::Influx, "cpu value=1 1700000000123456789");
        assert_eq!(batch.samples[0].timestamp_ms, 1_700_000_000_123);
        let batch = read_text(Format::Influx, "cpu value=1 1700000000");
        assert!(batch.rejects[0].reason.to_string().ends_with("--timestamp-unit s"), "{batch:?}");
    }

    #[rstest]
    #[case("cpu", "not line protocol: no `field=value` after the measurement and its tags")]
    #[case("cpu,host usage=1", "not line protocol: the tag `host` has no value")]
    #[case("cpu,host= usage=1", "not line protocol: an empty tag: `host=`")]
    #[case("cpu usage=\"open", "not line protocol: a quote is not closed")]
    #[case("cpu usage=\"a\"b", "not line protocol: `b` after a quoted value")]
    #[case("cpu usage=", "`usage` is not a number: ")]
    #[case("cpu usage=12x", "`usage` is not a number: 12x")]
    #[case("cpu usage=nan", "`value` is not a finite number: NaN")]
    #[case("cpu,a=1,a=2 usage=1", "the context has the tag `a` twice")]
    fn other_lines_are_refused_with_a_reason(#[case] line: &str, #[case] expected: &str) {
        let batch = read_text(Format::Influx, line);
        assert_eq!(batch.samples, []);
        assert_eq!(batch.rejects[0].reason.to_string(), expected);
    }

    #[test]
    fn a_string_costs_its_field_alone() {
        let batch = read_text(Format::Influx, r#"job status="o\"k, all=1",seconds=3.5"#);
        assert_eq!(batch.samples.iter().map(|sample| &*sample.metric).collect::<Vec<_>>(), ["job.seconds"]);
        assert_eq!(batch.rejects[0].reason.to_string(), r#"`status` is not a number: "o\"k, all=1""#);
    }
}
