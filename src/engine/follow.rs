//! Follows files as `tail -F` does: goes on at their end, over rotation, truncation and recreation.
//!
//! Where each file stands is in the ledger of the store, so a later start goes on there. A file that was
//! replaced is read to its end first, and for a while longer, because whoever writes to it may not have
//! noticed yet. Knows nothing of what is said to the user.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::supervisor::{Mailbox, Wait, Waker, mailbox};
use super::taker::{Taken, Taker};
use crate::clock::Clock;
use crate::ingest::dropfile::{Cursor, DropFile, Writer};
use crate::ingest::{Batch, Reading, Reject};
use crate::store::{Store, StoreError};

/// The look of last resort while file events work, and when they do not.
const FALLBACK: Duration = Duration::from_secs(10);
const FALLBACK_WITHOUT_EVENTS: Duration = Duration::from_millis(250);
/// How long a file that was replaced is read on after its last new line.
const REPLACED_FOR: Duration = Duration::from_mins(1);

/// What happened to a file that is followed.
#[derive(Debug, Clone, Copy)]
pub enum Followed<'a> {
    /// A stretch of it was stored.
    Stored {
        /// Its path.
        path: &'a Path,
        /// How many samples it held.
        samples: u64,
        /// The lines that were not taken.
        rejects: &'a [Reject],
    },
    /// It cannot be read, for another reason than before.
    Unreadable {
        /// Its path.
        path: &'a Path,
        /// What the system said.
        error: &'a io::Error,
    },
}

/// Ends a [`Follower`] from another thread.
#[derive(Debug, Clone)]
pub struct Stop(Waker);

impl Stop {
    /// Ends it after the stretch it is at.
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// Follows files.
#[derive(Debug)]
pub struct Follower {
    taker: Taker,
    reading: Reading,
    files: Vec<Tracked>,
    mailbox: Mailbox,
    waker: Waker,
    watcher: Option<RecommendedWatcher>,
}

/// A path, and the files that lie or lay there.
#[derive(Debug)]
struct Tracked {
    path: PathBuf,
    /// The file there now, if there is one.
    current: Option<Open>,
    /// Files that were replaced and may still be written to.
    replaced: Vec<Open>,
    /// Why it cannot be read.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Open {
    file: DropFile,
    cursor: Option<Cursor>,
    grown: Instant,
}

impl Follower {
    /// Follows `paths`, which need not be there yet. Of runs that come in, the newest `keep_runs` of a module are kept.
    ///
    /// # Errors
    /// When the ledger of the store cannot be read.
    pub fn begin(
        store: Store,
        paths: &[PathBuf],
        reading: Reading,
        keep_runs: usize,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let (waker, mailbox) = mailbox();
        let watcher =
            watch(paths, waker.clone()).inspect_err(|error| tracing::warn!("no file events ({error}): polling")).ok();
        let taker = Taker::new(store, clock, keep_runs);
        let track = |path: &PathBuf| {
            let replaced = replaced_meanwhile(&taker, path, reading)?;
            Ok(Tracked { path: path.clone(), current: None, replaced, trouble: None })
        };
        let files = paths.iter().map(track).collect::<Result<_, _>>()?;
        Ok(Self { taker, reading, files, mailbox, waker, watcher })
    }

    /// Ends it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stop {
        Stop(self.waker.clone())
    }

    /// How many different metrics were taken.
    #[must_use]
    pub fn metric_count(&self) -> u64 {
        self.taker.metric_count()
    }

    /// The store that is written to.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.taker.store
    }

    /// Takes everything that is new, and tells of it.
    ///
    /// # Errors
    /// When the store refuses; what was not taken then is taken by the next look.
    pub fn look(&mut self, mut tell: impl FnMut(Followed<'_>)) -> Result<(), StoreError> {
        let Self { taker, reading, files, mailbox, .. } = self;
        for tracked in files {
            tracked.look(taker, *reading, mailbox, &mut tell)?;
        }
        Ok(())
    }

    /// Waits until there may be something new; `false` when it shall end.
    #[must_use]
    pub fn wait(&self) -> bool {
        let fallback = if self.watcher.is_some() { FALLBACK } else { FALLBACK_WITHOUT_EVENTS };
        self.mailbox.wait(Some(fallback)) != Wait::Stop
    }
}

impl Tracked {
    fn look(
        &mut self,
        taker: &mut Taker,
        reading: Reading,
        mailbox: &Mailbox,
        tell: &mut impl FnMut(Followed<'_>),
    ) -> Result<(), StoreError> {
        let found = open(&self.path, reading);
        // The old file first, and to its end: its lines are older.
        if let Ok(found) = &found
            && let Some(old) = self.current.take_if(|open| open.file.identity() != found.identity())
        {
            self.replaced.push(old);
        }
        let mut trouble = None;
        for old in &mut self.replaced {
            let writer = if old.is_over() { Writer::Done } else { Writer::Writes };
            if let Err(error) = old.take(taker, writer, &self.path, mailbox, tell)? {
                trouble = Some(error);
            }
        }
        self.replaced.retain(|old| !old.is_over());
        match found {
            Ok(file) => {
                let open = self.current.get_or_insert_with(|| Open { file, cursor: None, grown: Instant::now() });
                if let Err(error) = open.take(taker, Writer::Writes, &self.path, mailbox, tell)? {
                    trouble = Some(error);
                }
            }
            Err(error) => {
                // Between being renamed and being made anew it is not there.
                let is_awaited = self.current.is_some() && error.kind() == io::ErrorKind::NotFound;
                if let Some(open) = &mut self.current {
                    drop(open.take(taker, Writer::Writes, &self.path, mailbox, tell)?);
                }
                if !is_awaited {
                    trouble = Some(error);
                }
            }
        }
        let shown = trouble.as_ref().map(ToString::to_string);
        if let Some(error) = &trouble
            && shown != self.trouble
        {
            tell(Followed::Unreadable { path: &self.path, error });
        }
        self.trouble = shown;
        Ok(())
    }
}

impl Open {
    /// Whether it was not written to for so long that nobody will any more.
    fn is_over(&self) -> bool {
        self.grown.elapsed() >= REPLACED_FOR
    }

    fn take(
        &mut self,
        taker: &mut Taker,
        writer: Writer,
        path: &Path,
        mailbox: &Mailbox,
        tell: &mut impl FnMut(Followed<'_>),
    ) -> Result<io::Result<()>, StoreError> {
        let cursor = match taker.resume(&self.file, self.cursor.take())? {
            Ok(cursor) => cursor,
            Err(error) => return Ok(Err(error)),
        };
        let mut has_grown = false;
        let stored = |_: &Cursor, batch: &Batch| {
            has_grown = true;
            tell(Followed::Stored { path, samples: batch.samples.len() as u64, rejects: &batch.rejects });
        };
        let taken = taker.take(&self.file, cursor, writer, stored, || mailbox.is_stopping())?;
        if has_grown {
            self.grown = Instant::now();
        }
        Ok(taken.map(|Taken { cursor, .. }| self.cursor = Some(cursor)))
    }
}

fn open(path: &Path, reading: Reading) -> io::Result<DropFile> {
    let file = DropFile::follow(path, reading)?;
    if file.is_document()? {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a document is not followed: ingest it"));
    }
    Ok(file)
}

/// Files that were replaced while nobody followed: they lie beside `path`, their names begin with its name, and
/// the ledger knows them.
fn replaced_meanwhile(taker: &Taker, path: &Path, reading: Reading) -> Result<Vec<Open>, StoreError> {
    let current = DropFile::follow(path, reading).ok().map(|file| file.identity());
    let stem = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut replaced = Vec::new();
    for entry in fs::read_dir(directory_of(path)).into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(stem) {
            continue;
        }
        let Ok(file) = DropFile::open(&entry.path()) else { continue };
        if Some(file.identity()) != current && taker.store.source(&file.identity())?.is_some() {
            replaced.push(Open { file, cursor: None, grown: Instant::now() });
        }
    }
    Ok(replaced)
}

/// Rings when something happens beside one of the paths: a file that was renamed has another name there.
fn watch(paths: &[PathBuf], waker: Waker) -> notify::Result<RecommendedWatcher> {
    let stems: Vec<OsString> = paths.iter().filter_map(|path| path.file_name()).map(Into::into).collect();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error means that events were lost; look, to be sure.
        if event.as_ref().map_or(true, |event| is_of_interest(event, &stems)) {
            waker.wake();
        }
    })?;
    let mut directories: Vec<&Path> = paths.iter().map(|path| directory_of(path)).collect();
    directories.sort_unstable();
    directories.dedup();
    for directory in directories {
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_of_interest(event: &Event, names: &[OsString]) -> bool {
    let belongs = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        names.iter().any(|stem| name.starts_with(stem.as_encoded_bytes()))
    };
    let is_change = event.need_rescan() || !matches!(event.kind, EventKind::Access(_));
    is_change && (event.paths.is_empty() || event.paths.iter().any(belongs))
}
