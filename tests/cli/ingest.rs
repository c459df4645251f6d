//! `perftop ingest`: every line ends in the store or among the rejects, and the exit code says which.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use perftop::store::{Store, Totals};
use rusqlite::Connection;

use crate::home::{Answer, Home};
use crate::stores::now_ms;

const LONG: Duration = Duration::from_secs(30);
const STORE: &str = "data/perftop/perftop.db";

fn totals(home: &Home) -> Totals {
    Store::open_read(&home.path(STORE)).unwrap().totals().unwrap()
}

fn line(metric: &str, value: u32) -> String {
    format!(
        "{{\"metric\":\"{metric}\",\"value\":{value},\"timestamp\":{}}}\n",
        1_700_000_000_000_u64 + u64::from(value)
    )
}

fn lines(metric: &str, count: u32) -> String {
    (0..count).map(|value| line(metric, value)).collect()
}

fn from_stdin(home: &Home, words: &str, input: impl Into<Vec<u8>>) -> Answer {
    home.answer(&home.perftop(words).write_stdin(input).output().unwrap())
}

/// The closing line without how long it took.
fn closing(answer: &Answer) -> &str {
    let last = answer.stderr.lines().last().unwrap_or_default();
    last.split(", in ").next().unwrap_or_default()
}

#[test]
fn samples_are_stored_as_they_were_given() {
    let home = Home::new();
    let text = concat!(
        r#"{"metric_name":"api_response_time","value":145.3,"timestamp":1700000000000,"context":{"endpoint":"/api/markets"}}"#,
        "\n",
        r#"{"metric":"api_response_time","value":1e-3,"timestamp":"2023-11-14T22:13:21Z","context_json":"{\"a\":1}"}"#,
        "\n"
    );
    let answer = from_stdin(&home, "ingest", text);
    assert_eq!((answer.code, &*answer.stdout, closing(&answer)), (Some(0), "", "2 samples of 1 metric, 0 rejected"));
    let rows: Vec<(String, f64, i64, Option<String>)> = Connection::open(home.path(STORE))
        .unwrap()
        .prepare("SELECT metric_name, value, timestamp, context_json FROM performance_samples ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let context = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows,
        [
            ("api_response_time".to_owned(), 145.3, 1_700_000_000_000, context(r#"{"endpoint":"/api/markets"}"#)),
            ("api_response_time".to_owned(), 0.001, 1_700_000_001_000, context(r#"{"a":1}"#)),
        ]
    );
}

#[test]
fn a_sample_without_a_timestamp_is_dated_now() {
    let home = Home::new();
    let before_ms = now_ms();
    from_stdin(&home, "ingest", r#"{"metric":"a","value":1}"#);
    let newest_ms = totals(&home).newest_ms.unwrap();
    assert!((before_ms..=now_ms()).contains(&newest_ms));
}

#[test]
fn rejects_are_named_by_file_and_line_and_the_rest_is_taken() {
    let home = Home::new();
    home.write("first.jsonl", line("a", 1) + "not json\n" + &line("a", 2));
    home.write("second.jsonl", "\n{\"metric\":\"a\",\"value\":\"3\"}\n");
    let answer = home.run("ingest first.jsonl second.jsonl");
    assert_eq!(answer.code, Some(1));
    let shown: Vec<&str> = answer.stderr.lines().take(2).collect();
    assert_eq!(
        shown,
        [
            "first.jsonl:2: not JSON: expected ident at column 2",
            "second.jsonl:2: `value` is a string: write it without quotes",
        ]
    );
    assert_eq!(closing(&answer), "2 samples of 1 metric, 2 rejected");
    assert_eq!(totals(&home).sample_count, 2);
}

#[test]
fn only_the_first_rejects_are_shown_and_the_file_keeps_all() {
    let home = Home::new();
    let bad = "{\"metric\":\"\",\"value\":1}\n".repeat(25);
    let answer = from_stdin(&home, "ingest --rejects rejects.jsonl", bad.clone() + &line("a", 1));
    assert_eq!(answer.code, Some(1));
    assert_eq!(answer.stderr.lines().filter(|shown| shown.starts_with("stdin:")).count(), 10);
    assert!(answer.stderr.contains("and 15 more; all of them are in rejects.jsonl"), "{}", answer.stderr);
    let kept = fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    let texts: Vec<String> = kept
        .lines()
        .zip(1..)
        .map(|(row, number)| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            assert_eq!((&row["file"], &row["line"]), (&"stdin".into(), &number.into()));
            assert_eq!(row["reason"], "`metric_name` is empty");
            row["text"].as_str().unwrap().to_owned() + "\n"
        })
        .collect();
    assert_eq!(texts.concat(), bad, "the file gives back what was rejected");
}

#[test]
fn quiet_says_nothing_and_the_exit_code_still_tells() {
    let home = Home::new();
    let answer = from_stdin(&home, "ingest -q", "bad\n".to_owned() + &line("a", 1));
    assert_eq!(answer, Answer { stdout: String::new(), stderr: String::new(), code: Some(1) });
}

#[test]
fn the_closing_line_comes_as_json_when_asked() {
    let home = Home::new();
    let answer = from_stdin(&home, "ingest --summary json", lines("a", 3) + "bad\n" + &line("b", 1));
    let said: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(said["schema"], "perftop.ingest/1");
    assert_eq!((&said["samples"], &said["metrics"], &said["rejected"]), (&4.into(), &2.into(), &1.into()));
    assert!(said["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn strict_stops_at_the_first_bad_line_and_stores_nothing() {
    let home = Home::new();
    home.write("good.jsonl", lines("a", 20_000));
    home.write("bad.jsonl", lines("a", 20_000) + "bad\nworse\n" + &lines("a", 5));
    let answer = home.run("ingest --strict good.jsonl bad.jsonl --rejects rejects.jsonl");
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.starts_with("bad.jsonl:20001: not JSON"), "{}", answer.stderr);
    assert!(closing(&answer).starts_with("nothing was stored (--strict)"), "{}", answer.stderr);
    assert_eq!(fs::read_to_string(home.path("rejects.jsonl")).unwrap().lines().count(), 1);
    assert_eq!(totals(&home).sample_count, 0);

    assert_eq!(home.run("ingest --strict good.jsonl").code, Some(0));
    assert_eq!(totals(&home).sample_count, 20_000);
}

#[test]
fn a_missing_file_costs_that_file_and_under_strict_everything() {
    let home = Home::new();
    home.write("there.jsonl", line("a", 1));
    let strict = home.run("ingest --strict there.jsonl missing.jsonl");
    assert_eq!((strict.code, totals(&home).sample_count), (Some(5), 0));
    let answer = home.run("ingest missing.jsonl there.jsonl");
    assert_eq!(answer.code, Some(5));
    assert!(answer.stderr.starts_with("perftop: cannot read `missing.jsonl`: No such file"), "{}", answer.stderr);
    assert_eq!(totals(&home).sample_count, 1);
    let directory = home.run("ingest .");
    assert!(directory.stderr.contains("cannot read `.`: is a directory"), "{}", directory.stderr);
}

#[test]
fn marks_returns_empty_lines_and_a_torn_last_line_are_fine() {
    let home = Home::new();
    let text = "\u{feff}".to_owned() + line("a", 1).trim_end() + "\r\n\r\n   \n" + line("a", 2).trim_end();
    let answer = from_stdin(&home, "ingest -", text);
    assert_eq!((answer.code, closing(&answer)), (Some(0), "2 samples of 1 metric, 0 rejected"));
}

#[test]
fn the_unit_of_timestamps_is_asked_for_not_guessed() {
    let home = Home::new();
    let text = r#"{"metric":"a","value":1,"timestamp":1700000000}"#;
    let refused = from_stdin(&home, "ingest", text);
    assert!(refused.stderr.contains("if it is in s, say --timestamp-unit s"), "{}", refused.stderr);
    assert_eq!(from_stdin(&home, "ingest --timestamp-unit s", text).code, Some(0));
    assert_eq!(totals(&home).newest_ms, Some(1_700_000_000_000));
    assert_eq!(from_stdin(&home, "ingest --timestamp-unit fortnight", text).code, Some(2));
}

#[test]
fn hostile_names_are_stored_as_they_are_and_shown_as_data() {
    let home = Home::new();
    let names = ["\u{1b}[31mred", "two\nlines", "rtl \u{202e}abc", "\u{1f600}", &"n".repeat(10_000)];
    let input: String =
        names.iter().map(|name| serde_json::json!({"metric": name, "value": 1}).to_string() + "\n").collect();
    assert_eq!(from_stdin(&home, "ingest", input).code, Some(0));
    let mut stored = Store::open_read(&home.path(STORE)).unwrap().metrics().unwrap();
    stored.sort();
    let mut expected: Vec<_> = names.map(std::sync::Arc::<str>::from).into();
    expected.sort();
    assert_eq!(stored, expected);

    home.write("\u{1b}[2J.jsonl", "\u{1b}[31m\n");
    let answer = home.answer(&home.perftop("ingest").arg("\u{1b}[2J.jsonl").output().unwrap());
    assert!(answer.stderr.starts_with("^[[2J.jsonl:1: not JSON"), "{}", answer.stderr);
    assert!(!answer.stderr.contains('\u{1b}'), "{:?}", answer.stderr);
}

#[test]
fn a_huge_line_is_refused_without_being_held() {
    let home = Home::new();
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v 600000; exec \"$0\" ingest", env!("CARGO_BIN_EXE_perftop")])
        .env("XDG_DATA_HOME", home.path("data"))
        .env("XDG_STATE_HOME", home.path("state"))
        .env("XDG_CONFIG_HOME", home.path("config"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line("a", 1).as_bytes()).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..700 {
        stdin.write_all(&block).unwrap();
    }
    stdin.write_all(("\n".to_owned() + &line("a", 2)).as_bytes()).unwrap();
    drop(stdin);
    let answer = home.answer(&child.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    // On a busy machine it may have had to wait, and say so.
    let mut said = answer.stderr.lines();
    assert!(said.any(|line| line == "stdin:2: the line is longer than 1048576 bytes"), "{}", answer.stderr);
    assert_eq!(totals(&home).sample_count, 2);
}

#[test]
fn what_has_come_through_a_slow_pipe_is_stored_at_once_and_an_interrupt_loses_nothing() {
    let home = Home::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_perftop"))
        .args(["ingest", "--db"])
        .arg(home.path("p.db"))
        .env("XDG_STATE_HOME", home.path("state"))
        .env("XDG_CONFIG_HOME", home.path("config"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines("a", 3).as_bytes()).unwrap();
    let started = Instant::now();
    let stored =
        || Store::open_read(&home.path("p.db")).and_then(|store| store.totals()).map_or(0, |all| all.sample_count);
    while stored() < 3 {
        assert!(started.elapsed() < LONG, "three lines were not stored in time");
        thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let answer = home.answer(&child.wait_with_output().unwrap());
    assert_eq!(answer.code, Some(130), "{}", answer.stderr);
    assert_eq!(closing(&answer), "interrupted: 3 samples, 0 rejected");
    drop(stdin);
}

#[test]
fn an_interrupt_ends_a_producer_that_never_ends() {
    let home = Home::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_perftop"))
        .args(["ingest", "--db"])
        .arg(home.path("p.db"))
        .env("XDG_STATE_HOME", home.path("state"))
        .env("XDG_CONFIG_HOME", home.path("config"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let producer = thread::spawn(move || {
        let block = lines("a", 1_000);
        while stdin.write_all(block.as_bytes()).is_ok() {}
    });
    let started = Instant::now();
    let stored = || Store::open_read(&home.path("p.db")).and_then(|store| store.newest_id()).unwrap_or(0);
    while stored() == 0 {
        assert!(started.elapsed() < LONG, "nothing was stored in time");
        thread::yield_now();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let answer = home.answer(&child.wait_with_output().unwrap());
    producer.join().unwrap();
    assert_eq!(answer.code, Some(130), "{}", answer.stderr);
    assert!(closing(&answer).starts_with(&format!("interrupted: {} samples", stored())), "{}", answer.stderr);
}

#[test]
fn two_ingests_at_once_lose_nothing() {
    let home = Home::new();
    for metric in ["a", "b"] {
        home.write(metric, lines(metric, 30_000));
    }
    thread::scope(|scope| {
        for metric in ["a", "b"] {
            let home = &home;
            scope.spawn(move || assert_eq!(home.run(&format!("ingest {metric}")).code, Some(0)));
        }
    });
    assert_eq!(totals(&home).sample_count, 60_000);
}

#[test]
fn rejects_never_overwrite_their_input() {
    let home = Home::new();
    let text = "{\"metric\":\"lcp\"}\n";
    let input = home.write("bad.jsonl", text);
    fs::hard_link(&input, home.path("same.jsonl")).unwrap();
    for rejects in ["bad.jsonl", "./bad.jsonl", "same.jsonl"] {
        let answer = home.run(&format!("ingest bad.jsonl --rejects {rejects}"));
        assert_eq!(answer.code, Some(2), "{}", answer.stderr);
        assert!(answer.stderr.contains("is an input"), "{}", answer.stderr);
    }
    assert_eq!(fs::read_to_string(input).unwrap(), text);
}
