//! The dashboard as a state machine: [`update()`] takes an [`Event`] and answers with [`Effect`]s.
//!
//! No terminal, no database, no clock: time comes in with the event, wishes go out as effects.

mod action;
mod copy;
mod deadline;
mod event;
mod feedback;
mod filter;
mod key;
pub mod keymap;
mod navigation;
mod overlay;
mod rows;
mod size;
mod sort;
mod split;
mod state;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
pub mod toast;
mod unusual_runs;
mod update;
pub mod view;

#[cfg(test)]
mod tests;

pub use action::{Action, UnknownAction};
pub use event::{Effect, Event, ExportFormat, Notice};
pub use filter::{Filter, FilterError};
pub use key::{Key, KeyCode, KeyParseError};
pub use keymap::{Chord, Keymap};
pub use overlay::Overlay;
pub use size::SizeClass;
pub use sort::SortColumn;
pub use state::{App, AppOptions, Frozen, Tab};
pub use toast::{Toast, ToastKind};
pub use update::update;
