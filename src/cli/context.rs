//! What every command is handed: the resolved configuration, the clock, and how to talk.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use super::args::Cli;
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, Loaded, Sources, paths};

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
    pub fn new(cli: &Cli) -> Result<Self, ConfigError> {
        Ok(Self::with(cli, Self::load(cli)?.config))
    }

    /// A configuration in hand.
    #[must_use]
    pub const fn with(cli: &Cli, config: Config) -> Self {
        Self { config, clock: Clock::System, quiet: cli.global.quiet }
    }

    /// The configuration with where each setting comes from.
    ///
    /// # Errors
    /// As [`Context::new`].
    pub fn load(cli: &Cli) -> Result<Loaded, ConfigError> {
        let file = asked_for(cli);
        config::load(&Sources { file: file.as_deref(), env: &|name| env::var(name).ok(), flags: &cli.settings() })
    }

    /// Where the configuration file is, or would be.
    #[must_use]
    pub fn config_path(cli: &Cli) -> PathBuf {
        asked_for(cli).unwrap_or_else(paths::config_file)
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

/// The file named by `--config`, else by `PERFTOP_CONFIG`.
fn asked_for(cli: &Cli) -> Option<PathBuf> {
    let from_env = || env::var_os("PERFTOP_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    cli.global.config.clone().or_else(from_env)
}
