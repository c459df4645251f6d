//! Brings what is about to be read from the disk into memory, in the order in which it lies there.
//!
//! Groups of metrics are read hour by hour, which leaves gaps for the other groups; from a disk that costs a
//! wait for each gap. Going through whole hours first, ahead of everybody, costs one for each long stretch.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

/// Hours after which it is looked whether anything came from the disk.
const LOOK_EVERY: usize = 32;

/// Which tables are read of an hour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub parts: bool,
    pub dense: bool,
}

/// Touches what is wanted of these hours, until everybody is done or it shows that all is in memory; whether
/// there is more to fetch.
pub(super) fn walk(
    conn: &Connection,
    hours: &[i64],
    wanted: impl Fn(i64) -> Wanted,
    is_done: &AtomicBool,
) -> rusqlite::Result<bool> {
    let mut parts = conn.prepare("SELECT data FROM perftop_chunk WHERE hour = ?1")?;
    let mut dense = conn.prepare("SELECT data FROM perftop_dense WHERE hour = ?1")?;
    let mut fetched = fetched_from_disk();
    for hours in hours.chunks(LOOK_EVERY) {
        for &hour in hours {
            if is_done.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let wanted = wanted(hour);
            let statements = [wanted.parts.then_some(&mut parts), wanted.dense.then_some(&mut dense)];
            for statement in statements.into_iter().flatten() {
                let mut rows = statement.query([hour])?;
                while let Some(row) = rows.next()? {
                    row.get_ref(0)?;
                }
            }
        }
        let now = fetched_from_disk();
        if now.is_some() && now == fetched {
            return Ok(false);
        }
        fetched = now;
    }
    Ok(true)
}

/// Bytes this thread has had fetched from a disk; `None` where the system does not tell.
fn fetched_from_disk() -> Option<u64> {
    let io = fs::read_to_string("/proc/thread-self/io").ok()?;
    io.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.parse().ok())
}
