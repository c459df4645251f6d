//! Help, completions and manual pages: made from one command line, so they cannot disagree with it.

use std::fs;

use rstest::rstest;

use crate::home::Home;

#[rstest]
fn completions_are_made_for_every_shell(#[values("bash", "zsh", "fish", "elvish", "powershell")] shell: &str) {
    let answer = Home::new().run(&format!("completions {shell}"));
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    assert!(answer.stdout.contains("perftop") && answer.stdout.contains("completions"), "{}", answer.stdout);
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let home = Home::new();
    let answer = home.run("man pages");
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    for page in ["perftop", "perftop-config", "perftop-config-print", "perftop-man"] {
        let text = fs::read_to_string(home.path(&format!("pages/{page}.1"))).expect("the page is there");
        assert!(text.contains(".SH NAME") && text.contains(page.trim_end_matches("-print")), "{page}: {text}");
    }
}

#[test]
fn the_main_page_goes_to_stdout() {
    let home = Home::new();
    let answer = home.run("man");
    assert!(answer.stdout.contains(".SH NAME"), "{}", answer.stdout);
    assert!(home.is_untouched());
}

#[rstest]
#[case("--help", "Exit codes")]
#[case("--version", "perftop ")]
#[case("config --help", "Usage: perftop config")]
#[case("help config print", "Usage: perftop config print")]
fn help_is_an_answer(#[case] words: &str, #[case] expected: &str) {
    let answer = Home::new().run(words);
    assert!(answer.stdout.contains(expected), "{}", answer.stdout);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
}

#[rstest]
#[case("--no-such-option")]
#[case("no-such-command")]
#[case("completions klingon")]
#[case("--window 3fortnights")]
#[case("--window 7d config path")]
#[case("-v -q config path")]
fn wrong_usage_is_said_on_stderr(#[case] words: &str) {
    let answer = Home::new().run(words);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(!answer.stderr.is_empty());
}
