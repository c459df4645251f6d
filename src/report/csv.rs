//! CSV (RFC 4180 with line feeds), safe for terminals and for spreadsheets.

use std::io::{self, Write};

use crate::model::text::printable;

/// Writes a header and rows.
pub fn write(out: &mut dyn Write, columns: &[&str], records: &[Vec<String>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns).map_err(as_io)?;
    for record in records {
        writer.write_record(record).map_err(as_io)?;
    }
    writer.flush()
}

/// Keeps the kind of the error: a reader that goes away is told by it.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A name from outside as a field: what a terminal acts on is spelled out, and an apostrophe keeps a
/// spreadsheet from taking it for a formula.
pub fn name(text: &str) -> String {
    let shown = printable(text);
    if shown.starts_with(['=', '+', '-', '@']) { format!("'{shown}") } else { shown.into_owned() }
}

/// A number in full, shortest digits that read back the same.
pub fn number(value: f64) -> String {
    value.to_string()
}

/// A field that may be empty.
pub fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("lcp", "lcp")]
    #[case("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")")]
    #[case("@SUM(A1)", "'@SUM(A1)")]
    #[case("-1", "'-1")]
    #[case("two\nlines", "two^Jlines")]
    fn names_are_data(#[case] text: &str, #[case] field: &str) {
        assert_eq!(name(text), field);
    }

    #[test]
    fn fields_are_quoted_when_they_must_be() {
        let mut out = Vec::new();
        write(&mut out, &["a", "b"], &[vec!["x,y".to_owned(), "say \"z\"".to_owned()]]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a,b\n\"x,y\",\"say \"\"z\"\"\"\n");
    }

    #[test]
    fn a_reader_that_goes_away_is_known_by_its_kind() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let long = vec![vec!["x".repeat(100_000)]];
        assert_eq!(write(&mut Gone, &["a"], &long).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn an_empty_answer_still_has_its_header() {
        let mut out = Vec::new();
        write(&mut out, &["a", "b"], &[]).unwrap();
        assert_eq!(out, b"a,b\n");
    }
}
