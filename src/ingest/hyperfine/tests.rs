//! A real export, and everything that can be wrong with one.

use rstest::rstest;

use crate::ingest::{Format, read_text};

/// hyperfine 1.15.0: `hyperfine -N -w1 -r 5 -P n 1 2 'sleep 0.0{n}' --export-json sleep.json`.
const REAL: &str = include_str!("sleep.json");

#[test]
fn every_run_of_a_real_export_is_a_sample() {
    let batch = read_text(Format::Hyperfine, REAL);
    assert_eq!(batch.rejects, []);
    let of = |name: &str| batch.samples.iter().filter(|sample| &*sample.metric == name).collect::<Vec<_>>();
    let times = of("hyperfine.time_seconds");
    assert_eq!(times.len(), 10);
    assert_eq!((times[0].value, times[9].value), (0.011_947_116, 0.021_955_755));
    assert_eq!(times[0].context_json.as_deref(), Some(r#"{"command":"sleep 0.01","n":"1"}"#));
    assert_eq!((of("hyperfine.user_seconds").len(), of("hyperfine.system_seconds").len()), (2, 2));
    assert_eq!(batch.samples.len(), 14);
}

#[test]
fn memory_and_runs_that_failed_are_told_apart() {
    let text =
        r#"{"results":[{"command":"c","times":[1,2,3],"exit_codes":[0,7,null],"memory_usage_byte":[10,20,30]}]}"#;
    let batch = read_text(Format::Hyperfine, text);
    let read: Vec<_> =
        batch.samples.iter().map(|sample| (&*sample.metric, sample.context_json.as_deref().unwrap())).collect();
    assert_eq!(
        read[..4],
        [
            ("hyperfine.time_seconds", r#"{"command":"c"}"#),
            ("hyperfine.time_seconds", r#"{"command":"c","exit_code":"7"}"#),
            ("hyperfine.time_seconds", r#"{"command":"c","exit_code":"signal"}"#),
            ("hyperfine.memory_bytes", r#"{"command":"c"}"#),
        ]
    );
}

#[test]
fn documents_may_follow_one_another() {
    let batch = read_text(Format::Hyperfine, &REAL.repeat(3));
    assert_eq!((batch.samples.len(), batch.rejects.len()), (42, 0));
}

#[rstest]
#[case("{\n", 1, "not what hyperfine exports: EOF while parsing an object at line 2 column 0")]
#[case(
    "{\"results\":\n7}",
    2,
    "not what hyperfine exports: invalid type: integer `7`, expected a sequence at line 2 column 1"
)]
#[case("{\"results\":[\n{\"command\":\"c\"}]}", 2, "not what hyperfine exports: missing field `times`")]
#[case(
    "{\"results\":[\n\n{\"command\":\"c\",\"times\":[\"1\"]}]}",
    3,
    "not what hyperfine exports: invalid type: string \"1\", expected f64"
)]
fn what_is_wrong_is_named_by_its_line(#[case] text: &str, #[case] line: u64, #[case] reason: &str) {
    let batch = read_text(Format::Hyperfine, text);
    assert_eq!(batch.samples, []);
    assert_eq!(
        batch.rejects.iter().map(|reject| (reject.line, reject.reason.to_string())).collect::<Vec<_>>(),
        [(line, reason.to_owned())]
    );
}

#[test]
fn a_document_without_an_end_is_not_held() {
    let text = "{\n".to_owned() + &"\"x\":1,\n".repeat(2_000_000);
    let batch = read_text(Format::Hyperfine, &text);
    assert_eq!(batch.rejects.len(), 1);
    assert_eq!(batch.rejects[0].reason.to_string(), "the document is longer than 4194304 bytes");
}
