//! Rings when a file of the database changes on disk.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::supervisor::Waker;
use crate::store::real_path;

/// Watches until it is dropped.
#[derive(Debug)]
pub(super) struct StoreWatch {
    _watcher: RecommendedWatcher,
}

/// Rings `waker` when the database at `store_path`, its log or its index is written, made or removed. The
/// directory is watched, because the log comes and goes.
pub(super) fn watch_store(store_path: &Path, waker: Waker) -> notify::Result<StoreWatch> {
    let store_path = real_path(store_path);
    let name = store_path.file_name().map(OsStr::to_os_string).unwrap_or_default();
    let directory = match store_path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error means that events were lost; look, to be sure.
        if event.as_ref().map_or(true, |event| is_of_interest(event, &name)) {
            waker.wake();
        }
    })?;
    watcher.watch(&directory, RecursiveMode::NonRecursive)?;
    Ok(StoreWatch { _watcher: watcher })
}

fn is_of_interest(event: &Event, name: &OsString) -> bool {
    let belongs = |path: &PathBuf| {
        path.file_name().is_some_and(|file| file.as_encoded_bytes().starts_with(name.as_encoded_bytes()))
    };
    !matches!(event.kind, EventKind::Access(_)) && (event.paths.is_empty() || event.paths.iter().any(belongs))
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, AccessMode, CreateKind, DataChange, ModifyKind};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/d/perftop.db-wal", true)]
    #[case(EventKind::Create(CreateKind::File), "/d/perftop.db", true)]
    #[case(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/d/other.log", false)]
    #[case(EventKind::Access(AccessKind::Close(AccessMode::Read)), "/d/perftop.db", false)]
    fn only_changes_of_the_database_ring(#[case] kind: EventKind, #[case] path: &str, #[case] rings: bool) {
        let event = Event::new(kind).add_path(path.into());
        assert_eq!(is_of_interest(&event, &"perftop.db".into()), rings);
    }
}
