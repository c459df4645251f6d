//! SQLite's own importer, and what a store's file holds.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::child::{Usage, run};
use crate::data::Truth;
use crate::store::CONTRACT;

/// The index a reader of the bare table needs.
const INDEX: &str = "CREATE INDEX by_metric ON performance_samples (metric_name, timestamp);";

/// `sqlite3 .import` of a CSV file with every column into the bare table of a new file, which may have the index
/// from the start.
pub fn import(csv: &Path, dir: &Path, is_indexed: bool) -> Usage {
    let index = if is_indexed { INDEX } else { "" };
    let import = format!(".import --csv '{}' performance_samples", csv.display());
    sqlite3(dir, &["PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;", CONTRACT, index, &import])
}

/// Adds the index to what was imported before.
pub fn index(dir: &Path) -> Usage {
    sqlite3(dir, &[INDEX])
}

fn sqlite3(dir: &Path, commands: &[&str]) -> Usage {
    let mut command = Command::new("sqlite3");
    // A cache that an index profits from; pages, above, of the size of perftop's.
    command.arg("-bail").arg(dir.join("import.db")).arg("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;");
    run(command.args(commands), &dir.join("said"))
}

pub fn open(path: &Path) -> Connection {
    Connection::open(path).expect("a database")
}

/// What the log of a file holds.
pub fn truth(path: &Path) -> Truth {
    sums(path, "SELECT count(*), sum(value) FROM performance_samples")
}

/// What perftop's roll-ups of the log hold.
pub fn rolled_up(path: &Path) -> Truth {
    sums(path, "SELECT sum(n), sum(n * mean) FROM perftop_hour")
}

fn sums(path: &Path, query: &str) -> Truth {
    let (rows, sum): (i64, f64) = open(path).query_row(query, [], |row| row.try_into()).expect("a count and a sum");
    Truth { rows: rows.cast_unsigned(), sum }
}

/// Bytes of the pages of each table and its indexes, largest first; the sum is the file without free pages.
pub fn pages(path: &Path) -> Vec<(String, u64)> {
    let split = "SELECT coalesce(tbl_name, d.name), sum(pgsize) FROM dbstat d LEFT JOIN sqlite_schema s USING (name)
                 WHERE aggregate = 1 GROUP BY 1 ORDER BY 2 DESC";
    let connection = open(path);
    let mut statement = connection.prepare(split).expect("SQLite is built with dbstat");
    let tables =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))).expect("pages");
    tables.collect::<Result<_, _>>().expect("pages")
}
