//! What every task is given: the options, the clock, and what the tasks share.

use super::board::Board;
use super::options::EngineOptions;
use super::shared::Shared;
use super::supervisor::Waker;
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// What every task is given.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) options: EngineOptions,
    pub(super) clock: Clock,
    pub(super) shared: Shared,
    pub(super) board: Board,
    pub(super) publisher: Waker,
    pub(super) keeper: Waker,
}

impl Context {
    /// A connection of the task's own.
    pub(super) fn open_store(&self) -> Result<Store, StoreError> {
        Store::open(&self.options.store_path)
    }

    /// Now: ms since the Unix epoch.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}
