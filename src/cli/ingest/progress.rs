//! How far an ingest is, on stderr, when somebody is looking.

use std::io::{self, IsTerminal as _};

use crate::model::text::counted;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar where the length is known, a counter where it is not, nothing when nobody looks.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts at nothing.
    pub fn new(quiet: bool, total_bytes: Option<u64>) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match total_bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{bar:30} {percent:>3} %  {msg}"),
            None => (ProgressBar::no_length(), "{bytes} read  {msg}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(bar.with_style(style.progress_chars("##-")))
    }

    /// Shows how far it is.
    pub fn show(&self, bytes: u64, samples: u64) {
        self.0.set_position(bytes);
        self.0.set_message(counted(samples, "sample"));
    }

    /// Shows what is being done now.
    pub fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }

    /// Writes to stderr above the bar.
    pub fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Takes it off the screen.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
