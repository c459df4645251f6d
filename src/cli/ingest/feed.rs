//! The reading half of an ingest, on a thread of its own: inputs in, messages out.
//!
//! Knows nothing of the store; the channel is short, so it never runs far ahead of the writer.

use std::fs::File;
use std::io::{self, Seek as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::clock::Clock;
use crate::ingest::reader::{Input, copy_while_good, read_batches};
use crate::ingest::{Batch, Dictionary, Reading};

/// Batches that wait for the writer.
const AHEAD: usize = 2;

/// What is to be read.
#[derive(Debug)]
pub struct Plan {
    /// Files; `-` is standard input, and so is none at all.
    pub inputs: Vec<PathBuf>,
    /// Everything or nothing.
    pub strict: bool,
    /// How inputs are to be read.
    pub reading: Reading,
    /// Dates samples that have no timestamp.
    pub clock: Clock,
}

/// What the reading half says.
#[derive(Debug)]
pub enum Message {
    /// A stretch of an input was read.
    Read {
        /// The input's name.
        input: Arc<str>,
        /// What it held.
        batch: Batch,
        /// Bytes read of all inputs so far.
        bytes: u64,
    },
    /// An input could not be read, or not to its end.
    Unreadable {
        /// The input's name.
        input: Arc<str>,
        /// What the system said.
        error: io::Error,
    },
    /// Everything was read.
    Done {
        /// How many different metrics there were.
        metrics: u64,
    },
    /// `--strict`: nothing shall be stored.
    Refused,
    /// A signal came.
    Signal(u8),
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn open(path: &Path) -> io::Result<Input> {
    if is_stdin(path) { Input::stdin() } else { Input::open(path) }
}

impl Plan {
    /// Whether standard input is among the inputs.
    #[must_use]
    pub fn reads_stdin(&self) -> bool {
        self.inputs.is_empty() || self.inputs.iter().any(|path| is_stdin(path))
    }

    /// How many bytes there are to read, when that is known of every input.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        let len = |path: &PathBuf| open(path).ok().and_then(|input| input.len_bytes());
        self.inputs.iter().map(len).sum::<Option<u64>>().filter(|_| !self.reads_stdin())
    }
}

/// The reading half at work.
#[derive(Debug)]
pub struct Feeding {
    /// What it says.
    pub messages: Receiver<Message>,
    /// Ends it early.
    pub stopper: Stopper,
}

/// Ends the reading half early.
#[derive(Debug, Clone)]
pub struct Stopper {
    stopped: Arc<AtomicBool>,
    messages: SyncSender<Message>,
}

impl Stopper {
    /// Ends it because of a signal. The message may have to wait for room among the others.
    pub fn stop(&self, number: u8) {
        self.stopped.store(true, Ordering::Release);
        drop(self.messages.send(Message::Signal(number)));
    }

    /// Whether it is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

/// Starts reading.
pub fn start(mut plan: Plan) -> io::Result<Feeding> {
    if plan.inputs.is_empty() {
        plan.inputs.push("-".into());
    }
    let (messages, received) = sync_channel(AHEAD);
    let stopper = Stopper { stopped: Arc::default(), messages: messages.clone() };
    let stopped = Arc::clone(&stopper.stopped);
    thread::Builder::new().name("reader".to_owned()).spawn(move || read(&plan, messages, &stopped))?;
    Ok(Feeding { messages: received, stopper })
}

fn read(plan: &Plan, messages: SyncSender<Message>, stopped: &AtomicBool) {
    let mut feed = Feed { plan, messages, stopped, dictionary: Dictionary::default(), bytes: 0 };
    let end = if plan.strict { feed.read_strictly() } else { feed.read_each() };
    let _ = feed.messages.send(end);
}

struct Feed<'a> {
    plan: &'a Plan,
    messages: SyncSender<Message>,
    /// A signal came: what has been read is handed on, no more is read.
    stopped: &'a AtomicBool,
    dictionary: Dictionary,
    bytes: u64,
}

impl Feed<'_> {
    fn read_each(&mut self) -> Message {
        for path in &self.plan.inputs {
            if self.stopped.load(Ordering::Acquire) {
                break;
            }
            let name: Arc<str> = path.display().to_string().into();
            match open(path) {
                Ok(input) => {
                    let reading = input.reading(self.plan.reading);
                    self.read_input(input, reading);
                }
                Err(error) => self.say(Message::Unreadable { input: name, error }),
            }
        }
        Message::Done { metrics: self.dictionary.metric_count() }
    }

    /// Reads everything twice: first into temporary files, so that it is known to be good as a whole, then
    /// from there. Nobody waits for a lock on the store meanwhile.
    fn read_strictly(&mut self) -> Message {
        let mut staged = Vec::new();
        for path in &self.plan.inputs {
            let name: Arc<str> = path.display().to_string().into();
            match open(path).and_then(|mut input| self.stage(&mut input)) {
                Ok(Ok(copy)) => staged.push(copy),
                Ok(Err(mut batch)) => {
                    batch.samples.clear();
                    batch.rejects.truncate(1);
                    self.say(Message::Read { input: name, batch, bytes: 0 });
                    return Message::Refused;
                }
                Err(error) => {
                    self.say(Message::Unreadable { input: name, error });
                    return Message::Refused;
                }
            }
        }
        for (input, reading) in staged {
            self.read_input(input, reading);
        }
        Message::Done { metrics: self.dictionary.metric_count() }
    }

    /// A copy of the input from its beginning, or the batch that has a reject in it.
    fn stage(&self, input: &mut Input) -> io::Result<Result<(Input, Reading), Batch>> {
        let reading = input.reading(self.plan.reading);
        let mut copy: File = tempfile::tempfile()?;
        if let Some(batch) = copy_while_good(input, reading, &self.plan.clock, &mut copy)? {
            return Ok(Err(batch));
        }
        copy.rewind()?;
        Input::new(input.name().to_owned(), copy).map(|copy| Ok((copy, reading)))
    }

    fn read_input(&mut self, mut input: Input, reading: Reading) {
        let name: Arc<str> = input.name().into();
        let (messages, stopped, before) = (&self.messages, self.stopped, self.bytes);
        let mut bytes = before;
        let read = read_batches(&mut input, reading, &self.plan.clock, &mut self.dictionary, |progress| {
            bytes = before + progress.bytes;
            let message = Message::Read { input: Arc::clone(&name), batch: progress.batch, bytes };
            match messages.send(message) {
                Ok(()) if !stopped.load(Ordering::Acquire) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        self.bytes = bytes;
        if let Err(error) = read {
            self.say(Message::Unreadable { input: name, error });
        }
    }

    fn say(&self, message: Message) {
        // When nobody listens any more the program is ending.
        let _ = self.messages.send(message);
    }
}
