//! What a command may say of its phases, and what it must not.

use rstest::rstest;

use super::*;

const BEGAN_MS: f64 = 1_763_700_000_000.0;

/// The phases of a run of 10 s, its lines all written after 4 s.
fn read(text: &[u8]) -> (Vec<(String, f64)>, Vec<String>) {
    let (mut splitter, mut taken) = (LineSplitter::default(), Taken::default());
    splitter.feed(text, |line| taken.line(line, BEGAN_MS + 4_000.0));
    splitter.finish(|line| taken.line(line, BEGAN_MS + 4_000.0));
    let Phases { phases, faults } = taken.phases(BEGAN_MS, BEGAN_MS + 10_000.0);
    (phases.into_iter().map(|phase| (phase.name.to_string(), phase.duration_ms)).collect(), faults)
}

fn told(text: &str) -> Vec<(String, f64)> {
    let (phases, faults) = read(text.as_bytes());
    assert_eq!(faults, [""; 0]);
    phases
}

fn named(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
    expected.iter().map(|(name, duration_ms)| ((*name).to_owned(), *duration_ms)).collect()
}

#[rstest]
#[case::until_the_next_and_the_end(
    "1763700001000 compile\n1763700003000.500 link\n", &[("compile", 2_000.5), ("link", 6_999.5)])]
#[case::without_a_time("build\n", &[("build", 6_000.0)])]
#[case::within_a_tick("1763700004012 a\nb\n1763700008000 c\n", &[("a", 0.0), ("b", 3_988.0), ("c", 2_000.0)])]
#[case::torn_last_line("1763700001000 a\n1763700002000 b", &[("a", 1_000.0), ("b", 8_000.0)])]
#[case::again("1763700001000 a\n1763700002000 b\n1763700003000 a\n", &[("a", 8_000.0), ("b", 1_000.0)])]
#[case::out_of_order("1763700003000 b\n1763700001000 a\n", &[("a", 2_000.0), ("b", 7_000.0)])]
#[case::names_with_spaces_and_numbers("2024 report\n", &[("2024 report", 6_000.0)])]
#[case::a_clock_that_is_a_little_off("1763699999500 a\n1763700010500 b\n", &[("a", 10_000.0), ("b", 0.0)])]
#[case::nothing("\n  \n", &[])]
fn phases_follow_each_other(#[case] text: &str, #[case] expected: &[(&str, f64)]) {
    assert_eq!(told(text), named(expected));
}

#[rstest]
#[case(b"a\n\xff\n", "line 2: not UTF-8")]
#[case(b"1763600000000.25 early\na\n", "line 1: `1763600000000.25` is no time of this run")]
#[case(b"a\n\n1763700001000000001 in nanoseconds\na\n", "line 3: `1763700001000000001` is no time of this run in ms")]
#[case(b"a\0b\n", "line 1: a name is one line without NUL")]
fn other_lines_are_told_of(#[case] text: &[u8], #[case] expected: &str) {
    let (_, faults) = read(text);
    assert!(faults.len() == 1 && faults[0].contains(expected), "{faults:?}");
}

#[test]
fn the_limits_hold() {
    let name = "n".repeat(MAX_NAME_BYTES);
    assert_eq!(told(&name).len(), 1);
    assert_eq!(read(format!("{name}n").as_bytes()).1, [format!("line 1: {}", PhaseFault::TooLong(201))]);
    let many: Vec<String> = (0..=MAX_PHASES).map(|index| format!("phase {index}")).collect();
    let (phases, faults) = read((many.join("\n") + "\nphase 1\n").as_bytes());
    assert_eq!((phases.len(), faults), (MAX_PHASES, vec!["line 101: there are 100 phases already".to_owned()]));
    assert_eq!(read(&b"\xff\n".repeat(9)).1[5..], ["and 4 lines more not taken"]);
}

/// Each change of the file as a command might make it between two looks, and what is told of it.
#[rstest]
#[case::appended(|path: &Path| append(path, b"more\n"), "")]
#[case::overwritten(|path: &Path| fs::write(path, "b\n").unwrap(), "lines may be lost")]
#[case::deleted(|path: &Path| fs::remove_file(path).unwrap(), "lines may be lost")]
#[case::too_much(|path: &Path| append(path, &vec![b' '; MAX_BYTES as usize]), "only the first 1 MiB is read")]
fn what_becomes_of_the_file_is_told(#[case] change: fn(&Path), #[case] expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phases");
    let mut lines = PhaseLines::create(path.clone()).unwrap();
    append(&path, b"first\n");
    lines.read();
    change(&path);
    let Phases { phases, faults } = lines.finish(0.0, 1e15);
    assert!(*phases[0].name == *"first" && faults.concat().starts_with(expected), "{phases:?} {faults:?}");
    assert_eq!(faults.len(), usize::from(!expected.is_empty()), "{faults:?}");
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_pipe_that_nobody_reads_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(begin(&pipe, "a", &Clock::fixed(0)), Err(BeginError::Unwritable { .. })));
}

#[test]
fn a_line_counts_from_when_it_was_written_and_the_file_goes_with_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phases");
    let mut lines = PhaseLines::create(path.clone()).unwrap();
    let clock = Clock::fixed(BEGAN_MS as i64 + 1_000);
    begin(&path, "told", &clock).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let wrote = |file: &File, after_s| {
        file.set_modified(UNIX_EPOCH + Duration::from_millis(BEGAN_MS as u64) + Duration::from_secs(after_s)).unwrap();
    };
    file.write_all(b"plain\nto").unwrap();
    wrote(&file, 3);
    lines.read();
    file.write_all(b"rn").unwrap();
    wrote(&file, 6);
    let Phases { phases, faults } = lines.finish(BEGAN_MS, BEGAN_MS + 10_000.0);
    let told: Vec<_> = phases.iter().map(|phase| (&*phase.name, phase.duration_ms)).collect();
    assert_eq!(told, [("told", 2_000.0), ("plain", 7_000.0), ("torn", 0.0)]);
    assert_eq!(faults, [""; 0]);
    assert!(!path.exists());
    assert!(matches!(begin(&path, "late", &clock), Err(BeginError::Over)));
    assert!(matches!(begin(&path, " ", &clock), Err(BeginError::Name { .. })));
}
