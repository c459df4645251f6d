//! The format as tables of lines, and that no line at all makes the reader panic.

use proptest::prelude::*;
use rstest::rstest;

use super::super::context;
use super::*;

const NOW_MS: i64 = 1_763_700_000_000;

fn read(line: &str) -> Result<NewSample, Reason> {
    parse(line.as_bytes(), TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default())
}

fn sample(name: &str, value: f64, timestamp_ms: i64, context: Option<&str>) -> NewSample {
    NewSample { metric: name.into(), value, timestamp_ms, context_json: context.map(Arc::from) }
}

#[rstest]
#[case(
    r#"{"metric_name":"api_response_time","value":145.3,"timestamp":1700000000000,"context":{"endpoint":"/api/markets"}}"#,
    sample("api_response_time", 145.3, 1_700_000_000_000, Some(r#"{"endpoint":"/api/markets"}"#))
)]
#[case(r#"{"metric":"cpu","value":1}"#, sample("cpu", 1.0, NOW_MS, None))]
#[case(r#"{"metric":"cpu","metric_name":"cpu","value":-0.5e-3}"#, sample("cpu", -0.0005, NOW_MS, None))]
#[case(r#"{"metric":"cpu","value":1,"timestamp":"2023-11-14T22:13:20Z"}"#, sample("cpu", 1.0, 1_700_000_000_000, None))]
#[case(r#"{"metric":"cpu","value":1,"timestamp":null,"context":null}"#, sample("cpu", 1.0, NOW_MS, None))]
#[case(r#"{"metric":"cpu","value":1,"context_json":"{\"a\":1}"}"#, sample("cpu", 1.0, NOW_MS, Some(r#"{"a":1}"#)))]
#[case(r#"{"metric":"cpu","value":1,"context":{}}"#, sample("cpu", 1.0, NOW_MS, None))]
#[case(r#" { "value" : 12 , "metric" : "cpu" , "host" : ["extra", {"keys": 1}] } "#, sample("cpu", 12.0, NOW_MS, None))]
#[case(r#"{"metric":"gr\u00fcn \ud83d\ude00\n","value":1}"#, sample("gr\u{fc}n \u{1f600}\n", 1.0, NOW_MS, None))]
#[case(r#"{"\u006detric":"cpu","value":1}"#, sample("cpu", 1.0, NOW_MS, None))]
#[case(r#"{"metric":"cpu","value":1.7976931348623157e308}"#, sample("cpu", f64::MAX, NOW_MS, None))]
fn lines_are_read(#[case] line: &str, #[case] expected: NewSample) {
    assert_eq!(read(line), Ok(expected));
}

#[rstest]
#[case("hello", "not JSON: expected value at column 1")]
#[case(r#"{"metric":"cpu","value":1"#, "not JSON: EOF while parsing an object at column 25")]
#[case(r#"{"metric":"cpu","value":1}}"#, "not JSON: trailing characters at column 27")]
#[case(r#"{"metric":"cpu","value":NaN}"#, "not JSON: expected value at column 25; JSON has no NaN and no infinity")]
#[case(
    r#"{"metric":"cpu","value":-Infinity}"#,
    "not JSON: invalid number at column 26; JSON has no NaN and no infinity"
)]
#[case(r#"{"metric":"\ud800","value":1}"#, "not JSON: unexpected end of hex escape in `metric`")]
#[case("[1,2]", "not a JSON object: write {\"metric_name\":\"...\",\"value\":...}")]
#[case("7", "not a JSON object: write {\"metric_name\":\"...\",\"value\":...}")]
#[case("\"text\"", "not a JSON object: write {\"metric_name\":\"...\",\"value\":...}")]
#[case(r#"{"value":1}"#, "no `metric_name`")]
#[case(r#"{"metric":"","value":1}"#, "`metric_name` is empty")]
#[case(r#"{"metric":"a\u0000b","value":1}"#, "`metric_name` has a NUL character in it")]
#[case(r#"{"metric":7,"value":1}"#, "`metric` is a number: expected a string")]
#[case(r#"{"metric_name":null,"value":1}"#, "`metric_name` is null: expected a string")]
#[case(r#"{"metric":"a","metric_name":"b","value":1}"#, "`metric_name` and `metric` differ: give one of them")]
#[case(r#"{"metric":"a"}"#, "no `value`")]
#[case(r#"{"metric":"a","value":"12.5"}"#, "`value` is a string: write it without quotes")]
#[case(r#"{"metric":"a","value":"fast"}"#, "`value` is a string: expected a number")]
#[case(r#"{"metric":"a","value":null}"#, "`value` is null: expected a number")]
#[case(r#"{"metric":"a","value":true}"#, "`value` is true or false: expected a number")]
#[case(r#"{"metric":"a","value":[1]}"#, "`value` is a list: expected a number")]
#[case(r#"{"metric":"a","value":1e999}"#, "`value` is not a finite number: 1e999")]
#[case(r#"{"metric":"a","value":1,"value":2}"#, "`value` is given twice")]
#[case(r#"{"metric":"a","value":1,"timestamp":true}"#, "`timestamp` is true or false: expected a number or a string")]
#[case(
    r#"{"metric":"a","value":1,"timestamp":1700000000}"#,
    "`timestamp` 1700000000 is not in ms: if it is in s, say --timestamp-unit s"
)]
#[case(r#"{"metric":"a","value":1,"context":"x"}"#, "`context` is a string: expected an object")]
#[case(r#"{"metric":"a","value":1,"context_json":{"a":1}}"#, "`context_json` is an object: expected a string")]
#[case(r#"{"metric":"a","value":1,"context_json":"[]"}"#, "`context_json` does not hold a JSON object")]
#[case(
    r#"{"metric":"a","value":1,"context":{"a":1},"context_json":"{}"}"#,
    "`context` and `context_json` are both given: give one of them"
)]
#[case(
    r#"{"metric":"a","value":1,"context":{"a":{"b":1}}}"#,
    "the context is nested at `a`: tags are strings, numbers, true or false"
)]
#[case("{\"metric\":\"a\0\",\"value\":1}", "a NUL byte at byte 13")]
fn lines_are_refused_with_a_reason(#[case] line: &str, #[case] reason: &str) {
    assert_eq!(read(line).map_err(|found| found.to_string()), Err(reason.to_owned()));
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let line = b"{\"metric\":\"\xff\",\"value\":1}";
    let refused = parse(line, TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default());
    assert_eq!(refused, Err(Reason::NotUtf8(11)));
}

#[test]
fn the_longest_name_is_taken_and_one_byte_more_is_not() {
    let line = |bytes: usize| format!(r#"{{"metric":"{}","value":1}}"#, "n".repeat(bytes));
    assert_eq!(read(&line(MAX_NAME_BYTES)).unwrap().metric.len(), MAX_NAME_BYTES);
    assert_eq!(read(&line(MAX_NAME_BYTES + 1)), Err(Reason::NameTooLong(MAX_NAME_BYTES + 1)));
}

#[test]
fn deep_nesting_in_an_unknown_field_is_no_danger() {
    let line = format!(r#"{{"metric":"a","value":1,"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(&line), Ok(sample("a", 1.0, NOW_MS, None)));
}

#[test]
fn a_quoted_number_with_text_around_it_is_shown_as_data() {
    let reason = read(r#"{"metric":"a","value":1,"timestamp":"\u001b[31mred"}"#).unwrap_err();
    assert!(reason.to_string().contains("^[[31mred"), "{reason}");
}

/// Lines whose speed matters: were one of them not usual, nobody else would notice.
#[rstest]
#[case(r#"{"metric_name":"api_response_time","value":145.3,"timestamp":1700000000000,"context":{"endpoint":"/api"}}"#)]
#[case(r#"{"metric": "cpu", "value": -1.5e-3, "timestamp": "2023-11-14T22:13:20Z", "host": "a", "nr": 7}"#)]
#[case("{\"value\":0,\"metric\":\"gr\u{fc}n\"}")]
fn usual_lines_are_read_in_one_pass(#[case] line: &str) {
    let usual = usual::parse(line.as_bytes(), TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default());
    assert!(usual.is_some());
    assert_eq!(usual.ok_or(Reason::NoName), read_carefully(line.as_bytes()));
}

fn read_carefully(line: &[u8]) -> Result<NewSample, Reason> {
    parse_carefully(line, TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    /// Pieces of lines, put together at random: nearly all that can go wrong with one, at every place.
    #[test]
    fn what_the_quick_reader_takes_the_careful_one_takes_alike(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", ":", ",", " ", "\t", "\"", "\\", "\0", "\u{1}", "\u{7f}", "\u{e9}", "\"metric\"", "\"a\"", "\"value\"",
                "\"timestamp\"", "\"context\"", "0", "1", "-", ".5", "e9", "E+3", "00", "1e999", "1700000000000",
                "null", "true", "[", "]", "{}", "{\"t\":1}", "{\"t\":\"}\"}", "{\"t\":{}}", "{\"t\":1,\"t\":2}",
            ]),
            0..8,
        ),
        at in 0_usize..60,
    ) {
        let mut line = r#"{"metric":"a","value":1.5,"timestamp":1700000000000,"context":{"t":"x"}}"#.to_owned();
        line.insert_str(at, &pieces.concat());
        if let Some(sample) = usual::parse(line.as_bytes(), TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default()) {
            prop_assert_eq!(Ok(sample), read_carefully(line.as_bytes()));
        }
    }

    #[test]
    fn bytes_the_quick_reader_takes_the_careful_one_takes_alike(byte in any::<u8>(), at in 0_usize..60) {
        let mut line = br#"{"metric":"a","value":1.5,"timestamp":1700000000000,"context":{"t":"x"}}"#.to_vec();
        line[at] = byte;
        if let Some(sample) = usual::parse(&line, TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default()) {
            prop_assert_eq!(Ok(sample), read_carefully(&line));
        }
    }
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&line, TimestampUnit::Milliseconds, NOW_MS, &mut Dictionary::default());
    }

    #[test]
    fn no_line_that_is_nearly_right_makes_it_panic(
        line in r#"\{"(metric|metric_name|value|timestamp|context|x)":("?[-a-z0-9.{}\[\]"\\u]{0,12}"?)(,"(metric|value|context_json)":"?[-0-9e.\\"{}]{0,8}"?){0,3}\}?"#
    ) {
        let _ = read(&line);
    }

    #[test]
    fn what_is_written_is_read_back(
        name in "[^\0]{1,40}",
        value in any::<f64>().prop_filter("finite", |value| value.is_finite()),
        timestamp_ms in 946_684_800_000..NOW_MS,
        tag in any::<String>(),
    ) {
        let context_json = context::from_tags([("tag", &*tag)]).unwrap();
        let written = NewSample { metric: name.as_str().into(), value, timestamp_ms, context_json };
        let text = line(&written);
        prop_assert!(text.ends_with('\n'));
        let read = read(text.trim_end_matches('\n')).unwrap();
        prop_assert_eq!(read.value.to_bits(), value.to_bits());
        prop_assert_eq!(read, written);
    }
}
