//! JSON that is safe on a terminal: whatever a terminal would act on is escaped inside strings.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::model::text::is_printable;

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a T,
}

/// Writes `report` as one indented object that starts with its schema, and a newline.
pub fn write<T: Serialize>(out: &mut dyn Write, schema: &'static str, report: &T) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new()));
    Envelope { schema, report }.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Indents, and escapes what `serde_json` lets through: delete, C1 controls, marks that turn text round.
struct Escaping(PrettyFormatter<'static>);

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hostile)) = rest.char_indices().find(|(_, c)| !is_printable(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in hostile.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hostile.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Named {
        metric: String,
        values: Vec<f64>,
    }

    fn written(metric: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, "perftop.test/1", &Named { metric: metric.to_owned(), values: vec![1.5] }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_schema_comes_first() {
        let text = "{\n  \"schema\": \"perftop.test/1\",\n  \"metric\": \"a\",\n  \"values\": [\n    1.5\n  ]\n}\n";
        assert_eq!(written("a"), text);
    }

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        let text = written("\u{9b}31m\u{202e}\x7f\u{e0041}");
        assert!(text.contains(r#""\u009b31m\u202e\u007f\udb40\udc41""#), "{text}");
    }

    proptest! {
        #[test]
        fn every_name_comes_back_as_it_was(name in any::<String>()) {
            let text = written(&name);
            prop_assert!(text.chars().all(|c| c == '\n' || is_printable(c)));
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(value["metric"].as_str(), Some(name.as_str()));
        }
    }
}
