//! What detectors know of a metric, as the store keeps it.

use super::MetricName;

/// What the detectors learned of a metric from its samples up to a row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectorState {
    /// The metric.
    pub metric: MetricName,
    /// By which version it is to be read: bytes of another one mean nothing.
    pub version: i64,
    /// The last row that was learned.
    pub up_to_id: i64,
    /// When samples come: little enough to be read of every metric at the start.
    pub pulse: Vec<u8>,
    /// Everything else.
    pub learned: Vec<u8>,
}
