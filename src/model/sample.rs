//! One measured value.

use std::sync::Arc;

use serde::Serialize;

use super::MetricName;

/// A sample as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The row's id; rises in the order in which samples were committed.
    pub id: i64,
    /// What was measured.
    pub metric: MetricName,
    /// The measured value; finite.
    pub value: f64,
    /// When it was measured: ms since the Unix epoch, UTC.
    pub timestamp_ms: i64,
}

impl Sample {
    /// Its value at its time.
    #[must_use]
    pub const fn point(&self) -> Point {
        Point { timestamp_ms: self.timestamp_ms, value: self.value }
    }
}

/// A sample on its way into the store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSample {
    /// What was measured.
    pub metric: MetricName,
    /// The measured value; finite.
    pub value: f64,
    /// When it was measured: ms since the Unix epoch, UTC.
    pub timestamp_ms: i64,
    /// A flat JSON object of tags, as text; shared by samples of the same tags where the producer can.
    pub context_json: Option<Arc<str>>,
}

impl NewSample {
    /// Its value at its time.
    #[must_use]
    pub const fn point(&self) -> Point {
        Point { timestamp_ms: self.timestamp_ms, value: self.value }
    }
}

/// A value at a time, of a series known from the surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// ms since the Unix epoch, UTC.
    pub timestamp_ms: i64,
    /// The measured value; finite.
    pub value: f64,
}
