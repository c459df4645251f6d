//! What the columns of a CSV mean, by their names.

use crate::ingest::reject::{Reason, quoted};

/// Names of columns, in any case and with space around them.
const TIMESTAMP: [&str; 6] = ["timestamp", "time", "ts", "date", "datetime", "@timestamp"];
const METRIC: [&str; 3] = ["metric_name", "metric", "name"];
const VALUE: [&str; 1] = ["value"];
const CONTEXT: [&str; 2] = ["context", "context_json"];

/// What the columns mean.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// How many there are.
    pub columns: usize,
    /// Which one says when.
    pub timestamp: Option<usize>,
    /// What the others are.
    pub shape: Shape,
}

/// The two ways to write samples as rows.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// One row a sample.
    Long {
        /// The column of the name.
        metric: usize,
        /// The column of the value.
        value: usize,
        /// The column of a JSON object of tags.
        context: Option<usize>,
        /// The columns of tags, when there is no such object.
        tags: Vec<(String, usize)>,
    },
    /// One row an instant, one column a metric.
    Wide {
        /// The columns of values.
        metrics: Vec<(String, usize)>,
    },
}

impl Header {
    /// Reads the cells of the first row.
    pub fn new(cells: &[&str]) -> Result<Self, Reason> {
        let names: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
        let find =
            |words: &[&str]| names.iter().position(|name| words.iter().any(|word| name.eq_ignore_ascii_case(word)));
        let (timestamp, metric, value) = (find(&TIMESTAMP), find(&METRIC), find(&VALUE));
        let context = find(&CONTEXT);
        let others = |taken: &[Option<usize>]| -> Vec<(String, usize)> {
            let free = (0..names.len()).filter(|at| !taken.contains(&Some(*at)));
            free.map(|at| (names[at].to_owned(), at)).collect()
        };
        let shape = match (metric, value, timestamp) {
            (Some(metric), Some(value), _) => {
                let tags = others(&[timestamp, Some(metric), Some(value), context]);
                if context.is_some() && !tags.is_empty() {
                    return Err(Reason::ContextAndTags(quoted(&tags[0].0)));
                }
                Shape::Long { metric, value, context, tags }
            }
            (_, _, Some(_)) if names.len() > 1 => Shape::Wide { metrics: others(&[timestamp]) },
            _ => return Err(Reason::NoColumns),
        };
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(Reason::ColumnWithoutName(at + 1));
            }
            if names[..at].contains(name) {
                return Err(Reason::ColumnTwice(quoted(name)));
            }
        }
        Ok(Self { columns: names.len(), timestamp, shape })
    }
}
