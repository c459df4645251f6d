//! `perftop runs`, what is found of runs, and who is told.

use std::fs;
use std::process::Command;

use perftop::model::{NewRun, Phase, RunExit, measure};
use perftop::store::Store;

use crate::home::Home;
use crate::terminal::{Terminal, command};

const HOUR_MS: i64 = 3_600_000;
/// 2025-11-21T04:40:00Z
const START_MS: i64 = 1_763_700_000_000;

/// Runs of a module, one an hour, of these durations in ms; what is negative failed.
fn record(home: &Home, module: &str, durations_ms: &[f64], first: i64) {
    let mut store = Store::open(&home.store()).unwrap();
    for (number, &duration_ms) in (first..).zip(durations_ms) {
        let started_ms = START_MS + number * HOUR_MS;
        let taken_ms = duration_ms.abs();
        let run = NewRun {
            module: module.into(),
            key: format!("{module}-{number}"),
            batch: number.to_string(),
            started_ms,
            ended_ms: started_ms + taken_ms as i64,
            exit: RunExit::Code(i32::from(duration_ms < 0.0)),
            source: "test".to_owned(),
            commit: None,
            environment: None,
            tags: [].into(),
            measures: [(measure::DURATION.to_owned(), taken_ms), (measure::MEMORY.to_owned(), 4e7)].into(),
            phases: vec![Phase { name: "fetch".into(), duration_ms: taken_ms / 4.0 }],
        };
        store.record_runs(&[run], 100, START_MS).unwrap();
    }
}

fn rising() -> Vec<f64> {
    (0..30).map(|number| 1_000.0 + 10.0 * f64::from(number) + f64::from(number * 7 % 5)).collect()
}

#[test]
fn modules_are_listed_with_what_there_is_to_say() {
    let home = Home::new();
    record(&home, "import", &rising(), 0);
    record(&home, "build\u{1b}[31m", &[-200.0, 200.0, 200.0, 200.0, 200.0, 200.0, 300.0], 0);
    let answer = home.run("runs");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("runs_overview", answer.stdout);
}

#[test]
fn one_module_is_told_in_detail() {
    let home = Home::new();
    record(&home, "import", &rising(), 0);
    let answer = home.answer(&home.perftop("runs import --last 25").env("PERFTOP_SYMBOLS", "ascii").output().unwrap());
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("runs_module", answer.stdout);
}

#[test]
fn other_programs_get_all_numbers() {
    let home = Home::new();
    record(&home, "import", &rising(), 0);
    record(&home, "import", &[1_300.0 * 2.0], 30);
    let json: serde_json::Value = serde_json::from_str(&home.run("runs --format json").stdout).unwrap();
    assert_eq!((&json["schema"], &json["last"]), (&"perftop.runs/1".into(), &100.into()));
    let import = &json["modules"][0];
    assert_eq!(
        (&import["runs"], &import["failures"], &import["newest_exit"]["code"]),
        (&31.into(), &0.into(), &0.into())
    );
    assert_eq!(import["measures"][1]["name"], "duration_ms");
    assert_eq!(import["measures"][1]["trends"][2]["heading"], "too_few");
    assert_eq!(json["bottlenecks"][0]["share"], 1.0);
    let found = &json["anomalies"][0];
    assert_eq!(
        (&found["module"], &found["metric"], &found["state"]),
        (&"import".into(), &"duration_ms".into(), &"open".into())
    );
    assert_eq!(found["value"], 2_600.0);
    let csv = home.run("runs --format csv").stdout;
    assert!(
        csv.starts_with("module,measure,unit,count,newest,") && csv.contains("\nimport,duration_ms,ms,31,2600,"),
        "{csv}"
    );
}

/// What a terminal of some widths shows of a long name and of an anomaly with everything.
#[test]
fn the_text_fits_the_terminal() {
    let home = Home::new();
    let name = "nightly import of everything there is from everywhere";
    record(&home, name, &rising(), 0);
    record(&home, name, &[2_700.0], 30);
    home.run("runs");
    for columns in [40, 80] {
        for words in [vec!["runs"], vec!["runs", name]] {
            let mut command = command(env!("CARGO_BIN_EXE_perftop"));
            command.args(words);
            for (variable, value) in home.environment() {
                command.env(variable, value);
            }
            let mut terminal = Terminal::start(command, columns, 60);
            assert_eq!(terminal.wait_exit().exit_code(), 0);
            terminal.wait_for("2700 ms");
            // A row of a table is cut, a sentence goes on with its next word in the next line.
            let wide: Vec<String> = terminal.look(|seen| {
                let rows = seen.screen().rows(0, columns).enumerate();
                rows.filter(|(row, _)| seen.screen().row_wrapped(*row as u16)).map(|(_, text)| text).collect()
            });
            assert_eq!(wide, [""; 0], "{columns} columns");
        }
    }
}

#[test]
fn what_is_not_there_is_said() {
    let home = Home::new();
    assert_eq!(home.run("runs").code, Some(3), "no store");
    drop(Store::open(&home.store()).unwrap());
    assert_eq!(home.run("runs").stdout, "no runs yet: `perftop run -- COMMAND` records one\n");
    record(&home, "import", &[100.0], 0);
    let answer = home.run("runs imprt");
    assert_eq!(
        (answer.code, answer.stderr.as_str()),
        (Some(2), "perftop: no module `imprt`: did you mean `import`?\n")
    );
}

/// The events in `anomalies.log`.
fn logged(home: &Home) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(home.path("state/perftop/anomalies.log")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_anomaly_and_its_recovery_are_logged_once() {
    let home = Home::new();
    record(&home, "import", &[100.0, 100.0, 100.0, 100.0, 100.0, 150.0], 0);
    home.run("runs");
    home.run("runs");
    let found = logged(&home);
    assert_eq!(found.len(), 1);
    let of = |key: &str| found[0][key].clone();
    assert_eq!((of("event"), of("module"), of("metric")), ("anomaly".into(), "import".into(), "duration_ms".into()));
    assert_eq!((of("value"), of("average")), (150.0.into(), 100.0.into()));
    assert_eq!((of("deviation_percent"), of("threshold_percent")), (50.0.into(), 25.0.into()));
    let told = home.run("anomalies --since 1000d");
    assert!(told.stdout.contains("import.duration_ms"), "every program sees it: {told:?}");
    record(&home, "import", &[100.0], 6);
    home.run("runs");
    assert_eq!(logged(&home)[1]["event"], "recovered");
    assert!(home.run("runs import").stdout.contains("recovered"));
}

#[test]
fn thresholds_are_those_of_the_configuration() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[runs]\ndeviation_percent = 60\n");
    record(&home, "import", &[100.0, 100.0, 100.0, 100.0, 100.0, 150.0], 0);
    home.run("runs");
    assert_eq!(logged(&home).len(), 0);
    let printed = home.run("config print").stdout;
    assert!(printed.contains("deviation_percent = 60 ") && printed.contains("z_score = 3\n"), "{printed}");
}

#[test]
fn run_tells_its_status_when_asked() {
    let home = Home::new();
    let answer = home.run("run -v -- true");
    assert!(answer.code == Some(0) && answer.stderr.ends_with("Performance OK\n"), "{answer:?}");
    record(&home, "true", &[100.0; 5], 0);
    home.run("runs");
    // In an environment that nobody knows, so it is compared with nothing.
    assert!(home.run("run -v -- true").stderr.ends_with("Performance OK\n"));
    home.run("run --name down -- false");
    home.run("run --name down -- false");
    let answer = home.run("run -v --name down -- false");
    assert!(answer.stderr.ends_with("Anomaly detected: 1 anomaly(ies)\n"), "{answer:?}");
    let answer = home.run("run -v --name down -- false");
    assert!(answer.stderr.ends_with("Anomaly detected: 1 anomaly(ies)\n"), "it goes on: {answer:?}");
    let answer = home.run("run -v --name other -- false");
    assert!(!answer.stderr.contains("OK") && !answer.stderr.contains("Anomaly"), "{answer:?}");
    let answer = home.run("run -v --name down -- true");
    assert!(answer.stderr.ends_with("Anomaly recovered: down - failures_in_a_row\n"), "{answer:?}");
}

fn hook(home: &Home, script: &str) {
    let path = home.write("hook.sh", format!("#!/bin/sh\n{script}"));
    let text = format!("[runs]\nhook = [\"sh\", \"{}\", \"an argument\"]\n", path.display());
    home.write("config/perftop/config.toml", text);
}

/// Runs perftop with programs to be found.
fn run(home: &Home, words: &str) -> crate::home::Answer {
    let path = std::env::var_os("PATH").unwrap();
    home.answer(&home.perftop(words).env("PATH", path).output().unwrap())
}

#[test]
fn the_hook_is_told_of_each_event() {
    let home = Home::new();
    hook(&home, "echo \"$PERFTOP_EVENT $1 $PERFTOP_DB\" >> ~/told; cat >> ~/told\n");
    record(&home, "import", &[100.0; 5], 0);
    run(&home, "runs");
    record(&home, "import", &[150.0], 5);
    run(&home, "runs");
    record(&home, "import", &[151.0], 6);
    run(&home, "runs");
    record(&home, "import", &[100.0], 7);
    run(&home, "runs");
    let told = fs::read_to_string(home.path("told")).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    let heads: Vec<String> =
        lines.iter().step_by(2).map(|line| line.replace(&home.path("").display().to_string(), "~/")).collect();
    let head = |event: &str| format!("{event} an argument ~/data/perftop/perftop.db");
    assert_eq!(heads, ["ok", "anomaly", "recovered"].map(head));
    let event = |number: usize| serde_json::from_str::<serde_json::Value>(lines[2 * number + 1]).unwrap();
    assert_eq!((&event(0)["runs"], &event(0)["modules"][0]), (&5.into(), &"import".into()));
    assert_eq!((&event(1)["event"], &event(1)["anomalies"][0]["value"]), (&"anomaly".into(), &150.0.into()));
    assert_eq!(
        (&event(2)["recovered"][0]["module"], &event(2)["recovered"][0]["metric"]),
        (&"import".into(), &"duration_ms".into())
    );
}

#[test]
fn a_hook_that_fails_is_told_of_and_changes_nothing() {
    let home = Home::new();
    hook(&home, "echo no room >&2; exit 4\n");
    let answer = run(&home, "run -v -- sh -c 'exit 7'");
    assert!(answer.stderr.contains("perftop: the hook `sh` failed (exit status: 4): no room\n"), "{answer:?}");
    assert!(!answer.stderr.contains("Performance OK"), "it failed: {answer:?}");
}

/// The example of `docs/runs.md`, word for word.
#[test]
fn the_documented_hook_keeps_the_metrics_in_git() {
    let home = Home::new();
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/runs.md")).unwrap();
    let example = docs.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let git = |words: &str| {
        let output = Command::new("git")
            .args(words.split_whitespace())
            .current_dir(home.path("metrics"))
            .env("HOME", home.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    fs::create_dir_all(home.path("metrics")).unwrap();
    git("init -q");
    git("config user.email perftop@example.org");
    git("config user.name perftop");
    hook(&home, example);
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_perftop")).parent().unwrap().to_path_buf();
    let runs = || {
        let path = std::env::join_paths(
            std::iter::once(programs.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        home.answer(
            &home.perftop("runs").env("PATH", path.unwrap()).env("METRICS", home.path("metrics")).output().unwrap(),
        )
    };
    record(&home, "import", &[100.0; 5], 0);
    assert_eq!(runs().stderr, "");
    record(&home, "import", &[150.0], 5);
    assert_eq!(runs().stderr, "");
    assert_eq!(git("rev-list --count HEAD"), "1\n", "an anomaly is not committed");
    record(&home, "import", &[100.0], 6);
    assert_eq!(runs().stderr, "");
    assert_eq!(git("log --format=%s"), "Runs: recovered\nRuns: ok\n");
    assert!(git("show HEAD:runs.csv").contains("import,duration_ms,ms,7,100,"));
}
