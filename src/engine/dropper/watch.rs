//! What happens in the drop directory while nobody looks, and whether it is still the same directory.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::engine::supervisor::Waker;
use crate::ingest::dropdir::{is_ours, was_ours};
use crate::ingest::dropfile::identity;
use crate::model::FileIdentity;

/// The look of last resort while file events work, and when they do not. Events that were lost tell so and are made up
/// for at once.
const FALLBACK: Duration = Duration::from_secs(30);
const FALLBACK_WITHOUT_EVENTS: Duration = Duration::from_secs(1);

/// Watches a directory until it is dropped.
#[derive(Debug)]
pub(super) struct DirWatch {
    dir: PathBuf,
    identity: FileIdentity,
    closed: Closed,
    watcher: Option<RecommendedWatcher>,
}

impl DirWatch {
    /// Rings `waker` when something happens in `dir`, which is made when it is missing.
    pub(super) fn begin(dir: &Path, waker: Waker) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        // Before it is watched: a directory that is replaced in between is noticed at the first look.
        let identity = identity(&fs::metadata(dir)?);
        let closed = Closed::default();
        let watcher = watch(dir, waker, closed.clone())
            .inspect_err(|error| tracing::warn!("no file events for `{}` ({error}): polling", dir.display()))
            .ok();
        Ok(Self { dir: dir.to_owned(), identity, closed, watcher })
    }

    /// Whether what lies there is still the directory that is watched: one that was removed and made anew has no
    /// events.
    pub(super) fn is_same(&self) -> bool {
        fs::metadata(&self.dir).is_ok_and(|found| identity(&found) == self.identity)
    }

    /// Files whose writer has closed them since the last time.
    pub(super) fn take_closed(&self) -> HashSet<PathBuf> {
        self.closed.take()
    }

    /// How long may pass between two looks when nothing rings.
    pub(super) const fn fallback(&self) -> Duration {
        if self.watcher.is_some() { FALLBACK } else { FALLBACK_WITHOUT_EVENTS }
    }
}

/// Files whose writer has closed them since the last look.
#[derive(Debug, Clone, Default)]
struct Closed(Arc<Mutex<HashSet<PathBuf>>>);

impl Closed {
    fn add(&self, path: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }

    fn take(&self) -> HashSet<PathBuf> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn watch(dir: &Path, waker: Waker, closed: Closed) -> notify::Result<RecommendedWatcher> {
    let watched = dir.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error or a request to look again means that events were lost.
        let Ok(event) = event else { return waker.wake() };
        let ours = || event.paths.iter().filter(|path| is_ours(path.file_name().unwrap_or(OsStr::new(""))));
        if is_completion(event.kind) {
            ours().for_each(|path| closed.add(path));
        }
        // Our own reading is an access too: it must not wake us.
        let is_change = is_completion(event.kind) || !matches!(event.kind, EventKind::Access(_));
        // The directory itself was removed or moved away.
        let is_of_dir = || event.paths.contains(&watched);
        let may_matter = || event.paths.iter().any(|path| was_ours(path.file_name().unwrap_or(OsStr::new(""))));
        if event.need_rescan() || (is_change && (event.paths.is_empty() || is_of_dir() || may_matter())) {
            waker.wake();
        }
    })?;
    watcher.watch(dir, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Whether the event says that a file is whole: closed by its writer, or moved here.
const fn is_completion(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
    )
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(EventKind::Access(AccessKind::Close(AccessMode::Write)), true)]
    #[case(EventKind::Modify(ModifyKind::Name(RenameMode::To)), true)]
    #[case(EventKind::Modify(ModifyKind::Data(DataChange::Any)), false)]
    #[case(EventKind::Create(CreateKind::File), false)]
    #[case(EventKind::Access(AccessKind::Close(AccessMode::Read)), false)]
    fn a_file_is_whole_when_it_is_closed_or_moved_here(#[case] kind: EventKind, #[case] whole: bool) {
        assert_eq!(is_completion(kind), whole);
    }
}
