//! Results of other tools: what `perftop ingest` and the drop directory make of the files that the tools wrote.

use std::fs;
use std::path::{Path, PathBuf};

use perftop::model::NewRun;
use perftop::model::text::printable;
use perftop::store::Store;
use rstest::rstest;

use crate::home::{Answer, Home};

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/data/results").join(file)
}

fn ingest(home: &Home, path: &Path) -> Answer {
    let output = home.perftop("ingest").arg(path).output().unwrap();
    home.answer(&output)
}

/// The closing line without how long it took.
fn closing(answer: &Answer) -> &str {
    answer.stderr.lines().last().unwrap_or_default().split(", in ").next().unwrap_or_default()
}

fn runs(home: &Home) -> Vec<NewRun> {
    let store = Store::open_read(&home.store()).unwrap();
    let modules = store.modules().unwrap();
    modules.iter().flat_map(|module| store.runs(&module.module, 1_000).unwrap()).map(|run| run.run).collect()
}

#[rstest]
#[case("hyperfine.json", 6)]
#[case("criterion", 3)]
#[case("cargo-bench.txt", 5)]
#[case("pytest-benchmark.json", 8)]
#[case("google-benchmark.json", 4)]
#[case("go-test.txt", 12)]
#[case("go-test-events.txt", 2)]
#[case("k6-summary-export.json", 1)]
#[case("k6-handle-summary.json", 1)]
#[case("oha.json", 1)]
#[case("wrk.txt", 1)]
#[case("lighthouse.json", 1)]
fn results_are_runs_and_the_same_file_records_nothing_twice(#[case] file: &str, #[case] count: u64) {
    let home = Home::new();
    let first = ingest(&home, &data(file));
    let said = if count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
    assert_eq!((first.code, closing(&first)), (Some(0), &*format!("{said}, 0 rejected")));
    let recorded = runs(&home);
    assert_eq!(recorded.len() as u64, count);
    let samples = |home: &Home| Store::open_read(&home.store()).unwrap().totals().unwrap().sample_count;
    let before = samples(&home);
    assert_eq!(before, recorded.iter().map(|run| run.samples().len() as u64).sum::<u64>());
    let again = ingest(&home, &data(file));
    assert_eq!(closing(&again), format!("{said} ({count} of them recorded before), 0 rejected"));
    assert_eq!((samples(&home), runs(&home)), (before, recorded));
}

#[test]
fn runs_that_were_forgotten_for_newer_ones_are_not_recorded_again() {
    let home = Home::new();
    home.write("config/perftop/config.toml", "[runs]\nkeep_runs = 2\n");
    for _ in 0..2 {
        assert_eq!(ingest(&home, &data("go-test.txt")).code, Some(0));
    }
    let modules: Vec<String> = runs(&home).iter().map(|run| run.module.to_string()).collect();
    assert_eq!(modules.iter().filter(|module| *module == "BenchmarkSum").count(), 2);
    let store = Store::open_read(&home.store()).unwrap();
    let times =
        store.points("BenchmarkSum.duration_ms", perftop::model::TimeRange { from_ms: i64::MIN, until_ms: i64::MAX });
    assert_eq!(times.unwrap().len(), 3);
}

#[test]
fn a_torn_or_hostile_file_is_named_with_its_line_and_sends_nothing_to_the_terminal() {
    let home = Home::new();
    let whole = fs::read_to_string(data("hyperfine.json")).unwrap();
    let torn = home.write("torn.json", &whole[..whole.len() / 2]);
    let answer = ingest(&home, &torn);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("torn.json:") && answer.stderr.contains("not JSON: EOF"), "{}", answer.stderr);
    let hostile = home.write("\u{1b}[2J.json", whole.replace("sleep", "\\u001b[31m\\nsleep"));
    let answer = ingest(&home, &hostile);
    assert_eq!(closing(&answer), "6 runs, 0 rejected");
    assert_eq!(&*runs(&home)[0].module, "\u{1b}[31m\nsleep 0.01");
    let answer = ingest(&home, &home.write("\u{1b}[3J.json", "{\n\"a\": \"\\u001b[2J\"}\n"));
    assert!(answer.stderr.contains("say --format"), "{}", answer.stderr);
    assert_eq!(printable(&answer.stderr.replace('\n', "")), answer.stderr.replace('\n', ""));
}

#[test]
fn a_directory_without_results_is_no_input() {
    let home = Home::new();
    fs::create_dir_all(home.path("empty/new")).unwrap();
    let answer = ingest(&home, &home.path("empty"));
    assert_eq!(answer.code, Some(5));
    assert!(answer.stderr.contains("is a directory"), "{}", answer.stderr);
}

#[test]
fn a_format_that_is_named_is_the_one_that_is_read() {
    let home = Home::new();
    let text = fs::read(data("oha.json")).unwrap();
    let answer = home.answer(&home.perftop("ingest --format oha").write_stdin(text.clone()).output().unwrap());
    assert_eq!(closing(&answer), "1 run, 0 rejected");
    assert_eq!(&*runs(&home)[0].module, "oha");
    let answer = home.answer(&home.perftop("ingest --format k6").write_stdin(text).output().unwrap());
    assert!(answer.stderr.contains("stdin:"), "{}", answer.stderr);
    assert_eq!(answer.code, Some(1));
}
