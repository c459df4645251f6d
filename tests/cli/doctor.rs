//! `perftop doctor` in good and in odd surroundings.

use std::fs;

use perftop::model::NewSample;
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;

use crate::home::{Answer, Home};
use crate::stores;

/// The checks that are not all right: `area what verdict`.
fn not_ok(answer: &Answer) -> Vec<String> {
    let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let checks = json["checks"].as_array().expect("a list");
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    checks
        .iter()
        .filter(|check| check["verdict"] != "ok")
        .map(|check| {
            assert!(!text(check, "advice").is_empty(), "{check} has no advice");
            format!("{} {} {}", text(check, "area"), text(check, "what"), text(check, "verdict"))
        })
        .collect()
}

fn examine(home: &Home, environment: &[(&str, &str)]) -> Answer {
    let mut command = home.perftop("doctor --format json");
    command.env("TERM", "xterm-256color").envs(environment.iter().copied());
    home.answer(&command.output().expect("perftop starts"))
}

#[test]
fn all_is_well_with_a_store_in_use() {
    let home = Home::new();
    stores::filled(&home);
    let answer = examine(&home, &[]);
    assert_eq!((not_ok(&answer), answer.code), (vec![], Some(0)), "{}", answer.stdout);
}

#[rstest]
#[case::no_utf8(&[("LANG", "C")], &["terminal characters advice"], 0)]
#[case::no_terminal(&[("TERM", "")], &["terminal TERM advice"], 0)]
#[case::dumb(&[("TERM", "dumb")], &["terminal TERM wrong"], 1)]
#[case::tmux_is_gone(&[("TMUX", "/nowhere/socket,1,0"), ("PATH", "/nowhere")], &["tmux session wrong"], 1)]
#[case::no_colour(&[("NO_COLOR", "1")], &[], 0)]
#[case::wrong_setting(&[("PERFTOP_THEME", "pink")], &["configuration file wrong"], 1)]
fn odd_surroundings_are_named(#[case] environment: &[(&str, &str)], #[case] expected: &[&str], #[case] code: i32) {
    let home = Home::new();
    stores::filled(&home);
    let answer = examine(&home, environment);
    assert_eq!((not_ok(&answer), answer.code), (expected.iter().map(ToString::to_string).collect(), Some(code)));
}

#[test]
fn without_a_store_it_says_how_to_get_one_and_creates_nothing() {
    let home = Home::new();
    let answer = examine(&home, &[]);
    assert_eq!((not_ok(&answer), answer.code), (vec!["store path advice".to_owned()], Some(0)));
    assert!(home.is_untouched());
}

#[test]
fn a_file_that_is_no_store_is_wrong() {
    let home = Home::new();
    stores::garbage(&home);
    let answer = examine(&home, &[]);
    assert_eq!((not_ok(&answer), answer.code), (vec!["store path wrong".to_owned()], Some(1)));
}

#[test]
fn damage_inside_the_store_is_found() {
    let home = Home::new();
    stores::filled(&home);
    assert_eq!(home.run("status").code, Some(1));
    let mut bytes = fs::read(home.store()).expect("the store");
    // Whole pages: of a single one the middle may be unused.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 24_000].fill(0xa5);
    fs::write(home.store(), bytes).expect("the store");
    let answer = examine(&home, &[]);
    assert!(
        not_ok(&answer).iter().any(|line| line.starts_with("store ") && line.ends_with(" wrong")),
        "{}",
        answer.stdout
    );
    assert_eq!(answer.code, Some(1));
}

#[test]
fn what_the_bytes_are_used_for_is_said() {
    let home = Home::new();
    stores::filled(&home);
    assert_eq!(home.run("status").code, Some(1));
    let answer = home.run("doctor").stdout;
    let size = answer.lines().find(|line| line.contains("roll-ups")).expect("a line of sizes");
    assert!(!size.contains("samples 0 B") && !size.contains("roll-ups 0 B"), "{size}");
}

#[test]
fn a_drop_directory_that_is_a_file_is_wrong() {
    let home = Home::new();
    stores::filled(&home);
    home.write("data/perftop/drop", "not a directory");
    assert_eq!(not_ok(&examine(&home, &[])), ["files drop directory wrong"]);
}

#[test]
fn each_mistake_in_the_configuration_is_a_line_of_the_text() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[stroe]\n[display]\ntheme = 5\n");
    let answer = home.run("doctor");
    assert_eq!(answer.code, Some(1));
    assert!(
        answer.stdout.contains("config.toml:1:2: unknown section [stroe]: did you mean `store`?"),
        "{}",
        answer.stdout
    );
    assert!(answer.stdout.contains("config.toml:3:9: [display] theme: expected a text"), "{}", answer.stdout);
}

#[test]
fn roll_ups_that_are_wrong_are_said_to_be_and_made_anew() {
    let home = Home::new();
    stores::filled(&home);
    assert_eq!(home.run("status").code, Some(1));
    let connection = Connection::open(home.store()).expect("a database");
    connection.execute_batch("UPDATE perftop_chunk SET data = x'0102' WHERE metric_id = 1").expect("rows");
    let answer = examine(&home, &[]);
    assert!(not_ok(&answer).contains(&"store roll-up wrong".to_owned()), "{}", answer.stdout);
    assert!(answer.stdout.contains("perftop doctor --rebuild"), "{}", answer.stdout);
    let rebuilt = home.run("doctor --rebuild");
    assert_eq!((rebuilt.code, rebuilt.stderr.as_str()), (Some(0), ""), "{rebuilt:?}");
    assert!(rebuilt.stdout.contains(&format!("rolled up {} samples anew in", stores::SAMPLES * 3)), "{rebuilt:?}");
    let answer = examine(&home, &[]);
    assert_eq!((not_ok(&answer), answer.code), (vec![], Some(0)), "{}", answer.stdout);
}

#[test]
fn a_limit_of_contexts_that_bites_is_said() {
    let home = Home::new();
    stores::filled(&home);
    let samples: Vec<_> = (0..1_100)
        .map(|id| NewSample {
            context_json: Some(format!(r#"{{"request":"{id}"}}"#).into()),
            ..stores::sample("lcp", 1.0)
        })
        .collect();
    stores::append(&home.store(), &samples);
    assert_eq!(home.run("status").code, Some(1));
    let answer = examine(&home, &[]);
    assert_eq!(
        (not_ok(&answer), answer.code),
        (vec!["store contexts advice".to_owned()], Some(0)),
        "{}",
        answer.stdout
    );
    assert!(answer.stdout.contains("`request` has too many values"), "{}", answer.stdout);
}

#[test]
fn salvage_and_rebuild_go_alone() {
    let home = Home::new();
    assert_eq!(home.run("doctor --rebuild --salvage new.db").code, Some(2));
    assert_eq!(home.run("doctor --rebuild").code, Some(3), "there is no store");
    assert!(home.is_untouched());
}
