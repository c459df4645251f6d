//! The gate as a CI job meets it: runs in the store, a verdict, an exit code, files that others read.

use perftop::model::{Environment, NewRun, RunExit, measure};
use perftop::store::Store;
use rstest::rstest;
use serde_json::Value;

use crate::home::{Answer, Home};

/// Scatter of a few percent around 1, the same every time.
const NOISE: [f64; 10] = [1.0, 1.02, 0.985, 1.01, 0.97, 1.005, 1.03, 0.99, 1.015, 0.98];

/// Records a batch of runs with these durations, later than all before.
struct Recorder {
    home: Home,
    number: i64,
}

impl Recorder {
    fn new() -> Self {
        Self { home: Home::new(), number: 0 }
    }

    fn batch(&mut self, durations_ms: impl IntoIterator<Item = f64>) -> &mut Self {
        self.batch_of(durations_ms, |_| {})
    }

    fn batch_of(&mut self, durations_ms: impl IntoIterator<Item = f64>, change: impl Fn(&mut NewRun)) -> &mut Self {
        let batch = format!("batch {}", self.number);
        let runs: Vec<NewRun> = durations_ms
            .into_iter()
            .map(|duration_ms| {
                self.number += 1;
                let mut run = NewRun {
                    module: "build".into(),
                    key: self.number.to_string(),
                    batch: batch.clone(),
                    started_ms: 1_700_000_000_000 + self.number * 60_000,
                    ended_ms: 1_700_000_000_000 + self.number * 60_000 + 1_000,
                    exit: RunExit::Code(0),
                    source: "run".to_owned(),
                    commit: Some(format!("c{:07}", self.number)),
                    environment: Some(Environment { cpu: "EPYC".to_owned(), cores: 2, os: "linux".to_owned() }),
                    tags: [("branch".to_owned(), "main".to_owned())].into(),
                    measures: [(measure::DURATION.to_owned(), duration_ms), (measure::MEMORY.to_owned(), 1e8)].into(),
                    phases: Vec::new(),
                };
                change(&mut run);
                run
            })
            .collect();
        Store::open(&self.home.store()).unwrap().record_runs(&runs, 1_000, 1_700_000_000_000).unwrap();
        self
    }

    /// Thirty runs of about a second.
    fn history(&mut self) -> &mut Self {
        self.batch(NOISE.iter().cycle().take(30).map(|noise| 1_000.0 * noise))
    }

    fn gate(&self, words: &str) -> Answer {
        self.home.run(&format!("gate {words}"))
    }
}

fn times(factor: f64) -> impl Iterator<Item = f64> {
    NOISE[3..8].iter().map(move |noise| 1_000.0 * factor * noise)
}

#[rstest]
#[case::slower(1.2, 1, "regression", "< .0001", "1 of 2 metrics: regression")]
#[case::faster(0.8, 0, "improvement", "< .0001", "1 of 2 metrics: no change")]
#[case::same(1.0, 0, "no change", "1.0000", "2 metrics: no change")]
fn the_exit_code_is_the_verdict(
    #[case] factor: f64,
    #[case] code: i32,
    #[case] verdict: &str,
    #[case] p: &str,
    #[case] sum: &str,
) {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(factor));
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(code), "{}{}", answer.stdout, answer.stderr);
    let line = answer.stdout.lines().find(|line| line.contains("duration_ms")).unwrap();
    assert!(line.contains(verdict), "{}", answer.stdout);
    assert!(answer.stdout.contains("build: the newest 5 runs against 30 before (window:30)"), "{}", answer.stdout);
    assert_eq!(answer.stdout.lines().last(), Some(sum));
    assert!(line.split("  ").any(|cell| cell.trim().starts_with(p)), "p is that of the change: {line}");
    let json: Value = serde_json::from_str(&recorder.gate("--report json --metric duration_ms").stdout).unwrap();
    assert_eq!(
        (&json["schema"], json["modules"][0]["metrics"].as_array().unwrap().len()),
        (&"perftop.gate/1".into(), 1)
    );
    assert_eq!(json["verdict"], verdict.replace(' ', "_"));
    let change = json["modules"][0]["metrics"][0]["comparison"]["change"]["estimate"].as_f64().unwrap();
    assert!((change - (factor - 1.0)).abs() < 0.02, "{change}");
}

#[test]
fn what_cannot_be_judged_has_codes_of_its_own() {
    let mut recorder = Recorder::new();
    assert_eq!(recorder.gate("").code, Some(3), "there is no store");
    recorder.batch(times(1.0));
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(3), "nothing came before: {}", answer.stdout);
    assert!(answer.stdout.contains("not enough data"), "{}", answer.stdout);

    recorder.history().batch([2_000.0]);
    assert_eq!(recorder.gate("").code, Some(3), "one run is to be confirmed");
    assert!(recorder.gate("").stdout.contains("inconclusive"));
    assert_eq!(recorder.gate("--confirm 1/1").code, Some(1), "the user takes one run's word");

    recorder.batch_of(times(1.5), |run| run.environment.as_mut().unwrap().cores = 64);
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(4), "{}", answer.stdout);
    assert!(answer.stdout.contains("different environment"), "{}", answer.stdout);
    assert_eq!(recorder.gate("--any-environment").code, Some(1));
}

/// Fails where the time is so short that nothing can have been done.
fn fail_at_once(run: &mut NewRun) {
    if run.measures[measure::DURATION] < 10.0 {
        run.exit = RunExit::Code(1);
    }
}

#[rstest]
#[case::all(&[1.0, 1.0, 1.0], "all 3 newest runs failed")]
#[case::the_only_one(&[1.0], "the newest run failed")]
#[case::too_few_left(&[1_000.0, 1.0, 1_010.0, 1.0], "2 of the 4 newest runs failed, and 2 are too few to judge")]
fn runs_that_failed_fail_the_gate(#[case] newest: &[f64], #[case] said: &str) {
    let mut recorder = Recorder::new();
    for history in [false, true] {
        if history {
            recorder.history();
        }
        recorder.batch_of(newest.iter().copied(), fail_at_once);
        let output = recorder
            .home
            .perftop("gate --explain --report text --report junit=report.xml")
            .env("GITHUB_ACTIONS", "true")
            .output()
            .unwrap();
        let answer = recorder.home.answer(&output);
        assert_eq!(answer.code, Some(1), "{}{}", answer.stdout, answer.stderr);
        assert!(answer.stdout.contains(&format!("build: failed: {said}")), "{}", answer.stdout);
        assert_eq!(answer.stderr.lines().count(), 1, "one annotation for all metrics: {}", answer.stderr);
        assert!(answer.stderr.starts_with(&format!("::error title=perftop gate::build: failed: {said}")));
        let report = std::fs::read_to_string(recorder.home.path("report.xml")).unwrap();
        assert!(report.contains("<failure") && !report.contains("<skipped"), "{report}");
    }
    let answer = recorder.gate("--aa");
    assert_eq!((answer.code, &*answer.stderr), (Some(1), ""), "there is nothing to deal out");
    let answer = recorder.gate("--confirm 3/5");
    let is_left = newest.iter().any(|duration_ms| *duration_ms > 10.0);
    assert_eq!(answer.code, Some(i32::from(!is_left)), "older runs speak for none: {}", answer.stdout);
}

#[test]
fn failed_runs_are_left_out_and_counted() {
    let mut recorder = Recorder::new();
    recorder.history().batch_of(times(1.0).chain([1.0, 1.0]), fail_at_once);
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(0), "a run that failed at once is no improvement: {}", answer.stdout);
    assert!(answer.stdout.contains("left out: 2 runs of the newest, failed"), "{}", answer.stdout);
    let output = recorder.home.perftop("gate").env("GITHUB_ACTIONS", "true").output().unwrap();
    let said = recorder.home.answer(&output).stderr;
    assert_eq!(said, "::warning title=perftop gate::build: left out: 2 runs of the newest, failed\n", "nor in silence");
}

#[test]
fn what_is_accepted_is_the_baseline_until_it_is_taken_back() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.3));
    assert_eq!(recorder.gate("").code, Some(1));
    let answer = recorder.home.run("accept --note slower_and_right");
    assert_eq!(answer.stdout, "accepted 5 runs of build as version 1\n");
    let answer = recorder.gate("");
    assert!(answer.stdout.contains("on both sides: 5 runs of the newest"), "{}", answer.stdout);
    recorder.batch(times(1.3));
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(0), "{}", answer.stdout);
    assert!(answer.stdout.contains("against 5 before (accepted, version 1)"), "{}", answer.stdout);
    assert!(!answer.stdout.contains("on both sides"), "{}", answer.stdout);
    assert!(recorder.home.run("accept --list").stdout.contains("slower_and_right"));
    assert_eq!(recorder.home.run("accept --undo").stdout, "took back version 1 of build\n");
    assert_eq!(recorder.gate("--baseline window:30").code, Some(1));
    assert_eq!(recorder.gate("--baseline last-accepted").code, Some(3));
    assert_eq!(recorder.home.run("accept --undo").code, Some(2));
    let answer = recorder.home.run("accept --list");
    assert!(answer.stdout.is_empty() && answer.stderr.contains("nothing is accepted"), "{}", answer.stderr);
}

#[test]
fn a_baseline_may_be_a_file_a_tag_or_a_commit() {
    let mut recorder = Recorder::new();
    recorder.history();
    assert_eq!(recorder.home.run("accept --file base.jsonl").code, Some(0));
    recorder.batch_of(times(1.2), |run| {
        run.tags.insert("branch".to_owned(), "topic".to_owned());
    });
    for (baseline, code) in [
        ("file:base.jsonl", 1),
        ("tag:branch=main", 1),
        ("commit:c000000", 1),
        ("commit:c0000002", 3),
        ("tag:branch=other", 3),
        ("tag:", 2),
        ("window:0", 2),
        ("last:5", 2),
        ("file:none.jsonl", 5),
        ("file:/dev/zero", 5),
        ("file:.", 5),
    ] {
        let answer = recorder.gate(&format!("--baseline {baseline}"));
        assert_eq!(answer.code, Some(code), "{baseline}: {}{}", answer.stdout, answer.stderr);
    }
    let base = std::fs::read_to_string(recorder.home.path("base.jsonl")).unwrap();
    let first = base.lines().next().unwrap();
    let negative = first.replace("\"duration_ms\":1000.0", "\"duration_ms\":-1000.0");
    assert_ne!(first, negative);
    for (text, said) in [
        ("{\"module\":\"build\"}\n".to_owned(), "junk.jsonl:1: no run: missing field"),
        (format!("{first}\n{negative}\n"), "junk.jsonl:2: `duration_ms` cannot be -1000; "),
    ] {
        recorder.home.write("junk.jsonl", text);
        let answer = recorder.gate("--baseline file:junk.jsonl");
        assert_eq!(answer.code, Some(5), "{}", answer.stderr);
        assert!(answer.stderr.contains(said) && answer.stderr.contains("perftop accept --file"), "{}", answer.stderr);
    }
}

#[test]
fn a_metric_that_no_run_has_is_said_to_be_none() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.0));
    for (words, said) in [
        ("--metric duratoin_ms", "--metric: these runs have no `duratoin_ms`: did you mean `duration_ms`?"),
        ("--metric duration_ms --metric nothing", "no `nothing`: there are duration_ms, memory_bytes"),
        ("--direction duratoin_ms=lower", "--direction: no `duratoin_ms` is judged here: did you mean `duration_ms`?"),
        ("--metric duration_ms --direction memory_bytes=lower", "--metric memory_bytes adds it"),
    ] {
        let answer = recorder.gate(words);
        assert_eq!(answer.code, Some(2), "{words}: {}", answer.stdout);
        assert!(answer.stderr.contains(said), "{words}: {}", answer.stderr);
    }
    assert_eq!(recorder.gate("--metric duration_ms --direction duration_ms=higher").code, Some(0));
    recorder.batch_of([90.0, 91.0, 89.0, 90.5, 90.2], |run| {
        run.module = "page".into();
        run.measures = [("score".to_owned(), run.measures[measure::DURATION])].into();
    });
    let answer = recorder.gate("--metric score");
    assert!(answer.stdout.contains("page: the newest 5 runs") && !answer.stdout.contains("build"), "{}", answer.stdout);
    let answer = recorder.gate("page build --metric score");
    assert_eq!(answer.code, Some(2), "{}", answer.stdout);
    assert!(answer.stderr.contains("the runs of `build` have none of these"), "{}", answer.stderr);
    let answer = recorder.gate("page");
    assert!(
        answer.stdout.contains("score"),
        "what has none of the usual measures is judged by its own: {}",
        answer.stderr
    );
}

#[test]
fn a_normal_of_few_runs_is_refused() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.0).take(4));
    for words in ["accept", "accept --file base.jsonl"] {
        let answer = recorder.home.run(words);
        assert_eq!(answer.code, Some(3), "{}", answer.stdout);
        assert!(answer.stderr.contains("4 such runs of `build` succeeded"), "{}", answer.stderr);
        assert!(answer.stderr.contains("--runs last:5"), "{}", answer.stderr);
    }
    assert!(!recorder.home.path("base.jsonl").exists());
    assert_eq!(recorder.home.run("accept --runs last:5").code, Some(0));
}

#[test]
fn what_few_runs_have_is_not_judged_unless_it_is_asked_for() {
    let mut recorder = Recorder::new();
    // As hyperfine tells CPU time: once for all its executions.
    let once = |run: &mut NewRun| {
        if run.key.ends_with('5') {
            run.measures.insert(measure::CPU.to_owned(), 900.0);
        }
    };
    recorder.batch_of(NOISE.iter().cycle().take(30).map(|noise| 1_000.0 * noise), once).batch_of(times(1.0), once);
    let answer = recorder.gate("");
    assert_eq!(answer.code, Some(0), "{}", answer.stdout);
    assert!(!answer.stdout.contains("cpu_ms"), "{}", answer.stdout);
    assert_eq!(recorder.gate("--metric cpu_ms").code, Some(3));
}

#[test]
fn a_change_within_the_noise_of_measuring_is_said_to_be_one() {
    let mut recorder = Recorder::new();
    let cpu = |ms: f64| {
        move |run: &mut NewRun| {
            run.measures.insert(measure::CPU.to_owned(), ms);
        }
    };
    recorder.batch_of(NOISE.map(|noise| 1_000.0 * noise), cpu(4.0)).batch_of(times(1.0), cpu(9.0));
    let answer = recorder.gate("--explain");
    assert_eq!(answer.code, Some(0), "{}", answer.stdout);
    assert!(answer.stdout.contains("cpu_ms: differences of up to 10 ms are noise\n"), "{}", answer.stdout);
    assert!(answer.stdout.contains("differences of up to 10 ms are noise of measuring"), "{}", answer.stdout);
}

#[test]
fn what_could_hide_is_said() {
    let mut recorder = Recorder::new();
    recorder.history().batch([1_200.0, 800.0, 1_050.0, 930.0, 1_010.0]);
    let answer = recorder.gate("--metric duration_ms --explain");
    assert_eq!(answer.code, Some(0), "{}", answer.stdout);
    let said = "no change shown, but a smaller one could hide in these runs: duration_ms below ";
    assert!(answer.stdout.contains(said), "{}", answer.stdout);
    assert!(answer.stdout.contains("on these runs would have shown it"), "{}", answer.stdout);
    let wide = recorder.gate("--metric duration_ms --min-effect 50%");
    assert!(!wide.stdout.contains("could hide"), "as much as was asked for would show: {}", wide.stdout);
}

#[test]
fn github_and_gitlab_get_what_they_read() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.2));
    let summary = recorder.home.write("summary.md", "# before\n");
    let output = recorder
        .home
        .perftop("gate --report junit=report.xml --report md")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    let answer = recorder.home.answer(&output);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stdout.contains("| duration\\_ms | "), "{}", answer.stdout);
    assert!(answer.stdout.contains("**regression**"), "{}", answer.stdout);
    let annotation = answer.stderr.lines().find(|line| line.starts_with("::error title=perftop gate::")).unwrap();
    assert!(annotation.contains("build.duration_ms: regression: 1") && annotation.contains("%25"), "{annotation}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("# before\n## Performance: regression"), "{summary}");
    let report = std::fs::read_to_string(recorder.home.path("report.xml")).unwrap();
    assert!(report.contains("<testsuite name=\"build\" tests=\"2\"") && report.contains("failures=\"1\""), "{report}");
}

#[test]
fn a_summary_that_cannot_be_written_does_not_take_the_verdicts_place() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.2));
    let output = recorder.home.perftop("gate").env("GITHUB_STEP_SUMMARY", "/no/such/place").output().unwrap();
    let answer = recorder.home.answer(&output);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    assert!(answer.stderr.contains("cannot write the job's summary to `/no/such/place`"), "{}", answer.stderr);
    assert_eq!(recorder.gate("--report junit=/no/such/place").code, Some(5), "this was asked for");
}

#[test]
fn names_do_harm_in_no_format() {
    let mut recorder = Recorder::new();
    let hostile = |run: &mut NewRun| run.module = "x\u{1b}[31m|</testsuite>\n::error::%".into();
    recorder.batch_of(NOISE.iter().cycle().take(30).map(|noise| 1_000.0 * noise), hostile);
    recorder.batch_of(times(1.3), hostile);
    let output = recorder
        .home
        .perftop("gate --report junit --report md --report text")
        .env("GITHUB_ACTIONS", "true")
        .output()
        .unwrap();
    let answer = recorder.home.answer(&output);
    assert!(!answer.stdout.contains('\u{1b}') && !answer.stderr.contains('\u{1b}'), "{}", answer.stdout);
    assert!(!answer.stdout.contains("|</testsuite>\n"), "{}", answer.stdout);
    assert!(answer.stdout.contains("<testsuite name=\"x^[[31m|&lt;/testsuite&gt;^J::error::%\""), "{}", answer.stdout);
    assert!(!answer.stdout.contains("&#x"), "{}", answer.stdout);
    assert_eq!(answer.stderr.lines().filter(|line| line.starts_with("::error")).count(), 1, "{}", answer.stderr);
}

#[test]
fn it_explains() {
    let mut recorder = Recorder::new();
    recorder.history().batch(times(1.0));
    let answer = recorder.gate("--explain");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("least change that counts: 3.0 %"), "{}", answer.stdout);
    assert!(answer.stdout.contains("before: ... "), "{}", answer.stdout);
}

#[test]
fn it_measures_itself_on_whole_batches() {
    let mut recorder = Recorder::new();
    let answer = recorder.batch(times(1.0)).gate("--aa");
    assert_eq!(answer.code, Some(3), "{}", answer.stdout);
    assert!(answer.stderr.contains("the runs of `build` come in 1 batch, too few"), "{}", answer.stderr);
    // Each start is some percent off, and its runs hardly differ.
    for start in [1.08, 1.02, 1.1, 1.04, 1.06, 1.0] {
        recorder.batch((0..5).map(|run| 1_000.0 * start + f64::from(run)));
    }
    let answer = recorder.gate("--aa");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let said = "self-test: of 7 deals of these 7 batches by chance (5 runs against 30), ";
    assert!(answer.stdout.contains(said), "{}", answer.stdout);
    assert!(answer.stdout.contains(" called a regression; too few deals for a rate\n"), "{}", answer.stdout);
    let json: Value = serde_json::from_str(&recorder.gate("--aa --report json").stdout).unwrap();
    let found = &json["modules"][0]["self_test"];
    assert_eq!((&found["splits"], &found["batches"]), (&7.into(), &7.into()));
    assert!(found["regressions"].as_u64() >= Some(1), "a start that is off looks like a regression: {found}");
}

#[test]
fn a_module_that_is_not_there_is_said_to_be_so() {
    let mut recorder = Recorder::new();
    recorder.history();
    let answer = recorder.gate("biuld");
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("no runs of `biuld`: did you mean `build`?"), "{}", answer.stderr);
}
