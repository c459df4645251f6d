//! Runs on their way into the store: those that wait for it, and files that are none.

use crate::measure::spool::Spool;
use crate::model::text::{counted, printable_short};
use crate::report::Check;

const AREA: &str = "runs";

/// What there is to say of the spool; nothing when it is empty, as it should be.
pub fn checks(spool: &Spool) -> Vec<Check> {
    let shown = |path: &std::path::Path| printable_short(&path.to_string_lossy(), 200);
    let waiting = spool.waiting();
    let waits = waiting.first().map(|first| {
        let verb = if waiting.len() == 1 { "waits" } else { "wait" };
        let found = format!("{} {verb} to be recorded, first `{}`", counted(waiting.len() as u64, "run"), shown(first));
        Check::advice(AREA, "waiting", found, "`perftop collect` takes them in, or says why it cannot")
    });
    let junk = spool.junk();
    let unreadable = junk
        .iter()
        .map(|path| Check::wrong(AREA, "unreadable", format!("`{}` is no record of a run", shown(path)), "delete it"));
    waits.into_iter().chain(unreadable).collect()
}
