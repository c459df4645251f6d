//! What is new in the log.

use super::{Store, StoreError, log};
use crate::model::Sample;

/// New rows of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct TailBatch {
    /// The samples among them, in the order of their ids.
    pub samples: Vec<Sample>,
    /// The id of the last row looked at; where to go on.
    pub last_id: i64,
    /// Rows that are no samples: a value that is no finite number, a timestamp that is no integer.
    pub skipped: u64,
}

impl Store {
    /// Up to `max` rows of the log after a row, oldest first.
    pub fn tail(&self, after_id: i64, max: usize) -> Result<TailBatch, StoreError> {
        self.read("read new samples", |conn| {
            let mut batch = TailBatch { samples: Vec::new(), last_id: after_id, skipped: 0 };
            let names = &mut *self.names.borrow_mut();
            log::visit_after(conn, after_id, max, |id, row| {
                batch.last_id = id;
                match row {
                    Some(row) => batch.samples.push(Sample {
                        id,
                        metric: names.shared(row.metric),
                        value: row.value,
                        timestamp_ms: row.timestamp_ms,
                    }),
                    None => batch.skipped += 1,
                }
            })?;
            Ok(batch)
        })
    }

    /// The highest id the log ever gave out, 0 when it is empty. When it is lower than an id seen before,
    /// the log was emptied or replaced and everything known of it is void.
    pub fn newest_id(&self) -> Result<i64, StoreError> {
        self.read("look for new samples", log::newest_id)
    }

    /// A number that changes whenever another connection has committed something.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.conn
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|source| StoreError::from_sqlite(&self.path, "look for changes", source))
    }
}
