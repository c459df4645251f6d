//! The watched directory and the log: can they be read and written, can changes be watched.

use std::fs;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::config::paths;
use crate::report::Check;

const AREA: &str = "files";

/// Where Linux says how many directories a user may watch at once.
const WATCH_LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";

/// Fewer watchers than this are soon used up by an editor and a browser.
const FEW_WATCHERS: u64 = 64;

/// What there is to say of the directories; nothing is created.
pub fn checks(drop_dir: &Path) -> Vec<Check> {
    let mut checks = vec![directory("drop directory", drop_dir), directory("log directory", &paths::log_dir())];
    checks.extend(watcher());
    checks
}

fn directory(what: &'static str, dir: &Path) -> Check {
    let shown = dir.display();
    match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => {
            Check::wrong(AREA, what, format!("{shown} is not a directory"), "move it away, or name another place")
        }
        Ok(_) if access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() => {
            Check::wrong(AREA, what, format!("{shown}: no permission"), "it must be readable and writable for you")
        }
        Ok(_) => Check::ok(AREA, what, shown.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(AREA, what, format!("{shown} (created when it is needed)"))
        }
        Err(error) => Check::wrong(AREA, what, format!("{shown}: {error}"), "name another place"),
    }
}

/// Only where the system says it.
fn watcher() -> Option<Check> {
    let limit: u64 = fs::read_to_string(WATCH_LIMIT).ok()?.trim().parse().ok()?;
    let found = format!("up to {limit} watchers for this user");
    if limit >= FEW_WATCHERS {
        return Some(Check::ok(AREA, "watcher", found));
    }
    let advice = "sysctl fs.inotify.max_user_instances=128, or changes are noticed late";
    Some(Check::advice(AREA, "watcher", found, advice))
}
