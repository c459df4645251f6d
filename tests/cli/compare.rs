//! Two groups side by side, as a user asks for them.

use perftop::clock::Clock;
use perftop::model::{NewRun, NewSample, RunExit, measure};
use perftop::store::Store;
use serde_json::Value;

use crate::home::Home;

/// Twenty runs on `main`, twenty on `topic` that take a tenth longer; one on each failed at once.
fn runs(home: &Home) {
    let run = |number: i64| {
        let (branch, factor) = if number < 20 { ("main", 1.0) } else { ("topic", 1.1) };
        let fails = number % 20 == 7;
        let duration_ms = if fails { 1.0 } else { 1_000.0 * factor * (1.0 + 0.01 * ((number * 7 % 5) as f64 - 2.0)) };
        NewRun {
            module: "build".into(),
            key: number.to_string(),
            batch: branch.to_owned(),
            started_ms: 1_700_000_000_000 + number * 60_000,
            ended_ms: 1_700_000_000_500 + number * 60_000,
            exit: RunExit::Code(i32::from(fails)),
            source: "run".to_owned(),
            commit: Some(if number < 20 { "aaaa" } else { "bbbb" }.to_owned()),
            environment: None,
            tags: [("branch".to_owned(), branch.to_owned())].into(),
            measures: [(measure::DURATION.to_owned(), duration_ms)].into(),
            phases: Vec::new(),
        }
    };
    let runs: Vec<NewRun> = (0..40).map(run).collect();
    Store::open(&home.store()).unwrap().record_runs(&runs, 1_000, 0).unwrap();
}

#[test]
fn branches_commits_and_numbers_name_the_same_runs() {
    let home = Home::new();
    runs(&home);
    for sides in ["tag:branch=main tag:branch=topic", "commit:aa commit:bb", "runs:1..20 last:20"] {
        let answer = home.run(&format!("compare {sides} --format json"));
        let json: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{sides}: {}", answer.stderr));
        let row = &json["rows"][0];
        assert_eq!((&json["schema"], &row["metric"]), (&"perftop.compare/1".into(), &"build.duration_ms".into()));
        assert_eq!(
            (&row["first"]["count"], &row["second"]["count"]),
            (&19.into(), &19.into()),
            "what failed is left out"
        );
        assert!((row["change"]["estimate"].as_f64().unwrap() - 0.1).abs() < 0.005, "{row}");
        assert_eq!(row["differs"], true);
    }
    let text = home.run("compare commit:aa commit:bb build.duration_ms").stdout;
    assert!(text.contains("higher") && text.contains("  A ") && text.contains("median 1000 ms, 19 values"), "{text}");
    let same = home.run("compare runs:1..10 runs:11..20").stdout;
    assert!(same.contains("no difference shown") && !same.contains("in both"), "{same}");
    let overlapping = home.run("compare runs:1..10 runs:6..20").stdout;
    assert!(overlapping.contains("4 runs in both A and B"), "one of the five failed: {overlapping}");
    let json: Value = serde_json::from_str(&home.run("compare last:5 last:10 --format json").stdout).unwrap();
    assert_eq!(json["shared"], "5 runs");
}

#[test]
fn before_and_after_an_instant() {
    let home = Home::new();
    let now_ms = Clock::System.now_ms();
    let sample = |minute: i64| NewSample {
        metric: "lcp".into(),
        value: if minute < 30 { 2_600.0 } else { 2_000.0 } + (minute * 37 % 11) as f64,
        timestamp_ms: now_ms - minute * 60_000,
        context_json: None,
    };
    let samples: Vec<_> = (0..120).rev().map(sample).collect();
    Store::open(&home.store()).unwrap().append(&samples, None, now_ms).unwrap();
    let answer = home.run("compare --around 30m --span 30m --format csv");
    let fields: Vec<&str> = answer.stdout.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(fields[0], "lcp", "{}", answer.stdout);
    assert!((fields[3].parse::<f64>().unwrap() - 0.3).abs() < 0.02, "{}", answer.stdout);
    let ranges = home.run("compare 2h..1h 60m..30m lcp").stdout;
    assert!(ranges.contains("no difference shown"), "{ranges}");
    assert_eq!(home.run("compare 20m.. 2h..1h lcp").code, Some(0));
    let overlapping = home.run("compare 2h..1h 90m..30m lcp").stdout;
    assert!(overlapping.contains("  30m of time in both A and B"), "{overlapping}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let home = Home::new();
    runs(&home);
    for (words, code, said) in [
        ("", 2, "Name two groups"),
        ("last:5", 2, "Name two groups"),
        ("last:5 2h..1h", 2, "runs cannot be compared with time"),
        ("yesterday today", 2, "is neither runs nor time"),
        ("1h..2h 2h..1h", 2, "is neither runs nor time"),
        ("last:5 tag:branch=none", 3, "nothing has values on both sides"),
        ("last:5 last:5", 2, "A and B are the same"),
        ("runs:21..40 tag:branch=topic", 2, "A and B are the same"),
        ("2h..1h 2h..1h", 2, "A and B are the same"),
        ("last:5 last:9 build.nothing", 2, "these runs have no `build.nothing`"),
        ("--around sometime", 2, "--around: `sometime` is not a time"),
        ("--around 1h nothing", 2, "no metric `nothing`"),
    ] {
        let answer = home.run(&format!("compare {words}"));
        assert_eq!(answer.code, Some(code), "{words}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains(said), "{words}: {}", answer.stderr);
    }
}
