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
    // A rule that says the same of a sample every time.
    home.write("config/perftop/config.toml", "[detect]\nalerts = [\"beyond-limit\"]\n");
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

    let why = json(&home, &format!("why {id} --format json"));
    assert_eq!((&why["schema"], &why["id"], &why["label"]), (&"perftop.why/1".into(), &id.into(), &false.into()));
    let explanation = &why["explanations"][0];
    assert_eq!((&explanation["observed"], &explanation["samples"]), (&245.0.into(), &1.into()));
    assert!(explanation["expected"].as_f64().is_some_and(|mean| (mean - 145.0).abs() < 1.0), "{explanation}");
    assert!(explanation["rarity"].as_str().unwrap().ends_with(" sd from the mean of 399 values"), "{explanation}");
    assert_eq!((&why["evidence"][0]["value"], why["evidence"].as_array().unwrap().len()), (&245.0.into(), 1));
    let text = home.run(&format!("why {id}")).stdout;
    for said in
        ["beyond-limit on api_response_time, critical, firing", "245 ms is above the upper limit", "goes on", said]
    {
        assert!(text.contains(said), "{text}");
    }

    let answer = home.run(&format!("label {id} none"));
    assert!(answer.stdout.ends_with(": without a label\n"), "{}", answer.stdout);
    assert!(json(&home, "alerts --format json")["precision"].as_array().unwrap().is_empty());
    assert_eq!(home.run("alerts --metric heap_bytes --since 1h").stdout.lines().count(), 1, "none");
}

#[test]
fn how_often_a_metric_was_told_of_is_shown_with_its_budget() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[detect]\nalerts = [\"surprise\"]\nbudget = \"2/week\"\n");
    stores::filled(&home);
    let listed = json(&home, "alerts --format json");
    let rate = &listed["toast_rates"][0];
    assert_eq!((&rate["metric"], &rate["budget"]), (&"api_response_time".into(), &"2/week".into()), "{listed}");
    assert_eq!(rate["toasts"], 1);
    let id = listed["alerts"][0]["id"].as_i64().unwrap();
    let why = json(&home, &format!("why {id} --format json"));
    assert_eq!(
        (&why["toast_rate"]["toasts"], &why["toast_rate"]["toasts_from"]),
        (&rate["toasts"], &rate["toasts_from"])
    );
    let text = home.run(&format!("why {id}")).stdout;
    assert!(text.contains("1 toast in ") && text.contains(", budget 2/week; toasts from 20.7 nats"), "{text}");

    let label = |word: &str| home.run(&format!("label {id} {word}")).stdout;
    assert!(label("false").ends_with("0 of 1 labelled alert true (0 %); toasts from 21.7 nats\n"));
    assert!(home.run(&format!("why {id}")).stdout.contains("; toasts from 21.7 nats"));
    assert!(label("none").ends_with(": without a label; toasts from 20.7 nats\n"), "taken back");
}

#[rstest]
#[case("label 99 true", "no alert 99: `perftop alerts` lists them with their numbers")]
#[case("why 99", "no alert 99: `perftop alerts` lists them with their numbers")]
#[case("why lcp", "an alert is named by its number, such as 7: `perftop alerts` lists them with their numbers")]
#[case("label 1 maybe", "invalid value 'maybe'")]
#[case(
    "label one true",
    "invalid value 'one' for '<ALERT>': an alert is named by its number, such as 7: `perftop alerts`"
)]
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

#[test]
fn what_is_muted_is_listed_and_nobody_is_told() {
    let home = Home::new();
    stores::filled(&home);
    assert_eq!(home.run("status").code, Some(1));
    let answer = home.run("mute api_response_time --rule surprise --for 2h --reason load-test");
    assert!(answer.stdout.contains("surprise") && answer.stdout.contains("load-test"), "{}", answer.stdout);
    assert_eq!(home.run("status").stdout, "Performance OK\n");
    let listed = json(&home, "alerts --format json");
    assert_eq!((&listed["alerts"][0]["is_muted"], &listed["alerts"][0]["state"]), (&true.into(), &"firing".into()));
    assert!(home.run("alerts").stdout.contains(" muted "));
    let mutes = json(&home, "mute --format json");
    assert_eq!(mutes["mutes"][0]["metric"], "api_response_time");
    let (until_ms, now_ms) = (mutes["mutes"][0]["until_ms"].as_i64().unwrap(), stores::now_ms());
    assert!((until_ms - now_ms - 7_200_000).abs() < 3_600_000, "{until_ms}");
    assert_eq!(home.run("unmute api_response_time").stdout, "ended 1 mute\n");
    assert_eq!((home.run("status").code, home.run("mute").stdout), (Some(1), "nothing is muted\n".to_owned()));
    home.run("mute --all");
    assert_eq!(home.run("status").code, Some(0));
    assert_eq!(home.run("unmute --all").code, Some(0));
}

#[rstest]
#[case("mute nothing_like_it", "no metric `nothing_like_it`")]
#[case("mute api_response_tim", "did you mean `api_response_time`?")]
#[case("mute heap_bytes --for ever", "--for: ")]
#[case("mute heap_bytes --until noon", "`noon` is no instant")]
#[case("mute heap_bytes --until 2020-01-01T00:00:00Z", "the mute would end before it begins")]
#[case("mute heap_bytes --for 99999999d", "that is too far ahead")]
#[case("mute heap_bytes --rule odd", "unknown rule `odd`")]
#[case("mute --for 2h", "Name a metric, or say --all")]
#[case("mute heap_bytes --all", "cannot be used with")]
#[case("unmute", "Name a metric, or say --all")]
#[case("unmute heap_bytes", "no such mute")]
fn a_mute_that_is_not_meant_is_refused(#[case] words: &str, #[case] reason: &str) {
    let home = Home::new();
    stores::filled(&home);
    let answer = home.run(words);
    assert_eq!((answer.code, &*answer.stdout), (Some(2), ""));
    assert!(answer.stderr.contains(reason), "{}", answer.stderr);
    assert_eq!(home.run("mute").stdout, "nothing is muted\n");
}
