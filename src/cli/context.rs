//! What every command is handed: the resolved configuration, the clock, and how to talk.

use std::io::{self, IsTerminal as _, Write as _};

use super::args::GlobalArgs;
use crate::clock::Clock;
use crate::config::Config;

/// What every command is handed.
#[derive(Debug, Clone)]
pub struct Context {
    /// The configuration with flags and environment applied.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Say nothing on stderr but errors.
    pub quiet: bool,
}

impl Context {
    /// Resolves the configuration.
    ///
    /// # Errors
    /// When the configuration is wrong, with every place where it is.
    pub fn new(global: &GlobalArgs) -> anyhow::Result<Self> {
        let mut config = Config::default();
        if let Some(path) = &global.db {
            config.store.path.clone_from(path);
        }
        Ok(Self { config, clock: Clock::System, quiet: global.quiet })
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// One line for the person at the terminal, on stderr; nothing under `--quiet`.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Whether somebody is looking: stdin and stdout are both a terminal.
    #[must_use]
    pub fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }
}
