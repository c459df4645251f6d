//! What the tools themselves wrote, and everything that can be wrong with it. Where the files come from stands beside them.

use std::path::{Path, PathBuf};

use rstest::rstest;

use super::*;
use crate::ingest::Format;
use crate::model::{Environment, NewRun, RunExit, measure};

/// After the files were made.
const NOW_MS: i64 = 1_795_400_000_000;
/// When they were written.
const WRITTEN_MS: i64 = 1_795_345_000_000;

const FILES: [&str; 18] = [
    "hyperfine.json",
    "hyperfine-failed.json",
    "pytest-benchmark.json",
    "google-benchmark.json",
    "google-benchmark-repetitions.json",
    "criterion/sort_stable/64/new/estimates.json",
    "criterion/sum of squares/new/estimates.json",
    "k6-summary-export.json",
    "k6-handle-summary.json",
    "oha.json",
    "oha-errors.json",
    "lighthouse.json",
    "lighthouse-failed.json",
    "cargo-bench.txt",
    "cargo-bench-changes.txt",
    "go-test.txt",
    "go-test-events.txt",
    "wrk.txt",
];

/// What vegeta's documentation shows, as nobody could run it here.
const VEGETA: &str = r#"{"latencies":{"total":20000000,"mean":2000000,"50th":1500000,"90th":3000000,"95th":3500000,
"99th":4000000,"max":5000000,"min":1000000},"bytes_in":{"total":600,"mean":60},"bytes_out":{"total":0,"mean":0},
"earliest":"2026-11-22T10:00:00Z","latest":"2026-11-22T10:00:00.9Z","end":"2026-11-22T10:00:01Z","duration":995000000,
"wait":5000000,"requests":10,"rate":10,"throughput":9,"success":0.9,"status_codes":{"200":9,"500":1},"errors":["500"]}"#;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/data/results").join(file)
}

fn text(file: &str) -> Vec<u8> {
    std::fs::read(path(file)).unwrap()
}

fn origin(path: Option<&Path>) -> Origin<'_> {
    Origin { path, at_ms: WRITTEN_MS, now_ms: NOW_MS }
}

/// What the first line with text says of an input of which nobody has said the format.
fn beginning(text: &[u8]) -> Beginning {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Beginning::of(line.trim(), true)
}

/// The tool that it tells; `None` where the rest of the document has to.
fn told(text: &[u8]) -> Option<Tool> {
    match beginning(text) {
        Beginning::Document(tool) => tool,
        Beginning::Other => None,
    }
}

/// The runs of a file, told by its content alone.
fn runs(file: &str) -> Vec<NewRun> {
    let (text, path) = (text(file), path(file));
    assert!(matches!(beginning(&text), Beginning::Document(_)), "{file} is told by its first line");
    let found = read(&text, told(&text), &origin(Some(&path)));
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    found.runs
}

#[rstest]
#[case("hyperfine.json", "hyperfine", 6, "sleep 0.01", &[("duration_ms", 11.515_141), ("memory_bytes", 5_484_544.0)])]
#[case("pytest-benchmark.json", "pytest-benchmark", 8, "test_sort[10]", &[("min_ms", 2.083_998_8e-4)])]
#[case("google-benchmark-repetitions.json", "google-benchmark", 6, "BM_StringCreation", &[
    ("duration_ms", 7.059_885_582_297_08e-7),
    ("cpu_ms", 7.022_458_832_139_18e-7),
])]
#[case("criterion/sort_stable/64/new/estimates.json", "criterion", 1, "sort/stable/64", &[
    ("duration_ms", 8.465_056_177e-5),
    ("median_ms", 8.054_722_128e-5),
    ("sd_ms", 2.505_606_297e-5),
    ("elements_per_second", 756_049_323.9),
])]
#[case("cargo-bench.txt", "cargo-bench", 5, "bench_bytes", &[("duration_ms", 53.86e-6), ("bytes_per_second", 19.32e9)])]
#[case("go-test.txt", "go-bench", 12, "BenchmarkSum", &[("duration_ms", 3.171e-7), ("allocations", 0.0)])]
#[case("go-test-events.txt", "go-bench", 2, "BenchmarkSum", &[("duration_ms", 8.418e-7)])]
#[case("k6-summary-export.json", "k6", 1, "k6-summary-export", &[
    ("api_latency_ms", 1.732_330_476),
    ("p50_ms", 1.007_448),
    ("p95_ms", 5.758_652),
    ("p99_ms", 14.721_900_2),
    ("requests_per_second", 937.444_720_27),
    ("errors_percent", 0.0),
])]
#[case("k6-handle-summary.json", "k6", 1, "k6-handle-summary", &[("p95_ms", 3.839_672), ("errors_percent", 0.0)])]
#[case("oha.json", "oha", 1, "oha", &[
    ("api_latency_ms", 6.474_194_335),
    ("p95_ms", 12.407_338),
    ("p99_ms", 16.224_183),
    ("max_ms", 18.768_065),
    ("requests_per_second", 596.546_259),
    ("errors_percent", 0.0),
])]
#[case("oha-errors.json", "oha", 1, "oha-errors", &[("errors_percent", 100.0)])]
#[case("wrk.txt", "wrk", 1, "http://127.0.0.1:18765/", &[
    ("api_latency_ms", 2.71),
    ("p50_ms", 1.73),
    ("p99_ms", 13.07),
    ("max_ms", 23.41),
    ("requests_per_second", 1_675.58),
    ("received_bytes_per_second", 310.99 * 1_024.0),
    ("errors_percent", 0.0),
])]
#[case("wrk-errors.txt", "wrk", 1, "http://127.0.0.1:18765/nothing", &[("errors_percent", 100.0)])]
#[case("lighthouse.json", "lighthouse", 1, "http://127.0.0.1:18765/", &[
    ("lcp_ms", 640.613_55),
    ("fcp_ms", 640.613_55),
    ("tbt_ms", 60.0),
    ("cls", 0.0),
    ("score", 100.0),
    ("transferred_bytes", 710.0),
])]
fn what_a_tool_wrote_becomes_runs(
    #[case] file: &str,
    #[case] tool: &str,
    #[case] count: usize,
    #[case] module: &str,
    #[case] expected: &[(&str, f64)],
) {
    let runs = runs(file);
    assert_eq!(runs.len(), count);
    let exit = match file {
        "k6-summary-export.json" | "k6-handle-summary.json" => 99,
        "oha-errors.json" | "wrk-errors.txt" => 1,
        _ => 0,
    };
    assert_eq!((&*runs[0].module, runs[0].exit), (module, RunExit::Code(exit)));
    assert!(runs.iter().all(|run| run.source == tool && run.batch == runs[0].batch));
    for (name, value) in expected {
        let found = runs[0].measured(name).unwrap_or_else(|| panic!("{name} of {:?}", runs[0]));
        assert!((found - value).abs() <= value.abs() * 1e-6, "{name}: {found}, not {value}");
    }
}

#[test]
fn every_file_is_told_by_its_content_and_has_keys_of_its_own() {
    let mut keys: Vec<String> = FILES.iter().flat_map(|file| runs(file)).map(|run| run.key).collect();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
    let again: Vec<NewRun> = runs("go-test.txt");
    assert_eq!(again, runs("go-test.txt"), "the same file, the same runs");
}

#[test]
fn what_failed_is_a_run_that_failed() {
    let exits = |file: &str| -> Vec<(String, RunExit)> {
        let failed = runs(file).into_iter().filter(|run| !run.exit.is_success());
        failed.map(|run| (run.module.to_string(), run.exit)).collect()
    };
    assert_eq!(exits("hyperfine-failed.json"), vec![("no such".to_owned(), RunExit::Code(3)); 2]);
    assert_eq!(exits("google-benchmark.json"), [("BM_Broken".to_owned(), RunExit::Code(1))]);
    assert_eq!(exits("go-test.txt"), vec![("BenchmarkBroken".to_owned(), RunExit::Code(1)); 3]);
    assert_eq!(exits("lighthouse-failed.json"), [("http://127.0.0.1:1/".to_owned(), RunExit::Code(1))]);
    assert!(runs("lighthouse-failed.json")[0].measures.is_empty());
    assert_eq!(exits("oha-errors.json"), [("oha-errors".to_owned(), RunExit::Code(1))]);
    assert_eq!(exits("wrk-errors.txt"), [("http://127.0.0.1:18765/nothing".to_owned(), RunExit::Code(1))]);
    let text = b"running 1 test\ntest a::b ... FAILED\n";
    assert_eq!(read(text, told(text), &origin(None)).runs[0].exit, RunExit::Code(101));
}

#[test]
fn where_and_when_is_taken_from_the_document() {
    let run = &runs("pytest-benchmark.json")[0];
    let here = Environment { cpu: "AMD EPYC".to_owned(), cores: 2, os: "linux x86_64".to_owned() };
    assert_eq!(run.environment, Some(here));
    assert_eq!(run.commit.as_deref(), Some("deb018251b3837db21d383f5cae0dc455e7a9d03"));
    assert_eq!((run.started_ms, &*run.tags["branch"]), (1_795_344_540_258, "master"));
    assert_eq!(runs("google-benchmark.json")[0].ended_ms, 1_795_343_792_000);
    assert_eq!(runs("google-benchmark.json")[0].environment.as_ref().map(|place| place.cores), Some(2));
    let go = &runs("go-test.txt")[0];
    assert_eq!(go.environment.as_ref().map(|place| (&*place.cpu, &*place.os)), Some(("AMD EPYC", "linux amd64")));
    assert_eq!((go.ended_ms, &*go.tags["package"]), (WRITTEN_MS, "example.com/sums"));
    let wrk = &runs("wrk.txt")[0];
    assert_eq!((wrk.started_ms, wrk.ended_ms), (WRITTEN_MS - 2_010, WRITTEN_MS));
    // One after the other, and the last ended when the file was written.
    let hyperfine = runs("hyperfine.json");
    assert!(
        hyperfine
            .windows(2)
            .all(|pair| pair[0].ended_ms <= pair[1].ended_ms && pair[0].started_ms < pair[1].started_ms)
    );
    assert_eq!(hyperfine[5].ended_ms, WRITTEN_MS);
    let means: Vec<Option<f64>> = hyperfine.iter().map(|run| run.measured(measure::CPU)).collect();
    assert_eq!(means.iter().flatten().count(), 2, "a mean of the command stands once: {means:?}");
}

#[test]
fn rounds_are_runs_where_there_are_few() {
    let runs = runs("pytest-benchmark.json");
    let of = |module: &str| runs.iter().filter(|run| &*run.module == module).count();
    assert_eq!(["test_sort[10]", "test_parse", "test_join"].map(of), [1, 5, 1]);
    let parse = runs.iter().find(|run| &*run.module == "test_parse").unwrap();
    assert_eq!(parse.measured("rows"), Some(3.0), "extra_info");
}

#[test]
fn criterions_text_is_read_with_and_without_changes() {
    for file in ["cargo-bench.txt", "cargo-bench-changes.txt"] {
        let modules: Vec<String> = runs(file).iter().map(|run| run.module.to_string()).collect();
        assert_eq!(
            modules,
            ["bench_bytes", "bench_push", "sum of squares", "sort/stable/64", "sort/stable/4096"],
            "{file}"
        );
    }
    let long = "Benchmarking a\na very long name of a benchmark\n                        time:   [1.0 s 2.0 s 3.0 s]\n";
    let found = read(long.as_bytes(), told(long.as_bytes()), &origin(None));
    assert_eq!(
        (&*found.runs[0].module, found.runs[0].measured("duration_ms")),
        ("a very long name of a benchmark", Some(2e3))
    );
}

#[test]
fn a_criterion_benchmark_is_called_by_its_path_where_nothing_else_says() {
    let text = text("criterion/sort_stable/64/new/estimates.json");
    let moved = Path::new("/elsewhere/target/criterion/sort_stable/64/new/estimates.json");
    let named = |path| read(&text, None, &origin(path)).runs.remove(0).module.to_string();
    assert_eq!(named(Some(moved)), "sort_stable/64");
    assert_eq!(named(None), "criterion");
    let found = criterion_files(&path("criterion")).unwrap();
    assert_eq!(found.len(), 3, "{found:?}: not what was before, and not what changed");
    let change = std::fs::read(path("criterion/sort_stable/64/change/estimates.json")).unwrap();
    let found = read(&change, None, &origin(None));
    assert!(found.runs.is_empty());
    assert!(found.faults[0].reason.to_string().contains("take new/estimates.json"), "{:?}", found.faults);
}

#[test]
fn vegetas_report_is_read_as_its_documentation_shows_it() {
    let found =
        read(VEGETA.as_bytes(), told(VEGETA.replace('\n', "").as_bytes()), &origin(Some(Path::new("a/home.json"))));
    let run = &found.runs[0];
    assert_eq!((&*run.module, run.ended_ms - run.started_ms), ("home", 1_000));
    let measured = |name| run.measured(name).unwrap();
    assert_eq!((measured("api_latency_ms"), measured("p95_ms"), measured("p99_ms")), (2.0, 3.5, 4.0));
    assert_eq!((measured("requests_per_second"), measured("received_bytes_per_second")), (9.0, 600.0));
    assert!((measured("errors_percent") - 10.0).abs() < 1e-9);
}

#[test]
fn connections_that_a_server_closes_are_no_failed_test() {
    let report = |said: &str| {
        let text =
            format!("Running 1s test @ http://a/\n  10 requests in 1.00s, 1KB read\n  {said}\nRequests/sec: 10\n");
        read(text.as_bytes(), told(text.as_bytes()), &origin(None)).runs.remove(0)
    };
    let closed = report("Socket errors: connect 0, read 10, write 0, timeout 0");
    assert_eq!((closed.exit, closed.measured("errors_percent")), (RunExit::Code(0), Some(100.0)));
    let refused = report("Non-2xx or 3xx responses: 10");
    assert_eq!((refused.exit, refused.measured("errors_percent")), (RunExit::Code(1), Some(100.0)));
}

#[test]
fn documents_may_follow_one_another() {
    let both = [text("oha.json"), text("hyperfine.json"), text("hyperfine.json")].concat();
    let found = read(&both, None, &origin(None));
    assert_eq!((found.runs.len(), found.faults.len()), (13, 0));
    let mut keys: Vec<&str> = found.runs.iter().map(|run| &*run.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 7, "a document that is there twice is recorded once");
}

#[test]
fn two_packages_of_go_and_two_files_of_pytest_are_told_apart() {
    let go = "pkg: a\nBenchmarkX 10 5 ns/op\npkg: b\nBenchmarkX 10 7 ns/op\nBenchmarkY 10 7 ns/op\n";
    let modules = |text: &str| -> Vec<String> {
        let found = read(text.as_bytes(), told(text.as_bytes()), &origin(None));
        found.runs.iter().map(|run| run.module.to_string()).collect()
    };
    assert_eq!(modules(go), ["a.BenchmarkX", "b.BenchmarkX", "BenchmarkY"]);
    let stats = r#""stats":{"min":1,"max":2,"mean":1,"median":1}"#;
    let pytest = format!(
        r#"{{"machine_info":{{}},"benchmarks":[{{"name":"t","fullname":"a::t",{stats}}},{{"name":"t","fullname":"b::t",{stats}}}]}}"#
    );
    assert_eq!(modules(&pytest), ["a::t", "b::t"]);
}

#[rstest]
#[case("{\n", 2, "not JSON: EOF while parsing an object at line 2 column 0")]
#[case("{\"results\":\n7}", 2, "not what hyperfine writes: invalid type: integer `7`, expected a sequence")]
#[case("{\"results\":[\n{\"command\":\"c\"}]}", 2, "not what hyperfine writes: missing field `times`")]
#[case(
    "{\"results\":[\n\n{\"command\":\"c\",\n\"times\":[\"1\"]}]}",
    4,
    "not what hyperfine writes: invalid type: string \"1\", expected f64"
)]
#[case("{\"results\":[{\"command\":\"\",\"times\":[1]}]}", 1, "`metric_name` is empty")]
#[case("{\"results\":[{\"command\":\"a\\u0000\",\"times\":[1]}]}", 1, "`metric_name` has a NUL character in it")]
#[case("{\"results\":[{\"command\":\"a\",\"times\":[NaN]}]}", 1, "not JSON: expected value at line 1 column 37")]
#[case("{\"results\":[{\"command\":\"a\",\"times\":[1e307]}]}", 1, "`duration_ms` is not a number: inf")]
#[case("{\"results\":[{\"command\":\"a\",\"times\":[-1]}]}", 1, "`duration_ms` is below zero: -1000; measure again")]
#[case("{\"results\":[]}", 1, "not what hyperfine writes: no result in it")]
#[case("{\n\"a\": 1}", 1, "a JSON document of no tool that we know: say --format, or write one sample a line")]
#[case("goos: linux\nPASS\n", 1, "not what go-bench writes: no result in it")]
#[case("Running 1s test @ http://a/\n", 1, "the result has no end: its tool was interrupted")]
fn what_is_wrong_is_named_by_its_line(#[case] text: &str, #[case] line: u64, #[case] reason: &str) {
    let found = read(text.as_bytes(), told(text.as_bytes()), &origin(None));
    assert!(found.runs.is_empty(), "{:?}", found.runs);
    let faults: Vec<_> = found.faults.iter().map(|fault| (fault.line, fault.reason.to_string())).collect();
    assert_eq!(faults, [(line, reason.to_owned())]);
}

#[test]
fn half_a_document_is_none() {
    for file in FILES {
        let whole = text(file);
        let json = whole.starts_with(b"{") && !file.starts_with("go-test");
        for end in (0..whole.trim_ascii_end().len()).step_by(50) {
            for tool in [None, told(&whole)] {
                let found = read(&whole[..end], tool, &origin(None));
                if json {
                    assert!(found.runs.is_empty(), "{file} up to {end}");
                    let is_early_end = found.faults.iter().any(|fault| fault.is_early_end);
                    assert!(is_early_end || end == 0, "{file} up to {end}: {:?}", found.faults);
                }
            }
        }
    }
}

#[test]
fn any_number_may_be_something_else() {
    for file in FILES {
        let whole = String::from_utf8(text(file)).unwrap();
        let numbers: Vec<_> = whole.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
        for at in numbers.iter().step_by(1 + numbers.len() / 50) {
            for instead in
                ["\"x\"", "null", "-1", "1e308", "1e999", "NaN", "[]", "{}", "\u{1b}[2J", "9".repeat(40).as_str()]
            {
                let text = [&whole[..*at], instead, &whole[at + 1..]].concat();
                for run in read(text.as_bytes(), told(text.as_bytes()), &origin(None)).runs {
                    assert!(run.measures.values().all(|value| value.is_finite()), "{file}: {run:?}");
                    assert!(run.started_ms <= run.ended_ms, "{file}: {run:?}");
                }
            }
        }
    }
}

#[test]
fn samples_stay_samples() {
    let exporter = include_str!("../prometheus/node_exporter.prom");
    let others = [
        "{\"metric\":\"a\",\"value\":1}\n",
        "{\"results\":1,\"metric\":\"a\",\"value\":1}\n",
        "timestamp,cpu\n2025-11-21T04:00:00Z,1\n",
        "metric,value\ntime: 7,1\n",
        "cpu,host=a value=1\n",
        "running 2\n",
    ];
    for text in others.into_iter().chain([exporter]) {
        let mut dictionary = crate::ingest::Dictionary::default();
        let mut reader = crate::ingest::LineReader::new(crate::ingest::Reading::default(), 0);
        let mut splitter = crate::ingest::LineSplitter::default();
        splitter.feed(text.as_bytes(), |line| reader.read(line, NOW_MS, &mut dictionary));
        reader.finish(NOW_MS, &mut dictionary);
        let batch = reader.take();
        assert!(!batch.samples.is_empty() && batch.runs.is_empty() && batch.rejects.is_empty(), "{text}: {batch:?}");
    }
}

#[test]
fn a_document_without_an_end_is_not_held() {
    let batch = crate::ingest::read_text(
        Format::Results(Tool::Hyperfine),
        &("{\n".to_owned() + &"\"x\":1,\n".repeat(2_000_000)),
    );
    assert_eq!(batch.rejects.len(), 1);
    assert_eq!(batch.rejects[0].reason.to_string(), "the document is longer than 8388608 bytes");
}
