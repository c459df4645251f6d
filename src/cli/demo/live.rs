//! What the demo measures while it runs: lines appended to a file in its drop directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::generator::Generator;
use crate::clock::Clock;
use crate::ingest::jsonl;

/// How often samples are written.
const EVERY: Duration = Duration::from_secs(1);

/// The running producer.
#[derive(Debug)]
pub struct Live {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Live {
    /// Starts writing what `generator` has from now on into a file of `drop_dir`.
    pub fn start(mut generator: Generator, drop_dir: &Path, clock: Clock) -> io::Result<Self> {
        fs::create_dir_all(drop_dir)?;
        let mut file = OpenOptions::new().append(true).create(true).open(drop_dir.join("live.jsonl"))?;
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name("demo".to_owned()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = write(&mut file, &mut generator, clock.now_ms()) {
                    tracing::error!("the demo cannot write its samples: {error}");
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the demo's producer panicked");
        }
    }
}

fn write(file: &mut File, generator: &mut Generator, now_ms: i64) -> io::Result<()> {
    let lines: String = generator.until(now_ms).map(|sample| jsonl::line(&sample)).collect();
    file.write_all(lines.as_bytes())
}
