//! The store: where it is, whether it is sound, whether its file system can be relied upon.

use std::path::Path;

use crate::model::Unit;
use crate::model::text::{printable_short, value};
use crate::report::Check;
use crate::store::{Store, StoreCheck, StoreError};

const AREA: &str = "store";

/// What there is to say of the store; reads all of it, changes nothing.
pub fn checks(path: &Path) -> Vec<Check> {
    let shown = path.display().to_string();
    match Store::open_read(path).and_then(|store| store.check()) {
        Ok(check) => {
            let mut checks = vec![Check::ok(AREA, "path", shown)];
            checks.extend(sound(&check));
            checks
        }
        Err(StoreError::Missing { .. }) => {
            vec![Check::advice(AREA, "path", format!("{shown} (none yet)"), "perftop ingest FILE, or try perftop demo")]
        }
        Err(error) => {
            vec![Check::wrong(AREA, "path", error.to_string(), "until then nothing can be shown or recorded")]
        }
    }
}

fn sound(check: &StoreCheck) -> Vec<Check> {
    let size = value(check.size_bytes as f64, Unit::Bytes);
    let backlog = if check.backlog_rows == 0 {
        String::new()
    } else {
        format!(", {} rows not rolled up yet", check.backlog_rows)
    };
    let mut checks = vec![
        Check::ok(AREA, "size", format!("{size}{backlog}")),
        journal_mode(&check.journal_mode),
        Check::ok(AREA, "layout", layout(check)),
        file_system(check.network_filesystem),
    ];
    if check.problems.is_empty() {
        checks.push(Check::ok(AREA, "integrity", "no damage found"));
    }
    let advice = "`perftop doctor --salvage NEW.db` saves what can be read; or restore a copy";
    checks.extend(
        check.problems.iter().map(|problem| Check::wrong(AREA, "integrity", printable_short(problem, 200), advice)),
    );
    checks
}

fn journal_mode(mode: &str) -> Check {
    if mode == "wal" {
        return Check::ok(AREA, "journal mode", mode);
    }
    let advice = "readers and writers wait for each other; perftop sets WAL where it may write";
    Check::advice(AREA, "journal mode", mode, advice)
}

fn layout(check: &StoreCheck) -> String {
    let sqlite = check.sqlite_version;
    match check.layout {
        0 => format!("only the three contract tables, SQLite {sqlite}"),
        layout => format!("{layout} of {}, SQLite {sqlite}", check.known_layout),
    }
}

fn file_system(network: Option<&str>) -> Check {
    match network {
        None => Check::ok(AREA, "file system", "local"),
        Some(kind) => {
            let advice = "SQLite's locks cannot be relied upon there: name a local store with --db";
            Check::advice(AREA, "file system", kind, advice)
        }
    }
}
