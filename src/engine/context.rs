//! What every task is given: the options, the clock, and what the tasks share.

use std::time::Duration;

use super::board::Board;
use super::options::EngineOptions;
use super::shared::Shared;
use super::supervisor::Waker;
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Before a replaced database is opened again: whoever deletes one deletes three files, and every task lets go of
/// the old ones first. A new connection beside an old one would take the old log's index for its own.
pub(super) const REPLACED_PAUSE: Duration = Duration::from_millis(100);

/// What every task is given.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) options: EngineOptions,
    pub(super) clock: Clock,
    pub(super) shared: Shared,
    pub(super) board: Board,
    pub(super) publisher: Waker,
    pub(super) tail: Waker,
    pub(super) keeper: Waker,
    pub(super) incidents: Waker,
    pub(super) dropper: Waker,
}

impl Context {
    /// A connection of the task's own. A store that is deleted while the dashboard runs is made again by the tail
    /// alone, so that nobody steps in between when it is replaced.
    pub(super) fn open_store(&self) -> Result<Store, StoreError> {
        let path = &self.options.store_path;
        if self.shared.has_begun() { Store::open_existing(path) } else { Store::open(path) }
    }

    /// The store was replaced: whoever has it open lets go of it.
    pub(super) fn wake_all(&self) {
        for task in [&self.publisher, &self.keeper, &self.dropper] {
            task.wake();
        }
    }

    /// Now: ms since the Unix epoch.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}
