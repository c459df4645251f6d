//! Has alerts compared with each other, and what belongs together recorded.

use crate::detect;
use crate::store::{Store, StoreError};

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
