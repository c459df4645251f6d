//! `perftop status`: exactly one line, as status bars want it.

use perftop::model::{NewRun, NewSample, RunExit};
use perftop::store::Store;
use rstest::rstest;

use crate::home::Home;
use crate::stores;

#[rstest]
#[case("status", "Performance OK\n")]
#[case("status --tmux", "#[fg=green]Performance OK#[default]\n")]
fn all_is_well(#[case] words: &str, #[case] line: &str) {
    let home = Home::new();
    stores::append(&home.store(), &[stores::sample("lcp", 1.0)]);
    let answer = home.run(words);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str(), answer.code), (line, "", Some(0)));
}

#[rstest]
#[case("status", "Anomaly detected: 1 anomaly (api_response_time)\n")]
#[case("status --tmux", "#[fg=red]Anomaly detected: 1 anomaly api_respons\u{2026}#[default]\n")]
fn an_alert_names_its_metric(#[case] words: &str, #[case] line: &str) {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run(words);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str(), answer.code), (line, "", Some(1)));
}

#[test]
fn two_alerts_are_two_anomalies() {
    let home = Home::new();
    stores::filled(&home);
    // Apart from the other, so that they are not one incident.
    let last_ms = stores::now_ms() - 25 * 60_000;
    let of_queue = |i: i64| {
        let value = if i == 0 { 900.0 } else { 50.0 + (i * 7919 % 101) as f64 / 50.0 };
        NewSample { timestamp_ms: last_ms - i * 60_000, ..stores::sample("queue_depth", value) }
    };
    stores::append(&home.store(), &(0..400).rev().map(of_queue).collect::<Vec<_>>());
    let answer = home.run("status");
    assert!(answer.stdout.starts_with("Anomaly detected: 2 anomalies ("), "{}", answer.stdout);
    assert_eq!(answer.stdout.lines().count(), 1);
}

#[test]
fn what_broke_together_is_one_incident_everywhere() {
    let home = Home::new();
    stores::filled(&home);
    stores::append(&home.store(), &[stores::sample("heap_bytes", 1e6)]);
    let line = home.run("status").stdout;
    assert_eq!(line, "Anomaly detected: 2 anomalies, 1 incident (api_response_time)\n", "with the likely origin");
    let line = home.run("status --tmux").stdout;
    assert!(line.starts_with("#[fg=red]Anomaly detected: 2 anomalies api_resp"), "{line}");
    assert!(home.run("dashboard").stdout.contains(" 2 alerts firing,"), "as many as the status line says");

    let listed: serde_json::Value = serde_json::from_str(&home.run("alerts --format json").stdout).unwrap();
    let incidents: Vec<_> = listed["alerts"].as_array().unwrap().iter().map(|alert| &alert["incident"]).collect();
    let [one, other] = incidents[..] else { panic!("{listed}") };
    assert_eq!((one, one["id"].as_i64(), one["alerts"].as_array().map(Vec::len)), (other, Some(1), Some(2)));
    assert_eq!((&one["origin"], one["certainty"].as_f64().map(f64::round)), (&"api_response_time".into(), Some(1.0)));
    let text = home.run("alerts").stdout;
    let summary = "incident 1: 2 metrics moved together, api_response_time first (99 %), then heap_bytes";
    assert!(text.contains(summary), "{text}");
    let why = home.run("why 1").stdout;
    let (word, what) = summary.split_once(' ').unwrap();
    assert!(why.contains(&format!("  {word}  {what}")) && why.contains("alert 2 on "), "the word once: {why}");
    let csv = home.run("alerts --format csv").stdout;
    assert!(csv.lines().next().is_some_and(|head| head.ends_with(",incident,origin,certainty")), "{csv}");
}

#[test]
fn a_name_cannot_speak_tmux() {
    let home = Home::new();
    let name = "#[fg=blue]#(rm -rf ~)\u{1b}[2J";
    let mut samples: Vec<_> = (0..300).map(|i| stores::sample(name, f64::from(i * 7919 % 101) / 100.0)).collect();
    samples.push(stores::sample(name, 500.0));
    stores::append(&home.store(), &samples);
    let line = home.run("status --tmux").stdout;
    let inside = line.trim_start_matches("#[fg=red]").trim_end_matches("#[default]\n");
    assert!(inside.starts_with("Anomaly detected: 1 anomaly ##[fg=blue]"), "{line:?}");
    assert!(!inside.replace("##", "").contains('#') && !inside.contains('\u{1b}'), "{line:?}");
    assert!(inside.replace("##", "#").chars().count() <= 40, "{line:?}");
}

#[test]
fn what_is_not_worth_a_toast_is_not_worth_the_line() {
    let home = Home::new();
    home.write(
        "config/perftop/config.toml",
        "[alerts]\ntoast_severity = \"critical\"\n[detect]\nalerts = [\"two-of-three\"]\n",
    );
    stores::filled(&home);
    stores::append(&home.store(), &[stores::sample("api_response_time", 240.0)]);
    assert_eq!(home.run("status").stdout, "Performance OK\n");
    home.write("config/perftop/config.toml", "[detect]\nalerts = [\"two-of-three\"]\n");
    assert_eq!(home.run("status").stdout, "Anomaly detected: 1 anomaly (api_response_time)\n");
}

/// Runs of a module that ended just now, the last of them `failures` times with an error.
fn failing(home: &Home, module: &str, failures: i64) {
    let runs: Vec<NewRun> = (0..=failures)
        .map(|number| {
            let started_ms = stores::now_ms() - (failures + 1 - number) * 60_000;
            NewRun {
                module: module.into(),
                key: format!("{module}-{number}"),
                batch: number.to_string(),
                started_ms,
                ended_ms: started_ms + 1_000,
                exit: RunExit::Code(i32::from(number > 0)),
                source: "test".to_owned(),
                commit: None,
                environment: None,
                tags: [].into(),
                measures: [].into(),
                phases: Vec::new(),
            }
        })
        .collect();
    Store::open(&home.store()).unwrap().record_runs(&runs, 100, stores::now_ms()).unwrap();
}

#[test]
fn an_anomaly_of_a_run_counts_until_it_is_over() {
    let home = Home::new();
    failing(&home, "build", 2);
    assert_eq!((home.run("status").stdout.as_str(), home.run("status").code), ("Performance OK\n", Some(0)));
    failing(&home, "import", 5);
    let answer = home.run("status");
    let line = "Anomaly detected: 1 anomaly (import.failures_in_a_row)\n";
    assert_eq!((answer.stdout.as_str(), answer.code), (line, Some(1)), "a streak is one: {answer:?}");
    let line = "#[fg=red]Anomaly detected: 1 anomaly import.fail\u{2026}#[default]\n";
    assert_eq!(home.run("status --tmux").stdout, line);
    home.run("mute import.failures_in_a_row");
    assert_eq!(home.run("status").stdout, "Performance OK\n");
    home.run("unmute import.failures_in_a_row");
    assert_eq!(home.run("status").code, Some(1));
    home.run("run --name import -- true");
    assert_eq!(home.run("status").stdout, "Performance OK\n");
}

#[test]
fn alerts_and_runs_are_counted_together() {
    let home = Home::new();
    stores::filled(&home);
    failing(&home, "import", 3);
    assert_eq!(home.run("status").stdout, "Anomaly detected: 2 anomalies (api_response_time)\n");
    let table = home.run("dashboard --format json").stdout;
    assert!(table.contains("\"alerts_firing\": 1,\n  \"unusual_runs\": 1,"), "{table}");
    let table = home.run("dashboard").stdout;
    assert!(table.contains("1 alert firing, 1 unusual run, newest sample"), "{table}");
    home.write("config/perftop/config.toml", "[runs]\nstreak = 4\n");
    failing(&home, "deploy", 3);
    assert_eq!(home.run("status").stdout, "Anomaly detected: 2 anomalies (api_response_time)\n");
}

/// Nobody runs it any more, so nobody waits for its end.
#[test]
fn what_was_not_run_for_a_week_says_nothing() {
    let home = Home::new();
    failing(&home, "import", 3);
    assert_eq!(home.run("status").code, Some(1));
    let db = rusqlite::Connection::open(home.store()).unwrap();
    db.execute("UPDATE perftop_run SET started_ms = started_ms - 8 * 86400000", []).unwrap();
    assert_eq!(home.run("status").stdout, "Performance OK\n");
}
