//! The dashboard as a state machine: [`update`] takes an [`Event`] and answers with [`Effect`]s.
//!
//! No terminal, no database, no clock: time comes in with the event, wishes go out as effects.

mod action;
mod event;
mod key;
mod state;
pub mod view;

pub use action::{Action, UnknownAction};
pub use event::{Effect, Event, ExportFormat, Notice};
pub use key::{Key, KeyCode, KeyParseError};
pub use state::{App, AppOptions, Frozen, Overlay, SortColumn, Tab, Toast, ToastKind};
