//! Isolation forests and trends, against scikit-learn, numpy and scipy (`data/classic.py`).

use perftop::stats::{IsolationForest, Moments};

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
