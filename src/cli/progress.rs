//! How far a long command is, on stderr, when somebody is looking: how much is done, how fast, how long yet.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{bar:30} {percent:>3} %  {pos} {msg}, {per_sec}, {eta} left";

/// A bar, or nothing when nobody looks.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts at nothing; `unit` is what is counted.
    pub fn new(quiet: bool, unit: &'static str) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::no_length().with_message(unit).with_style(style.progress_chars("##-")))
    }

    /// Shows that `done` of about `total` are done.
    pub fn show(&self, done: u64, total: u64) {
        self.0.set_length(total.max(done));
        self.0.set_position(done);
    }

    /// Takes it off the screen.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
