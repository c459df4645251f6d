//! `perftop record`: one sample from the command line.

use perftop::store::Store;
use rstest::rstest;

use crate::home::Home;

#[test]
fn a_sample_is_recorded_with_its_tags() {
    let home = Home::new();
    let words = "record cpu -3.5 --timestamp 2023-11-14T22:13:20Z --context host=web-1 -c note=a=b";
    let answer = home.run(words);
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(0), "", ""));
    let store = home.path("data/perftop/perftop.db");
    let tail = Store::open_read(&store).unwrap().tail(0, 10).unwrap();
    let [sample] = &tail.samples[..] else { panic!("{tail:?}") };
    assert_eq!((&*sample.metric, sample.value, sample.timestamp_ms), ("cpu", -3.5, 1_700_000_000_000));
    let context: String = rusqlite::Connection::open(&store)
        .unwrap()
        .query_row("SELECT context_json FROM performance_samples", [], |row| row.get(0))
        .unwrap();
    assert_eq!(context, r#"{"host":"web-1","note":"a=b"}"#);
}

#[rstest]
#[case("cpu nan", "`value` is not a finite number: nan")]
#[case("cpu 1e999", "`value` is not a finite number: 1e999")]
#[case("cpu fast", "`value` is not a finite number: fast")]
#[case("cpu 1 --timestamp 1700000000", "if it is in s, say --timestamp-unit s")]
#[case("cpu 1 --timestamp 1999-01-01T00:00:00Z", "is before 2000-01-01")]
#[case("cpu 1 --timestamp soon", "`soon` is not an instant")]
#[case("cpu 1 --context host", "expected KEY=VALUE")]
#[case("cpu 1 -c a=1 -c a=2", "the context has the tag `a` twice")]
fn what_a_line_may_not_say_the_command_line_may_not_either(#[case] words: &str, #[case] reason: &str) {
    let home = Home::new();
    let answer = home.run(&format!("record {words}"));
    assert_eq!(answer.code, Some(2), "{}", answer.stderr);
    assert!(answer.stderr.contains(reason), "{}", answer.stderr);
    assert!(!home.path("data").exists(), "nothing is created for a sample that is refused");
}

#[test]
fn an_empty_name_is_refused() {
    let home = Home::new();
    let answer = home.answer(&home.perftop("record").args(["", "1"]).output().unwrap());
    assert_eq!((answer.code, &*answer.stderr), (Some(2), "perftop: `metric_name` is empty\n"));
}
