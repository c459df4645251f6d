//! The background tasks: tail, detector, snapshots, retention; supervised, each on its own thread.
//!
//! Owns when things happen. What is unusual is for `detect` to say, how rows are kept for `store`; who
//! looks at the result is none of its business.

#[allow(dead_code, reason = "the tasks that use it land next")]
mod board;
mod options;
#[allow(dead_code, reason = "the tasks that use it land next")]
mod supervisor;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::model::{Snapshot, ViewRequest};

pub use crate::detect::DetectOptions;
pub use options::{Command, EngineOptions, RaisedAlerts};

/// The engine as the dashboard holds it: what comes out, what goes in.
#[derive(Debug)]
pub struct EngineHandle {
    /// The newest picture of the store.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Alerts as they are raised.
    pub alerts: mpsc::Receiver<RaisedAlerts>,
    /// What the dashboard is looking at.
    pub views: watch::Sender<ViewRequest>,
    /// What else the dashboard asks.
    pub commands: mpsc::Sender<Command>,
}
