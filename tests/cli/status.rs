//! `perftop status`: exactly one line, as status bars want it.

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
    stores::append(&home.store(), &[stores::sample("heap_bytes", 1e6)]);
    let answer = home.run("status");
    assert!(answer.stdout.starts_with("Anomaly detected: 2 anomalies ("), "{}", answer.stdout);
    assert_eq!(answer.stdout.lines().count(), 1);
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
