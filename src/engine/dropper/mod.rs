//! The drop directory: takes what is put into it, each line once, whoever else watches it too.
//!
//! File events only make it quicker: what there is to do stands in the directory and in the ledger, and a
//! look at both at the start, after lost events and now and then finds all of it. Files are left where
//! they are.

mod watch;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::watch::DirWatch;
use super::context::{Context, REPLACED_PAUSE};
use super::supervisor::{Mailbox, TaskResult, Wait, Waker};
use super::taker::{Taken, Taker};
use crate::ingest::dropdir::{Found, Stamp, list};
use crate::ingest::dropfile::{Cursor, DropFile, Writer};
use crate::ingest::{Batch, Reject};
use crate::model::FileIdentity;
use crate::model::text::printable_short;
use crate::store::StoreError;

/// The name of the task on the notice board.
pub(super) const NAME: &str = "drop directory";

/// A last line without an end is complete when nobody has written for this long.
const QUIET: Duration = Duration::from_secs(2);
/// Before a directory that was removed is made again: whoever removed it may be about to do so.
const REMOVED_PAUSE: Duration = Duration::from_secs(1);
/// Rejected lines of one stretch that are logged one by one.
const LOGGED_REJECTS: usize = 10;

/// Why a session over one directory and one store ended.
enum End {
    Stop,
    /// One of them was removed or replaced.
    Replaced,
}

/// Runs until the mailbox says stop.
pub(super) fn run(context: &Context, dir: &Path, mailbox: &Mailbox, waker: &Waker) -> TaskResult {
    loop {
        // Before the first look, so that what comes during it rings.
        let watch = DirWatch::begin(dir, waker.clone())
            .map_err(|error| format!("cannot watch `{}`: {error}", dir.display()))?;
        match serve(context, dir, &watch, mailbox)? {
            End::Stop => return Ok(()),
            End::Replaced => {
                if !mailbox.sleep(if dir.exists() { REPLACED_PAUSE } else { REMOVED_PAUSE }) {
                    return Ok(());
                }
            }
        }
    }
}

fn serve(
    context: &Context,
    dir: &Path,
    watch: &DirWatch,
    mailbox: &Mailbox,
) -> Result<End, Box<dyn std::error::Error + Send + Sync>> {
    let mut dropper = Dropper::open(context)?;
    loop {
        if !watch.is_same() || dropper.taker.store.is_replaced() {
            return Ok(End::Replaced);
        }
        let found = list(dir).map_err(|error| format!("cannot read `{}`: {error}", dir.display()))?;
        let quiet_in = dropper.take_all(&found, &watch.take_closed(), mailbox)?;
        let fallback = watch.fallback();
        if mailbox.wait(Some(quiet_in.unwrap_or(fallback).min(fallback))) == Wait::Stop {
            return Ok(End::Stop);
        }
    }
}

struct Dropper<'a> {
    context: &'a Context,
    taker: Taker,
    known: HashMap<FileIdentity, Known>,
    /// Files under names that are not ours, which were not begun under one that is.
    strangers: HashSet<FileIdentity>,
}

/// A file as it was at the last look.
#[derive(Debug, Default)]
struct Known {
    /// What it looked like when it was taken to its end; nothing when it is yet to be taken.
    taken: Option<Stamp>,
    /// Where reading goes on, when the ledger does not say. Files stay in the directory for good, and a
    /// cursor holds kilobytes, so a file that was taken to its end has none.
    cursor: Option<Cursor>,
    /// Since when its last line waits for its end.
    torn_since: Option<Instant>,
    /// Why it could not be read.
    trouble: Option<String>,
}

impl Known {
    /// A file taken to its end, or up to a last line that waits for its own.
    fn taken(stamp: Stamp, cursor: Cursor, torn_since: Option<Instant>) -> Self {
        let cursor = (!cursor.is_in_ledger()).then_some(cursor);
        Self { taken: Some(stamp), cursor, torn_since, trouble: None }
    }
}

impl<'a> Dropper<'a> {
    fn open(context: &'a Context) -> Result<Self, StoreError> {
        let store = context.open_store()?;
        let (known, strangers) = (HashMap::new(), HashSet::new());
        let taker = Taker::new(store, context.clock.clone(), context.options.keep_runs);
        Ok(Self { context, taker, known, strangers })
    }

    /// Whether a file is to be read: its name says so, or it was begun while its name did (a log that was rotated
    /// may still be written to).
    fn is_wanted(&mut self, file: &Found) -> Result<bool, StoreError> {
        if file.has_our_name || self.known.contains_key(&file.identity) {
            return Ok(true);
        }
        if self.strangers.contains(&file.identity) {
            return Ok(false);
        }
        let is_begun = self.taker.store.source(&file.identity)?.is_some();
        if !is_begun {
            self.strangers.insert(file.identity);
        }
        Ok(is_begun)
    }

    /// Takes what is new in the files; how long until a torn last line counts as complete, if one waits.
    fn take_all(
        &mut self,
        found: &[Found],
        closed: &HashSet<PathBuf>,
        mailbox: &Mailbox,
    ) -> Result<Option<Duration>, StoreError> {
        let present: HashSet<_> = found.iter().map(|file| file.identity).collect();
        self.known.retain(|identity, _| present.contains(identity));
        self.strangers.retain(|identity| present.contains(identity));
        for file in found {
            if mailbox.is_stopping() || self.taker.store.is_replaced() {
                break;
            }
            if !self.is_wanted(file)? {
                continue;
            }
            let known = self.known.remove(&file.identity);
            let known = self.look(file, known, closed.contains(&file.path), mailbox)?;
            self.known.insert(file.identity, known);
        }
        self.show_trouble();
        let waits = self.known.values().filter_map(|known| known.torn_since);
        Ok(waits.map(|since| QUIET.saturating_sub(since.elapsed())).min())
    }

    /// Takes what is new in one file, if anything can be.
    fn look(
        &mut self,
        file: &Found,
        known: Option<Known>,
        is_closed: bool,
        mailbox: &Mailbox,
    ) -> Result<Known, StoreError> {
        let known = known.unwrap_or_default();
        let has_changed = known.taken != Some(file.stamp);
        let is_quiet = !has_changed && known.torn_since.is_some_and(|since| since.elapsed() >= QUIET);
        if !has_changed && !is_quiet && !is_closed {
            return Ok(known);
        }
        let writer = match (is_closed, is_quiet) {
            (true, _) => Writer::Done,
            (false, true) => Writer::Pauses,
            (false, false) => Writer::Writes,
        };
        match self.take(file, known.cursor, writer, mailbox)? {
            Ok(Taken { cursor, is_torn }) => {
                // What waits although nobody writes waits until somebody writes again.
                let torn_since = (is_torn && writer == Writer::Writes).then(Instant::now);
                Ok(Known::taken(file.stamp, cursor, torn_since))
            }
            Err(error) => {
                let shown = printable_short(&file.path.display().to_string(), 200);
                let trouble = format!("cannot read `{shown}`: {error}");
                if known.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!("{trouble}");
                }
                Ok(Known { trouble: Some(trouble), ..Known::default() })
            }
        }
    }

    /// Takes a file to its end; where that is and whether it is torn, or why it cannot be read.
    fn take(
        &mut self,
        found: &Found,
        known: Option<Cursor>,
        writer: Writer,
        mailbox: &Mailbox,
    ) -> Result<std::io::Result<Taken>, StoreError> {
        let file = match DropFile::open(&found.path) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        let cursor = match self.taker.resume(&file, known)? {
            Ok(cursor) => cursor,
            Err(error) => return Ok(Err(error)),
        };
        if cursor.is_rewritten() && !found.has_our_name {
            // Put aside, then made into something else.
            return Ok(Ok(Taken { cursor, is_torn: false }));
        }
        if cursor.is_rewritten() {
            tracing::info!("`{}` was rewritten since it was read: taken from its beginning", found.path.display());
        }
        let board = &self.context.board;
        let stored = |cursor: &Cursor, batch: &Batch| {
            log_rejects(&cursor.at.path, &batch.rejects);
            board.add_rejected(batch.rejects.len() as u64);
        };
        self.taker.take(&file, cursor, writer, stored, || mailbox.is_stopping())
    }

    fn show_trouble(&self) {
        let mut troubles: Vec<&String> = self.known.values().filter_map(|known| known.trouble.as_ref()).collect();
        troubles.sort_unstable();
        match &troubles[..] {
            [] => self.context.board.clear(NAME),
            [only] => self.context.board.report(NAME, only),
            [first, rest @ ..] => self.context.board.report(NAME, &format!("{first} and {} more", rest.len())),
        }
    }
}

fn log_rejects(path: &Path, rejects: &[Reject]) {
    let path = printable_short(&path.display().to_string(), 200);
    for Reject { line, reason, .. } in rejects.iter().take(LOGGED_REJECTS) {
        tracing::warn!("{path}:{line}: {reason}");
    }
    if rejects.len() > LOGGED_REJECTS {
        tracing::warn!("{path}: {} more lines rejected", rejects.len() - LOGGED_REJECTS);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ingest::{Dictionary, dropdir};

    /// What is kept of a file of this content once it was taken, read on from `known`.
    fn kept(content: impl AsRef<[u8]>, known: Option<Cursor>) -> Known {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.jsonl"), content).unwrap();
        let found = dropdir::list(dir.path()).unwrap().remove(0);
        let file = DropFile::open(&found.path).unwrap();
        let mut cursor = file.resume(known).unwrap();
        let step = file.step(&mut cursor, Writer::Writes, 0, &mut Dictionary::default()).unwrap();
        if !step.batch.samples.is_empty() {
            cursor.stored();
        }
        Known::taken(found.stamp, cursor, None)
    }

    #[test]
    fn no_cursor_is_kept_of_a_file_that_was_taken_to_its_end() {
        let known = kept("{\"metric\":\"a\",\"value\":1}\n", None);
        assert!(known.taken.is_some() && known.cursor.is_none());
        assert!(kept("", None).cursor.is_none());
    }

    #[test]
    fn the_cursor_is_kept_of_a_long_line_whose_end_has_not_come() {
        assert!(kept(vec![b'x'; 2 << 20], None).cursor.is_some());
    }

    #[test]
    fn the_cursor_is_kept_of_a_file_that_was_truncated_until_something_new_is_stored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        fs::write(&path, "{\"metric\":\"a\",\"value\":1}\n").unwrap();
        let file = DropFile::open(&path).unwrap();
        let mut cursor = file.resume(None).unwrap();
        file.step(&mut cursor, Writer::Writes, 0, &mut Dictionary::default()).unwrap();
        cursor.stored();
        assert!(kept("", Some(cursor.clone())).cursor.is_some());
        assert!(kept("{\"metric\":\"a\",\"value\":2}\n", Some(cursor)).cursor.is_none());
    }
}
