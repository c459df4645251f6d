//! Opening: a file becomes a [`Store`], created or migrated when it may be written.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::contexts::Contexts;
use super::courtesy::Courtesy;
use super::files::DatabaseFiles;
use super::network::network_filesystem;
use super::{Store, StoreError, schema, wal};

/// How long a write waits for another writer, and a read for a database in rollback-journal mode.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements kept compiled: more than there are.
const STATEMENT_CACHE: usize = 64;

/// Settings of a connection. The page cache is small on purpose: a pane holds several connections, and
/// the measured speed does not depend on it.
const CONNECTION: &str = "
PRAGMA cache_size = -512;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = OFF;
PRAGMA recursive_triggers = OFF;
";

/// Settings of a file, which only hold when they come before its first table.
const NEW_FILE: &str = "
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = INCREMENTAL;
";

impl Store {
    /// Opens a store to read and write. Creates the file, its directory (for the user alone) and its
    /// tables where they are missing, and migrates an older layout.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create_parent(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = connect(path, flags)?;
        refuse_foreign(path, &conn)?;
        let version =
            prepare_file(path, &conn).map_err(|said| StoreError::from_sqlite(path, "read the layout", said))?;
        if version < schema::VERSION {
            create_tables(&mut conn).map_err(|said| StoreError::from_sqlite(path, "create tables", said))?;
        }
        Ok(Self::over(conn, path))
    }

    /// As [`Store::open`], but the file must exist.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if path.exists() { Self::open(path) } else { Err(StoreError::Missing { path: path.to_owned() }) }
    }

    /// Opens a store to read only. It must exist; a bare one with just the contract tables will do.
    pub fn open_read(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = connect(path, flags)?;
        refuse_foreign(path, &conn)?;
        Ok(Self::over(conn, path))
    }

    fn over(conn: Connection, path: &Path) -> Self {
        Self {
            conn,
            path: path.to_owned(),
            files: DatabaseFiles::at(path),
            names: RefCell::default(),
            recent: RefCell::default(),
            pending: None,
            contexts: Contexts::default(),
            courtesy: Courtesy::default(),
        }
    }
}

fn create_parent(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(parent)
        .map_err(|source| StoreError::Directory { path: path.to_owned(), source })
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    if path.is_dir() {
        return Err(StoreError::NotAFile { path: path.to_owned() });
    }
    set_up(path, flags).map_err(|said| StoreError::from_sqlite(path, "open", said))
}

fn set_up(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Plans that do not look at bound values: otherwise SQLite compiles some statements anew for each value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(CONNECTION)?;
    // Bounds what a long reader leaves behind.
    conn.pragma_update(None, "journal_size_limit", wal::SIZE_LIMIT_BYTES)?;
    Ok(conn)
}

/// Gives a new file its shape and any file the write-ahead log; answers the layout found.
fn prepare_file(path: &Path, conn: &Connection) -> rusqlite::Result<i64> {
    let page_count: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if page_count == 0 {
        conn.execute_batch(NEW_FILE)?;
    }
    // Write-ahead logs need memory that is shared, which a network does not do.
    if network_filesystem(path).is_none() {
        switch_to_wal(conn)?;
    }
    schema::version(conn)
}

/// Another program may hold the file in rollback-journal mode; then it stays as it is, which is slower
/// and as safe.
fn switch_to_wal(conn: &Connection) -> rusqlite::Result<()> {
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let is_wal = mode == "wal" || {
        conn.busy_timeout(Duration::from_millis(200))?;
        let switched = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        conn.busy_timeout(BUSY_TIMEOUT)?;
        switched.is_ok_and(|mode| mode == "wal")
    };
    if is_wal { conn.pragma_update(None, "synchronous", "NORMAL") } else { Ok(()) }
}

fn create_tables(conn: &mut Connection) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    schema::migrate(&transaction)?;
    transaction.commit()
}

/// Refuses a store of a later version, and a database that has tables and none of them ours. Nothing was
/// written to it yet.
fn refuse_foreign(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    let look = || Ok((schema::version(conn)?, schema::is_foreign(conn)?));
    match look().map_err(|said| StoreError::from_sqlite(path, "read the layout", said))? {
        (found, _) if found > schema::VERSION => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION })
        }
        (_, true) => Err(StoreError::Foreign { path: path.to_owned() }),
        _ => Ok(()),
    }
}
