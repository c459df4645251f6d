//! What a producer may do to a file between two looks, and that each line is taken once.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::measure;

/// A file, where reading it goes on, and everything that was taken.
struct Dropped {
    dir: TempDir,
    cursor: Option<Cursor>,
    taken: Vec<f64>,
    rejected: Vec<u64>,
    was_rewritten: bool,
}

impl Dropped {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, cursor: None, taken: Vec::new(), rejected: Vec::new(), was_rewritten: false }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("samples.jsonl")
    }

    fn append(&self, text: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path()).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    fn take(&mut self, writer: Writer) -> Step {
        let file = DropFile::open(&self.path()).unwrap();
        let mut cursor = file.resume(self.cursor.take()).unwrap();
        self.was_rewritten = cursor.is_rewritten();
        loop {
            let before = cursor.at.offset;
            let step = file.step(&mut cursor, writer, 0, &mut Dictionary::default()).unwrap();
            self.taken.extend(step.batch.samples.iter().map(|sample| sample.value));
            self.rejected.extend(step.batch.rejects.iter().map(|reject| reject.line));
            if cursor.at.offset != before {
                cursor.stored();
            }
            if !step.has_more {
                self.cursor = Some(cursor);
                return step;
            }
        }
    }

    fn at(&self) -> &SourceOffset {
        &self.cursor.as_ref().unwrap().at
    }
}

fn line(value: u32) -> String {
    format!("{{\"metric\":\"a\",\"value\":{value}}}\n")
}

fn lines(values: impl IntoIterator<Item = u32>) -> String {
    values.into_iter().map(line).collect()
}

#[test]
fn a_growing_file_is_taken_line_by_line() {
    let mut drop = Dropped::new();
    drop.append(lines([1, 2]));
    assert!(!drop.take(Writer::Writes).is_torn);
    drop.append(line(3) + "{\"metric\":\"a\",");
    assert!(drop.take(Writer::Writes).is_torn);
    assert_eq!(drop.taken, [1.0, 2.0, 3.0]);
    drop.append("\"value\":4}\n");
    assert!(!drop.take(Writer::Writes).is_torn);
    drop.take(Writer::Writes);
    assert_eq!(drop.taken, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(drop.at().lines, 4);
}

#[test]
fn a_last_line_without_an_end_is_taken_at_the_end_and_its_late_end_is_no_line() {
    let mut drop = Dropped::new();
    drop.append(line(1) + line(2).trim_end());
    assert!(drop.take(Writer::Writes).is_torn);
    assert!(!drop.take(Writer::Pauses).is_torn);
    assert_eq!(drop.taken, [1.0, 2.0]);
    drop.append("\nbad\n");
    drop.take(Writer::Writes);
    assert_eq!((drop.taken.len(), &*drop.rejected), (2, &[3][..]));
}

#[test]
fn a_last_line_that_is_no_sample_waits_for_its_end() {
    let mut drop = Dropped::new();
    drop.append("{\"metric\":\"a\"");
    assert!(drop.take(Writer::Pauses).is_torn);
    assert_eq!(drop.at().offset, 0);
}

#[test]
fn a_file_rewritten_in_place_is_taken_anew() {
    for rewritten in [lines([7]), lines([7, 8, 9]), lines([8, 9])] {
        let mut drop = Dropped::new();
        drop.append(lines([1, 2]));
        drop.take(Writer::Writes);
        assert!(!drop.was_rewritten);
        fs::write(drop.path(), &rewritten).unwrap();
        drop.take(Writer::Writes);
        assert!(drop.was_rewritten);
        assert_eq!(drop.taken.len(), 2 + rewritten.lines().count());
        drop.append(line(10));
        drop.take(Writer::Writes);
        assert_eq!(drop.taken.last(), Some(&10.0));
    }
}

#[test]
fn a_truncated_file_that_grows_again_is_taken_anew() {
    let mut drop = Dropped::new();
    drop.append(lines([1, 2]));
    drop.take(Writer::Writes);
    fs::write(drop.path(), "").unwrap();
    drop.take(Writer::Writes);
    drop.append(lines([1, 2]));
    drop.take(Writer::Writes);
    assert_eq!(drop.taken, [1.0, 2.0, 1.0, 2.0]);
}

#[test]
fn what_another_process_took_of_a_file_that_grew_after_it_was_opened_is_not_taken_again() {
    let mut theirs = Dropped::new();
    theirs.append(lines([1, 2]));
    let ours = DropFile::open(&theirs.path()).unwrap();
    theirs.append(lines([3, 4]));
    theirs.take(Writer::Writes);
    let mut cursor = ours.resume(theirs.cursor.clone()).unwrap();
    assert!(!cursor.is_rewritten());
    assert_eq!(ours.step(&mut cursor, Writer::Writes, 0, &mut Dictionary::default()).unwrap(), Step::default());
    theirs.append(line(5));
    let step = ours.step(&mut cursor, Writer::Writes, 0, &mut Dictionary::default()).unwrap();
    assert_eq!(step.batch.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [5.0]);
}

#[test]
fn a_renamed_file_is_the_same_and_a_copy_is_not() {
    let mut drop = Dropped::new();
    drop.append(line(1));
    drop.take(Writer::Writes);
    let other = drop.dir.path().join("other.jsonl");
    fs::copy(drop.path(), &other).unwrap();
    assert_ne!(DropFile::open(&other).unwrap().identity(), DropFile::open(&drop.path()).unwrap().identity());
    fs::rename(drop.path(), &other).unwrap();
    fs::rename(&other, drop.path()).unwrap();
    drop.take(Writer::Writes);
    assert_eq!(drop.taken, [1.0]);
}

#[test]
fn a_long_line_is_passed_over_once_its_end_has_come() {
    let mut drop = Dropped::new();
    drop.append(line(1));
    drop.append(vec![b'x'; 3 * MAX_LINE_BYTES]);
    assert!(drop.take(Writer::Pauses).is_torn);
    assert_eq!(drop.at().offset, line(1).len() as u64);
    drop.append("x\n".to_owned() + &line(2));
    drop.take(Writer::Writes);
    assert_eq!((&*drop.taken, &*drop.rejected), (&[1.0, 2.0][..], &[2][..]));
    drop.append(line(3));
    drop.take(Writer::Writes);
    assert_eq!(drop.taken, [1.0, 2.0, 3.0]);
}

#[test]
fn the_end_of_a_long_line_is_not_looked_for_where_it_was_looked_for_before() {
    let drop = Dropped::new();
    drop.append(vec![b'x'; 3 * MAX_LINE_BYTES]);
    let file = DropFile::open(&drop.path()).unwrap();
    let mut cursor = file.resume(None).unwrap();
    file.step(&mut cursor, Writer::Writes, 0, &mut Dictionary::default()).unwrap();
    assert_eq!((cursor.at.offset, cursor.searched_to), (0, 3 * MAX_LINE_BYTES as u64));
}

#[test]
fn the_longest_line_is_taken_whole() {
    let mut drop = Dropped::new();
    let padding = MAX_LINE_BYTES - line(1).trim_end().len();
    drop.append(" ".repeat(padding) + &line(1) + &" ".repeat(padding + 1) + &line(2));
    drop.take(Writer::Writes);
    assert_eq!((&*drop.taken, &*drop.rejected), (&[1.0][..], &[2][..]));
}

fn taken(file: &DropFile, cursor: &mut Cursor, writer: Writer) -> Vec<f64> {
    let step = file.step(cursor, writer, 1_763_700_000_000, &mut Dictionary::default()).unwrap();
    assert_eq!(step.batch.rejects, []);
    cursor.stored();
    let runs = step.batch.runs.iter().filter_map(|run| run.measured(measure::DURATION));
    step.batch.samples.iter().map(|sample| sample.value).chain(runs).collect()
}

#[test]
fn a_csv_goes_on_with_its_header_and_a_record_waits_for_all_of_its_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "metric,value,note\na,1,\"two\nlines\"\na,2,\"open").unwrap();
    let file = DropFile::open(&path).unwrap();
    let mut cursor = file.resume(None).unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Writes), [1.0]);
    assert_eq!(cursor.at.lines, 3);
    let mut append = OpenOptions::new().append(true).open(&path).unwrap();
    append.write_all(b"\n\n\"\na,3,x\na,4").unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Writes), [2.0, 3.0]);
    assert_eq!(taken(&file, &mut cursor, Writer::Pauses), [0.0; 0], "the rest of the line may still come");
    append.write_all(b"2,y").unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Done), [42.0]);
}

#[test]
fn a_number_that_may_go_on_is_not_taken_after_a_pause() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.prom");
    fs::write(&path, "cpu 1\ncpu 2").unwrap();
    let file = DropFile::open(&path).unwrap();
    let mut cursor = file.resume(None).unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Pauses), [1.0]);
    fs::write(&path, "cpu 1\ncpu 23\n").unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Writes), [23.0]);
}

#[test]
fn a_document_is_taken_when_it_is_whole_and_as_a_whole_when_it_was_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let document = |results: &[u32]| {
        let results: Vec<String> =
            results.iter().map(|time| format!("  {{\"command\":\"c\",\"times\":[{time}]}}")).collect();
        format!("{{\n\"results\":[\n{}\n]}}\n", results.join(",\n"))
    };
    fs::write(&path, document(&[1])).unwrap();
    let file = DropFile::open(&path).unwrap();
    let mut cursor = file.resume(None).unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Writes), [0.0; 0], "it may not be whole");
    assert_eq!(taken(&file, &mut cursor, Writer::Done), [1e3]);
    for torn in ["", "{\n\"results\":[\n"] {
        fs::write(&path, torn).unwrap();
        cursor = file.resume(Some(cursor)).unwrap();
        assert_eq!(taken(&file, &mut cursor, Writer::Done), [0.0; 0]);
    }
    fs::write(&path, document(&[1, 2])).unwrap();
    cursor = file.resume(Some(cursor)).unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Done), [1e3, 2e3]);
    assert_eq!(taken(&file, &mut cursor, Writer::Done), [0.0; 0]);
    fs::write(&path, document(&[3])).unwrap();
    cursor = file.resume(Some(cursor)).unwrap();
    assert_eq!(taken(&file, &mut cursor, Writer::Done), [3e3], "another document");
}

#[test]
fn links_and_directories_are_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link.jsonl");
    fs::write(dir.path().join("file"), "").unwrap();
    std::os::unix::fs::symlink(dir.path().join("file"), &link).unwrap();
    assert!(DropFile::open(&link).is_err());
    assert!(DropFile::open(Path::new(dir.path())).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However the writing is cut into pieces and the reading into looks, each line is taken once.
    #[test]
    fn each_line_is_taken_once(count in 1_u32..3_000, pieces in prop::collection::vec(1_usize..9_000, 1..20)) {
        let mut drop = Dropped::new();
        let text = lines(0..count);
        let mut rest = text.as_bytes();
        for piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            drop.append(now);
            drop.take(Writer::Writes);
            rest = later;
        }
        drop.append(rest);
        drop.take(Writer::Writes);
        let expected: Vec<f64> = (0..count).map(f64::from).collect();
        prop_assert_eq!(&drop.taken, &expected);
        prop_assert_eq!(drop.at().offset, text.len() as u64);
    }
}
