//! Every format against lines that are nearly right: no panic, no sample that the store would not take, and
//! the same answer however the bytes are cut into blocks.
//!
//! A case is a number, from which its text is made; proptest names it when it fails. Run many with
//! `PROPTEST_CASES=3000000 cargo test --release --lib ingest::fuzz`.

use std::ops::Range;

use proptest::prelude::*;

use super::limits::MAX_NAME_BYTES;
use super::{Batch, Dictionary, Format, Line, LineReader, LineSplitter, Reading, TimestampUnit, jsonl};

const NOW_MS: i64 = 1_763_700_000_000;

/// Lines of each format, as they should be.
const LINES: &[&str] = &[
    r#"{"metric_name":"lcp","value":1.5,"timestamp":1763699999000,"context":{"page":"/","n":1}}"#,
    r#"{"metric":"a \"b\" \u00e9","value":-2e3,"timestamp":"2025-11-21T04:00:00Z","context_json":"{\"a\":\"b\"}"}"#,
    "timestamp,metric,value,page",
    "1763699999000,lcp,1.5,/markets",
    "time,cpu,memory",
    "2025-11-21T04:00:00Z,0.5,\"1,5\"\"\n6\"",
    "# TYPE http_requests_total counter",
    "# {\"a\":1}",
    r#"http_requests_total{method="post",path="C:\\DIR\\\"x\"\n"} 1027 1763699999000"#,
    "up 1 # {id=\"7\"} 0.67",
    "# EOF",
    "weather,location=us-midwest,season=summer\\ time temp=82,wet=t,n=7i,note=\"a, \\\"b\\\"\" 1763699999000000000",
    "cpu value=0.64",
    r#"{"results":[{"command":"sleep 1","mean":1.0,"times":[1.0,1.1],"exit_codes":[0,0],"parameters":{"n":"1"}}]}"#,
    "{ \"results\": [",
    r#"{"benchmarks":[{"name":"a","fullname":"b","stats":{"min":1,"max":2,"mean":1,"median":1}}],"machine_info":{}}"#,
    r#"{"context":{},"benchmarks":[{"name":"a","real_time":1,"time_unit":"us","bytes_per_second":7}]}"#,
    r#"{"mean":{"point_estimate":1},"median":{"point_estimate":1},"std_dev":{"point_estimate":1}}"#,
    r#"{"metrics":{"http_reqs":{"rate":1,"thresholds":{"rate>2":true}}},"root_group":{}}"#,
    r#"{"summary":{"total":1,"average":0.1},"latencyPercentiles":{"p99":null},"statusCodeDistribution":{"200":1}}"#,
    r#"{"latencies":{"mean":1,"max":2},"duration":9,"success":1,"status_codes":{"200":1}}"#,
    r#"{"lighthouseVersion":"12","fetchTime":"2025-11-21T04:00:00Z","audits":{},"categories":{"a":{"score":1}}}"#,
    r#"{"Action":"output","Package":"p","Output":"BenchmarkA-2 7 1.5 ns/op\n"}"#,
    "goos: linux",
    "BenchmarkA/b=1-2   100   1.5 ns/op   7 MB/s   3 B/op   1 hits/op",
    "running 1 test",
    "test a ... bench:   1,508.38 ns/iter (+/- 902.23) = 7 MB/s",
    "sort/stable/64   time:   [63.230 ns 89.159 ns 104.86 ns]",
    "                 thrpt:  [610.31 Melem/s 717.82 Melem/s 1.0122 Gelem/s]",
    "Running 2s test @ http://127.0.0.1/",
    "  Latency     2.71ms    2.46ms  23.41ms   87.45%",
    "  7 requests in 2.01s, 624.17KB read",
    "",
];

/// What turns a line that is right into one that is nearly so.
const PIECES: &[&str] = &[
    ",",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    "=",
    " ",
    "#",
    "\t",
    "''",
    "\"\"",
    "NaN",
    "inf",
    "-1e999",
    "1e308",
    "-0",
    "007",
    "0x1p3",
    "9223372036854775808",
    "-62135596800000",
    "253402300800000",
    "1969-12-31T23:59:59+99:99",
    "null",
    "true",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\u{1f600}",
    "\\u0000",
    "\\ud800",
    "metric",
    "value",
    "timestamp",
    "context",
    "results",
    "times",
    "{{{{{{{{",
    "[[[[[[[[",
    ",,,,,,,,",
];

struct Random(fastrand::Rng);

impl Random {
    fn of<'a>(&mut self, all: &[&'a str]) -> &'a [u8] {
        all[self.0.usize(..all.len())].as_bytes()
    }

    /// Some of up to 8 bytes.
    fn range(&mut self, text: &[u8]) -> Range<usize> {
        let begin = self.0.usize(..=text.len());
        begin..(begin + self.0.usize(..=8)).min(text.len())
    }

    fn text(&mut self) -> Vec<u8> {
        let lines = self.0.usize(1..5);
        let mut text = Vec::new();
        for _ in 0..lines {
            text.extend(self.of(LINES));
            text.push(b'\n');
        }
        for _ in 0..self.0.usize(..6) {
            self.spoil(&mut text);
        }
        text
    }

    fn spoil(&mut self, text: &mut Vec<u8>) {
        let range = self.range(text);
        let instead = match self.0.u8(..5) {
            0 => vec![],
            1 => vec![self.0.u8(..); range.len().min(2)],
            2 => self.of(PIECES).repeat(self.0.usize(1..3)),
            3 => self.of(PIECES).to_vec(),
            _ => {
                let other = self.range(text);
                text[other].to_vec()
            }
        };
        text.splice(range, instead);
    }

    fn reading(&mut self) -> Reading {
        let units = [TimestampUnit::Seconds, TimestampUnit::Milliseconds, TimestampUnit::Nanoseconds];
        Reading {
            format: self.0.choice(Format::every().collect::<Vec<_>>()).filter(|_| self.0.u8(..8) > 0),
            unit: self.0.choice(units).filter(|_| self.0.bool()),
            written_ms: None,
        }
    }
}

/// Reads an input in blocks that end before the places in `cuts`.
fn read(text: &[u8], reading: Reading, cuts: &[usize]) -> (Batch, u64) {
    let (mut splitter, mut dictionary) = (LineSplitter::default(), Dictionary::default());
    let mut reader = LineReader::new(reading, 0);
    let mut each = |line: Line<'_>| reader.read(line, NOW_MS, &mut dictionary);
    let mut begin = 0;
    for &cut in cuts {
        splitter.feed(&text[begin..cut], &mut each);
        begin = cut;
    }
    splitter.feed(&text[begin..], &mut each);
    splitter.finish(&mut each);
    reader.finish(NOW_MS, &mut dictionary);
    (reader.take(), reader.lines())
}

proptest! {
    #[test]
    fn what_is_nearly_right_becomes_samples_and_rejects(seed in any::<u64>()) {
        let mut random = Random(fastrand::Rng::with_seed(seed));
        let (text, reading) = (random.text(), random.reading());
        let (batch, lines) = read(&text, reading, &[]);
        let shown = || format!("{reading:?} {}", String::from_utf8_lossy(&text));

        let cut = random.0.usize(..=text.len());
        let cuts = [cut, random.0.usize(cut..=text.len())];
        let by_blocks = read(&text, reading, &cuts);
        prop_assert!(by_blocks.0 == batch && by_blocks.1 == lines, "another answer by blocks: {}", shown());
        for sample in &batch.samples {
            prop_assert!(sample.value.is_finite(), "{}: {}", sample.value, shown());
            let is_name = (1..=MAX_NAME_BYTES).contains(&sample.metric.len()) && !sample.metric.contains('\0');
            prop_assert!(is_name, "{:?}: {}", sample.metric, shown());
            // As JSON it is the same sample: the name, the bits of the value, the time, a context that is an object.
            let again = jsonl::parse(jsonl::line(sample).as_bytes(), TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default());
            prop_assert!(again.as_ref() == Ok(sample), "{sample:?} came back as {again:?}: {}", shown());
        }
        for run in &batch.runs {
            prop_assert!(run.measures.values().all(|value| value.is_finite()), "{run:?}: {}", shown());
            prop_assert!(run.started_ms <= run.ended_ms && run.key.starts_with("file:"), "{run:?}: {}", shown());
            for sample in run.samples() {
                let is_name = (1..=MAX_NAME_BYTES).contains(&sample.metric.len()) && !sample.metric.contains('\0');
                prop_assert!(is_name, "{:?}: {}", sample.metric, shown());
            }
        }
        let numbers: Vec<u64> = batch.rejects.iter().map(|reject| reject.line).collect();
        prop_assert!(numbers.is_sorted() && numbers.iter().all(|line| (1..=lines).contains(line)), "{numbers:?}: {}", shown());
    }
}
