//! `perftop run`: the command runs as it would without it; what it cost is in the store.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use perftop::model::{NewRun, RunExit, TimeRange};
use perftop::store::Store;
use rstest::rstest;

use crate::home::{Answer, Home};

const ALWAYS: TimeRange = TimeRange { from_ms: 0, until_ms: i64::MAX };

/// `perftop run OPTIONS -- sh -c SCRIPT`
pub fn script(home: &Home, options: &str, script: &str) -> assert_cmd::Command {
    let mut command = home.perftop(&format!("run {options} -- sh -c"));
    command.arg(script).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("PERFTOP", env!("CARGO_BIN_EXE_perftop"));
    command
}

pub fn run_script(home: &Home, options: &str, text: &str) -> Answer {
    home.answer(&script(home, options, text).output().unwrap())
}

/// What is recorded of a module, after whatever waits was taken in.
pub fn recorded(home: &Home, module: &str) -> Vec<NewRun> {
    let answer = home.run("collect");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    let store = Store::open_read(&home.store()).unwrap();
    store.runs(module, 1_000).unwrap().into_iter().map(|run| run.run).collect()
}

/// The values of a metric in the log.
pub fn samples(home: &Home, metric: &str) -> Vec<f64> {
    let store = Store::open_read(&home.store()).unwrap();
    store.points(metric, ALWAYS).unwrap().iter().map(|point| point.value).collect()
}

#[test]
fn input_output_and_exit_code_are_those_of_the_command() {
    let home = Home::new();
    let every_byte: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let Output { status, stdout, stderr } =
        script(&home, "", "cat; printf 'a\\033\\377' >&2; exit 7").write_stdin(every_byte.clone()).output().unwrap();
    assert_eq!((status.code(), stdout == every_byte, &*stderr), (Some(7), true, &b"a\x1b\xff"[..]));
    assert_eq!(recorded(&home, "sh")[0].exit, RunExit::Code(7));
    assert_eq!(samples(&home, "sh.success"), [0.0]);
}

#[test]
fn what_it_cost_is_recorded() {
    let home = Home::new();
    let commit = "9cfd88a40f2f0c9d3e1f8a1b0c2d3e4f5a6b7c8d";
    home.write(".git/HEAD", commit);
    // A block of 40 MB, and some time.
    let busy = "dd if=/dev/zero of=/dev/null bs=40M count=2 2> /dev/null";
    let answer = run_script(&home, "--name build --tag branch=main --tag note=a=b", busy);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    let [run] = &recorded(&home, "build")[..] else { panic!("not one run") };
    assert_eq!((run.exit, run.commit.as_deref()), (RunExit::Code(0), Some(commit)));
    let tags: BTreeMap<String, String> =
        [("branch", "main"), ("note", "a=b")].map(|(k, v)| (k.into(), v.into())).into();
    assert_eq!(run.tags, tags);
    assert_eq!(run.source, "run/rusage");
    assert!(run.environment.as_ref().is_some_and(|here| here.cores > 0 && here.os.starts_with("linux ")));
    let of = |name: &str| run.measured(name).unwrap();
    assert!(of("duration_ms") > 1.0 && of("duration_ms") <= (run.ended_ms - run.started_ms + 1) as f64);
    assert!(of("cpu_ms") > 1.0 && of("memory_bytes") > 30e6, "{run:?}");
    assert!((of("cpu_percent") - of("cpu_ms") / of("duration_ms") * 100.0).abs() < 1e-9);
    for name in ["duration_ms", "cpu_ms", "cpu_percent", "memory_bytes"] {
        assert_eq!(samples(&home, &format!("build.{name}")), [of(name)]);
    }
    assert_eq!(samples(&home, "build.success"), [1.0]);
}

#[rstest]
#[case("no-such-command-anywhere", 127, "cannot run `no-such-command-anywhere`: no such command on the PATH")]
#[case("./not/there", 127, "there is no such file")]
#[case("./lost-script", 127, "the interpreter in its first line is missing")]
#[case("./plain", 126, "it cannot be executed: Permission denied")]
#[case("./", 126, "it cannot be executed: Permission denied")]
fn what_cannot_be_executed_is_said_as_a_shell_says_it(#[case] program: &str, #[case] code: i32, #[case] said: &str) {
    let home = Home::new();
    let executable = |path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    home.write("plain", "no program");
    executable(home.write("lost-script", "#!/no/such/interpreter\n"));
    let answer = home.run(&format!("run --name x -- {program}"));
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(code), ""), "{answer:?}");
    assert!(answer.stderr.contains(said) && answer.stderr.lines().count() == 1, "{answer:?}");
    assert_eq!(home.run("collect").code, Some(0));
    assert!(!home.store().exists(), "nothing was run, so nothing is recorded");
}

/// As execvp(3) does, so as it would run without perftop.
#[test]
fn a_script_without_a_first_line_is_the_shells() {
    let home = Home::new();
    fs::set_permissions(home.write("bare", "echo said; exit 3"), fs::Permissions::from_mode(0o755)).unwrap();
    let answer = home.run("run -- ./bare");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(3), "said\n"), "{answer:?}");
}

#[rstest]
#[case("run")]
#[case("run --name= -- touch ran")]
#[case("run --tag branch -- touch ran")]
#[case("run --tag a=1 --tag a=2 -- touch ran")]
#[case("run --repeat 0 -- touch ran")]
#[case("run --timeout soon -- touch ran")]
#[case("run --timeout 0 -- touch ran")]
#[case("run --unknown touch ran")]
#[case("--db run -- touch ran")]
fn wrong_usage_runs_nothing(#[case] words: &str) {
    let home = Home::new();
    let answer = home.run(words);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(!answer.stderr.is_empty() && home.is_untouched(), "{answer:?}");
}

#[rstest]
#[case("run --name= -- true", "the module has no name: give it one with --name")]
#[case("run --tag a=1 --tag a=2 -- true", "--tag a=... is given twice")]
fn what_is_wrong_is_said_in_words_of_the_options(#[case] words: &str, #[case] expected: &str) {
    let answer = Home::new().run(words);
    assert!(answer.stderr.contains(expected), "{answer:?}");
}

#[test]
fn a_wrong_configuration_runs_nothing() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[runs]\nkeep_runs = 0\n");
    let answer = home.run("run -- touch ran");
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("config.toml:2:") && answer.stderr.contains("from 1 to 100000"), "{answer:?}");
    assert!(!home.path("ran").exists());
}

#[test]
fn options_of_the_command_are_the_commands() {
    let home = Home::new();
    let answer = home.run("run echo -v --name x -- y");
    assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr.as_str()), (Some(0), "-v --name x -- y\n", ""));
}

#[test]
fn a_command_that_closes_its_output_is_no_trouble() {
    let home = Home::new();
    let answer = run_script(&home, "", "exec >&- 2>&-; exit 3");
    assert_eq!((answer.code, answer.stdout.as_str(), answer.stderr.as_str()), (Some(3), "", ""));
    assert_eq!(recorded(&home, "sh").len(), 1);
}

#[test]
fn phases_are_parts_of_the_run() {
    let home = Home::new();
    let text = "\"$PERFTOP\" phase first || exit 1; echo second >> $PERFTOP_PHASES; \"$PERFTOP\" phase first; echo bad \"$(printf '\\377')\" >> $PERFTOP_PHASES";
    let answer = run_script(&home, "--name build", text);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(answer.stderr, "perftop: $PERFTOP_PHASES: line 4: not UTF-8\n");
    let run = recorded(&home, "build").remove(0);
    let names: Vec<_> = run.phases.iter().map(|phase| &*phase.name).collect();
    assert_eq!(names, ["first", "second"]);
    let sum: f64 = run.phases.iter().map(|phase| phase.duration_ms).sum();
    assert!(sum > 0.0 && sum <= run.measured("duration_ms").unwrap() + 1e-6, "{run:?}");
    assert_eq!(samples(&home, "build.first.duration_ms"), [run.phases[0].duration_ms]);
    assert_work_files_are_gone(&home);
}

/// A line without a time begins when it is written, not when the run is over.
#[test]
fn a_plain_line_counts_from_when_it_was_written() {
    let home = Home::new();
    // After each line comes something that takes its time.
    let busy = "i=0; while [ $((i += 1)) -le 40 ]; do \"$PERFTOP\" --version > /dev/null; done";
    let text = &format!("echo before >> $PERFTOP_PHASES; {busy}; echo after >> $PERFTOP_PHASES; {busy}");
    assert_eq!(run_script(&home, "--name build", text).code, Some(0));
    let run = recorded(&home, "build").remove(0);
    assert!(run.phases.len() == 2 && run.phases.iter().all(|phase| phase.duration_ms > 0.1), "{run:?}");
}

#[test]
fn a_phase_without_a_run_is_refused() {
    let home = Home::new();
    let answer = home.run("phase link");
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("perftop run -- COMMAND"), "{answer:?}");
    let answer = run_script(&home, "", "\"$PERFTOP\" phase ''");
    assert_eq!(answer.code, Some(2));
    let late = home.answer(&home.perftop("phase link").env("PERFTOP_PHASES", home.path("gone")).output().unwrap());
    assert_eq!((late.code, late.stderr.as_str()), (Some(2), "perftop: the run this is a phase of is over\n"));
}

#[test]
fn what_a_command_says_of_itself_is_part_of_the_run() {
    let home = Home::new();
    let text = r#"
        for value in 100 300; do echo '{"metric":"api_latency_ms","value":'$value',"context":{"endpoint":"/x"}}'; done >> $PERFTOP_DROP
        echo 'no json' >> $PERFTOP_DROP
        echo '{"metric":"items","value":500}' >> $PERFTOP_DROP"#;
    let answer = run_script(&home, "--name crawl", text);
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.starts_with("perftop: $PERFTOP_DROP: line 3: not JSON"), "{answer:?}");
    assert_eq!(answer.stderr.lines().count(), 1);
    let run = recorded(&home, "crawl").remove(0);
    assert_eq!((run.measured("api_latency_ms"), run.measured("items")), (Some(200.0), Some(500.0)));
    let per_hour = 500.0 / run.measured("duration_ms").unwrap() * 3_600_000.0;
    assert!((run.measured("items_per_hour").unwrap() / per_hour - 1.0).abs() < 1e-9);
    assert_eq!(samples(&home, "crawl.api_latency_ms"), [200.0]);
    assert_eq!(samples(&home, "api_latency_ms"), [100.0, 300.0]);
    let context: String = rusqlite::Connection::open(home.store())
        .unwrap()
        .query_row("SELECT context_json FROM performance_samples WHERE metric_name = 'items'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(context, r#"{"module":"crawl"}"#);
    assert_work_files_are_gone(&home);
}

fn assert_work_files_are_gone(home: &Home) {
    let left: Vec<_> = fs::read_dir(home.path("data/perftop/perftop.db.runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.iter().all(|name| name == "lock"), "{left:?}");
}

#[test]
fn names_from_outside_are_data() {
    let home = Home::new();
    let hostile = "\u{1b}[31mred\u{202e}\nline";
    let text = r#"printf '\033[2Jphase\n' >> $PERFTOP_PHASES; printf '{"metric":"a\\u001b[31m","value":1}\n\033]0;title\007\n' >> $PERFTOP_DROP; exit 1"#;
    let mut command = home.perftop("run -v --repeat 2 --name");
    let output = command
        .arg(hostile)
        .arg("--tag")
        .arg(format!("{hostile}={hostile}"))
        .args(["--", "sh", "-c", text])
        .output()
        .unwrap();
    let answer = home.answer(&output);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    assert!(answer.stderr.lines().count() >= 3, "{answer:?}");
    assert!(answer.stderr.chars().all(|c| c == '\n' || perftop::model::text::is_printable(c)), "{answer:?}");
    let run = recorded(&home, hostile).remove(0);
    assert_eq!((&*run.tags[hostile], &*run.phases[0].name), (hostile, "\u{1b}[2Jphase"));
    assert_eq!(samples(&home, "a\u{1b}[31m"), [1.0]);
}

#[test]
fn a_benchmark_warms_up_and_sums_up() {
    let home = Home::new();
    let answer = run_script(&home, "--name bench --repeat 3 --warmup 2", "echo x >> ran");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), ""));
    let [head, time, cpu, memory] = &answer.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{answer:?}") };
    assert_eq!(*head, "bench: 3 runs");
    // A shell may take less than a millisecond.
    assert!(time.contains("time") && time.contains(", sd ") && time.ends_with('s'), "{time}");
    assert!(cpu.contains("cpu") && memory.contains("MiB"), "{cpu} {memory}");
    assert_eq!(fs::read_to_string(home.path("ran")).unwrap().lines().count(), 5);
    let runs = recorded(&home, "bench");
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.batch == runs[0].batch));
    assert_ne!(runs[0].key, runs[1].key);
}

#[test]
fn a_failure_ends_the_repetition_unless_it_may_fail() {
    let fails_second = "echo x >> ran; [ $(wc -l < ran) != 2 ] || exit 9";
    let home = Home::new();
    let answer = run_script(&home, "--name flaky --repeat 4", fails_second);
    assert_eq!(answer.code, Some(9));
    assert!(answer.stderr.contains("flaky: run 2 ended with exit code 9, no more runs; --ignore-failure goes on"));
    assert!(answer.stderr.contains("flaky: 2 runs, 1 failed"), "{answer:?}");
    assert_eq!(
        recorded(&home, "flaky").iter().map(|run| run.exit).collect::<Vec<_>>(),
        [RunExit::Code(0), RunExit::Code(9)]
    );

    let home = Home::new();
    let answer = run_script(&home, "--name flaky --repeat 4 --ignore-failure", fails_second);
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.contains("flaky: 4 runs, 1 failed"), "{answer:?}");
    assert_eq!((recorded(&home, "flaky").len(), samples(&home, "flaky.success")), (4, vec![1.0, 0.0, 1.0, 1.0]));

    let home = Home::new();
    let answer = run_script(&home, "--warmup 1", "exit 6");
    assert_eq!(answer.code, Some(6));
    assert!(answer.stderr.contains("sh: warm-up 1 ended with exit code 6"), "{answer:?}");
}

#[test]
fn the_newest_runs_are_kept_and_all_their_samples() {
    let home = Home::new();
    let keep_two =
        |command: &mut assert_cmd::Command| home.answer(&command.env("PERFTOP_KEEP_RUNS", "2").output().unwrap());
    assert_eq!(keep_two(&mut script(&home, "--name many --repeat 4 -q", "")).stderr, "");
    assert_eq!(keep_two(&mut home.perftop("collect")).code, Some(0));
    assert_eq!((recorded(&home, "many").len(), samples(&home, "many.duration_ms").len()), (2, 4));
}

#[test]
fn one_run_says_what_it_cost_when_asked() {
    let home = Home::new();
    let answer = home.run("run -v -- true");
    assert_eq!(answer.stderr.lines().count(), 5, "{answer:?}");
    assert!(answer.stderr.starts_with("true: 1 run\n  time    "), "{answer:?}");
}
