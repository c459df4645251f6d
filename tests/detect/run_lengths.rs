//! How long the rules run until their first signal, against published and computed tables.

use perftop::detect::violations;
use perftop::model::{ControlLimits, Point, Rule};

use crate::support::Normal;

const RUNS: u32 = 2_000;
const STANDARD_ERRORS: f64 = 4.0;

fn rules(words: &str) -> Vec<Rule> {
    let rule = |word| match word {
        "1" => Rule::BeyondLimit,
        "2" => Rule::TwoOfThree,
        "7" => Rule::SevenOnOneSide,
        other => panic!("no rule {other}"),
    };
    words.split('+').map(rule).collect()
}

/// Values until the first signal, both included.
fn run_length(normal: &mut Normal, shift_sd: f64, rules: &[Rule]) -> f64 {
    let mut points = Vec::new();
    let mut wanted = 32;
    loop {
        while points.len() < wanted {
            let timestamp_ms = points.len().cast_signed() as i64;
            points.push(Point { timestamp_ms, value: normal.next() + shift_sd });
        }
        if let Some(first) = violations(&points, &ControlLimits::new(0.0, 1.0), rules).first() {
            return first.point.timestamp_ms as f64 + 1.0;
        }
        wanted *= 2;
    }
}

#[test]
fn run_lengths_are_as_published() {
    let table = include_str!("data/run_lengths.csv").lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut cells = 0;
    for line in table {
        let [words, shift_sd, expected, source] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (shift_sd, expected): (f64, f64) = (shift_sd.parse().unwrap(), expected.parse().unwrap());
        let rules = rules(words);
        let mut normal = Normal::seeded(7_919);
        let lengths: Vec<f64> = (0..RUNS).map(|_| run_length(&mut normal, shift_sd, &rules)).collect();
        let found = perftop::stats::Moments::from_iter(lengths);
        let standard_error = found.std_dev().unwrap() / f64::from(RUNS).sqrt();
        assert!(
            (found.mean - expected).abs() <= STANDARD_ERRORS * standard_error,
            "rules {words} at {shift_sd} sd: {} instead of {expected} ({source}), standard error {standard_error}",
            found.mean
        );
        cells += 1;
    }
    assert_eq!(cells, 30);
}
