//! The detectors of the last hundred samples, against scikit-learn, numpy and scipy (`data/classic.py`).

use perftop::detect::{DetectOptions, Detector};
use perftop::model::time::Zone;
use perftop::model::{Finding, MetricBook, Point, Rule, Sample, Sensitivity};
use perftop::stats::{IsolationForest, Moments};

use crate::support::{METRIC, NOW_MS, Normal};

/// Forests are random, so 50 of ours are compared with 200 of scikit-learn's: the mean score of each value, and how often
/// it is flagged. Of some 2000 comparisons none lies this many standard errors apart by chance, nearly always.
const FORESTS: u32 = 50;
const THEIRS: f64 = 200.0;
const STANDARD_ERRORS: f64 = 5.0;
/// scikit-learn computes with seven digits.
const ROUNDING: f64 = 1e-6;
const CONTAMINATION: f64 = 0.1;
const SEED: u64 = 42;

fn rows(kind: &str) -> impl Iterator<Item = (&'static str, Vec<f64>)> {
    let of_kind = format!("{kind},");
    let lines = include_str!("data/classic.csv").lines().filter(move |line| line.starts_with(&of_kind));
    lines.map(|line| {
        let mut fields = line.split(',').skip(1);
        let set = fields.next().unwrap();
        (set, fields.filter(|field| !field.is_empty()).map(|field| field.parse().unwrap()).collect())
    })
}

/// Spearman's rank correlation; equal values share their mean rank.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |values: &[f64]| -> Vec<f64> {
        let place = |value: f64| {
            let below = values.iter().filter(|&&other| other < value).count();
            let reached = values.iter().filter(|&&other| other <= value).count();
            f64::midpoint(below as f64, reached as f64 - 1.0)
        };
        values.iter().map(|&value| place(value)).collect()
    };
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

#[test]
fn a_forest_says_what_that_of_scikit_learn_says() {
    let mut sets = 0;
    for (set, worst) in rows("rank") {
        let rows: Vec<Vec<f64>> = rows("forest").filter(|(name, _)| *name == set).map(|(_, row)| row).collect();
        let values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let (mut scores, mut flags) = (vec![Moments::default(); values.len()], vec![0.0; values.len()]);
        for seed in 0..FORESTS {
            let forest = IsolationForest::grow(&values, u64::from(seed)).unwrap();
            let threshold = forest.threshold(&values, CONTAMINATION).unwrap();
            for (at, &value) in values.iter().enumerate() {
                let score = forest.score(value);
                scores[at].push(score);
                flags[at] += if score > threshold + ROUNDING { 1.0 } else { 0.0 };
            }
        }
        let n = f64::from(FORESTS);
        for (at, row) in rows.iter().enumerate() {
            let [value, mean, sd, flagged] = row[..] else { panic!("{row:?}") };
            let error = (sd * sd / THEIRS + scores[at].std_dev().unwrap().powi(2) / n).sqrt();
            let found = scores[at].mean;
            let is_near = (found - mean).abs() <= STANDARD_ERRORS * error + ROUNDING;
            assert!(is_near, "{set} {value}: {found} is not {mean}, standard error {error}");
            let share = flags[at] / n;
            let both = (flags[at] + flagged * THEIRS) / (n + THEIRS);
            let error = (both * (1.0 - both) * (1.0 / n + 1.0 / THEIRS)).sqrt();
            assert!(
                (share - flagged).abs() <= STANDARD_ERRORS * error,
                "{set} {value}: flagged by {share}, not {flagged}"
            );
        }
        let forest = IsolationForest::grow(&values, SEED).unwrap();
        let scores: Vec<f64> = values.iter().map(|&value| forest.score(value)).collect();
        let means: Vec<f64> = rows.iter().map(|row| row[1]).collect();
        let correlation = rank_correlation(&scores, &means);
        assert!(
            correlation >= worst[0],
            "{set}: {correlation}; of 200 seeds of scikit-learn the worst has {}",
            worst[0]
        );
        sets += 1;
    }
    assert_eq!(sets, 5);
}

/// The findings of one detector on values a second apart, and on which of them.
fn found(rule: Rule, sensitivity: Sensitivity, values: &[f64]) -> Vec<(usize, Finding)> {
    let book = MetricBook::default().with_alerts(vec![rule]).with_sensitivity(sensitivity);
    let mut detector = Detector::new(DetectOptions::default(), book, Zone::utc());
    let sample = |at: usize, value: f64| {
        let id = at.cast_signed() as i64;
        Sample { id, metric: METRIC.into(), value, timestamp_ms: NOW_MS - 3_600_000 + id * 1_000 }
    };
    let findings = |(at, &value): (usize, &f64)| {
        detector.judge(&sample(at, value), NOW_MS).into_iter().map(|finding| (at, finding)).collect::<Vec<_>>()
    };
    values.iter().enumerate().flat_map(findings).collect()
}

#[test]
fn single_rules_are_as_numpy_says() {
    let rows: Vec<Vec<f64>> = rows("window").map(|(_, row)| row).collect();
    let values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let odd = |is_odd: fn(&[f64]) -> bool| -> Vec<usize> {
        rows.iter().enumerate().filter(|(_, row)| row.len() > 1 && is_odd(row)).map(|(at, _)| at).collect()
    };
    let expected = [
        (Rule::ZScore, odd(|row| row[1].abs() > 3.0)),
        (Rule::Iqr, odd(|row| (row[0] < row[2] || row[0] > row[3]) && row[2] < row[3])),
        (Rule::TimesAverage, odd(|row| row[4] > 2.0)),
    ];
    for (rule, expected) in expected {
        let found: Vec<usize> = found(rule, Sensitivity::Medium, &values).into_iter().map(|(at, _)| at).collect();
        assert!(expected.len() > 1, "{rule}");
        let found: Vec<usize> = found.into_iter().filter(|&at| at >= 100).collect();
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn a_trend_is_as_scipy_says() {
    let rows: Vec<Vec<f64>> = rows("window").map(|(_, row)| row).collect();
    let values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let mut compared = 0;
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.len() > 1) {
        let window: Vec<Option<f64>> = values[at - 99..=at].iter().copied().map(Some).collect();
        let found = perftop::stats::line(&window).unwrap().p_value;
        let is_same = (found / row[5] - 1.0).abs() < 1e-6 || (found - row[5]).abs() < 1e-12;
        assert!(is_same, "{at}: {found} is not {}", row[5]);
        compared += 1;
    }
    assert_eq!(compared, rows.len() - 100);
}

/// A hundred values from 80 to 120 in an order without a pattern, and what follows.
fn after_calm(next: &[f64]) -> Vec<f64> {
    (0..100).map(|at| f64::from(80 + at * at * 7 % 41)).chain(next.iter().copied()).collect()
}

#[test]
fn the_vote_takes_two_of_three() {
    let rules = |value: f64| found(Rule::Ensemble, Sensitivity::Medium, &after_calm(&[value])).pop();
    let (at, finding) = rules(180.0).unwrap();
    assert_eq!(at, 100);
    assert!(finding.description.contains("180 ms, mean of the last 100 samples"), "{}", finding.description);
    assert!(finding.description.contains("set apart by the isolation forest"), "{}", finding.description);
    assert!(finding.description.contains("above the fence"), "{}", finding.description);
    assert!(finding.description.ends_with("(0.7 of 1 votes)"), "{}", finding.description);
    assert!(rules(100.0).is_none_or(|(at, _)| at < 100));
}

#[test]
fn sentences_say_what_was_found_and_expected() {
    let said = |rule| found(rule, Sensitivity::Medium, &after_calm(&[300.0])).pop().unwrap().1.description;
    assert!(said(Rule::ZScore).contains(": 300 ms is "), "{}", said(Rule::ZScore));
    assert!(said(Rule::ZScore).contains(" sd above the mean "), "{}", said(Rule::ZScore));
    assert!(said(Rule::Iqr).contains(" above the fence "), "{}", said(Rule::Iqr));
    assert!(said(Rule::TimesAverage).contains(" times the average "), "{}", said(Rule::TimesAverage));
}

#[test]
fn the_more_sensitive_the_more_is_found() {
    let mut normal = Normal::seeded(3);
    let values: Vec<f64> = (0..4_000).map(|_| 100.0 + 10.0 * normal.next()).collect();
    for rule in [Rule::Ensemble, Rule::ZScore, Rule::Iqr] {
        let counts = Sensitivity::EVERY.map(|sensitivity| found(rule, sensitivity, &values).len());
        assert!(counts[0] < counts[1] && counts[1] < counts[2], "{rule}: {counts:?}");
    }
    let doubled: Vec<f64> = after_calm(&[170.0, 220.0, 330.0]);
    let counts = Sensitivity::EVERY.map(|sensitivity| found(Rule::TimesAverage, sensitivity, &doubled).len());
    assert_eq!(counts, [1, 2, 3]);
}

#[test]
fn what_is_said_depends_on_what_came_before_alone() {
    let mut normal = Normal::seeded(11);
    let values: Vec<f64> =
        (0..600).map(|at| 100.0 + 10.0 * normal.next() + if at > 500 { 60.0 } else { 0.0 }).collect();
    for rule in Rule::CLASSIC {
        let whole = found(rule, Sensitivity::High, &values);
        let part = found(rule, Sensitivity::High, &values[..450]);
        let cut: Vec<_> = whole.iter().filter(|(at, _)| *at < 450).cloned().collect();
        assert_eq!(part, cut, "{rule}");
    }
}

#[test]
fn a_restart_goes_on_with_what_was_open() {
    let book = MetricBook::default().with_alerts(Rule::CLASSIC.to_vec());
    let new = || Detector::new(DetectOptions::default(), book.clone(), Zone::utc());
    let values = after_calm(&[400.0, 410.0, 390.0, 405.0]);
    let points: Vec<Point> = values
        .iter()
        .zip(1..)
        .map(|(&value, at)| Point { timestamp_ms: NOW_MS - 900_000 + at * 1_000, value })
        .collect();
    let sample = |at: i64, value| Sample {
        id: 1_000 + at,
        metric: METRIC.into(),
        value,
        timestamp_ms: NOW_MS - 500_000 + at * 1_000,
    };
    let mut detector = new();
    detector.remember(&METRIC.into(), &points, NOW_MS);
    for at in 0..30 {
        detector.judge(&sample(at, 100.0 + at as f64 / 10.0), NOW_MS);
    }
    let over: Vec<Rule> = detector.take_recoveries().into_iter().map(|recovery| recovery.rule).collect();
    assert!([Rule::ZScore, Rule::Iqr, Rule::TimesAverage].iter().all(|rule| over.contains(rule)), "{over:?}");
}

#[test]
fn any_numbers_are_survived() {
    let odd: [fn(i32) -> f64; 5] = [
        |_| 5.0,
        |at| if at % 2 == 0 { f64::MAX } else { f64::MIN },
        |at| 5e-324 * f64::from(at * 7_919 % 101),
        |at| f64::from(at / 90),
        |at| 1e300 * f64::from(at * 7_919 % 101),
    ];
    for value in odd {
        let values: Vec<f64> = (0..400).map(value).collect();
        for rule in Rule::CLASSIC {
            for (_, finding) in found(rule, Sensitivity::High, &values) {
                assert!(!finding.description.contains("NaN"), "{}", finding.description);
            }
        }
    }
}
