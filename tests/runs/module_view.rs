//! What the dashboard shows of a module.

use std::collections::BTreeSet;
use std::sync::Arc;

use perftop::model::{Environment, MetricName, ModuleView, NewRun, Phase, Point, Run, RunThresholds, measure};
use perftop::runs::module_view;

use crate::support::{durations, failed, run, with};

fn view(measure: &str, runs: &[Run]) -> ModuleView {
    module_view(&metric(measure, runs), runs, &BTreeSet::new(), &RunThresholds::default()).unwrap()
}

fn metric(measure: &str, runs: &[Run]) -> MetricName {
    format!("{}.{measure}", runs[0].run.module).into()
}

fn outliers(view: &ModuleView) -> Vec<usize> {
    let is_outlier = |place: &usize| view.runs[*place].shown.is_some_and(|shown| shown.is_outlier);
    (0..view.runs.len()).filter(is_outlier).collect()
}

// numpy 2.4: q1, q3 = np.percentile([100, 102, 101, 99, 103, 98, 100, 104, 108], [25, 75]) = 100, 103: fences 91, 112.
#[test]
fn what_is_far_out_is_an_outlier() {
    let values = [100.0, 102.0, 101.0, 99.0, 103.0, 98.0, 100.0, 104.0, 108.0];
    assert_eq!(outliers(&view(measure::DURATION, &durations(&values))), [0; 0]);
    let with = |last: f64| outliers(&view(measure::DURATION, &durations(&[&values[..8], &[last]].concat())));
    assert_eq!((with(111.9), with(112.1)), (vec![], vec![8]));
    assert_eq!(outliers(&view(measure::DURATION, &durations(&[100.0, 101.0, 102.0, 900.0]))), [0; 0], "too few");
    assert_eq!(outliers(&view(measure::DURATION, &durations(&[[5.0; 12].as_slice(), &[60.0]].concat()))), [0; 0]);
    let fast: Vec<f64> = values.iter().map(|value| value / 20.0).chain([9.0]).collect();
    assert_eq!(outliers(&view(measure::DURATION, &durations(&fast))), [0; 0], "4 ms are noise");
}

#[test]
fn a_run_that_was_recorded_as_an_anomaly_is_an_outlier() {
    let runs = durations(&[100.0, 101.0, 140.0, 100.0]);
    let anomalies = BTreeSet::from([(runs[2].id, Arc::from(measure::DURATION)), (runs[1].id, Arc::from(measure::CPU))]);
    let view = module_view(&metric(measure::DURATION, &runs), &runs, &anomalies, &RunThresholds::default()).unwrap();
    assert_eq!(outliers(&view), [2]);
    let marks = view.marks();
    let point = Point { timestamp_ms: runs[2].run.ended_ms, value: 140.0 };
    assert_eq!(marks.iter().map(|mark| (mark.point, mark.has_failed)).collect::<Vec<_>>(), [(point, false)]);
}

#[test]
fn failures_and_other_environments_are_no_outliers() {
    let mut runs = durations(&[100.0, 102.0, 101.0, 99.0, 103.0, 98.0, 100.0, 104.0, 5.0, 900.0]);
    runs[8] = failed(runs[8].clone());
    runs[9].run.environment = Some(Environment { cpu: "slow".to_owned(), cores: 1, os: "linux".to_owned() });
    runs.push(run(10, 101.0));
    let view = view(measure::DURATION, &runs);
    assert_eq!((outliers(&view), view.successes(), view.runs.len()), (vec![], 10, 11));
    assert!(view.runs[9].is_elsewhere && !view.runs[10].is_elsewhere);
    assert_eq!(view.marks().iter().map(|mark| mark.has_failed).collect::<Vec<_>>(), [true]);
}

#[test]
fn every_measure_that_was_taken_has_a_column_and_the_one_on_screen_stands_before_the_others() {
    let runs = [with(0, &[(measure::API_LATENCY, 7.0), ("cls", 0.1)]), with(1, &[])];
    let names = |on_screen| -> Vec<String> {
        view(on_screen, &runs).columns.iter().map(|column| column.name.to_string()).collect()
    };
    let usual = names(measure::SUCCESS);
    assert!(usual.contains(&measure::API_LATENCY.to_owned()) && !usual.contains(&"cls".to_owned()), "{usual:?}");
    let beside = names("cls");
    let place = |name: &str| beside.iter().position(|other| other == name);
    assert!(place("cls") < place(measure::API_LATENCY), "{beside:?}");
    assert_eq!(beside.iter().collect::<BTreeSet<_>>().len(), beside.len(), "none twice: {beside:?}");
}

#[test]
fn phases_have_their_share_and_success_its_ones_and_zeros() {
    let phased = |number, compile_ms: f64| {
        let Run { id, run } = run(number, compile_ms + 50.0);
        let phases = [("compile", compile_ms), ("link", 50.0)];
        let phases = phases.map(|(name, duration_ms)| Phase { name: name.into(), duration_ms }).to_vec();
        Run { id, run: NewRun { phases, ..run } }
    };
    let runs = [phased(0, 100.0), phased(1, 200.0), failed(phased(2, 5.0))];
    let found = view("compile.duration_ms", &runs);
    let told: Vec<_> =
        found.phases.iter().map(|phase| (&*phase.name, phase.average_ms, phase.growth_percent)).collect();
    assert_eq!(told, [("compile", 150.0, None), ("link", 50.0, None)]);
    assert!((found.phases[0].share - 300.0 / 400.0).abs() < 1e-12);
    let shown: Vec<_> = found.runs.iter().map(|run| run.shown.map(|shown| shown.value)).collect();
    assert_eq!(shown, [Some(100.0), Some(200.0), Some(5.0)], "what failed is shown and not averaged");
    let success = view(measure::SUCCESS, &runs);
    let shown: Vec<_> = success.runs.iter().filter_map(|run| run.shown.map(|shown| shown.value)).collect();
    assert_eq!((shown, success.is_success(), found.is_success()), (vec![1.0, 1.0, 0.0], true, false));
}

#[test]
fn without_runs_that_have_the_measure_there_is_no_view() {
    let view = |metric: &str, runs: &[Run]| {
        module_view(&metric.into(), runs, &BTreeSet::new(), &RunThresholds::default()).is_some()
    };
    let runs = durations(&[1.0]);
    assert!(view("build.success", &runs) && !view("build.success", &[]) && !view("other.success", &runs));
    assert!(!view("build.requests", &runs), "its name begins so, and no run has it");
}
