//! `perftop doctor --salvage NEW.db`: what can still be read of a damaged store, into a new one.

use std::ops::RangeInclusive;
use std::path::Path;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use super::super::progress::Progress;
use crate::model::text::{counted, printable};
use crate::report::{Check, Checks, Format};
use crate::store::{self, Salvaged, SalvagedTable};

const AREA: &str = "salvage";

/// Stretches of ids that are spelled out; a badly damaged file has thousands.
const SHOWN_RANGES: usize = 8;

/// Saves, and says table by table what and what not; exits with 1 when something is missing.
pub fn run(to: &Path, context: &Context, format: Format) -> anyhow::Result<Exit> {
    let from = &context.config.store.path;
    let progress = Progress::new(context.quiet, "rows saved");
    let salvaged = store::salvage(from, to, &mut |rows, total| progress.show(rows, total));
    progress.end();
    let report = Checks { checks: told(&salvaged?, to) };
    output::print(context, &report, format)?;
    Ok(if report.is_wrong() { Exit::Found } else { Exit::Ok })
}

fn told(salvaged: &Salvaged, to: &Path) -> Vec<Check> {
    let shown = printable(&to.to_string_lossy()).into_owned();
    let advice = "look at it (perftop --db), then put it where the damaged store is, with no perftop running";
    let mut checks = vec![Check::advice(AREA, "new store", shown, advice)];
    checks.extend(salvaged.tables.iter().map(table));
    if salvaged.is_header_damaged {
        let found = "the first 100 bytes are damaged; rows were told by their shape";
        checks.push(Check::advice(AREA, "header", found, "compare the counts with what you expect"));
    }
    if salvaged.has_cut_off_transaction {
        let found = "a rollback journal lies beside it: rows of a transaction that was cut off may be among these";
        checks.push(Check::advice(AREA, "journal", found, "compare the newest rows with what you expect"));
    }
    if salvaged.was_written_to {
        let found = "another program wrote to the damaged store meanwhile";
        checks.push(Check::wrong(AREA, "writers", found, "end it and save again, under another name"));
    }
    checks
}

fn table(table: &SalvagedTable) -> Check {
    let rows = format!("{} saved", counted(table.rows, "row"));
    if table.missing.is_empty() && !table.may_miss_more {
        return Check::ok(AREA, table.name, rows);
    }
    let missing = match table.missing_ids() {
        0 => String::new(),
        ids => format!(", up to {ids} could not be read: ids {}", ranges(&table.missing)),
    };
    let more = if table.may_miss_more { ", more may be missing that nothing tells of" } else { "" };
    Check::wrong(AREA, table.name, format!("{rows}{missing}{more}"), "these are lost, unless a copy has them")
}

/// `5001-5080, 7200 and 12 more stretches`.
fn ranges(missing: &[RangeInclusive<i64>]) -> String {
    let one = |range: &RangeInclusive<i64>| match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    let shown: Vec<_> = missing.iter().take(SHOWN_RANGES).map(one).collect();
    match missing.len().saturating_sub(SHOWN_RANGES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more stretches", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_spelled_out_up_to_a_few() {
        assert_eq!(ranges(&[1..=1, 5..=9]), "1, 5-9");
        let many: Vec<_> = (0..10).map(|index| index * 10..=index * 10 + 1).collect();
        assert!(ranges(&many).ends_with("70-71 and 2 more stretches"), "{}", ranges(&many));
    }
}
