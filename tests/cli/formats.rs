//! JSON and CSV: what scripts rely on, also with names that were made to do harm.

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;
use crate::stores;

const COMMANDS: [(&str, &str); 6] = [
    ("dashboard", "perftop.dashboard/1"),
    ("spc api_response_time", "perftop.spc/1"),
    ("trends api_response_time", "perftop.trends/1"),
    ("baseline", "perftop.baseline/1"),
    ("anomalies", "perftop.anomalies/1"),
    ("doctor", "perftop.doctor/1"),
];

/// Escape sequences, a line break, a mark that turns the line round, a formula, a C1 control.
const HOSTILE: [&str; 5] =
    ["\u{1b}[2J\u{1b}[31mred", "two\nlines", "abc\u{202e}fed", "=cmd|' /C calc'!A0", "\u{9b}31m,\"q\""];

#[test]
fn every_json_answer_says_what_it_is() {
    let home = Home::new();
    stores::filled(&home);
    for (words, schema) in COMMANDS {
        let text = home.run(&format!("{words} --format json")).stdout;
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["schema"], schema);
        assert!(text.starts_with("{\n  \"schema\": "), "{text}");
    }
}

#[test]
fn the_numbers_of_the_chart_are_all_there() {
    let home = Home::new();
    stores::filled(&home);
    let json: Value = serde_json::from_str(&home.run("spc api_response_time --format json").stdout).expect("JSON");
    assert_eq!(json["sample_count"], stores::SAMPLES);
    let (center, sigma) = (json["limits"]["center"].as_f64().unwrap(), json["limits"]["sigma"].as_f64().unwrap());
    assert!((json["limits"]["ucl"].as_f64().unwrap() - (center + 3.0 * sigma)).abs() < 1e-9, "{json}");
    let violations = json["violations"].as_array().unwrap();
    assert_eq!(violations.last().unwrap()["value"], 245.0);
    assert_eq!(violations.last().unwrap()["rule"], "beyond-limit");
}

#[rstest]
#[case("baseline", "beyond-limit", "FROM MEAN")]
#[case("individuals", "beyond-limit", "FROM MEAN")]
#[case("moving-range", "1 signal of the moving range chart", "STATISTIC")]
#[case("ewma", "of the EWMA chart", "STATISTIC")]
#[case("cusum", "of the CUSUM chart", "SHIFT BEGAN")]
fn every_control_chart_answers_in_every_format(#[case] chart: &str, #[case] said: &str, #[case] column: &str) {
    let home = Home::new();
    stores::filled(&home);
    let run =
        |format: &str| home.run(&format!("spc api_response_time --on raw --chart {chart} --format {format}")).stdout;
    let text = run("text");
    assert!(text.contains(said) && text.contains(column), "{text}");
    let json: Value = serde_json::from_str(&run("json")).expect("JSON");
    assert_eq!(json["chart"], chart);
    let newest = json["violations"].as_array().unwrap().last().unwrap();
    assert_eq!((newest["value"].as_f64(), newest["rule"].as_str()), (Some(245.0), Some("beyond-limit")));
    let is_of_values = matches!(chart, "baseline" | "individuals");
    assert_eq!(newest.get("statistic").is_none(), is_of_values, "{newest}");
    assert_eq!(newest.get("shift_began_ms").is_some(), chart == "cusum", "{newest}");
    let csv = run("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header, ["timestamp_ms", "value", "rule", "statistic", "statistic_low", "lcl", "center", "ucl"]);
    let last = reader.records().last().unwrap().unwrap();
    let number = |at: usize| last[at].parse::<f64>().unwrap();
    assert!((number(7) - json["limits"]["ucl"].as_f64().unwrap()).abs() < 1e-9, "{last:?} {json}");
    assert!(number(3) > number(7), "the newest is beyond its limit: {last:?}");
    assert_eq!(last[4].is_empty(), chart != "cusum");
}

/// Five days that double by day, and a night with a value that is usual by day.
#[test]
fn a_daily_cycle_is_expected_unless_raw_values_are_asked_for() {
    let home = Home::new();
    let now_ms = perftop::clock::Clock::System.now_ms();
    let sample = |i: i64| {
        let timestamp_ms = now_ms - (5 * 144 - i) * 600_000;
        let is_day = (6..18).contains(&(timestamp_ms / 3_600_000 % 24));
        let value = if is_day { 200.0 } else { 100.0 } + [0.0, 1.0, -1.0, 0.5, -0.5, 0.2, -1.2][(i % 7) as usize];
        perftop::model::NewSample { timestamp_ms, value, ..stores::sample("rps", 0.0) }
    };
    let mut samples: Vec<_> = (0..5 * 144).map(sample).collect();
    let night = samples.iter().rposition(|sample| sample.value < 150.0 && sample.timestamp_ms / 3_600_000 % 24 < 4);
    samples[night.unwrap()].value = 160.0;
    stores::append(&home.store(), &samples);
    let run = |on: &str| -> Value {
        let answer = home.run(&format!("spc rps --window 7d --on {on} --format json"));
        serde_json::from_str(&answer.stdout).expect("JSON")
    };
    let found = |json: &Value| {
        let violations = json["violations"].as_array().unwrap();
        violations.iter().any(|violation| violation["value"] == 160.0 && violation["rule"] == "beyond-limit")
    };
    let (raw, left) = (run("raw"), run("residuals"));
    assert!(!found(&raw) && found(&left), "{left}");
    assert_eq!((&raw["taken_out"], &raw["expected"]), (&Value::Null, &Value::Null));
    assert_eq!(left["taken_out"]["rhythm"], "day");
    assert_eq!(left["limits"], raw["limits"], "level limits are those of the samples");
    let expected = &left["expected"];
    let width = |lines: &Value| lines["ucl"].as_f64().unwrap() - lines["lcl"].as_f64().unwrap();
    assert!(width(expected) < width(&raw["limits"]) / 2.0, "{expected}");
}

#[test]
fn every_csv_answer_has_a_header_and_whole_rows() {
    let home = Home::new();
    stores::filled(&home);
    for (words, _) in COMMANDS {
        let text = home.run(&format!("{words} --format csv")).stdout;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(reader.headers().expect("a header").len() >= 3, "{words}");
        // The reader refuses rows that are longer or shorter than the header.
        let rows: Vec<_> = reader.records().collect::<Result<_, _>>().expect("whole rows");
        assert!(!rows.is_empty(), "{words}: {text}");
    }
}

#[test]
fn the_chart_as_csv_has_every_sample() {
    let home = Home::new();
    stores::filled(&home);
    let text = home.run("spc heap_bytes --format csv").stdout;
    assert_eq!(i64::try_from(text.lines().count()), Ok(1 + stores::SAMPLES));
}

#[rstest]
fn hostile_names_are_data_in_every_format(#[values("text", "json", "csv")] format: &str) {
    let home = Home::new();
    for name in HOSTILE {
        stores::append(&home.store(), &(0..40).map(|i| stores::sample(name, f64::from(i % 3))).collect::<Vec<_>>());
    }
    for words in ["dashboard", "baseline", "anomalies"] {
        let text = home.run(&format!("{words} --format {format}")).stdout;
        let acts = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!text.contains(acts), "{words}: {text:?}");
    }
}

#[test]
fn json_gives_names_back_as_they_were_and_csv_disarms_formulas() {
    let home = Home::new();
    for name in HOSTILE {
        stores::append(&home.store(), &[stores::sample(name, 1.0)]);
    }
    let json: Value = serde_json::from_str(&home.run("dashboard --format json").stdout).expect("JSON");
    let mut names: Vec<_> =
        json["series"].as_array().unwrap().iter().map(|row| row["metric"].as_str().unwrap()).collect();
    let mut expected = HOSTILE;
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);

    let text = home.run("dashboard --format csv").stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let fields: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
    assert!(fields.contains(&"'=cmd|' /C calc'!A0".to_owned()), "{fields:?}");
    assert!(fields.contains(&"two^Jlines".to_owned()), "{fields:?}");
}

#[test]
fn a_hostile_name_on_the_command_line_is_shown_as_data() {
    let home = Home::new();
    stores::filled(&home);
    let output = home.perftop("spc").arg("\u{1b}[31mred\n").output().expect("perftop starts");
    let answer = home.answer(&output);
    assert_eq!(answer.code, Some(2));
    assert_eq!(answer.stderr, "perftop: no metric `^[[31mred^J`: `perftop dashboard` lists them\n");
}
