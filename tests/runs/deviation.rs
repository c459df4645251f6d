//! Anomalies among runs: those that are there are found, with their numbers, and few that are not.

use fastrand::Rng;
use perftop::model::{Environment, NewRun, QueueLimit, Run, RunJudgement, RunRule, RunThresholds, measure};
use perftop::runs::judge_runs;
use proptest::prelude::*;
use rstest::rstest;

use crate::histories::Noise;
use crate::support::{durations, ends, failed, run, with};

fn judged(runs: &[Run]) -> Vec<RunJudgement> {
    judge_runs(runs, &RunThresholds::default())
}

/// Of each run: `x` an anomaly, `o` one that goes on, `r` something recovered, `l` something lasts, `.` nothing.
fn marks(runs: &[Run], thresholds: &RunThresholds) -> String {
    let mark = |of: &RunJudgement| match of {
        RunJudgement { lasting, .. } if !lasting.is_empty() => 'l',
        RunJudgement { anomalies, .. } if !anomalies.is_empty() => 'x',
        RunJudgement { recovered, .. } if !recovered.is_empty() => 'r',
        RunJudgement { ongoing, .. } if !ongoing.is_empty() => 'o',
        _ => '.',
    };
    judge_runs(runs, thresholds).iter().map(mark).collect()
}

fn of_durations(durations_ms: &[f64]) -> String {
    marks(&durations(durations_ms), &RunThresholds::default())
}

#[rstest]
#[case::more(126.0, Some(26.0))]
#[case::less(74.0, Some(-26.0))]
#[case::at_the_threshold(125.0, None)]
#[case::within(75.0, None)]
fn more_than_a_quarter_off_the_mean_of_five_is_an_anomaly(#[case] duration_ms: f64, #[case] deviation: Option<f64>) {
    let judgement = judged(&durations(&[90.0, 110.0, 95.0, 105.0, 100.0, duration_ms])).pop().unwrap();
    let found: Vec<_> = judgement.anomalies.iter().map(|anomaly| anomaly.deviation_percent).collect();
    assert_eq!(found, Vec::from_iter(deviation.map(Some)));
    if let Some(anomaly) = judgement.anomalies.first() {
        assert_eq!((&*anomaly.module, &*anomaly.metric, anomaly.value), ("build", "duration_ms", duration_ms));
        assert_eq!((anomaly.average, anomaly.threshold_percent), (Some(100.0), Some(25.0)));
        assert_eq!(
            (anomaly.rules[0], anomaly.limit),
            (RunRule::Deviation, 100.0 + 25.0_f64.copysign(duration_ms - 100.0))
        );
    }
}

#[test]
fn each_measure_is_judged_by_itself() {
    let calm = [(measure::DURATION, 100.0), (measure::CPU, 80.0), (measure::MEMORY, 1e8), (measure::API_LATENCY, 50.0)];
    for (name, value) in calm {
        let mut runs: Vec<Run> = (0..5).map(|number| with(number, &calm)).collect();
        let mut odd = with(5, &calm);
        odd.run.measures.insert(name.to_owned(), value * 1.3);
        runs.push(odd);
        let found = judged(&runs).pop().unwrap().anomalies;
        assert_eq!(found.iter().map(|anomaly| &*anomaly.metric).collect::<Vec<_>>(), [name]);
    }
}

#[rstest]
#[case::three_ms(&[3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 6.0], ".......")]
#[case::beyond_the_floor(&[3.0, 3.0, 3.0, 3.0, 3.0, 14.0, 3.0], ".....xr")]
#[case::too_few(&[100.0, 100.0, 100.0, 100.0, 200.0], ".....")]
#[case::a_spike(&[100.0, 100.0, 100.0, 100.0, 100.0, 5_000.0, 100.0, 100.0], ".....xr.")]
#[case::back_in_the_third(&[100.0, 100.0, 100.0, 100.0, 100.0, 200.0, 210.0, 205.0, 100.0, 100.0], ".....xoor.")]
#[case::a_new_level(&[100.0, 100.0, 100.0, 100.0, 100.0, 200.0, 200.0, 200.0, 200.0, 200.0, 200.0, 205.0], ".....xool...")]
#[case::down_from_above(&[100.0, 100.0, 100.0, 100.0, 100.0, 200.0, 50.0, 45.0, 100.0], ".....xxor")]
#[case::down_for_good(&[900.0, 900.0, 900.0, 900.0, 900.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 95.0], ".....xool...")]
fn what_deviates_is_over_or_becomes_normal(#[case] durations_ms: &[f64], #[case] expected: &str) {
    assert_eq!(of_durations(durations_ms), expected);
}

/// 1203 ms are too long and 60 ms too short: one of both is open.
#[test]
fn the_other_side_ends_what_was() {
    let judged = judged(&durations(&[600.0, 600.0, 600.0, 600.0, 600.0, 1_203.0, 60.0]));
    let turned = &judged[6];
    assert_eq!((turned.anomalies.len(), &*turned.recovered), (1, &["duration_ms".into()][..]));
}

#[test]
fn a_threshold_is_told_as_it_was_set() {
    for number in 1_000..3_000 {
        let usual = 20.0 * f64::from(number).sqrt();
        let found = judged(&durations(&[usual, usual, usual, usual, usual, 2.0 * usual])).pop().unwrap().anomalies;
        assert_eq!(found[0].threshold_percent, Some(25.0), "{usual}");
    }
}

#[test]
fn twice_the_average_and_three_standard_deviations_are_named() {
    let mut rising: Vec<f64> = vec![100.0; 20];
    rising.extend([140.0, 100.0, 230.0]);
    let judged = judged(&durations(&rising));
    assert_eq!(judged[20].anomalies[0].rules, [RunRule::Deviation], "a constant has no standard deviation");
    assert_eq!(judged[22].anomalies[0].rules, [RunRule::Deviation, RunRule::TimesAverage]);
    let mut noisy: Vec<f64> = (0..30).map(|number| 1_000.0 + f64::from(number % 3) * 10.0).collect();
    noisy.push(1_060.0);
    let judged = self::judged(&durations(&noisy));
    let found = &judged[30].anomalies[0];
    assert_eq!((found.rules.as_slice(), found.average), ([RunRule::ZScore].as_slice(), Some(1_010.0)));
    assert!((found.limit - 1_034.9).abs() < 0.1, "{found:?}");
    assert!(judged[..30].iter().all(|judgement| judgement.anomalies.is_empty()));
}

#[test]
fn runs_that_failed_are_not_compared() {
    let mut runs = durations(&[100.0; 8]);
    runs[3] = failed(run(3, 9_000.0));
    runs[7] = failed(run(7, 9_000.0));
    assert_eq!(marks(&runs, &RunThresholds::default()), "........");
}

#[test]
fn other_environments_are_other_histories() {
    let there = |cores| Some(Environment { cpu: "EPYC".to_owned(), cores, os: "linux".to_owned() });
    let on = |number, duration_ms, cores| {
        let Run { id, run } = run(number, duration_ms);
        Run { id, run: NewRun { environment: there(cores), ..run } }
    };
    let mut runs: Vec<Run> =
        (0..14).map(|number| if number % 2 == 0 { on(number, 100.0, 8) } else { on(number, 300.0, 2) }).collect();
    assert_eq!(marks(&runs, &RunThresholds::default()), "..............");
    runs.push(on(14, 300.0, 8));
    assert!(marks(&runs, &RunThresholds::default()).ends_with('x'));
}

/// Nobody would see the end of it: the machine has changed, or the command says it no more.
#[test]
fn what_is_not_measured_any_more_is_not_waited_for() {
    let mut runs = durations(&[100.0, 100.0, 100.0, 100.0, 100.0, 200.0]);
    runs.extend((6..20).map(|number| with(number, &[(measure::CPU, 50.0)])));
    assert_eq!(marks(&runs, &RunThresholds::default()), ".....x.........l....");
}

#[rstest]
#[case::streak("....xxx.", "......xr")]
#[case::two_are_no_streak("....xx..xx", "..........")]
#[case::while_it_lasts("....xxxxxxx.", "......xoooor")]
#[case::spike("..............................x..x..x.......", "....................................xooor...")]
#[case::the_failures_of_a_streak_are_no_spike(
    "..............................xxx....",
    "................................xr..."
)]
#[case::what_comes_after_a_streak_is("..............................xxx..x.", "................................xr.xo")]
#[case::a_rate_that_lasts(
    "..............................x..x..x..x..x..x..x..x..x..x..x.",
    "....................................xoool....................."
)]
#[case::always_did("x..x..x..x..x..x..x..x..x..x..x..x..x.", "......................................")]
fn failures_in_a_row_and_more_than_before_are_found(#[case] given: &str, #[case] expected: &str) {
    assert_eq!(marks(&ends(given), &RunThresholds::default()), expected);
}

#[test]
fn a_spike_says_its_rates() {
    let judged = judged(&ends("..............................x..x..x"));
    let found = &judged[36].anomalies[0];
    assert_eq!((&*found.metric, found.value, found.average), ("error_percent", 30.0, Some(0.0)));
    assert_eq!(found.told(), "30 % of the last runs failed, 0 % of those before");
}

#[test]
fn a_queue_has_a_limit() {
    let thresholds = RunThresholds { queue_limits: vec![queue("build.queue_depth=100")], ..RunThresholds::default() };
    let runs: Vec<Run> =
        (0..).zip([50.0, 70.0, 101.0, 100.0]).map(|(number, depth)| with(number, &[("queue_depth", depth)])).collect();
    assert_eq!(marks(&runs, &thresholds), "..xr");
    let full: Vec<Run> = (0..)
        .zip([101.0, 150.0, 120.0, 130.0, 140.0, 99.0])
        .map(|(number, depth)| with(number, &[("queue_depth", depth)]))
        .collect();
    assert_eq!(marks(&full, &thresholds), "xoooor", "a limit is no less one when it is exceeded for long");
    let found = &judge_runs(&runs, &thresholds)[2].anomalies[0];
    assert_eq!(
        (found.rules.as_slice(), found.limit, found.average),
        ([RunRule::QueueExhaustion].as_slice(), 100.0, Some(60.0))
    );
    let elsewhere = RunThresholds { queue_limits: vec![queue("test.queue_depth=100")], ..RunThresholds::default() };
    assert_eq!(marks(&runs, &elsewhere), "....");
}

fn queue(text: &str) -> QueueLimit {
    text.parse().unwrap()
}

#[test]
fn every_threshold_can_be_moved() {
    let spike = durations(&[100.0, 100.0, 100.0, 100.0, 100.0, 150.0, 100.0]);
    let moved = RunThresholds { deviation_percent: 60.0, ..RunThresholds::default() };
    assert_eq!(marks(&spike, &moved), ".......");
    assert_eq!(marks(&spike, &RunThresholds { noise_ms: 60.0, ..RunThresholds::default() }), ".......");
    let soon = RunThresholds { recover_within: 1, ..RunThresholds::default() };
    assert_eq!(marks(&durations(&[100.0, 100.0, 100.0, 100.0, 100.0, 150.0, 150.0, 150.0]), &soon), ".....xl.");
    assert_eq!(marks(&ends("..xx."), &RunThresholds { streak: 2, ..RunThresholds::default() }), "...xr");
}

/// At 3 % of noise a deviation of a quarter does not come by chance, and three standard deviations upwards do so once in
/// some hundred runs.
#[test]
fn healthy_runs_are_rarely_anomalies() {
    let mut rng = Rng::with_seed(3);
    let (mut anomalies, mut deviations) = (0, 0);
    for _ in 0..50 {
        let (runs, _) = Noise::LogNormal(0.03).runs(200, 0, 0.0, &mut rng);
        for judgement in judged(&durations(&runs)) {
            anomalies += judgement.anomalies.len();
            deviations += judgement.anomalies.iter().filter(|found| found.rules.contains(&RunRule::Deviation)).count();
        }
    }
    assert_eq!(deviations, 0);
    assert!(anomalies < 10_000 / 100, "{anomalies} of 10000 runs");
}

proptest! {
    /// What is said of a run depends on those before it alone.
    #[test]
    fn later_runs_change_nothing(durations_ms in prop::collection::vec(50.0..400.0_f64, 1..40), cut in 0_usize..40) {
        let runs = durations(&durations_ms);
        let cut = cut.min(runs.len());
        prop_assert_eq!(&judged(&runs)[..cut], &judged(&runs[..cut])[..]);
    }
}
