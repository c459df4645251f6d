//! An open input to batches: blocks in, samples and rejects out, in the order of the input.
//!
//! Knows nothing of the store and says nothing to anybody; who takes the batches decides what to do.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::SystemTime;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Batch, Dictionary, Format, LineReader, LineSplitter, Reading};
use crate::clock::Clock;

/// How much is read at once: what a pipe that was made large hands over at most.
const BLOCK_BYTES: usize = 1 << 20;

/// What standard input is called in messages.
const STDIN: &str = "stdin";

/// Something to read lines from, with the name it has in messages.
#[derive(Debug)]
pub struct Input {
    name: String,
    file: File,
    is_regular: bool,
}

impl Input {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(path.display().to_string(), File::open(path)?)
    }

    /// Standard input, read without the standard library's own buffer.
    pub fn stdin() -> io::Result<Self> {
        Self::new(STDIN.to_owned(), io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    /// A file that is open already, read from where it stands.
    pub fn new(name: String, file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Self { name, file, is_regular: metadata.is_file() })
    }

    /// Its name in messages: the path, or `stdin`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it is read from; standard input has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        (self.is_regular && self.name != STDIN).then_some(Path::new(&self.name))
    }

    /// How many bytes there are to read, where that is known.
    #[must_use]
    pub fn len_bytes(&self) -> Option<u64> {
        self.file.metadata().ok().filter(|_| self.is_regular).map(|metadata| metadata.len())
    }

    /// How it is to be read, as far as nobody said: by its name, and dated by when it was written.
    #[must_use]
    pub fn reading(&self, asked: Reading) -> Reading {
        let of_name = || Format::of_path(Path::new(&self.name)).filter(|_| self.is_regular);
        let written = || self.file.metadata().ok().filter(|_| self.is_regular)?.modified().ok();
        Reading {
            format: asked.format.or_else(of_name),
            written_ms: asked.written_ms.or_else(|| written().and_then(ms_since_epoch)),
            ..asked
        }
    }

    /// Whether reading would wait for somebody to write.
    fn would_wait(&self) -> bool {
        let mut ask = [PollFd::new(&self.file, PollFlags::IN)];
        !self.is_regular && matches!(poll(&mut ask, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    fn read_block(&mut self, block: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// A file's time in ms since the Unix epoch.
pub(super) fn ms_since_epoch(at: SystemTime) -> Option<i64> {
    i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// What was read of an input when a batch is handed on.
#[derive(Debug, Default)]
pub struct Progress {
    /// What is new.
    pub batch: Batch,
    /// Bytes read so far.
    pub bytes: u64,
}

/// Reads an input to its end, or until `hand_on` wants no more. A batch is handed on when it is full and
/// before every wait for more input, so what has arrived is never held back.
pub fn read_batches(
    input: &mut Input,
    reading: Reading,
    clock: &Clock,
    dictionary: &mut Dictionary,
    mut hand_on: impl FnMut(Progress) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    let (mut splitter, mut reader) = (LineSplitter::default(), LineReader::new(reading, 0).of_file(input.path()));
    let mut bytes = 0;
    let mut flow = ControlFlow::Continue(());
    loop {
        if !reader.is_empty() && input.would_wait() {
            flow = hand_on(Progress { batch: reader.take(), bytes });
        }
        if flow.is_break() {
            return Ok(());
        }
        let count = match input.read_block(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => {
                // What was read before the trouble is good.
                let _ = hand_on(Progress { batch: reader.take(), bytes });
                return Err(error);
            }
        };
        bytes += count as u64;
        let now_ms = clock.now_ms();
        splitter.feed(&block[..count], |line| {
            if flow.is_continue() {
                reader.read(line, now_ms, dictionary);
            }
            if reader.is_full() {
                flow = hand_on(Progress { batch: reader.take(), bytes });
            }
        });
    }
    let now_ms = clock.now_ms();
    splitter.finish(|line| reader.read(line, now_ms, dictionary));
    reader.finish(now_ms, dictionary);
    let _ = hand_on(Progress { batch: reader.take(), bytes });
    Ok(())
}

/// Copies an input to `copy`, and stops at the first line that is not taken: the batch with the reject is
/// the answer, `None` when all lines are good.
pub fn copy_while_good(
    input: &mut Input,
    reading: Reading,
    clock: &Clock,
    copy: &mut impl Write,
) -> io::Result<Option<Batch>> {
    let mut block = vec![0; BLOCK_BYTES];
    let (mut splitter, mut reader, mut dictionary) =
        (LineSplitter::default(), LineReader::new(reading, 0).of_file(input.path()), Dictionary::default());
    loop {
        let count = input.read_block(&mut block)?;
        let now_ms = clock.now_ms();
        if count == 0 {
            splitter.finish(|line| reader.read(line, now_ms, &mut dictionary));
            reader.finish(now_ms, &mut dictionary);
        } else {
            copy.write_all(&block[..count])?;
            splitter.feed(&block[..count], |line| reader.read(line, now_ms, &mut dictionary));
        }
        let batch = reader.take();
        if !batch.rejects.is_empty() {
            return Ok(Some(batch));
        }
        if count == 0 {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn read_all(input: &mut Input) -> (Vec<Batch>, u64) {
        let (mut batches, mut bytes) = (Vec::new(), 0);
        let mut dictionary = Dictionary::default();
        read_batches(input, Reading::JSONL, &Clock::fixed(0), &mut dictionary, |progress| {
            batches.push(progress.batch);
            bytes = progress.bytes;
            ControlFlow::Continue(())
        })
        .unwrap();
        (batches, bytes)
    }

    #[test]
    fn a_file_comes_in_batches_and_its_torn_last_line_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("samples.jsonl");
        let text = "{\"metric\":\"a\",\"value\":1}\n".repeat(40_000) + "{\"metric\":\"a\",\"value\":2}";
        fs::write(&path, &text).unwrap();
        let mut input = Input::open(&path).unwrap();
        assert_eq!(input.len_bytes(), Some(text.len() as u64));
        let (batches, bytes) = read_all(&mut input);
        assert!(batches.len() > 2);
        assert_eq!(batches.iter().map(|batch| batch.samples.len()).sum::<usize>(), 40_001);
        assert!(batches.iter().all(|batch| batch.rejects.is_empty()));
        assert_eq!(bytes, text.len() as u64);
    }

    #[test]
    fn what_has_arrived_through_a_pipe_is_handed_on_before_the_producer_writes_again() {
        let (read_end, mut write_end) = io::pipe().unwrap();
        let mut input = Input::new("pipe".to_owned(), std::os::fd::OwnedFd::from(read_end).into()).unwrap();
        let (sender, batches): (_, Receiver<Batch>) = channel();
        let reader = std::thread::spawn(move || {
            read_batches(&mut input, Reading::JSONL, &Clock::fixed(0), &mut Dictionary::default(), |progress| {
                sender.send(progress.batch).map_or(ControlFlow::Break(()), ControlFlow::Continue)
            })
        });
        for value in 1..=3 {
            write!(write_end, "{{\"metric\":\"a\",\"value\":{value}}}\n{{\"metric\":").unwrap();
            let batch = batches.recv_timeout(LONG).unwrap();
            assert_eq!(batch.samples.len(), 1);
            writeln!(write_end, "\"b\",\"value\":{value}}}").unwrap();
            assert_eq!(batches.recv_timeout(LONG).unwrap().samples.len(), 1);
        }
        drop(write_end);
        reader.join().unwrap().unwrap();
    }

    #[test]
    fn a_directory_is_no_input() {
        assert_eq!(Input::open(Path::new(".")).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_copy_ends_at_the_first_bad_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("samples.jsonl");
        let copy = |text: &str| {
            fs::write(&path, text).unwrap();
            let mut kept = Vec::new();
            let input = &mut Input::open(&path).unwrap();
            let stopped = copy_while_good(input, Reading::JSONL, &Clock::fixed(0), &mut kept).unwrap();
            (stopped.map(|batch| batch.rejects[0].line), kept)
        };
        let good = "{\"metric\":\"a\",\"value\":1}\n";
        assert_eq!(copy(good), (None, good.into()));
        assert_eq!(copy(&(good.repeat(2) + "torn")).0, Some(3));
    }
}
