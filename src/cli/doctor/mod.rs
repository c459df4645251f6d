//! `perftop doctor`: looks at everything perftop depends on and says what to do about it.

mod files;
mod rebuild;
mod runs;
mod salvage;
mod store;
mod terminal;
mod tmux;

use std::path::PathBuf;

use super::args::{Cli, FormatArg};
use super::collect;
use super::context::Context;
use super::exit::Exit;
use super::output;
use crate::config::{Config, ConfigError, Setting};
use crate::report::{Check, Checks};

/// Arguments of `perftop doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Save what can still be read of a damaged store into this new one; the store itself is left as it is
    #[arg(long, value_name = "NEW.db")]
    salvage: Option<PathBuf>,

    /// Make everything anew that is derived from the samples; when it is interrupted, say it again
    #[arg(long, conflicts_with = "salvage")]
    rebuild: bool,

    #[command(flatten)]
    format: FormatArg,
}

/// Looks, and exits with 1 when something does not work.
pub fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let (context, mut checks) = configuration(cli);
    if let Some(to) = &args.salvage {
        return salvage::run(to, &context, args.format.format);
    }
    if args.rebuild {
        return rebuild::run(&context, args.format.format);
    }
    checks.extend(terminal::checks(&context.config.display));
    checks.extend(tmux::checks());
    checks.extend(store::checks(&context.config.store.path));
    checks.extend(runs::checks(&collect::spool(&context)));
    checks.extend(files::checks(&context.config.store.drop_dir));
    let report = Checks { checks };
    output::print(&context, &report, args.format.format)?;
    Ok(if report.is_wrong() { Exit::Found } else { Exit::Ok })
}

/// The configuration; where it is wrong the rest is looked at with the defaults.
fn configuration(cli: &Cli) -> (Context, Vec<Check>) {
    const AREA: &str = "configuration";
    match Context::load(cli) {
        Ok(loaded) => {
            let found = loaded.path.display();
            let found = if loaded.has_file { found.to_string() } else { format!("{found} (none, the defaults hold)") };
            (Context::with(cli, loaded.config), vec![Check::ok(AREA, "file", found)])
        }
        Err(error) => {
            let problems = match &error {
                ConfigError::Wrong(problems) => problems.iter().map(ToString::to_string).collect(),
                ConfigError::Unreadable { .. } => vec![error.to_string()],
            };
            let wrong = |problem| Check::wrong(AREA, "file", problem, "correct it; until then nothing else starts");
            (Context::with(cli, with_flags(cli)), problems.into_iter().map(wrong).collect())
        }
    }
}

/// The defaults, over the store that was named on the command line.
fn with_flags(cli: &Cli) -> Config {
    let mut config = Config::default();
    let from_env = || std::env::var_os(Setting::StorePath.env()).filter(|path| !path.is_empty()).map(Into::into);
    if let Some(path) = cli.global.db.clone().or_else(from_env) {
        config.store.path = path;
    }
    config
}
