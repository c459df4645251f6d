//! What reaches the dashboard, and what it asks for.

use std::sync::Arc;

use super::Key;
use crate::model::{Alert, Command, Snapshot, ViewRequest};

/// Something happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The terminal has this size now, in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The engine has a new picture of the store.
    Snapshot(Arc<Snapshot>),
    /// Alerts were raised since the last time. `inserted_here` says that this process wrote the row,
    /// so that only one of several panes rings the bell.
    Alerts {
        /// The alerts, oldest first.
        raised: Vec<Alert>,
        /// Whether this process wrote them.
        inserted_here: bool,
    },
    /// Alerts have ended since the last time.
    Ended(Vec<Alert>),
    /// An effect was carried out, or failed: tell the user.
    Notice(Notice),
    /// Nothing but the time moved on; sent when [`super::App::next_deadline_ms`] passes.
    Wake,
}

/// A short message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether something failed.
    pub is_error: bool,
    /// One line.
    pub text: String,
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// The data behind the view, comma separated.
    Csv,
    /// The data behind the view, as JSON.
    Json,
    /// The view as a picture.
    Svg,
}

/// What the dashboard asks the world to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Look at something else from now on.
    View(ViewRequest),
    /// Have the engine change what is kept.
    Ask(Command),
    /// Put text on the clipboard.
    Copy(String),
    /// Put the drawn screen on the clipboard as text.
    CopyView,
    /// Write the view to a file.
    Export(ExportFormat),
    /// Ring the terminal's bell.
    Bell,
    /// Forget what is on the screen and draw all of it.
    Redraw,
    /// Stop until `fg`.
    Suspend,
    /// End the program.
    Quit,
}
