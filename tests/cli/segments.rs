//! Metrics by the tags of their samples: `--by`, and a segment in the place of a metric.

use std::fmt::Write as _;

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;
use crate::stores::now_ms;

/// Page `/` around 100, page `/b` around 200, and some samples without a page; every minute, `n` of each.
fn tagged(home: &Home, n: i64) {
    let mut lines = String::new();
    for minute in 0..n {
        let at_ms = now_ms() - minute * 60_000;
        for (value, context) in [
            (100, r#"{"page":"/","browser":"chrome"}"#),
            (200, "{\"page\":\"/b\",\"browser\":\"fire\\u001bfox\"}"),
            (300, "{}"),
        ] {
            let value = value + minute % 5;
            writeln!(lines, r#"{{"metric":"lcp","value":{value},"timestamp":{at_ms},"context":{context}}}"#)
                .expect("text");
        }
    }
    let file = home.write("samples.jsonl", lines);
    let answer = home.answer(&home.perftop("ingest").arg(file).output().expect("perftop starts"));
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

fn run(home: &Home, words: &[&str]) -> crate::home::Answer {
    home.answer(&home.perftop("").args(words).output().expect("perftop starts"))
}

#[test]
fn baselines_are_taken_apart_by_tags() {
    let home = Home::new();
    tagged(&home, 40);
    let answer = run(&home, &["baseline", "lcp", "--by", "page,browser", "--format", "json"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{answer:?}");
    let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let rows = json["baselines"].as_array().expect("rows");
    assert_eq!(rows.len(), 3 * 3);
    assert!(json.get("limited").is_none());
    assert_eq!(rows[0]["series"], r#"lcp{page="/",browser="chrome"}"#);
    assert_eq!(
        (&rows[0]["metric"], &rows[0]["tags"]["page"], &rows[0]["count"]),
        (&"lcp".into(), &"/".into(), &40.into())
    );
    assert_eq!((&rows[3]["tags"]["browser"], &rows[3]["mean"]), (&"fire\u{1b}fox".into(), &202.0.into()));
    assert_eq!(
        (&rows[6]["tags"]["page"], &rows[6]["mean"], &rows[6]["exact"]),
        (&Value::Null, &302.0.into(), &true.into())
    );

    let text = run(&home, &["baseline", "--by", "browser"]).stdout;
    assert!(text.contains(r#"lcp{browser="fire\u{1b}fox"}"#) && text.contains("lcp{browser=none}"), "{text}");
    let pasted = run(&home, &["baseline", r#"lcp{browser="fire\u{1b}fox"}"#, "--format", "csv"]).stdout;
    assert!(pasted.contains("24h,40,202,"), "{pasted}");
    let csv = run(&home, &["baseline", "--by", " page,page ", "--format", "csv"]).stdout;
    assert!(csv.starts_with("metric,unit,window,count,mean,std_dev,min,p50,p95,p99,max,exact\n"), "{csv}");
    assert!(csv.contains("\"lcp{page=\"\"/\"\"}\",none,24h,40,102,"), "{csv}");
}

#[test]
fn a_segment_stands_where_a_metric_does() {
    let home = Home::new();
    tagged(&home, 40);
    let name = r#"lcp{page="/b"}"#;
    let one = run(&home, &["baseline", name, "--format", "csv"]).stdout;
    assert_eq!(one.lines().count(), 4);
    assert!(one.contains("24h,40,202,"), "{one}");
    let chart = run(&home, &["spc", name, "--format", "json"]);
    let json: Value = serde_json::from_str(&chart.stdout).expect("JSON");
    assert_eq!((&json["metric"], &json["sample_count"]), (&name.into(), &40.into()), "{chart:?}");
    assert!(json["limits"]["center"].as_f64().is_some_and(|center| (center - 202.0).abs() < 0.1), "{json}");
    let drawn = run(&home, &["spc", name]);
    assert!(drawn.stdout.contains("no sample breaks a rule"), "{drawn:?}");
    let hours = run(&home, &["trends", name, "--format", "csv"]).stdout;
    let counts = hours.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse::<u64>().ok());
    assert_eq!(counts.sum::<u64>(), 40, "{hours}");
}

#[rstest]
#[case(&["baseline", "lcp", "--by", "pge"], 2, "no tag `pge` of `lcp`: there are browser, page")]
#[case(&["baseline", "--by", "pge"], 2, "no tag `pge` of any metric: there are browser, page")]
#[case(&["spc", r#"lcp{pge="/"}"#], 2, "no tag `pge` of `lcp`: there are browser, page")]
#[case(&["baseline", "--by", "page,"], 2, "a tag without a name")]
#[case(&["spc", "lcp{page}"], 2, r#"`lcp{page}` is no segment: write METRIC{tag="value"}"#)]
#[case(&["spc", r#"lpc{page="/"}"#], 2, "no metric `lpc`: did you mean `lcp`?")]
#[case(&["spc", r#"lcp{page="/c"}"#], 3, "in the last 24h: try a longer --window")]
#[case(&["spc", r#"lcp{page="/c"}"#, "-w", "all"], 3, r#"no samples of `lcp{page="/c"}`"#)]
#[case(&["baseline", r#"lcp{page="/c"}"#], 3, "in any window")]
#[case(&["baseline", r#"lcp{page="/"}"#, "--by", "browser"], 2, "name the metric without its tags")]
fn what_is_not_there_is_said(#[case] words: &[&str], #[case] code: i32, #[case] said: &str) {
    let home = Home::new();
    tagged(&home, 2);
    let answer = run(&home, words);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(code), ""), "{answer:?}");
    assert!(answer.stderr.contains(said), "{}", answer.stderr);
}

#[test]
fn a_limit_that_bites_is_said() {
    let home = Home::new();
    let line = |number: i64| {
        let at_ms = now_ms() - number;
        format!(
            "{{\"metric\":\"lcp\",\"value\":{number},\"timestamp\":{at_ms},\"context\":{{\"request\":\"{number}\"}}}}\n"
        )
    };
    let file = home.write("samples.jsonl", (0..1_100).map(line).collect::<String>());
    home.perftop("ingest").arg(file).output().expect("perftop starts");
    let answer = run(&home, &["baseline", "lcp", "--by", "request", "--format", "json"]);
    let said = "lcp: 800 segments beyond the 200 largest (800 samples) summed up as other";
    assert!(answer.stderr.contains(said), "{}", answer.stderr);
    let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(json["limited"]["lcp"]["unkept_samples"], 100);
    let rows = json["baselines"].as_array().expect("rows");
    assert_eq!((&rows[600]["tags"]["request"]["other"], &rows[600]["count"]), (&true.into(), &900.into()));
}

#[rstest]
#[case("rolling", 103.0)]
#[case("smoothed", 102.0)]
fn what_is_expected_is_told_for_each_segment(#[case] kind: &str, #[case] of_page: f64) {
    let home = Home::new();
    tagged(&home, 300);
    let answer = run(&home, &["baseline", "lcp", "--by", "page", "--kind", kind, "--format", "json"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{answer:?}");
    let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!((&json["schema"], &json["kind"]), (&"perftop.expected/1".into(), &kind.into()));
    let series = json["series"].as_array().expect("series");
    assert_eq!((series.len(), &series[0]["tags"]["page"]), (3, &"/".into()));
    let hours = series[0]["by_hour"].as_array().expect("hours");
    let expected = hours[23]["expected"].as_f64().expect("four hours are known");
    assert!((expected - of_page).abs() < 0.5, "{expected}");
    assert_eq!((hours.len(), &hours[0]["expected"], &hours[0]["count"]), (24, &Value::Null, &0.into()));

    let one = run(&home, &["baseline", r#"lcp{page="/"}"#, "--kind", kind, "--format", "csv"]).stdout;
    assert_eq!(one.lines().count(), 1 + 24, "{one}");
    let now = run(&home, &["baseline", "--by", "page", "--kind", kind]).stdout;
    assert!(now.contains("EXPECTED") && now.lines().count() == 1 + 3, "one row for each of several series: {now}");
}

#[test]
fn what_cannot_be_expected_is_said() {
    let home = Home::new();
    tagged(&home, 5);
    let seasonal = run(&home, &["baseline", "lcp", "--kind", "seasonal", "--format", "json"]);
    let json: Value = serde_json::from_str(&seasonal.stdout).expect("JSON");
    assert_eq!(json["series"][0]["by_hour"][23]["expected"], Value::Null, "no week is known");
    let unknown = run(&home, &["baseline", "--kind", "weekly"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("expected one of rolling, smoothed, seasonal"), "{}", unknown.stderr);
}
