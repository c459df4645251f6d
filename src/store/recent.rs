//! The rows of the log that are not rolled up, by metric, as far as this connection has read on: whoever asks again and
//! again what is known of a metric has each row read once.

use std::collections::HashMap;

use rusqlite::Connection;

use super::log::{self, Ends, Names};
use crate::model::{MetricName, Point};

/// What was read. Holds 24 bytes for each row, until it is rolled up.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Rows up to here are rolled up, and not here;
    rolled_up_to: i64,
    /// those up to here are.
    up_to_id: i64,
    /// How often rows that are not rolled up had been deleted or changed.
    changes: i64,
    points: HashMap<MetricName, Vec<(i64, Point)>>,
}

impl Recent {
    /// Reads on up to a row.
    pub(super) fn read_on(&mut self, conn: &Connection, names: &mut Names, up_to_id: i64) -> rusqlite::Result<()> {
        let Ends { newest_id, rolled_up_to, changes } = log::ends(conn)?;
        if changes != self.changes || rolled_up_to < self.rolled_up_to || up_to_id.min(newest_id) < self.up_to_id {
            *self = Self { changes, ..Self::default() };
        }
        if rolled_up_to > self.rolled_up_to {
            self.points.retain(|_, points| {
                points.drain(..points.partition_point(|(id, _)| *id <= rolled_up_to));
                !points.is_empty()
            });
            (self.rolled_up_to, self.up_to_id) = (rolled_up_to, self.up_to_id.max(rolled_up_to));
        }
        let points = &mut self.points;
        log::visit_between(conn, self.up_to_id.saturating_add(1), up_to_id, &mut |id, row| {
            if let Some(row) = row {
                points.entry(names.shared(row.metric)).or_default().push((id, row.point()));
            }
        })?;
        self.up_to_id = self.up_to_id.max(up_to_id.min(newest_id));
        Ok(())
    }

    /// The samples of a metric, in the order of their ids.
    pub(super) fn of(&self, metric: &MetricName) -> impl Iterator<Item = Point> {
        self.points.get(metric).into_iter().flatten().map(|(_, point)| *point)
    }
}
