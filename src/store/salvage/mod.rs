//! Saves what can still be read of a damaged store into a new one.
//!
//! A damaged page makes SQLite refuse everything that hangs below it, and a damaged header the whole file.
//! So the pages are read here, without SQLite: the trees as far as they hold, then, for the stretches of
//! keys that no tree leads to any more, every other page in use, row by row. A row counts as one of a
//! stretch when it has the shape of its table and its id lies in the stretch. SQLite keeps no checksums of
//! pages, so a value that was overwritten in place cannot be told from a good one.
//!
//! | file | does |
//! |---|---|
//! | `pages`, `wal` | pages as they were last committed; what stands in them is read by `btree` |
//! | `tree`, `table` | which rows there are, which are whose |
//! | `saver` | rows into the new store |

mod pages;
mod saver;
mod table;
mod tree;
mod wal;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use self::pages::Pages;
use self::saver::Saver;
use self::table::{TABLES, Table};
use self::tree::{Span, Walker};
use super::btree::node::Kind;
use super::btree::record;
use super::schema::State;
use super::{Store, StoreError};

/// What was saved of a damaged store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// Table by table.
    pub tables: Vec<SalvagedTable>,
    /// Whether the file's first 100 bytes could not be used.
    pub is_header_damaged: bool,
    /// Whether a transaction was cut off half-way, so that rows of it may be among the saved ones.
    pub has_cut_off_transaction: bool,
    /// Whether the damaged store was written to in the meantime, so that it should be saved again.
    pub was_written_to: bool,
}

/// What was saved of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalvagedTable {
    /// Its name.
    pub name: &'static str,
    /// Rows saved.
    pub rows: u64,
    /// Row ids that could not be read; some may not have existed.
    pub missing: Vec<RangeInclusive<i64>>,
    /// Whether rows are missing that have no ids, or after the newest id that is known.
    pub may_miss_more: bool,
}

impl SalvagedTable {
    /// How many row ids could not be read.
    #[must_use]
    pub fn missing_ids(&self) -> u64 {
        self.missing.iter().map(|range| range.end().abs_diff(*range.start()) + 1).sum()
    }
}

/// Saves the rows of the contract's tables, the alerts, incidents and mutes, the files' ledger and the detector's marks out of
/// the store at `from` into a new one at `to`, and rolls them up there. `from` is only read; `to` appears
/// when it is complete. `progress` hears how many rows were saved, and of about how many.
pub fn salvage(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Salvaged, StoreError> {
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Exists { path: to.to_owned() });
    }
    let written_before = stamps(from);
    let pages = open(from)?;
    let unwritable = |source| StoreError::Unwritable { path: to.to_owned(), source };
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let part = tempfile::Builder::new().prefix(".perftop-salvage-").tempfile_in(parent).map_err(unwritable)?;
    let mut store = Store::open(part.path())?;
    let mut salvaged =
        save(&pages, &store.conn, progress).map_err(|source| StoreError::from_sqlite(to, "save rows", source))?;
    store.roll_up_all()?;
    store
        .conn
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .map_err(|source| StoreError::from_sqlite(to, "complete it", source))?;
    drop(store);
    if let Ok(metadata) = fs::metadata(from) {
        fs::set_permissions(part.path(), metadata.permissions()).map_err(unwritable)?;
    }
    part.as_file().sync_all().map_err(unwritable)?;
    part.persist_noclobber(to).map_err(|error| unwritable(error.error))?;
    salvaged.has_cut_off_transaction = has_hot_journal(from);
    salvaged.was_written_to = stamps(from) != written_before;
    Ok(salvaged)
}

fn open(from: &Path) -> Result<Pages, StoreError> {
    if !from.exists() {
        return Err(StoreError::Missing { path: from.to_owned() });
    }
    let unreadable = |source| StoreError::Unreadable { path: from.to_owned(), source };
    if fs::metadata(from).map_err(unreadable)?.len() == 0 {
        return Err(StoreError::Empty { path: from.to_owned() });
    }
    let Some(pages) = Pages::open(from).map_err(unreadable)? else {
        return Err(StoreError::NotADatabase { path: from.to_owned() });
    };
    if pages.is_utf16() { Err(StoreError::Utf16 { path: from.to_owned() }) } else { Ok(pages) }
}

/// What changes when a store is written to: length and time of its two files.
fn stamps(path: &Path) -> [Option<(u64, Option<std::time::SystemTime>)>; 2] {
    [path.to_owned(), pages::beside(path, "-wal")]
        .map(|path| fs::metadata(path).ok().map(|metadata| (metadata.len(), metadata.modified().ok())))
}

/// A rollback journal whose head was not wiped belongs to a transaction that was not completed.
fn has_hot_journal(path: &Path) -> bool {
    use std::io::Read as _;
    let mut head = [0; 8];
    let read = File::open(pages::beside(path, "-journal")).and_then(|mut journal| journal.read_exact(&mut head));
    read.is_ok() && head != [0; 8]
}

/// What is known of a table while it is saved.
struct Known {
    table: Table,
    unreadable: Vec<Span>,
}

fn save(pages: &Pages, conn: &Connection, progress: &mut dyn FnMut(u64, u64)) -> rusqlite::Result<Salvaged> {
    let mut walker = Walker::new(pages);
    let (roots, is_schema_whole) = roots(&mut walker);
    let mut given_ids = roots.get("sqlite_sequence").map(|root| given_ids(&mut walker, *root)).unwrap_or_default();
    let total = given_ids.values().map(|id| id.cast_unsigned()).sum();
    let mut tell = |rows| progress(rows, total);
    // The one that is saved counts; a new store has one of its own.
    State::GroupedUpTo.clear(conn)?;
    let mut saver = Saver::new(conn, &mut tell)?;
    let mut known = Vec::new();
    for table in TABLES {
        let unreadable = match roots.get(table.name) {
            Some(root) => walker.walk::<rusqlite::Error>(*root, table.leaf, &mut |row_id, payload| {
                let Some(values) = record::values(payload).filter(|values| table.may_hold(values)) else {
                    return Ok(false);
                };
                if table.wants(&values) {
                    saver.save(&table, row_id, &values)?;
                }
                Ok(true)
            })?,
            // Every store has samples: where nothing names their table, its name is what was damaged.
            None if is_schema_whole && table.name != TABLES[0].name => Vec::new(),
            None => vec![Span::ALL],
        };
        known.push(Known { table, unreadable });
    }
    if known.iter().any(|known| !known.unreadable.is_empty()) {
        walk_others(&mut walker, &roots);
        walker.strays(|kind, row_id, payload| {
            if kind == Kind::TableLeaf {
                given_ids.extend(given_id(payload));
            }
            save_stray(&known, kind, row_id, payload, &mut saver)
        })?;
    }
    saver.commit()?;
    saver::settle_incidents(conn)?;
    let tables = known.iter().map(|known| known.summary(conn, given_ids.get(known.table.name).copied()));
    Ok(Salvaged {
        tables: tables.collect::<rusqlite::Result<_>>()?,
        is_header_damaged: !pages.has_header,
        has_cut_off_transaction: false,
        was_written_to: false,
    })
}

/// The root page of each table, and whether there can be no more of them.
fn roots(walker: &mut Walker<'_>) -> (HashMap<String, u32>, bool) {
    let mut roots = HashMap::new();
    let walked = walker.walk::<Infallible>(1, Kind::TableLeaf, &mut |_, payload| {
        let values = record::values(payload).unwrap_or_default();
        if let [ValueRef::Text(b"table"), ValueRef::Text(name), _, ValueRef::Integer(root), _] = values[..]
            && let Ok(root) = u32::try_from(root)
        {
            roots.insert(String::from_utf8_lossy(name).into_owned(), root);
        }
        Ok(values.len() == 5)
    });
    let Ok(unreadable) = walked;
    (roots, unreadable.is_empty())
}

/// Walks the tables whose rows are not saved, so that no row of theirs is taken for a stray.
fn walk_others(walker: &mut Walker<'_>, roots: &HashMap<String, u32>) {
    for (_, root) in roots.iter().filter(|(name, _)| TABLES.iter().all(|table| table.name != **name)) {
        for leaf in [Kind::TableLeaf, Kind::IndexLeaf] {
            let Ok(_) = walker.walk::<Infallible>(*root, leaf, &mut |_, _| Ok(true));
        }
    }
}

/// The highest id that each table ever gave out, of the tables that are saved.
fn given_ids(walker: &mut Walker<'_>, root: u32) -> HashMap<&'static str, i64> {
    let mut given = HashMap::new();
    let Ok(_) = walker.walk::<Infallible>(root, Kind::TableLeaf, &mut |_, payload| {
        given.extend(given_id(payload));
        Ok(true)
    });
    given
}

/// A row of SQLite's own table of the highest ids.
fn given_id(payload: &[u8]) -> Option<(&'static str, i64)> {
    let [ValueRef::Text(name), ValueRef::Integer(id)] = record::values(payload)?[..] else { return None };
    let table = TABLES.iter().find(|table| table.gives_out_ids() && table.name.as_bytes() == name)?;
    Some((table.name, id))
}

/// Saves a row that no tree leads to, when there is a stretch that lacks it.
fn save_stray(
    known: &[Known],
    kind: Kind,
    row_id: i64,
    payload: &[u8],
    saver: &mut Saver<'_>,
) -> rusqlite::Result<bool> {
    let Some(values) = record::values(payload) else { return Ok(false) };
    let lacks = |known: &&Known| {
        known.table.leaf == kind.leaf()
            && known.unreadable.iter().any(|span| span.contains(row_id))
            && known.table.looks_like(&values)
            && known.table.wants(&values)
    };
    match known.iter().find(lacks) {
        Some(known) => saver.save(&known.table, row_id, &values).map(|()| true),
        None => Ok(false),
    }
}

impl Known {
    fn summary(&self, conn: &Connection, given_id: Option<i64>) -> rusqlite::Result<SalvagedTable> {
        let table = &self.table;
        let rows = saver::count(conn, table)?;
        let (mut missing, mut may_miss_more) = (Vec::new(), !self.unreadable.is_empty());
        if table.gives_out_ids() {
            let newest_id = given_id.unwrap_or(0).max(saver::newest_id(conn, table)?);
            missing = saver::missing(conn, table, &self.unreadable, newest_id)?;
            may_miss_more = given_id.is_none() && self.unreadable.iter().any(|span| span.last > newest_id);
            if newest_id > 0 {
                saver::continue_ids(conn, table, newest_id)?;
            }
        }
        Ok(SalvagedTable { name: table.name, rows, missing, may_miss_more })
    }
}
