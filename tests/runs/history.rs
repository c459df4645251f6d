//! Histories of known truth: averages, trends and words about them, and where the time goes.

use fastrand::Rng;
use perftop::model::{Environment, NewRun, Phase, Run, measure};
use perftop::runs::{Heading, History, SUCCESS_PERCENT, bottlenecks};
use rstest::rstest;

use crate::histories::Noise;
use crate::support::{durations, ends, failed, run, with};

/// Durations with 3 % of noise that rise by this share over the last runs.
fn rising(count: usize, last: usize, rise: f64, seed: u64) -> Vec<f64> {
    let (noisy, _) = Noise::LogNormal(0.03).runs(count, 0, 0.0, &mut Rng::with_seed(seed));
    let share = |number: usize| (number + last).saturating_sub(count) as f64 / last as f64;
    noisy.iter().enumerate().map(|(number, value)| value * (1.0 + rise * share(number))).collect()
}

fn headings(runs: &[Run], name: &str) -> [Heading; 4] {
    History::of(runs).unwrap().measure(name).unwrap().trends.map(|trend| trend.heading)
}

#[test]
fn runs_are_counted_and_those_that_succeeded_averaged() {
    let mut runs = durations(&[100.0, 120.0, 110.0, 9_000.0]);
    runs[3] = failed(run(3, 9_000.0));
    let history = History::of(&runs).unwrap();
    assert_eq!((history.runs, history.successes, history.failures), (4, 3, 1));
    let duration = history.measure(measure::DURATION).unwrap();
    assert_eq!((duration.count, duration.newest, duration.average), (3, 110.0, 110.0));
    assert_eq!((duration.min, duration.max, duration.std_dev), (100.0, 120.0, Some(10.0)));
    assert!((history.measure(SUCCESS_PERCENT).unwrap().average - 75.0).abs() < 1e-9);
    assert!(duration.trends.iter().all(|trend| trend.heading == Heading::TooFew && trend.p_value.is_none()));
    assert_eq!((history.notes.len(), History::of(&[])), (0, None));
}

#[test]
fn a_rise_is_told_with_its_numbers() {
    let runs = durations(&rising(100, 25, 0.4, 5));
    assert_eq!(headings(&runs, measure::DURATION)[1], Heading::Up);
    let history = History::of(&runs).unwrap();
    let change = history.measure(measure::DURATION).unwrap().trends[1].change_percent.unwrap();
    assert!((13.0..25.0).contains(&change), "half of it between the halves: {change}");
    let [note] = &history.notes[..] else { panic!("{:?}", history.notes) };
    let told = " % in the newest 13 runs against the 12 before (p < .001)";
    assert!(note.starts_with("duration up ") && note.ends_with(told), "{note}");
}

/// A line through a step ends above it: through this one it rises by 71 %.
#[rstest]
#[case::up(1.48, Heading::Up, 48.0)]
#[case::down(0.5, Heading::Down, -50.0)]
fn a_step_is_told_as_high_as_it_is(#[case] step: f64, #[case] heading: Heading, #[case] expected: f64) {
    let mut noisy = rising(50, 50, 0.0, 4);
    noisy[25..].iter_mut().for_each(|value| *value *= step);
    let history = History::of(&durations(&noisy)).unwrap();
    let trend = history.measure(measure::DURATION).unwrap().trends[2];
    assert_eq!((trend.runs, trend.heading), (50, heading));
    assert!((trend.change_percent.unwrap() - expected).abs() < 5.0, "{trend:?}");
}

// numpy 2.3: a = [100, 104, 99, 101, 103, 130, 141, 128, 135, 139]; 100 * (np.median(a[5:]) / np.median(a[:5]) - 1)
#[test]
fn the_change_is_that_of_the_medians() {
    let runs = durations(&[100.0, 104.0, 99.0, 101.0, 103.0, 130.0, 141.0, 128.0, 135.0, 139.0]);
    let history = History::of(&runs).unwrap();
    let change = history.measure(measure::DURATION).unwrap().trends[0].change_percent.unwrap();
    assert!((change - 33.663_366_336_633_66).abs() < 1e-9, "{change}");
    assert!(history.notes[0].starts_with("duration up 34 % in the newest 5 runs against the 5 before"), "{history:?}");
}

/// A tail of slow runs tilts the line, and the newer half is what it was: nothing is told with a number of 0.
#[test]
fn a_slope_that_the_newer_half_does_not_show_is_flat() {
    let mut values = [100.0; 50];
    values[40..].fill(150.0);
    assert_eq!(headings(&durations(&values), measure::DURATION)[2], Heading::Flat);
    assert_eq!(headings(&durations(&values[20..]), measure::DURATION)[1], Heading::Up, "seen from nearer it is one");
}

#[test]
fn what_rises_from_nothing_has_no_percent() {
    let mut values = [0.0; 20];
    values[10..].fill(3.0);
    let runs: Vec<Run> = (0..).zip(values).map(|(number, value)| with(number, &[(measure::CPU, value)])).collect();
    let history = History::of(&runs[5..15]).unwrap();
    let trend = history.measure(measure::CPU).unwrap().trends[0];
    assert_eq!((trend.heading, trend.change_percent), (Heading::Up, None));
    assert!(history.notes[0].starts_with("CPU time up in the newest 5 runs"), "{:?}", history.notes);
}

#[test]
fn too_few_runs_are_said_to_be() {
    let runs = durations(&rising(24, 24, 1.0, 1));
    assert_eq!(headings(&runs, measure::DURATION), [Heading::Up, Heading::TooFew, Heading::TooFew, Heading::TooFew]);
}

#[test]
fn noise_alone_rarely_has_a_trend() {
    let trials = 400;
    let told = |seed: u64| {
        let headings = headings(&durations(&rising(100, 100, 0.0, seed)), measure::DURATION);
        headings.iter().filter(|heading| **heading != Heading::Flat).count()
    };
    let found: usize = (0..trials).map(told).sum();
    assert!(found <= 4 * trials as usize * 2 / 100, "{found} trends in noise");
}

#[test]
fn velocity_and_speed_up_are_told_in_words() {
    let runs: Vec<Run> = (0..)
        .zip(rising(60, 50, -0.4, 2))
        .map(|(number, pace)| with(number, &[(measure::ITEMS_PER_HOUR, 50.0 * pace), (measure::SPEED_UP, pace / 50.0)]))
        .collect();
    let notes = History::of(&runs).unwrap().notes;
    assert!(notes[0].starts_with("velocity dropping: ") && notes[0].contains(" items per hour, down "), "{notes:?}");
    assert!(notes[1].starts_with("speed-up down "), "{notes:?}");
}

#[test]
fn errors_that_increase_are_told_in_words() {
    let notes = History::of(&ends("............x...x.xxx.xxxxx")).unwrap().notes;
    assert_eq!(notes, ["errors increasing: 9 of the newest 13 runs failed, 1 of the 12 before (p = .004)"]);
    assert_eq!(History::of(&ends("x.x.x.x.x.x.x.x.x.x.x.x.x.x.")).unwrap().notes, [""; 0]);
}

/// A line through these ends is sure to slope (p below .01, t-test); the counts that would be told have a p of .17 and .07.
#[rstest]
#[case::three_of_five(".......xxx")]
#[case::six_of_thirteen(".....x.............xxxxxx")]
fn what_the_counts_do_not_show_is_not_told(#[case] given: &str) {
    let history = History::of(&ends(given)).unwrap();
    assert_eq!(history.notes, [""; 0]);
    assert!(history.measure(SUCCESS_PERCENT).unwrap().trends.iter().all(|trend| trend.heading != Heading::Down));
}

#[test]
fn other_environments_are_left_out() {
    let on = |number, duration_ms, cpu: &str| {
        let Run { id, run } = run(number, duration_ms);
        let environment = Some(Environment { cpu: cpu.to_owned(), cores: 1, os: "linux".to_owned() });
        Run { id, run: NewRun { environment, ..run } }
    };
    let history = History::of(&[on(0, 900.0, "old"), on(1, 100.0, "new"), on(2, 120.0, "new")]).unwrap();
    assert_eq!((history.runs, history.elsewhere), (3, 1));
    assert!((history.measure(measure::DURATION).unwrap().average - 110.0).abs() < 1e-9);
}

fn phased(number: i64, module: &str, compile_ms: f64, link_ms: f64) -> Run {
    let Run { id, run } = run(number, compile_ms + link_ms);
    let phases = [("compile", compile_ms), ("link", link_ms)];
    let phases = phases.map(|(name, duration_ms)| Phase { name: name.into(), duration_ms }).to_vec();
    Run { id, run: NewRun { module: module.into(), phases, ..run } }
}

#[test]
fn the_time_is_where_it_is_spent_and_grows_where_it_grew() {
    let link = rising(50, 50, 0.0, 9);
    let build: Vec<Run> = (0..)
        .zip(rising(50, 50, 0.0, 8))
        .zip(&link)
        .map(|((number, compile), link)| {
            phased(number, "build", 4.0 * compile, if number < 25 { *link } else { 1.5 * link })
        })
        .collect();
    let test: Vec<Run> = (0..4).map(|number| phased(number, "test", 10.0, 90.0)).collect();
    let found = bottlenecks(&[build, test]);
    let places: Vec<_> = found.iter().map(|one| (&*one.module, one.phase.as_deref())).collect();
    let expected = [("build", None), ("build", Some("compile")), ("build", Some("link")), ("test", None)];
    assert_eq!(places[..4], expected);
    assert!((found.iter().filter(|one| one.phase.is_none()).map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!((found[3].total_ms, found[3].runs, found[3].growth), (400.0, 4, None));
    let growth = found[2].growth.unwrap();
    assert!(growth.is_sure() && (45.0..55.0).contains(&growth.change_percent), "{growth:?}");
    assert_eq!((growth.before, growth.newest), (25, 25));
    assert!(!found[1].growth.unwrap().is_sure());
}
