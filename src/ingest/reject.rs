//! Why a line was not taken, in words that say what to do about it.

use crate::ingest::limits::{
    MAX_CONTEXT_BYTES, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES, MAX_NAME_BYTES, MAX_RECORD_BYTES, MAX_TAGS,
};
use crate::model::text::printable_short;
use crate::model::time::rfc3339;

use super::timestamp::TimestampUnit;

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Reject {
    /// Its number in the input, from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// The line itself, without its end; the beginning of one that is over-long.
    pub text: String,
}

/// Why a line was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The line goes on beyond the limit.
    #[error("the line is longer than {MAX_LINE_BYTES} bytes")]
    LineTooLong,
    /// The bytes are not UTF-8.
    #[error("not UTF-8 at byte {}", .0 + 1)]
    NotUtf8(usize),
    /// A NUL byte, which no text has.
    #[error("a NUL byte at byte {}", .0 + 1)]
    Nul(usize),
    /// The input begins as something packed or encoded does.
    #[error("this is {what}, not text in UTF-8: {remedy}")]
    Encoded {
        /// What it is.
        what: &'static str,
        /// How it becomes text.
        remedy: &'static str,
    },
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON, but not an object.
    #[error("not a JSON object: write {{\"metric_name\":\"...\",\"value\":...}}")]
    NotAnObject,
    /// A field is given twice.
    #[error("`{0}` is given twice")]
    Twice(&'static str),
    /// The name is missing.
    #[error("no `metric_name`")]
    NoName,
    /// The name is empty.
    #[error("`metric_name` is empty")]
    EmptyName,
    /// The name has a NUL character.
    #[error("`metric_name` has a NUL character in it")]
    NulInName,
    /// The name is too long.
    #[error("`metric_name` is {0} bytes long, more than {MAX_NAME_BYTES}")]
    NameTooLong(usize),
    /// `metric_name` and its alias disagree.
    #[error("`metric_name` and `metric` differ: give one of them")]
    NamesDiffer,
    /// The value is missing.
    #[error("no `value`")]
    NoValue,
    /// The value is a string that reads as a number.
    #[error("`value` is a string: write it without quotes")]
    QuotedValue,
    /// The value is not within the range of a 64-bit float, or not a number.
    #[error("`value` is not a finite number: {0}")]
    NotFinite(String),
    /// A field has another type than it should have.
    #[error("`{field}` is {found}: expected {expected}")]
    WrongType {
        /// Which field.
        field: &'static str,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A number that is no instant in the unit it was read in, but is one in another.
    #[error("`timestamp` {number} is not in {read_as}: if it is in {looks_like}, say --timestamp-unit {looks_like}")]
    AmbiguousTimestamp {
        /// As it was written.
        number: String,
        /// The unit it was read in.
        read_as: TimestampUnit,
        /// The unit in which it would be an instant.
        looks_like: TimestampUnit,
    },
    /// A number that is no instant in any unit.
    #[error("`timestamp` {0} is not an instant between 2000 and now")]
    AbsurdTimestamp(String),
    /// Before 2000.
    #[error("`timestamp` {} is before 2000-01-01", rfc3339(*.0))]
    TooOld(i64),
    /// Later than a clock may be ahead.
    #[error("`timestamp` {} is more than a day ahead of this machine's clock", rfc3339(*.0))]
    InTheFuture(i64),
    /// A string that is no instant.
    #[error("`timestamp` `{0}` is not an instant: write ms since 1970 or RFC 3339 (2026-11-21T07:00:00Z)")]
    NotAnInstant(String),
    /// The context is given as an object and as a string.
    #[error("`context` and `context_json` are both given: give one of them")]
    TwoContexts,
    /// `context_json` does not hold an object.
    #[error("`context_json` does not hold a JSON object")]
    NotAContext,
    /// A tag holds an object or a list.
    #[error("the context is nested at `{0}`: tags are strings, numbers, true or false")]
    NestedContext(String),
    /// A tag is given twice.
    #[error("the context has the tag `{0}` twice")]
    TagTwice(String),
    /// Too many tags.
    #[error("the context has more than {MAX_TAGS} tags")]
    TooManyTags,
    /// The context is too long.
    #[error("the context is {0} bytes long, more than {MAX_CONTEXT_BYTES}")]
    ContextTooLong(usize),
    /// No format knows the line.
    #[error("{0}; nor a CSV header, Prometheus text or Influx line protocol: say --format")]
    UnknownFormat(Box<Reason>),
    /// A cell or field is not a number.
    #[error("`{what}` is not a number: {found}")]
    NotANumber {
        /// The column or field.
        what: String,
        /// What it holds.
        found: String,
    },
    /// A time, a size or a number of things below zero.
    #[error("`{what}` is below zero: {found}; measure again")]
    BelowZero {
        /// What was measured.
        what: String,
        /// What it is said to be.
        found: f64,
    },
    /// No column of the header says what to do.
    #[error("no header: name the columns `metric` and `value`, or a `timestamp` and one column a metric")]
    NoColumns,
    /// A column has no name.
    #[error("column {0} of the header has no name")]
    ColumnWithoutName(usize),
    /// Two columns have the same name.
    #[error("the column `{0}` is there twice")]
    ColumnTwice(String),
    /// Tags in two places.
    #[error("the header has a context and the tag `{0}`: give one of them")]
    ContextAndTags(String),
    /// A row of another length than the header.
    #[error("{found} cell{}, where the header has {expected}", if *.found == 1 { "" } else { "s" })]
    CellCount {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// A cell's bytes are not UTF-8.
    #[error("a cell is not UTF-8")]
    CellNotUtf8,
    /// A quote without its end.
    #[error("a quote is opened and not closed as it should be within {MAX_RECORD_BYTES} bytes")]
    OpenQuote,
    /// Not what Prometheus writes.
    #[error("not a Prometheus sample: {0}")]
    NotPrometheus(String),
    /// Not what Influx reads.
    #[error("not line protocol: {0}")]
    NotInflux(String),
    /// Not what a tool writes.
    #[error("not what {tool} writes: {complaint}")]
    NotOf {
        /// Which tool.
        tool: &'static str,
        /// What is wrong.
        complaint: String,
    },
    /// A JSON document that no tool writes.
    #[error("a JSON document of no tool that we know: say --format, or write one sample a line")]
    UnknownDocument,
    /// A result that ends before its numbers.
    #[error("the result has no end: its tool was interrupted")]
    Unfinished,
    /// A unit that is none.
    #[error("`{0}` is no unit of time")]
    UnknownUnit(String),
    /// A document beyond the limit.
    #[error("the document is longer than {MAX_DOCUMENT_BYTES} bytes")]
    DocumentTooLong,
}

/// How many characters of the user's own text a reason quotes.
const QUOTED_CHARS: usize = 60;

/// The user's text, safe and short enough to stand in a message.
pub(super) fn quoted(text: &str) -> String {
    printable_short(text, QUOTED_CHARS)
}
