//! The terminal: the loop, its modes and how they are undone, signals, suspending, clipboard, tmux.
//!
//! Decides when something is drawn and where bytes go; what is drawn is `ui`'s, what it means is `app`'s.

mod content;
mod desk;
mod export;
pub mod guard;
mod hang_up;
mod input;
mod pace;
mod run;
mod screen;
mod signals;
mod sources;
mod summary;
mod suspend;
mod title;
mod tmux;

pub use run::{Dashboard, Outcome, run};
pub use signals::Ending;
pub use sources::notices;
