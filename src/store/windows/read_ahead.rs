//! Has the system fetch from the disk what is about to be read, all of it at once and in the order of the file.
//!
//! SQLite asks for one page after the other, and waits for each. The inner pages of its trees say which pages these
//! will be, and they are few: 100 million samples have a few dozen. All of this is advice: a page that is not
//! foreseen (because it is still in the write-ahead log, say) is read as ever, one that is foreseen in vain costs little.

use std::fs::{self, File};
use std::mem::ManuallyDrop;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};

use crate::store::btree::node::{Cell, Kind, Node, u16_at};
use crate::store::btree::record;

/// Pages between two others that are fetched with them rather than passed over.
const SMALL_GAP: u32 = 4;

/// Leaves of a table that are asked for together.
const LEAVES_AT_ONCE: usize = 1024;

/// No tree of SQLite is deeper.
const MAX_DEPTH: usize = 20;

/// Pages on which a row goes on that are asked for; no chunk has more.
const MAX_OVERFLOW: usize = 256;

/// Pages that are asked for at once, as a damaged file may name any number.
const MAX_ADVISED: usize = 1 << 20;

/// A stretch of a tree, by its key: the id of a row, or the first column of an index.
#[derive(Debug)]
struct Stretch {
    root: u32,
    keys: RangeInclusive<i64>,
}

/// What to fetch.
#[derive(Debug)]
pub(super) struct ReadAhead {
    file: ManuallyDrop<File>,
    page_bytes: usize,
    /// Bytes of a page that SQLite uses.
    usable: usize,
    /// Tables with large rows.
    tables: Vec<Stretch>,
}

impl ReadAhead {
    /// Asks for the rows of these hours in `perftop_hour`, and finds out where those of the other tables are.
    pub(super) fn begin(
        conn: &Connection,
        path: &Path,
        of_hours: &RangeInclusive<i64>,
        of_tables: &[(&str, RangeInclusive<i64>)],
    ) -> rusqlite::Result<Option<Self>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        // Never closed: when a process closes a file, POSIX takes all its locks on it away, also those of SQLite.
        let Ok(file) = File::open(path).map(ManuallyDrop::new) else { return Ok(None) };
        let mut header = [0; 100];
        let Some(page_bytes) = file.read_exact_at(&mut header, 0).ok().and_then(|()| u16_at(&header, 16)) else {
            return Ok(None);
        };
        let page_bytes = if page_bytes == 1 { 65_536 } else { usize::from(page_bytes) };
        let usable = page_bytes.saturating_sub(usize::from(header[20])).max(480);
        let mut ahead = Self { file, page_bytes, usable, tables: Vec::new() };
        ahead.fetch_index(conn, "perftop_hour", of_hours)?;
        for (table, hours) in of_tables {
            ahead.fetch_index(conn, &format!("sqlite_autoindex_{table}_1"), hours)?;
            ahead.tables.extend(rows(conn, table, hours)?);
        }
        Ok(Some(ahead))
    }

    /// Asks for the rows of the tables. Takes as long as the disk does.
    pub(super) fn run(&self) {
        for table in &self.tables {
            for leaves in self.leaves(table).chunks(LEAVES_AT_ONCE) {
                let before = fetched_from_disk();
                self.advise(leaves);
                // Where all of them are in memory, so is probably what they refer to.
                if before.is_none() || before != fetched_from_disk() {
                    self.advise(&self.overflow(leaves));
                }
            }
        }
    }

    fn fetch_index(&self, conn: &Connection, tree: &str, hours: &RangeInclusive<i64>) -> rusqlite::Result<()> {
        if let Some(root) = root(conn, tree)? {
            self.advise(&self.leaves(&Stretch { root, keys: hours.clone() }));
        }
        Ok(())
    }

    /// The pages in which the rows of a stretch lie, in the order of the file.
    fn leaves(&self, stretch: &Stretch) -> Vec<u32> {
        let mut level = vec![stretch.root];
        for _ in 0..MAX_DEPTH {
            let Some(first) = level.first().and_then(|&number| self.read(number)) else { break };
            if Node::parse(level[0], &first).is_none_or(|node| node.right_child.is_none()) {
                return level;
            }
            let mut next = Vec::new();
            for &number in &level {
                let page = self.read(number);
                if let Some(node) = page.as_deref().and_then(|page| Node::parse(number, page)) {
                    next.extend(children(node, &stretch.keys));
                }
            }
            next.sort_unstable();
            next.dedup();
            level = next;
        }
        Vec::new()
    }

    /// The pages on which the rows of leaves go on, as if each row's were neighbours, in the order of the file.
    fn overflow(&self, leaves: &[u32]) -> Vec<u32> {
        let mut pages = Vec::new();
        for &number in leaves {
            if pages.len() > MAX_ADVISED {
                break;
            }
            let page = self.read(number);
            let Some(node) = page.as_deref().and_then(|page| Node::parse(number, page)) else { continue };
            for (first, cell) in node.cells().flatten().filter_map(|cell| Some((cell.overflow?, cell))) {
                let count = (cell.payload_len - cell.local.len()).div_ceil(self.usable - 4).min(MAX_OVERFLOW);
                pages.extend((0..count as u32).map(|at| first.saturating_add(at)));
            }
        }
        pages.sort_unstable();
        pages
    }

    /// Has pages, in the order of the file, fetched.
    fn advise(&self, pages: &[u32]) {
        for run in pages.chunk_by(|before, page| page.saturating_sub(*before) <= SMALL_GAP) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let begin = u64::from(first.saturating_sub(1)) * self.page_bytes as u64;
            let len = u64::from(last - first + 1) * self.page_bytes as u64;
            will_need(&self.file, begin, len);
        }
    }

    /// The bytes of a page that SQLite uses.
    fn read(&self, number: u32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.usable];
        let begin = u64::from(number.checked_sub(1)?) * self.page_bytes as u64;
        self.file.read_exact_at(&mut bytes, begin).ok()?;
        Some(bytes)
    }
}

/// The children of a page below which keys of a stretch may lie.
fn children(node: Node<'_>, keys: &RangeInclusive<i64>) -> Vec<u32> {
    let mut found = Vec::new();
    let mut before = i64::MIN;
    for cell in node.cells().flatten() {
        let key = key(node.kind, &cell);
        if before <= *keys.end() && key.is_none_or(|key| key >= *keys.start()) {
            found.extend(cell.child);
        }
        before = key.unwrap_or(before);
    }
    if before <= *keys.end() {
        found.extend(node.right_child);
    }
    found
}

fn key(kind: Kind, cell: &Cell<'_>) -> Option<i64> {
    if kind == Kind::TableInterior {
        return Some(cell.row_id);
    }
    match record::values(cell.local)?.first()? {
        ValueRef::Integer(key) => Some(*key),
        _ => None,
    }
}

/// Where a tree begins.
fn root(conn: &Connection, tree: &str) -> rusqlite::Result<Option<u32>> {
    conn.query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [tree], |row| row.get(0)).optional()
}

/// The rows of a table between the first of the first hour and the last of the last one. What came late lies elsewhere.
fn rows(conn: &Connection, table: &str, hours: &RangeInclusive<i64>) -> rusqlite::Result<Option<Stretch>> {
    let row_id = |sql: String, hour: &i64| conn.query_row(&sql, [hour], |row| row.get::<_, i64>(0)).optional();
    let first = format!("SELECT rowid FROM {table} WHERE hour >= ?1 ORDER BY hour, metric_id LIMIT 1");
    let last = format!("SELECT rowid FROM {table} WHERE hour <= ?1 ORDER BY hour DESC, metric_id DESC LIMIT 1");
    let (first, last) = (row_id(first, hours.start())?, row_id(last, hours.end())?);
    let keys = first.zip(last).map(|(first, last)| first.min(last)..=first.max(last));
    Ok(root(conn, table)?.zip(keys).map(|(root, keys)| Stretch { root, keys }))
}

/// Has a stretch of a file fetched, without waiting for it.
fn will_need(file: &File, begin: u64, len: u64) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, begin, std::num::NonZeroU64::new(len), rustix::fs::Advice::WillNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, begin, len);
}

/// Bytes this thread has had fetched from a disk; `None` where the system does not tell.
fn fetched_from_disk() -> Option<u64> {
    let io = fs::read_to_string("/proc/thread-self/io").ok()?;
    io.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const METRICS: i64 = 5;

    /// A table like ours, rows of it up to the tenfold of a page.
    fn database(path: &Path) -> Connection {
        let conn = Connection::open(path).unwrap();
        conn.execute_batch(
            "PRAGMA page_size = 1024;
             CREATE TABLE perftop_hour (hour INTEGER, metric_id INTEGER, PRIMARY KEY (hour, metric_id)) WITHOUT ROWID;
             CREATE TABLE t (hour INTEGER, metric_id INTEGER, data BLOB, PRIMARY KEY (hour, metric_id));
             BEGIN",
        )
        .unwrap();
        for at in 0..300 * METRICS {
            let (hour, metric) = (1000 + at / METRICS, at % METRICS);
            conn.execute("INSERT INTO perftop_hour VALUES (?1, ?2)", (hour, metric)).unwrap();
            let len = [40, 500, 1500, 10_000][(at % 4) as usize];
            conn.execute("INSERT INTO t VALUES (?1, ?2, zeroblob(?3))", (hour, metric, len)).unwrap();
        }
        conn.execute_batch("COMMIT").unwrap();
        conn
    }

    fn begin(conn: &Connection, path: &Path, hours: RangeInclusive<i64>) -> ReadAhead {
        ReadAhead::begin(conn, path, &hours, &[("t", hours.clone())]).unwrap().unwrap()
    }

    fn pages_of(conn: &Connection, tree: &str, kind: &str) -> Vec<u32> {
        conn.prepare("SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = ?2 ORDER BY pageno")
            .unwrap()
            .query_map([tree, kind], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    }

    fn row_ids(ahead: &ReadAhead, leaves: &[u32]) -> Vec<i64> {
        let of = |&number: &u32| {
            let page = ahead.read(number).unwrap();
            Node::parse(number, &page).unwrap().cells().map(|cell| cell.unwrap().row_id).collect::<Vec<_>>()
        };
        leaves.iter().flat_map(of).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_page_of_a_tree_is_foreseen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.db");
        let conn = database(&path);
        let ahead = begin(&conn, &path, i64::MIN..=i64::MAX);
        let leaves = ahead.leaves(&ahead.tables[0]);
        assert_eq!(leaves, pages_of(&conn, "t", "leaf"));
        assert_eq!(ahead.overflow(&leaves), pages_of(&conn, "t", "overflow"));
        for index in ["perftop_hour", "sqlite_autoindex_t_1"] {
            let stretch = Stretch { root: root(&conn, index).unwrap().unwrap(), keys: i64::MIN..=i64::MAX };
            assert_eq!(ahead.leaves(&stretch), pages_of(&conn, index, "leaf"), "{index}");
        }
        ahead.run();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn of_a_stretch_no_more_than_its_neighbours_are_foreseen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.db");
        let conn = database(&path);
        let ahead = begin(&conn, &path, 1100..=1101);
        let found = row_ids(&ahead, &ahead.leaves(&ahead.tables[0]));
        let (first, last) = (100 * METRICS + 1, 102 * METRICS);
        assert!((first..=last).all(|row_id| found.contains(&row_id)), "{found:?}");
        assert!(found.len() < 30, "{found:?}");
        let root = root(&conn, "perftop_hour").unwrap().unwrap();
        let all = ahead.leaves(&Stretch { root, keys: i64::MIN..=i64::MAX }).len();
        let some = ahead.leaves(&Stretch { root, keys: 1100..=1101 }).len();
        assert!((1..=3).contains(&some) && all > 10, "{some} of {all}");
    }

    proptest! {
        #[test]
        fn any_file_is_survived(
            bytes in prop::collection::vec(any::<u8>(), 4096),
            kinds in prop::collection::vec(0..5_usize, 8),
            root in 0..10_u32,
        ) {
            let mut bytes = bytes;
            for (page, kind) in bytes.chunks_exact_mut(512).zip(&kinds) {
                if let Some(&kind) = [0x02, 0x05, 0x0a, 0x0d].get(*kind) {
                    // Few cells, and children that may exist.
                    page[0] = kind;
                    page[3] = 0;
                    page[8..11].fill(0);
                    page[11] %= 9;
                }
            }
            let mut file = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut file, &bytes).unwrap();
            let file = ManuallyDrop::new(file);
            let tables = vec![Stretch { root, keys: i64::MIN..=i64::MAX }];
            let ahead = ReadAhead { file, page_bytes: 512, usable: 512, tables };
            ahead.overflow(&ahead.leaves(&ahead.tables[0]));
            ahead.run();
            // Nobody else has this file open.
            drop(ManuallyDrop::into_inner(ahead.file));
        }
    }
}
