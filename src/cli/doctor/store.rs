//! The store: where it is, whether it is sound, whether its file system can be relied upon.

use std::path::Path;

use crate::model::Unit;
use crate::model::text::{counted, printable_short, value};
use crate::report::Check;
use crate::store::{Store, StoreCheck, StoreError, StoreSize};

const AREA: &str = "store";

/// Problems of one kind that are spelled out.
const SHOWN_PROBLEMS: usize = 10;

/// What to do about a damaged file.
const SAVE: &str = "`perftop doctor --salvage NEW.db` saves what can be read; or restore a copy";

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
    let mut checks = Vec::new();
    if check.damage.is_empty() {
        checks.push(Check::ok(AREA, "size", size(check)));
        checks.push(rolled_up(check));
        checks.extend(contexts(check));
    }
    checks.push(journal_mode(check));
    checks.push(Check::ok(AREA, "layout", layout(check)));
    checks.push(file_system(check.network_filesystem));
    checks.extend(problems("file", &check.damage, SAVE));
    checks.extend(problems("roll-up", &check.problems, "`perftop doctor --rebuild` makes it anew from the samples"));
    if check.damage.is_empty() && check.problems.is_empty() {
        checks.push(Check::ok(AREA, "integrity", "no damage found"));
    }
    checks
}

/// One line each, up to a few.
fn problems(what: &'static str, problems: &[String], advice: &str) -> Vec<Check> {
    let wrong = |problem: &String| Check::wrong(AREA, what, printable_short(problem, 200), advice);
    let mut checks: Vec<Check> = problems.iter().take(SHOWN_PROBLEMS).map(wrong).collect();
    let more = problems.len().saturating_sub(SHOWN_PROBLEMS);
    if more > 0 {
        checks.push(Check::wrong(AREA, what, format!("and {more} more"), advice));
    }
    checks
}

fn size(check: &StoreCheck) -> String {
    let bytes = |bytes: u64| value(bytes as f64, Unit::Bytes);
    let StoreSize { total_bytes, samples_bytes, rollups_bytes, free_bytes } = check.size;
    let [total, samples, rollups, free] = [total_bytes, samples_bytes, rollups_bytes, free_bytes].map(bytes);
    format!("{total}: samples {samples}, roll-ups {rollups}, free {free}")
}

fn rolled_up(check: &StoreCheck) -> Check {
    match (check.backlog_rows, check.changed_hours) {
        (0, 0) => Check::ok(AREA, "backlog", "none"),
        (rows, 0) => Check::ok(AREA, "backlog", format!("{} not rolled up yet", counted(rows, "row"))),
        (rows, hours) => {
            let (rows, hours) = (counted(rows, "row"), counted(hours, "hour"));
            let found = format!("{rows} not rolled up yet, {hours} to be made anew: their rows were changed");
            Check::ok(AREA, "backlog", found)
        }
    }
}

/// Only when a limit bites.
fn contexts(check: &StoreCheck) -> Option<Check> {
    let limit = if check.is_context_limit_reached {
        format!("{} contexts, further ones are counted as one", check.context_count)
    } else if let Some(first) = check.full_tags.first() {
        let more = match check.full_tags.len() {
            1 => String::new(),
            tags => format!(" and {} more tags", tags - 1),
        };
        format!("`{}`{more} has too many values, further ones are counted as one", printable_short(first, 40))
    } else {
        return None;
    };
    Some(Check::advice(AREA, "contexts", limit, "leave ids of requests and users out of contexts"))
}

fn journal_mode(check: &StoreCheck) -> Check {
    let mode = &*check.journal_mode;
    if mode == "wal" || check.network_filesystem.is_some() {
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
