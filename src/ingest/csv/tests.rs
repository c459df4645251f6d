//! Both shapes as tables, quotes over several lines, and that no line is lost.

use proptest::prelude::*;
use rstest::rstest;

use crate::ingest::{Batch, Format, read_text};

fn read(text: &str) -> Batch {
    read_text(Format::Csv, text)
}

fn samples(batch: &Batch) -> Vec<(&str, f64, i64, Option<&str>)> {
    let fields = batch.samples.iter();
    fields.map(|s| (&*s.metric, s.value, s.timestamp_ms, s.context_json.as_deref())).collect()
}

fn reasons(batch: &Batch) -> Vec<(u64, String)> {
    batch.rejects.iter().map(|reject| (reject.line, reject.reason.to_string())).collect()
}

#[rstest]
#[case("metric,value,timestamp\ncpu,1.5,1700000000000\n")]
#[case("Timestamp;Metric_Name;VALUE\n1700000000000;cpu;1.5\n")]
#[case(" value \ttime\tname\r\n1.5\t2023-11-14T22:13:20Z\tcpu\r\n")]
#[case("timestamp,cpu\n1700000000000,1.5")]
#[case("cpu,ts\n 1.5 , 1700000000000 \n\n")]
fn rows_are_read_whatever_their_order_and_delimiter(#[case] text: &str) {
    assert_eq!(samples(&read(text)), [("cpu", 1.5, 1_700_000_000_000, None)]);
}

#[test]
fn other_columns_of_a_long_row_are_tags_and_of_a_wide_one_metrics() {
    let long =
        read("metric,value,timestamp,host,note\ncpu,1,1700000000000,a,\"x, \"\"y\"\"\"\ncpu,2,1700000000000,,\n");
    let tags = Some(r#"{"host":"a","note":"x, \"y\""}"#);
    assert_eq!(samples(&long), [("cpu", 1.0, 1_700_000_000_000, tags), ("cpu", 2.0, 1_700_000_000_000, None)]);
    let wide = read("timestamp,cpu,memory\n1700000000000,1,2\n1700000000001,,3\n");
    assert_eq!(
        samples(&wide),
        [
            ("cpu", 1.0, 1_700_000_000_000, None),
            ("memory", 2.0, 1_700_000_000_000, None),
            ("memory", 3.0, 1_700_000_000_001, None)
        ]
    );
    let object = read("metric,value,context\ncpu,1,\"{\"\"host\"\":\"\"a\"\"}\"\n");
    assert_eq!(object.samples[0].context_json.as_deref(), Some(r#"{"host":"a"}"#));
}

#[test]
fn a_quoted_field_may_go_on_over_lines_and_rejects_are_named_by_their_first() {
    let batch = read("metric,value,note\ncpu,1,\"two\n\nlines\"\ncpu,x,\"a\nb\"\ncpu,2,c\n");
    let context: Vec<_> = batch.samples.iter().map(|sample| sample.context_json.as_deref()).collect();
    assert_eq!(context, [Some(r#"{"note":"two\n\nlines"}"#), Some(r#"{"note":"c"}"#)]);
    assert_eq!(reasons(&batch), [(5, "`value` is not a finite number: x".to_owned())]);
    assert_eq!(batch.rejects[0].text, "cpu,x,\"a\nb\"");
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_alone() {
    let batch = read("metric,value\n\"cpu,1\ncpu,2\n\"cpu,3\ncpu,4\n");
    assert_eq!(batch.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [2.0, 4.0]);
    assert_eq!(batch.rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [2, 4]);
    let many = "metric,value\n\"cpu,1\n".to_owned() + &"cpu,2\n".repeat(100_000);
    let batch = read(&many);
    assert_eq!((batch.samples.len(), batch.rejects.len()), (100_000, 1));
}

#[rstest]
#[case("metric,value\ncpu\n", 2, "1 cell, where the header has 2")]
#[case("metric,value\n,1\n", 2, "`metric_name` is empty")]
#[case("metric,value\ncpu,\n", 2, "`value` is not a finite number: ")]
#[case("metric,value\ncpu,inf\n", 2, "`value` is not a finite number: inf")]
#[case("timestamp,cpu\n1700000000000,n/a\n", 2, "`cpu` is not a number: n/a")]
#[case(
    "timestamp,cpu\n1700000000,1\n",
    2,
    "`timestamp` 1700000000 is not in ms: if it is in s, say --timestamp-unit s"
)]
#[case(
    "timestamp,cpu\n,1\n",
    2,
    "`timestamp` `` is not an instant: write ms since 1970 or RFC 3339 (2026-11-21T07:00:00Z)"
)]
#[case("cpu,memory\n", 1, "no header: name the columns `metric` and `value`, or a `timestamp` and one column a metric")]
#[case("timestamp,cpu,cpu\n", 1, "the column `cpu` is there twice")]
#[case("timestamp,,cpu\n", 1, "column 2 of the header has no name")]
#[case("metric,value,context,host\n", 1, "the header has a context and the tag `host`: give one of them")]
fn other_rows_are_refused_with_a_reason(#[case] text: &str, #[case] line: u64, #[case] reason: &str) {
    let batch = read(text);
    assert_eq!(samples(&batch), []);
    assert_eq!(reasons(&batch), [(line, reason.to_owned())]);
}

proptest! {
    #[test]
    fn any_text_of_a_cell_comes_back(note in "[^\0]{1,40}") {
        let text = format!("metric,value,note\ncpu,1,\"{}\"\ncpu,2,\n", note.replace('"', "\"\""));
        let batch = read(&text);
        prop_assert_eq!(&batch.rejects, &[]);
        let context: serde_json::Value = serde_json::from_str(batch.samples[0].context_json.as_deref().unwrap()).unwrap();
        // A return before a line's end is a part of the end, in quotes too.
        let expected = note.replace("\r\n", "\n");
        prop_assert_eq!(context["note"].as_str(), Some(expected.trim_end_matches('\0')));
    }
}
