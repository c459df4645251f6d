//! Is the store healthy: what `doctor` says of it.

use std::collections::BTreeSet;

use rusqlite::{Connection, ErrorCode};

use super::network::network_filesystem;
use super::part::MetricRef;
use super::{Store, StoreError, chunk, contexts, hour, log, old_rows, schema, totals};

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
    /// What the file's bytes are used for.
    pub size: StoreSize,
    /// Rows of the log that are not rolled up yet.
    pub backlog_rows: u64,
    /// Hours that wait to be made anew, because another program changed rows of theirs.
    pub changed_hours: u64,
    /// Different contexts that are told apart.
    pub context_count: u64,
    /// Whether there are so many that new ones are not told apart any more.
    pub is_context_limit_reached: bool,
    /// Tags that have so many values that new ones are not told apart any more.
    pub full_tags: BTreeSet<String>,
    /// What is wrong with the file itself, one line each. The rest was not looked at then.
    pub damage: Vec<String>,
    /// What is wrong with what was made of the samples, one line each: [`Store::rebuild`] mends it. It costs time,
    /// not data, for a damaged hour is read from the log.
    pub problems: Vec<String>,
    /// The network file system it lies on, where SQLite's locks cannot be relied upon.
    pub network_filesystem: Option<&'static str>,
}

/// What the bytes of a store are used for, once its write-ahead log is moved into it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// All of them.
    pub total_bytes: u64,
    /// The rows of the samples.
    pub samples_bytes: u64,
    /// What they were rolled up to.
    pub rollups_bytes: u64,
    /// What was deleted, and is used again before the file grows.
    pub free_bytes: u64,
}

impl Store {
    /// Looks at the whole file; takes seconds for a large one.
    pub fn check(&self) -> Result<StoreCheck, StoreError> {
        self.read("check", |conn| {
            let mut check = StoreCheck {
                journal_mode: conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
                sqlite_version: rusqlite::version(),
                layout: schema::version(conn)?,
                known_layout: schema::VERSION,
                size: StoreSize::default(),
                backlog_rows: 0,
                changed_hours: 0,
                context_count: 0,
                is_context_limit_reached: false,
                full_tags: BTreeSet::new(),
                damage: damage(conn)?,
                problems: Vec::new(),
                network_filesystem: network_filesystem(&self.path),
            };
            if check.damage.is_empty() && schema::has_table(conn, "performance_samples")? {
                check.look_inside(conn)?;
            }
            Ok(check)
        })
    }
}

impl StoreCheck {
    fn look_inside(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        self.size = size(conn)?;
        let (kept_rows, backlog_rows) = kept_and_waiting(conn)?;
        self.backlog_rows = backlog_rows;
        if schema::has_derived(conn)? {
            self.changed_hours = count(conn, "SELECT count(*) FROM perftop_dirty")?;
            self.context_count = count(conn, "SELECT count(*) FROM perftop_context")?;
            self.is_context_limit_reached = self.context_count >= u64::from(contexts::MAX_CONTEXTS);
            self.full_tags = contexts::full_tags(conn)?;
            self.problems = damaged_hours(conn)?;
            if self.changed_hours == 0 {
                self.problems.extend(difference(conn, kept_rows)?);
            }
        }
        Ok(())
    }
}

fn count(conn: &Connection, sql: &str) -> rusqlite::Result<u64> {
    conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

fn size(conn: &Connection) -> rusqlite::Result<StoreSize> {
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0).map(i64::cast_unsigned));
    let page_bytes = number("page_size")?;
    let used = |tables: &str| {
        count(
            conn,
            &format!(
                "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE
                   AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN ({tables}))"
            ),
        )
    };
    Ok(StoreSize {
        total_bytes: number("page_count")? * page_bytes,
        samples_bytes: used("'performance_samples'")?,
        rollups_bytes: used(
            "'perftop_hour', 'perftop_chunk', 'perftop_dense', 'perftop_day', 'perftop_metric', 'perftop_context',
             'perftop_monitor'",
        )?,
        free_bytes: number("freelist_count")? * page_bytes,
    })
}

/// What SQLite says of the file: up to a hundred complaints.
fn damage(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let look = || {
        let mut statement = conn.prepare("PRAGMA quick_check(100)")?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    };
    match look() {
        Ok(mut answers) => {
            answers.retain(|answer| answer != "ok");
            Ok(answers)
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Ok(vec![error.to_string()]),
        Err(error) => Err(error),
    }
}

fn damaged_hours(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(
        "SELECT c.hour, c.data, m.id, m.name FROM perftop_chunk c JOIN perftop_metric m ON m.id = c.metric_id
         ORDER BY c.hour, m.id, c.part",
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

/// How many samples of the log are rolled up, in hours of which every row is kept, and how many rows are not
/// rolled up yet.
fn kept_and_waiting(conn: &Connection) -> rusqlite::Result<(u64, u64)> {
    let (mut kept, mut waiting) = (0, 0);
    let up_to_id = log::rolled_up_to(conn)?;
    let from_hour = if schema::has_derived(conn)? { old_rows::first_kept_hour(conn)? } else { i64::MIN };
    log::visit_after(conn, i64::MIN, usize::MAX, |id, row| {
        if id > up_to_id {
            waiting += 1;
        } else if row.is_some_and(|row| hour::hour_of(row.timestamp_ms) >= from_hour) {
            kept += 1;
        }
    })?;
    Ok((kept, waiting))
}

/// Compares what was rolled up with the rows it was made from.
fn difference(conn: &Connection, kept_rows: u64) -> rusqlite::Result<Option<String>> {
    let counted = totals::of_kept_hours(conn)?;
    Ok((counted != kept_rows)
        .then(|| format!("{counted} samples are rolled up where performance_samples has {kept_rows}")))
}
