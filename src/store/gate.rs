//! Writes of this process can be held for a while: a program that is stopped (ctrl-z) in the middle of one keeps
//! every other program out of the store until it goes on.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The process's writes. One for all connections, because a process is stopped as a whole.
static GATE: Gate = Gate { state: Mutex::new(State { writes: 0, is_held: false }), changed: Condvar::new() };

struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Writes that are under way, or wait for another program.
    writes: usize,
    /// Nobody begins one.
    is_held: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counted in steps that cannot panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write under way.
pub(super) struct Write(());

/// Waits until writes are not held.
pub(super) fn begin_write() -> Write {
    let state = GATE.changed.wait_while(GATE.state(), |state| state.is_held);
    state.unwrap_or_else(PoisonError::into_inner).writes += 1;
    Write(())
}

impl Drop for Write {
    fn drop(&mut self) {
        GATE.state().writes -= 1;
        GATE.changed.notify_all();
    }
}

/// While it lives, nothing in this process begins to write to a store.
#[derive(Debug)]
pub struct HeldWrites(());

/// Lets nobody begin a write, and waits up to `patience` for those under way to end. One that is still there then
/// waits for another program, and holds nothing.
#[must_use]
pub fn hold_writes(patience: Duration) -> HeldWrites {
    let mut state = GATE.state();
    state.is_held = true;
    drop(GATE.changed.wait_timeout_while(state, patience, |state| state.writes > 0));
    HeldWrites(())
}

impl Drop for HeldWrites {
    fn drop(&mut self) {
        GATE.state().is_held = false;
        GATE.changed.notify_all();
    }
}
