//! Which formats there are, and which one an input is in: by what the user says, by the file's ending, or by
//! its first line. A guess that could be wrong is not made.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::results::{Beginning, Tool};
use super::{Reason, csv, influx, prometheus};
use crate::model::UnknownWord;

/// A format of samples, or of a tool's results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// A header, then one row a line or record.
    Csv,
    /// Prometheus text exposition and `OpenMetrics` text.
    Prometheus,
    /// Influx line protocol.
    Influx,
    /// What a tool writes of its results.
    Results(Tool),
}

impl Format {
    /// Every format of samples.
    pub const OF_SAMPLES: [Self; 4] = [Self::Jsonl, Self::Csv, Self::Prometheus, Self::Influx];

    /// Every format.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::OF_SAMPLES.into_iter().chain(Tool::EVERY.map(Self::Results))
    }

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Prometheus => "prometheus",
            Self::Influx => "influx",
            Self::Results(tool) => tool.as_str(),
        }
    }

    /// What the ending of a file's name says. `.json` may be many of them, so its content has to say.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "prom" => Some(Self::Prometheus),
            "lp" => Some(Self::Influx),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::every().find(|format| format.as_str() == word).ok_or_else(|| UnknownWord {
            what: "format",
            found: word.to_owned(),
            expected: "auto, jsonl, csv, prometheus, influx, hyperfine, criterion, cargo-bench, pytest-benchmark, \
                       google-benchmark, go-bench, k6, oha, wrk, vegeta, lighthouse",
        })
    }
}

/// Packed or encoded text, by how it begins.
const ENCODED: [(&[u8], &str, &str); 6] = [
    (b"\x1f\x8b", "gzip", "unpack it first (zcat FILE | perftop ingest)"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack it first (zstdcat FILE | perftop ingest)"),
    (b"\xfd7zXZ\x00", "xz", "unpack it first (xzcat FILE | perftop ingest)"),
    (b"BZh", "bzip2", "unpack it first (bzcat FILE | perftop ingest)"),
    (b"\xff\xfe", "UTF-16", "convert it first (iconv -f UTF-16 -t UTF-8 FILE | perftop ingest)"),
    (b"\xfe\xff", "UTF-16", "convert it first (iconv -f UTF-16 -t UTF-8 FILE | perftop ingest)"),
];

/// Why the first line of an input cannot be text, where its first bytes say so.
pub(super) fn encoded(first_line: &[u8]) -> Option<Reason> {
    let begins =
        |(mark, ..): &&(&[u8], &str, &str)| first_line.starts_with(mark) && str::from_utf8(first_line).is_err();
    ENCODED.iter().find(begins).map(|&(_, what, remedy)| Reason::Encoded { what, remedy })
}

/// What a line says of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// Only this one.
    Is(Format),
    /// A tool's results: the whole document says of which.
    Document,
    /// A comment, which more than one has.
    Comment,
    /// None of them.
    Nothing,
}

/// Looks at a line that is not empty. Headers and documents have to be the first of an input.
pub(super) fn guess(line: &[u8], is_first: bool) -> Guess {
    let Ok(text) = str::from_utf8(line) else { return Guess::Nothing };
    let text = text.trim();
    match Beginning::of(text, is_first) {
        Beginning::Document(Some(tool)) => return Guess::Is(Format::Results(tool)),
        Beginning::Document(None) => return Guess::Document,
        Beginning::Other => {}
    }
    if text.starts_with('{') {
        return Guess::Is(Format::Jsonl);
    }
    if text.starts_with('#') {
        return if prometheus::is_own_comment(text) { Guess::Is(Format::Prometheus) } else { Guess::Comment };
    }
    if influx::parse(text).is_ok() {
        Guess::Is(Format::Influx)
    } else if prometheus::parse(text).is_ok() {
        Guess::Is(Format::Prometheus)
    } else if is_first && csv::is_header(line) {
        Guess::Is(Format::Csv)
    } else {
        Guess::Nothing
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"metric":"a","value":1}"#, Guess::Is(Format::Jsonl))]
    #[case(r#"{"metric":"a","#, Guess::Is(Format::Jsonl))]
    #[case("{", Guess::Document)]
    #[case(r#"{"results":[]}"#, Guess::Document)]
    #[case(r#"{"latencies":{},"status_codes":{},"errors":[]}"#, Guess::Document)]
    #[case(r#"{"context":{"a":"b"},"benchmarks":[],"metric":"a","value":1}"#, Guess::Is(Format::Jsonl))]
    #[case(r#"{"Action":"start","Package":"a"}"#, Guess::Is(Format::Results(Tool::GoBench)))]
    #[case("goos: linux", Guess::Is(Format::Results(Tool::GoBench)))]
    #[case("running 2 tests", Guess::Is(Format::Results(Tool::CargoBench)))]
    #[case("sum    time:   [4.9053 ns 5.4961 ns 5.9978 ns]", Guess::Is(Format::Results(Tool::CargoBench)))]
    #[case("Running 2s test @ http://127.0.0.1/", Guess::Is(Format::Results(Tool::Wrk)))]
    #[case("running 2", Guess::Is(Format::Prometheus))]
    #[case("# HELP up Whether it is up.", Guess::Is(Format::Prometheus))]
    #[case("# made by cron", Guess::Comment)]
    #[case("up 1", Guess::Is(Format::Prometheus))]
    #[case("up{job=\"a b\"} 1 1700000000000", Guess::Is(Format::Prometheus))]
    #[case("cpu value=1", Guess::Is(Format::Influx))]
    #[case("cpu,host=a user=1,system=2i 1700000000000000000", Guess::Is(Format::Influx))]
    #[case("timestamp,cpu,memory", Guess::Is(Format::Csv))]
    #[case("metric;value;timestamp", Guess::Is(Format::Csv))]
    #[case("hello", Guess::Nothing)]
    #[case("1700000000000,1,2", Guess::Nothing)]
    #[case("[1,2]", Guess::Nothing)]
    fn the_first_line_says_which_it_is(#[case] line: &str, #[case] expected: Guess) {
        assert_eq!(guess(line.as_bytes(), true), expected);
    }

    #[rstest]
    #[case(b"\x1f\x8b\x08\x08\x00", Some("gzip"))]
    #[case(b"\xff\xfe{\x00\"\x00", Some("UTF-16"))]
    #[case(b"BZh91AY&SY\xff", Some("bzip2"))]
    #[case(b"BZhits 1", None)]
    #[case(b"\xff{\"metric\"", None)]
    fn what_is_packed_or_encoded_is_called_by_its_name(#[case] line: &[u8], #[case] expected: Option<&str>) {
        let found = match encoded(line) {
            Some(Reason::Encoded { what, .. }) => Some(what),
            _ => None,
        };
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case("a.jsonl", Some(Format::Jsonl))]
    #[case("a.csv", Some(Format::Csv))]
    #[case("a.prom", Some(Format::Prometheus))]
    #[case("a.lp", Some(Format::Influx))]
    #[case("a.json", None)]
    #[case("metrics", None)]
    fn endings_say_which_it_is(#[case] path: &str, #[case] expected: Option<Format>) {
        assert_eq!(Format::of_path(Path::new(path)), expected);
    }
}
