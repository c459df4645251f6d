//! How long the rules run until their first signal, against published and computed tables.

use perftop::detect::signals;
use perftop::model::{ControlLimits, Rule};
use perftop::stats::{Cusum, CusumChart, EwmaChart, Moments};

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
    let mut values = Vec::new();
    let mut wanted = 32;
    loop {
        values.resize_with(wanted, || normal.next() + shift_sd);
        if let Some(first) = signals(values.iter().copied(), &ControlLimits::new(0.0, 1.0), rules).first() {
            return first.at as f64 + 1.0;
        }
        wanted *= 2;
    }
}

fn assert_mean(lengths: &[f64], expected: f64, what: &str) {
    let found = Moments::of(lengths);
    let standard_error = found.std_dev().unwrap() / f64::from(RUNS).sqrt();
    assert!(
        (found.mean - expected).abs() <= STANDARD_ERRORS * standard_error,
        "{what}: {} instead of {expected}, standard error {standard_error}",
        found.mean
    );
}

/// The lines of a table without its comments and its header.
fn table(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

#[test]
fn run_lengths_are_as_published() {
    let mut cells = 0;
    for line in table(include_str!("data/run_lengths.csv")) {
        let [words, shift_sd, expected, source] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (shift_sd, expected): (f64, f64) = (shift_sd.parse().unwrap(), expected.parse().unwrap());
        let rules = rules(words);
        let mut normal = Normal::seeded(7_919);
        let lengths: Vec<f64> = (0..RUNS).map(|_| run_length(&mut normal, shift_sd, &rules)).collect();
        assert_mean(&lengths, expected, &format!("rules {words} at {shift_sd} sd ({source})"));
        cells += 1;
    }
    assert_eq!(cells, 30);
}

/// Values until an EWMA signals; `settled` has the limits that it comes to.
fn ewma_run_length(mut next: impl FnMut() -> f64, chart: &EwmaChart, settled: bool) -> f64 {
    let mut average = 0.0;
    for n in 1.. {
        average = chart.step(average, next());
        if f64::abs(average) > chart.half_width(1.0, if settled { usize::MAX } else { n }) {
            return n as f64;
        }
    }
    unreachable!("the values never end")
}

fn cusum_run_length(mut next: impl FnMut() -> f64, chart: &CusumChart) -> f64 {
    let mut cusum = Cusum::default();
    let mut n = 0.0;
    while cusum.shifted_for(chart).is_none() {
        cusum.push(next(), chart);
        n += 1.0;
    }
    n
}

#[test]
fn run_lengths_of_averages_and_sums_are_as_published() {
    let mut cells = 0;
    for line in table(include_str!("data/chart_run_lengths.csv")) {
        let [kind, weight, limit, shift_sd, expected, published] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let number = |text: &str| text.parse::<f64>().unwrap();
        let (weight, limit, shift_sd, expected) = (number(weight), number(limit), number(shift_sd), number(expected));
        // Tables print two or three digits, and limits of as many.
        if !published.is_empty() {
            assert!((expected / number(published) - 1.0).abs() < 0.03, "{line}");
        }
        let mut normal = Normal::seeded(104_729);
        let mut next = || normal.next() + shift_sd;
        let mut run_length = || match kind {
            "cusum" => cusum_run_length(&mut next, &CusumChart { allowance: weight, limit }),
            "ewma" | "ewma-exact" => {
                ewma_run_length(&mut next, &EwmaChart { lambda: weight, width: limit }, kind == "ewma")
            }
            other => panic!("no chart {other}"),
        };
        let lengths: Vec<f64> = (0..RUNS).map(|_| run_length()).collect();
        assert_mean(&lengths, expected, line);
        cells += 1;
    }
    assert_eq!(cells, 86);
}
