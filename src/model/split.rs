//! A metric taken apart by tags of its samples: what is asked, and what is shown of it.

use std::sync::Arc;

use super::{Limited, MetricName, SeriesSummary};

/// Tags by which a metric is taken apart, in the order in which their values are shown.
pub type Grouping = Arc<[Arc<str>]>;

/// A metric that is to be taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRequest {
    /// The metric.
    pub metric: MetricName,
    /// By these tags; `None` for the first of its groupings.
    pub by: Option<Grouping>,
}

/// A metric taken apart.
#[derive(Debug, Clone)]
pub struct Split {
    /// The metric.
    pub metric: MetricName,
    /// By which of the groupings; the first one when there is none of what was asked for. Empty when the metric's
    /// samples carry no tags in the window.
    pub by: Grouping,
    /// What it can be taken apart by: as the user has configured it, then by each tag that its samples carry.
    pub groupings: Arc<[Grouping]>,
    /// The whole metric, then its segments.
    pub series: Arc<[SeriesSummary]>,
    /// What was not told apart.
    pub limited: Limited,
}
