//! Is the store healthy: what `doctor` says of it.

use std::path::Path;

use rusqlite::Connection;

use super::part::MetricRef;
use super::{Store, StoreError, chunk, hour, log, schema};

/// The state of a store's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCheck {
    /// `wal`, or what another program left it in.
    pub journal_mode: String,
    /// The version of the SQLite library in use.
    pub sqlite_version: &'static str,
    /// The layout of our tables; 0 when there are only the contract's.
    pub layout: i64,
    /// The newest layout this program knows.
    pub known_layout: i64,
    /// Size of the database in bytes, once its write-ahead log is moved into it.
    pub size_bytes: u64,
    /// Rows of the log that are not rolled up yet.
    pub backlog_rows: u64,
    /// What SQLite's quick check, the checksums of the stored hours and a count of the samples found, one
    /// line each; empty when all is well. A damaged hour costs time, not data: it is read from the log.
    pub problems: Vec<String>,
    /// The network file system it lies on, where SQLite's locks cannot be relied upon.
    pub network_filesystem: Option<&'static str>,
}

impl Store {
    /// Looks at the whole file; takes seconds for a large one.
    pub fn check(&self) -> Result<StoreCheck, StoreError> {
        self.read("check", |conn| {
            let mut problems = quick_check(conn)?;
            let (rolled_rows, backlog_rows) = rolled_and_waiting(conn)?;
            if schema::has_derived(conn)? {
                problems.extend(damaged_hours(conn)?);
                problems.extend(difference(conn, rolled_rows)?);
            }
            Ok(StoreCheck {
                journal_mode: conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
                sqlite_version: rusqlite::version(),
                layout: schema::version(conn)?,
                known_layout: schema::VERSION,
                size_bytes: size_bytes(conn)?,
                backlog_rows,
                problems,
                network_filesystem: network_filesystem(&self.path),
            })
        })
    }
}

fn size_bytes(conn: &Connection) -> rusqlite::Result<u64> {
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0).map(i64::cast_unsigned));
    Ok(number("page_count")? * number("page_size")?)
}

/// Answers `ok` alone, or up to a hundred complaints.
fn quick_check(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut answers: Vec<String> =
        conn.prepare("PRAGMA quick_check(100)")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    answers.retain(|answer| answer != "ok");
    Ok(answers)
}

fn damaged_hours(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(
        "SELECT c.hour, c.data, m.id, m.name FROM perftop_chunk c JOIN perftop_metric m ON m.id = c.metric_id
         ORDER BY m.id, c.hour, c.part",
    )?;
    let (mut damaged, mut points) = (Vec::new(), Vec::new());
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hour = row.get(0)?;
        let data = row.get_ref(1)?.as_bytes().unwrap_or_default();
        points.clear();
        if let Err(error) = chunk::decode_points(hour::start_ms(hour), data, &mut points) {
            let name: String = row.get(3)?;
            let metric = MetricRef { id: row.get(2)?, name: &name };
            damaged.push(metric.damage(hour, error));
        }
    }
    Ok(damaged)
}

/// How many rows of the log are rolled up, and how many are not yet; of the first, only samples.
fn rolled_and_waiting(conn: &Connection) -> rusqlite::Result<(u64, u64)> {
    let (mut rolled, mut waiting) = (0, 0);
    let up_to_id = log::rolled_up_to(conn)?;
    log::visit_after(conn, i64::MIN, usize::MAX, |id, row| {
        if id > up_to_id {
            waiting += 1;
        } else if row.is_some() {
            rolled += 1;
        }
    })?;
    Ok((rolled, waiting))
}

/// Compares what was rolled up with the rows it was made from.
fn difference(conn: &Connection, rolled_rows: u64) -> rusqlite::Result<Option<String>> {
    let counted: i64 = conn.query_row("SELECT coalesce(sum(n), 0) FROM perftop_hour", [], |row| row.get(0))?;
    Ok((counted.cast_unsigned() != rolled_rows).then(|| {
        format!(
            "{counted} samples are rolled up, {rolled_rows} are in performance_samples: another program changed rows; \
             docs/store.md says how to roll them up anew"
        )
    }))
}

/// Names the network file system a path lies on, by the magic numbers of Linux's `statfs(2)`.
#[cfg(target_os = "linux")]
fn network_filesystem(path: &Path) -> Option<&'static str> {
    const KINDS: [(u64, &str); 10] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x6573_5546, "FUSE"),
    ];
    let kind = rustix::fs::statfs(path).ok()?.f_type as u64 & 0xffff_ffff;
    KINDS.into_iter().find(|(magic, _)| *magic == kind).map(|(_, name)| name)
}

/// Other systems have no number for it.
#[cfg(not(target_os = "linux"))]
fn network_filesystem(_path: &Path) -> Option<&'static str> {
    None
}
