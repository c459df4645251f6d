//! The format as tables of lines, and a scrape of a real exporter.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::ingest::{Format, read_text};

#[rstest]
#[case("up 1", ("up", 1.0, None))]
#[case("go:gc_seconds  1.5e-3 ", ("go:gc_seconds", 0.0015, None))]
#[case(r#"up{job="a",instance="b:9100",} 1"#, ("up", 1.0, Some(r#"{"job":"a","instance":"b:9100"}"#)))]
#[case(r#"up { job = "a" } 1 1700000000000"#, ("up", 1.0, Some(r#"{"job":"a"}"#)))]
#[case(r#"x{p="C:\\a\"b,}\n\q"} 1"#, ("x", 1.0, Some(r#"{"p":"C:\\a\"b,}\n\\q"}"#)))]
#[case("up{} 1", ("up", 1.0, None))]
#[case(r#"up{job="",x="1"} 1"#, ("up", 1.0, Some(r#"{"x":"1"}"#)))]
#[case(r#"{"http.time",job="a"} 2"#, ("http.time", 2.0, Some(r#"{"job":"a"}"#)))]
#[case(r#"h_bucket{le="+Inf"} 7 1700000000.125 # {trace="x"} 0.5 1700000000"#, ("h_bucket", 7.0, Some(r#"{"le":"+Inf"}"#)))]
fn samples_are_read(#[case] line: &str, #[case] expected: (&str, f64, Option<&str>)) {
    let batch = read_text(Format::Prometheus, line);
    assert_eq!(batch.rejects, []);
    let [sample] = &batch.samples[..] else { panic!("{batch:?}") };
    assert_eq!((&*sample.metric, sample.value, sample.context_json.as_deref()), expected);
}

#[rstest]
#[case("up 1 1700000000000", 1_700_000_000_000)]
#[case("up 1 1700000000.125", 1_700_000_000_125)]
#[case("up 1 1.700000000125e9", 1_700_000_000_125)]
fn timestamps_are_milliseconds_or_seconds_with_a_fraction(#[case] line: &str, #[case] expected_ms: i64) {
    assert_eq!(read_text(Format::Prometheus, line).samples[0].timestamp_ms, expected_ms);
}

#[rstest]
#[case("up NaN", "`value` is not a finite number: NaN")]
#[case("up +Inf", "`value` is not a finite number: +Inf")]
#[case("up", "not a Prometheus sample: no value after the name")]
#[case("up one", "not a Prometheus sample: the value `one` is not a number")]
#[case("2up 1", "not a Prometheus sample: `2up` is no name")]
#[case("up{job} 1", "not a Prometheus sample: the label `job` has no value")]
#[case("up{job=a} 1", "not a Prometheus sample: a label's value stands in quotes")]
#[case("up{job=\"a} 1", "not a Prometheus sample: a quote is not closed")]
#[case("up{job=\"a\"", "not a Prometheus sample: the labels do not end in `}`")]
#[case("up{a=\"1\",a=\"2\"} 1", "the context has the tag `a` twice")]
#[case("up 1 2 3", "not a Prometheus sample: `3` after the timestamp")]
#[case("up 1 1700000000", "`timestamp` 1700000000 is not in ms: if it is in s, say --timestamp-unit s")]
fn other_lines_are_refused_with_a_reason(#[case] line: &str, #[case] expected: &str) {
    let batch = read_text(Format::Prometheus, line);
    assert_eq!(batch.samples, []);
    assert_eq!(batch.rejects[0].reason.to_string(), expected);
}

/// `prometheus-node-exporter` 1.5.0 (Debian 12), `curl http://127.0.0.1:9100/metrics`, some collectors.
#[test]
fn a_scrape_of_a_real_exporter_is_taken_whole() {
    let text = include_str!("node_exporter.prom");
    let batch = read_text(Format::Prometheus, text);
    assert_eq!(batch.rejects, []);
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(batch.samples.len(), samples);
    let of = |name: &str| batch.samples.iter().find(|sample| &*sample.metric == name).unwrap();
    assert_eq!(of("node_load1").value.to_bits(), 3.91_f64.to_bits());
    assert_eq!(of("go_info").context_json.as_deref(), Some(r#"{"version":"go1.19.8"}"#));
}

proptest! {
    #[test]
    fn labels_survive_being_written(value in "\\PC{1,20}") {
        let escaped = value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
        let line = format!("up{{l=\"{escaped}\"}} 1");
        let parsed = parse(&line).unwrap();
        prop_assert_eq!(&*parsed.labels[0].1, value);
    }
}
