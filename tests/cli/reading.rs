//! Commands that read: what they answer of a store in any state, and that they create none.

use std::fs;

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;
use crate::stores;

const READING: [&str; 7] =
    ["", "dashboard", "spc api_response_time", "trends api_response_time", "baseline", "anomalies", "status"];

#[test]
fn without_a_store_they_say_how_to_get_one_and_create_nothing() {
    for words in READING {
        let home = Home::new();
        let answer = home.run(words);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(3), ""), "{words}");
        assert!(answer.stderr.contains("there is no store at `~/data/perftop/perftop.db`"), "{}", answer.stderr);
        assert!(answer.stderr.contains("perftop ingest"), "{}", answer.stderr);
        assert!(home.is_untouched(), "{words} wrote something");
    }
}

#[rstest]
#[case("", Some(0), "0 metrics over 24h, 0 alerts firing, no samples")]
#[case("dashboard", Some(0), "0 metrics")]
#[case("spc api_response_time", Some(3), "no metric `api_response_time`: the store holds no samples yet")]
#[case("trends api_response_time", Some(3), "holds no samples yet")]
#[case("baseline", Some(0), "METRIC")]
#[case("anomalies", Some(0), "no anomalies since ")]
#[case("status", Some(0), "Performance OK\n")]
fn an_empty_store_is_no_trouble(#[case] words: &str, #[case] code: Option<i32>, #[case] said: &str) {
    let home = Home::new();
    stores::empty(&home);
    let answer = home.run(words);
    assert_eq!(answer.code, code, "{answer:?}");
    assert!(format!("{}{}", answer.stdout, answer.stderr).contains(said), "{answer:?}");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    for words in READING.into_iter().chain(["prune --older-than 90d"]) {
        let home = Home::new();
        stores::garbage(&home);
        let before = fs::read(home.store()).expect("the file");
        let answer = home.run(words);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(5), ""), "{words}: {answer:?}");
        assert!(answer.stderr.contains("is not a SQLite database"), "{}", answer.stderr);
        assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
        assert_eq!(fs::read(home.store()).expect("the file"), before, "{words} changed the file");
    }
}

#[rstest]
#[case::ours(stores::filled)]
#[case::of_another_program(stores::bare)]
#[case::read_only(stores::read_only)]
fn every_store_with_samples_is_answered_from(#[case] store: fn(&Home)) {
    let home = Home::new();
    store(&home);
    for (words, said) in [
        ("", "api_response_time"),
        ("dashboard", "3 metrics over 24h"),
        ("spc api_response_time", "beyond-limit"),
        ("trends api_response_time", "HOUR"),
        ("baseline heap_bytes", "30d"),
    ] {
        let answer = home.run(words);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{words}");
        assert!(answer.stdout.contains(said), "{words}: {}", answer.stdout);
    }
}

#[test]
fn what_is_new_is_judged_before_the_answer() {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run("anomalies --format json");
    let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let found = json["anomalies"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{}", answer.stdout);
    assert_eq!(found[0]["metric"], "api_response_time");
    assert_eq!(found[0]["limit_type"], "UCL");
    assert_eq!(found[0]["severity"], "critical");
    let again: Value = serde_json::from_str(&home.run("anomalies --format json").stdout).expect("JSON");
    assert_eq!(again["anomalies"], json["anomalies"], "judged once, recorded once");
}

#[test]
fn the_table_is_worst_first_and_lines_up() {
    let home = Home::new();
    stores::filled(&home);
    let text = home.run("dashboard").stdout;
    insta::with_settings!({filters => vec![(r"newest sample (just now|\S+ old)", "newest sample [age] old")]}, {
        insta::assert_snapshot!("dashboard", text);
    });
}

#[test]
fn ascii_and_colourless_output_is_plain() {
    let home = Home::new();
    stores::filled(&home);
    for words in ["dashboard", "spc api_response_time", "trends api_response_time", "anomalies", "doctor"] {
        let output = home.perftop(words).env("LANG", "C").output().expect("perftop starts");
        assert!(output.stdout.is_ascii(), "{words}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(!output.stdout.contains(&0x1b), "{words} sent an escape sequence to a pipe");
    }
}

#[test]
fn colour_can_be_asked_for() {
    let home = Home::new();
    stores::filled(&home);
    assert!(home.run("dashboard --color always").stdout.contains("\u{1b}["));
    let output = home.perftop("dashboard --color always").env("NO_COLOR", "1").output().expect("perftop starts");
    assert!(home.answer(&output).stdout.contains("\u{1b}["), "an option is stronger than the environment");
}

#[rstest]
#[case("spc api_respons_time", "did you mean `api_response_time`?")]
#[case("trends heap", "did you mean `heap_bytes`?")]
#[case("baseline zzz", "`perftop dashboard` lists them")]
#[case("anomalies --metric CACHE_hit_percent", "did you mean `cache_hit_percent`?")]
fn an_unknown_metric_is_met_with_the_nearest(#[case] words: &str, #[case] hint: &str) {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run(words);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.contains(hint), "{}", answer.stderr);
}

#[rstest]
#[case("anomalies --since yesterday-ish", "--since: `yesterday-ish` is not a time")]
#[case("dashboard --filter status:loud", "--filter: status: wants")]
#[case("trends api_response_time --hours 0", "--hours")]
#[case("spc api_response_time --window 2d", "unknown window `2d`")]
#[case("spc api_response_time --chart shewhart", "[possible values: baseline, individuals, moving-range, ewma, cusum]")]
#[case("prune --older-than soon", "--older-than: `soon` is not a length of time")]
#[case("prune --older-than 1h", "at least 1d")]
fn a_value_that_is_not_understood_names_its_option(#[case] words: &str, #[case] said: &str) {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run(words);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{answer:?}");
    assert!(answer.stderr.contains(said), "{}", answer.stderr);
}

#[test]
fn a_filter_chooses_metrics() {
    let home = Home::new();
    stores::filled(&home);
    let json = home.run("dashboard --filter status:alert --format json").stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["series"].as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    stores::filled(&home);
    let binary = env!("CARGO_BIN_EXE_perftop");
    let script = format!(
        "{{ '{binary}' --db '{}' spc api_response_time --format csv; echo $? >&2; }} | head -n 1",
        home.store().display()
    );
    let output =
        std::process::Command::new("sh").args(["-c", &script]).env("HOME", home.path("")).output().expect("sh");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
}
