//! Has alerts compared with each other, and what belongs together recorded: in a task of its own, as that reads samples of
//! every alert that is young, and nobody who waits for a toast waits for it.

use std::time::Instant;

use super::context::Context;
use super::supervisor::{Mailbox, TaskResult, Wait};
use crate::detect;
use crate::store::{Store, StoreError};

/// The name of the task on the notice board.
pub(super) const NAME: &str = "incidents";

/// It rests so many times as long as it worked: when alerts keep coming it takes a fifth of a core at most.
const REST: u32 = 4;

/// Compares alerts each time it is rung for, until the mailbox says stop.
pub(super) fn run(context: &Context, mailbox: &Mailbox) -> TaskResult {
    loop {
        if mailbox.wait(None) == Wait::Stop {
            return Ok(());
        }
        let mut store = match Store::open_existing(&context.options.store_path) {
            Ok(store) => store,
            // The tail makes it anew.
            Err(StoreError::Missing { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        // Who rang while it rested is heard by what there is to do.
        loop {
            let started = Instant::now();
            let newest_id = store.newest_alert_id()?;
            group(&mut store, context.now_ms())?;
            context.shared.set_compared_alert_id(newest_id);
            context.tail.wake();
            context.board.clear(NAME);
            if !mailbox.sleep(started.elapsed() * REST) {
                return Ok(());
            }
            if store.is_replaced() || !store.has_ungrouped()? {
                break;
            }
        }
    }
}

/// Puts alerts that began together and move together into incidents.
pub(super) fn group(store: &mut Store, now_ms: i64) -> Result<(), StoreError> {
    while let Some(alerts) = store.ungrouped(now_ms)? {
        let memberships = detect::group(&alerts.beginnings);
        // Where another pane was faster it is looked again: what it has decided counts.
        if store.group(&alerts, &memberships)? && !alerts.has_more {
            break;
        }
    }
    Ok(())
}
