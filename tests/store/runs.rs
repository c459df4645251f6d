//! Runs are recorded once, with their samples, and the newest of each module are kept.

use perftop::model::{Environment, NewRun, Phase, RunExit, measure};
use perftop::store::Store;

use crate::support::{ALWAYS, Place};

fn run(module: &str, number: i64) -> NewRun {
    NewRun {
        module: module.into(),
        key: format!("{module}-{number}"),
        batch: "night".to_owned(),
        started_ms: number * 60_000,
        ended_ms: number * 60_000 + 1_500,
        exit: RunExit::Code(0),
        source: "run".to_owned(),
        commit: Some("9cfd88a".to_owned()),
        environment: Some(Environment { cpu: "EPYC".to_owned(), cores: 2, os: "linux x86_64".to_owned() }),
        tags: [("branch".to_owned(), "main".to_owned())].into(),
        measures: [(measure::DURATION.to_owned(), 1_500.0), (measure::MEMORY.to_owned(), 4_096.0)].into(),
        phases: vec![Phase { name: "link".into(), duration_ms: 700.0 }],
    }
}

fn starts(store: &Store, module: &str, last: usize) -> Vec<i64> {
    store.runs(module, last).unwrap().iter().map(|run| run.run.started_ms / 60_000).collect()
}

#[test]
fn a_run_comes_back_as_it_was_recorded_and_is_recorded_once() {
    let place = Place::new();
    let mut store = place.open();
    let failed = NewRun { exit: RunExit::Signal(9), commit: None, environment: None, ..run("build", 2) };
    let given = [run("build", 1), failed, NewRun { exit: RunExit::TimedOut, ..run("build", 3) }];
    assert_eq!(store.record_runs(&given, 100, 0).unwrap(), 3);
    assert_eq!(store.record_runs(&given, 100, 0).unwrap(), 0, "they are there already");
    let found: Vec<NewRun> = store.runs("build", 10).unwrap().into_iter().map(|run| run.run).collect();
    assert_eq!(found, given);
    let samples =
        |metric| -> Vec<f64> { store.points(metric, ALWAYS).unwrap().iter().map(|point| point.value).collect() };
    assert_eq!(samples("build.duration_ms"), [1_500.0; 3]);
    assert_eq!(samples("build.success"), [1.0, 0.0, 0.0]);
    assert_eq!(samples("build.link.duration_ms"), [700.0; 3]);
}

#[test]
fn measures_come_back_to_the_last_bit() {
    let place = Place::new();
    let mut store = place.open();
    let mut rng = fastrand::Rng::with_seed(1);
    let given: Vec<NewRun> = (1..=200)
        .map(|number| {
            let duration_ms = 100_000.0 + 20_000.0 * rng.f64();
            let phases = vec![Phase { name: "link".into(), duration_ms: duration_ms / 3.0 }];
            NewRun { measures: [(measure::DURATION.to_owned(), duration_ms)].into(), phases, ..run("build", number) }
        })
        .collect();
    store.record_runs(&given, 1_000, 0).unwrap();
    let found: Vec<NewRun> = store.runs("build", 1_000).unwrap().into_iter().map(|run| run.run).collect();
    assert_eq!(found, given, "else they are not found among their samples");
}

#[test]
fn the_newest_runs_of_each_module_are_kept() {
    let place = Place::new();
    let mut store = place.open();
    for number in 1..=8 {
        store.record_runs(&[run("build", number)], 5, 0).unwrap();
    }
    store.record_runs(&[run("test", 1)], 5, 0).unwrap();
    assert_eq!(starts(&store, "build", 100), [4, 5, 6, 7, 8]);
    assert_eq!(starts(&store, "build", 2), [7, 8]);
    let modules = store.modules().unwrap();
    let told: Vec<_> = modules.iter().map(|module| (&*module.module, module.count, module.newest_ms)).collect();
    assert_eq!(told, [("build", 5, 480_000), ("test", 1, 60_000)]);
    assert_eq!(store.points("build.success", ALWAYS).unwrap().len(), 8, "samples have an age of their own");
}

#[test]
fn a_run_that_another_program_spoilt_is_read_as_far_as_it_goes() {
    let place = Place::new();
    let mut store = place.open();
    store.record_runs(&[run("build", 1)], 5, 0).unwrap();
    place.raw().execute("UPDATE perftop_run SET measures = '{', environment = '7', phases = '[1]'", []).unwrap();
    let found = store.runs("build", 5).unwrap().remove(0).run;
    assert_eq!((found.measures.len(), found.phases.len(), found.environment), (0, 0, None));
    assert_eq!(found.tags.len(), 1);
}

#[test]
fn what_was_accepted_is_a_version_that_can_be_taken_back() {
    let place = Place::new();
    let mut store = place.open();
    let (first, second) = (vec![run("build", 1)], vec![run("build", 2), run("build", 3)]);
    store.accept_runs("build", &first, None, 10).unwrap();
    store.accept_runs("test", &[run("test", 1)], None, 15).unwrap();
    store.accept_runs("build", &second, Some("new compiler"), 20).unwrap();
    let newest = store.accepted("build").unwrap().remove(0);
    assert_eq!((newest.runs, newest.note.as_deref(), newest.accepted_at_ms), (second, Some("new compiler"), 20));
    assert_eq!(store.undo_accepted("build", 30).unwrap().unwrap().accepted_at_ms, 20);
    assert_eq!(store.accepted("build").unwrap().remove(0).runs, first);
    assert!(store.undo_accepted("build", 40).unwrap().is_some());
    assert!(store.undo_accepted("build", 50).unwrap().is_none(), "nothing is left");
    assert_eq!(store.accepted("test").unwrap().len(), 1);
}

#[test]
fn a_metric_belongs_to_the_module_whose_measure_it_is() {
    let place = Place::new();
    let mut store = place.open();
    assert_eq!(store.module_of("build.success").unwrap(), None, "there are no runs");
    store.record_runs(&[run("build", 1), run("build.release", 1)], 5, 0).unwrap();
    let found = |metric| store.module_of(metric).unwrap();
    assert_eq!(found("build.link.duration_ms").as_deref(), Some("build"));
    assert_eq!(found("build.release.success").as_deref(), Some("build.release"));
    assert_eq!([found("build"), found("built.success"), found(".success"), found("")], [None, None, None, None]);
}

#[test]
fn what_the_user_says_of_a_run_is_the_context_of_its_samples() {
    let place = Place::new();
    let mut store = place.open();
    let supervised = [("supervise.iteration".to_owned(), "7".to_owned())];
    let runs = [run("build", 1), NewRun { tags: supervised.into(), ..run("test", 1) }];
    store.record_runs(&runs, 5, 0).unwrap();
    let contexts: Vec<(String, Option<String>)> = place
        .raw()
        .prepare("SELECT DISTINCT metric_name, context_json FROM performance_samples WHERE metric_name LIKE '%.success' ORDER BY 1")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let said = Some(r#"{"branch":"main"}"#.to_owned());
    assert_eq!(contexts, [("build.success".to_owned(), said), ("test.success".to_owned(), None)]);
}
