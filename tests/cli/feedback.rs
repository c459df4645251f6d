//! What the user says of alerts, and what they are told of them.

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;
use crate::stores;

fn json(home: &Home, words: &str) -> Value {
    serde_json::from_str(&home.run(words).stdout).unwrap()
}

#[test]
fn an_alert_is_listed_called_false_and_counted() {
    let home = Home::new();
    stores::filled(&home);
    let listed = json(&home, "alerts --format json");
    assert_eq!((&listed["schema"], &listed["precision"]), (&"perftop.alerts/1".into(), &Value::Array(vec![])));
    let alert = &listed["alerts"][0];
    assert_eq!((&alert["metric"], &alert["rule"]), (&"api_response_time".into(), &"beyond-limit".into()));
    assert_eq!((&alert["peak_value"], &alert["unit"], &alert["label"]), (&245.0.into(), &"ms".into(), &Value::Null));
    assert_eq!(alert["peak_ms"], alert["first"]["timestamp_ms"]);
    let id = alert["id"].as_i64().unwrap();

    let answer = home.run(&format!("label {id} false"));
    let said = "beyond-limit on api_response_time: 0 of 1 labelled alert true (0 %)";
    assert_eq!(answer.stdout, format!("alert {id} (beyond-limit on api_response_time): false; {said}\n"));
    assert_eq!(answer.code, Some(0));
    let text = home.run("alerts").stdout;
    assert!(text.contains(" false ") && text.contains(said), "{text}");
    let precision = &json(&home, "alerts --format json")["precision"][0];
    assert_eq!((&precision["labelled"], &precision["called_true"]), (&1.into(), &0.into()));

    let answer = home.run(&format!("label {id} none"));
    assert!(answer.stdout.ends_with(": without a label\n"), "{}", answer.stdout);
    assert!(json(&home, "alerts --format json")["precision"].as_array().unwrap().is_empty());
    assert_eq!(home.run("alerts --metric heap_bytes --since 1h").stdout.lines().count(), 1, "none");
}

#[rstest]
#[case("label 99 true", "no alert 99: `perftop alerts` lists them with their numbers")]
#[case("label 1 maybe", "invalid value 'maybe'")]
#[case("label one true", "invalid value 'one'")]
fn what_is_not_meant_is_refused(#[case] words: &str, #[case] reason: &str) {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run(words);
    assert_eq!((answer.code, &*answer.stdout), (Some(2), ""));
    assert!(answer.stderr.contains(reason), "{}", answer.stderr);
}

#[test]
fn a_missing_store_is_not_made_by_a_label() {
    let home = Home::new();
    assert_eq!(home.run("label 1 true").code, Some(3));
    assert!(!home.path("data").exists());
}
