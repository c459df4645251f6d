//! The configuration: its layers, its mistakes, and that nothing is written uninvited.

use std::fs;
use std::path::Path;

use perftop::app::Action;
use perftop::config::{self, Config, Origin, Setting, Sources};
use rstest::rstest;

use crate::home::Home;

/// Every file in `data/config` is wrong, and the text beside it says how; write that text anew with
/// `UPDATE_EXPECTED=1 cargo test --test cli`.
#[test]
fn every_mistake_is_said_with_its_place() {
    let mut seen = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/data/config")).expect("test data") {
        let path = entry.expect("test data").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        seen += 1;
        let home = Home::new();
        home.write("wrong.toml", fs::read(&path).expect("test data"));
        let answer = home.run("config check --config wrong.toml");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &answer.stderr).expect("test data is writable");
        }
        assert_eq!(answer.stderr, fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{}", path.display());
    }
    assert!(seen > 10, "only {seen} files of test data");
}

#[test]
fn the_strongest_word_wins_and_its_origin_is_shown() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[display]\nwindow = \"6h\"\ntheme = \"mono\"\nsymbols = \"block\"\n");
    let print = |command: &mut assert_cmd::Command| home.answer(&command.output().expect("perftop starts")).stdout;

    let text = print(home.perftop("config print --color never").env("PERFTOP_THEME", "auto"));
    assert!(text.contains("window = \"6h\"  # ~/config/perftop/config.toml:2:10\n"), "{text}");
    assert!(text.contains("theme = \"auto\"  # PERFTOP_THEME\n"), "{text}");
    assert!(text.contains("symbols = \"block\"  # ~/config/perftop/config.toml:4:11\n"), "{text}");
    assert!(text.contains("color = \"never\"  # --color\n"), "{text}");
    assert!(text.contains("timezone = \"local\"\n"), "{text}");
}

#[test]
fn the_store_is_named_by_option_environment_or_file() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[store]\npath = \"here.db\"\ndrop_dir = \"~/in\"\n");
    let text = home.run("config print").stdout;
    assert!(text.contains("path = \"~/config/perftop/here.db\""), "{text}");
    assert!(text.contains("drop_dir = \"~/in\""), "{text}");
    let output = home.perftop("config print").env("PERFTOP_DB", "env.db").output().expect("perftop starts");
    assert!(home.answer(&output).stdout.contains("path = \"env.db\"  # PERFTOP_DB"));
    let output =
        home.perftop("config print --db flag.db").env("PERFTOP_DB", "env.db").output().expect("perftop starts");
    assert!(home.answer(&output).stdout.contains("path = \"flag.db\"  # --db"));
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    let home = Home::new();
    home.write(
        "first.toml",
        "[store]\nretention = \"400d\"\n[detect]\nrules = []\nmin_samples = 50\n[log]\nlevel = \"debug\"\n",
    );
    let printed = home.run("config print --config first.toml").stdout;
    home.write("second.toml", printed.replace('~', &home.path("").display().to_string()));
    let again = home.run("config print --config second.toml").stdout;
    let settings =
        |text: &str| text.lines().map(|line| line.split("  #").next().unwrap_or("").to_owned()).collect::<Vec<_>>();
    assert!(printed.contains("retention = \"400d\""), "{printed}");
    assert_eq!(settings(&printed), settings(&again).iter().map(|line| line.replace("~//", "~/")).collect::<Vec<_>>());
}

#[test]
fn the_commented_default_file_equals_the_defaults() {
    let home = Home::new();
    let template = home.run("config print --default").stdout;
    let uncommented: String = template
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    home.write("all.toml", &uncommented);
    let path = home.path("all.toml");
    let loaded = config::load(&Sources { file: Some(&path), env: &|_| None, flags: &[] }).expect("the file is right");
    let mut config = loaded.config.clone();
    let defaults = Config::default();
    for (path, default, below) in [
        (&mut config.store.path, &defaults.store.path, "perftop.db"),
        (&mut config.store.drop_dir, &defaults.store.drop_dir, "drop"),
    ] {
        assert!(path.ends_with(Path::new(".local/share/perftop").join(below)), "{}", path.display());
        path.clone_from(default);
    }
    assert_eq!(config, defaults);
    for setting in Setting::EVERY {
        assert_ne!(loaded.origin(setting), Origin::Default, "{setting:?} is missing in the default file");
    }
    for action in Action::EVERY {
        assert!(uncommented.contains(&format!("\n{action} = [")), "{action} is missing in the default file");
    }
}

#[test]
fn the_examples_in_the_default_file_are_right() {
    let home = Home::new();
    let template = home.run("config print --default").stdout;
    let example = |line: &str| line.starts_with("# [") || line.starts_with("# unit") || line.contains(" = ");
    let text: String = template
        .lines()
        .filter(|line| line.starts_with("# ") && !line.contains("PERFTOP") && example(line))
        .map(|line| line.trim_start_matches("# "))
        .fold(String::new(), |text, line| text + line + "\n");
    home.write("examples.toml", &text);
    let answer = home.run("config check --config examples.toml");
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("[metrics.") && text.contains("[theme]"), "{text}");
}

#[rstest]
#[case("config print")]
#[case("config print --default")]
#[case("config path")]
#[case("config check")]
fn nothing_is_written_uninvited(#[case] words: &str) {
    let home = Home::new();
    assert_eq!(home.run(words).code, Some(0));
    assert!(home.is_untouched());
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let home = Home::new();
    let answer = home.run("config check --config nowhere.toml");
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.starts_with("nowhere.toml: cannot read the configuration: "), "{}", answer.stderr);
    let output = home.perftop("config path").env("PERFTOP_CONFIG", "nowhere.toml").output().expect("perftop starts");
    assert_eq!(home.answer(&output).stdout, "nowhere.toml\n");
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    let home = Home::new();
    let output = home.perftop("config check").env("PERFTOP_ALERTS_COOLDOWN", "soon").output().expect("perftop starts");
    let answer = home.answer(&output);
    assert_eq!(answer.code, Some(2));
    assert!(
        answer.stderr.starts_with("PERFTOP_ALERTS_COOLDOWN: [alerts] cooldown: `soon` is not"),
        "{}",
        answer.stderr
    );
}
