//! The usual line, read in one pass without allocating: known fields and plain scalars, no escapes.
//!
//! It only ever says yes. Whatever it does not know, and everything that is wrong, is left to the careful
//! reader, which finds the reason; the two agree on every line that both take (a property of the tests).

use crate::ingest::dictionary::Dictionary;
use crate::ingest::timestamp::{self, TimestampUnit};
use crate::model::NewSample;

use super::{check_name, read_value};

/// Reads a line without its end; `None` when it is not a usual one.
pub(super) fn parse(line: &[u8], unit: TimestampUnit, now_ms: i64, dictionary: &mut Dictionary) -> Option<NewSample> {
    let fields = Fields::scan(line)?;
    let name = fields.name?;
    check_name(name).ok()?;
    let timestamp_ms = match fields.timestamp {
        None => now_ms,
        Some(Scalar::Number(number)) => timestamp::from_number(number, unit, now_ms).ok()?,
        Some(Scalar::Text(text)) => timestamp::from_text(text, now_ms).ok()?,
    };
    let Some(Scalar::Number(value)) = fields.value else { return None };
    let value = read_value(value).ok()?;
    let context_json = match fields.context {
        None => None,
        Some(text) => dictionary.context(text).ok()?,
    };
    Some(NewSample { metric: dictionary.name(name), value, timestamp_ms, context_json })
}

/// The fields of a usual line, borrowed from it.
#[derive(Default)]
struct Fields<'a> {
    name: Option<&'a str>,
    value: Option<Scalar<'a>>,
    timestamp: Option<Scalar<'a>>,
    context: Option<&'a str>,
}

/// A value that holds no others.
enum Scalar<'a> {
    /// As JSON writes it.
    Number(&'a str),
    /// Without its quotes.
    Text(&'a str),
}

impl<'a> Fields<'a> {
    fn scan(line: &'a [u8]) -> Option<Self> {
        // Looked at as a whole, at many bytes a step; strings and space need no second look then.
        if line.iter().fold(u8::MAX, |least, &byte| least.min(byte)) < b' ' {
            return None;
        }
        let mut scanner = Scanner { rest: str::from_utf8(line).ok()? };
        let mut fields = Self::default();
        scanner.token(b'{')?;
        loop {
            let is_first = match scanner.key()? {
                "metric_name" | "metric" => fields.name.replace(scanner.string()?).is_none(),
                "value" => fields.value.replace(scanner.scalar()?).is_none(),
                "timestamp" => fields.timestamp.replace(scanner.scalar()?).is_none(),
                "context" => fields.context.replace(scanner.flat_object()?).is_none(),
                "context_json" => return None,
                _ => scanner.scalar().is_some(),
            };
            if !is_first {
                return None;
            }
            if scanner.token(b',').is_none() {
                scanner.token(b'}')?;
                break;
            }
        }
        scanner.rest.trim_start_matches(' ').is_empty().then_some(fields)
    }
}

/// What is left of a line without control characters.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    /// The first byte, spaces passed over.
    fn first(&mut self) -> Option<u8> {
        while let Some(b' ') = self.rest.as_bytes().first() {
            self.rest = &self.rest[1..];
        }
        self.rest.as_bytes().first().copied()
    }

    /// Passes over an ASCII character.
    fn token(&mut self, expected: u8) -> Option<()> {
        (self.first()? == expected).then(|| self.rest = &self.rest[1..])
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// A key and its colon. The known ones are compared, not searched for their end.
    fn key(&mut self) -> Option<&'a str> {
        self.first()?;
        let quoted = self.rest.strip_prefix('"')?;
        for known in ["metric_name", "value", "timestamp", "context", "metric"] {
            if let Some(rest) = quoted.strip_prefix(known)
                && let Some(rest) = rest.strip_prefix("\":")
            {
                self.rest = rest;
                return Some(known);
            }
        }
        let key = self.string()?;
        self.token(b':')?;
        Some(key)
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let end = memchr::memchr2(b'"', b'\\', self.rest.as_bytes())?;
        let text = self.take(end);
        self.token(b'"')?;
        Some(text)
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        if self.first()? == b'"' { self.string().map(Scalar::Text) } else { self.number().map(Scalar::Number) }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, RFC 8259.
    fn number(&mut self) -> Option<&'a str> {
        let text = self.rest.as_bytes();
        let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let at = |at: usize| text.get(at).copied();
        let mut end = usize::from(at(0) == Some(b'-'));
        let whole = digits(end);
        if whole == 0 || (whole > 1 && at(end) == Some(b'0')) {
            return None;
        }
        end += whole;
        if at(end) == Some(b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return None;
            }
            end += 1 + fraction;
        }
        if let Some(b'e' | b'E') = at(end) {
            end += 1 + usize::from(matches!(at(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end);
            if exponent == 0 {
                return None;
            }
            end += exponent;
        }
        Some(self.take(end))
    }

    /// An object up to its first closing brace. Whether that is the whole of it is for the check of the
    /// context to say: an object cut short, in a string or in another object, does not pass it.
    fn flat_object(&mut self) -> Option<&'a str> {
        if self.first()? != b'{' {
            return None;
        }
        let end = memchr::memchr(b'}', self.rest.as_bytes())?;
        Some(self.take(end + 1))
    }
}
