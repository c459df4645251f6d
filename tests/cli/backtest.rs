//! `perftop backtest`: what the detectors would have said, as the samples came.

use std::fmt::Write as _;

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;

const MINUTE_MS: i64 = 60_000;
const FROM_MS: i64 = 1_700_000_000_000;

/// A value a minute around 100, from -3 to 3 in an order without a pattern, and some of them changed.
fn samples(count: i64, change: impl Fn(i64, f64) -> Option<f64>) -> String {
    (0..count).fold(String::new(), |mut lines, at| {
        let calm = 100.0 + (at * at % 61) as f64 / 10.0 - 3.0;
        if let Some(value) = change(at, calm) {
            let timestamp_ms = FROM_MS + at * MINUTE_MS;
            writeln!(lines, r#"{{"metric_name":"lcp","value":{value},"timestamp":{timestamp_ms}}}"#).unwrap();
        }
        lines
    })
}

fn backtest(words: &str, input: String) -> crate::home::Answer {
    let home = Home::new();
    home.answer(&home.perftop(&format!("backtest {words}")).write_stdin(input).output().unwrap())
}

/// The events as (event, rule, severity, minute).
fn events(input: String) -> Vec<(String, String, String, i64)> {
    let answer = backtest("--format json", input);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let lines = answer.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| {
            let minute = (line["timestamp"].as_i64().unwrap() - FROM_MS) / MINUTE_MS;
            (text(&line, "event"), text(&line, "rule"), text(&line, "severity"), minute)
        })
        .collect()
}

#[test]
fn nothing_is_said_of_a_calm_series() {
    assert_eq!(events(samples(3_000, |_, calm| Some(calm))), []);
}

#[test]
fn an_outlier_is_told_of_at_once_and_ends() {
    let found = events(samples(3_000, |at, calm| Some(if at == 2_500 { 300.0 } else { calm })));
    let [(event, rule, severity, minute), (over, .., ended)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&**event, &**rule, &**severity, *minute), ("opened", "surprise", "critical", 2_500));
    assert_eq!((&**over, *ended), ("recovery", 2_510));
}

#[test]
fn a_stuck_series_is_told_of_until_it_moves() {
    let stuck = |at, calm| Some(if (2_000..2_030).contains(&at) { 100.0 } else { calm });
    let found = events(samples(2_500, stuck));
    let of_rule: Vec<_> = found.iter().filter(|(_, rule, ..)| rule == "stuck").collect();
    let [(event, .., begun), (graver, _, severity, _), (over, .., ended)] = of_rule[..] else { panic!("{found:?}") };
    assert_eq!((&**event, &**over, *ended), ("opened", "recovery", 2_030));
    assert_eq!((&**graver, &**severity), ("raised", "critical"), "it goes on for four times as long");
    assert!((2_004..2_012).contains(begun), "{begun}");
}

#[test]
fn silence_is_told_of_when_it_is_long() {
    let other = |at: i64| {
        format!("{{\"metric_name\":\"other\",\"value\":{},\"timestamp\":{}}}\n", at % 7, FROM_MS + at * MINUTE_MS)
    };
    let lcp = samples(500, |at, calm| (!(300..330).contains(&at)).then_some(calm));
    let mut lines: Vec<String> = lcp.lines().map(|line| format!("{line}\n")).chain((0..500).map(other)).collect();
    lines.sort_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["timestamp"].as_i64());
    let found = events(lines.concat());
    let of_rule: Vec<_> =
        found.iter().filter(|(_, rule, ..)| rule == "silence").map(|(e, .., at)| (&**e, *at)).collect();
    assert_eq!(
        of_rule,
        [("opened", 304), ("raised", 319), ("recovery", 330)],
        "five minutes after the last sample, and 20"
    );
}

#[test]
fn scores_of_the_first_samples_are_the_first_scores() {
    let spiky = |at: i64, calm: f64| Some(if at % 701 == 700 { calm * 3.0 } else { calm });
    let whole = backtest("--scores", samples(2_000, spiky));
    let part = backtest("--scores", samples(900, spiky));
    assert_eq!((whole.code, part.code), (Some(0), Some(0)));
    assert_eq!(part.stdout.lines().count(), 900);
    assert!(whole.stdout.starts_with(&part.stdout), "a later sample has changed an earlier score");
    let alarmed = |line: &str| serde_json::from_str::<Value>(line).unwrap()["score"].as_f64().unwrap() >= 0.5;
    let minutes: Vec<usize> =
        whole.stdout.lines().enumerate().filter(|(_, line)| alarmed(line)).map(|(at, _)| at).collect();
    assert_eq!(minutes, [700, 1401]);
}

#[test]
fn late_samples_change_nothing() {
    let spiky = |at: i64, calm: f64| Some(if at == 900 { calm * 3.0 } else { calm });
    let whole = samples(1_000, spiky);
    let late = samples(500, |at, _| (at % 50 == 0).then_some(9_999.0));
    let (lines, mut mixed): (Vec<&str>, String) = (whole.lines().collect(), String::new());
    mixed.push_str(&lines[..600].join("\n"));
    mixed = format!("{mixed}\n{late}{}\n", lines[600..].join("\n"));
    assert_eq!(events(mixed), events(whole));
}

#[rstest]
#[case("", "no samples")]
#[case("{\"metric_name\":\"a\"}\n", "line 1: ")]
fn what_cannot_be_judged_is_said(#[case] input: &str, #[case] said: &str) {
    let answer = backtest("", input.to_owned());
    assert_ne!(answer.code, Some(0));
    assert!(answer.stderr.contains(said) || answer.stderr.contains("no store"), "{}", answer.stderr);
}

#[rstest]
#[case::constant(|_| 5.0)]
#[case::two_values(|at| f64::from(at % 2))]
#[case::negative(|at| -1e6 - f64::from(at * 7919 % 101))]
#[case::huge(|at| 1e300 * f64::from(at * 7919 % 101))]
#[case::largest(|at| if at % 2 == 0 { f64::MAX } else { f64::MIN })]
#[case::denormal(|at| 5e-324 * f64::from(at * 7919 % 101))]
#[case::growing(|at| 1.01_f64.powi(at))]
fn any_numbers_are_survived(#[case] value: fn(i32) -> f64) {
    let input = samples(1_500, |at, _| Some(value(at as i32)));
    let answer = backtest("--scores", input);
    assert_eq!((answer.code, answer.stdout.lines().count()), (Some(0), 1_500), "{}", answer.stderr);
    for line in answer.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["surprise"].as_f64().is_some_and(f64::is_finite), "{line}");
    }
}

#[test]
fn the_store_is_replayed_when_nothing_is_piped_in() {
    let home = Home::new();
    let input = samples(2_600, |at, calm| Some(if at == 2_500 { 300.0 } else { calm }));
    assert_eq!(home.perftop("ingest").write_stdin(input).output().unwrap().status.code(), Some(0));
    let answer = home.run("backtest");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("critical") && answer.stdout.contains("lcp: 300"), "{}", answer.stdout);
    assert!(answer.stderr.contains("2600 samples of 1 metric over"), "{}", answer.stderr);
    let other = home.run("backtest nothing");
    assert_eq!((other.code, &*other.stderr), (Some(3), "perftop: no samples of `nothing`\n"));
}

/// The events as (event, rule, minute) under other detectors.
fn chosen(words: &str, input: String) -> Vec<(String, String, i64)> {
    let answer = backtest(&format!("--format json {words}"), input);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let lines = answer.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    lines
        .map(|line| {
            let minute = (line["timestamp"].as_i64().unwrap() - FROM_MS) / MINUTE_MS;
            (text(&line, "event"), text(&line, "rule"), minute)
        })
        .collect()
}

#[test]
fn detectors_are_compared_on_the_same_samples() {
    let outlier = |at, calm| Some(if at == 900 { 300.0 } else { calm });
    let found = chosen("--detectors surprise,z-score,iqr,times-average,beyond-limit", samples(1_000, outlier));
    let mut begun: Vec<&str> =
        found.iter().filter(|(event, _, at)| event == "opened" && *at == 900).map(|(_, rule, _)| &**rule).collect();
    begun.sort_unstable();
    assert_eq!(begun, ["beyond-limit", "iqr", "surprise", "times-average", "z-score"], "{found:?}");
    for rule in ["iqr", "times-average", "z-score"] {
        assert!(found.contains(&("recovery".to_owned(), rule.to_owned(), 910)), "{rule}: {found:?}");
    }
}

#[test]
fn many_odd_samples_are_one_alert() {
    let often = |at: i64, calm: f64| Some(if at > 500 && at % 8 == 0 { calm * 3.0 } else { calm });
    let answer = backtest("--detectors times-average", samples(1_000, often));
    assert_eq!((answer.code, answer.stdout.lines().count()), (Some(0), 1), "{}", answer.stdout);
    assert!(answer.stdout.contains(" times the average "), "{}", answer.stdout);
    assert!(answer.stderr.contains("times-average warning        1   "), "{}", answer.stderr);
}

#[test]
fn findings_become_alerts_as_they_do_live() {
    // The first two lie within the cool-down of 15 minutes.
    let outliers = |at: i64, _| Some(if [1_200, 1_210, 1_240].contains(&at) { 500.0 } else { 99.0 + (at % 2) as f64 });
    let found = chosen("--detectors beyond-limit", samples(1_400, outliers));
    let opened = |minute| ("opened".to_owned(), "beyond-limit".to_owned(), minute);
    assert_eq!(found, [opened(1_200), opened(1_240)]);
}

#[test]
fn the_configuration_may_choose_the_detectors() {
    let home = Home::new();
    std::fs::write(
        home.path("chosen.toml"),
        "[metrics.\"lcp\"]\nalerts = [\"times-average\"]\nsensitivity = \"low\"\ndirection = \"lower\"\n",
    )
    .unwrap();
    let raised = |times: f64| {
        let input = samples(600, move |at, calm| Some(if at == 550 { calm * times } else { calm }));
        let mut command = home.perftop("backtest --detectors configured --config chosen.toml");
        home.answer(&command.write_stdin(input).output().unwrap())
    };
    let (quiet, loud) = (raised(2.5), raised(4.0));
    assert_eq!((quiet.code, quiet.stdout.lines().count()), (Some(0), 0), "{}", quiet.stdout);
    assert!(loud.stdout.contains("times the average"), "{}{}", loud.stdout, loud.stderr);
}

#[test]
fn unknown_detectors_are_refused_with_those_that_are_known() {
    let answer = backtest("--detectors ensemble,forest", String::new());
    assert_eq!(answer.code, Some(2));
    for known in ["unknown rule `forest`", "ensemble", "z-score", "iqr", "times-average", "surprise", "beyond-limit"] {
        assert!(answer.stderr.contains(known), "{known}: {}", answer.stderr);
    }
}
